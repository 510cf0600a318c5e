"""What happens by itself, on real stores: ends, absences and deaths, with nobody there to ask for it."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager

import pytest
from accounts_world import HandClock, World, open_world
from byte_proxy import wire_to
from hub_world import SETTINGS, House, eventually, house, until
from keeping_world import RedisOnly
from redis.asyncio import Redis
from rooms_world import ALICE, BOB, named, track
from tornado.ioloop import IOLoop

from roomd.clock import Clock
from roomd.domain import rules
from roomd.domain.actor import Actor
from roomd.domain.entries import ordered
from roomd.domain.ids import RoomId
from roomd.domain.membership import HOST_GRACE_MS, Attach, Detach
from roomd.domain.moment import START_LEAD_MS
from roomd.domain.playback import Pause, Play, PlayEntry, Seek
from roomd.domain.queue import Add
from roomd.domain.refusals import Unavailable
from roomd.domain.room import Close, Room
from roomd.domain.words import Command
from roomd.engine import Engine
from roomd.keeping import Receipt
from roomd.scheduler import AGAIN_MS, FAULTY_MS, LEASE_MS, LOOK_S, Scheduler
from roomd.store.index import Index
from roomd.store.keys import DUE, PROCESSES, lease, room_keys, rooms_held_by

pytestmark = pytest.mark.redis("single", "cluster")


@pytest.fixture
def world(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[World]:
    with open_world(io_loop, redis_url, database_url) as built:
        yield built


def scheduler(built: House, world: World, index: Index | None = None) -> Scheduler:
    return Scheduler(built.engine, index or built.index, built.presence, built.clock, world.accounts)


async def tick(of: Scheduler) -> float:
    """One look at what is due, as the job does it."""
    (job,) = (job for job in of.jobs() if job.name == "tick")
    return await job.run()


async def playing(house: House, *lengths_ms: float) -> Room:
    """Alice's room, which plays tracks of these lengths."""
    room = await house.engine.open(SETTINGS, ALICE)
    await house.engine.handle(room.id, Attach(socket=house.presence.new_socket()), ALICE)
    tracks = tuple(track(f"T{n}", length) for n, length in enumerate(lengths_ms))
    await house.engine.handle(room.id, Add(tracks=tracks), ALICE)
    return (await house.engine.handle(room.id, Play(), ALICE)).room


async def current(house: House, room_id: RoomId) -> int | None:
    """Which of the queue plays."""
    room = await house.engine.room(room_id)
    entry = room.playback.entry
    return ordered(room).index(entry) if entry else None


async def until_silent(house: House, room_id: RoomId) -> None:
    async def look() -> bool:
        return await current(house, room_id) is None

    await eventually(look, "the end of the last track")


@pytest.mark.gen_test(timeout=20)
async def test_a_track_ends_and_the_next_begins_in_time_with_nobody_there(world: World, redis_url: str) -> None:
    async with house(redis_url, Clock()) as here, house(redis_url, Clock()) as there:
        room = await playing(there, 300.0, 300.0)
        running = scheduler(here, world)
        await running.start()
        await until_silent(there, room.id)
        await running.stop()
        commits = await here.store.log(room.id, room.rev, room.rev + 2)
        end = room.playback.as_of + 300.0
        assert [event.cause for commit in commits for event in commit.events] == ["ended", "ended"]  # type: ignore[attr-defined]
        assert 0 <= commits[0].at - end < 500
        # What follows began where the first one ended, unless that was noticed too late.
        began = commits[0].events[0].playback.as_of  # type: ignore[attr-defined]
        assert began in {end, commits[0].at + START_LEAD_MS}
        assert 0 <= commits[1].at - (began + 300.0) < 500
        assert commits[0].by is None
        assert await here.index.next_due() is None


def both(url: str, clock: HandClock) -> tuple[AbstractAsyncContextManager[House], AbstractAsyncContextManager[House]]:
    return house(url, clock), house(url, clock)


@pytest.mark.gen_test(timeout=20)
async def test_deadlines_follow_what_people_do_elsewhere(world: World, redis_url: str) -> None:
    one, other = both(redis_url, world.clock)
    async with one as here, other as there:
        room = await playing(here, 60_000.0, 60_000.0, 5_000.0)
        looking = scheduler(here, world)
        assert await tick(looking) == LOOK_S
        # The scheduler's process has seen none of this.
        world.clock.pass_s(30)
        await there.engine.handle(room.id, Pause(), ALICE)
        world.clock.pass_s(31)
        await tick(looking)
        assert (await current(here, room.id), await here.index.next_due()) == (0, None)
        await there.engine.handle(room.id, Play(), ALICE)
        now = (await there.engine.handle(room.id, Seek(position=59_000.0), ALICE)).room
        assert await here.index.next_due() == rules.deadline(now)
        world.clock.pass_s(1.5)
        await tick(looking)
        assert await current(there, room.id) == 1
        await there.engine.handle(room.id, PlayEntry(entry=named(now, "T2")), ALICE)
        world.clock.pass_s(5.5)
        await tick(looking)
        assert (await current(here, room.id), await here.index.next_due()) == (None, None)
        await there.engine.handle(room.id, Close(), ALICE)
        await here.index.plan(room.id, 0.0)
        await tick(looking)
        assert await here.index.next_due() is None


class Meanwhile(Index):
    """An index that lets something else happen just before a new deadline is planned after a look."""

    def __init__(self, redis: Redis, happens: Callable[[], Awaitable[object]]) -> None:
        super().__init__(redis)
        self._happens = happens

    async def replan(self, room: RoomId, at: float | None, seen: float) -> None:
        await self._happens()
        await super().replan(room, at, seen)


@pytest.mark.gen_test(timeout=20)
async def test_a_deadline_that_somebody_brings_about_during_a_look_is_not_lost(world: World, redis_url: str) -> None:
    one, other = both(redis_url, world.clock)
    async with one as here, other as there:
        room = await playing(there, 1_000.0, 60_000.0)
        index = Meanwhile(here.redis, lambda: there.engine.handle(room.id, Seek(position=58_000.0), ALICE))
        world.clock.pass_s(2)
        await tick(scheduler(here, world, index))
        now = await there.engine.room(room.id)
        assert now.playback.position == 58_000
        assert await here.index.next_due() == rules.deadline(now)


class Hasty(Index):
    """An index that lets something else happen once, just after a deadline was planned and before it is committed."""

    def __init__(self, redis: Redis, happens: Callable[[], Awaitable[object]]) -> None:
        super().__init__(redis)
        self._happens: Callable[[], Awaitable[object]] | None = happens

    async def plan(self, room: RoomId, at: float) -> None:
        await super().plan(room, at)
        happens, self._happens = self._happens, None
        if happens is not None:
            await happens()


@pytest.mark.gen_test(timeout=20)
async def test_a_look_between_planning_and_committing_does_not_lose_the_deadline(world: World, redis_url: str) -> None:
    one, other = both(redis_url, world.clock)
    async with one as here, other as there:
        room = await playing(there, 60_000.0)
        await there.engine.handle(room.id, Pause(), ALICE)
        # What was planned when it began to play is overdue.
        world.clock.pass_s(120)
        index = Hasty(there.redis, lambda: tick(scheduler(here, world)))
        hasty = Engine(there.store, index, RedisOnly(there.redis), world.clock.moment)
        now = (await hasty.handle(room.id, Play(), ALICE)).room
        assert await here.index.next_due() == rules.deadline(now)


@pytest.mark.gen_test(timeout=20)
async def test_a_lost_host_is_stood_in_for_after_the_grace(world: World, redis_url: str) -> None:
    one, other = both(redis_url, world.clock)
    async with one as here, other as there:
        room = await there.engine.open(SETTINGS, ALICE)
        alice, bob = there.presence.new_socket(), there.presence.new_socket()
        await there.presence.attach(room.id, ALICE, alice)
        await there.presence.attach(room.id, BOB, bob)
        await there.engine.handle(room.id, Detach(socket=alice), ALICE)
        looking = scheduler(here, world)
        world.clock.pass_s(HOST_GRACE_MS / 1_000 - 1)
        await tick(looking)
        assert (await here.engine.room(room.id)).host == ALICE.id
        world.clock.pass_s(1.01)
        await tick(looking)
        assert (await here.engine.room(room.id)).host == BOB.id
        await there.presence.attach(room.id, ALICE, alice)
        assert (await here.engine.room(room.id)).host == ALICE.id


@pytest.mark.logs("could not look at room")
@pytest.mark.gen_test(timeout=20)
async def test_a_room_that_cannot_be_read_does_not_stop_the_others(world: World, redis_url: str) -> None:
    one, other = both(redis_url, world.clock)
    async with one as here, other as there:
        broken, sound = await playing(there, 1_000.0), await playing(there, 1_000.0, 1_000.0)
        await here.redis.hset(room_keys(broken.id).meta, "playback", "not JSON")
        world.clock.pass_s(2)
        await tick(scheduler(here, world))
        assert await current(there, sound.id) == 1
        assert await here.redis.zscore(DUE, broken.id) == world.clock.now() + FAULTY_MS


@pytest.mark.gen_test(timeout=20)
async def test_a_room_that_is_not_to_be_had_now_is_looked_at_again_and_stops_no_other(
    world: World, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = both(redis_url, world.clock)
    async with one as here, other as there:
        away, sound = await playing(there, 1_000.0), await playing(there, 1_000.0, 60_000.0)
        handle = here.engine.handle

        async def handle_others(room_id: RoomId, command: Command, actor: Actor) -> Receipt:
            if room_id == away.id:
                raise Unavailable("not now")
            return await handle(room_id, command, actor)

        monkeypatch.setattr(here.engine, "handle", handle_others)
        world.clock.pass_s(2)
        await tick(scheduler(here, world))
        assert await current(there, sound.id) == 1
        assert await here.redis.zscore(DUE, away.id) == world.clock.now() + AGAIN_MS
        # Where nothing is to be had, the job waits.
        world.clock.pass_s(AGAIN_MS / 1_000)
        with pytest.raises(Unavailable):
            await tick(scheduler(here, world))


@pytest.mark.logs("job lapse failed")
@pytest.mark.gen_test(timeout=20)
async def test_a_job_that_fails_says_so_and_the_others_go_on(
    world: World, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(redis_url, Clock()) as here:
        await here.redis.zadd(PROCESSES, {"dead": 1.0})
        await here.redis.set(rooms_held_by("dead"), "not a set")
        running = scheduler(here, world)
        await running.start()
        await until(lambda: "job lapse failed" in caplog.text)
        room = await playing(here, 100.0)
        await until_silent(here, room.id)
        await running.stop()


@pytest.mark.redis("single")
@pytest.mark.logs("job (renew|lapse|tick|forget) waits", "lost the subscription")
@pytest.mark.gen_test(timeout=20)
async def test_jobs_wait_for_redis_and_go_on(world: World, redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with wire_to(redis_url) as wire, house(redis_url, Clock()) as here, house(wire.url, Clock()) as there:
        running = scheduler(there, world)
        await running.start()
        room = await playing(here, 100.0)
        await wire.cut()
        await until(lambda: "job tick waits" in caplog.text)
        await wire.start()
        await until_silent(here, room.id)
        await running.stop()


@pytest.mark.gen_test(timeout=20)
async def test_a_job_is_one_processs_at_a_time_and_passes_on_when_it_dies(world: World, redis_url: str) -> None:
    one, other = both(redis_url, world.clock)
    async with one as here, other as there:
        assert await here.index.take_lease("tick", "p", LEASE_MS)
        assert not await there.index.take_lease("tick", "q", LEASE_MS)
        assert await here.index.take_lease("tick", "p", LEASE_MS)
        assert 0 < await here.redis.pttl(lease("tick")) <= LEASE_MS
        await here.redis.pexpire(lease("tick"), 1)
        await eventually(lambda: there.index.take_lease("tick", "q", LEASE_MS))
        assert not await here.index.take_lease("tick", "p", LEASE_MS)
