"""PlayPod's queue, endpoint by endpoint: fields, statuses, what is refused; for a client that knows only HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from queue_world import QUEUE, call, enqueue, ok, queued, silent, walks, with_album
from serving import Person, Served, leave
from test_rooms_http import refused
from tornado.ioloop import IOLoop

ABSENT = "local:00000000000000000000000000000000"


@pytest.fixture
def served(io_loop: IOLoop, redis_url: str, database_url: str, data_dir: Path) -> Iterator[Served]:
    running = with_album(redis_url, database_url, data_dir)
    yield io_loop.run_sync(running.__aenter__)
    leave(io_loop, running)


async def alice_with(served: Served, count: int) -> tuple[Person, list[str]]:
    """Alice, the radio off, with so many songs queued; and all songs there are."""
    alice = await served.person("Alice")
    songs = await walks(alice)
    await silent(alice)
    assert await enqueue(alice, *songs[:count]) == list(range(count))
    return alice, songs


@pytest.mark.gen_test(timeout=30)
async def test_the_queue_begins_empty_and_is_always_the_same(served: Served) -> None:
    alice = await served.person("Alice")
    queue = await ok(alice, "GET", "")
    assert queue == {
        "id": queue["id"],
        "code": queue["code"],
        "current_track_id": None,
        "current_position": 0,
        "track_count": 0,
        "is_playing": False,
        "radio": True,
        "updated_at": queue["updated_at"],
    }
    assert await ok(alice, "GET", "") == queue
    assert (await alice.call("GET", QUEUE)).json() == queue
    assert await ok(alice, "GET", "tracks/") == []
    bob = await served.person("Bob")
    assert (await ok(bob, "GET", ""))["id"] != queue["id"]


@pytest.mark.gen_test(timeout=30)
async def test_enqueue_tracks_and_current(served: Served) -> None:
    alice = await served.person("Alice")
    await silent(alice)
    first, second, *_ = await walks(alice)
    answer = await ok(alice, "POST", "enqueue/", {"track_id": first}, 201)
    assert answer == {
        "message": "Track added to queue",
        "position": 0,
        "track_info": {"track_id": first, "track_title": "Walk 0"},
    }
    assert await enqueue(alice, second, first) == [1, 2]
    shown = await ok(alice, "GET", "tracks/")
    assert shown[0] == {
        "id": shown[0]["id"],
        "track_id": first,
        "track_title": "Walk 0",
        "artist_id": shown[0]["artist_id"],
        "artist_name": "Carol",
        "album_title": "",
        "album_cover": "",
        "duration": 40,
        "position": 0,
        "why": "",
        "is_radio": False,
        "is_current": True,
        "url": shown[0]["url"],
    }
    assert shown[0]["artist_id"].startswith("local:")
    assert shown[0]["url"].startswith("/media/")
    assert [(wire["position"], wire["track_id"]) for wire in shown] == [(0, first), (1, second), (2, first)]
    assert len({wire["id"] for wire in shown}) == 3
    assert await ok(alice, "GET", "current/") == shown[0]
    queue = await ok(alice, "GET", "")
    assert (queue["current_track_id"], queue["current_position"], queue["track_count"]) == (first, 0, 3)


@pytest.mark.gen_test(timeout=30)
async def test_enqueue_once_under_its_key(served: Served) -> None:
    alice, songs = await alice_with(served, 1)
    for _ in range(2):
        headers = alice.headers | {"Idempotency-Key": "press-1"}
        answer = await served.http.post(f"{QUEUE}/enqueue/", json={"track_id": songs[1]}, headers=headers)
        assert (answer.status_code, answer.json()["position"]) == (201, 1)
        assert answer.headers["Roomd-Level"] in {"archived", "accepted"}
    assert await queued(alice) == songs[:2]


@pytest.mark.gen_test(timeout=30)
async def test_next_and_previous_move_the_pointer_and_start_no_clock(served: Served) -> None:
    alice, songs = await alice_with(served, 3)
    moved = await ok(alice, "POST", "next/")
    assert moved == {
        "current_track": {
            "track_id": songs[1],
            "track_title": "Walk 1",
            "artist_name": "Carol",
            "why": "",
            "is_radio": False,
        },
        "position": 1,
        "is_radio_mode": False,
    }
    assert not (await ok(alice, "GET", ""))["is_playing"]
    assert (await ok(alice, "POST", "next/"))["position"] == 2
    # Beyond the end there is nothing, without radio.
    over = await ok(alice, "POST", "next/")
    assert over == {"current_track": None, "position": 3, "is_radio_mode": False}
    assert refused(await call(alice, "GET", "current/"), 404, "nothing_current") == {}
    back = await ok(alice, "POST", "previous/")
    assert (back["current_track"]["track_id"], back["position"]) == (songs[2], 2)
    assert back.keys() == {"current_track", "position"}
    for wanted in (1, 0, 0):
        assert (await ok(alice, "POST", "previous/"))["position"] == wanted


@pytest.mark.gen_test(timeout=30)
async def test_an_empty_queue_has_no_next_previous_or_current(served: Served) -> None:
    alice, _ = await alice_with(served, 0)
    for method, path in (("POST", "next/"), ("POST", "previous/"), ("GET", "current/")):
        refused(await call(alice, method, path), 404, "nothing_current")
    assert await ok(alice, "POST", "clear/") == {"message": "Queue cleared"}
    assert await ok(alice, "POST", "shuffle/") == {"message": "Queue shuffled", "track_count": 0}


@pytest.mark.gen_test(timeout=30)
async def test_positions(served: Served) -> None:
    alice, songs = await alice_with(served, 3)
    jumped = await ok(alice, "POST", "position/", {"position": 2})
    assert (jumped["current_track"]["track_id"], jumped["position"]) == (songs[2], 2)
    assert jumped.keys() == {"current_track", "position"}
    for wrong in (3, 500, -1, 1.5, "two", None):
        answer = await call(alice, "POST", "position/", {"position": wrong})
        assert refused(answer, 400, "invalid").keys() == {"position"}, wrong
    assert refused(await call(alice, "POST", "position/", {}), 400, "invalid").keys() == {"position"}
    assert (await ok(alice, "GET", ""))["current_position"] == 2
    await ok(alice, "POST", "clear/")
    assert refused(await call(alice, "POST", "position/", {"position": 0}), 400, "invalid").keys() == {"position"}


@pytest.mark.gen_test(timeout=30)
async def test_patch_moves_to_a_track_or_a_position(served: Served) -> None:
    alice, songs = await alice_with(served, 3)
    await enqueue(alice, songs[0])
    by_position = await ok(alice, "PATCH", "", {"current_position": 1})
    assert (by_position["current_track_id"], by_position["current_position"]) == (songs[1], 1)
    assert {"id", "current_track_id", "current_position", "updated_at"} <= by_position.keys()
    # A song that is there twice: the one that comes next, not the one that was.
    assert (await ok(alice, "PATCH", "", {"current_track_id": songs[0]}))["current_position"] == 3
    both = {"current_track_id": songs[0], "current_position": 0}
    assert (await ok(alice, "PATCH", "", both))["current_position"] == 0
    again = await ok(alice, "GET", "")
    assert await ok(alice, "PATCH", "", both) == again
    for body, field in (
        ({}, "current_position"),
        ({"current_position": 4}, "current_position"),
        ({"current_position": -1}, "current_position"),
        ({"current_track_id": songs[1], "current_position": 2}, "current_position"),
        ({"current_track_id": "nonsense"}, "current_track_id"),
    ):
        assert refused(await call(alice, "PATCH", "", body), 400, "invalid").keys() == {field}, body
    refused(await call(alice, "PATCH", "", {"current_track_id": songs[5]}), 404, "no_such_entry")


@pytest.mark.gen_test(timeout=30)
async def test_clear_and_shuffle(served: Served) -> None:
    alice, songs = await alice_with(served, 8)
    await ok(alice, "POST", "position/", {"position": 1})
    assert await ok(alice, "POST", "shuffle/") == {"message": "Queue shuffled", "track_count": 8}
    orders = [await queued(alice)]
    while len({tuple(each) for each in orders}) < 2:
        await ok(alice, "POST", "shuffle/")
        orders.append(await queued(alice))
    for order in orders:
        assert order[:2] == songs[:2]
        assert sorted(order) == sorted(songs)
    assert (await ok(alice, "GET", ""))["current_position"] == 1
    assert await ok(alice, "POST", "clear/") == {"message": "Queue cleared"}
    assert (await ok(alice, "GET", ""))["track_count"] == 0


@pytest.mark.gen_test(timeout=30)
async def test_remove_and_move_an_entry(served: Served) -> None:
    alice, songs = await alice_with(served, 4)
    first, second, third, fourth = (wire["id"] for wire in await ok(alice, "GET", "tracks/"))
    assert await ok(alice, "PATCH", f"tracks/{first}/", {"position": 2}) == {"id": first, "position": 2}
    assert await queued(alice) == [songs[1], songs[2], songs[0], songs[3]]
    assert await ok(alice, "PATCH", f"tracks/{fourth}/", {"position": 0}) == {"id": fourth, "position": 0}
    assert await ok(alice, "PATCH", f"tracks/{second}/", {"position": 3}) == {"id": second, "position": 3}
    assert await queued(alice) == [songs[3], songs[2], songs[0], songs[1]]
    assert (await ok(alice, "GET", ""))["current_position"] == 2
    assert refused(await call(alice, "PATCH", f"tracks/{first}/", {"position": 4}), 400, "invalid").keys() == {
        "position"
    }
    await ok(alice, "DELETE", f"tracks/{third}/", status=204)
    assert await queued(alice) == [songs[3], songs[0], songs[1]]
    for method, body in (("DELETE", None), ("PATCH", {"position": 0})):
        refused(await call(alice, method, f"tracks/{third}/", body), 404, "no_such_entry")


@pytest.mark.gen_test(timeout=30)
async def test_stream_finds_or_adds(served: Served) -> None:
    alice, songs = await alice_with(served, 3)
    found = await ok(alice, "POST", "stream/", {"track_id": songs[1]})
    info = {"track_id": songs[1], "track_title": "Walk 1", "artist_name": "Carol", "duration": 40}
    assert found == {
        "stream_url": found["stream_url"],
        "track_info": info | {"why": "", "is_radio": False},
        "in_queue": True,
        "position": 1,
    }
    media = await served.http.get(found["stream_url"], headers={"Range": "bytes=0-99"})
    assert (media.status_code, len(media.content)) == (206, 100)
    added = await ok(alice, "POST", "stream/", {"track_id": songs[6]})
    assert (added["in_queue"], added["position"]) == (False, 2)
    assert await queued(alice) == [songs[0], songs[1], songs[6], songs[2]]
    queue = await ok(alice, "GET", "")
    assert (queue["current_track_id"], queue["is_playing"]) == (songs[6], False)
    assert (await ok(alice, "POST", "next/"))["current_track"]["track_id"] == songs[2]


@pytest.mark.gen_test(timeout=30)
async def test_tracks_that_are_not_there(served: Served) -> None:
    alice, _ = await alice_with(served, 1)
    before = await ok(alice, "GET", "")
    for path in ("enqueue/", "stream/"):
        refused(await call(alice, "POST", path, {"track_id": ABSENT}), 404, "no_such_track")
        for body in ({}, {"track_id": ""}, {"track_id": "no provider"}, {"track_id": ["local:1"]}):
            assert refused(await call(alice, "POST", path, body), 400, "invalid").keys() == {"track_id"}, body
    assert await ok(alice, "GET", "") == before


EVERY = [
    ("GET", ""),
    ("PATCH", ""),
    ("GET", "tracks/"),
    ("PATCH", "tracks/x/"),
    ("DELETE", "tracks/x/"),
    ("GET", "current/"),
    *(("POST", f"{name}/") for name in ("enqueue", "next", "previous", "clear", "position", "shuffle", "stream")),
    *(("POST", f"{name}/") for name in ("radio", "party")),
]
TAKE_A_BODY = [
    *(("PATCH", path) for path in ("", "tracks/x/")),
    *(("POST", f"{name}/") for name in ("enqueue", "position", "stream", "radio", "party")),
]


@pytest.mark.gen_test(timeout=30)
async def test_everything_needs_a_token(served: Served) -> None:
    for method, path in EVERY:
        refused(await served.http.request(method, f"{QUEUE}/{path}"), 401, "unauthenticated")
        bad = {"Authorization": "Bearer no.such.token"}
        refused(await served.http.request(method, f"{QUEUE}/{path}", headers=bad), 401, "token_invalid")


@pytest.mark.gen_test(timeout=30)
async def test_bodies_that_are_none(served: Served) -> None:
    alice = await served.person("Alice")
    for method, path in TAKE_A_BODY:
        for content, kind, status, code in (
            (b"{", "application/json", 400, "invalid_json"),
            (b"[]", "application/json", 400, "invalid_json"),
            (b"<a/>", "text/xml", 415, "unsupported_media_type"),
        ):
            headers = alice.headers | {"Content-Type": kind}
            answer = await served.http.request(method, f"{QUEUE}/{path}", content=content, headers=headers)
            refused(answer, status, code)
    assert refused(await call(alice, "POST", "radio/", {}), 400, "invalid").keys() == {"on"}
    answer = await served.http.put(f"{QUEUE}/", headers=alice.headers)
    refused(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, PATCH"


@pytest.mark.gen_test(timeout=30)
async def test_a_form_will_do(served: Served) -> None:
    alice, songs = await alice_with(served, 2)
    form: dict[str, Any] = {"position": "1"}
    answer = await served.http.post(f"{QUEUE}/position/", data=form, headers=alice.headers)
    assert answer.json()["current_track"]["track_id"] == songs[1]
