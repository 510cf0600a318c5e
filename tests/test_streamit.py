"""The fourth seed document, word by word: its addresses, its events and their fields, its order and its rules."""

from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest
from serving import Live, Person, Served
from transcript import play

SCRIPT = (Path(__file__).parent / "transcripts" / "streamit.txt").read_text(encoding="utf-8")
GREETING = ["ROOM_PARTICIPANTS", "CHAT_HISTORY", "PLAYBACK_STATE"]


async def connect(served: Served, person: Person, code: str) -> Live:
    return await served.socket(f"/ws/room/{code}/?token={person.token}")


async def enter(served: Served, person: Person, code: str) -> Live:
    """The socket, with its greeting heard."""
    live = await connect(served, person, code)
    for kind in GREETING:
        message = await live.next()
        assert message is not None
        assert message["type"] == kind
    return live


async def pair(served: Served, **settings: Any) -> tuple[Live, Live, str, Person, Person]:
    """Alice, who hosts, and Bob; neither has anything left to hear."""
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice, **settings)
    host = await enter(served, alice, code)
    guest = await enter(served, bob, code)
    assert await host.next() == {"type": "USER_JOINED", "user": "Bob"}
    return host, guest, code, alice, bob


async def both(host: Live, guest: Live, message: dict[str, Any]) -> None:
    assert await host.next() == message
    assert await guest.next() == message


# The socket: who may open it, and what comes first


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "%ff%fe", "x" * 3_000])
async def test_no_or_a_bad_token_is_an_error_and_4501(served: Served, token: str) -> None:
    code = await served.room(await served.person("Alice"))
    live = await served.socket(f"/ws/room/{code}/?token={token}")
    assert (await live.next() or {})["type"] == "ERROR"
    assert await live.closed() == 4501


@pytest.mark.gen_test(timeout=20)
async def test_without_a_token_these_events_are_refused_even_with_a_session_cookie(served: Served) -> None:
    code = await served.room(await served.person("Alice"))
    for event in ({"type": "PLAY", "time": 1}, {"type": "CHAT_MESSAGE", "message": "hi"}):
        live = await served.socket(f"/ws/room/{code}/")
        await live.say(**event)
        assert await live.next() == {
            "type": "ERROR",
            "message": "This needs an access token in the address: `?token=`.",
        }
        assert await live.closed() == 4501


@pytest.mark.gen_test(timeout=20)
async def test_a_room_that_is_not_there_is_an_error_and_4504(served: Served) -> None:
    live = await connect(served, await served.person("Alice"), "ZZZZZZ")
    assert (await live.next() or {})["type"] == "ERROR"
    assert await live.closed() == 4504


@pytest.mark.gen_test(timeout=30)
async def test_the_conversation_of_the_document(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    before, after = SCRIPT.split("# Bob came after her.\n")
    host = await connect(served, alice, code)
    await play(before, {"alice": host})
    await play(after, {"alice": host, "bob": await connect(served, bob, code)})


@pytest.mark.gen_test(timeout=20)
async def test_on_connect_participants_then_history_then_exactly_one_state(served: Served) -> None:
    host, guest, code, alice, _ = await pair(served)
    await host.say(type="CHAT_MESSAGE", message="first")
    await both(host, guest, {"type": "CHAT_MESSAGE", "user": "Alice", "message": "first"})
    await host.say(type="PLAY", time=30)
    await both(host, guest, {"type": "PLAY", "time": 30})
    carol = await served.person("Carol")
    late = await connect(served, carol, code)
    people, history, state = [await late.next() or {} for _ in GREETING]
    assert people == {"type": "ROOM_PARTICIPANTS", "participants": ["Alice", "Bob", "Carol"], "host": "Alice"}
    (line,) = history["messages"]
    assert line == {"user": "Alice", "message": "first", "timestamp": line["timestamp"]}
    assert (state["type"], state["is_playing"]) == ("PLAYBACK_STATE", True)
    assert 30 <= state["time"] < 60
    await alice.call("POST", f"/api/rooms/{code}/messages/", {"text": "over HTTP"})
    await late.until(type="CHAT_MESSAGE", user="Alice", message="over HTTP")
    assert [message["type"] for message in late.heard] == [*GREETING, "CHAT_MESSAGE"]


@pytest.mark.gen_test(timeout=20)
async def test_the_room_is_found_by_its_code_and_by_its_id_with_and_without_the_last_slash(served: Served) -> None:
    alice = await served.person("Alice")
    room = (await alice.call("POST", "/api/rooms/create/", {"name": "Friday"})).json()
    for path in (room["code"].lower(), room["id"], f"{room['code']}/"):
        live = await served.socket(f"/ws/room/{path}?token={alice.token}")
        await live.until(type="PLAYBACK_STATE")


# Presence


@pytest.mark.gen_test(timeout=20)
async def test_user_joined_and_user_left_when_somebody_comes_and_goes(served: Served) -> None:
    host, guest, code, _, bob = await pair(served)
    second = await enter(served, bob, code)
    guest.socket.close()
    await guest.closed()
    await second.say(type="CHAT_MESSAGE", message="still here")
    assert await host.next() == {"type": "CHAT_MESSAGE", "user": "Bob", "message": "still here"}
    second.socket.close()
    assert await host.next() == {"type": "USER_LEFT", "user": "Bob"}
    await enter(served, bob, code)
    assert await host.next() == {"type": "USER_JOINED", "user": "Bob"}


@pytest.mark.gen_test(timeout=20)
async def test_user_left_comes_once_for_whoever_leaves_for_good(served: Served) -> None:
    host, guest, code, _, bob = await pair(served)
    assert (await bob.call("POST", f"/api/rooms/{code}/leave/")).status_code == 200
    assert await host.next() == {"type": "USER_LEFT", "user": "Bob"}
    assert await guest.closed() == 1000
    await host.say(type="PLAY", time=1)
    assert await host.next() == {"type": "PLAY", "time": 1}


@pytest.mark.gen_test(timeout=20)
async def test_participants_are_told_anew_when_the_host_changes(served: Served) -> None:
    host, guest, code, alice, bob = await pair(served)
    await alice.call("POST", f"/api/rooms/{code}/host/", {"user_id": bob.id})
    await both(host, guest, {"type": "ROOM_PARTICIPANTS", "participants": ["Alice", "Bob"], "host": "Bob"})
    await host.say(type="PLAY", time=1)
    await guest.say(type="PLAY", time=2)
    await both(host, guest, {"type": "PLAY", "time": 2})


# Chat


@pytest.mark.gen_test(timeout=20)
async def test_chat_in_a_chat_disabled_room_answers_error_to_its_sender_alone(served: Served) -> None:
    host, guest, code, alice, _ = await pair(served, chat_enabled=False)
    await guest.say(type="CHAT_MESSAGE", message="hello?")
    assert await guest.next() == {"type": "ERROR", "message": "Chat is switched off in this room."}
    await alice.call("PATCH", f"/api/rooms/{code}/", {"chat_enabled": True})
    await guest.say(type="CHAT_MESSAGE", message="hello!")
    await both(host, guest, {"type": "CHAT_MESSAGE", "user": "Bob", "message": "hello!"})


@pytest.mark.gen_test(timeout=20)
async def test_chat_is_kept_for_those_who_come_later(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    for n in range(52):
        await alice.call("POST", f"/api/rooms/{code}/messages/", {"text": f"line {n}"})
    live = await connect(served, alice, code)
    history = await live.until(type="CHAT_HISTORY")
    assert [line["message"] for line in history["messages"]] == [f"line {n}" for n in range(2, 52)]


# Playback that others caused


async def _events(live: Live, *wanted: tuple[str, float]) -> None:
    for kind, time in wanted:
        assert await live.next() == {"type": kind, "time": time}


async def ok(answer: Awaitable[Any]) -> None:
    got = await answer
    assert got.status_code < 300, got.text


@pytest.mark.gen_test(timeout=30)
async def test_play_pause_and_seek_come_whoevers_client_did_it(served: Served) -> None:
    host, guest, code, alice, _ = await pair(served)
    path = f"/api/rooms/{code}"
    tracks = [{"url": f"https://media.example/{n}.mp3", "title": n, "duration": 60, "kind": "audio"} for n in "ab"]
    await ok(alice.call("POST", f"{path}/queue/", {"tracks": tracks}))
    await ok(alice.call("POST", f"{path}/control/", {"action": "pause", "position": 7}))
    await ok(alice.call("POST", f"{path}/control/", {"action": "seek", "position": 9}))
    await ok(alice.call("POST", f"{path}/control/", {"action": "next"}))
    await ok(alice.call("POST", f"{path}/queue/clear/"))
    for live in (host, guest):
        await _events(live, ("PLAY", 0), ("PAUSE", 7), ("SEEK", 9), ("PLAY", 0), ("PAUSE", 0))


@pytest.mark.gen_test(timeout=30)
async def test_a_track_that_the_scheduler_starts_is_a_play_from_the_start(served: Served) -> None:
    host, guest, code, alice, _ = await pair(served)
    tracks = [
        {"url": f"https://media.example/{n}.mp3", "title": n, "duration": length, "kind": "audio"}
        for n, length in (("short", 0.2), ("long", 60))
    ]
    await ok(alice.call("POST", f"/api/rooms/{code}/queue/", {"tracks": tracks}))
    for live in (host, guest):
        await _events(live, ("PLAY", 0))
        following = await live.next()
        assert following is not None
        # It began where the short one ended, a moment before anybody could be told.
        assert (following["type"], following["time"] < 1.0) == ("PLAY", True)


@pytest.mark.gen_test(timeout=30)
async def test_a_native_client_in_the_same_room_sees_and_is_seen(served: Served) -> None:
    host, guest, code, alice, bob = await pair(served)
    native = await served.enter(alice, code)
    await native.until(type="state")
    await host.say(type="PLAY", time=12)
    await both(host, guest, {"type": "PLAY", "time": 12})
    playback = (await native.until_event("playback_changed"))["playback"]
    assert (playback["entry"], playback["position"], playback["playing"]) == (None, 12_000, True)
    assert (await native.do("pause", position=20_000))["type"] == "ack"
    await both(host, guest, {"type": "PAUSE", "time": 20})
    assert (await native.do("say", text="hi"))["type"] == "ack"
    await both(host, guest, {"type": "CHAT_MESSAGE", "user": "Alice", "message": "hi"})
    assert (await native.do("rate", rate=2))["type"] == "ack"
    await both(host, guest, {"type": "SEEK", "time": 20})
    assert (await native.do("clear_chat"))["type"] == "ack"
    await both(host, guest, {"type": "CHAT_HISTORY", "messages": []})
    assert (await native.do("kick", user=bob.id))["type"] == "ack"
    assert await host.next() == {"type": "USER_LEFT", "user": "Bob"}
    assert await guest.closed() == 4503


@pytest.mark.gen_test(timeout=20)
async def test_the_twentieth_malformed_message_closes_with_4500(served: Served) -> None:
    host, guest, *_ = await pair(served)
    for _ in range(20):
        await guest.socket.write_message("{")
    assert await guest.closed() == 4500
    assert {message["type"] for message in guest.heard[3:]} == {"ERROR"}
    assert await host.next() == {"type": "USER_LEFT", "user": "Bob"}


@pytest.mark.gen_test(timeout=20)
async def test_a_message_that_is_too_large_is_an_error_and_1009(served: Served) -> None:
    _, guest, *_ = await pair(served)
    await guest.say(type="CHAT_MESSAGE", message="x" * 70_000)
    assert (await guest.next() or {})["type"] == "ERROR"
    assert await guest.closed() == 1009
