"""Subtitles for direct video: fetched through the guarded fetcher, and handed on as WebVTT.

Browsers load a text track from their page's own server only, so ours passes it on. It fetches nothing that it did not
sign itself when the video was added; so nobody can use it to look around.
"""

import base64
import hashlib
import hmac
import re

from roomd.catalogue.fetch import Fetcher, FetchFailed, FetchRefused
from roomd.domain.refusals import Invalid, NotFound, Unavailable
from roomd.domain.track import MEDIA_PATH

MAX_BYTES = 1 << 20
PATIENCE_S = 5.0

_SRT_TIME = re.compile(r"(\d{1,2}:\d\d:\d\d),(\d{3})")
_TIMING = re.compile(r"^(?:\d{1,3}:)?\d\d:\d\d[.,]\d{3} +--> +(?:\d{1,3}:)?\d\d:\d\d[.,]\d{3}", re.MULTILINE)


class Subtitles:
    def __init__(self, fetcher: Fetcher, secret: str) -> None:
        self._fetcher = fetcher
        self._key = hmac.digest(secret.encode(), b"subtitles", hashlib.sha256)

    def path(self, url: str) -> str:
        """Where this server hands on the subtitles at `url`."""
        name = base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
        return f"{MEDIA_PATH}subtitles/{self._sign(name)}/{name}"

    async def fetch(self, signature: str, name: str) -> str:
        """The WebVTT behind a path of ours. Raises NotFound, Invalid or Unavailable."""
        if not hmac.compare_digest(signature.encode(), self._sign(name).encode()):
            raise NotFound("There are no such subtitles.", "no_such_track")
        url = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
        try:
            found = await self._fetcher.get(url, max_bytes=MAX_BYTES, timeout_s=PATIENCE_S)
        except (FetchRefused, FetchFailed) as fault:
            raise Unavailable(f"The subtitles cannot be had: {fault}") from None
        if found.status != 200 or found.cut:
            raise NotFound("There are no subtitles at that address any more.", "no_such_track")
        return as_webvtt(found.body)

    def _sign(self, name: str) -> str:
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()[:32]


def as_webvtt(body: bytes) -> str:
    """The subtitles as WebVTT, SRT turned into it. Raises Invalid for what is neither."""
    text = body.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    if not _TIMING.search(text):
        raise Invalid("That file holds no subtitles.", "not_media")
    if re.match(r"WEBVTT(?:[ \t\n]|$)", text):
        return text
    return "WEBVTT\n\n" + _SRT_TIME.sub(r"\1.\2", text).lstrip("\n")
