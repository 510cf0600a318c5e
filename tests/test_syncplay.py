"""The third seed document, word by word: its envelope, its messages, and who is who in them."""

import json
from collections.abc import Iterator

import pytest
from serving import Live, Served
from syncplay_world import FILM, both, create, enter, join, pair
from test_rooms_http import ABSENT
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import websocket_connect
from transcript import play

from roomd.handlers import streamit
from roomd.handlers.door import Door
from roomd.handlers.wire import Patience


@pytest.fixture
def hasty_port(io_loop: IOLoop, served: Served) -> Iterator[int]:
    """The same server behind a socket that waits for nobody."""
    door = Door(served.services, streamit.SyncPlaySocket, Patience(hello_s=0.05, silent_s=5))
    server = HTTPServer(Application([(streamit.PATH, door)]))
    socket, port = bind_unused_port()
    server.add_socket(socket)
    yield port
    server.stop()
    io_loop.run_sync(server.close_all_connections)


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
