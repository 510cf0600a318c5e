"""Somebody's own queue is kept: live or asleep, no cleaning-up takes it; and what is made of it when two are faster."""

from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from archive_world import Process, process
from rooms_world import tracks
from test_cleanup import names, pass_hours, sleep
from tornado.ioloop import IOLoop

from roomd.cleanup import HOUR_MS, Cleaner
from roomd.domain.actor import Actor
from roomd.domain.ids import RoomId, UserId
from roomd.domain.personal import Party
from roomd.domain.refusals import Invalid, NotFound
from roomd.domain.room import Room
from roomd.personal import PersonalRooms
from roomd.store.party_keys import PartyKeys
from roomd.store.personal import PersonalRows
from roomd.store.shelf import Shelf

ALICE = Actor(UserId("a11ce000-0000-4000-8000-000000000001"), "Alice")


@pytest.fixture
def house(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[Process]:
    stack = AsyncExitStack()
    running = io_loop.run_sync(lambda: stack.enter_async_context(process(redis_url, database_url)))
    query = "INSERT INTO users (id, name, created_at, last_seen) VALUES ($1, 'Alice', now(), now())"
    io_loop.run_sync(lambda: running.pool.execute(query, ALICE.id))
    yield running
    io_loop.run_sync(stack.aclose)


def personal(house: Process) -> PersonalRooms:
    return PersonalRooms(house.core.engine, PersonalRows(house.pool), PartyKeys(house.redis))


async def own(house: Process) -> Room:
    """Alice's queue, with something in it, archived."""
    room = await personal(house).append(ALICE, tracks("A", "B").tracks)
    await house.settle(room.id)
    return room


@pytest.mark.gen_test(timeout=30)
async def test_a_live_queue_and_one_asleep_are_not_cleaned_up(house: Process) -> None:
    room = await own(house)
    friday = await house.open(name="Friday")
    await house.settle(friday.id)
    pass_hours(house, 5)
    assert await names(house, 1) == ["Friday"]
    pass_hours(house, 5)
    await sleep(house)
    assert not await house.core.store.present([room.id, friday.id])
    pass_hours(house, 5_000)
    assert await names(house, 1) == ["Friday"]
    before = house.clock.now() - HOUR_MS
    shelf = Shelf(house.pool)
    assert not await shelf.close(room.id, before, house.clock.now())
    assert await shelf.close(friday.id, before, house.clock.now())
    back = await personal(house).room(ALICE)
    assert (back.id, back.entries) == (room.id, room.entries)
    assert back.epoch > room.epoch


@pytest.mark.gen_test(timeout=30)
async def test_a_party_that_was_a_queue_goes_like_any(house: Process) -> None:
    room = await own(house)
    await personal(house).party(ALICE, Party(name="Friday"))
    assert (await house.settle(room.id)) == "archived"
    pass_hours(house, 10)
    await sleep(house)
    idle = [each async for each in Cleaner(house.core, Shelf(house.pool), house.clock.now(), 1).idle()]
    assert [each.name for each in idle] == ["Friday"]
    assert await Cleaner(house.core, Shelf(house.pool), house.clock.now(), 1).remove(idle[0])
    with pytest.raises(NotFound):
        await house.core.engine.room(room.id)


@pytest.mark.gen_test(timeout=30)
async def test_the_table_may_be_behind_the_rooms(house: Process) -> None:
    rows = PersonalRows(house.pool)
    first = await own(house)
    # As when a process dies between the party and the table.
    await house.core.engine.handle(first.id, Party(name="Friday"), ALICE)
    second = await personal(house).room(ALICE)
    assert (second.id != first.id, second.settings.personal) == (True, True)
    assert await rows.find(ALICE.id) == second.id
    # Whoever was slower keeps the one that is there.
    assert not await rows.claim(ALICE.id, RoomId("00000000-0000-4000-8000-000000000009"), first.id)
    assert not await rows.claim(ALICE.id, RoomId("00000000-0000-4000-8000-000000000009"), None)
    assert await rows.claim(ALICE.id, first.id, second.id)
    # Another's room is never taken for one's own.
    bob = await house.open(name="Bob’s", personal=True, visibility="private")
    await rows.let_go(ALICE.id, first.id)
    assert await rows.claim(ALICE.id, bob.id, None)
    assert (await personal(house).room(ALICE)).id not in {first.id, second.id, bob.id}


@pytest.mark.gen_test(timeout=30)
async def test_a_room_that_the_table_cannot_have_does_not_stay(house: Process) -> None:
    nobody = Actor(UserId("b0b00000-0000-4000-8000-000000000002"), "Bob")
    with pytest.raises(Exception, match="personal_rooms_person_fkey"):
        await personal(house).room(nobody)
    assert await house.core.index.rooms_of(nobody.id, 10) == []


@pytest.mark.gen_test(timeout=30)
async def test_playing_a_list(house: Process) -> None:
    mine = personal(house)
    some = tracks("A", "B", "C").tracks
    room = await mine.play(ALICE, some, 1)
    assert [room.entries[key].track.title for key in sorted(room.ranks, key=room.ranks.__getitem__)] == ["A", "B", "C"]
    assert room.entries[room.playback.entry or next(iter(room.entries))].track.title == "B"
    for position in (3, -1):
        with pytest.raises(Invalid) as refused:
            await mine.play(ALICE, some, position)
        assert refused.value.fields.keys() == {"position"}
    with pytest.raises(Invalid):
        await mine.play(ALICE, ())
    many = tracks(*(f"T{n}" for n in range(700))).tracks
    for place, first, shuffle in ((0, "T0", False), (650, "T200", False), (350, "T200", False), (650, "T650", True)):
        room = await mine.play(ALICE, many, place, shuffle=shuffle)
        order = sorted(room.ranks, key=room.ranks.__getitem__)
        assert (len(order), room.entries[order[0]].track.title) == (500, first)
        assert room.playback.entry is not None
        assert room.entries[room.playback.entry].track.title == f"T{place}"
    shuffled = await mine.play(ALICE, many, shuffle=True)
    assert len({entry.track.title for entry in shuffled.entries.values()}) == 500
    await mine.play(ALICE, some)
    more = await mine.append(ALICE, some[:1], {some[0].source: "Liked by Bob"})
    assert "Liked by Bob" in {entry.why for entry in more.entries.values()}
