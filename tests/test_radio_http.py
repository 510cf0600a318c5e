"""The radio as people meet it: at the end of their own queue over HTTP, and in a room with others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from byte_proxy import wire_to
from hub_world import eventually
from queue_world import album, call, enqueue, ok, queued, silent, walks, with_album
from serving import Live, Person, Served, leave, serving
from test_rooms_http import refused
from tornado.ioloop import IOLoop


@pytest.fixture
def served(io_loop: IOLoop, redis_url: str, database_url: str, data_dir: Path) -> Iterator[Served]:
    running = with_album(redis_url, database_url, data_dir)
    yield io_loop.run_sync(running.__aenter__)
    leave(io_loop, running)


async def until_queued(person: Person, count: int) -> list[dict[str, Any]]:
    """The queue, once it has so many tracks."""
    shown: list[dict[str, Any]] = []

    async def look() -> bool:
        shown[:] = await ok(person, "GET", "tracks/")
        return len(shown) == count

    await eventually(look, f"{count} tracks in the queue")
    return shown


@pytest.mark.gen_test(timeout=30)
async def test_one_song_and_the_radio_goes_on(served: Served) -> None:
    alice = await served.person("Alice")
    songs = await walks(alice)
    assert await enqueue(alice, songs[0]) == [0]
    shown = await until_queued(alice, 4)
    assert [(wire["is_radio"], wire["why"] != "") for wire in shown] == [(False, False)] + [(True, True)] * 3
    assert len({wire["track_id"] for wire in shown}) == 4
    # What is chosen goes before what the radio has ready.
    chosen = next(song for song in songs if song not in {wire["track_id"] for wire in shown})
    assert await enqueue(alice, chosen) == [1]
    first = await ok(alice, "POST", "next/")
    assert (first["current_track"]["track_id"], first["position"], first["is_radio_mode"]) == (chosen, 1, False)
    second = await ok(alice, "POST", "next/")
    assert (second["current_track"]["track_id"], second["is_radio_mode"]) == (shown[1]["track_id"], True)
    assert second["current_track"]["why"] == shown[1]["why"]
    assert (await ok(alice, "GET", "current/"))["is_radio"]


@pytest.mark.gen_test(timeout=30)
async def test_next_at_the_end_waits_for_the_radio(served: Served) -> None:
    alice = await served.person("Alice")
    songs = await walks(alice)
    await silent(alice)
    await enqueue(alice, songs[0])
    assert await ok(alice, "POST", "radio/", {"on": True}) == {"radio": True}
    # Nothing has to have been found by now.
    moved = await ok(alice, "POST", "next/")
    assert (moved["position"], moved["is_radio_mode"]) == (1, True)
    assert moved["current_track"]["track_id"] in songs[1:]
    assert not (await ok(alice, "GET", ""))["is_playing"]


@pytest.mark.gen_test(timeout=30)
async def test_next_in_an_empty_queue_asks_for_music(served: Served) -> None:
    alice = await served.person("Alice")
    begun = await ok(alice, "POST", "next/")
    assert (begun["position"], begun["is_radio_mode"]) == (0, True)
    await ok(alice, "POST", "clear/")
    assert await queued(alice) == []
    refused(await call(alice, "GET", "current/"), 404, "nothing_current")


@pytest.mark.gen_test(timeout=30)
async def test_all_is_played_once_before_anything_comes_again(served: Served) -> None:
    alice = await served.person("Alice")
    songs = await walks(alice)
    await enqueue(alice, songs[0])
    heard = [songs[0]]
    while len(heard) < 12:
        moved = await ok(alice, "POST", "next/")
        assert moved["is_radio_mode"]
        heard.append(moved["current_track"]["track_id"])
    assert sorted(heard[:8]) == sorted(songs)
    # Then what was heard the longest ago.
    assert heard[8:] == heard[:4]


@pytest.mark.gen_test(timeout=30)
async def test_an_empty_folder_is_silent(redis_url: str, database_url: str, data_dir: Path) -> None:
    album(data_dir, 0)
    async with serving(redis_url, database_url, data_dir) as served:
        alice = await served.person("Alice")
        refused(await call(alice, "POST", "next/"), 404, "nothing_current")


async def entry_playing(live: Live) -> dict[str, Any]:
    """The entry that begins next, out of all that the socket has heard."""
    playback = (await live.until_event("playback_changed"))["playback"]
    events = [event for message in live.heard if message["type"] == "commit" for event in message["events"]]
    added = [entry for event in events if event["type"] == "entries_added" for entry in event["entries"]]
    return next(entry for entry in added if entry["id"] == playback["entry"])


@pytest.mark.gen_test(timeout=60)
async def test_a_party_goes_on_by_itself(redis_url: str, database_url: str, data_dir: Path) -> None:
    """In real time: tracks of two seconds end, and what the radio chose begins."""
    album(data_dir, 5, seconds=2.0)
    async with serving(redis_url, database_url, data_dir) as served:
        alice, bob = await served.person("Alice"), await served.person("Bob")
        code = await served.room(alice)
        live, theirs = await served.enter(alice, code), await served.enter(bob, code)
        await theirs.until(type="state")
        refused_set = await theirs.do("set", radio=True)
        assert (refused_set["type"], refused_set["code"]) == ("error", "forbidden")
        assert (await live.do("set", radio=True))["type"] == "ack"
        assert (await theirs.until_event("settings_changed"))["changes"] == {"radio": True}
        (first, *_) = (await alice.call("GET", "/api/catalogue/search/?q=walk")).json()["tracks"]
        assert (await live.do("add", tracks=[{"url": first["url"]}]))["type"] == "ack"
        heard = [await entry_playing(theirs) for _ in range(3)]
        assert [(entry["by"], entry["by_name"]) for entry in heard] == [
            (alice.id, "Alice"),
            ("", "Radio"),
            ("", "Radio"),
        ]
        assert [entry["why"] != "" for entry in heard] == [False, True, True]
        assert len({entry["track"]["source"] for entry in heard}) == 3
        shown = (await bob.call("GET", f"/api/rooms/{code}/queue/")).json()["entries"]
        assert [song["why"] != "" for song in shown] == [False] + [True] * (len(shown) - 1)
        assert shown[1]["added_by"] == {"id": "", "name": "Radio"}
        assert (await alice.call("GET", f"/api/rooms/{code}/")).json()["radio"]
        off = await alice.call("PATCH", f"/api/rooms/{code}/", {"radio": False})
        assert not off.json()["radio"]


@pytest.mark.logs("rooms go on without being archived|Failed to restore the pool|waits: the database")
@pytest.mark.gen_test(timeout=60)
async def test_with_postgres_away_the_folder_goes_on(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with wire_to(database_url) as line, with_album(redis_url, line.url, data_dir) as served:
        alice = await served.person("Alice")
        songs = await walks(alice)
        await silent(alice)
        await enqueue(alice, songs[0])
        await line.cut()
        assert await ok(alice, "POST", "radio/", {"on": True}) == {"radio": True}
        assert len(await until_queued(alice, 4)) == 4
        for _ in range(5):
            moved = await ok(alice, "POST", "next/")
            assert moved["is_radio_mode"]
        assert len(set(await queued(alice))) >= 6


@pytest.mark.gen_test(timeout=60)
async def test_two_servers_one_radio(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with (
        with_album(redis_url, database_url, data_dir) as here,
        with_album(redis_url, database_url, data_dir) as there,
    ):
        alice = await here.person("Alice")
        away = Person(alice.id, alice.name, alice.token, there.http)
        await enqueue(alice, (await walks(alice))[0])
        assert (await ok(away, "POST", "next/"))["is_radio_mode"]
        # Each press goes to the other server; each time one of them, and no more, fills up what is missing.
        for n in range(2, 6):
            moved = await ok(alice if n % 2 else away, "POST", "next/")
            assert (moved["position"], moved["is_radio_mode"]) == (n, True)
            heard = await queued(away)
            assert len(heard) == len(set(heard)) <= n + 4
