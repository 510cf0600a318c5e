"""Rooms put back from a file while servers run: what is restored is what was saved, and nothing is promised in vain."""

import asyncio
import io
from collections.abc import Iterator
from contextlib import AsyncExitStack

import msgspec
import pytest
from archive_world import Process, locked, process
from redis_cluster import keys_of
from rooms_world import ALICE, BOB, CAROL, tracks
from tornado.ioloop import IOLoop

from roomd.archived import Level
from roomd.carrying import Restorer, every_room
from roomd.domain.chat import React, Say
from roomd.domain.ids import RoomId, SocketId
from roomd.domain.membership import Attach, Join
from roomd.domain.playback import Play, position_at
from roomd.domain.refusals import NotFound, Unavailable
from roomd.domain.resting import at_rest
from roomd.domain.room import Close, Room
from roomd.domain.whole import Whole
from roomd.files import Saved, Writer, read
from roomd.store.keys import ROOMS, code_claim, room_keys
from roomd.store.shelf import Shelf
from roomd.store.snapshots import to_json


@pytest.fixture
def one(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[Process]:
    stack = AsyncExitStack()
    yield io_loop.run_sync(lambda: stack.enter_async_context(process(redis_url, database_url)))
    io_loop.run_sync(stack.aclose)


def restorer(of: Process) -> Restorer:
    return Restorer(of.core, Shelf(of.pool), of.clock)


async def party(of: Process, name: str = "Friday") -> Room:
    room = await of.open(name=name)
    await of.do(room.id, Attach(socket=SocketId("p.1")), by=BOB)
    await of.do(room.id, tracks("A", "B"))
    await of.do(room.id, Play())
    await of.say(room.id, "one", "two")
    line = (await of.core.store.chat(room.id, 1))[0].id
    await of.do(room.id, React(message=line, emoji="👍"), by=BOB)
    return await of.core.engine.room(room.id)


async def saved(of: Process) -> dict[RoomId, Saved]:
    """What a file would have of each room, having been written and read."""
    stream = io.BytesIO()
    writer = Writer(stream, of.clock.now())
    async for each in every_room(of.core, Shelf(of.pool), of.clock):
        writer.add(*each)
    writer.end()
    stream.seek(0)
    return {each.whole.room.id: each for each in read(stream)}


def comparable(whole: Whole, at: float) -> bytes:
    """The room at rest, whatever its number."""
    room = msgspec.structs.replace(at_rest(whole.room, at), epoch=0, rev=0)
    return to_json(msgspec.structs.replace(whole, room=room))


async def texts(of: Process, room: RoomId) -> list[str]:
    await of.core.engine.room(room)
    return [line.text for line in await of.core.store.chat(room, 50)]


@pytest.mark.gen_test(timeout=30)
async def test_a_room_is_saved_as_it_is_wherever_it_is(one: Process) -> None:
    live = await party(one, "Live")
    lost = await party(one, "Lost by Redis")
    closed = await party(one, "Closed")
    await one.do(closed.id, Close())
    unarchived = await party(one, "Unarchived")
    await one.pool.execute("DELETE FROM rooms WHERE id = $1", unarchived.id)
    await one.settle(lost.id)
    await one.redis.delete(*await keys_of(one.redis, f"roomd:{{{lost.id}}}:*"))
    found = await saved(one)
    assert set(found) == {live.id, lost.id, unarchived.id}
    for room in (live, lost, unarchived):
        assert found[room.id].whole.room == room
        assert [line.text for line in found[room.id].whole.chat] == ["one", "two"]
        assert found[room.id].whole.chat[1].reactions == {"👍": [BOB.id]}


@pytest.mark.gen_test(timeout=30)
async def test_everything_is_restored_after_both_stores_were_wiped(redis_url: str, database_url: str) -> None:
    async with process(redis_url, database_url) as one:
        rooms = [await party(one, f"Room {n}") for n in range(3)]
        kept = await saved(one)
    async with process(redis_url, database_url) as two:
        await two.redis.flushall()
        await two.pool.execute("TRUNCATE rooms, room_epochs, room_events, room_snapshots")
        for room in rooms:
            fate = await restorer(two).restore(kept[room.id])
            assert (fate.replaces, fate.keeps_code, fate.code) == (False, True, room.code)
            assert await two.core.index.rooms_of(BOB.id, 9) != []
            assert await two.core.engine.find(room.code) == room.id
            archived = await two.core.archive.read(room.id)
            assert archived is not None
            assert comparable(archived, 0.0) == comparable(kept[room.id].whole, kept[room.id].at)
            woken = await two.core.engine.room(room.id)
            assert woken.rev > room.rev
            assert not woken.members[BOB.id].online
            assert not woken.playback.playing
            assert woken.playback.position == position_at(room.playback, kept[room.id].at)
            assert (await two.say(room.id, "back"))[0][1] == "archived"


@pytest.mark.gen_test(timeout=30)
async def test_a_restored_room_takes_the_place_of_what_was_there(redis_url: str, database_url: str) -> None:
    async with process(redis_url, database_url) as here, process(redis_url, database_url) as tool:
        room = await party(here)
        kept = (await saved(tool))[room.id]
        await here.do(room.id, Join(), by=CAROL)
        await here.say(room.id, "three", "four")
        assert (await restorer(tool).foresee(kept)).replaces
        assert (await here.core.engine.room(room.id)).members.keys() >= {CAROL.id}
        assert (await restorer(tool).restore(kept)).replaces
        assert await tool.redis.zscore(ROOMS, room.id) is None
        assert await texts(here, room.id) == ["one", "two"]
        now = await here.core.engine.room(room.id)
        assert CAROL.id not in now.members
        assert (now.epoch, now.rev) > (room.epoch, room.rev + 3)
        assert (await here.say(room.id, "five"))[0][1] == "archived"
        await here.redis.flushall()
        assert await texts(here, room.id) == ["one", "two", "five"]


@pytest.mark.logs("was restored from a file")
@pytest.mark.gen_test(timeout=30)
async def test_a_server_that_still_has_the_old_room_learns_of_it_with_its_next_commit(
    redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command dies between the two stores."""

    async def dies(room: RoomId, epoch: int) -> bool:
        raise Unavailable("gone")

    async with process(redis_url, database_url) as here, process(redis_url, database_url) as tool:
        room = await party(here)
        kept = (await saved(tool))[room.id]
        await here.say(room.id, "three")
        monkeypatch.setattr(tool.core.moves, "evict", dies)
        with pytest.raises(Unavailable):
            await restorer(tool).restore(kept)
        assert await texts(here, room.id) == ["one", "two", "three"]
        receipt = await here.core.engine.handle(room.id, Say(text="four"), ALICE)
        assert await asyncio.wait_for(receipt.kept, 10) == "lost"
        assert await texts(here, room.id) == ["one", "two"]
        assert [line.text for line in (await _archived(here, room.id)).chat] == ["one", "two"]


async def _archived(of: Process, room: RoomId) -> Whole:
    found = await of.core.archive.read(room)
    assert found is not None
    return found


@pytest.mark.gen_test(timeout=30)
async def test_no_commit_under_way_is_called_safe_and_then_lost(redis_url: str, database_url: str) -> None:
    """What was committed before the restoring is archived only after it, and after the room was woken, and again."""
    async with process(redis_url, database_url) as here, process(redis_url, database_url) as tool:
        room = await party(here)
        await here.settle(room.id)
        kept = (await saved(tool))[room.id]
        append = here.core.archive.append
        gate = asyncio.Event()

        async def late(entries: object) -> list[int]:
            await gate.wait()
            return await append(entries)  # type: ignore[arg-type]

        here.core.archive.append = late  # type: ignore[method-assign]
        under_way = [await here.core.engine.handle(room.id, Say(text=f"late {n}"), ALICE) for n in range(3)]
        await restorer(tool).restore(kept)
        # Twice, so that the numbers of what is under way lie below where the latest history began.
        for _ in range(2):
            await tool.core.engine.room(room.id)
            await tool.say(room.id, "new", "newer")
            await tool.redis.flushall()
        await tool.core.engine.room(room.id)
        gate.set()
        levels: list[Level] = [await asyncio.wait_for(receipt.kept, 10) for receipt in under_way]
        # Nobody waits for half a second in vain, so they may have been told less; but not more.
        assert set(levels) <= {"lost", "accepted"}
        for receipt in under_way:
            again = here.core.archiver.settled(room.id, room.epoch, receipt.rev)
            assert await asyncio.wait_for(again, 10) == "lost"
        assert not any(text.startswith("late") for text in await texts(here, room.id))
        assert (room.epoch, under_way[0].rev) not in await here.archived(room.id)


@pytest.mark.gen_test(timeout=30)
async def test_a_code_that_is_anothers_by_now_is_not_taken_from_them(one: Process) -> None:
    for asleep in (False, True):
        room = await party(one)
        kept = (await saved(one))[room.id]
        await one.do(room.id, Close())
        await _until_free(one, room)
        other = await one.open(name="Other")
        await one.settle(other.id)
        if asleep:
            whole = await one.core.moves.whole(other.id)
            assert whole is not None
            assert await one.core.archive.put(whole, one.clock.now(), asleep=True)
            assert await one.core.moves.forget(whole.room)
            one.core.engine.drop(other.id)
        taken = msgspec.structs.replace(kept.whole.room, code=other.code)
        kept = kept._replace(whole=msgspec.structs.replace(kept.whole, room=taken))
        assert not (await restorer(one).foresee(kept)).keeps_code
        fate = await restorer(one).restore(kept)
        assert not fate.keeps_code
        assert fate.code != other.code
        assert await one.core.engine.find(other.code) == other.id
        assert await one.core.engine.find(fate.code) == room.id
        assert (await one.core.engine.room(room.id)).code == fate.code


async def _until_free(of: Process, room: Room) -> None:
    await of.core.keeper.stop()
    assert await of.redis.get(code_claim(room.code)) is None


@pytest.mark.gen_test(timeout=30)
async def test_a_room_that_was_closed_comes_back(one: Process) -> None:
    room = await party(one)
    kept = (await saved(one))[room.id]
    await one.do(room.id, Close())
    await _until_free(one, room)
    with pytest.raises(NotFound):
        await one.core.engine.room(room.id)
    assert not (await restorer(one).restore(kept)).replaces
    assert await texts(one, room.id) == ["one", "two"]
    assert await one.core.engine.find(room.code) == room.id


@pytest.mark.gen_test(timeout=30)
async def test_a_room_is_restored_however_often(one: Process) -> None:
    room = await party(one)
    kept = (await saved(one))[room.id]
    revs = []
    for n in range(3):
        await restorer(one).restore(kept)
        await one.say(room.id, f"again {n}")
        revs.append((await one.core.engine.room(room.id)).rev)
        assert await texts(one, room.id) == ["one", "two", f"again {n}"]
    assert revs == sorted(set(revs))
    assert await one.redis.exists(room_keys(room.id).meta)


@pytest.mark.gen_test(timeout=30)
async def test_restoring_waits_for_a_database_that_does_not_answer(one: Process, database_url: str) -> None:
    room = await party(one)
    await one.settle(room.id)
    kept = (await saved(one))[room.id]
    async with locked(database_url, "rooms"):
        with pytest.raises(Unavailable):
            await restorer(one).restore(kept)
    # Nothing was changed.
    assert (await one.core.engine.room(room.id)).epoch == room.epoch
