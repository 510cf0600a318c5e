"""Streams the folder's files: ranges, tags for caches, and an end to reading when the listener goes away.

A media URL is a capability: its id cannot be guessed, so whoever has it may listen, from any page.
"""

import asyncio
import os
import re
from typing import Any, BinaryIO

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from roomd.catalogue.cdn import Cdn
from roomd.catalogue.local import LocalFolder, Media
from roomd.domain.refusals import Forbidden, Unavailable
from roomd.handlers.by_cdn import kept_by_cdn, send_to_cdn

#: Read and handed to the socket at a time; the next step waits until this one is on its way.
STEP = 256 * 1024
#: An hour: a file may be tagged anew under the same path. The ETag keeps ranges of two versions apart.
CACHE = "private, max-age=3600"

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class SendsFiles(RequestHandler):
    """How a file is sent: the part that was asked for, or that there is nothing new."""

    #: Who may keep it, and for how long.
    cache = CACHE

    async def send_file(self, media: Media) -> None:
        self._describe(media.mime, media.etag)
        self.set_header("Accept-Ranges", "bytes")
        if self._unchanged(media.etag):
            return
        first, last = 0, media.size - 1
        # A part of another version than the asker holds would not fit: If-Range asks for all of it then.
        if self.request.headers.get("If-Range", media.etag) == media.etag:
            asked = parse_range(self.request.headers.get("Range", ""), media.size)
            if asked == ():
                self.set_status(416)
                self.set_header("Content-Range", f"bytes */{media.size}")
                return
            if asked:
                first, last = asked
                self.set_status(206)
                self.set_header("Content-Range", f"bytes {first}-{last}/{media.size}")
        self.set_header("Content-Length", str(last - first + 1))
        if self.request.method != "HEAD":
            await self._stream(media.file, first, last + 1)

    async def _stream(self, file: BinaryIO, position: int, end: int) -> None:
        """In a thread, as a disk that sleeps takes seconds to answer, and everybody's messages would wait."""
        loop = asyncio.get_running_loop()
        while position < end:
            part = await loop.run_in_executor(None, os.pread, file.fileno(), min(STEP, end - position), position)
            if not part:
                # The file has become shorter than was promised: only a broken connection can still tell.
                self.request.connection.stream.close()  # type: ignore[union-attr]
                return
            position += len(part)
            self.write(part)
            try:
                await self.flush()
            except StreamClosedError:
                return

    def _describe(self, mime: str, etag: str) -> None:
        self.set_header("Content-Type", mime)
        self.set_header("ETag", etag)
        self.set_header("Cache-Control", self.cache)

    def _unchanged(self, etag: str) -> bool:
        """Whether the asker has this version already; the answer is then 304 and no more."""
        known = [tag.strip().removeprefix("W/") for tag in self.request.headers.get("If-None-Match", "").split(",")]
        if etag not in known and "*" not in known:
            return False
        self.set_status(304)
        return True


class OpenHandler(SendsFiles):
    """What both handlers share: the folder, and headers that let other pages' players and Web Audio read the answer."""

    #: Whether it was asked for by a link of the CDN.
    signed = False

    def initialize(self, folder: LocalFolder, cdn: Cdn | None = None) -> None:
        self._folder = folder
        self._cdn = cdn

    def set_default_headers(self) -> None:
        self.set_header("Access-Control-Allow-Origin", "*")
        self.set_header("Access-Control-Expose-Headers", "Accept-Ranges, Content-Length, Content-Range, ETag")
        self.set_header("Cross-Origin-Resource-Policy", "cross-origin")
        self.set_header("X-Content-Type-Options", "nosniff")

    def compute_etag(self) -> None:
        """Ours comes from the file's size and time; Tornado's would be of what happens to be in its buffer."""

    def options(self, *_: str) -> None:
        """A preflight: older browsers send one for the Range header."""
        self.set_header("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
        self.set_header("Access-Control-Allow-Headers", "Range, If-Range, If-None-Match")
        self.set_header("Access-Control-Max-Age", "86400")
        self.set_status(204)

    def _missing(self, what: str) -> None:
        self._refuse(404, "not_found", f"there is no such {what}")

    def _refuse(self, status: int, code: str, message: str) -> None:
        self.set_status(status)
        # Also networks that keep what has no word on that: it may be there in a moment.
        self.set_header("Cache-Control", "no-store")
        self.finish({"error": {"code": code, "message": message}, "message": message, "detail": message})

    def _by_cdn(self) -> bool:
        """Whether the asker was sent to the CDN, or came with a link of it that is no good."""
        if not self._link_fits():
            return True
        if self.signed or self._cdn is None:
            return False
        send_to_cdn(self, self._cdn)
        return True

    def _link_fits(self) -> bool:
        """False where it was asked for by a link of the CDN that is no good, which is then said."""
        try:
            kept = kept_by_cdn(self, self._cdn)
        except Forbidden as refusal:
            self._refuse(403, refusal.code, refusal.message)
            return False
        self.signed, self.cache = bool(kept), kept or self.cache
        return True


class MediaHandler(OpenHandler):
    """`/media/<id>.<extension>`"""

    async def get(self, media_id: str, extension: str) -> None:
        if self._by_cdn():
            return
        try:
            media = await self._folder.open(media_id, extension)
        except Unavailable as refusal:
            self.set_header("Retry-After", "5")
            self._refuse(503, refusal.code, refusal.message)
            return
        if media is None:
            self._missing("file")
            return
        with media.file:
            await self.send_file(media)

    async def head(self, media_id: str, extension: str) -> None:
        await self.get(media_id, extension)


class CoverHandler(OpenHandler):
    """`/media/<id>/cover`"""

    async def get(self, media_id: str) -> None:
        if self._by_cdn():
            return
        picture = await self._folder.picture(media_id)
        if picture is None:
            self._missing("cover")
            return
        self._describe(picture.mime, picture.etag)
        if not self._unchanged(picture.etag):
            self.finish(picture.data)

    async def head(self, media_id: str) -> None:
        await self.get(media_id)


def parse_range(header: str, size: int) -> tuple[int, int] | tuple[()] | None:
    """First and last byte; () when the range lies beyond the file; None (send all) for none, several, or nonsense."""
    match = _RANGE.fullmatch(header.strip().lower())
    if match is None or match[1] == match[2] == "":
        return None
    if not match[1]:
        count = int(match[2])
        return (max(0, size - count), size - 1) if count and size else ()
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        return None
    last = last if match[2] else size - 1
    return (first, min(last, size - 1)) if first < size else ()


def media_routes(folder: LocalFolder, cdn: Cdn | None = None) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    given = {"folder": folder, "cdn": cdn}
    return [
        (r"/media/([0-9a-f]{32})\.([a-z0-9]{2,4})", MediaHandler, given),
        (r"/media/([0-9a-f]{32})/cover/?", CoverHandler, given),
        (r"/media/(.*)", NoMediaHandler, given),
    ]


class NoMediaHandler(OpenHandler):
    """Everything else under `/media/`: there is nothing, and it says so in the same words."""

    def get(self, _path: str) -> None:
        self._missing("file")

    def head(self, _path: str) -> None:
        self._missing("file")
