"""A person's own queue as the room it is: private, found again, made anew; on sockets, and as a party."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from byte_proxy import wire_to
from hub_world import eventually
from queue_world import QUEUE, call, enqueue, ok, queued, silent, walks, with_album
from serving import Live, Person, Served, leave
from test_rooms_http import refused
from test_sleep_served import clock, gone, until_asleep
from tornado.ioloop import IOLoop

from roomd.domain.ids import RoomId
from roomd.domain.room import Expire
from roomd.engine import SYSTEM

__all__ = ["clock"]


@pytest.fixture
def served(io_loop: IOLoop, redis_url: str, database_url: str, data_dir: Path) -> Iterator[Served]:
    running = with_album(redis_url, database_url, data_dir)
    yield io_loop.run_sync(running.__aenter__)
    leave(io_loop, running)


async def shown(live: Live) -> dict[str, Any]:
    return dict((await live.until(type="state"))["room"])


async def mapped(served: Served, person: Person) -> RoomId | None:
    """The room that the table has for the person."""
    personal: Any = served.services.library.personal
    found: RoomId | None = await personal._rows.find(person.id)
    return found


@pytest.mark.gen_test(timeout=30)
async def test_it_is_on_no_list_and_nobody_else_gets_in(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    queue = await ok(alice, "GET", "")
    friday = await served.room(alice)
    mine = (await alice.call("GET", "/rooms/api/rooms/")).json()
    assert [room["code"] for room in mine] == [friday]
    assert [room["code"] for room in (await bob.call("GET", "/api/rooms/")).json()["rooms"]] == [friday]
    for ref in (queue["id"], queue["code"]):
        refused(await bob.call("GET", f"/api/rooms/{ref}/"), 404, "no_such_room")
        refused(await bob.call("POST", "/api/rooms/join/", {"code": ref}), 404, "no_such_room")
        refused(await bob.call("POST", f"/api/rooms/{ref}/control/", {"action": "play"}), 404, "no_such_room")
        theirs = await served.enter(bob, ref)
        assert (await theirs.until(type="error"))["code"] == "no_such_room"
        assert await theirs.closed() == 4504
        assert (await alice.call("GET", f"/api/rooms/{ref}/")).json()["radio"]
    refused(await alice.call("PATCH", f"/api/rooms/{queue['id']}/", {"visibility": "public"}), 409, "personal_queue")
    assert (await alice.call("PATCH", f"/api/rooms/{queue['id']}/", {"name": "Mine"})).status_code == 200


@pytest.mark.gen_test(timeout=30)
async def test_its_owner_enters_on_any_socket(served: Served) -> None:
    alice = await served.person("Alice")
    songs = await walks(alice)
    await silent(alice)
    await enqueue(alice, *songs[:2])
    queue = await ok(alice, "GET", "")
    live = await served.enter(alice, queue["id"])
    room = await shown(live)
    assert (room["personal"], room["radio"], room["autoplay"], room["visibility"]) == (True, False, False, "private")
    assert [entry["track"]["source"] for entry in room["queue"]] == songs[:2]
    for path in (f"/ws/sessions/{queue['code']}/", f"/ws/rooms/{queue['code']}/", f"/ws/room/{queue['code']}/"):
        other = await served.socket(f"{path}?token={alice.token}")
        assert (await other.next() or {}).get("type") not in {None, "error", "ERROR"}
    # With a socket open it plays like any room.
    moved = await ok(alice, "POST", "next/")
    assert moved["position"] == 1
    assert (await live.until_event("playback_changed"))["playback"]["playing"]
    assert (await ok(alice, "GET", ""))["is_playing"]


@pytest.mark.gen_test(timeout=30)
async def test_first_touches_at_once_make_one_queue(served: Served) -> None:
    alice = await served.person("Alice")
    queues = await asyncio.gather(*(ok(alice, "GET", "") for _ in range(8)))
    (kept,) = {queue["id"] for queue in queues}
    assert await mapped(served, alice) == kept

    async def alone() -> bool:
        rooms = await served.services.index.rooms_of(alice.id, 100)  # type: ignore[arg-type]
        return rooms == [kept]

    await eventually(alone, "the others to be gone")


@pytest.mark.gen_test(timeout=60)
async def test_two_servers_share_it(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with (
        with_album(redis_url, database_url, data_dir) as here,
        with_album(redis_url, database_url, data_dir) as there,
    ):
        alice = await here.person("Alice")
        away = Person(alice.id, alice.name, alice.token, there.http)
        await silent(alice)
        songs = await walks(alice)
        await enqueue(alice, *songs[:2])
        assert await queued(away) == songs[:2]
        assert (await ok(away, "POST", "next/"))["position"] == 1
        assert (await ok(alice, "GET", ""))["current_position"] == 1
        first = await ok(alice, "GET", "")
        # What one of them remembers of it does not have to be right.
        assert (await away.call("POST", f"{QUEUE}/party/", {})).status_code == 200
        second = await ok(alice, "GET", "")
        assert (second["id"] != first["id"], second["track_count"]) == (True, 0)
        assert (await ok(away, "GET", ""))["id"] == second["id"]


@pytest.mark.gen_test(timeout=30)
async def test_closed_or_left_there_is_a_new_one(served: Served) -> None:
    alice = await served.person("Alice")
    first = (await ok(alice, "GET", ""))["id"]
    assert (await alice.call("DELETE", f"/api/rooms/{first}/")).status_code == 204
    second = (await ok(alice, "GET", ""))["id"]
    assert (await alice.call("POST", f"/api/rooms/{second}/leave/")).status_code == 200
    third = (await ok(alice, "GET", ""))["id"]
    assert len({first, second, third}) == 3
    assert await mapped(served, alice) == third


@pytest.mark.gen_test(timeout=60)
async def test_it_sleeps_and_is_found_again(redis_url: str, database_url: str, data_dir: Path, clock: Any) -> None:
    async with with_album(redis_url, database_url, data_dir, clock=clock) as served:
        alice = await served.person("Alice")
        songs = await walks(alice)
        await silent(alice)
        await enqueue(alice, *songs[:3])
        await ok(alice, "POST", "position/", {"position": 2})
        before = await ok(alice, "GET", "")
        await until_asleep(served, before["code"], clock)
        assert (await alice.call("GET", "/rooms/api/rooms/")).json() == []
        after = await ok(alice, "GET", "")
        assert {key: after[key] for key in after if key != "updated_at"} == {
            key: before[key] for key in before if key != "updated_at"
        }
        assert await queued(alice) == songs[:3]


@pytest.mark.gen_test(timeout=30)
async def test_it_becomes_a_party_with_its_queue_position_and_sockets(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    songs = await walks(alice)
    await silent(alice)
    await enqueue(alice, *songs[:3])
    queue = await ok(alice, "GET", "")
    live = await served.enter(alice, queue["id"])
    await shown(live)
    assert (await live.do("play"))["type"] == "ack"
    await ok(alice, "POST", "next/")
    playing = (await live.until_event("playback_changed"))["playback"]
    body = {"name": "Alice’s Friday", "visibility": "public"}
    party = await ok(alice, "POST", "party/", body)
    assert (party["id"], party["code"], party["name"]) == (queue["id"], queue["code"], "Alice’s Friday")
    assert (party["visibility"], party["entry_mode"], party["host_id"]) == ("public", "public", alice.id)
    assert (party["current_song"]["source"], party["queue_length"], party["is_playing"]) == (songs[1], 3, True)
    changes = (await live.until_event("settings_changed"))["changes"]
    assert changes == {"name": "Alice’s Friday", "visibility": "public", "autoplay": True, "personal": False}
    # Bob comes in by its code, and finds what plays where it plays.
    theirs = await served.enter(bob, party["code"])
    room = await shown(theirs)
    assert (room["playback"], room["personal"], len(room["queue"])) == (playing, False, 3)
    assert (await live.until_event("member_joined"))["member"]["name"] == "Bob"
    assert (await live.do("pause"))["type"] == "ack"
    assert not (await theirs.until_event("playback_changed"))["playback"]["playing"]
    # It is on the lists of rooms now, and Alice's next queue is another.
    assert [room["code"] for room in (await alice.call("GET", "/rooms/api/rooms/")).json()] == [party["code"]]
    assert [room["code"] for room in (await bob.call("GET", "/api/rooms/")).json()["rooms"]] == [party["code"]]
    assert await mapped(served, alice) is None
    fresh = await ok(alice, "GET", "")
    assert (fresh["id"] != queue["id"], fresh["track_count"], fresh["radio"]) == (True, 0, True)


@pytest.mark.gen_test(timeout=30)
async def test_a_party_needs_no_words_and_may_have_a_door(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    for body, fields in (
        ({"name": "x" * 81}, {"name"}),
        ({"visibility": "secret"}, {"visibility"}),
        ({"entry_mode": "secret"}, {"entry_mode"}),
        ({"entry_mode": "password"}, {"password"}),
        ({"entry_mode": "public", "password": "open sesame"}, {"password"}),
        ({"password": "no"}, {"password"}),
    ):
        assert refused(await call(alice, "POST", "party/", body), 400, "invalid").keys() == fields, body
    queue = await ok(alice, "GET", "")
    party = await ok(alice, "POST", "party/", {})
    assert (party["id"], party["name"], party["visibility"]) == (queue["id"], "Alice’s party", "private")
    assert (await bob.call("POST", "/api/rooms/join/", {"code": party["code"]})).status_code == 200
    behind = await ok(alice, "POST", "party/", {"password": "open sesame"})
    assert behind["entry_mode"] == "password"
    refused(await bob.call("POST", "/api/rooms/join/", {"code": behind["code"]}), 403, "password_needed")
    right = {"code": behind["code"], "password": "open sesame"}
    assert (await bob.call("POST", "/api/rooms/join/", right)).status_code == 200


@pytest.mark.logs("rooms go on without being archived|Failed to restore the pool|waits: the database")
@pytest.mark.gen_test(timeout=60)
async def test_with_postgres_away_a_new_queue_is_503_and_a_known_one_plays_on(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with wire_to(database_url) as line, with_album(redis_url, line.url, data_dir) as served:
        alice, bob = await served.person("Alice"), await served.person("Bob")
        songs = await walks(alice)
        await silent(alice)
        await enqueue(alice, *songs[:3])
        await line.cut()
        refused(await call(bob, "GET", ""), 503, "unavailable")
        assert await served.services.index.rooms_of(bob.id, 10) == []  # type: ignore[arg-type]
        assert (await ok(alice, "POST", "next/"))["current_track"]["track_id"] == songs[1]
        shown = await ok(alice, "GET", "tracks/")
        assert [(each["track_id"], each["artist_id"]) for each in shown] == [(song, "") for song in songs[:3]]
        await line.start()

        async def back() -> bool:
            return (await call(bob, "GET", "")).status_code == 200

        await eventually(back, "PostgreSQL to be back")


@pytest.mark.logs("waits: The room store does not answer|lost the subscription")
@pytest.mark.gen_test(timeout=60)
async def test_with_redis_away_everything_is_503_and_nothing_is_half_done(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with wire_to(redis_url) as line, with_album(line.url, database_url, data_dir) as served:
        alice = await served.person("Alice")
        songs = await walks(alice)
        await silent(alice)
        await enqueue(alice, *songs[:3])
        await line.cut()
        for method, path, body in (
            ("GET", "", None),
            ("POST", "next/", None),
            ("POST", "enqueue/", {"track_id": songs[3]}),
            ("POST", "party/", {}),
        ):
            refused(await call(alice, method, path, body), 503, "unavailable")
        await line.start()

        async def back() -> bool:
            return (await call(alice, "GET", "")).status_code == 200

        await eventually(back, "Redis to be back")
        queue = await ok(alice, "GET", "")
        assert (queue["current_position"], queue["track_count"]) == (0, 3)
        assert (await alice.call("GET", "/rooms/api/rooms/")).json() == []


@pytest.mark.gen_test(timeout=30)
async def test_a_queue_is_not_cleaned_up(served: Served) -> None:
    alice = await served.person("Alice")
    queue, party = await ok(alice, "GET", ""), await served.room(alice)
    live = await served.enter(alice, queue["id"])
    await shown(live)
    await gone(live)
    engine, future = served.services.engine, served.services.clock.now() + 1e9
    for ref, closed in ((queue["id"], False), (party, True)):
        receipt = await engine.handle(await engine.find(ref), Expire(before=future), SYSTEM)
        assert receipt.room.closed is closed
