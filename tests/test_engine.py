"""The engine on a real Redis: every command takes effect once or not at all, whatever happens on the way."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from byte_proxy import Wire, wire_to
from hub_world import eventually
from keeping_world import RedisOnly
from redis.asyncio import Redis
from redis_cluster import keys_of
from rooms_world import ALICE, BOB, CAROL, named, titles, track, tracks
from tornado.ioloop import IOLoop

from roomd import committing, desks
from roomd.clock import Clock
from roomd.domain.chat import Say
from roomd.domain.ids import RoomId
from roomd.domain.membership import Join, Leave
from roomd.domain.playback import Next, Pause, Play
from roomd.domain.queue import Add, Remove
from roomd.domain.refusals import Conflict, Forbidden, Invalid, NotFound, Refusal, Unavailable
from roomd.domain.room import Close, Room, RoomSettings, Set
from roomd.engine import Engine
from roomd.store.index import Index
from roomd.store.redis import connect
from roomd.store.rooms import RoomStore

pytestmark = pytest.mark.redis("single", "cluster")

SETTINGS = RoomSettings(name="Friday", autoplay=False)
#: Within this time a sender hears that Redis is away.
PATIENCE_S = 4.0


class Process:
    """One process's engine, over connections of its own."""

    def __init__(self, url: str) -> None:
        self.redis: Redis = connect(url)
        self.store = RoomStore(self.redis)
        self.index = Index(self.redis)
        self.engine = Engine(self.store, self.index, RedisOnly(self.redis), Clock().moment)


@asynccontextmanager
async def over_a_wire(redis_url: str) -> AsyncIterator[tuple[Wire, Process]]:
    async with wire_to(redis_url) as wire:
        process = Process(wire.url)
        try:
            yield wire, process
        finally:
            await process.redis.aclose()


@pytest.fixture
def two(io_loop: IOLoop, redis_url: str) -> Iterator[tuple[Process, Process]]:
    pair = Process(redis_url), Process(redis_url)
    yield pair
    for process in pair:
        io_loop.run_sync(process.redis.aclose)


async def party(engine: Engine) -> RoomId:
    """Alice's room with Bob and Carol in it and three tracks."""
    room = await engine.open(SETTINGS, ALICE)
    for actor in (BOB, CAROL):
        await engine.handle(room.id, Join(), actor)
    await engine.handle(room.id, tracks("A", "B", "C"), ALICE)
    return room.id


async def refusal(of: Awaitable[object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await of
    return caught.value


async def log_of(process: Process, room: Room) -> list[tuple[int, str | None]]:
    return [(commit.rev, commit.command) for commit in await process.store.log(room.id, 0, room.rev)]


@pytest.mark.gen_test(timeout=20)
async def test_a_room_is_opened_under_a_code_and_found_by_it(two: tuple[Process, Process]) -> None:
    here, there = two
    room = await here.engine.open(SETTINGS, ALICE)
    assert await there.engine.find(room.code.lower()) == await there.engine.find(room.id.upper()) == room.id
    assert await there.engine.room(room.id) == room
    assert [each.id for each in await there.engine.public_rooms(10)] == [room.id]
    assert await there.index.rooms_of(ALICE.id, 10) == [room.id]
    for absent in ("ZZZZZZ", "", "0" * 5_000, "7b0d7e1c-0000-4000-8000-000000000001"):
        with pytest.raises(NotFound):
            await here.engine.room(await here.engine.find(absent))
    assert isinstance(await refusal(here.engine.open(RoomSettings(name=""), ALICE)), Invalid)


@pytest.mark.gen_test(timeout=40)
async def test_fifty_writers_each_on_two_processes_are_all_heard_once(
    two: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody is to be told that the room is too busy, however busy this machine is.
    for place, name in ((desks, "TURN_S"), (committing, "PATIENCE_S"), (committing, "BUSY_S")):
        monkeypatch.setattr(place, name, 30.0)
    room = await two[0].engine.room(await party(two[0].engine))
    first = room.rev + 1
    receipts = await asyncio.gather(
        *(
            process.engine.handle(room.id, Say(text=f"{n}"), BOB, f"p{p}-{n}")
            for n in range(50)
            for p, process in enumerate(two)
        )
    )
    assert sorted(receipt.rev for receipt in receipts) == list(range(first, first + 100))
    now = await two[0].engine.room(room.id)
    assert (now.rev, now) == (first + 99, await two[1].store.load(room.id))
    log = await log_of(two[1], now)
    assert [rev for rev, _ in log] == list(range(1, first + 100))
    assert sorted(command for _, command in log[first - 1 :] if command) == sorted(
        f"p{p}-{n}" for n in range(50) for p in range(2)
    )


@pytest.mark.gen_test(timeout=20)
async def test_the_same_command_fifty_times_through_both_takes_effect_once(two: tuple[Process, Process]) -> None:
    room_id = await party(two[0].engine)
    before = await two[0].engine.room(room_id)
    command = Add(tracks=(track("Once"),))
    receipts = await asyncio.gather(
        *(process.engine.handle(room_id, command, BOB, "c-1") for _ in range(25) for process in two)
    )
    assert {receipt.rev for receipt in receipts} == {before.rev + 1}
    assert titles(await two[1].engine.room(room_id)) == "A B C Once"
    # Carol's command of that id is another one.
    assert (await two[1].engine.handle(room_id, command, CAROL, "c-1")).rev == before.rev + 2


@pytest.mark.gen_test(timeout=20)
async def test_what_changed_nothing_does_not_change_anything_when_it_comes_again(
    two: tuple[Process, Process],
) -> None:
    """As a pause of what stood still, whose answer was lost, and that is sent again when somebody has pressed play."""
    here, there = two
    room_id = await party(here.engine)
    first = await here.engine.handle(room_id, Pause(), ALICE, "c-1")
    assert first.rev == (await here.engine.room(room_id)).rev
    played = await there.engine.handle(room_id, Play(), ALICE, "c-2")
    for process in two:
        assert (await process.engine.handle(room_id, Pause(), ALICE, "c-1")).rev == first.rev
    room = await here.engine.room(room_id)
    assert (room.rev, room.playback.playing) == (played.rev, True)
    assert (await here.engine.handle(room_id, Pause(), ALICE, "c-3")).rev == played.rev + 1


@pytest.mark.gen_test(timeout=20)
async def test_what_was_done_and_cannot_be_done_again_is_acknowledged_again(two: tuple[Process, Process]) -> None:
    here, there = two
    room_id = await party(here.engine)
    command = Remove(entries=(named(await here.engine.room(room_id), "B"),))
    done = await here.engine.handle(room_id, command, ALICE, "c-1")
    for process in (here, there, here):
        assert (await process.engine.handle(room_id, command, ALICE, "c-1")).rev == done.rev
    assert isinstance(await refusal(there.engine.handle(room_id, command, ALICE, "c-2")), NotFound)
    assert isinstance(await refusal(there.engine.handle(room_id, command, ALICE)), NotFound)
    played = await here.engine.handle(room_id, Play(), ALICE, "c-3")
    await there.engine.handle(room_id, Say(text="and so on"), ALICE)
    # Repeated when there is nothing left to change.
    assert (await there.engine.handle(room_id, Play(), ALICE, "c-3")).rev == played.rev


@pytest.mark.gen_test(timeout=20)
async def test_no_answer_is_given_on_a_copy_that_is_behind(two: tuple[Process, Process]) -> None:
    here, there = two
    room_id = await party(here.engine)
    await there.engine.room(room_id)
    dave = ALICE.__class__(BOB.id.__class__("user-dave"), "Dave")
    await here.engine.handle(room_id, Join(), dave)
    assert (await there.engine.handle(room_id, Say(text="I am in"), dave)).rev
    played = await here.engine.handle(room_id, Play(), ALICE)
    # To the copy over there nothing plays, so there would be nothing to pause and nothing to skip from.
    assert (await there.engine.handle(room_id, Pause(), ALICE)).rev == played.rev + 1
    await here.engine.handle(room_id, Leave(), BOB)
    assert (await refusal(there.engine.handle(room_id, Say(text="still here?"), BOB))).code == "not_a_member"
    await here.engine.handle(room_id, Set(name="Renamed"), ALICE)
    assert [room.settings.name for room in await there.engine.public_rooms(10)] == ["Renamed"]
    await here.engine.handle(room_id, Close(), ALICE)
    for command in (Pause(), Say(text="hello?"), Join()):
        assert isinstance(await refusal(there.engine.handle(room_id, command, ALICE)), NotFound)
    assert await there.engine.public_rooms(10) == []


@pytest.mark.gen_test(timeout=20)
async def test_a_closed_room_leaves_nothing_behind(two: tuple[Process, Process]) -> None:
    here, there = two
    end: list[Callable[[RoomId], Awaitable[Any]]] = [
        lambda room_id: here.engine.handle(room_id, Close(), ALICE, "c-9"),
        lambda room_id: asyncio.gather(*(there.engine.handle(room_id, Leave(), each) for each in (ALICE, BOB, CAROL))),
    ]
    for last in end:
        room_id = await party(here.engine)
        await there.engine.handle(room_id, Play(), ALICE)
        await here.engine.handle(room_id, Say(text="bye"), BOB)
        await last(room_id)
        await eventually(lambda: _is_empty(here.redis))
        assert isinstance(await refusal(there.engine.room(room_id)), NotFound)


async def _is_empty(redis: Redis) -> bool:
    return not await keys_of(redis)


@pytest.mark.gen_test(timeout=20)
async def test_a_refused_command_changes_nothing(two: tuple[Process, Process]) -> None:
    room_id = await party(two[0].engine)
    before = await two[0].engine.room(room_id)
    assert isinstance(await refusal(two[0].engine.handle(room_id, Next(), CAROL, "c-1")), Forbidden)
    assert isinstance(await refusal(two[1].engine.handle(room_id, Add(tracks=()), ALICE, "c-1")), Invalid)
    assert await two[1].store.load(room_id) == before
    await two[0].engine.handle(room_id, Remove(entries=tuple(before.entries)), ALICE)
    assert isinstance(await refusal(two[1].engine.handle(room_id, Next(), ALICE, "c-1")), Conflict)


@pytest.mark.redis("single")
@pytest.mark.parametrize("command_id", ["c-1", None])
@pytest.mark.gen_test(timeout=20)
async def test_an_answer_that_was_lost_leads_to_one_effect_and_an_acknowledgement(
    redis_url: str, command_id: str | None
) -> None:
    async with over_a_wire(redis_url) as (wire, process):
        room_id = await party(process.engine)
        for number in range(1, 4):
            wire.answers_to_lose = 1
            receipt = await process.engine.handle(
                room_id, Add(tracks=(track(f"n{number}"),)), ALICE, command_id and f"{command_id}{number}"
            )
            assert (wire.lost, receipt.rev) == (number, receipt.room.rev)
            assert titles(receipt.room).endswith(f"n{number}")
        assert titles(await process.engine.room(room_id)) == "A B C n1 n2 n3"
        log = await log_of(process, await process.engine.room(room_id))
        assert [rev for rev, _ in log] == list(range(1, len(log) + 1))
        wire.answers_to_lose = 1
        assert (await process.engine.handle(room_id, Close(), ALICE, command_id)).room.closed
        wire.answers_to_lose = 1
        opened = await process.engine.open(SETTINGS, BOB)
        assert await process.index.rooms_of(BOB.id, 10) == [opened.id]
        assert wire.lost == 5


@pytest.mark.redis("single")
@pytest.mark.gen_test(timeout=20)
async def test_every_answer_lost_is_unavailable_and_still_one_effect(redis_url: str) -> None:
    async with over_a_wire(redis_url) as (wire, process):
        room_id = await party(process.engine)
        wire.answers_to_lose = 100
        assert isinstance(await refusal(process.engine.handle(room_id, tracks("D"), ALICE, "c-1")), Unavailable)
        wire.answers_to_lose = 0
        assert titles((await process.engine.handle(room_id, tracks("D"), ALICE, "c-1")).room) == "A B C D"


@pytest.mark.redis("single")
@pytest.mark.parametrize("how", ["cut", "clogged"])
@pytest.mark.gen_test(timeout=20)
async def test_redis_away_is_said_in_time_and_the_room_goes_on_afterwards(redis_url: str, how: str) -> None:
    async with over_a_wire(redis_url) as (wire, process):
        room_id = await party(process.engine)
        if how == "cut":
            await wire.cut()
        else:
            wire.clog()
        began = time.monotonic()
        asked = [process.engine.handle(room_id, Say(text=f"{n}"), BOB, f"c-{n}") for n in range(3)]
        refusals = await asyncio.gather(*asked, process.engine.room(room_id), return_exceptions=True)
        assert all(isinstance(each, Unavailable) and each.temporary for each in refusals)
        assert time.monotonic() - began < PATIENCE_S
        if how == "cut":
            await wire.start()
        wire.clear()
        for n in range(3):
            await process.engine.handle(room_id, Say(text=f"{n}"), BOB, f"c-{n}")
        lines = [line.text for line in await process.store.chat(room_id, 50)]
        assert sorted(lines) == ["0", "1", "2"]
