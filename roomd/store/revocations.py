"""Sessions that ended before their access tokens did. Redis forgets each once its last access token has run out.

A Redis that was emptied has forgotten all of them; until it was told again (`roomd/rebuild.py`), PostgreSQL is asked.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from roomd.store.cluster import whole_mark
from roomd.store.keys import BUILT, ENDED
from roomd.store.outages import redis_needed
from roomd.store.redis import answering

if TYPE_CHECKING:
    from redis.asyncio import Redis

#: How long another process may go on believing an ended session.
BELIEVED_S = 1.0
_REMEMBERED = 4096
#: Of the sessions that were asked about, those that have ended; and whether Redis was told of all that have.
_Found = tuple[set[str], bool]
#: Ended sessions that processes can still be told of, about; read twice a second.
_TOLD = 10_000


class RevocationStore:
    """`kept_s` is the life of the longest access token, and `now` any clock in seconds that is not set back.

    `ended` answers out of PostgreSQL whether a session has ended.
    """

    def __init__(
        self,
        redis: "Redis",
        kept_s: int,
        ended: Callable[[str], Awaitable[bool]],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self.kept_s = kept_s
        self._ended = ended
        self._now = now
        #: What is known, and until when; what is forgotten first comes first.
        self._seen: OrderedDict[str, tuple[bool, float]] = OrderedDict()
        #: Those to be asked about in the loop's next turn, and who waits for that; and the questions under way.
        self._next: list[tuple[str, asyncio.Future[_Found]]] = []
        self._asking: set[asyncio.Task[_Found]] = set()

    async def revoke(self, *families: str) -> None:
        """From now on these are refused, here at once, and their WebSockets are closed (see roomd/signed_out.py)."""
        with redis_needed():
            async with self._redis.pipeline(transaction=False) as pipe:
                for family in families:
                    pipe.set(_key(family), "1", ex=self.kept_s)
                    pipe.xadd(ENDED, {"f": family}, maxlen=_TOLD, approximate=True)
                await pipe.execute()
        for family in families:
            self._remember(family, True)

    async def newest(self) -> str:
        """Where `after` is to begin, for whoever has nothing to do with what was before."""
        with answering():
            found: Any = await self._redis.xrevrange(ENDED, count=1)
        return str(found[0][0].decode()) if found else "0-0"

    async def after(self, last: str) -> tuple[str, list[str]]:
        """The sessions that were ended after `last`, anywhere; and where to go on."""
        with answering():
            found: Any = await self._redis.xrange(ENDED, f"({last}", "+", count=_TOLD)
        ended = [fields[b"f"].decode() for _, fields in found]
        for family in ended:
            self._remember(family, True)
        return (found[-1][0].decode() if found else last), ended

    async def restore(self, ended: Iterable[tuple[str, float]]) -> None:
        """Tell a Redis that was emptied of sessions, each with how many seconds ago it ended."""
        with redis_needed():
            async with self._redis.pipeline(transaction=False) as pipe:
                for family, ago_s in ended:
                    pipe.set(_key(family), "1", ex=max(1, int(self.kept_s - ago_s)))
                await pipe.execute()

    async def is_revoked(self, family: str) -> bool:
        revoked, until = self._seen.get(family, (False, 0.0))
        if self._now() < until:
            return revoked
        # No `shield` around one answer for all: that takes each of them a turn of the loop more.
        answer: asyncio.Future[_Found] = asyncio.get_running_loop().create_future()
        if not self._next:
            asking = asyncio.create_task(self._ask(self._next))
            self._asking.add(asking)
            asking.add_done_callback(partial(self._answer, self._next))
        self._next.append((family, answer))
        ended, whole = await answer
        revoked = family in ended or (not whole and await self._ended(family))
        self._remember(family, revoked)
        return revoked

    async def _ask(self, asked: Sequence[tuple[str, "asyncio.Future[_Found]"]]) -> "_Found":
        self._next = []
        with redis_needed():
            *found, built = await self._redis.mget(*(_key(family) for family, _ in asked), BUILT)
        ended = {family for (family, _), mark in zip(asked, found, strict=True) if mark is not None}
        return ended, built == whole_mark(self._redis)

    def _answer(self, asked: Sequence[tuple[str, "asyncio.Future[_Found]"]], asking: "asyncio.Task[_Found]") -> None:
        self._asking.discard(asking)
        fault = None if asking.cancelled() else asking.exception()
        for _, answer in asked:
            if answer.done():
                continue
            if asking.cancelled():
                answer.cancel()
            elif fault is not None:
                answer.set_exception(fault)
            else:
                answer.set_result(asking.result())

    def _remember(self, family: str, revoked: bool) -> None:
        now = self._now()
        self._seen[family] = (revoked, now + BELIEVED_S)
        self._seen.move_to_end(family)
        while len(self._seen) > _REMEMBERED or next(iter(self._seen.values()))[1] <= now:
            self._seen.popitem(last=False)


def _key(family: str) -> str:
    return f"roomd:revoked:{family}"
