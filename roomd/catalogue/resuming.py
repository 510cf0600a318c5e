"""Sound that breaks off in the middle is gone on with from there, so that whoever listens notices nothing.

Only where that is sure to fit: the length was promised, the other server takes ranges, and what it sends then is the
rest of the same version.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import NamedTuple, Protocol, cast

import httpx

from roomd.catalogue.lanes import Lane

#: Bytes of one answer at most: a film has less. A live station has no end.
MAX_BYTES = 4 << 30
#: Seconds before each time that the rest is asked for: a player has some seconds of sound ahead.
PAUSES_S = (0.0, 0.5, 2.0)
SPAN = re.compile(r"bytes (?:(\d{1,15})-(\d{1,15})|\*)/(\d{1,15}|\*)")

Give = Callable[[bytes], Awaitable[None]]


class Broken(Exception):  # noqa: N818 - named for what happened
    """The sound stopped in the middle."""


class Again(Protocol):
    """Asks once more, with these headers; `fresh`: where the sound is has to be found out anew. None: no answer."""

    async def __call__(
        self, stack: AsyncExitStack, headers: Mapping[str, str], *, fresh: bool
    ) -> httpx.Response | None: ...


class Piece(NamedTuple):
    """Bytes `first` to `last` out of `total`. Its version is known by `tag`, or else by `date`."""

    first: int
    last: int
    total: int
    tag: str
    date: str

    def after(self, passed: int) -> "Piece":
        return self._replace(first=self.first + passed)

    def asking(self) -> dict[str, str]:
        """The headers that ask for it; of another version all of it would come."""
        return {"Range": f"bytes={self.first}-{self.last}", "If-Range": self.tag or self.date}


def piece_of(answer: httpx.Response) -> Piece | None:
    """What an answer promised; None where nobody could go on with it for certain."""
    tag, date = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
    # A weak tag says that two versions mean the same, not that their bytes are the same.
    tag = tag if tag.startswith('"') else ""
    if not (tag or date):
        return None
    date = "" if tag else date
    length, span = answer.headers.get("content-length", ""), SPAN.fullmatch(answer.headers.get("content-range", ""))
    if answer.status_code == 206 and span is not None and span[1] and span[3] != "*":
        return Piece(int(span[1]), int(span[2]), int(span[3]), tag, date)
    if answer.status_code == 200 and length.isdecimal() and answer.headers.get("accept-ranges") == "bytes":
        return Piece(0, int(length) - 1, int(length), tag, date)
    return None


class Flow:
    """The body of an answer, handed over part by part as it comes: slow listeners slow the other server down."""

    def __init__(self, answer: httpx.Response, lane: Lane, again: Again, *, live: bool) -> None:
        self._answer = answer
        self._lane = lane
        self._again = again
        self._live = live
        self._passed = 0

    async def copy(self, give: Give) -> None:
        """All of it, going on where it breaks off. Raises Broken, and what `give` raises."""
        if await self._poured(self._answer, give):
            return
        whole = None if self._live else piece_of(self._answer)
        if whole is None:
            raise Broken
        for number, pause in enumerate(PAUSES_S):
            await asyncio.sleep(pause)
            async with AsyncExitStack() as stack:
                wanted = whole.after(self._passed)
                # Where the sound was may have run out meanwhile; the first time it is more likely to be there.
                rest = await self._again(stack, wanted.asking(), fresh=number > 0)
                if rest is None:
                    continue
                if rest.status_code != 206 or piece_of(rest) != wanted:
                    break
                if await self._poured(rest, give):
                    return
        raise Broken

    async def _poured(self, answer: httpx.Response, give: Give) -> bool:
        """Whether it came to its end."""
        try:
            async with contextlib.aclosing(cast(AsyncGenerator[bytes, None], answer.aiter_raw())) as parts:
                async for part in parts:
                    self._passed += len(part)
                    if self._passed > MAX_BYTES and not self._live:
                        raise Broken
                    await self._lane.pace(len(part))
                    await give(part)
        except httpx.HTTPError:
            return False
        return True
