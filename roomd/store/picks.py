"""What was recommended to people, in Redis for some minutes; and who has this day's playlists already."""

from collections.abc import Sequence

import msgspec
from redis.asyncio import Redis

from roomd.domain.ids import UserId
from roomd.domain.song import Pick
from roomd.store.keys import moods, picks
from roomd.store.redis import answering

_decode = msgspec.json.Decoder(list[Pick]).decode


class KeptPicks:
    """Raises Unavailable where Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def get(self, person: UserId) -> list[Pick] | None:
        with answering():
            body = await self._redis.get(picks(person))
        try:
            return None if body is None else _decode(body)
        except msgspec.DecodeError:
            # Of a roomd of another version.
            return None

    async def keep(self, person: UserId, chosen: Sequence[Pick], seconds: int) -> None:
        with answering():
            await self._redis.set(picks(person), msgspec.json.encode(chosen), ex=seconds)

    async def drop(self, person: UserId) -> None:
        with answering():
            await self._redis.delete(picks(person))

    async def claim_moods(self, person: UserId, seconds: int) -> bool:
        """Be the one who makes a person's playlists of the day."""
        with answering():
            return bool(await self._redis.set(moods(person), b"", nx=True, ex=seconds))

    async def release_moods(self, person: UserId) -> None:
        """They could not be made, and are to be tried again."""
        with answering():
            await self._redis.delete(moods(person))
