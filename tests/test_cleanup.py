"""Idle rooms: what would go is what goes, live or asleep, and nobody's evening is interrupted."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from accounts_world import HandClock
from archive_world import Process, process
from browser_world import Roomd
from hub_world import eventually
from rooms_world import BOB, tracks
from tornado.ioloop import IOLoop

from roomd import cleanup
from roomd.cleanup import Cleaner, Idle
from roomd.domain.chat import Say
from roomd.domain.ids import SocketId
from roomd.domain.membership import Attach, Join
from roomd.domain.refusals import NotFound
from roomd.domain.room import Room
from roomd.sleeper import Sleeper
from roomd.store.keys import ROOMS
from roomd.store.shelf import Shelf


@pytest.fixture
def house(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[Process]:
    stack = AsyncExitStack()
    yield io_loop.run_sync(lambda: stack.enter_async_context(process(redis_url, database_url)))
    io_loop.run_sync(stack.aclose)


def pass_hours(house: Process, hours: float) -> None:
    assert isinstance(house.clock, HandClock)
    house.clock.pass_s(hours * 3_600)


def cleaner(house: Process, hours: float) -> Cleaner:
    return Cleaner(house.core, Shelf(house.pool), house.clock.now(), hours)


async def idle(house: Process, hours: float) -> list[Idle]:
    return [each async for each in cleaner(house, hours).idle()]


async def names(house: Process, hours: float) -> list[str]:
    return [each.name for each in await idle(house, hours)]


async def sleep(house: Process) -> None:
    await Sleeper(house.core, Shelf(house.pool), house.clock, 6.0).run()


async def opened(house: Process, name: str, **settings: str) -> Room:
    room = await house.open(name=name, **settings)
    await house.settle(room.id)
    return room


@pytest.mark.gen_test(timeout=30)
async def test_rooms_unused_for_long_are_idle_and_others_are_not(house: Process) -> None:
    old = await opened(house, "Old", visibility="private")
    busy = await opened(house, "Busy")
    await house.do(busy.id, Attach(socket=SocketId("p.1")), by=BOB)
    pass_hours(house, 23)
    fresh = await opened(house, "Fresh")
    assert await idle(house, 24) == []
    pass_hours(house, 1.001)
    assert await idle(house, 24) == [Idle(old.id, old.code, "Old", 24.0, 1, 0, asleep=False)]
    assert await names(house, 1) == ["Old", "Fresh"]
    assert (await house.core.engine.room(fresh.id)).id == fresh.id


@pytest.mark.gen_test(timeout=30)
async def test_rooms_that_sleep_are_looked_at_and_go_without_being_woken(house: Process) -> None:
    old = await opened(house, "Old")
    await house.do(old.id, Join(), by=BOB)
    await house.do(old.id, tracks("A", "B", "C"))
    pass_hours(house, 7)
    await sleep(house)
    live = await opened(house, "Live")
    pass_hours(house, 20)
    assert await idle(house, 24) == [Idle(old.id, old.code, "Old", 27.0, 2, 3, asleep=True)]
    assert await names(house, 19) == ["Old", "Live"]
    (first, second) = await idle(house, 19)
    assert await cleaner(house, 19).remove(first)
    assert await house.core.store.present([old.id, live.id]) == {live.id}
    assert await cleaner(house, 19).remove(second)
    assert await idle(house, 0) == []
    for room in (old, live):
        await until_nobodys(house, room.code)
        with pytest.raises(NotFound):
            await house.core.engine.room(room.id)


@pytest.mark.gen_test(timeout=30)
async def test_a_room_that_somebody_enters_meanwhile_stays(house: Process) -> None:
    live = await opened(house, "Live")
    pass_hours(house, 25)
    (found,) = await idle(house, 24)
    await house.do(live.id, Attach(socket=SocketId("p.1")), by=BOB)
    assert not await cleaner(house, 24).remove(found)
    assert (await house.core.engine.room(live.id)).id == live.id


@pytest.mark.gen_test(timeout=30)
async def test_a_room_that_is_woken_and_entered_meanwhile_stays(house: Process) -> None:
    room = await opened(house, "Asleep")
    pass_hours(house, 25)
    await sleep(house)
    (found,) = await idle(house, 24)
    assert found.asleep
    await house.do(room.id, Attach(socket=SocketId("p.1")), by=BOB)
    assert not await cleaner(house, 24).remove(found)
    assert (await house.core.engine.room(room.id)).members[BOB.id].online


@pytest.mark.gen_test(timeout=30)
async def test_who_wakes_a_room_in_the_same_moment_gets_it_or_finds_it_gone(house: Process) -> None:
    rooms = [await opened(house, f"Room {n}") for n in range(20)]
    pass_hours(house, 25)
    await sleep(house)
    removing = cleaner(house, 24)
    found = await idle(house, 24)
    assert len(found) == 20

    async def enter(room: Room) -> bool:
        try:
            await house.do(room.id, Attach(socket=SocketId("p.1")), by=BOB)
        except NotFound:
            return False
        return True

    by_id = {each.id: each for each in found}
    for room in rooms:
        entered, removed = await asyncio.gather(enter(room), removing.remove(by_id[room.id]))
        assert entered != removed
        there = (await Shelf(house.pool).states([room.id]))[room.id]
        assert there == ("closed" if removed else "live")


@pytest.mark.gen_test(timeout=30)
async def test_what_goes_goes_whole_and_once(house: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "BATCH", 3)
    rooms = [await opened(house, f"Room {n}") for n in range(10)]
    pass_hours(house, 7)
    await sleep(house)
    rooms += [await opened(house, f"Late {n}") for n in range(4)]
    pass_hours(house, 7)
    removing = cleaner(house, 1)
    gone = []
    async for each in removing.idle():
        assert await removing.remove(each)
        assert not await removing.remove(each)
        gone.append(each.id)
    assert sorted(gone) == sorted(room.id for room in rooms)
    assert await idle(house, 1) == []
    for room in rooms:
        await until_nobodys(house, room.code)


async def until_nobodys(house: Process, code: str) -> None:
    """A code is free once it is archived that its room was closed."""

    async def look() -> bool:
        try:
            await house.core.engine.find(code)
        except NotFound:
            return True
        return False

    await eventually(look)


@pytest.mark.gen_test(timeout=30)
async def test_what_redis_lost_counts_as_it_was_archived(house: Process) -> None:
    used, unused = await opened(house, "Used"), await opened(house, "Unused")
    pass_hours(house, 20)
    await house.say(used.id, "still here")
    pass_hours(house, 5)
    await house.redis.flushall()
    assert await names(house, 24) == ["Unused"]
    (found,) = await idle(house, 24)
    assert not found.asleep
    assert await cleaner(house, 24).remove(found)

    async def archived() -> bool:
        return await Shelf(house.pool).states([used.id, unused.id]) == {used.id: "live", unused.id: "closed"}

    await eventually(archived, "its closing to be archived")


@pytest.mark.gen_test(timeout=30)
async def test_a_room_that_was_never_archived_goes_too(house: Process) -> None:
    room = await opened(house, "Old")
    await house.pool.execute("DELETE FROM rooms")
    await house.pool.execute("DELETE FROM room_events")
    await house.redis.zadd(ROOMS, {"00000000-0000-4000-8000-000000000000": 1.0})
    pass_hours(house, 25)
    (found,) = await idle(house, 24)
    assert (found.id, found.asleep) == (room.id, False)
    assert await cleaner(house, 24).remove(found)
    assert not await cleaner(house, 24).remove(found)


@pytest.mark.gen_test(timeout=30)
async def test_redis_that_has_a_room_which_was_closed_asleep_has_the_last_word(house: Process) -> None:
    """As when a server put it to sleep, died before Redis let it go, and somebody used it since."""
    room = await opened(house, "Odd")
    whole = await house.core.moves.whole(room.id)
    assert whole is not None
    assert await house.core.archive.put(whole, house.clock.now(), asleep=True)
    pass_hours(house, 25)
    assert await Shelf(house.pool).close(room.id, house.clock.now(), house.clock.now())
    # PostgreSQL has given that history up; the line is there, once, in one that it keeps.
    first = await house.do(room.id, Say(text="here"), "c-1")
    assert first[1] == "archived"
    assert await house.do(room.id, Say(text="here"), "c-1") == first
    assert await Shelf(house.pool).states([room.id]) == {room.id: "live"}
    kept = await house.core.archive.read(room.id)
    assert kept is not None
    assert [line.text for line in kept.chat] == ["here"]


@pytest.fixture
def roomd(data_dir: Path, tmp_path: Path) -> Iterator[Roomd]:
    server = Roomd(data_dir, tmp_path)
    server.start()
    yield server
    assert server.end(signal.SIGTERM) == 0


def test_the_command_beside_a_server_says_what_it_would_do_and_does_just_that(roomd: Roomd) -> None:
    codes = {made(roomd, name) for name in ("One", "Two")}
    told = run(roomd, "--hours", "0", "--dry-run")
    assert {line.split()[2] for line in told[:-1]} == codes
    assert told[-1] == "Would remove 2 rooms."
    assert run(roomd, "--dry-run") == ["Would remove 0 rooms."]
    assert {json.loads(line)["code"] for line in run(roomd, "--hours", "0", "--json")} == codes
    assert run(roomd, "--hours", "0") == ["Removed 0 rooms."]
    for code in codes:
        assert httpx.get(f"{roomd.url}/api/rooms/{code}/", trust_env=False).status_code == 404


def made(roomd: Roomd, name: str) -> str:
    body = {"room_name": name, "user_name": "Alice"}
    return str(httpx.post(f"{roomd.url}/api/rooms/create/", json=body, trust_env=False).json()["code"])


def run(roomd: Roomd, *words: str) -> list[str]:
    script = Path(__file__).parent.parent / "scripts" / "cleanup_rooms.py"
    env = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    env["ROOMD_DATA_DIR"] = str(roomd.data_dir)
    done = subprocess.run([sys.executable, script, *words], env=env, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()
