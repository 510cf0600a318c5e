"""Sound and pictures of other servers, passed on as they come: nothing is stored, and what comes is not trusted."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import NamedTuple, Protocol, runtime_checkable

import httpx

from roomd.catalogue.fetch import Fetcher, FetchFailed, FetchRefused
from roomd.catalogue.forms import image_type
from roomd.catalogue.lanes import Lanes
from roomd.catalogue.local import Picture, etag_of
from roomd.catalogue.memory import Memory
from roomd.catalogue.provider import Provider, Source
from roomd.catalogue.resuming import SPAN, Flow, Give
from roomd.domain.refusals import NotFound, Unavailable

MAX_PICTURE = 5 << 20
PICTURE_S = 8.0
#: Pictures kept in memory, those up to so many bytes (48 MiB at worst): everybody in a room wants the same at the same
#: time.
PICTURES, SMALL, PICTURE_MS = 256, 192 << 10, 3_600_000.0
#: Pictures at addresses that a catalogue only passes on and where there was none, and for how long they are not asked
#: for again: many stations have left one behind at a server that does not answer any more.
DARK, DARK_MS = 2_000, 180_000.0
#: Milliseconds for which a source without an end is not asked for again: players ask for one song in many parts.
SOURCE_MS = 60_000.0
#: Statuses that a player understands, and those that say that an address has run out.
GOOD = frozenset({200, 206, 304, 416})
GONE = frozenset({404, 410})
#: What calls itself sound and is a list of addresses: a player would go there past this server.
LISTS = frozenset({"audio/mpegurl", "audio/x-mpegurl", "audio/x-scpls", "audio/scpls", "audio/x-pn-realaudio"})
SOUND = frozenset({"application/ogg"})
UNSAID = frozenset({"", "application/octet-stream", "binary/octet-stream"})
#: What of an answer's headers is passed on, where it looks as it should.
PASSED = {
    "Accept-Ranges": re.compile(r"bytes|none"),
    "Content-Length": re.compile(r"\d{1,15}"),
    "Content-Range": SPAN,
    "ETag": re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,128}"'),
    "Last-Modified": re.compile(r"[A-Za-z0-9 ,:+-]{1,64}"),
}


@runtime_checkable
class Covered(Protocol):
    """A provider whose pictures are fetched by this server."""

    async def cover(self, key: str) -> Source: ...


class Sound(NamedTuple):
    """An answer that has begun: `copy` hands its body over, part by part, and raises resuming.Broken."""

    status: int
    headers: Mapping[str, str]
    mime: str
    live: bool
    copy: Callable[[Give], Awaitable[None]]


class _Refused(Exception):  # noqa: N818 - named for what happened
    def __init__(self, status: int = 0) -> None:
        self.status = status


class Relay:
    """`provider` finds one by its name, and raises NotFound."""

    def __init__(self, provider: Callable[[str], Provider], fetcher: Fetcher, now: Callable[[], float]) -> None:
        self.lanes = Lanes(now)
        self._provider = provider
        self._fetcher = fetcher
        self._sources: Memory[Source] = Memory(2_000, now)
        self._pictures: Memory[Picture] = Memory(PICTURES, now)
        self._dark: Memory[bool] = Memory(DARK, now)

    async def source(self, name: str, key: str, *, fresh: bool = False) -> Source:
        """Where a song's sound is. Raises NotFound or Unavailable."""
        known = None if fresh else self._sources.get((name, key))
        if known is not None:
            return known
        source = await self._provider(name).source(key, fresh=fresh)
        if source.expires_at is None:
            self._sources.keep((name, key), source, SOURCE_MS)
        return source

    @asynccontextmanager
    async def sound(self, name: str, key: str, asked: Mapping[str, str], address: str) -> AsyncIterator[Sound]:
        """Begin to pass a song on. An address that has run out is asked for anew, once.

        `asked` are the listener's headers that are passed on. Raises NotFound, Limited or Unavailable.
        """
        source = await self.source(name, key)
        async with AsyncExitStack() as stack:
            lane = stack.enter_context(self.lanes.lane(address, live=source.live))
            try:
                answer = await self._begin(stack, source, asked)
            except _Refused as refusal:
                if refusal.status == 429:
                    raise _busy() from None
                source = await self.source(name, key, fresh=True)
                try:
                    answer = await self._begin(stack, source, asked)
                except _Refused as again:
                    self._sources.drop((name, key))
                    raise _fault(again.status) from None
            headers = {
                name: answer.headers[name]
                for name, looks in PASSED.items()
                if looks.fullmatch(answer.headers.get(name, ""))
            }
            flow = Flow(answer, lane, partial(self._again, name, key), live=source.live)
            yield Sound(answer.status_code, headers, _mime(answer, source), source.live, flow.copy)

    async def picture(self, name: str, key: str, address: str) -> Picture:
        """A cover, whole. Raises NotFound, Limited or Unavailable."""
        known = self._pictures.get((name, key))
        if known is not None:
            return known
        provider = self._provider(name)
        if not isinstance(provider, Covered) or self._dark.get((name, key)):
            raise _no_picture()
        source = await provider.cover(key)
        try:
            data = await self._fetched(source, address)
            mime = image_type(data)
            if not mime:
                raise _no_picture()
        except (NotFound, Unavailable) as refusal:
            # What is at an operator's own server is worth another try, and so is what this server was too busy for.
            if not source.trusted and refusal.code in {"no_such_cover", "provider_down"}:
                self._dark.keep((name, key), True, DARK_MS)
            raise
        picture = Picture(data, mime, etag_of(data))
        if len(data) <= SMALL:
            self._pictures.keep((name, key), picture, PICTURE_MS)
        return picture

    async def _fetched(self, source: Source, address: str) -> bytes:
        """All of what is there, whatever it is. Raises NotFound, Limited or Unavailable."""
        data = bytearray()
        try:
            async with asyncio.timeout(PICTURE_S) as bound, AsyncExitStack() as stack:
                lane = stack.enter_context(self.lanes.lane(address, live=False))
                opened = self._fetcher.stream(source.url, source.headers, trusted=source.trusted)
                answer = await stack.enter_async_context(opened)
                if answer.status_code != 200:
                    raise _no_picture() if answer.status_code in GONE else _down()
                async for part in answer.aiter_raw():
                    await lane.pace(len(part))
                    data += part
                    if len(data) > MAX_PICTURE:
                        # Leaving the loop would leave httpx's generators behind; so it is left by the timeout.
                        bound.reschedule(0)
        except (FetchFailed, FetchRefused, httpx.HTTPError, TimeoutError):
            raise _down() from None
        return bytes(data)

    async def _again(
        self, name: str, key: str, stack: AsyncExitStack, headers: Mapping[str, str], *, fresh: bool
    ) -> httpx.Response | None:
        """Another answer with a song's sound, or None."""
        try:
            return await self._begin(stack, await self.source(name, key, fresh=fresh), headers)
        except (NotFound, Unavailable, _Refused):
            return None

    async def _begin(self, stack: AsyncExitStack, source: Source, asked: Mapping[str, str]) -> httpx.Response:
        """An answer that is sound, or says that there is nothing new. Raises _Refused."""
        # A station begins now for everybody: there are no parts of it to ask for.
        headers = {**({} if source.live else asked), **source.headers}
        async with AsyncExitStack() as opening:
            try:
                opened = self._fetcher.stream(source.url, headers, trusted=source.trusted)
                answer = await opening.enter_async_context(opened)
            except (FetchFailed, FetchRefused):
                raise _Refused from None
            if answer.status_code not in GOOD or not _acceptable(answer, source):
                raise _Refused(answer.status_code)
            stack.push_async_exit(opening.pop_all())
        return answer


def _acceptable(answer: httpx.Response, source: Source) -> bool:
    """What is compressed though nobody asked for it may be a bomb; a part has to say which part it is."""
    if answer.headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
        return False
    if answer.status_code == 206 and not PASSED["Content-Range"].fullmatch(answer.headers.get("content-range", "")):
        return False
    return answer.status_code in {304, 416} or bool(_mime(answer, source))


def _mime(answer: httpx.Response, source: Source) -> str:
    """The type under which it is passed on: sound or video; "" for anything else."""
    said = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said in UNSAID:
        said = source.mime
    good = said.startswith(("audio/", "video/")) or said in SOUND
    return said if good and said not in LISTS and re.fullmatch(r"[a-z]+/[a-z0-9.+-]{1,60}", said) else ""


def _fault(status: int) -> NotFound | Unavailable:
    if status in GONE:
        return NotFound("There is nothing to play there (any more).", "no_such_track")
    return _busy() if status == 429 else _down()


def _down() -> Unavailable:
    return Unavailable("The catalogue does not answer. Try again in a moment.", "provider_down")


def _busy() -> Unavailable:
    return Unavailable("The catalogue was asked too often. Try again in a moment.", "provider_busy")


def _no_picture() -> NotFound:
    return NotFound("There is no such picture.", "no_such_cover")
