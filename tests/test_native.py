"""The native WebSocket, sections 1 to 3 of docs/protocol.md: connecting, the clock, the state."""

import gc
from collections.abc import Iterator

import pytest
from hub_world import until
from raw_socket import raw_socket
from serving import Served
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port
from tornado.web import Application

from roomd.domain.actor import Actor
from roomd.domain.ids import UserId
from roomd.handlers.door import Door
from roomd.handlers.live import NativeSocket
from roomd.handlers.wire import Patience
from roomd.tokens import GUEST_ACCESS_S, LEEWAY_S, TokenRing


@pytest.fixture
def hasty_port(io_loop: IOLoop, served: Served) -> Iterator[int]:
    """The same server behind a socket that waits for nobody."""
    door = Door(served.services, NativeSocket, Patience(hello_s=0.05, silent_s=0.3))
    server = HTTPServer(Application([(r"/ws/v1/([^/]+)/?", door)]))
    socket, port = bind_unused_port()
    server.add_socket(socket)
    yield port
    server.stop()
    io_loop.run_sync(server.close_all_connections)


@pytest.mark.gen_test(timeout=30)
async def test_two_people_hear_of_the_same_things_in_the_same_order(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    host, guest = await served.enter(alice, code), await served.enter(bob, code)
    await host.until(type="state")
    assert [m["name"] for m in (await guest.until(type="state"))["room"]["members"]] == ["Alice", "Bob"]
    assert (await guest.do("say", text="hello"))["type"] == "ack"
    assert (await host.until_event("said"))["message"]["text"] == "hello"
    refused = await guest.do("next")
    assert (refused["code"], refused["retriable"]) == ("forbidden", False)
    for n in range(9):
        for each in (host, guest):
            await each.say(type="say", id=f"line {n}", text=f"line {n}")
    heard = []
    for each in (host, guest):
        while sum(m["type"] == "commit" and str(m["command"]).startswith("line") for m in each.heard) < 18:
            await each.next()
        heard.append([(m["rev"], m["events"]) for m in each.heard if m["type"] == "commit"][-18:])
    assert heard[0] == heard[1]
    assert [rev for rev, _ in heard[0]] == list(range(heard[0][0][0], heard[0][0][0] + 18))


@pytest.mark.gen_test(timeout=30)
async def test_what_a_connection_has_goes_with_it(served: Served) -> None:
    """Without Python's collector, which would make everybody wait while it looks at thousands of them."""

    def there() -> int:
        return sum(type(each) is NativeSocket for each in gc.get_objects())

    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    gc.collect()
    before = there()
    gc.disable()
    try:
        lives = [await served.enter(each, code) for each in (alice, bob)]
        for live in lives:
            assert (await live.do("say", text="hello"))["type"] == "ack"
        assert there() == before + 2
        for live in lives:
            live.socket.close()
        await until(lambda: there() == before, "they are gone")
    finally:
        gc.enable()


@pytest.mark.gen_test(timeout=30)
async def test_welcome_and_state_are_as_documented(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    live = await served.enter(alice, code.lower())
    welcome = await live.next()
    state = await live.next()
    assert welcome and state
    room = state["room"]
    assert welcome == {
        "type": "welcome",
        "epoch": state["epoch"],
        "rev": state["rev"],
        "resumed": False,
        "you": {"id": alice.id, "name": "Alice", "guest": True},
        "room": {"id": room["id"], "code": code},
        "now": welcome["now"],
        "clock": served.services.clock.id,
        "heartbeat_ms": 10_000,
        "token_ms": welcome["token_ms"],
    }
    assert state["type"] == "state"
    assert abs(welcome["now"] - served.services.clock.now()) < 5_000
    assert ", ".join(room) == (
        "id, code, name, description, theme, visibility, entry_mode, chat_enabled, autoplay, repeat, "
        "queue_mode, requests_each, auto_approve, skip_share, tracks_each, minutes_each, no_repeat_minutes, "
        "slow_mode_s, radio, wait_s, wait_buffering, personal, created_at, owner, host, playback, waiting, "
        "queue, members, chat, rights, requests, pending, ups, skip_votes, skip_needed, djs, acts"
    )
    assert room["playback"] == {"entry": None, "position": 0, "rate": 1, "playing": False, "as_of": 0}
    member = {"id": alice.id, "name": "Alice", "role": "host", "guest": True, "online": True}
    assert room["members"] == [member | {"joined_at": room["created_at"], "muted_until": 0, "listens": True}]
    assert (room["queue"], room["chat"], room["owner"], room["host"]) == ([], [], alice.id, alice.id)
    assert room["rights"]["member"] == ["add", "chat", "request", "vote"]
    assert set(room["rights"]) == {"host", "cohost", "member"}
    by_id = await served.enter(alice, room["id"])
    assert (await by_id.until(type="state"))["room"]["id"] == room["id"]


@pytest.mark.gen_test(timeout=30)
async def test_the_state_holds_the_last_fifty_lines_and_the_queue_in_order(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice, autoplay=False)
    for n in range(52):
        await alice.call("POST", f"/api/rooms/{code}/messages/", {"text": f"line {n}"})
    tracks = [
        {"url": f"https://media.example/{n}.mp3", "title": f"Song {n}", "duration": 60, "kind": "audio"} for n in "abc"
    ]
    added = (await alice.call("POST", f"/api/rooms/{code}/queue/", {"tracks": tracks})).json()["entries"]
    moved = {"entry": added[2]["id"], "before": added[0]["id"]}
    assert (await alice.call("POST", f"/api/rooms/{code}/queue/move/", moved)).status_code == 200
    room = (await (await served.enter(alice, code)).until(type="state"))["room"]
    assert [line["text"] for line in room["chat"]] == [f"line {n}" for n in range(2, 52)]
    assert room["chat"][0].keys() == {"id", "by", "by_name", "text", "at"}
    assert [entry["track"]["title"] for entry in room["queue"]] == ["Song c", "Song a", "Song b"]
    ranks = [entry["rank"] for entry in room["queue"]]
    assert ranks == sorted(ranks)
    assert room["queue"][0].keys() == {"id", "rank", "by", "by_name", "added_at", "why", "track"}
    assert room["queue"][0]["track"] == {"title": "Song c", "url": "https://media.example/c.mp3", "duration_ms": 60_000}


@pytest.mark.gen_test(timeout=30)
async def test_a_token_may_come_in_the_query(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    live = await served.socket(f"/ws/v1/{code}?token={alice.token}")
    await live.say(type="hello")
    assert (await live.until(type="welcome"))["you"]["id"] == alice.id
    again = await served.socket(f"/ws/v1/{code}/?token=nonsense")
    await again.say(type="hello", token=alice.token)
    await again.until(type="welcome")


@pytest.mark.gen_test(timeout=30)
async def test_tokens_that_are_none_close_with_4501(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    ring = TokenRing(["another server signs with this key, not ours"], served.services.clock.now)
    stale = served.services.clock.now() - (GUEST_ACCESS_S + LEEWAY_S + 1) * 1_000
    old = TokenRing([served.services.settings.secret_key or ""], lambda: stale)
    carol = Actor(UserId(alice.id), "Carol", guest=True)
    left = await served.person("Bob")
    await left.call("POST", "/api/auth/logout/")
    tokens = {
        "token_invalid": [None, "", "nonsense", "a.b.c", "ü", "x" * 5_000, ring.issue(carol)],
        "token_expired": [old.issue(carol)],
        "token_revoked": [left.token],
    }
    for wanted, each in tokens.items():
        for token in each:
            live = await served.socket(f"/ws/v1/{code}/")
            await live.say(type="hello", token=token)
            error = await live.until(type="error")
            assert (error["code"], error["retriable"], await live.closed()) == (wanted, False, 4501), token
    live = await served.socket(f"/ws/v1/{code}/?token=%ff%fe")
    await live.say(type="hello")
    assert ((await live.until(type="error"))["code"], await live.closed()) == ("token_invalid", 4501)


@pytest.mark.gen_test(timeout=30)
async def test_hello_comes_first_and_once(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    live = await served.socket(f"/ws/v1/{code}/")
    refused = await live.do("say", text="too early")
    assert (refused["code"], refused["id"]) == ("no_hello", "c1")
    await live.say(type="ping", c0=1)
    assert (await live.until(type="pong"))["c0"] == 1
    await live.say(type="hello", token=alice.token)
    await live.until(type="state")
    await live.say(type="hello", token=alice.token)
    assert (await live.until(type="error"))["code"] == "invalid"
    assert (await live.do("say", text="still here"))["type"] == "ack"


@pytest.mark.gen_test(timeout=30)
async def test_no_hello_in_time_and_silence(served: Served, hasty_port: int) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    mute = await raw_socket(hasty_port, f"/ws/v1/{code}/")
    assert await mute.closed() == 4000
    deaf = await raw_socket(hasty_port, f"/ws/v1/{code}/")
    await deaf.say(type="hello", token=alice.token)
    assert await deaf.closed() == 4001
    for each in (mute, deaf):
        await each.bye()


@pytest.mark.gen_test(timeout=30)
async def test_no_such_room(served: Served) -> None:
    alice = await served.person("Alice")
    for ref in ("ZZZZZZ", "nonsense", "%F0%9F%8E%B5", "00000000-0000-4000-8000-000000000000", "x" * 500):
        live = await served.socket(f"/ws/v1/{ref}/")
        await live.say(type="hello", token=alice.token)
        assert ((await live.until(type="error"))["code"], await live.closed()) == ("no_such_room", 4504), ref


@pytest.mark.gen_test(timeout=30)
async def test_pong_tells_the_time_of_the_room(served: Served) -> None:
    alice = await served.person("Alice")
    live = await served.enter(alice, await served.room(alice))
    for asked in (7, "seven", None):
        before = served.services.clock.now()
        await live.say(type="ping", id=asked, c0=51_234.5)
        pong = await live.until(type="pong")
        assert pong.keys() == {"type", "id", "c0", "s1", "s2", "clock"}
        assert (pong["id"], pong["c0"], pong["clock"]) == (asked, 51_234.5, served.services.clock.id)
        assert before <= pong["s1"] <= pong["s2"] <= served.services.clock.now()


@pytest.mark.gen_test(timeout=30)
async def test_pings_have_a_measure_of_their_own(served: Served) -> None:
    alice = await served.person("Alice")
    live = await served.enter(alice, await served.room(alice))
    await live.until(type="state")
    for n in range(100):
        await live.say(type="ping", id=n, c0=n)
    assert (await live.do("say", text="after the pings"))["type"] == "ack"
    answered = [m["id"] for m in live.heard if m["type"] == "pong"]
    assert answered[:60] == list(range(60))
    assert len(answered) < 75


@pytest.mark.gen_test(timeout=30)
async def test_pages_of_other_sites_may_not_connect(served: Served) -> None:
    path = "/ws/v1/ZZZZZZ/"
    own = f"127.0.0.1:{served.port}"
    for origin, wanted in {
        None: 101,
        f"http://{own}": 101,
        f"https://{own}": 101,
        "https://evil.example": 403,
        "null": 403,
        "": 403,
        "http://[": 403,
        f"http://{own}.evil.example": 403,
        f"https://evil.example/{own}": 403,
    }.items():
        raw = await raw_socket(served.port, path, {"Origin": origin} if origin is not None else {})
        assert raw.status == wanted, origin
        await raw.bye()
