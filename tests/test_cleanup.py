"""Idle rooms: what would go is what goes, and nobody's evening is interrupted."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from accounts_world import HandClock
from browser_world import Roomd
from keeping_world import RedisOnly
from redis.asyncio import Redis
from rooms_world import ALICE, BOB
from tornado.ioloop import IOLoop

from roomd.cleanup import HOUR_MS, Cleaner, Idle
from roomd.domain.ids import SocketId
from roomd.domain.membership import Attach
from roomd.domain.refusals import NotFound
from roomd.domain.room import RoomSettings
from roomd.engine import Engine
from roomd.store.index import Index
from roomd.store.redis import connect
from roomd.store.rooms import RoomStore


class House:
    def __init__(self, redis: Redis) -> None:
        self.clock = HandClock()
        self.index = Index(redis)
        self.engine = Engine(RoomStore(redis), self.index, RedisOnly(redis), self.clock.moment)
        self.cleaner = Cleaner(self.engine, self.index)

    async def idle(self, hours: float) -> list[Idle]:
        return [each async for each in self.cleaner.idle(self.clock.now(), hours)]


@pytest.fixture
def house(io_loop: IOLoop, redis_url: str) -> Iterator[House]:
    redis = connect(redis_url)
    yield House(redis)
    io_loop.run_sync(redis.aclose)


@pytest.mark.gen_test(timeout=20)
async def test_rooms_unused_for_long_are_idle_and_others_are_not(house: House) -> None:
    old = await house.engine.open(RoomSettings(name="Old", visibility="private"), ALICE)
    busy = await house.engine.open(RoomSettings(name="Busy"), ALICE)
    await house.engine.handle(busy.id, Attach(socket=SocketId("p.1")), BOB)
    house.clock.pass_s(23 * 3_600)
    fresh = await house.engine.open(RoomSettings(name="Fresh"), ALICE)
    assert await house.idle(24) == []
    house.clock.pass_s(3_601)
    assert await house.idle(24) == [Idle(old.id, old.code, "Old", 24.0, 1, 0)]
    assert [each.name for each in await house.idle(1)] == ["Old", "Fresh"]
    assert (await house.engine.room(fresh.id)).id == fresh.id


@pytest.mark.gen_test(timeout=20)
async def test_a_room_that_somebody_enters_meanwhile_stays(house: House) -> None:
    room = await house.engine.open(RoomSettings(name="Old"), ALICE)
    house.clock.pass_s(HOUR_MS)
    (idle,) = await house.idle(24)
    now = house.clock.now()
    await house.engine.handle(room.id, Attach(socket=SocketId("p.1")), BOB)
    assert not await house.cleaner.remove(idle.id, now, 24)
    assert (await house.engine.room(room.id)).id == room.id


@pytest.mark.gen_test(timeout=20)
async def test_what_goes_goes_whole_and_once(house: House) -> None:
    rooms = [await house.engine.open(RoomSettings(name=f"Room {n}"), ALICE) for n in range(5)]
    house.clock.pass_s(2 * 3_600)
    for idle in await house.idle(1):
        assert await house.cleaner.remove(idle.id, house.clock.now(), 1)
        assert not await house.cleaner.remove(idle.id, house.clock.now(), 1)
    assert await house.idle(1) == []
    for room in rooms:
        with pytest.raises(NotFound):
            await house.engine.find(room.code)


@pytest.fixture
def roomd(data_dir: Path, tmp_path: Path) -> Iterator[Roomd]:
    server = Roomd(data_dir, tmp_path)
    server.start()
    yield server
    assert server.end(signal.SIGTERM) == 0


def test_the_command_beside_a_server_says_what_it_would_do_and_does_just_that(roomd: Roomd) -> None:
    codes = {made(roomd, name) for name in ("One", "Two")}
    told = cleanup(roomd, "--hours", "0", "--dry-run")
    assert {line.split()[2] for line in told[:-1]} == codes
    assert told[-1] == "Would remove 2 rooms."
    assert cleanup(roomd, "--dry-run") == ["Would remove 0 rooms."]
    assert {json.loads(line)["code"] for line in cleanup(roomd, "--hours", "0", "--json")} == codes
    assert cleanup(roomd, "--hours", "0") == ["Removed 0 rooms."]
    for code in codes:
        assert httpx.get(f"{roomd.url}/api/rooms/{code}/", trust_env=False).status_code == 404


def made(roomd: Roomd, name: str) -> str:
    body = {"room_name": name, "user_name": "Alice"}
    return str(httpx.post(f"{roomd.url}/api/rooms/create/", json=body, trust_env=False).json()["code"])


def cleanup(roomd: Roomd, *words: str) -> list[str]:
    script = Path(__file__).parent.parent / "scripts" / "cleanup_rooms.py"
    env = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    env["ROOMD_DATA_DIR"] = str(roomd.data_dir)
    done = subprocess.run([sys.executable, script, *words], env=env, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()
