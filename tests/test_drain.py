"""SIGTERM: nothing new is taken, what was taken is answered, and everybody is told when to come back."""

import asyncio
import os
import signal
import time
from typing import Any

import httpx
import pytest
from hub_world import until
from raw_socket import Raw, raw_socket
from serve_fixtures import Process, guest, make_room
from serving import Live, Served
from test_native_load import hanging

from roomd.domain.ids import UserId
from roomd.drain import BACK_PER_S, LONGEST_S, SHORTEST_S, Drain

#: Seconds in which a server ends, whatever it has to do.
END_S = 10.0


async def entered(process: Process, person: dict[str, Any], code: str) -> Raw:
    raw = await raw_socket(process.port, f"/ws/v1/{code}/")
    await raw.say(type="hello", token=person["token"])
    await raw.until("state")
    return raw


@pytest.mark.gen_test(timeout=120)
async def test_what_was_taken_is_answered_and_nothing_new_is_taken(process: Process) -> None:
    async with hanging() as (url, asked, let), httpx.AsyncClient(base_url=process.address, trust_env=False) as http:
        await process.start(ROOMD_FETCH_ALLOW="127.0.0.1")
        alice, bob = await guest(http, "Alice"), await guest(http, "Bob")
        code = (await make_room(http, alice))["code"]
        busy, idle = await entered(process, alice, code), await entered(process, bob, code)
        assert (await http.get("/api/health/ready/")).json() == {"status": "ready"}
        await busy.say(type="add", id="taken", tracks=[{"url": url}])
        await asked.wait()
        began = time.monotonic()
        assert process.running
        process.running.send_signal(signal.SIGTERM)
        # Whoever has nothing under way goes at once.
        assert await idle.closed() == 1012
        turned = time.monotonic() - began
        ready = await http.get("/api/health/ready/")
        assert (ready.status_code, ready.json()) == (503, {"status": "draining"})
        assert turned < 0.5, "nobody waits for the one that is busy"
        await nothing_new(process, http, alice, code)
        await busy.say(type="say", id="late", text="too late")
        error = await busy.until("error")
        assert (error["id"], error["code"], error["retriable"]) == ("late", "draining", True)
        process.running.send_signal(signal.SIGTERM)
        let.set()
        error = await busy.until("error")
        assert (error["id"], error["code"]) == ("taken", "not_media")
        assert await busy.closed() == 1012
        assert await asyncio.to_thread(process.running.wait, 30) == 0
        assert time.monotonic() - began < END_S
        assert "Traceback" not in process.log
        for raw in (busy, idle):
            await raw.bye()


async def nothing_new(process: Process, http: httpx.AsyncClient, alice: dict[str, Any], code: str) -> None:
    """Looking is still possible, on connections new and old."""
    new = await raw_socket(process.port, f"/ws/v1/{code}/")
    assert new.status == 503
    await new.bye()
    headers = {"Authorization": f"Bearer {alice['token']}"}
    for path, body in (
        (f"/api/rooms/{code}/messages/", {"text": "too late"}),
        ("/api/rooms/create/", {"name": "Saturday"}),
        ("/api/auth/guest/", {}),
    ):
        answer = await http.post(path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "draining")
        assert answer.headers["Retry-After"]
    async with httpx.AsyncClient(base_url=process.address, trust_env=False) as other:
        assert (await other.get(f"/api/rooms/{code}/")).status_code == 200
        assert (await other.get(f"/r/{code}")).status_code == 200
        assert (await other.get("/api/health/live/")).json() == {"status": "live"}


@pytest.mark.gen_test(timeout=120)
async def test_signals_to_everybody_at_once_and_a_client_that_does_not_answer(process: Process) -> None:
    """As a terminal or a platform sends them: to the whole group, twice. One client is frozen, and says nothing."""
    async with httpx.AsyncClient(base_url=process.address, trust_env=False) as http:
        await process.start()
        alice = await guest(http, "Alice")
        code = (await make_room(http, alice))["code"]
    frozen, awake = await entered(process, alice, code), await entered(process, alice, code)
    await awake.say(type="say", id="last", text="the last word")
    assert (await awake.until("ack"))["level"] == "archived"
    began = time.monotonic()
    assert process.running
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGTERM):
        os.kill(process.running.pid, number)
    assert await awake.closed() == 1012
    while process.running.poll() is None:
        # Until the very end: what is sent then must not look like a death.
        os.kill(process.running.pid, signal.SIGTERM)
        await asyncio.sleep(0.01)
    assert process.running.wait() == 0
    assert time.monotonic() - began < END_S
    assert await frozen.closed() == 1012
    await process.start()
    async with httpx.AsyncClient(base_url=process.address, trust_env=False) as http:
        # Told before it ended: nobody has to find out that these sockets are gone.
        room = (await http.get(f"/api/rooms/{code}/")).json()
        assert room["online_count"] == 0
        headers = {"Authorization": f"Bearer {alice['token']}"}
        lines = (await http.get(f"/api/rooms/{code}/messages/", headers=headers)).json()["messages"]
        assert [line["message"] for line in lines] == ["the last word"]
    for raw in (frozen, awake):
        await raw.bye()


@pytest.mark.gen_test(timeout=60)
async def test_each_room_is_told_by_one_commit(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    codes = [await served.room(alice) for _ in range(3)]
    lives: list[Live] = []
    for code in codes:
        for who in (alice, alice, bob):
            live = await served.enter(who, code)
            await live.until(type="state")
            lives.append(live)
    engine, hub = served.services.engine, served.services.hub
    rooms = [await engine.room(await engine.find(code)) for code in codes]
    served.services.presence.leave()
    await served.services.drain.send_away()
    assert [await live.closed() for live in lives] == [1012] * 9
    assert hub.sockets() == []
    await served.services.presence.left(5.0)
    for before in rooms:
        after = await engine.room(before.id)
        assert after.rev == before.rev + 1
        assert not any(member.online for member in after.members.values())
        assert UserId(bob.id) in after.members


KITCHEN = "192.0.2.7"


class Mute:
    """A socket that notes what it was told, and closes when it is told to by the test."""

    def __init__(self, drain: Drain, busy: bool) -> None:
        self.drain = drain
        self.busy = busy
        self.told: list[str] = []
        drain.opened(self, KITCHEN)

    def retire(self, reason: str) -> None:
        self.told.append(reason)
        if not self.busy:
            self.drain.shut(self)

    def dismiss(self, reason: str) -> None:
        self.busy = False
        self.drain.shut(self)


@pytest.mark.parametrize("count", [1, 100, 1_500, 20_000])
@pytest.mark.gen_test(timeout=60)
async def test_clients_come_back_over_a_time_that_grows_with_their_number(count: int) -> None:
    drain = Drain()
    sockets = [Mute(drain, busy=False) for _ in range(count)]
    going = asyncio.create_task(drain.send_away())
    await until(lambda: all(each.told for each in sockets), "all are told")
    for each in sockets:
        drain.closed(each, KITCHEN)
    await going
    window_ms = 1_000 * min(LONGEST_S, max(SHORTEST_S, count / BACK_PER_S))
    waits = sorted(int(*each.told) for each in sockets)
    assert 0 <= waits[0] <= waits[-1] < window_ms
    if count >= 100:
        # Even shares, but for chance: a tenth of the time, between a twentieth and three twentieths of them.
        tenth = sum(wait < window_ms / 10 for wait in waits)
        assert count / 50 < tenth < count / 5


@pytest.mark.gen_test(timeout=30)
async def test_whoever_takes_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roomd.drain.ANSWER_S", 0.3)
    monkeypatch.setattr("roomd.drain.FAREWELL_S", 0.2)
    drain = Drain()
    busy = Mute(drain, busy=True)
    began = time.monotonic()
    with drain.request():
        await drain.send_away()
    assert 0.5 <= time.monotonic() - began < 1.5
    assert not busy.busy
