"""The native WebSocket under those who send too much, read too little, or wait for something slow; and at the end."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from raw_socket import raw_socket
from serving import PATIENCE_S, Served, leave, serving
from tornado.ioloop import IOLoop

from roomd.handlers import wire


@pytest.fixture
def served(io_loop: IOLoop, redis_url: str, database_url: str, data_dir: Path) -> Iterator[Served]:
    running = serving(
        redis_url, database_url, data_dir, fetch_allow=("127.0.0.1",), allowed_origins=("https://party.example",)
    )
    yield io_loop.run_sync(running.__aenter__)
    leave(io_loop, running)


@asynccontextmanager
async def hanging() -> AsyncIterator[tuple[str, asyncio.Event, asyncio.Event]]:
    """A URL whose server answers 404 once it is let, an event for having been asked, and one for letting it."""
    asked, let = asyncio.Event(), asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await let.wait()
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/slow.mp3", asked, let
    finally:
        let.set()
        server.close()


@pytest.mark.gen_test(timeout=30)
async def test_pings_and_other_people_do_not_wait_for_a_slow_command(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    live, guest = await served.enter(alice, code), await served.enter(bob, code)
    await live.until(type="state")
    async with hanging() as (url, asked, let):
        await live.say(type="add", id="slow", tracks=[{"url": url}])
        await live.say(type="say", id="behind", text="behind it")
        await asked.wait()
        await live.say(type="ping", c0=1)
        await live.until(type="pong")
        assert (await guest.do("say", text="meanwhile"))["type"] == "ack"
        await live.until_event("said")
        assert not any(m.get("id") in {"slow", "behind"} for m in live.heard)
        let.set()
        assert (await live.until(id="slow"))["code"] == "not_media"
        assert (await live.until(id="behind"))["type"] == "ack"


@pytest.mark.gen_test(timeout=40)
async def test_a_flood_is_limited_and_loses_nothing_that_was_acknowledged(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    live = await served.enter(alice, code)
    await live.until(type="state")
    for n in range(100):
        await live.say(type="say", id=f"c-{n}", text=f"line {n}")
    answers: dict[str, str] = {}
    while len(answers) < 100:
        message = await live.next()
        assert message
        if message["type"] in {"ack", "error"}:
            answers[message["id"]] = message["type"]
            assert message["type"] == "ack" or (message["code"], message["retriable"]) == ("limited", True)
    kept = {n for n in range(100) if answers[f"c-{n}"] == "ack"}
    assert set(range(20)) <= kept
    assert len(kept) < 60
    lines = (await alice.call("GET", f"/api/rooms/{code}/messages/?limit=200")).json()["messages"]
    assert [line["message"] for line in lines] == [f"line {n}" for n in sorted(kept)]


@pytest.mark.gen_test(timeout=60)
async def test_a_client_that_never_reads_is_told_to_come_back(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    monkeypatch.setattr(wire, "MAX_UNSENT", 128 * 1024)
    stuck = await raw_socket(served.port, f"/ws/v1/{code}/", receive_buffer=4_096)
    await stuck.say(type="hello", token=bob.token)
    live = await served.enter(alice, code)
    await live.until(type="state")
    hub = served.services.hub
    line = {"text": "🎵" * 2_000}
    heard: list[str] = []

    async def listen() -> None:
        while (message := await live.next()) is not None:
            heard.extend(event["type"] for event in message.get("events", []))

    listening = asyncio.create_task(listen())
    said = 0
    (slow,) = [socket for socket in hub.sockets() if socket.actor.id == bob.id]
    while not slow._shut:  # type: ignore[attr-defined]
        assert (await alice.call("POST", f"/api/rooms/{code}/messages/", line)).status_code == 201
        said += 1
        assert slow.waiting < 200 * 1024  # type: ignore[attr-defined]
        assert said < 4_000
    async with asyncio.timeout(PATIENCE_S):
        # It does not answer the closing either, for which Tornado gives it 5 s.
        while len(hub.sockets()) == 2:  # noqa: ASYNC110 - sockets are seen out without a word
            await asyncio.sleep(0.01)
        while heard.count("said") < said:  # noqa: ASYNC110 - a list sets no Event
            await asyncio.sleep(0.002)
    live.socket.close()
    await listening
    await stuck.bye()


@pytest.mark.gen_test(timeout=60)
async def test_who_reads_a_byte_a_second_or_sends_garbage_is_nobody_elses_trouble(served: Served) -> None:
    alice, bob, carol, dave = [await served.person(name) for name in ("Alice", "Bob", "Carol", "Dave")]
    code = await served.room(alice)
    slow, noise, nonsense = [
        await raw_socket(served.port, f"/ws/v1/{code}/", receive_buffer=buffer) for buffer in (4_096, None, None)
    ]
    for each, person in ((slow, bob), (noise, carol), (nonsense, dave)):
        await each.say(type="hello", token=person.token)
    live = await served.enter(alice, code)
    await live.until(type="state")
    tasted = bytearray()

    async def taste() -> None:
        while True:
            tasted.extend(await slow.reader.readexactly(1))
            await asyncio.sleep(1)

    tasting = asyncio.create_task(taste())
    # One sends no frames at all, the other nothing in them.
    noise.writer.write(b"\xff" * 100_000)
    for _ in range(wire.MAX_MALFORMED):
        await nonsense.send(b"{nonsense")
    lines = [f"line {n}" for n in range(15)]
    for line in lines:
        assert (await live.do("say", text=line))["type"] == "ack"
    # All of that while the slow one has got no further than its greeting's first bytes.
    assert len(tasted) <= 60
    assert [await noise.closed(), await nonsense.closed()] == [1002, 4500]
    tasting.cancel()
    while lines[-1].encode() not in tasted:
        tasted.extend(await slow.reader.read(4_096))
    assert re.findall(rb'"text":"(line \d+)"', tasted) == [line.encode() for line in lines]
    await slow.bye()


@pytest.mark.gen_test(timeout=30)
async def test_a_greeting_is_not_too_much(served: Served) -> None:
    """A queue of 500 long links is more than a megabyte, and whoever enters gets it all the same."""
    alice = await served.person("Alice")
    code = await served.room(alice, autoplay=False)
    for _ in range(5):
        tracks = [
            {"url": "https://media.example/" + "x" * 1_900, "cover": "https://media.example/" + "y" * 1_900}
            | {"title": "Long", "duration": 60, "kind": "audio"}
        ] * 100
        answer = await alice.call("POST", f"/api/rooms/{code}/queue/", {"tracks": tracks})
        assert answer.status_code == 201
    raw = await raw_socket(served.port, f"/ws/v1/{code}/")
    await raw.say(type="hello", token=alice.token)
    state = await raw.until("state")
    assert len(json.dumps(state)) > 1 << 20
    await raw.say(type="say", id="a", text="hello")
    assert (await raw.until("ack"))["id"] == "a"
    known = {"epoch": state["epoch"], "rev": 1}
    again = await raw_socket(served.port, f"/ws/v1/{code}/")
    await again.say(type="hello", token=alice.token, resume=known)
    assert (await again.until("welcome"))["type"] == "welcome"
    await again.say(type="say", id="b", text="hello")
    assert (await again.until("ack"))["id"] == "b"
    await raw.bye()
    await again.bye()


@pytest.mark.gen_test(timeout=30)
async def test_origins_that_the_operator_names(served: Served) -> None:
    for origin, wanted in {
        "https://party.example": 101,
        "http://party.example": 403,
        "https://a.party.example": 403,
    }.items():
        raw = await raw_socket(served.port, "/ws/v1/ZZZZZZ/", {"Origin": origin})
        assert raw.status == wanted, origin
        await raw.bye()


@pytest.mark.gen_test(timeout=30)
async def test_sockets_that_close_while_they_enter_leave_nothing_behind(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    for _ in range(30):
        raw = await raw_socket(served.port, f"/ws/v1/{code}/")
        await raw.say(type="hello", token=alice.token)
        await raw.bye()
    path = f"/api/rooms/{code}/"
    while served.services.hub.sockets() or (await alice.call("GET", path)).json()["online_count"]:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    # And it stays so: whoever entered late was seen out too.
    live = await served.enter(alice, code)
    await live.until(type="state")
    assert len(served.services.hub.sockets()) == 1
