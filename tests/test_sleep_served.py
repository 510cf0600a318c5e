"""A room sleeps, as those see it who come back: over HTTP, by code, over a socket; whichever server they meet."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from accounts_world import HandClock
from hub_world import eventually
from serving import Live, Person, Served, serving

from roomd import sleeper
from roomd.domain.ids import RoomId

TRACK = {"url": "https://media.example/song.mp3", "title": "Song", "duration": 600, "kind": "audio"}
#: Of a state, what is of the moment in which it is told.
ASIDE = {"epoch", "rev", "last_activity", "members"}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> HandClock:
    """Servers on this clock look every moment for rooms to put to sleep."""
    monkeypatch.setattr(sleeper, "LOOK_S", 0.05)
    return HandClock()


@asynccontextmanager
async def two_servers(
    redis_url: str, database_url: str, data_dir: Path, clock: HandClock
) -> AsyncIterator[tuple[Served, Served]]:
    async with (
        serving(redis_url, database_url, data_dir, clock) as here,
        serving(redis_url, database_url, data_dir, clock) as there,
    ):
        yield here, there


async def until_asleep(served: Served, code: str, clock: HandClock) -> RoomId:
    """Let hours pass, in which nobody is there."""
    room = await served.services.engine.find(code)

    async def empty() -> bool:
        return not any(member.online for member in (await served.services.engine.room(room)).members.values())

    await eventually(empty, "everybody to be gone")
    clock.pass_s(7 * 3_600)

    async def asleep() -> bool:
        return not await served.services.rooms.present([room])

    await eventually(asleep, "the room to sleep")
    return room


async def gone(live: Live) -> None:
    live.socket.close()
    await live.closed()


async def do(live: Live, kind: str, **fields: Any) -> None:
    answer = await live.do(kind, **fields)
    assert answer["type"] == "ack", answer


async def shown(live: Live) -> dict[str, Any]:
    return dict((await live.until(type="state"))["room"])


def number(live: Live) -> dict[str, int]:
    """Up to where this socket was told everything."""
    last = [message for message in live.heard if message["type"] in {"welcome", "commit"}][-1]
    return {"epoch": last["epoch"], "rev": last["rev"]}


async def on(served: Served, person: Person) -> Person:
    """The same person, asking this server."""
    return Person(person.id, person.name, person.token, served.http)


async def evening(served: Served, alice: Person, bob: Person) -> str:
    """A room with something of everything in it, and nobody there any more; its code."""
    code = await served.room(alice, password="sesame")
    assert (await bob.call("POST", "/api/rooms/join/", {"code": code, "password": "sesame"})).status_code == 200
    assert (await alice.call("POST", f"/api/rooms/{code}/queue/", {"tracks": [TRACK] * 3})).status_code == 201
    live = await served.enter(alice, code)
    entries = [entry["id"] for entry in (await shown(live))["queue"]]
    theirs = await served.enter(bob, code)
    await shown(theirs)
    await do(live, "role", user=bob.id, role="cohost")
    await do(live, "set", queue_mode="votes")
    await do(live, "play")
    await do(live, "seek", position=5_000)
    await do(live, "pause")
    await do(theirs, "say", text="hello")
    line = (await live.until_event("said"))["message"]["id"]
    await do(live, "react", message=line, emoji="👍", on=True)
    await do(theirs, "up", entry=entries[2], on=True)
    for each in (live, theirs):
        await gone(each)
    return code


@pytest.mark.gen_test(timeout=90)
async def test_who_comes_back_over_a_socket_finds_everything(
    redis_url: str, database_url: str, data_dir: Path, clock: HandClock
) -> None:
    async with two_servers(redis_url, database_url, data_dir, clock) as (here, there):
        alice, bob = await here.person("Alice"), await here.person("Bob")
        code = await evening(here, alice, bob)
        live = await here.enter(alice, code)
        before, known = await shown(live), number(live)
        audit = (await alice.call("GET", f"/api/rooms/{code}/audit/")).json()
        await gone(live)
        await until_asleep(here, code, clock)
        back = await there.enter(await on(there, alice), code, resume=known)
        welcome = await back.until(type="welcome")
        assert not welcome["resumed"]
        after = await shown(back)
        assert number(back)["epoch"] > known["epoch"]
        assert {key: after[key] for key in after if key not in ASIDE} == {
            key: before[key] for key in before if key not in ASIDE
        }
        assert _people(after) == _people(before)
        assert [line["text"] for line in after["chat"]] == ["hello"]
        assert after["chat"][0]["reactions"] == {"👍": [alice.id]}
        assert (after["playback"]["playing"], after["playback"]["position"]) == (False, 5_000)
        assert (await (await on(there, alice)).call("GET", f"/api/rooms/{code}/audit/")).json() == audit
        assert audit
        # The door is what it was.
        dave = await there.person("Dave")
        assert (await dave.call("POST", "/api/rooms/join/", {"code": code})).status_code == 403
        body = {"code": code, "password": "sesame"}
        assert (await dave.call("POST", "/api/rooms/join/", body)).status_code == 200
        # From now on the socket resumes again.
        await do(back, "say", text="back")
        await gone(back)
        again = await here.enter(alice, code, resume=number(back))
        assert (await again.until(type="welcome"))["resumed"]


def _people(room: dict[str, Any]) -> list[tuple[str, str, str]]:
    return sorted((member["id"], member["name"], member["role"]) for member in room["members"])


@pytest.mark.gen_test(timeout=90)
async def test_many_at_two_servers_wake_it_once(
    redis_url: str, database_url: str, data_dir: Path, clock: HandClock
) -> None:
    async with two_servers(redis_url, database_url, data_dir, clock) as (here, there):
        alice, bob = await here.person("Alice"), await here.person("Bob")
        code = await evening(here, alice, bob)
        room = await until_asleep(here, code, clock)
        asked = [(await on(served, who)) for served in (here, there) for who in (alice, bob)]
        answers = await asyncio.gather(*(each.call("GET", f"/api/rooms/{code}/") for each in asked * 5))
        assert {answer.status_code for answer in answers} == {200}
        lives = await asyncio.gather(*(served.enter(who, code) for served in (here, there) for who in (alice, bob)))
        for live in lives:
            await shown(live)
        assert len({number(live)["epoch"] for live in lives}) == 1
        await do(lives[0], "say", text="all here")
        for live in lives[1:]:
            assert (await live.until_event("said"))["message"]["text"] == "all here"
        assert len({(await served.services.engine.room(room)).rev for served in (here, there)}) == 1
        for live in lives:
            await gone(live)


@pytest.mark.gen_test(timeout=90)
async def test_a_list_of_ones_rooms_shows_those_that_sleep_and_wakes_none(
    redis_url: str, database_url: str, data_dir: Path, clock: HandClock
) -> None:
    async with serving(redis_url, database_url, data_dir, clock) as served:
        alice, bob = await served.person("Alice"), await served.person("Bob")
        code = await evening(served, alice, bob)
        closed = await served.room(alice)
        before = (await bob.call("GET", "/rooms/api/rooms/")).json()
        assert [each["code"] for each in before] == [code]
        room = await until_asleep(served, code, clock)
        awake = await served.room(alice)
        (after,) = (await bob.call("GET", "/rooms/api/rooms/")).json()
        for field in ("id", "code", "name", "queue_length", "participant_count", "is_playing", "current_position"):
            assert after[field] == before[0][field], field
        mine = (await alice.call("GET", "/rooms/api/rooms/")).json()
        assert {each["code"] for each in mine} == {awake, code, closed}
        assert await served.services.rooms.present([room]) == set()
        # Nobody else is shown it, and it is not among the public ones.
        assert code not in (await alice.call("GET", "/api/rooms/")).text
        assert (await bob.call("GET", f"/rooms/api/rooms/{code}/")).status_code == 200
        assert await served.services.rooms.present([room]) == {room}
        assert (await alice.call("DELETE", f"/api/rooms/{code}/")).status_code == 204
        assert (await bob.call("GET", "/rooms/api/rooms/")).json() == []
