"""The third seed document, word by word: its command lines, its addresses, and who is who in their answers."""

import asyncio
from typing import Any

import httpx
import pytest
from serving import Served
from syncplay_world import FILM, both, create, pair
from test_rooms_http import ABSENT, refused


async def curl(served: Served, command: str) -> httpx.Response:
    """What the document's own command line answers: run as it stands, but for the server's address."""
    spoken = command.replace("http://localhost:8000", f"http://127.0.0.1:{served.port}")
    line = f"{spoken.strip()} --silent --noproxy '*' --write-out '\n%{{http_code}}'"
    process = await asyncio.create_subprocess_shell(line, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    body, _, status = out.decode().rpartition("\n")
    return httpx.Response(int(status), content=body, headers={"Content-Type": "application/json"})


# The command lines of the document


@pytest.mark.gen_test(timeout=30)
async def test_the_curl_examples_run_as_they_stand(served: Served) -> None:
    created = await curl(
        served,
        """curl -X POST http://localhost:8000/api/rooms/create/ \\
  -H "Content-Type: application/json" \\
  -d '{
    "room_name": "Movie Night",
    "user_name": "Alice"
  }'""",
    )
    room = created.json()
    assert (created.status_code, room["name"], room["host"]) == (201, "Movie Night", "Alice")
    joining = """curl -X POST http://localhost:8000/api/rooms/join/ \\
  -H "Content-Type: application/json" \\
  -d '{
    "room_id": "550e8400-e29b-41d4-a716-446655440000",
    "user_name": "Bob"
  }'"""
    assert (await curl(served, joining)).status_code == 404
    joined = await curl(served, joining.replace("550e8400-e29b-41d4-a716-446655440000", room["room_id"]))
    assert (joined.status_code, joined.json()["status"]) == (200, "JOINED")
    control = """curl -X POST http://localhost:8000/api/rooms/{room_id}/control/ \\
  -H "Content-Type: application/json" \\
  -d '{
    "user_id": "host-user-id",
    "action": "play",
    "position": 120
  }'"""
    assert (await curl(served, control.replace("{room_id}", room["room_id"]))).status_code == 401
    known = control.replace("{room_id}", room["room_id"]).replace("host-user-id", room["user_id"])
    playing = (await curl(served, known)).json()
    assert playing["is_playing"]
    assert 120 <= playing["current_position"] < 140
    health = await curl(served, "curl http://localhost:8000/api/health/")
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    rooms = await curl(served, "curl http://localhost:8000/api/rooms/")
    assert [each["id"] for each in rooms.json()["rooms"]] == [room["id"]]


# HTTP


@pytest.mark.gen_test(timeout=20)
async def test_create_answers_the_room_a_private_user_id_and_a_token(served: Served) -> None:
    alice = await create(served)
    room = alice.answer
    assert alice.private != alice.public == room["public_id"]
    fields = ("current_video_url", "current_video_title", "current_position", "is_playing")
    assert [room[field] for field in fields] == [None, None, 0, False]
    assert room["created_at"]
    token = {"Authorization": f"Bearer {room['access_token']}"}
    assert (
        await served.http.patch(f"/api/rooms/{room['code']}/", json={"name": "x"}, headers=token)
    ).status_code == 200
    assert refused(await served.http.post("/api/rooms/create/", json={"room_name": "x"}), 400, "invalid") == {
        "user_name": "is needed without an access token"
    }


@pytest.mark.gen_test(timeout=20)
async def test_create_and_join_with_a_user_id_are_that_users(served: Served) -> None:
    alice = await create(served)
    again = await create(served, user_id=alice.private, user_name="")
    assert (again.public, again.private) == (alice.public, alice.private)
    answer = await served.http.post("/api/rooms/join/", json={"room_id": again.answer["id"], "user_id": alice.private})
    assert (answer.status_code, answer.json()["participant_count"]) == (200, 1)


@pytest.mark.gen_test(timeout=20)
async def test_details_name_the_people_of_the_room(served: Served) -> None:
    *_, alice, bob, room = await pair(served)
    shown = (await served.http.get(f"/api/rooms/{room}/")).json()
    assert shown["host_id"] == alice.public
    people = [(p["id"], p["name"], p["is_host"], p["is_online"]) for p in shown["participants"]]
    assert people == [(alice.public, "Alice", True, True), (bob.public, "Bob", False, True)]
    assert all(person["joined_at"] for person in shown["participants"])
    refused(await served.http.get(f"/api/rooms/{ABSENT}/"), 404, "no_such_room")


@pytest.mark.gen_test(timeout=20)
async def test_a_private_room_is_shown_to_its_people_by_their_user_id(served: Served) -> None:
    alice = await create(served, visibility="private")
    path = f"/api/rooms/{alice.answer['id']}/"
    refused(await served.http.get(path), 404, "no_such_room")
    assert (await served.http.get(path, params={"user_id": alice.private})).status_code == 200
    assert (await served.http.get("/api/rooms/")).json() == {"rooms": [], "count": 0}


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize("how", ["body", "query"])
async def test_leave_by_delete_with_a_user_id(served: Served, how: str) -> None:
    host, guest, _, bob, room = await pair(served)
    given: dict[str, Any] = {"json" if how == "body" else "params": {"user_id": bob.private}}
    answer = await served.http.request("DELETE", f"/api/rooms/{room}/leave/", **given)
    assert answer.status_code == 200
    assert (await host.next() or {})["type"] == "user_left"
    assert await guest.closed() == 1000
    refused(await served.http.request("DELETE", f"/api/rooms/{room}/leave/", **given), 403, "not_a_member")
    refused(await served.http.delete(f"/api/rooms/{room}/leave/"), 401, "unauthenticated")


@pytest.mark.gen_test(timeout=20)
async def test_control_is_the_hosts(served: Served) -> None:
    host, guest, alice, bob, room = await pair(served)
    path = f"/api/rooms/{room}/control/"

    async def control(user: str, **body: Any) -> httpx.Response:
        return await served.http.post(path, json={"user_id": user} | body)

    for action, position in (("play", 120), ("seek", 30), ("pause", 31)):
        assert (await control(alice.private, action=action, position=position)).status_code == 200
        await both(host, guest, action, alice, position=position)
    refused(await control(bob.private, action="play"), 403, "forbidden")
    for stranger in (alice.public, bob.public, ABSENT, "host-user-id"):
        refused(await control(stranger, action="play"), 401, "token_invalid")
    refused(await control("", action="play"), 401, "unauthenticated")
    assert refused(await control(alice.private, action="dance"), 400, "invalid").keys() == {"action"}
    assert refused(await control(alice.private, action="seek"), 400, "invalid").keys() == {"position"}


@pytest.mark.gen_test(timeout=60)
async def test_change_video_begins_at_its_start_and_keeps_the_room_playing_or_paused(served: Served) -> None:
    host, guest, alice, bob, room = await pair(served)
    path = f"/api/rooms/{room}/change-video/"
    film = {"video_url": FILM["videoUrl"], "video_title": FILM["videoTitle"]}
    changed = await served.http.post(path, json=film | {"user_id": alice.private}, timeout=20)
    shown = changed.json()
    assert (shown["current_video_url"], shown["current_video_title"]) == tuple(FILM.values())
    assert (changed.status_code, shown["is_playing"], shown["current_position"]) == (200, False, 0)
    await both(host, guest, "video_changed", alice, **FILM)
    await both(host, guest, "pause", alice, position=0)
    await host.say(**alice.says("play", position=8))
    await both(host, guest, "play", alice, position=8)
    other = {"video_url": "https://example.com/other.mp4", "user_id": alice.private}
    assert (await served.http.post(path, json=other, timeout=20)).json()["is_playing"]
    await both(host, guest, "video_changed", alice, videoUrl=other["video_url"], videoTitle="other")
    await both(host, guest, "play", alice, position=0)
    refused(await served.http.post(path, json=film | {"user_id": bob.private}), 403, "forbidden")
    refused(await served.http.post(path, json=film), 401, "unauthenticated")
    own = {"user_id": alice.private}
    assert refused(await served.http.post(path, json=own), 400, "invalid").keys() == {"video_url"}
    for url in ("", "not a link", "ftp://example.com/a.mp4"):
        answer = await served.http.post(path, json=own | {"video_url": url})
        assert refused(answer, 400, "invalid").keys() == {"video_url"}


@pytest.mark.gen_test(timeout=20)
async def test_messages_with_a_user_id(served: Served) -> None:
    host, guest, _, bob, room = await pair(served)
    await guest.say(**bob.says("chat", message="hello"))
    await host.until(type="chat")
    answer = await served.http.get(f"/api/rooms/{room}/messages/", params={"user_id": bob.private})
    (line,) = answer.json()["messages"]
    assert (line["user_id"], line["message_type"], line["data"]) == (bob.public, "chat", {"message": "hello"})
    assert line["id"]
    assert line["timestamp"]
    refused(await served.http.get(f"/api/rooms/{room}/messages/"), 401, "unauthenticated")
    refused(await served.http.get(f"/api/rooms/{room}/messages/?user_id={bob.public}"), 401, "token_invalid")


@pytest.mark.gen_test(timeout=20)
async def test_sessions_are_shown_to_the_host(served: Served) -> None:
    *_, alice, bob, room = await pair(served)
    path = f"/api/rooms/{room}/sessions/"
    shown = (await served.http.get(path, params={"user_id": alice.private})).json()
    assert [session["user_id"] for session in shown["sessions"]] == [alice.public, bob.public]
    first = shown["sessions"][0]
    assert first.keys() == {"room", "user_id", "name", "channel_name", "connected_at", "last_activity"}
    assert first["connected_at"] <= first["last_activity"]
    refused(await served.http.get(path, params={"user_id": bob.private}), 403, "forbidden")
