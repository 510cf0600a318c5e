"""`roomd serve` under what happens to servers: nothing that was acknowledged is lost."""

import asyncio
import gc
import re
import signal
import time

import httpx
import pytest
from raw_socket import raw_socket
from serve_client import Client
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
