"""What a provider says of a recording: title, author, picture. Asked at fixed addresses, and never needed.

The answer is somebody else's text: it is bounded, decoded by type, and none of its HTML is used.
"""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote

import msgspec
from msgspec import Meta, Struct

from roomd.catalogue.fetch import Fetcher, FetchFailed, FetchRefused
from roomd.domain.links import Link, Provider, parse_link
from roomd.domain.track import fit_text, url_fault

#: Where each provider answers; the link's address goes at the end.
ENDPOINTS: Mapping[Provider, str] = {
    "youtube": "https://www.youtube.com/oembed?format=json&url=",
    "vimeo": "https://vimeo.com/api/oembed.json?url=",
    "soundcloud": "https://soundcloud.com/oembed?format=json&url=",
    "spotify": "https://open.spotify.com/oembed?url=",
}
MAX_BYTES = 64 * 1024
PATIENCE_S = 3.0


class _Answer(Struct):
    title: str = ""
    author_name: str = ""
    thumbnail_url: str = ""
    #: Seconds; only Vimeo tells.
    duration: Annotated[float, Meta(gt=0, le=604_800)] | None = None


class Card(Struct, frozen=True):
    """What is known of a recording; empty where nobody told."""

    title: str = ""
    artist: str = ""
    cover: str = ""
    duration_ms: float | None = None


_decode = msgspec.json.Decoder(_Answer).decode


class OEmbed:
    def __init__(self, fetcher: Fetcher, endpoints: Mapping[Provider, str] = ENDPOINTS) -> None:
        self._fetcher = fetcher
        self._endpoints = endpoints

    async def card(self, link: Link) -> Card:
        """What the provider says of the link; an empty card when it says nothing in time."""
        address = self._endpoints[link.provider] + quote(link.url, safe="")
        try:
            answer = await self._fetcher.get(address, max_bytes=MAX_BYTES, timeout_s=PATIENCE_S)
            said = _decode(answer.body) if answer.status == 200 else _Answer()
        except (FetchRefused, FetchFailed, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            said = _Answer()
        cover = said.thumbnail_url.strip()
        if not cover.startswith("https://") or url_fault(cover):
            cover = ""
        duration = None if said.duration is None else said.duration * 1_000
        return Card(fit_text(said.title), fit_text(said.author_name), cover, duration)

    async def follow(self, url: str) -> Link | None:
        """Where a short link leads, if that is a provider's recording."""
        try:
            return parse_link((await self._fetcher.get(url, max_bytes=MAX_BYTES, timeout_s=PATIENCE_S)).url)
        except (FetchRefused, FetchFailed):
            return None
