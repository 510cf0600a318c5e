"""Which room an `Idempotency-Key` of a person's has made a party of, or is about to, in Redis.

A command is known again inside its room; after a party the person's queue is another room, so the room has to be found
first.
"""

from redis.asyncio import Redis

from roomd.domain.ids import RoomId, UserId
from roomd.store.keys import party_key
from roomd.store.redis import answering

#: As long as rooms know commands again.
_KEPT_S = 600


class PartyKeys:
    """Raises Unavailable where Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def room(self, person: UserId, key: str) -> RoomId | None:
        """The room that the key stands for, where it was used."""
        with answering():
            found = await self._redis.get(party_key(person, key))
        return RoomId(found.decode()) if isinstance(found, bytes) else None

    async def claim(self, person: UserId, key: str, room: RoomId) -> RoomId:
        """Have the key stand for this room; the one that it stands for, which somebody may have said a moment ago."""
        with answering():
            await self._redis.set(party_key(person, key), room, nx=True, ex=_KEPT_S)
        return await self.room(person, key) or room
