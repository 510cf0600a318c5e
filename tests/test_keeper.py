"""Rooms beyond Redis: archived as they go, and back when Redis is empty, older than it was, or another one."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import AsyncExitStack

import pytest
from archive_world import Process, locked, process
from hub_world import eventually
from rooms_world import ALICE, BOB, CAROL, named, tracks
from tornado.ioloop import IOLoop

from roomd.core import Core
from roomd.domain.chat import React, Say
from roomd.domain.commit import Commit
from roomd.domain.ids import RoomId
from roomd.domain.membership import Join
from roomd.domain.playback import Play
from roomd.domain.refusals import NotFound, Refusal, Unavailable
from roomd.domain.room import Close, Set
from roomd.domain.whole import Whole
from roomd.store.commit_script import Seen
from roomd.store.keys import room_keys
from roomd.store.snapshots import to_json


@pytest.fixture
def one(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[Process]:
    stack = AsyncExitStack()
    yield io_loop.run_sync(lambda: stack.enter_async_context(process(redis_url, database_url)))
    io_loop.run_sync(stack.aclose)


async def party(one: Process) -> RoomId:
    """A room with people, a queue that plays, talk, reactions, and a password."""
    room = await one.open(entry_mode="public")
    for actor in (BOB, CAROL):
        await one.core.engine.handle(room.id, Join(), actor)
    await one.do(room.id, tracks("A", "B", "C"))
    await one.do(room.id, Play())
    await one.say(room.id, "hello", "there")
    line = (await one.core.store.chat(room.id, 1))[0].id
    await one.do(room.id, React(message=line, emoji="👍"), by=BOB)
    await one.do(room.id, Set(name="Saturday"))
    return room.id


async def whole(one: Process, room_id: RoomId) -> Whole:
    found = await one.core.moves.whole(room_id)
    assert found is not None
    return found


async def refused(work: Awaitable[object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await work
    return caught.value


@pytest.mark.gen_test(timeout=20)
async def test_a_command_is_acknowledged_once_it_is_archived(one: Process) -> None:
    room = await one.open()
    assert await one.say(room.id, "one", "two") == [(2, "archived"), (3, "archived")]
    assert await one.archived(room.id) == [(room.epoch, rev) for rev in (1, 2, 3)]


@pytest.mark.gen_test(timeout=20)
async def test_what_is_archived_makes_the_room_as_it_is(one: Process) -> None:
    room_id = await party(one)
    assert await one.settle(room_id) == "archived"
    kept = await one.core.archive.read(room_id)
    assert kept is not None
    assert to_json(kept) == to_json(await whole(one, room_id))


@pytest.mark.gen_test(timeout=20)
async def test_a_snapshot_and_what_came_after_it_make_the_room_as_it_is(one: Process) -> None:
    room_id = await party(one)
    await one.settle(room_id)
    assert await one.core.archive.put(await whole(one, room_id), 1.0)
    await one.pool.execute("DELETE FROM room_events")
    await one.say(room_id, "after")
    kept = await one.core.archive.read(room_id)
    assert kept is not None
    assert to_json(kept) == to_json(await whole(one, room_id))
    assert [line.text for line in kept.chat] == ["hello", "there", "after"]


@pytest.mark.gen_test(timeout=20)
async def test_an_older_snapshot_does_not_take_the_place_of_a_newer_one(one: Process) -> None:
    room_id = await party(one)
    old = await whole(one, room_id)
    await one.say(room_id, "later")
    await one.core.archive.put(await whole(one, room_id), 1.0)
    await one.core.archive.put(old, 2.0)
    await one.pool.execute("DELETE FROM room_events")
    kept = await one.core.archive.read(room_id)
    assert kept is not None
    assert kept.room.rev == old.room.rev + 1


@pytest.mark.gen_test(timeout=20)
async def test_a_room_comes_back_whole_into_an_emptied_redis_under_a_new_epoch(one: Process) -> None:
    room_id = await party(one)
    await one.settle(room_id)
    before = await whole(one, room_id)
    await one.redis.flushall()
    room = await one.core.engine.room(room_id)
    assert room.epoch > before.room.epoch
    assert room.rev == before.room.rev + 1
    after = await whole(one, room_id)
    assert after.chat == before.chat
    assert after.audit == before.audit
    assert after.room.members == before.room.members
    assert after.room.playback == before.room.playback
    assert (named(after.room, "A"), after.room.ranks) == (named(before.room, "A"), before.room.ranks)
    assert after.room.last_activity == before.room.last_activity
    # Its code leads to it, and it goes on.
    assert await one.core.engine.find(room.code) == room_id
    assert await one.say(room_id, "on we go") == [(room.rev + 1, "archived")]
    assert (await one.archived(room_id))[-2:] == [(room.epoch, room.rev), (room.epoch, room.rev + 1)]


@pytest.mark.gen_test(timeout=20)
async def test_a_command_repeated_after_redis_was_emptied_takes_effect_once(one: Process) -> None:
    room = await one.open()
    rev, _ = await one.do(room.id, Say(text="once"), "c-1")
    await one.redis.flushall()
    assert (await one.do(room.id, Say(text="once"), "c-1"))[0] == rev
    assert [line.text for line in await one.core.store.chat(room.id, 10)] == ["once"]
    now = await one.core.engine.room(room.id)
    again = Commit(epoch=now.epoch, rev=now.rev + 1, at=1.0)
    assert await one.core.store.commit(now, now, again, f"{ALICE.id}:c-1") == Seen(rev)


@pytest.mark.gen_test(timeout=30)
async def test_many_who_touch_a_lost_room_at_once_bring_back_one(redis_url: str, database_url: str) -> None:
    async with process(redis_url, database_url) as here, process(redis_url, database_url) as there:
        room_id = await party(here)
        await here.settle(room_id)
        await here.redis.flushall()
        rooms = await asyncio.gather(*(each.core.engine.room(room_id) for each in (here, there) for _ in range(10)))
        assert len({(room.epoch, room.rev) for room in rooms}) == 1
        said = await asyncio.gather(*(each.say(room_id, f"line {n}") for n in range(10) for each in (here, there)))
        assert {level for answers in said for _, level in answers} == {"archived"}
        assert len({rev for answers in said for rev, _ in answers}) == 20
        epochs = {epoch for epoch, _ in await here.archived(room_id)}
        assert len(epochs) == 2


@pytest.mark.gen_test(timeout=30)
async def test_a_room_is_not_brought_back_without_what_is_just_being_archived(
    redis_url: str, database_url: str
) -> None:
    async with process(redis_url, database_url) as here, process(redis_url, database_url) as there:
        room = await here.open()
        await here.say(room.id, "kept")
        async with locked(database_url):
            # Redis has it, PostgreSQL does not yet; then Redis is emptied, and another process brings the room back.
            receipt = await here.core.engine.handle(room.id, Say(text="not yet"), ALICE, "c-1")
            await here.redis.flushall()
            bringing = asyncio.create_task(there.core.engine.room(room.id))
            await eventually(lambda: _waiting(here, 2))
        back = await bringing
        assert await receipt.kept in {"archived", "accepted"}
        assert [line.text for line in await there.core.store.chat(room.id, 10)] == ["kept", "not yet"]
        assert back.epoch > room.epoch


async def _waiting(one: Process, many: int) -> bool:
    return await one.pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") == many


@pytest.mark.gen_test(timeout=30)
async def test_an_append_to_a_history_that_was_given_up_is_refused(redis_url: str, database_url: str) -> None:
    async with process(redis_url, database_url) as here, process(redis_url, database_url) as there:
        room = await here.open()
        await here.say(room.id, "kept")
        await here.core.archiver.stop()
        receipt = await here.core.engine.handle(room.id, Say(text="gone"), ALICE, "c-1")
        await here.redis.flushall()
        await there.core.engine.room(room.id)
        await here.core.archiver.start()
        with pytest.raises(Unavailable) as caught:
            await here.core.engine.kept(receipt)
        assert caught.value.code == "lost"
        # Sent again, it takes effect.
        assert (await here.do(room.id, Say(text="gone"), "c-1"))[1] == "archived"
        assert [line.text for line in await there.core.store.chat(room.id, 10)] == ["kept", "gone"]
        # And the commits of the new history are all there, not only a snapshot that has what they did.
        assert [rev for _, rev in await here.archived(room.id)] == [1, 2, 3, 4]


@pytest.mark.logs("is at 9 in Redis, archived up to 10")
@pytest.mark.gen_test(timeout=20)
async def test_a_redis_that_went_back_in_time_is_brought_up_to_the_archive(one: Process) -> None:
    room_id = await party(one)
    keys = [key for key in room_keys(room_id) if not key.endswith("bell")]
    dumps = {key: dump for key in keys if (dump := await one.redis.dump(key)) is not None}
    await one.say(room_id, "after the backup")
    before = await whole(one, room_id)
    await one.redis.flushall()
    for key, dump in dumps.items():
        await one.redis.restore(key, 0, dump)
    await _known_under_another_run(one, room_id)
    room = await one.core.engine.room(room_id)
    assert (room.epoch > before.room.epoch, room.rev) == (True, before.room.rev + 1)
    assert [line.text for line in (await whole(one, room_id)).chat] == [line.text for line in before.chat]


@pytest.mark.gen_test(timeout=20)
async def test_a_redis_that_keeps_all_goes_on_with_the_same_epoch(one: Process) -> None:
    stack = AsyncExitStack()
    room_id = await party(one)
    before = await one.core.engine.room(room_id)
    await _known_under_another_run(one, room_id)
    for name, on, off in (("appendfsync", "always", "everysec"), ("appendonly", "yes", "no")):
        await one.redis.config_set(name, on)
        stack.push_async_callback(one.redis.config_set, name, off)
    assert await one.say(room_id, "on we go") == [(before.rev + 1, "archived")]
    assert (await one.core.engine.room(room_id)).epoch == before.epoch
    assert await one.redis.hget(room_keys(room_id).meta, "life") == one.life.of(room_id).encode()
    await stack.aclose()


async def _known_under_another_run(one: Process, room_id: RoomId) -> None:
    """As if Redis had restarted since the room was last looked at."""
    await one.redis.hset(room_keys(room_id).meta, "life", "another run")


@pytest.mark.gen_test(timeout=20)
async def test_a_redis_that_may_have_lost_something_begins_a_new_epoch_once(redis_url: str, database_url: str) -> None:
    async with process(redis_url, database_url) as here, process(redis_url, database_url) as there:
        room_id = await party(here)
        before = await here.core.engine.room(room_id)
        await there.core.engine.room(room_id)
        await _known_under_another_run(here, room_id)
        said = await asyncio.gather(*(each.say(room_id, "hi") for _ in range(5) for each in (here, there)))
        after = await here.core.engine.room(room_id)
        assert after.epoch > before.epoch
        assert after.rev == before.rev + 11
        assert {level for answers in said for _, level in answers} == {"archived"}
        kept = await here.core.archive.read(room_id)
        assert kept is not None
        assert to_json(kept) == to_json(await whole(here, room_id))


@pytest.mark.gen_test(timeout=20)
async def test_a_closed_room_goes_once_its_closing_is_archived_and_does_not_come_back(one: Process) -> None:
    room = await one.open()
    await one.do(room.id, Close())

    async def gone() -> bool:
        return not await one.redis.exists(room_keys(room.id).meta)

    await eventually(gone)
    assert isinstance(await refused(one.core.engine.room(room.id)), NotFound)
    assert isinstance(await refused(one.core.engine.find(room.code)), NotFound)
    assert (await one.archived(room.id))[-1] == (room.epoch, 2)


@pytest.mark.logs("rooms go on without being archived")
@pytest.mark.gen_test(timeout=30)
async def test_rooms_go_on_while_postgres_does_not_answer_and_what_waited_is_archived_after(
    one: Process, database_url: str
) -> None:
    room = await one.open()
    await one.say(room.id, "before")
    async with locked(database_url):
        assert {level for _, level in await one.say(room.id, *(f"line {n}" for n in range(50)))} == {"accepted"}
        await eventually(lambda: _is_away(one))
        assert one.core.archiver.behind >= 50
    await one.core.engine.handle(room.id, Say(text="after"), ALICE)
    await eventually(lambda: _is_back(one))
    assert await one.archived(room.id) == [(room.epoch, rev) for rev in range(1, 54)]
    assert await one.say(room.id, "and on") == [(54, "archived")]


async def _is_away(one: Process) -> bool:
    return one.core.archiver.away


async def _is_back(one: Process) -> bool:
    return not one.core.archiver.away and one.core.archiver.behind == 0


@pytest.mark.logs("rooms go on without being archived")
@pytest.mark.gen_test(timeout=30)
async def test_a_closed_room_does_not_come_back_although_postgres_was_away(one: Process, database_url: str) -> None:
    room = await one.open()
    await one.say(room.id, "before")
    async with locked(database_url):
        assert (await one.do(room.id, Close()))[1] == "accepted"
        await eventually(lambda: _is_away(one))
        assert isinstance(await refused(one.core.engine.room(room.id)), NotFound)
    await eventually(lambda: _is_back(one))
    await one.redis.flushall()
    assert isinstance(await refused(one.core.engine.room(room.id)), NotFound)


@pytest.mark.gen_test(timeout=20)
async def test_a_room_that_was_never_archived_is_taken_in(one: Process) -> None:
    """As after an upgrade from a roomd without an archive, or when PostgreSQL was emptied."""
    room_id = await party(one)
    await one.settle(room_id)
    await one.pool.execute("TRUNCATE rooms, room_epochs, room_events, room_snapshots")
    await one.core.archiver.stop()
    fresh = Core.build(one.redis, one.pool, one.life, one.clock)
    await fresh.start()
    receipt = await fresh.engine.handle(room_id, Say(text="still here"), ALICE)
    assert await fresh.engine.kept(receipt) == "archived"
    kept = await fresh.archive.read(room_id)
    assert kept is not None
    assert to_json(kept) == to_json(await whole(one, room_id))
    await fresh.stop()
