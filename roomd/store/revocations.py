"""Sessions that ended before their access tokens did. Redis forgets each once its last access token has run out.

A Redis that was emptied has forgotten all of them; until it was told again (`roomd/rebuild.py`), PostgreSQL is asked.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from roomd.store.cluster import whole_mark
from roomd.store.keys import BUILT
from roomd.store.outages import redis_needed

if TYPE_CHECKING:
    from redis.asyncio import Redis

#: How long another process may go on believing an ended session.
BELIEVED_S = 1.0
_REMEMBERED = 4096


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
        #: Those to be asked about in the loop's next turn, and the question.
        self._asked: list[str] = []
        self._asking: asyncio.Task[tuple[set[str], bool]] | None = None

    async def revoke(self, *families: str) -> None:
        for family in families:
            with redis_needed():
                await self._redis.set(_key(family), "1", ex=self.kept_s)
            self._remember(family, True)

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
        if self._asking is None:
            self._asked = []
            self._asking = asyncio.create_task(self._ask(self._asked))
            # Where everybody who asked has gone, nobody hears that it failed, and nobody needs to.
            self._asking.add_done_callback(lambda asking: asking.cancelled() or asking.exception())
        self._asked.append(family)
        ended, whole = await asyncio.shield(self._asking)
        revoked = family in ended or (not whole and await self._ended(family))
        self._remember(family, revoked)
        return revoked

    async def _ask(self, families: Sequence[str]) -> tuple[set[str], bool]:
        """Those that have ended, and whether Redis was told of all that have."""
        self._asking = None
        with redis_needed():
            *found, built = await self._redis.mget(*map(_key, families), BUILT)
        ended = {family for family, mark in zip(families, found, strict=True) if mark is not None}
        return ended, built == whole_mark(self._redis)

    def _remember(self, family: str, revoked: bool) -> None:
        now = self._now()
        self._seen[family] = (revoked, now + BELIEVED_S)
        self._seen.move_to_end(family)
        while len(self._seen) > _REMEMBERED or next(iter(self._seen.values()))[1] <= now:
            self._seen.popitem(last=False)


def _key(family: str) -> str:
    return f"roomd:revoked:{family}"
