"""The third seed document, word by word: its addresses, its envelope, its messages, and who is who in them."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from serving import Live, Served
from test_rooms_http import ABSENT, refused
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import websocket_connect
from transcript import play

from roomd.handlers import streamit
from roomd.handlers.wire import Patience

FILM = {"videoUrl": "https://example.com/video.mp4", "videoTitle": "Video Title"}


@pytest.fixture
def hasty_port(io_loop: IOLoop, served: Served) -> Iterator[int]:
    """The same server behind a socket that waits for nobody."""
    given = {"services": served.services, "patience": Patience(hello_s=0.05, silent_s=5)}
    server = HTTPServer(Application([(streamit.PATH, streamit.SyncPlaySocket, given)]))
    socket, port = bind_unused_port()
    server.add_socket(socket)
    yield port
    server.stop()
    io_loop.run_sync(server.close_all_connections)


@dataclass
class Guest:
    """Somebody without a token: their private id, and what others call them."""

    private: str
    public: str
    answer: dict[str, Any]

    def says(self, kind: str, **data: Any) -> dict[str, Any]:
        return {"type": kind, "userId": self.private, "data": data}


async def create(served: Served, **body: Any) -> Guest:
    answer = await served.http.post(
        "/api/rooms/create/", json={"room_name": "Movie Night", "user_name": "Alice"} | body
    )
    assert answer.status_code == 201, answer.text
    return Guest(answer.json()["user_id"], answer.json()["host_id"], answer.json())


async def join(served: Served, room: str, name: str = "Bob", **body: Any) -> Guest:
    answer = await served.http.post("/api/rooms/join/", json={"room_id": room, "user_name": name} | body)
    assert answer.status_code == 200, answer.text
    got = answer.json()
    return Guest(got["user_id"], got["public_id"], got)


async def enter(served: Served, guest: Guest, room: str) -> Live:
    """The socket, with the answer to its join heard."""
    live = await served.socket(f"/ws/room/{room}/")
    await live.say(**guest.says("join"))
    state = await live.next()
    assert state is not None
    assert state["type"] == "room_state", state
    return live


async def pair(served: Served, **body: Any) -> tuple[Live, Live, Guest, Guest, str]:
    """Alice, who hosts, and Bob; neither has anything left to hear."""
    alice = await create(served, **body)
    room = alice.answer["id"]
    bob = await join(served, room)
    host, guest = await enter(served, alice, room), await enter(served, bob, room)
    joined = {"userName": "Bob", "isHost": False}
    assert await host.next() == {"type": "user_joined", "userId": bob.public, "data": joined}
    return host, guest, alice, bob, room


async def both(host: Live, guest: Live, kind: str, sender: Guest, **data: Any) -> None:
    for live in (host, guest):
        assert await live.next() == {"type": kind, "userId": sender.public, "data": data}


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


# The socket


@pytest.mark.gen_test(timeout=20)
async def test_join_is_answered_with_room_state_and_told_to_the_others(served: Served) -> None:
    alice = await create(served)
    room = alice.answer["id"]
    host = await enter(served, alice, room)
    state = host.heard[0]
    assert state["userId"] == alice.public
    assert {"userName": "Alice", "isHost": True, "isPlaying": False, "position": 0}.items() <= state["data"].items()
    assert {"videoUrl": "", "videoTitle": "", "id": room, "host_id": alice.public}.items() <= state["data"].items()
    bob = await join(served, room)
    guest = await served.socket(f"/ws/room/{room}/")
    await guest.say(**bob.says("join", userName="Robert"))
    state = await guest.until(type="room_state")
    assert (state["data"]["userName"], state["data"]["isHost"]) == ("Robert", False)
    assert [person["name"] for person in state["data"]["participants"]] == ["Alice", "Robert"]
    told = {"userName": "Robert", "isHost": False}
    assert await host.next() == {"type": "user_joined", "userId": bob.public, "data": told}
    await guest.say(**bob.says("join"))
    assert (await guest.next() or {})["type"] == "room_state"


@pytest.mark.gen_test(timeout=20)
async def test_play_pause_and_seek_are_broadcast_with_the_senders_public_id(served: Served) -> None:
    host, guest, alice, bob, _ = await pair(served)
    script = """
        alice> {"type": "play", "userId": "$private", "data": {"position": 120}}
        alice< {"type": "play", "userId": "$public", "data": {"position": 120.0}}
        bob< {"type": "play", "userId": "$public", "data": {"position": 120.0}}
        alice> {"type": "seek", "userId": "$private", "data": {"position": 7.5}}
        alice< {"type": "seek", "userId": "$public", "data": {"position": 7.5}}
        bob< {"type": "seek", "userId": "$public", "data": {"position": 7.5}}
        alice> {"type": "pause", "userId": "$private", "data": {"position": 9}}
        alice< {"type": "pause", "userId": "$public", "data": {"position": 9.0}}
        bob< {"type": "pause", "userId": "$public", "data": {"position": 9.0}}
        # Without data: from where it is.
        alice> {"type": "play", "userId": "$private"}
        bob< {"type": "play", "userId": "$public", "data": {"position": 9.0}}
        # Not the host's client.
        bob> {"type": "play", "userId": "$other", "data": {"position": 1}}
        bob< {"type": "error", "userId": "", "data": {"code": "forbidden", "message": "*", "retriable": false}}
    """
    await play(script, {"alice": host, "bob": guest}, private=alice.private, public=alice.public, other=bob.private)


@pytest.mark.gen_test(timeout=40)
async def test_video_changed_is_broadcast_and_only_the_hosts(served: Served) -> None:
    host, guest, alice, bob, room = await pair(served)
    await guest.say(**bob.says("video_changed", **FILM))
    assert (await guest.until(type="error"))["data"]["code"] == "forbidden"
    await host.say(**alice.says("video_changed", **FILM))
    await both(host, guest, "video_changed", alice, **FILM)
    await both(host, guest, "pause", alice, position=0)
    shown = (await served.http.get(f"/api/rooms/{room}/")).json()
    assert (shown["current_video_url"], shown["current_video_title"]) == tuple(FILM.values())
    late = await served.socket(f"/ws/room/{room}/")
    await late.say(**bob.says("join"))
    assert FILM.items() <= (await late.until(type="room_state"))["data"].items()


@pytest.mark.gen_test(timeout=20)
async def test_chat_is_broadcast(served: Served) -> None:
    host, guest, _, bob, _ = await pair(served)
    await guest.say(**bob.says("chat", message="hello"))
    for live in (host, guest):
        told = await live.until(type="chat")
        assert told == {
            "type": "chat",
            "userId": bob.public,
            "data": {"message": "hello", "userName": "Bob", "id": told["data"]["id"]},
        }


@pytest.mark.gen_test(timeout=20)
async def test_leave_ends_membership_and_is_told_as_user_left(served: Served) -> None:
    host, guest, alice, bob, room = await pair(served)
    await guest.say(type="leave", userId=bob.private)
    assert await guest.closed() == 1000
    left = {"type": "user_left", "userId": bob.public, "data": {"userName": "Bob", "hostId": alice.public}}
    assert await host.next() == left
    assert (await served.http.get(f"/api/rooms/{room}/")).json()["participant_count"] == 1


@pytest.mark.gen_test(timeout=20)
async def test_a_connection_that_closes_is_told_as_user_left_and_may_come_again(served: Served) -> None:
    host, guest, _, bob, room = await pair(served)
    guest.socket.close()
    assert (await host.next() or {})["type"] == "user_left"
    await enter(served, bob, room)
    assert (await host.next() or {})["type"] == "user_joined"


@pytest.mark.gen_test(timeout=20)
async def test_a_message_in_anothers_name_is_refused(served: Served) -> None:
    host, guest, alice, bob, _ = await pair(served)
    for stranger in (alice.private, alice.public, ABSENT, "", "nobody"):
        await guest.say(type="chat", userId=stranger, data={"message": "not me"})
        assert (await guest.next() or {})["data"]["code"] == "forbidden"
    for own in (bob.public, bob.private.upper()):
        await guest.say(type="chat", userId=own, data={"message": own})
        await both_hear(host, guest, own)
    assert "not me" not in json.dumps(host.heard)


async def both_hear(host: Live, guest: Live, said: str) -> None:
    for live in (host, guest):
        assert (await live.next() or {})["data"]["message"] == said


@pytest.mark.gen_test(timeout=20)
async def test_before_join_nothing_is_taken(served: Served) -> None:
    alice = await create(served)
    live = await served.socket(f"/ws/room/{alice.answer['id']}/")
    await live.say(**alice.says("play", position=1))
    assert (await live.next() or {})["data"]["message"] == "Join first: say who you are."
    await live.say(**alice.says("join"))
    assert (await live.next() or {})["type"] == "room_state"


@pytest.mark.gen_test(timeout=20)
async def test_without_a_join_in_time_the_socket_is_closed(served: Served, hasty_port: int) -> None:
    room = (await create(served)).answer["id"]
    live = Live(await websocket_connect(f"ws://127.0.0.1:{hasty_port}/ws/room/{room}/"))
    served.opened.append(live)
    assert (await live.next() or {})["type"] == "error"
    assert await live.closed() == 4501


@pytest.mark.gen_test(timeout=20)
async def test_another_name_is_told_as_a_going_and_a_coming(served: Served) -> None:
    host, _, alice, bob, room = await pair(served)
    second = await served.socket(f"/ws/room/{room}/")
    await second.say(**bob.says("join", userName="Robert"))
    left = {"userName": "Bob", "hostId": alice.public}
    assert await host.next() == {"type": "user_left", "userId": bob.public, "data": left}
    joined = {"userName": "Robert", "isHost": False}
    assert await host.next() == {"type": "user_joined", "userId": bob.public, "data": joined}


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize("user_id", [ABSENT, "", "public"])
async def test_join_with_an_id_that_no_room_gave_out_is_an_error_and_4501(served: Served, user_id: str) -> None:
    alice = await create(served)
    live = await served.socket(f"/ws/room/{alice.answer['id']}/")
    await live.say(type="join", userId=alice.public if user_id == "public" else user_id, data={"userName": "Alice"})
    assert (await live.next() or {})["type"] == "error"
    assert await live.closed() == 4501


@pytest.mark.gen_test(timeout=20)
async def test_what_makes_no_sense_is_an_error_to_its_sender_alone(served: Served) -> None:
    host, guest, alice, _, _ = await pair(served)
    for data in (
        "{",
        "[]",
        '"play"',
        "{}",
        '{"type": "play"}',
        '{"type": "dance", "userId": "$own"}',
        '{"type": "play", "userId": 7}',
        '{"type": "play", "userId": "$own", "data": 7}',
        '{"type": "play", "userId": "$own", "data": {"position": "soon"}}',
        '{"type": "seek", "userId": "$own", "data": {}}',
        '{"type": "seek", "userId": "$own", "data": {"position": -1}}',
        '{"type": "video_changed", "userId": "$own", "data": {"videoTitle": "x"}}',
        '{"type": "video_changed", "userId": "$own", "data": {"videoUrl": "not a link"}}',
        '{"type": "chat", "userId": "$own", "data": {}}',
        '{"type": "chat", "userId": "$own", "data": {"message": ["x"]}}',
        '{"type": "chat", "userId": "$own", "data": {"message": " "}}',
    ):
        await host.socket.write_message(data.replace("$own", alice.private))
        told = await host.next() or {}
        assert (told["type"], told["userId"]) == ("error", ""), data
        assert told["data"]["code"] in {"invalid", "invalid_json"}, data
        assert alice.private not in json.dumps(told)
    await host.say(**alice.says("play", position=1))
    await both(host, guest, "play", alice, position=1)


@pytest.mark.gen_test(timeout=40)
async def test_a_private_id_is_shown_to_nobody_else(served: Served) -> None:
    host, guest, alice, bob, room = await pair(served)
    for message in (
        alice.says("play", position=1),
        alice.says("chat", message="hi"),
        alice.says("video_changed", **FILM),
        alice.says("join"),
        alice.says("dance"),
        alice.says("leave"),
    ):
        await host.say(**message)
    await guest.until(type="user_left", userId=alice.public)
    await guest.until(type="room_state")
    carol = await join(served, room, "Carol")
    seen = json.dumps([guest.heard, bob.answer, carol.answer])
    for path in ("", "messages/", "queue/", "sessions/"):
        answer = await served.http.get(f"/api/rooms/{room}/{path}", params={"user_id": bob.private})
        assert answer.status_code == 200, answer.text
        seen += answer.text
    native = await served.socket(f"/ws/v1/{room}/?token={bob.answer['access_token']}")
    await native.say(type="hello")
    seen += json.dumps(await native.until(type="state"))
    assert alice.public in seen
    assert alice.private not in seen
    assert alice.private not in json.dumps(host.heard)


@pytest.mark.gen_test(timeout=30)
async def test_streamit_native_and_syncplay_share_a_room(served: Served) -> None:
    host, guest, alice, _, room = await pair(served)
    carol = await served.person("Carol")
    streamit = await served.socket(f"/ws/room/{room}/?token={carol.token}")
    await streamit.until(type="PLAYBACK_STATE")
    joined = {"userName": "Carol", "isHost": False}
    for live in (host, guest):
        assert await live.next() == {"type": "user_joined", "userId": carol.id, "data": joined}
    await host.say(**alice.says("play", position=12))
    assert await streamit.next() == {"type": "PLAY", "time": 12}
    await both(host, guest, "play", alice, position=12)
    await streamit.say(type="CHAT_MESSAGE", message="hello")
    for live in (host, guest):
        told = await live.until(type="chat")
        assert (told["userId"], told["data"]["message"]) == (carol.id, "hello")
    native = await served.socket(f"/ws/v1/{room}/?token={alice.answer['access_token']}")
    await native.say(type="hello")
    await native.until(type="state")
    assert (await native.do("hand_over", user=carol.id))["type"] == "ack"
    for live in (host, guest):
        assert (await live.until(type="room_state"))["data"]["host_id"] == carol.id
    await streamit.until(type="ROOM_PARTICIPANTS", host="Carol")
    await streamit.say(type="PAUSE", time=20)
    assert (await guest.until(type="pause"))["data"] == {"position": 20}


@pytest.mark.gen_test(timeout=30)
async def test_what_time_alone_brings_is_told_with_nobodys_id(served: Served) -> None:
    host, guest, alice, _, room = await pair(served)
    token = {"Authorization": f"Bearer {alice.answer['access_token']}"}
    tracks = [
        {"url": f"https://media.example/{n}.mp4", "title": n, "duration": length, "kind": "video"}
        for n, length in (("short", 0.2), ("long", 60))
    ]
    assert (await served.http.post(f"/api/rooms/{room}/queue/", json={"tracks": tracks}, headers=token)).is_success
    for live in (host, guest):
        heard = [await live.next() or {} for _ in range(4)]
        assert [message["type"] for message in heard] == ["video_changed", "play"] * 2
        assert [message["userId"] for message in heard] == [alice.public, alice.public, "", ""]
        assert heard[2]["data"] == {"videoUrl": "https://media.example/long.mp4", "videoTitle": "long"}
