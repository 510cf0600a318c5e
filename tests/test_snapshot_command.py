"""`roomd snapshot` and `roomd restore` as people run them: beside a server, under load, when everything was lost."""

import asyncio
import gzip
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from archive_world import Process, process
from browser_world import Roomd, wait_until
from msgspec import structs
from rooms_world import BOB, tracks

from roomd.carrying import every_room
from roomd.domain.chat import React, Say
from roomd.domain.commit import Commit
from roomd.domain.ids import MessageId, RoomId
from roomd.domain.membership import Join
from roomd.domain.queue import Clear
from roomd.domain.resting import at_rest
from roomd.domain.room import Set
from roomd.domain.whole import fold
from roomd.files import Saved, read
from roomd.store.plain import decode_commit
from roomd.store.shelf import Shelf
from roomd.store.snapshots import to_json

TRACK = {"url": "https://media.example/song.mp3", "title": "Song", "duration": 600, "kind": "audio"}


async def history(of: Process, room: RoomId) -> list[Commit]:
    rows = await of.pool.fetch("SELECT body FROM room_events WHERE room = $1 ORDER BY epoch, rev", room)
    return [decode_commit(row["body"].encode()) for row in rows]


@pytest.mark.gen_test(timeout=120)
async def test_under_load_every_room_is_saved_as_its_commits_up_to_its_number_make_it(
    redis_url: str, database_url: str
) -> None:
    async with process(redis_url, database_url) as here, process(redis_url, database_url) as tool:
        rooms = [await here.open(name=f"Room {n}") for n in range(12)]
        for room in rooms:
            await here.do(room.id, Join(), by=BOB)
        over = asyncio.Event()

        async def use(room: RoomId) -> None:
            n = 0
            while not over.is_set():
                n += 1
                rev, _ = await here.do(room, Say(text=f"line {n}"))
                await here.do(room, React(message=MessageId(str(rev)), emoji="👍"), by=BOB)
                await here.do(room, tracks(f"T{n}"))
                await here.do(room, Set(name=f"Name {n}"))
                if n % 7 == 0:
                    await here.do(room, Clear())

        using = [asyncio.create_task(use(room.id)) for room in rooms]
        found: list[Saved] = []
        for _ in range(5):
            found += [each async for each in every_room(tool.core, Shelf(tool.pool), tool.clock)]
            await asyncio.sleep(0)
        over.set()
        await asyncio.gather(*using)
        assert len(found) == 60
        assert len({(each.whole.room.id, each.whole.room.rev) for each in found}) > 12
        for each in found:
            room = each.whole.room
            commits = await history(here, room.id)
            made = fold(None, [commit for commit in commits if (commit.epoch, commit.rev) <= (room.epoch, room.rev)])
            assert made is not None
            assert to_json(each.whole) == to_json(made)


class House(Roomd):
    """A server on stores of its own, and the commands beside it."""

    def command(self, *words: str, fed: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        env = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        env["ROOMD_DATA_DIR"] = str(self.data_dir)
        command = [sys.executable, "-m", "roomd", *words]
        return subprocess.run(command, env=env, capture_output=True, input=fed, check=False, timeout=60)

    def does(self, *words: str, fed: bytes | None = None) -> str:
        done = self.command(*words, fed=fed)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def refuses(self, *words: str) -> str:
        done = self.command(*words)
        assert (done.returncode, done.stdout, b"Traceback" in done.stderr) == (1, b"", False), done
        return done.stderr.decode()

    def ask(self, method: str, path: str, token: str = "", body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.url}{path}"
        return httpx.request(method, url, json=body, headers=headers, trust_env=False, timeout=20)

    def wipe(self) -> None:
        """Both stores lose everything, while nothing runs."""
        assert self.end(signal.SIGTERM) == 0
        for store in ("redis", "postgres"):
            folder = self.data_dir / store
            assert folder.is_dir(), list(self.data_dir.iterdir())
            shutil.rmtree(folder)
        self.start()


@pytest.fixture
def house(data_dir: Path, tmp_path: Path) -> Iterator[House]:
    server = House(data_dir, tmp_path)
    server.start()
    yield server
    assert server.end(signal.SIGTERM) == 0


def opened(house: House, name: str) -> tuple[str, str]:
    """A new room's code, and its host's token."""
    guest = house.ask("POST", "/api/auth/guest/", body={"name": "Alice"}).json()
    token = guest["access_token"]
    room = house.ask("POST", "/api/rooms/create/", token, {"name": name}).json()
    assert house.ask("POST", f"/api/rooms/{room['code']}/queue/", token, {"tracks": [TRACK] * 2}).status_code == 201
    return room["code"], token


@contextmanager
def load(house: House, rooms: list[tuple[str, str]]) -> Iterator[list[int]]:
    """People talk meanwhile."""
    said, over = [0], threading.Event()

    def talk() -> None:
        while not over.is_set():
            for code, token in rooms:
                path = f"/api/rooms/{code}/messages/"
                said[0] += house.ask("POST", path, token, {"text": f"line {said[0]}"}).status_code == 201

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield said
    finally:
        over.set()
        thread.join()


def rooms_in(path: Path) -> dict[str, Saved]:
    with path.open("rb") as stream:
        return {each.whole.room.code: each for each in read(stream)}


def rested(saved: Saved) -> bytes:
    """The room at rest, whatever its number and whenever it was last used."""
    room = structs.replace(at_rest(saved.whole.room, saved.at), epoch=0, rev=0)
    return to_json(structs.replace(saved.whole, room=room))


def test_over_the_loss_of_everything(house: House, tmp_path: Path) -> None:
    rooms = [opened(house, f"Room {n}") for n in range(3)]
    path = tmp_path / "rooms.gz"
    with load(house, rooms) as said:
        wait_until("some talk", lambda: said[0] > 20)
        assert house.does("snapshot", str(path)) == "Wrote 3 rooms.\n"
        now = said[0]
        wait_until("more talk", lambda: said[0] > now + 10)
    kept = rooms_in(path)
    assert {code for code, _ in rooms} == set(kept)
    assert path.stat().st_mode & 0o777 == 0o600
    piped = house.command("snapshot", "-", "--json")
    assert b'{"file":"-","rooms":3}' in piped.stderr
    assert len(list(read(io.BytesIO(piped.stdout)))) == 3
    house.wipe()
    for code in kept:
        assert house.ask("GET", f"/api/rooms/{code}/").status_code == 404
    fates = [json.loads(line) for line in house.does("restore", str(path), "--dry-run", "--json").splitlines()]
    assert {each["code"]: each["now"] for each in fates} == {code: code for code in kept}
    assert all((each["people"], each["tracks"], each["replaces"]) == (1, 2, False) for each in fates)
    assert house.ask("GET", f"/api/rooms/{rooms[0][0]}/").status_code == 404
    code, token = rooms[0]
    told = house.does("restore", str(path), "--room", code.lower()).splitlines()
    assert told[0].startswith(f"restored {code}  'Room 0': 1 people, 2 tracks, ")
    assert told[-1] == "Restored 1 room."
    # The people are who they were, by their tokens.
    lines = house.ask("GET", f"/api/rooms/{code}/messages/?limit=200", token).json()["messages"]
    assert [line["message"] for line in lines] == [line.text for line in kept[code].whole.chat][-200:]
    assert house.ask("GET", f"/api/rooms/{rooms[1][0]}/").status_code == 404
    assert house.does("restore", "-", fed=path.read_bytes()).splitlines()[-1] == "Restored 3 rooms."
    again = tmp_path / "again.gz"
    house.does("snapshot", str(again))
    back = rooms_in(again)
    assert {code: rested(each) for code, each in back.items()} == {code: rested(each) for code, each in kept.items()}


def test_a_file_that_will_not_do_is_refused_before_anything_is_changed(house: House, tmp_path: Path) -> None:
    code, token = opened(house, "Room")
    path, broken = tmp_path / "rooms.gz", tmp_path / "broken.gz"
    house.does("snapshot", str(path))
    assert house.ask("POST", f"/api/rooms/{code}/messages/", token, {"text": "since"}).status_code == 201
    data = path.read_bytes()
    for damaged, words in (
        (data[:-20], "it was cut off"),
        (gzip.compress(gzip.decompress(data).replace(b'"Room"', b'"Ruin"')), "is not what it was when it was written"),
        (b"PK and so on", "no file of rooms at all"),
    ):
        broken.write_bytes(damaged)
        told = house.refuses("restore", str(broken))
        assert words in told
        assert "Nothing was restored." in told
        assert str(broken) in told
    assert "there is no room ZZZZZZ in it" in house.refuses("restore", str(path), "--room", "ZZZZZZ")
    assert "No such file" in house.refuses("restore", str(tmp_path / "missing.gz"))
    assert "cannot write" in house.refuses("snapshot", str(tmp_path / "missing" / "rooms.gz"))
    lines = house.ask("GET", f"/api/rooms/{code}/messages/", token).json()["messages"]
    assert [line["message"] for line in lines] == ["since"]


def test_without_a_server_the_commands_start_the_stores_themselves(data_dir: Path, tmp_path: Path) -> None:
    house, path = House(data_dir, tmp_path), tmp_path / "rooms.gz"
    house.start()
    code, token = opened(house, "Room")
    assert house.end(signal.SIGTERM) == 0
    assert house.does("snapshot", str(path)) == "Wrote 1 room.\n"
    assert "in the place of what was there" in house.does("restore", str(path))
    house.start()
    assert house.ask("GET", f"/api/rooms/{code}/", token).json()["queue_length"] == 2
    assert house.end(signal.SIGTERM) == 0
