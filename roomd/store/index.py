"""What is known across rooms: who is active, what is due, which process lives. It may be stale; the room never is.

Whoever acts on an entry decides on the room itself, so a wrong entry costs a look and nothing else.
"""

from collections.abc import Sequence
from importlib import resources
from typing import Any, NamedTuple, Protocol

from redis.asyncio import Redis

from roomd.domain.ids import RoomId, UserId
from roomd.domain.room import Room
from roomd.store.cluster import Cluster, whole_mark
from roomd.store.keys import (
    ACTIVE,
    BUILT,
    DUE,
    PROCESSES,
    ROOMS,
    SNAPSHOTS,
    code_claim,
    lease,
    rooms_held_by,
    rooms_of,
)
from roomd.store.noted import Active, Noted, write
from roomd.store.redis import answering

#: Rooms written in one go.
_BATCH = 50


class Known(Protocol):
    """What PostgreSQL knows of a room; `state` is "live" or "asleep"."""

    @property
    def id(self) -> RoomId: ...
    @property
    def state(self) -> str: ...
    @property
    def last_activity(self) -> float: ...
    @property
    def listed(self) -> bool: ...
    @property
    def members(self) -> Sequence[UserId]: ...


class Back(NamedTuple):
    """A room that has come back, and when the next thing is due in it."""

    room: Room
    due: float | None


class Index:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._replan, self._take = (redis.register_script(_script(name)) for name in ("replan", "lease"))

    async def plan(self, room: RoomId, at: float) -> None:
        """Make sure that the room is looked at by room time `at`; never later than was planned before."""
        with answering():
            await self._redis.zadd(DUE, {room: at}, lt=True)

    async def replan(self, room: RoomId, at: float | None, seen: float) -> None:
        """After a look: the next deadline, unless somebody planned another one meanwhile."""
        with answering():
            await self._replan(keys=[DUE], args=[room, repr(seen), "" if at is None else repr(at)])

    async def due(self, now: float, limit: int) -> list[tuple[RoomId, float]]:
        with answering():
            found: Any = await self._redis.zrange(
                DUE, "-inf", str(now), byscore=True, offset=0, num=limit, withscores=True
            )
        return [(RoomId(room.decode()), at) for room, at in found]

    async def next_due(self) -> float | None:
        with answering():
            found: Any = await self._redis.zrange(DUE, 0, 0, withscores=True)
        return float(found[0][1]) if found else None

    async def plan_snapshots(self, rooms: Sequence[RoomId], at: float) -> None:
        """Have a snapshot taken of each room by room time `at`, unless one is planned already."""
        with answering():
            await self._redis.zadd(SNAPSHOTS, dict.fromkeys(rooms, at), nx=True)

    async def snapshots_due(self, now: float, limit: int) -> list[tuple[RoomId, float]]:
        """Rooms whose snapshot is due, with when it was, the longest due first."""
        with answering():
            found: Any = await self._redis.zrange(
                SNAPSHOTS, "-inf", str(now), byscore=True, offset=0, num=limit, withscores=True
            )
        return [(RoomId(room.decode()), at) for room, at in found]

    async def snapshot_later(self, room: RoomId, planned: float, at: float | None) -> None:
        """The snapshot that was planned for then is to be taken at another time, or not at all."""
        with answering():
            await self._replan(keys=[SNAPSHOTS], args=[room, repr(planned), "" if at is None else repr(at)])

    async def next_snapshot(self) -> float | None:
        with answering():
            found: Any = await self._redis.zrange(SNAPSHOTS, 0, 0, withscores=True)
        return float(found[0][1]) if found else None

    async def snapshots_planned(self, rooms: Sequence[RoomId]) -> list[tuple[RoomId, float]]:
        """Those of the rooms whose snapshot is planned, with when."""
        if not rooms:
            return []
        with answering():
            found: Any = await self._redis.zmscore(SNAPSHOTS, list(rooms))
        return [(room, at) for room, at in zip(rooms, found, strict=True) if at is not None]

    async def touch(self, room: RoomId, at: float, listed: bool) -> None:
        """Note a room's activity, and whether it is to be listed."""
        await self.note(Noted(room, None, {}, Active(at, listed)))

    async def note(self, *noted: Noted) -> None:
        """What commits in several rooms have changed, in one message."""
        with answering():
            await write(self._redis, noted)

    async def used(self, room: RoomId, at: float) -> None:
        """A room that was looked at need not be looked at again before it is unused from `at` on."""
        with answering():
            await self._redis.zadd(ROOMS, {room: at}, xx=True, gt=True)

    async def unused(self, before: float, after: float | None, limit: int) -> list[tuple[RoomId, float]]:
        """Rooms whose last noted activity was earlier than `before` (and later than `after`), the earliest first."""
        with answering():
            found: Any = await self._redis.zrange(
                ROOMS,
                "-inf" if after is None else f"({after!r}",
                f"({before!r}",
                byscore=True,
                offset=0,
                num=limit,
                withscores=True,
            )
        return [(RoomId(room.decode()), at) for room, at in found]

    async def active(self, limit: int) -> list[RoomId]:
        """Public rooms, the most recently active first."""
        with answering():
            found: Any = await self._redis.zrange(ACTIVE, 0, limit - 1, desc=True)
        return [RoomId(room.decode()) for room in found]

    async def add_room_of(self, user: UserId, room: RoomId, at: float) -> None:
        with answering():
            await self._redis.zadd(rooms_of(user), {room: at})

    async def settle(self, rooms: Sequence[Back], now: float) -> None:
        """Note rooms that have come back `now`: their codes, that they are active, whose they are, what is due."""
        with answering():
            async with self._redis.pipeline(transaction=False) as pipe:
                for room, due in rooms:
                    pipe.set(code_claim(room.code), room.id, nx=True)
                    # Whoever woke it has a use for it: it does not go to sleep again at once.
                    pipe.zadd(ROOMS, {room.id: now})
                    if room.settings.visibility == "public":
                        pipe.zadd(ACTIVE, {room.id: room.last_activity})
                    for user in room.members:
                        pipe.zadd(rooms_of(user), {room.id: room.last_activity}, nx=True)
                    if due is not None:
                        pipe.zadd(DUE, {room.id: due}, lt=True)
                await pipe.execute()

    async def rooms_of(self, user: UserId, limit: int) -> list[RoomId]:
        """Rooms that a user joined, the latest first; some may be gone or left."""
        with answering():
            found: Any = await self._redis.zrange(rooms_of(user), 0, limit - 1, desc=True)
        return [RoomId(room.decode()) for room in found]

    async def drop_room_of(self, user: UserId, room: RoomId) -> None:
        with answering():
            await self._redis.zrem(rooms_of(user), room)

    @property
    def in_parts(self) -> bool:
        """Whether a part of the indexes may be lost and others, and rooms, not."""
        return isinstance(self._redis, Cluster)

    async def built(self) -> bool | str:
        """Whether these indexes were built since this Redis was empty; while they are, by which process."""
        with answering():
            found: Any = await self._redis.get(BUILT)
        return found == whole_mark(self._redis) or (found or b"").decode()

    async def set_building(self, process: str) -> None:
        with answering():
            await self._redis.set(BUILT, process)

    async def set_built(self) -> bool:
        """The indexes are built; False when Redis was emptied meanwhile."""
        with answering():
            return bool(await self._redis.set(BUILT, whole_mark(self._redis), xx=True))

    async def restore(self, rooms: Sequence[Known], now: float) -> None:
        """Note rooms that an emptied Redis has forgotten; live ones are due at once, so that they are brought back."""
        for n in range(0, len(rooms), _BATCH):
            with answering():
                async with self._redis.pipeline(transaction=False) as pipe:
                    for room in rooms[n : n + _BATCH]:
                        if room.state == "live":
                            pipe.zadd(ROOMS, {room.id: room.last_activity}, nx=True)
                            pipe.zadd(DUE, {room.id: now}, lt=True)
                        if room.state == "live" and room.listed:
                            pipe.zadd(ACTIVE, {room.id: room.last_activity}, nx=True)
                        for user in room.members:
                            pipe.zadd(rooms_of(user), {room.id: room.last_activity}, nx=True)
                    await pipe.execute()

    async def forget(self, room: RoomId) -> None:
        with answering():
            await self._redis.zrem(DUE, room)
            await self._redis.zrem(ACTIVE, room)
            await self._redis.zrem(ROOMS, room)

    async def rest(self, room: RoomId) -> None:
        """The room sleeps: nothing is due in it, and it is not listed. `forget` for a room that is gone."""
        await self.forget(room)
        with answering():
            await self._redis.zrem(SNAPSHOTS, room)

    async def renew(self, process: str, until: float) -> bool:
        """The process lives at least until room time `until`. True when it was not known to live (any more)."""
        with answering():
            return bool(await self._redis.zadd(PROCESSES, {process: until}))

    async def hold(self, process: str, *rooms: RoomId) -> None:
        """Note, before a socket opens or a commit is made, that the process may hold something in the rooms."""
        with answering():
            await self._redis.sadd(rooms_held_by(process), *rooms)

    async def release(self, process: str, *rooms: RoomId) -> None:
        """The process holds nothing of the rooms any more."""
        if rooms:
            with answering():
                await self._redis.srem(rooms_held_by(process), *rooms)

    async def suspect(self, process: str, until: float) -> None:
        """Have a process that nobody knows of taken for dead at room time `until`, unless it says that it lives."""
        with answering():
            await self._redis.zadd(PROCESSES, {process: until}, nx=True)

    async def dead(self, now: float) -> list[str]:
        """Processes whose lease has run out."""
        with answering():
            found: Any = await self._redis.zrange(PROCESSES, "-inf", str(now), byscore=True)
        return [process.decode() for process in found]

    async def held_by(self, process: str) -> list[RoomId]:
        with answering():
            found: Any = await self._redis.smembers(rooms_held_by(process))
        return sorted(RoomId(room.decode()) for room in found)

    async def bury(self, process: str) -> None:
        """The process is gone. If it holds something after all, it is found dead once more."""
        with answering():
            await self._redis.zrem(PROCESSES, process)
            if await self._redis.exists(rooms_held_by(process)):
                await self._redis.zadd(PROCESSES, {process: 0.0}, nx=True)

    async def take_leases(self, jobs: Sequence[str], process: str, ms: int) -> list[bool]:
        """Be the one process that does each of the jobs for the next `ms`: of which it is, when nobody else was."""
        with answering():
            async with self._redis.pipeline(transaction=False) as pipe:
                for job in jobs:
                    pipe.set(lease(job), process, nx=True, px=ms)
                return [bool(each) for each in await pipe.execute()]

    async def take_lease(self, job: str, process: str, ms: int) -> bool:
        """Be the one process that does a job for the next `ms`; also renews one's own lease."""
        with answering():
            return bool(await self._take(keys=[lease(job)], args=[process, ms]))

    async def drop_lease(self, job: str, process: str) -> None:
        """Let others do the job, before its time. A lease saves work and no more, so this need not be in one step."""
        key = lease(job)
        with answering():
            holder: Any = await self._redis.get(key)
            if holder is not None and holder.decode() == process:
                await self._redis.delete(key)


def _script(name: str) -> str:
    return resources.files("roomd.store").joinpath(f"scripts/{name}.lua").read_text(encoding="utf-8")
