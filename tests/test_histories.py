"""Which history of a room counts, when several were begun: what is called archived is in what is brought back."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import msgspec
import pytest
from archive_world import Process, process
from hub_world import eventually
from rooms_world import ALICE
from tornado.ioloop import IOLoop

from roomd import copier
from roomd.domain.chat import Say
from roomd.domain.commit import Commit
from roomd.domain.refusals import NotFound
from roomd.domain.room import Close, Room
from roomd.store import plain
from roomd.store.archive import Entry
from roomd.store.keys import room_keys
from roomd.store.shelf import Shelf


@pytest.fixture(autouse=True)
def in_no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is archived, not how soon: a machine with other work may take longer."""
    monkeypatch.setattr(copier, "ACK_S", 10.0)


@pytest.fixture
def one(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[Process]:
    stack = AsyncExitStack()
    yield io_loop.run_sync(lambda: stack.enter_async_context(process(redis_url, database_url)))
    io_loop.run_sync(stack.aclose)


def entry(commit: Commit, room: Room) -> Entry:
    return Entry(room.id, commit, plain.encode_commit(commit).decode())


async def texts(of: Process, room: Room) -> list[str]:
    """The chat of the room when Redis has lost everything."""
    await of.redis.flushall()
    of.core.engine.drop(room.id)
    await of.core.engine.room(room.id)
    return [line.text for line in await of.core.store.chat(room.id, 50)]


@pytest.mark.gen_test(timeout=30)
async def test_a_commit_that_was_under_way_for_long_is_refused_however_far_the_room_has_got(one: Process) -> None:
    room = await one.open()
    await one.say(room.id, "one")
    number = await one.core.store.at(room.id)
    assert number[0] is not None
    late = Commit(epoch=room.epoch, rev=number[0][1] + 1, at=one.clock.now(), by=ALICE.id, events=())
    for n in range(2):
        await one.redis.flushall()
        one.core.engine.drop(room.id)
        await one.say(room.id, f"a {n}", f"b {n}", f"c {n}")
        assert await one.core.archive.append([entry(late, room)]) == [0]
    assert (room.epoch, late.rev) not in await one.archived(room.id)


@pytest.mark.gen_test(timeout=30)
async def test_what_was_said_in_a_history_that_was_given_up_is_archived_with_the_next(one: Process) -> None:
    """As when a process takes a room out of PostgreSQL and dies before Redis gets it."""
    room = await one.open()
    await one.say(room.id, "one")
    assert await one.core.archive.take(room.id, 0) is not None
    receipt = await one.core.engine.handle(room.id, Say(text="two"), ALICE, "c-1")
    assert await receipt.kept == "archived"
    assert await one.do(room.id, Say(text="two"), "c-1") == (receipt.rev, "archived")
    await one.say(room.id, "three")
    revs = [rev for _, rev in await one.archived(room.id)]
    assert revs == list(range(1, len(revs) + 1)), "the log has a hole"
    assert await texts(one, room) == ["one", "two", "three"]


@pytest.mark.gen_test(timeout=30)
async def test_a_history_that_was_given_up_together_with_the_next_is_archived_with_the_one_after(
    redis_url: str, database_url: str
) -> None:
    """As when Redis loses the leases of two processes that look after the room, and the slower one dies."""
    async with process(redis_url, database_url) as here, process(redis_url, database_url) as there:
        room = await here.open()
        await here.say(room.id, "one")
        assert await there.core.archive.take(room.id, 0) is not None
        # What is refused under the old epoch...
        await there.core.archiver.stop()
        late = await there.core.engine.handle(room.id, Say(text="two"), ALICE, "c-1")
        # ...is superseded in Redis by one that PostgreSQL does not take either.
        assert await there.core.keeper.reopen(room.id, room.epoch) is not None
        assert await there.core.archive.take(room.id, 0) is not None
        assert await asyncio.wait_for(here.do(room.id, Say(text="two"), "c-1"), 5) == (late.rev, "archived")
        await here.say(room.id, "three")
        revs = [rev for _, rev in await here.archived(room.id)]
        assert revs == list(range(1, len(revs) + 1)), "the log has a hole"
        assert await texts(here, room) == ["one", "two", "three"]


@pytest.mark.gen_test(timeout=30)
async def test_a_command_repeated_after_another_process_began_a_new_history_is_answered(
    redis_url: str, database_url: str
) -> None:
    """It is known by its old number then, and the new history is another's to archive, which has died meanwhile."""
    async with process(redis_url, database_url) as here, process(redis_url, database_url) as there:
        room = await here.open()
        first = await here.do(room.id, Say(text="one"), "c-1")
        assert first[1] == "archived"
        await there.core.archiver.stop()
        reopened = await there.core.keeper.reopen(room.id, room.epoch)
        assert reopened is not None
        assert await asyncio.wait_for(here.do(room.id, Say(text="one"), "c-1"), 5) == first
        assert (reopened.epoch, reopened.rev) in await here.archived(room.id)
        await eventually(lambda: _is_at_rest(here))


async def _is_at_rest(of: Process) -> bool:
    return not of.core.archiver.behind


@pytest.mark.gen_test(timeout=30)
async def test_nobody_waits_for_a_number_that_nothing_leads_to(one: Process) -> None:
    room = await one.open()
    await one.settle(room.id)
    answer = await asyncio.wait_for(one.core.archiver.settled(room.id, room.epoch + 1, room.rev), 5)
    assert answer == "unknown"


@pytest.mark.logs("it comes from there")
@pytest.mark.gen_test(timeout=30)
async def test_a_room_whose_closing_redis_lost_is_closed(one: Process) -> None:
    room = await one.open()
    before = await one.redis.dump(room_keys(room.id).meta)
    assert before is not None
    await one.do(room.id, Close())
    await eventually(lambda: _is_gone(one, room))
    await one.redis.restore(room_keys(room.id).meta, 0, before)
    await one.redis.hset(room_keys(room.id).meta, "life", "another run")
    with pytest.raises(NotFound):
        await one.core.engine.room(room.id)
    assert await _is_gone(one, room)


async def _is_gone(of: Process, room: Room) -> bool:
    return not await of.core.store.present([room.id])


@pytest.mark.gen_test(timeout=30)
async def test_a_room_that_turns_out_to_be_closed_is_not_asked_for_again(one: Process) -> None:
    room = await one.open()
    await one.settle(room.id)
    whole = await one.core.moves.whole(room.id)
    assert whole is not None
    gone = msgspec.structs.replace(whole, room=msgspec.structs.replace(room, closed=True, rev=2))
    await one.pool.execute("DELETE FROM room_events")
    assert await one.core.archive.put(gone, one.clock.now())
    await one.pool.execute("UPDATE rooms SET state = 'live'")
    await one.redis.flushall()
    one.core.engine.drop(room.id)
    with pytest.raises(NotFound):
        await one.core.engine.room(room.id)
    assert await Shelf(one.pool).states([room.id]) == {room.id: "closed"}


@pytest.mark.gen_test(timeout=30)
async def test_a_command_repeated_over_a_wipe_takes_effect_once_whenever_a_snapshot_was_taken(one: Process) -> None:
    room = await one.open()
    first = await one.do(room.id, Say(text="one"), "c-1")
    whole = await one.core.moves.whole(room.id)
    assert whole is not None
    assert await one.core.archive.put(whole, one.clock.now())
    second = await one.do(room.id, Say(text="two"), "c-2")
    await one.redis.flushall()
    one.core.engine.drop(room.id)
    assert await one.do(room.id, Say(text="one"), "c-1") == first
    assert await one.do(room.id, Say(text="two"), "c-2") == second
    assert await texts(one, room) == ["one", "two"]
