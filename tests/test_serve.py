"""`roomd serve` as people run it: a process of its own on stores of its own, stopped, killed and started again."""

# ruff: noqa: ASYNC220 - nothing else is waiting for these tests' loops

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from raw_socket import Raw, raw_socket

READY_S = 60.0


class Process:
    """A server on a data folder; it may be ended and started again on the same port."""

    def __init__(self, data: Path, other: Path) -> None:
        self.data, self.other = data, other
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.running: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        command = [sys.executable, "-m", "roomd", "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--data", str(self.data), "--music", str(self.other)]
        stores = ("REDIS_URL", "DATABASE_URL", "DYNO", "PORT", "ROOMD_ENV", "SECRET_KEY")
        environment = {key: value for key, value in os.environ.items() if key not in stores}
        with (self.other / "log").open("ab") as log:
            self.running = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        async with asyncio.timeout(READY_S), httpx.AsyncClient(trust_env=False) as http:
            while True:
                assert self.running.poll() is None, self.log
                try:
                    if (await http.get(f"{self.address}/api/health/")).status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.02)

    @property
    def log(self) -> str:
        return (self.other / "log").read_text()

    async def end(self, number: signal.Signals) -> int:
        assert self.running is not None
        self.running.send_signal(number)
        return await asyncio.to_thread(self.running.wait, 30)


@pytest.fixture
def process(data_dir: Path, tmp_path: Path) -> Iterator[Process]:
    served = Process(data_dir, tmp_path)
    yield served
    if served.running is not None and served.running.poll() is None:
        served.running.terminate()
        served.running.wait(30)


async def guest(http: httpx.AsyncClient, name: str) -> dict[str, Any]:
    answer = (await http.post("/api/auth/guest/", json={"name": name})).json()
    return {"id": answer["user"]["id"], "token": answer["access_token"]}


async def make_room(http: httpx.AsyncClient, host: dict[str, Any]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {host['token']}"}
    return dict((await http.post("/api/rooms/create/", json={"name": "Friday"}, headers=headers)).json())


@pytest.mark.gen_test(timeout=90)
async def test_sigterm_sends_everybody_away_politely(process: Process) -> None:
    await process.start()
    assert f"roomd is ready:  http://localhost:{process.port}" in process.log
    async with httpx.AsyncClient(base_url=process.address, trust_env=False) as http:
        alice = await guest(http, "Alice")
        code = (await make_room(http, alice))["code"]
    sockets = [await raw_socket(process.port, f"/ws/v1/{code}/") for _ in range(5)]
    for each in sockets:
        await each.say(type="hello", token=alice["token"])
        await each.until("state")
    began = time.monotonic()
    exit_code, *codes = await asyncio.gather(process.end(signal.SIGTERM), *(each.closed() for each in sockets))
    assert (exit_code, codes) == (0, [1012] * 5)
    assert time.monotonic() - began < 10
    assert all(0 <= int(each.close_reason) <= 3_000 for each in sockets)
    assert not re.search("Traceback|ERROR|eyJ", process.log), process.log
    for each in sockets:
        await each.bye()


class Client:
    """A native client as the document asks for one: it keeps what was not answered, and says it again."""

    def __init__(self, process: Process, person: dict[str, Any], code: str) -> None:
        self.process, self.person, self.code = process, person, code
        self.position: dict[str, int] | None = None
        self.lines: list[str] = []
        self.waiting: dict[str, str] = {}
        self.acknowledged: list[str] = []
        self.state: dict[str, Any] = {}
        self.revs: list[int] = []
        self.raw: Raw | None = None

    async def connect(self) -> bool:
        """Say hello; whether the server resumed."""
        self.raw = await raw_socket(self.process.port, f"/ws/v1/{self.code}/")
        await self.raw.say(type="hello", token=self.person["token"], resume=self.position)
        welcome = await self.raw.until("welcome")
        if not welcome["resumed"]:
            self.state = (await self.raw.until("state"))["room"]
            self.lines = [line["text"] for line in self.state["chat"]]
        for command_id, text in self.waiting.items():
            await self.raw.say(type="say", id=command_id, text=text)
        self.position = self.position if welcome["resumed"] else {"epoch": welcome["epoch"], "rev": welcome["rev"]}
        return bool(welcome["resumed"])

    async def say(self, text: str) -> None:
        assert self.raw is not None
        self.waiting[f"c-{text}"] = text
        await self.raw.say(type="say", id=f"c-{text}", text=text)

    async def listen(self) -> None:
        """Take in what comes until the connection is gone."""
        assert self.raw is not None
        while (message := await self.raw.next()) is not None:
            await self.take(message)

    async def take(self, message: dict[str, Any]) -> None:
        if message["type"] == "ack":
            self.acknowledged.append(self.waiting.pop(message["id"]))
        elif message["type"] == "commit":
            assert self.position is not None
            self.revs.append(message["rev"])
            self.position = {"epoch": message["epoch"], "rev": message["rev"]}
            said = [event["message"]["text"] for event in message["events"] if event["type"] == "said"]
            self.lines.extend(said)

    async def settle(self) -> None:
        """Until everything it ever said is acknowledged and heard."""
        assert self.raw is not None
        mine = [*self.acknowledged, *self.waiting.values()]
        while self.waiting or not set(mine) <= set(self.lines):
            message = await self.raw.next()
            assert message is not None
            await self.take(message)


@pytest.mark.gen_test(timeout=150)
async def test_nothing_acknowledged_is_lost_to_kill_9(process: Process) -> None:
    """Killed mid-song with messages under way, and started again: each line is there once, and so is the song."""
    await process.start()
    async with httpx.AsyncClient(base_url=process.address, trust_env=False) as http:
        alice, bob = await guest(http, "Alice"), await guest(http, "Bob")
        room = await make_room(http, alice)
        headers = {"Authorization": f"Bearer {alice['token']}"}
        track = {"url": "https://media.example/song.mp3", "title": "Song", "duration": 600, "kind": "audio"}
        await http.post(f"/api/rooms/{room['code']}/queue/", json={"tracks": [track] * 3}, headers=headers)
    clients = [Client(process, person, room["code"]) for person in (alice, bob)]
    for client in clients:
        await client.connect()
    before = clients[1].state
    for n in range(15):
        for name, client in zip("ab", clients, strict=True):
            await client.say(f"{name}{n}")
    first, _ = await asyncio.gather(clients[0].raw.next(), clients[1].raw.next())  # type: ignore[union-attr]
    assert first
    listening = [asyncio.create_task(client.listen()) for client in clients]
    await clients[0].take(first)
    while sum(len(client.acknowledged) for client in clients) < 10:  # noqa: ASYNC110 - a list sets no Event
        await asyncio.sleep(0.001)
    assert await process.end(signal.SIGKILL) == -signal.SIGKILL
    await asyncio.gather(*listening)
    kept = [len(client.acknowledged) for client in clients]
    await process.start()
    assert [await client.connect() for client in clients] == [True, True]
    for client in clients:
        await client.settle()
    for client in clients:
        assert client.revs == list(range(client.revs[0], client.revs[0] + len(client.revs))), kept
    fresh = Client(process, alice, room["code"])
    assert not await fresh.connect()
    said = sorted(line["text"] for line in fresh.state["chat"])
    assert said == sorted(f"{name}{n}" for name in "ab" for n in range(15))
    assert fresh.state["playback"] == before["playback"]
    assert fresh.state["queue"] == before["queue"]
    assert fresh.state["playback"]["playing"]
    for client in (*clients, fresh):
        assert client.raw is not None
        await client.raw.bye()
