"""Rooms over HTTP: making, finding, joining, leaving, changing, closing; and every way to be refused."""

import xml.etree.ElementTree as ET
from typing import Any

import httpx
import pytest
import segno
from serving import Person, Served

ABSENT = "00000000-0000-4000-8000-000000000000"


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The answer is this error, in the one form that errors have; its fields."""
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert body["message"] == body["detail"] == body["error"]["message"] != ""
    return dict(body["error"].get("fields", {}))


@pytest.mark.gen_test(timeout=30)
async def test_the_room_object(served: Served) -> None:
    alice = await served.person("Alice")
    body = {"name": " Friday ", "description": "a\nb", "theme": "rose", "visibility": "private", "autoplay": False}
    answer = await alice.call("POST", "/api/rooms/create/", body)
    room = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/rooms/{room['code']}/"
    assert room.pop("room_id") == room["id"]
    person = {"id": alice.id, "name": "Alice", "role": "host", "is_host": True, "is_online": False, "is_active": True}
    assert room == {
        "id": room["id"],
        "code": room["code"],
        "name": "Friday",
        "description": "a\nb",
        "theme": "rose",
        "visibility": "private",
        "entry_mode": "public",
        "chat_enabled": True,
        "autoplay": False,
        "repeat": "off",
        "radio": False,
        "host": "Alice",
        "host_id": alice.id,
        "created_at": room["created_at"],
        "last_activity": room["created_at"],
        "is_playing": False,
        "current_position": 0,
        "current_song": None,
        "current_video_url": None,
        "current_video_title": None,
        "queue_length": 0,
        "participant_count": 1,
        "online_count": 0,
        "participants": [person | {"joined_at": room["created_at"]}],
    }
    for ref in (
        room["code"],
        room["code"].lower(),
        room["id"],
        room["id"].upper(),
        f"{room['code'][:3]}-{room['code'][3:]}",
    ):
        assert (await alice.call("GET", f"/api/rooms/{ref}/")).json() == room
        assert (await alice.call("GET", f"/api/rooms/{ref}")).json() == room


@pytest.mark.gen_test(timeout=30)
async def test_syncplays_own_words(served: Served) -> None:
    """The bodies of its document; whoever has no token gets one."""
    created = await served.http.post("/api/rooms/create/", json={"room_name": "Movie Night", "user_name": "Alice"})
    room = created.json()
    assert (created.status_code, room["name"], room["host"]) == (201, "Movie Night", "Alice")
    joined = await served.http.post("/api/rooms/join/", json={"room_id": room["room_id"], "user_name": "Bob"})
    bob = joined.json()
    assert (joined.status_code, bob["status"], bob["room_id"]) == (200, "JOINED", room["room_id"])
    assert [person["name"] for person in bob["participants"]] == ["Alice", "Bob"]
    assert room["access_token"] != bob["access_token"]
    host = {"Authorization": f"Bearer {room['access_token']}"}
    track = {"url": "https://media.example/film.mp4", "title": "Film", "duration": 600, "kind": "video"}
    path = f"/api/rooms/{room['room_id']}"
    assert (await served.http.post(f"{path}/queue/", json=track, headers=host)).status_code == 201
    control = {"user_id": room["host_id"], "action": "play", "position": 120}
    playing = await served.http.post(f"{path}/control/", json=control, headers=host)
    assert playing.json()["is_playing"]
    assert 120 <= playing.json()["current_position"] < 130
    assert playing.json()["current_video_title"] == "Film"
    guest = {"Authorization": f"bearer {bob['access_token']}"}
    refused(await served.http.post(f"{path}/control/", json=control, headers=guest), 403, "forbidden")
    assert (await served.http.delete(f"{path}/leave/", headers=guest)).status_code == 200
    assert (await served.http.get("/api/health/")).json()["status"] == "ok"


@pytest.mark.gen_test(timeout=30)
async def test_bodies_that_will_not_do(served: Served) -> None:
    alice = await served.person("Alice")
    create = "/api/rooms/create/"
    for body, fields in (
        ({}, {"name"}),
        ({"name": "  "}, {"name"}),
        ({"name": 7}, {"name"}),
        ({"name": "x" * 81}, {"name"}),
        ({"name": "a\u202eb"}, {"name"}),
        ({"name": "x", "visibility": "secret"}, {"visibility"}),
        ({"name": "x", "entry_mode": "secret"}, {"entry_mode"}),
        ({"name": "x", "entry_mode": "password"}, {"password"}),
        ({"name": "x", "entry_mode": "public", "password": "open sesame"}, {"password"}),
        ({"name": "x", "password": "no"}, {"password"}),
        ({"name": "x", "description": "x" * 501}, {"description"}),
        ({"name": "x", "chat_enabled": "maybe"}, {"chat_enabled"}),
    ):
        assert refused(await alice.call("POST", create, body), 400, "invalid").keys() == fields, body
        assert (
            refused(await served.http.post(create, json=body | {"user_name": "Bob"}), 400, "invalid").keys() == fields
        )
    assert refused(await served.http.post(create, json={"name": "x"}), 400, "invalid").keys() == {"user_name"}
    for content, kind, status, code in (
        (b"{", "application/json", 400, "invalid_json"),
        (b"[]", "application/json", 400, "invalid_json"),
        (b'{"name": "\\ud800"}', "application/json", 400, "invalid_json"),
        (b"\xff", "application/json", 400, "invalid_json"),
        (b"[" * 100_000, "application/json", 400, "invalid_json"),
        (b"name=%ff", "application/x-www-form-urlencoded", 400, "invalid_form"),
        (b'{"name": "x"}', "text/plain", 415, "unsupported_media_type"),
        (b'{"name": "x"}', "", 415, "unsupported_media_type"),
        (b'{"name": "%s"}' % (b"x" * (1 << 20)), "application/json", 413, "too_large"),
        (b'{"name": "%s"}' % (b"x" * (5 << 20)), "application/json", 413, "too_large"),
    ):
        answer = await served.http.post(create, content=content, headers=alice.headers | {"Content-Type": kind})
        refused(answer, status, code)
    form = await served.http.post(create, data={"name": "Form", "chat_enabled": "false"}, headers=alice.headers)
    assert (form.status_code, form.json()["chat_enabled"]) == (201, False)
    assert (await served.http.get("/api/rooms/")).json()["count"] == 1


@pytest.mark.gen_test(timeout=30)
async def test_the_list_of_rooms(served: Served) -> None:
    alice = await served.person("Alice")
    first = await served.room(alice, name="First")
    await served.room(alice, name="Hidden", visibility="private")
    second = await served.room(alice, name="Second")
    answer = await served.http.get("/api/rooms")
    assert answer.status_code == 200
    assert [room["code"] for room in answer.json()["rooms"]] == [second, first]
    assert all("participants" not in room for room in answer.json()["rooms"])
    assert (await alice.call("PATCH", f"/api/rooms/{second}/", {"visibility": "private"})).status_code == 200
    assert (await served.http.get("/api/rooms/")).json()["count"] == 1
    refused(await served.http.get("/api/rooms/", headers={"Authorization": "Bearer nonsense"}), 401, "token_invalid")
    refused(await served.http.get("/api/rooms/", headers={"Authorization": "Basic eDp5"}), 401, "unauthenticated")


@pytest.mark.gen_test(timeout=30)
async def test_joining_leaving_and_closing(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    for body in ({"code": code}, {"room_code": code.lower()}):
        joined = await bob.call("POST", "/api/rooms/join", body)
        assert (joined.status_code, joined.json()["participant_count"]) == (200, 2)
        assert "access_token" not in joined.json()
    assert refused(await bob.call("POST", "/api/rooms/join/", {}), 400, "invalid").keys() == {"code"}
    refused(await bob.call("POST", "/api/rooms/join/", {"code": "ZZZZZZ"}), 404, "no_such_room")
    assert refused(await served.http.post("/api/rooms/join/", json={"code": code}), 400, "invalid").keys() == {
        "user_name"
    }
    refused(await bob.call("DELETE", f"/api/rooms/{code}/"), 403, "forbidden")
    assert (await bob.call("POST", f"/api/rooms/{code}/leave")).json() == {"message": "You left the room."}
    refused(await bob.call("POST", f"/api/rooms/{code}/leave/"), 403, "not_a_member")
    gone = await alice.call("DELETE", f"/api/rooms/{code}")
    assert (gone.status_code, gone.content) == (204, b"")
    refused(await alice.call("DELETE", f"/api/rooms/{code}/"), 404, "no_such_room")


@pytest.mark.gen_test(timeout=30)
async def test_settings_roles_and_hosts(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    path = f"/api/rooms/{code}"
    changed = await alice.call("PATCH", f"{path}/", {"name": "Saturday", "repeat": "all"})
    assert (changed.json()["name"], changed.json()["repeat"]) == ("Saturday", "all")
    refused(await alice.call("PATCH", f"{path}/", {}), 400, "invalid")
    assert refused(await alice.call("PATCH", f"{path}/", {"repeat": "some"}), 400, "invalid").keys() == {"repeat"}
    refused(await bob.call("PATCH", f"{path}/", {"name": "x"}), 403, "not_a_member")
    refused(await alice.call("PATCH", f"{path}/members/{bob.id}/", {"role": "cohost"}), 404, "no_such_member")
    await bob.call("POST", "/api/rooms/join/", {"code": code})
    refused(await bob.call("PATCH", f"{path}/", {"name": "x"}), 403, "forbidden")
    cohost = await alice.call("PATCH", f"{path}/members/{bob.id}", {"role": "cohost"})
    assert [person["role"] for person in cohost.json()["participants"]] == ["host", "cohost"]
    refused(await alice.call("PATCH", f"{path}/members/{bob.id}/", {"role": "king"}), 400, "invalid")
    refused(await alice.call("PATCH", f"{path}/members/{alice.id}/", {"role": "member"}), 409, "is_host")
    assert (await alice.call("POST", f"{path}/host", {"user_id": bob.id})).json()["host_id"] == bob.id
    refused(await alice.call("POST", f"{path}/host/", {"user_id": alice.id}), 403, "forbidden")
    assert refused(await bob.call("POST", f"{path}/host/", {}), 400, "invalid").keys() == {"user_id"}


@pytest.mark.gen_test(timeout=40)
async def test_private_rooms_look_absent(served: Served) -> None:
    """To whoever is not in it, a private room answers as a room that is not there, whatever is asked."""
    alice, bob = await served.person("Alice"), await served.person("Bob")
    private = await served.room(alice, visibility="private")
    for method, rest, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("POST", "leave/", None),
        ("POST", "host/", {"user_id": bob.id}),
        ("PATCH", f"members/{bob.id}/", {"role": "cohost"}),
        ("POST", "control/", {"action": "play"}),
        ("GET", "queue/", None),
        ("POST", "queue/", {"url": "https://media.example/a.mp3"}),
        ("POST", "queue/move/", {"entry": "x"}),
        ("POST", "queue/shuffle/", None),
        ("POST", "queue/clear/", None),
        ("PATCH", "queue/abc/", {"play": True}),
        ("DELETE", "queue/abc/", None),
        ("GET", "messages/", None),
        ("POST", "messages/", {"text": "x"}),
    ):
        answers = [await bob.call(method, f"/api/rooms/{ref}/{rest}", body) for ref in (private, ABSENT, "ZZZZZZ")]
        assert {(a.status_code, a.content) for a in answers} == {(404, answers[0].content)}, (method, rest)
        refused(answers[0], 404, "no_such_room")
        if (method, rest) in {("GET", ""), ("GET", "queue/")}:
            refused(await served.http.get(f"/api/rooms/{private}/{rest}"), 404, "no_such_room")
        else:
            refused(
                await served.http.request(method, f"/api/rooms/{private}/{rest}", json=body), 401, "unauthenticated"
            )


@pytest.mark.gen_test(timeout=30)
async def test_addresses_and_methods_that_are_none(served: Served) -> None:
    for path in ("/api", "/api/", "/api/nothing", "/rooms/api/x", "/api/rooms/a/b/c/d", "/api/rooms//"):
        refused(await served.http.get(path), 404, "not_found")
    for method, path, allowed in (
        ("GET", "/api/rooms/create/", None),
        ("PUT", "/api/rooms/", "GET"),
        ("POST", "/api/rooms/ABCDEF/", "DELETE, GET, PATCH"),
        ("GET", "/api/rooms/ABCDEF/control/", "POST"),
    ):
        answer = await served.http.request(method, path)
        if allowed is not None:
            refused(answer, 405, "method_not_allowed")
            assert sorted(answer.headers["Allow"].split(", ")) == allowed.split(", ")
    refused(await served.http.get("/api/rooms/%ff/"), 400, "bad_request")
    refused(await served.http.get("/api/catalogue/search/?q=%ff"), 401, "unauthenticated")


@pytest.mark.gen_test(timeout=30)
async def test_the_qr_code_is_of_the_link(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    # No proxy is ours here, so nobody is believed who says that the line is TLS.
    forwarded = {"X-Forwarded-Proto": "https", "Host": "party.example"}
    for headers, base in (({}, f"http://127.0.0.1:{served.port}"), (forwarded, "http://party.example")):
        answer = await served.http.get(f"/api/rooms/{code.lower()}/qr.svg", headers=headers)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml")
        wanted = segno.make(f"{base}/r/{code}", error="m").svg_inline(scale=8, border=2, dark="#000", light="#fff")
        assert answer.text == wanted
        assert ET.fromstring(answer.text).tag.endswith("svg")
    refused(await served.http.get("/api/rooms/ZZZZZZ/qr.svg"), 404, "no_such_room")


@pytest.mark.gen_test(timeout=30)
async def test_an_idempotency_key_makes_repeating_safe(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    path = f"/api/rooms/{code}/messages/"

    async def say(person: Person, key: str | None) -> int:
        headers = person.headers | ({"Idempotency-Key": key} if key else {})
        answer = await served.http.post(path, json={"text": "hi"}, headers=headers)
        assert answer.status_code == 201
        return int(answer.json()["rev"])

    assert await say(alice, "k1") == await say(alice, "k1")
    await say(alice, "k2")
    await say(alice, None)
    await say(alice, None)
    assert (await alice.call("GET", path)).json()["count"] == 4
    leave = {"Idempotency-Key": "bye"}
    bob = await served.person("Bob")
    await bob.call("POST", "/api/rooms/join/", {"code": code})
    for _ in range(2):
        answer = await served.http.post(f"/api/rooms/{code}/leave/", headers=bob.headers | leave)
        assert answer.status_code == 200
