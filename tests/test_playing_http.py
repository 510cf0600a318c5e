"""A room's queue, playback, chat and search over HTTP; and health."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from serving import Person, Served
from test_rooms_http import refused
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from roomd.handlers.base import log_request
from roomd.handlers.misc import HealthHandler
from roomd.health import Health
from roomd.store import postgres
from roomd.store import redis as redis_store
from roomd.store.rooms import RoomStore


async def room_with(served: Served, *titles: str) -> tuple[Person, str, list[str]]:
    """Alice, the path of her room, which plays nothing yet, and the ids of what is queued."""
    alice = await served.person("Alice")
    path = f"/api/rooms/{await served.room(alice, autoplay=False)}"
    if not titles:
        return alice, path, []
    answer = await alice.call("POST", f"{path}/queue/", {"tracks": [track(title) for title in titles]})
    assert answer.status_code == 201, answer.text
    return alice, path, [entry["id"] for entry in answer.json()["entries"]]


def track(title: str) -> dict[str, Any]:
    """One that needs no looking at."""
    return {"url": f"https://media.example/{title}.mp3", "title": title, "duration": 60.5, "kind": "audio"}


def titles_of(queue: dict[str, Any]) -> list[str]:
    return [entry["title"] for entry in queue["entries"]]


@pytest.mark.gen_test(timeout=30)
async def test_the_queue_object(served: Served) -> None:
    alice, path, [first, second] = await room_with(served, "one", "two")
    shown = (await served.http.get(f"{path}/queue")).json()
    assert (shown["count"], shown["current"]) == (2, None)
    assert shown["entries"][0] == {
        "id": first,
        "title": "one",
        "artist": "",
        "album": "",
        "url": "https://media.example/one.mp3",
        "cover": "",
        "kind": "audio",
        "source": "",
        "duration": 60.5,
        "added_by": {"id": alice.id, "name": "Alice"},
        "added_at": shown["entries"][0]["added_at"],
        "why": "",
        "position": 0,
        "is_current": False,
    }
    single = await alice.call("POST", f"{path}/queue", track("three") | {"at": "end"})
    assert (single.status_code, titles_of(single.json())) == (201, ["one", "two", "three"])
    played = await alice.call("PATCH", f"{path}/queue/{second}", {"play": True})
    assert played.json()["current"] == second
    assert [entry["is_current"] for entry in played.json()["entries"]] == [False, True, False]
    following = await alice.call("POST", f"{path}/queue/", track("now") | {"at": "next"})
    assert titles_of(following.json()) == ["one", "two", "now", "three"]
    moved = await alice.call("PATCH", f"{path}/queue/{second}/", {"before": first})
    assert titles_of(moved.json()) == ["two", "one", "now", "three"]
    moved = await alice.call("POST", f"{path}/queue/move", {"entry": second})
    assert titles_of(moved.json())[-1] == "two"
    assert (await alice.call("POST", f"{path}/queue/shuffle")).status_code == 200
    gone = await alice.call("DELETE", f"{path}/queue/{first}")
    assert (gone.status_code, gone.content) == (204, b"")
    refused(await alice.call("DELETE", f"{path}/queue/{first}/"), 404, "no_such_entry")
    assert (await alice.call("POST", f"{path}/queue/clear")).json() == {"entries": [], "count": 0, "current": None}


@pytest.mark.gen_test(timeout=30)
async def test_queue_bodies_that_will_not_do(served: Served) -> None:
    alice, path, [entry] = await room_with(served, "one")
    for body, fields in (
        ({}, {"url"}),
        ({"url": "  "}, {"url"}),
        ({"url": "not a link"}, {"tracks[0].url"}),
        ({"url": "javascript:alert(1)"}, {"tracks[0].url"}),
        ({"tracks": [track("a"), {"url": "file:///etc/passwd"}]}, {"tracks[1].url"}),
        ({"tracks": [track("a")] * 101}, {"tracks"}),
        (track("a") | {"duration": -1}, {"duration"}),
        (track("a") | {"title": "x" * 301}, {"tracks[0].title"}),
        (track("a") | {"at": "before"}, {"at"}),
        (track("a") | {"kind": "smell"}, {"kind"}),
    ):
        answer = await alice.call("POST", f"{path}/queue/", body)
        assert refused(answer, 400, "invalid").keys() == fields, body
    for body in ({}, {"play": True, "duration": 3}, {"duration": 0}, {"play": "yes please"}):
        refused(await alice.call("PATCH", f"{path}/queue/{entry}/", body), 400, "invalid")
    refused(await alice.call("PATCH", f"{path}/queue/gone/", {"play": True}), 404, "no_such_entry")
    refused(await alice.call("POST", f"{path}/queue/move/", {"entry": entry, "before": "gone"}), 404, "no_such_entry")
    assert refused(await alice.call("POST", f"{path}/queue/move/", {}), 400, "invalid").keys() == {"entry"}
    bob = await served.person("Bob")
    refused(await bob.call("POST", f"{path}/queue/", track("x")), 403, "not_a_member")
    assert (await served.http.get(f"{path}/queue/")).json()["count"] == 1


@pytest.mark.gen_test(timeout=30)
async def test_a_full_queue(served: Served) -> None:
    alice, path, _ = await room_with(served)
    for _ in range(5):
        assert (await alice.call("POST", f"{path}/queue/", {"tracks": [track("x")] * 100})).status_code == 201
    refused(await alice.call("POST", f"{path}/queue/", track("more")), 409, "queue_full")
    assert (await served.http.get(f"{path}/queue/")).json()["count"] == 500


@pytest.mark.gen_test(timeout=30)
async def test_control(served: Served) -> None:
    alice, path, [first, second] = await room_with(served, "one", "two")

    async def control(**body: Any) -> dict[str, Any]:
        answer = await alice.call("POST", f"{path}/control/", body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    playing = await control(action="play", position=12.25)
    assert (playing["is_playing"], playing["current_song"]["id"]) == (True, first)
    assert 12.25 <= playing["current_position"] < 20
    paused = await control(action="pause", position=30)
    assert (paused["is_playing"], paused["current_position"]) == (False, 30)
    assert (await control(action="seek", position=5))["current_position"] == 5
    assert (await control(action="next"))["current_song"]["id"] == second
    assert (await control(action="previous"))["current_song"]["id"] == first
    assert (await alice.call("PATCH", f"{path}/queue/{second}/", {"duration": 61})).status_code == 200
    for body, fields in (
        ({}, {"action"}),
        ({"action": "stop"}, {"action"}),
        ({"action": "seek"}, {"position"}),
        ({"action": "seek", "position": -1}, {"position"}),
        ({"action": "seek", "position": 1e9}, {"position"}),
        ({"action": "play", "position": "soon"}, {"position"}),
    ):
        assert refused(await alice.call("POST", f"{path}/control", body), 400, "invalid").keys() == fields, body
    for position in ("nan", "inf", "-inf"):
        form = {"action": "seek", "position": position}
        answer = await served.http.post(f"{path}/control/", data=form, headers=alice.headers)
        assert refused(answer, 400, "invalid").keys() == {"position"}
    await alice.call("POST", f"{path}/queue/clear/")
    refused(await alice.call("POST", f"{path}/control/", {"action": "play"}), 409, "nothing_to_play")


@pytest.mark.gen_test(timeout=30)
async def test_messages(served: Served) -> None:
    alice, path, _ = await room_with(served)
    for n in range(7):
        said = await alice.call("POST", f"{path}/messages", {"message" if n % 2 else "text": f"line {n}"})
        assert (said.status_code, list(said.json())) == (201, ["rev"])
    shown = (await alice.call("GET", f"{path}/messages/?limit=3")).json()
    assert ([m["message"] for m in shown["messages"]], shown["count"]) == (["line 4", "line 5", "line 6"], 3)
    line = shown["messages"][0]
    assert line == {
        "id": line["id"],
        "user_id": alice.id,
        "user": "Alice",
        "message_type": "chat",
        "message": "line 4",
        "data": {"message": "line 4"},
        "reply_to": None,
        "reactions": {},
        "timestamp": line["timestamp"],
    }
    older = (await alice.call("GET", f"{path}/messages/?limit=3&before={line['id']}")).json()
    assert [m["message"] for m in older["messages"]] == ["line 1", "line 2", "line 3"]
    assert (await alice.call("GET", f"{path}/messages/?before=gone")).json()["count"] == 0
    for limit in ("0", "201", "-1", "x", "", "000000001999", "٣", "1e1"):
        answer = await alice.call("GET", f"{path}/messages/?limit={limit}")
        if limit:
            assert refused(answer, 400, "invalid").keys() == {"limit"}, limit
    for body in ({}, {"text": " "}, {"text": "x" * 2_001}):
        assert refused(await alice.call("POST", f"{path}/messages/", body), 400, "invalid").keys() == {"text"}
    bob = await served.person("Bob")
    refused(await bob.call("GET", f"{path}/messages/"), 403, "not_a_member")
    await alice.call("PATCH", f"{path}/", {"chat_enabled": False})
    refused(await alice.call("POST", f"{path}/messages/", {"text": "x"}), 403, "chat_disabled")


@pytest.mark.gen_test(timeout=30)
async def test_search_finds_what_can_be_queued(served: Served) -> None:
    alice, path, _ = await room_with(served)
    found = (await alice.call("GET", "/api/catalogue/search?q=long+walk")).json()
    assert [hit["title"] for hit in found["tracks"]] == ["Long Walk"]
    added = await alice.call("POST", f"{path}/queue/", {"url": found["tracks"][0]["url"]})
    entry = added.json()["entries"][0]
    assert (entry["title"], entry["artist"], entry["duration"]) == ("Long Walk", "Carol", 60)
    refused(await alice.call("GET", "/api/catalogue/search/?q=x&limit=51"), 400, "invalid")
    refused(await alice.call("GET", f"/api/catalogue/search/?q={'x' * 2_000}"), 400, "invalid")
    refused(await alice.call("GET", "/api/catalogue/search/?q=%ff"), 400, "bad_request")


@pytest.mark.gen_test(timeout=30)
async def test_health(served: Served) -> None:
    for path in ("/api/health/", "/api/health", "/health", "/health/"):
        answer = await served.http.get(path)
        body = answer.json()
        assert (answer.status_code, body["status"], body["sockets"]) == (200, "ok", 0)
        assert body["redis"]["ok"]
        assert body["postgres"]["ok"]


@pytest.mark.gen_test(timeout=30)
async def test_health_says_which_part_is_away(served: Served, database_url: str) -> None:
    closed, port = bind_unused_port()
    closed.close()
    nowhere = redis_store.connect(f"redis://127.0.0.1:{port}")
    pool, shut = await postgres.connect(database_url), await postgres.connect(database_url)
    await shut.close()
    redis_there, redis_away = served.services.rooms.ping, RoomStore(nowhere).ping
    for redis, database, status, word in (
        (redis_there, pool, 200, "ok"),
        (redis_away, pool, 503, "unavailable"),
        (redis_there, shut, 200, "degraded"),
        (redis_away, shut, 503, "unavailable"),
    ):
        health = Health({"redis": redis, "postgres": partial(postgres.ping, database)})
        given = {"services": replace(served.services, health=health)}
        app = Application([(r"/health", HealthHandler, given)], log_function=log_request)
        server = HTTPServer(app)
        socket, port = bind_unused_port()
        server.add_socket(socket)
        answer = await served.http.get(f"http://127.0.0.1:{port}/health")
        body = answer.json()
        assert (answer.status_code, body["status"]) == (status, word)
        assert (body["redis"]["ok"], body["postgres"]["ok"]) == (redis is redis_there, database is pool)
        server.stop()
        await server.close_all_connections()
    await pool.close()
    await nowhere.aclose(close_connection_pool=True)


@pytest.mark.gen_test(timeout=30)
async def test_the_last_edit_can_be_taken_back(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    path = f"/api/rooms/{code}/queue/"
    link = {"url": "https://music.example/one.mp3", "title": "One", "duration": 60, "kind": "audio"}
    assert (await alice.call("POST", path, link)).status_code == 201
    assert (await alice.call("POST", f"{path}clear/")).json()["count"] == 0
    back = (await alice.call("POST", f"{path}undo/")).json()
    assert [entry["title"] for entry in back["entries"]] == ["One"]
    assert (await alice.call("POST", f"{path}undo/")).json()["count"] == 0
    assert (await alice.call("POST", f"{path}undo/")).json()["error"]["code"] == "nothing_to_undo"
