"""Requests to the music services that the operator switched on: in turn, in time, bounded, and given up while one is
down. The addresses are the operator's own, so they may be private; what users link to goes through fetch.py.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from random import Random
from typing import Any, TypeVar, overload

import httpx
import msgspec
from msgspec import Raw

from roomd.catalogue.breaker import FAILURES, Breaker, Trouble
from roomd.catalogue.line import Answer, Line
from roomd.catalogue.pace import Pace
from roomd.domain.refusals import NotFound, Unavailable

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")

#: Seconds for one question, with waiting for a turn, a retry and redirects.
WHOLE_S = 6.0
MAX_REDIRECTS = 2
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: The connection broke, often because it was kept too long: asking again is worth it, and harmless for a GET.
_BROKE = (httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)

_LOG = logging.getLogger(__name__)


class TooMany(Exception):  # noqa: N818 - what they say
    """They refuse to be asked so often; `after_ms`: when to ask again, 0 where they do not say."""

    def __init__(self, after_ms: float = 0.0) -> None:
        super().__init__("asked too often")
        self.after_ms = after_ms


class Upstream:
    """One service at `base`, known to people as `label`."""

    def __init__(
        self, line: Line, base: str, label: str, *, pace: Pace, now: Callable[[], float], dice: Random
    ) -> None:
        self.base = httpx.URL(base.rstrip("/"))
        self.label = label
        self._line = line
        self._pace = pace
        self._breaker = Breaker(now, dice)
        #: Clear while the breaker has one try under way.
        self._decided = asyncio.Event()

    @property
    def down(self) -> bool:
        """Whether it is left alone, as it did not answer."""
        return self._breaker.open

    def url(self, path: str, params: Mapping[str, str | int]) -> httpx.URL:
        """The address of something there; `path` begins with a slash."""
        return httpx.URL(f"{self.base}{path}", params=dict(params))

    async def get(
        self,
        path: str,
        read: Callable[[bytes], T],
        params: Mapping[str, str | int] = {},
        *,
        absent: NotFound | None = None,
    ) -> T:
        """Ask, and have the answer read. `read` may raise TooMany, NotFound, Unavailable, or Trouble or a decoder's
        error where it makes no sense; `absent` is what status 404 means.

        Raises Unavailable: provider_down when there is no answer, provider_busy when it may not be asked just now.
        """
        # A search is several requests at once: refused beside the try, they would take it down with them.
        while self._breaker.trying:
            await self._decided.wait()
        if not self._breaker.admits():
            raise self._down()
        was_open = self._breaker.open
        if was_open:
            self._decided.clear()
        try:
            with self._breaker.attempt(TooMany, NotFound):
                answer = await self._ask(self.url(path, params), read, absent)
        except TooMany as refusal:
            await self._pace.refused(refusal.after_ms)
            raise self._busy() from None
        except Trouble as trouble:
            if self._breaker.failures == FAILURES:
                _LOG.warning("%s does not answer, and is left alone for half a minute: %s", self.label, trouble)
            raise self._down() from None
        finally:
            if was_open:
                self._decided.set()
        self._pace.answered()
        return answer

    async def _ask(self, url: httpx.URL, read: Callable[[bytes], T], absent: NotFound | None) -> T:
        try:
            async with asyncio.timeout(WHOLE_S):
                answer = await self._follow(url)
        except TimeoutError:
            raise Trouble("no answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as fault:
            raise Trouble(type(fault).__name__) from None
        if answer.status == 429:
            raise TooMany(_seconds(answer.headers.get("Retry-After", "")) * 1_000)
        if answer.status == 404 and absent is not None:
            raise absent
        if answer.status != 200:
            raise Trouble(f"status {answer.status}")
        try:
            return read(answer.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Trouble("the answer makes no sense") from None

    async def _follow(self, url: httpx.URL) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            try:
                answer = await self._request(url)
            except _BROKE:
                answer = await self._request(url)
            if answer.status not in _REDIRECTS or "Location" not in answer.headers:
                return answer
            url = _redirected(url, answer.headers["Location"])
        raise Trouble("redirects without end")

    async def _request(self, url: httpx.URL) -> Answer:
        if not await self._pace.turn():
            raise self._busy()
        try:
            return await self._line.get(url)
        except httpx.PoolTimeout:
            raise self._busy() from None

    def _down(self) -> Unavailable:
        return Unavailable(
            f"{self.label} does not answer. Try again in a moment.", "provider_down", params={"catalogue": self.label}
        )

    def _busy(self) -> Unavailable:
        return Unavailable(
            f"{self.label} was asked too much. Try again in a moment.",
            "provider_busy",
            params={"catalogue": self.label},
        )


@overload
async def together(
    _a: Coroutine[Any, Any, T], _b: Coroutine[Any, Any, U], _c: Coroutine[Any, Any, V], /
) -> tuple[T, U, V]: ...


@overload
async def together(*work: Coroutine[Any, Any, T]) -> tuple[T, ...]: ...


async def together(*work: Coroutine[Any, Any, Any]) -> tuple[Any, ...]:
    """What all of them answer. When one fails the others are not waited for."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        return tuple(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


def sane(raws: Iterable[Raw], kind: type[T], good: Callable[[T], object]) -> list[T]:
    """Those of a list that make sense. Raises Trouble when there are some and none does."""
    decode, found, empty = msgspec.json.Decoder(kind).decode, [], True
    for raw in raws:
        empty = False
        with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            if good(said := decode(raw)):
                found.append(said)
    if not found and not empty:
        raise Trouble("a list of nonsense")
    return found


def _redirected(url: httpx.URL, location: str) -> httpx.URL:
    """Where a redirect leads. Only within the host: elsewhere it might carry credentials, or lead inside."""
    target = url.join(location)
    same = target.host == url.host and (target.scheme, target.port) in {(url.scheme, url.port), ("https", None)}
    if not same or target.userinfo:
        raise Trouble("a redirect to another host")
    return target


def _seconds(retry_after: str) -> float:
    return float(retry_after) if retry_after.isascii() and retry_after.isdecimal() and len(retry_after) < 6 else 0.0
