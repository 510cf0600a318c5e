"""Sessions that ended before their access tokens did. Redis forgets each once its last access token has run out."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from roomd.store.outages import redis_needed

if TYPE_CHECKING:
    from redis.asyncio import Redis

#: How long another process may go on believing an ended session.
BELIEVED_S = 1.0
_REMEMBERED = 4096


class RevocationStore:
    """`kept_s` is the life of the longest access token, and `now` any clock in seconds that is not set back."""

    def __init__(self, redis: "Redis", kept_s: int, now: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._kept_s = kept_s
        self._now = now
        self._seen: OrderedDict[str, tuple[bool, float]] = OrderedDict()

    async def revoke(self, family: str) -> None:
        with redis_needed():
            await self._redis.set(_key(family), "1", ex=self._kept_s)
        self._remember(family, True)

    async def is_revoked(self, family: str) -> bool:
        revoked, until = self._seen.get(family, (False, 0.0))
        if self._now() < until:
            return revoked
        with redis_needed():
            revoked = bool(await self._redis.exists(_key(family)))
        self._remember(family, revoked)
        return revoked

    def _remember(self, family: str, revoked: bool) -> None:
        self._seen[family] = (revoked, self._now() + BELIEVED_S)
        self._seen.move_to_end(family)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)


def _key(family: str) -> str:
    return f"roomd:revoked:{family}"
