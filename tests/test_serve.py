"""`roomd serve` under what happens to servers: nothing that was acknowledged is lost."""

import asyncio
import gc
import re
import signal
import time
from typing import Any

import httpx
import pytest
from raw_socket import Raw, raw_socket
from serve_fixtures import Process, guest, make_room

from roomd.serve import spare_what_stays


def test_the_collector_passes_over_what_stays() -> None:
    spare_what_stays()
    kept, looked_at = gc.get_freeze_count(), len(gc.get_objects())
    gc.unfreeze()
    assert kept > 20_000 > looked_at


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
    assert all(0 <= int(each.close_reason) < 1_000 for each in sockets)
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
