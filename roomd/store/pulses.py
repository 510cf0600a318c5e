"""Reports of players, from process to process: over the room's bell, and for a moment in a key of their own."""

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

from roomd.domain.ids import RoomId, SocketId, UserId
from roomd.domain.sync import SHOWN_MS, Noted
from roomd.store.keys import pulse_of, room_keys
from roomd.store.redis import answering

#: What a bell carries that is no commit begins with this. (A commit is JSON.)
MARK = b"sync "


class News(Struct, frozen=True, kw_only=True):
    """What one process heard since it last said so: reports, and members whose reporting socket has closed."""

    process: str
    reports: dict[UserId, Noted]
    gone: dict[UserId, SocketId]


_decode = msgspec.json.Decoder(News).decode


class Pulses:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def publish(self, room: RoomId, news: News | None, pulse: str) -> None:
        """Tell the other processes what is new, and leave the pulse for whoever asks elsewhere. Raises Unavailable."""
        with answering():
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.set(pulse_of(room), pulse, px=int(SHOWN_MS))
                if news is not None:
                    pipeline.publish(room_keys(room).bell, MARK + msgspec.json.encode(news))
                await pipeline.execute()

    async def latest(self, room: RoomId) -> bytes | None:
        """The last pulse of a room, as it was told; None where nobody reports. Raises Unavailable."""
        with answering():
            found = await self._redis.get(pulse_of(room))
        return found if isinstance(found, bytes) else None


def read_news(data: bytes) -> News | None:
    """What a bell carried, when it is that. Raises msgspec.DecodeError when another roomd says it in another way."""
    return _decode(data[len(MARK) :]) if data.startswith(MARK) else None
