"""Another name for somebody in what Redis keeps of a room: its state, its chat, its log, and what moderation did."""

from importlib import resources
from typing import Any

from redis.asyncio import Redis

from roomd.domain.ids import RoomId, UserId
from roomd.store.bell import ring_for_other_words
from roomd.store.departed import banned_as, renamed
from roomd.store.keys import RoomKeys, moods, picks, room_keys, rooms_of
from roomd.store.redis import answering


class Renaming:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        scripts = resources.files("roomd.store").joinpath("scripts")
        self._rename = redis.register_script(scripts.joinpath("rename.lua").read_text(encoding="utf-8"))
        self._exchange = redis.register_script(scripts.joinpath("exchange.lua").read_text(encoding="utf-8"))

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
        await self._rename_state(keys, person, name)
        await ring_for_other_words(self._redis, room)

    async def _rename_state(self, keys: RoomKeys, person: UserId, name: str) -> None:
        """Songs that are queued, requests, what can be undone, who waits at the door, and bans."""
        for key in (keys.entries, keys.requests, keys.acts, keys.pending, keys.bans):
            with answering():
                found: Any = await self._redis.hgetall(key)
            ban = found.get(person.encode()) if key == keys.bans else None
            changes: list[bytes] = []
            for field, text in found.items():
                other = banned_as(text, name) if ban is not None and text == ban else renamed(text, person, name)
                if other != text:
                    changes += (field, text, other)
            if changes:
                with answering():
                    await self._exchange(keys=[key], args=changes)

    async def waits(self, room: RoomId, person: UserId) -> bool:
        """Whether they stand at the door of a room that Redis has."""
        with answering():
            return bool(await self._redis.hexists(room_keys(room).pending, person))

    async def forget(self, person: UserId) -> None:
        """What is kept of somebody outside rooms."""
        with answering():
            await self._redis.delete(rooms_of(person))
            await self._redis.delete(picks(person))
            await self._redis.delete(moods(person))
