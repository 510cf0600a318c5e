"""What players say of themselves: shown to the room by every server, bounded, and without any effect on the room."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from accounts_world import HandClock
from hub_world import eventually, until
from raw_socket import raw_socket
from serving import Person, Served, serving
from sync_reports import GOOD, heard_all, inside, pulse_with, report

from roomd import pulse
from roomd.domain.sync import MAX_MS, SHOWN_MS
from roomd.fanout import Batch
from roomd.handlers import wire
from roomd.store.pulses import Pulses
from roomd.store.redis import connect


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pulses that do not keep tests waiting."""
    monkeypatch.setattr(pulse, "PULSE_S", 0.05)
    monkeypatch.setattr(pulse, "GATHER_S", 0.01)


def counted(served: Served) -> float:
    """How many reports the server has taken in."""
    for line in served.services.telemetry.metrics.text().decode().splitlines():
        if line.startswith("roomd_sync_reports_total "):
            return float(line.split()[1])
    raise AssertionError("not there")


async def seen(served: Served, person: Person, code: str) -> dict[str, Any]:
    answer = await person.call("GET", f"/api/rooms/{code}/sync/")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def third_server_shows(redis_url: str, served: Served, code: str, wanted: set[str]) -> bool:
    """Whether a server to which nobody of the room is connected tells the same."""
    redis = connect(redis_url)
    try:
        third = pulse.PulseRooms(Pulses(redis), "third", served.services.clock.now, lambda told: None)
        told = json.loads(await third.latest(await served.services.engine.find(code)))
        return set(told["members"]) == wanted
    finally:
        await redis.aclose()


@pytest.mark.usefixtures("quick")
@pytest.mark.gen_test(timeout=60)
async def test_reports_of_two_servers_meet_and_closing_forgets(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with (
        serving(redis_url, database_url, data_dir) as one,
        serving(redis_url, database_url, data_dir) as other,
    ):
        alice, bob = await one.person("Alice"), await other.person("Bob")
        code = await one.room(alice)
        here, there = await inside(one, alice, code), await inside(other, bob, code)
        await report(here)
        await report(there, state="buffering", player="element", error=-7.5, p95=12.0)
        for live in (here, there):
            told = await pulse_with(live, alice.id, bob.id)
            assert (told["listeners"], told["p50"], told["p95"]) == (2, 1.25, 12.0)
            bobs = told["members"][bob.id]
            assert {key: bobs[key] for key in ("state", "player", "error", "p95", "uncertainty")} == {
                "state": "buffering",
                "player": "element",
                "error": -7.5,
                "p95": 12.0,
                "uncertainty": 0.6,
            }
            assert abs(bobs["at"] - told["at"]) < SHOWN_MS
        for served in (one, other):
            assert set((await seen(served, alice, code))["members"]) == {alice.id, bob.id}
        await eventually(partial(third_server_shows, redis_url, one, code, {alice.id, bob.id}))
        there.socket.close()
        assert (await pulse_with(here, alice.id))["listeners"] == 1
        assert set((await seen(one, alice, code))["members"]) == {alice.id}


@pytest.mark.usefixtures("quick")
@pytest.mark.gen_test(timeout=40)
async def test_the_socket_that_reported_last_counts(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    first, second = await inside(served, alice, code), await inside(served, alice, code)
    await report(first, state="playing")
    for live in (first, second):
        await pulse_with(live, alice.id)
    await report(second, state="blocked")
    assert (await first.until(type="pulse"))["members"][alice.id]["state"] == "blocked"
    first.socket.close()
    await until(lambda: len(served.services.hub.sockets()) == 1)
    assert (await seen(served, alice, code))["members"][alice.id]["state"] == "blocked"
    second.socket.close()
    await until(lambda: not served.services.hub.sockets())
    assert (await seen(served, alice, code))["members"] == {}


def mad_reports() -> list[dict[str, Any]]:
    """Well formed, and nonsense."""
    numbers = [1e300, -1e300, 0, -0.0, 1e-300, 10**15, -(10**15)]
    fields = ["error", "p95", "uncertainty", "rtt", "rate"]
    reports = [GOOD | {field: number} for field in fields for number in numbers]
    reports += [GOOD | {"state": state} for state in ("idle", "loading", "still", "buffering", "blocked", "failed")]
    reports += [GOOD | {"entry": "no such entry"}, GOOD | {"seeks": 10**12}, GOOD | {"stalls": -5}]
    return reports


MALFORMED = [
    b'{"type": "sync"}',
    b'{"type": "sync", "state": "dancing"}',
    b'{"type": "sync", "state": 7}',
    b'{"type": "sync", "state": "playing", "error": NaN}',
    b'{"type": "sync", "state": "playing", "error": "0"}',
    b'{"type": "sync", "state": "playing", "p95": 1e999}',
    b'{"type": "sync", "state": "playing", "rtt": []}',
    b'{"type": "sync", "state": "playing", "rtt": ' + b"9" * 400 + b"}",
    b'{"type": "sync", "state": "playing", "seeks": 0.5}',
    b'{"type": "sync", "state": "playing", "player": "gramophone"}',
    b'{"type": "sync", "state": "playing", "hidden": 1}',
    b'{"type": "sync", "state": "playing", "entry": "' + b"x" * 65 + b'"}',
]


@pytest.mark.gen_test(timeout=60)
async def test_a_client_that_reports_nonsense_changes_nothing(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    clock = HandClock()
    async with serving(redis_url, database_url, data_dir, clock) as served:
        alice, bob = await served.person("Alice"), await served.person("Bob")
        code = await served.room(alice)
        host, mad = await inside(served, alice, code), await inside(served, bob, code)
        tracks = [{"title": "One", "url": "https://music.example/one.mp3", "duration_ms": 600_000}]
        await host.do("add", tracks=tracks)
        room_id = await served.services.engine.find(code)
        before = await served.services.engine.room(room_id)
        reports = mad_reports()
        for n in range(200 - len(MALFORMED)):
            clock.pass_s(2)
            await mad.say(**reports[n % len(reports)])
            await heard_all(mad)
        assert counted(served) > 150
        for text in MALFORMED:
            await mad.socket.write_message(text)
            error = await mad.until(type="error")
            assert error["code"] in {"invalid", "invalid_json"}, text
        after = await served.services.engine.room(room_id)
        assert (after.epoch, after.rev, after.playback) == (before.epoch, before.rev, before.playback)
        assert after.playback.playing
        told = (await seen(served, alice, code))["members"][bob.id]
        assert all(abs(told[field] or 0) <= MAX_MS for field in ("error", "p95", "uncertainty"))


@pytest.mark.gen_test(timeout=40)
async def test_one_report_a_second_is_taken_and_the_rest_is_dropped_without_a_word(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    clock = HandClock()
    async with serving(redis_url, database_url, data_dir, clock) as served:
        alice = await served.person("Alice")
        live = await inside(served, alice, await served.room(alice))
        for _ in range(10):
            await report(live)
        await heard_all(live)
        assert counted(served) == 2
        clock.pass_s(1.0)
        for _ in range(10):
            await report(live)
        await heard_all(live)
        assert counted(served) == 3
        assert not [message for message in live.heard if message["type"] == "error"]


@pytest.mark.gen_test(timeout=40)
async def test_only_so_many_members_are_kept(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "MAX_REPORTS", 3)
    people = [await served.person(f"Guest {n}") for n in range(5)]
    code = await served.room(people[0])
    for person in people:
        await report(live := await inside(served, person, code))
        await heard_all(live)
    assert (await seen(served, people[0], code))["listeners"] == 3


@pytest.mark.gen_test(timeout=40)
async def test_before_hello_and_at_the_door_nothing_is_taken(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice, entry_mode="approval")
    stranger = await served.socket(f"/ws/v1/{code}/")
    await report(stranger)
    await heard_all(stranger)
    knocking = await served.enter(bob, code)
    await knocking.until(type="waiting")
    await report(knocking)
    await heard_all(knocking)
    assert counted(served) == 0
    assert (await seen(served, alice, code))["listeners"] == 0


@pytest.mark.usefixtures("quick")
@pytest.mark.gen_test(timeout=40)
async def test_other_dialects_hear_nothing_of_it_and_nothing_goes_on_by_itself(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    other = await served.socket(f"/ws/rooms/{code}/?token={bob.token}")
    await other.until(type="playback_synced")
    live = await inside(served, alice, code)
    await report(live)
    await pulse_with(live, alice.id)
    await other.say(type="sync_playback")
    await other.until(type="playback_synced")
    assert "pulse" not in {message["type"] for message in other.heard}
    rooms = served.services.telemetry.pulse._rooms
    assert [watched.timer for watched in rooms.values()] == [None]


@pytest.mark.gen_test(timeout=40)
async def test_a_slow_socket_misses_pulses_and_is_not_closed_for_them(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    stuck = await raw_socket(served.port, f"/ws/v1/{code}/", receive_buffer=4_096)
    await stuck.say(type="hello", token=bob.token)
    live = await inside(served, alice, code)
    await until(lambda: len(served.services.hub.sockets()) == 2)
    (socket,) = [each for each in served.services.hub.sockets() if each.actor.id == bob.id]
    assert isinstance(socket, wire.Wire)
    said = 0
    while socket.waiting <= wire.MAX_BEHIND:
        assert (await alice.call("POST", f"/api/rooms/{code}/messages/", {"text": "🎵" * 2_000})).status_code == 201
        said += 1
        assert said < 2_000
    waiting = socket.waiting
    for _ in range(200):
        socket.offer(Batch((json.dumps({"type": "pulse", "members": {"x": "y" * 7_000}}),)))
    assert socket.waiting == waiting
    assert not socket._shut
    await stuck.bye()
    live.socket.close()


@pytest.mark.gen_test(timeout=40)
async def test_only_members_are_shown_how_a_room_keeps_together(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    hidden = await served.room(alice, visibility="private")
    refused = await bob.call("GET", f"/api/rooms/{code}/sync/")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_a_member")
    assert (await bob.call("GET", f"/api/rooms/{hidden}/sync/")).status_code == 404
    assert (await bob.call("GET", "/api/rooms/ZZZZZZ/sync/")).status_code == 404
    assert (await served.http.get(f"/api/rooms/{code}/sync/")).status_code == 401
    empty = await seen(served, alice, code)
    assert {key: empty[key] for key in ("type", "listeners", "p50", "p95", "members")} == {
        "type": "pulse",
        "listeners": 0,
        "p50": None,
        "p95": None,
        "members": {},
    }
