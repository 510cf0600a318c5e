"""The native WebSocket, section 6 of docs/protocol.md: what is no message harms nobody, and too much of it ends."""

from typing import Any

import pytest
from raw_socket import BINARY, Raw, raw_socket
from serving import Person, Served

DEEP = b'{"type": "ping", "c0": 1, "x": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"

#: What is sent; the code and the id of the error that answers it.
MALFORMED: list[tuple[bytes, str, str | None]] = [
    (b"", "invalid_json", None),
    (b"hello", "invalid_json", None),
    (b'{"type": "say", "id": "a", "text": "x"', "invalid_json", None),
    (b'{"type": "seek", "id": "a", "position": NaN}', "invalid_json", None),
    (b'{"type": "seek", "id": "a", "position": Infinity}', "invalid_json", None),
    (b'{"type": "say", "id": "a", "text": "\\ud800"}', "invalid_json", None),
    (DEEP, "invalid_json", None),
    (b"[]", "invalid", None),
    (b"7", "invalid", None),
    (b"null", "invalid", None),
    (b'"say"', "invalid", None),
    (b"{}", "invalid", None),
    (b'{"id": "a"}', "invalid", "a"),
    (b'{"type": "dance", "id": "a"}', "invalid", "a"),
    (b'{"type": 7, "id": "a"}', "invalid", "a"),
    (b'{"type": "state"}', "invalid", None),
    (b'{"type": "say", "text": "x"}', "invalid", None),
    (b'{"type": "say", "text": "x", "id": 7}', "invalid", None),
    (b'{"type": "say", "text": "x", "id": ""}', "invalid", None),
    (b'{"type": "say", "text": "x", "id": "' + b"a" * 65 + b'"}', "invalid", None),
    (b'{"type": "say", "id": "a"}', "invalid", "a"),
    (b'{"type": "say", "id": "a", "text": 7}', "invalid", "a"),
    (b'{"type": "say", "id": "a", "text": "' + b"x" * 9_000 + b'"}', "invalid", "a"),
    (b'{"type": "play", "id": "a", "position": "12"}', "invalid", "a"),
    (b'{"type": "play", "id": "a", "position": true}', "invalid", "a"),
    (b'{"type": "play", "id": "a", "position": -1}', "invalid", "a"),
    (b'{"type": "play", "id": "a", "position": 1e300}', "invalid", "a"),
    (b'{"type": "play", "id": "a", "position": ' + b"9" * 400 + b"}", "invalid", "a"),
    (b'{"type": "rate", "id": "a", "rate": 0}', "invalid", "a"),
    (b'{"type": "add", "id": "a", "tracks": {}}', "invalid", "a"),
    (b'{"type": "add", "id": "a", "tracks": [{}]}', "invalid", "a"),
    (b'{"type": "add", "id": "a", "tracks": [{"url": "https://m.example/a", "kind": "smell"}]}', "invalid", "a"),
    (b'{"type": "add", "id": "a", "tracks": [' + b",".join([b'{"url": "/media/a"}'] * 101) + b"]}", "invalid", "a"),
    (b'{"type": "set", "id": "a", "visibility": "secret"}', "invalid", "a"),
    (b'{"type": "ping"}', "invalid", None),
    (b'{"type": "ping", "c0": "now"}', "invalid", None),
    (b'{"type": "ping", "c0": 1e400}', "invalid", None),
    (b'{"type": "hello", "resume": 7}', "invalid", None),
    (b'{"type": "hello", "resume": {"epoch": 1, "rev": -1}}', "invalid", None),
]  # fmt: skip


async def entered(served: Served, person: Person, code: str) -> Raw:
    raw = await raw_socket(served.port, f"/ws/v1/{code}/")
    await raw.say(type="hello", token=person.token)
    await raw.until("state")
    return raw


@pytest.mark.gen_test(timeout=40)
async def test_every_malformed_message_is_answered_and_changes_nothing(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    watching = await served.enter(alice, code)
    raw = await entered(served, alice, code)
    for number, (message, wanted, command_id) in enumerate(MALFORMED):
        if number % 10 == 9:
            await raw.bye()
            raw = await entered(served, alice, code)
        await raw.send(message)
        error = await raw.until("error")
        assert (error["code"], error.get("id")) == (wanted, command_id), message[:80]
        assert error["message"]
        assert error["retriable"] is False
    await raw.say(type="say", id="fine", text="fine")
    assert (await raw.until("ack"))["id"] == "fine"
    while not watching.heard or watching.heard[-1].get("command") != "fine":
        await watching.next()
    assert [m["command"] for m in watching.heard if m["type"] == "commit" and m["command"]] == ["fine"]
    await raw.bye()


@pytest.mark.gen_test(timeout=30)
async def test_wrong_fields_are_named(served: Served) -> None:
    alice = await served.person("Alice")
    live = await served.enter(alice, await served.room(alice))
    for kind, fields, wanted in (
        ("say", {}, "text"),
        ("play", {"position": "x"}, "position"),
        ("add", {"tracks": [{"url": 7}]}, "tracks[0].url"),
        ("add", {"tracks": [{"url": "ftp://m.example/a.mp3"}]}, "tracks[0].url"),
        ("set", {"name": " "}, "name"),
    ):
        error = await live.do(kind, **fields)
        assert list(error.get("fields", [])) == [wanted], error


@pytest.mark.gen_test(timeout=30)
async def test_odd_but_well_formed(served: Served) -> None:
    """Unknown fields are passed over; nesting that fits, long numbers and strange ids are just that."""
    alice = await served.person("Alice")
    raw = await entered(served, alice, await served.room(alice))
    await raw.send(b'{"type": "ping", "c0": 1, "id": ' + b"9" * 30 + b', "x": ' + b"[" * 100 + b"]" * 100 + b"}")
    pong = await raw.until("pong")
    assert (pong["c0"], pong["id"]) == (1, int("9" * 30))
    for odd in ("\0", "🎵" * 64, "{}", "a b"):
        await raw.say(type="say", id=odd, text="x", extra={"deep": [1]})
        assert (await raw.until("ack"))["id"] == odd
    await raw.bye()


@pytest.mark.gen_test(timeout=30)
async def test_the_twentieth_malformed_message_is_the_last(served: Served) -> None:
    alice = await served.person("Alice")
    raw = await entered(served, alice, await served.room(alice))
    for _ in range(19):
        await raw.send(b"nonsense")
        assert (await raw.until("error"))["code"] == "invalid_json"
    await raw.say(type="say", id="still", text="here")
    assert (await raw.until("ack"))["id"] == "still"
    await raw.send(b"nonsense")
    assert (await raw.until("error"))["code"] == "invalid_json"
    assert await raw.closed() == 4500
    await raw.bye()


async def _answers(served: Served, message: bytes, opcode: int = 1) -> tuple[list[Any], int | None]:
    """What a fresh socket hears after its greeting, until it is closed."""
    alice = await served.person("Alice")
    raw = await entered(served, alice, await served.room(alice))
    await raw.send(message, opcode)
    heard = []
    while (answer := await raw.next()) is not None:
        if answer["type"] != "commit":
            heard.append((answer["type"], answer.get("code")))
    await raw.bye()
    return heard, raw.close_code


@pytest.mark.gen_test(timeout=30)
async def test_frames_that_are_too_large(served: Served) -> None:
    frame = b'{"type": "ping", "c0": 1, "x": "%s"}'
    alice = await served.person("Alice")
    raw = await entered(served, alice, await served.room(alice))
    await raw.send(frame % (b"x" * ((1 << 16) - len(frame) + 2)))
    await raw.until("pong")
    await raw.bye()
    assert await _answers(served, frame % (b"x" * (1 << 16))) == ([("error", "too_large")], 1009)
    assert await _answers(served, frame % ("ü".encode() * (1 << 15))) == ([("error", "too_large")], 1009)
    assert await _answers(served, bytes(2 << 20)) == ([("error", "too_large")], 1009)


@pytest.mark.gen_test(timeout=30)
async def test_frames_that_are_no_text(served: Served) -> None:
    alice = await served.person("Alice")
    raw = await entered(served, alice, await served.room(alice))
    await raw.send(b'{"type": "ping", "c0": 1}', BINARY)
    assert (await raw.until("error"))["code"] == "invalid"
    await raw.send(b"\xff\xfe")
    assert await raw.closed() == 1007
    await raw.bye()
    assert (await served.http.get("/api/health/")).status_code == 200
