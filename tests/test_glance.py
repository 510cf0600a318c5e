"""Looks at rooms over HTTP that no handler of Tornado's answers: they are answered as one would, whatever comes."""

import asyncio
import dataclasses
import json
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
import pytest
from hub_world import until
from serving import Person, Served
from tornado.iostream import IOStream
from tornado.testing import bind_unused_port

from roomd.app import make_app
from roomd.handlers.reception import Reception

ABSENT = "00000000-0000-4000-8000-000000000000"
LONG = "x" * 2_000


class Counting(Reception):
    """How many connections Tornado was given."""

    passed_on = 0

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        self.passed_on += 1
        super().handle_stream(stream, address)


class Caller:
    """A connection by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, person: Person) -> None:
        self.reader = reader
        self.writer = writer
        self.person = person

    def say(self, path: str, method: str = "GET", more: str = "", body: str = "") -> None:
        self.writer.write(self.words(path, method, more) + body.encode())

    def words(self, path: str, method: str = "GET", more: str = "") -> bytes:
        token = f"Authorization: Bearer {self.person.token}\r\n"
        return f"{method} {path} HTTP/1.1\r\nHost: x\r\n{token}{more}\r\n".encode()

    async def hear(self) -> tuple[int, dict[str, str], bytes]:
        async with asyncio.timeout(15):
            first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            headers = dict(each.split(": ", 1) for each in lines)
            return int(first.split()[1]), headers, await self.reader.readexactly(int(headers["Content-Length"]))

    async def asked(self, path: str, method: str = "GET", more: str = "", body: str = "") -> tuple[int, Any]:
        self.say(path, method, more, body)
        status, _, answer = await self.hear()
        return status, json.loads(answer)

    async def bye(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


@asynccontextmanager
async def reception(served: Served, idle_s: float = 30, **settings: Any) -> AsyncIterator[tuple[Counting, int]]:
    changed = msgspec.structs.replace(served.services.settings, **settings)
    server = Counting(make_app(dataclasses.replace(served.services, settings=changed)), idle_connection_timeout=idle_s)
    bound, port = bind_unused_port()
    server.add_socket(bound)
    try:
        yield server, port
    finally:
        server.stop()
        await server.close_all_connections()


@asynccontextmanager
async def calling(port: int, person: Person, receive_buffer: int | None = None) -> AsyncIterator[Caller]:
    plain = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", port))
    caller = Caller(*await asyncio.open_connection(sock=plain, limit=1 << 16), person)
    try:
        yield caller
    finally:
        await caller.bye()


@pytest.mark.gen_test(timeout=60)
async def test_the_answers_are_those_of_the_handlers(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    nobody = Person("", "Nobody", "no.such.token", served.http)
    code = await served.room(alice)
    hidden = await served.room(alice, visibility="private")
    asking = await served.room(alice, entry_mode="approval")
    await bob.call("POST", "/api/rooms/join/", {"code": asking})
    named = "X-Request-ID: mine-1\r\n"
    async with reception(served) as (server, port):
        statuses = []
        for person in (alice, bob, nobody):
            for room in (code, code.lower(), hidden, asking, ABSENT, "%FFx", "ZZZZZZ"):
                for path in (f"/api/rooms/{room}/", f"/rooms/api/rooms/{room}", f"/api/rooms/{room}/queue/"):
                    async with calling(port, person) as ours, calling(port, person) as tornados:
                        ours.say(path, more=named)
                        before = server.passed_on
                        status, headers, body = await ours.hear()
                        assert server.passed_on == before + (room == "%FFx")
                        tornados.say(f"{path}?", more=f"{named}Expect: nothing\r\n")
                        again, others, same = await tornados.hear()
                        assert server.passed_on == before + 1 + (room == "%FFx")
                        headers["Date"] = others["Date"]
                        assert (status, body) == (again, same)
                        assert [*_lower(headers)] == [*_lower(others)]
                        statuses.append(status)
        assert {status: statuses.count(status) for status in set(statuses)} == {200: 21, 404: 15, 401: 18, 400: 9}


@pytest.mark.gen_test(timeout=30)
async def test_whoever_asks_for_something_else_is_passed_on_with_it(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    path = f"/api/rooms/{code}/"
    body = '{"name": "Saturday"}'
    asked = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    others: list[tuple[str, str, str, str, int]] = [
        (path, "PATCH", asked, body, 200),
        (path, "GET", asked, body, 200),
        (path, "POST", "Content-Length: 0\r\n", "", 405),
        (f"{path}?user_id=x", "GET", "", "", 200),
        (f"{path}sessions/", "GET", "", "", 200),
        ("/api/rooms/create/", "GET", "", "", 405),
        ("/api/rooms/", "GET", "", "", 200),
        (path, "GET", "Connection: close\r\n", "", 200),
        (path, "GET", f"X: {LONG * 5}\r\n", "", 200),
    ]
    async with reception(served) as (server, port):
        for number, (at, method, more, sent, expected) in enumerate(others, 1):
            async with calling(port, alice) as caller:
                for _ in range(3):
                    assert (await caller.asked(path, more="X-Some: thing\r\n"))[0] == 200
                assert server.passed_on == number - 1
                assert (await caller.asked(at, method, more, sent))[0] == expected, at
                assert server.passed_on == number
                if "close" not in more:
                    assert (await caller.asked(path))[1]["name"] == "Saturday"
        assert not server._lines


@pytest.mark.gen_test(timeout=30)
async def test_requests_in_pieces_and_in_a_row(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    async with reception(served) as (server, port):
        async with calling(port, alice) as caller:
            words = caller.words(f"/api/rooms/{code}/")
            caller.writer.write(words * 5 + words[:30])
            for _ in range(5):
                assert (await caller.hear())[0] == 200
            await until(lambda: server.passed_on == 1, "half a request is Tornado's")
            caller.writer.write(words[30:])
            assert (await caller.hear())[0] == 200
        async with calling(port, alice) as caller:
            # Lines that end in LF alone may be judged otherwise elsewhere.
            caller.writer.write(words.replace(b"Host: x\r\n", b"Host: x\n"))
            assert (await caller.hear())[0] == 200
            assert server.passed_on == 2
        async with calling(port, alice) as caller:
            caller.writer.write(words)
            caller.writer.write_eof()
            assert (await caller.hear())[0] == 200
            assert await caller.reader.read() == b""
        assert server.passed_on == 2
        await until(lambda: not server._lines, "whoever has gone is forgotten")


@pytest.mark.logs("Uncaught exception")
@pytest.mark.gen_test(timeout=30)
async def test_nonsense_is_passed_on_at_once(served: Served) -> None:
    alice = await served.person("Alice")
    path = f"/api/rooms/{await served.room(alice)}/"
    async with reception(served) as (server, port):
        for number, host in enumerate([b"x:" + b"9" * 5_000, b"x y", b"x, y", b"\xff"], 1):
            async with calling(port, alice) as caller:
                assert (await caller.asked(path))[0] == 200
                caller.writer.write(caller.words(path).replace(b"Host: x", b"Host: " + host))
                assert (await caller.reader.read(20)).split()[1:2] in ([], [b"400"], [b"200"])
            assert server.passed_on == number


@pytest.mark.gen_test(timeout=30)
async def test_a_token_counts_for_as_long_as_it_does(served: Served) -> None:
    alice = await served.person("Alice")
    path = f"/api/rooms/{await served.room(alice)}/"
    async with reception(served) as (server, port), calling(port, alice) as caller:
        assert (await caller.asked(path))[0] == 200
        assert (await alice.call("POST", "/api/auth/logout/", {})).is_success
        status, answer = await caller.asked(path)
        assert (status, answer["error"]["code"]) == (401, "token_revoked")
        assert server.passed_on == 0


@pytest.mark.gen_test(timeout=30)
async def test_what_is_shown_is_the_room_as_it_is_now(served: Served) -> None:
    alice = await served.person("Alice")
    path = f"/api/rooms/{await served.room(alice)}/"
    async with reception(served) as (_, port), calling(port, alice) as caller:
        for name in ("One", "Two", "Three"):
            assert (await alice.call("PATCH", path, {"name": name})).is_success
            assert (await caller.asked(path))[1]["name"] == name
        await alice.call("DELETE", path)
        assert (await caller.asked(path))[0] == 404


@pytest.mark.gen_test(timeout=30)
async def test_whoever_does_not_read_is_waited_for_with_one_answer(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await served.person("Alice")
    path = f"/api/rooms/{await served.room(alice)}/"
    known = (await alice.call("GET", path)).json()
    asked = 0

    def shown(*_: object) -> dict[str, object]:
        nonlocal asked
        asked += 1
        return known | {"much": LONG * 2_000}

    monkeypatch.setattr("roomd.handlers.rooms.DetailHandler.shown", staticmethod(shown))
    async with reception(served, idle_s=1) as (server, port):
        async with calling(port, alice, receive_buffer=4_096) as caller:
            for _ in range(3):
                caller.say(path)
            await until(lambda: asked == 1)
            for _ in range(3):
                assert len((await caller.hear())[2]) > 4_000_000
            assert (asked, server.passed_on) == (3, 0)
        async with calling(port, alice, receive_buffer=4_096) as caller:
            caller.say(path)
            caller.say(path)
            await until(lambda: asked == 4)
            await until(lambda: not server._lines, "nothing moves, so it is closed")
            assert asked == 4


@pytest.mark.gen_test(timeout=30)
async def test_silence_and_the_end_of_the_server_close_it(served: Served) -> None:
    alice = await served.person("Alice")
    path = f"/api/rooms/{await served.room(alice)}/"
    async with reception(served, idle_s=0.2) as (server, port), calling(port, alice) as caller:
        assert (await caller.asked(path))[0] == 200
        assert await asyncio.wait_for(caller.reader.read(), 15) == b""
        assert not server._lines
    async with reception(served) as (server, port), calling(port, alice) as caller:
        assert (await caller.asked(path))[0] == 200
        server.stop()
        assert (await caller.asked(path))[0] == 200
        await server.close_all_connections()
        assert await asyncio.wait_for(caller.reader.read(), 15) == b""


@pytest.mark.logs("GET /api/rooms/.* (failed|was broken off)")
@pytest.mark.gen_test(timeout=30)
async def test_a_fault_of_ours_is_answered_and_what_hangs_is_given_up(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    alice = await served.person("Alice")
    path = f"/api/rooms/{await served.room(alice)}/"
    room, hung = served.services.engine.room, asyncio.Event()

    async def broken(_: str) -> None:
        raise ZeroDivisionError("a fault of ours")

    async def hanging(_: str) -> None:
        hung.set()
        await asyncio.Event().wait()

    caplog.set_level(logging.INFO)
    async with reception(served) as (server, port), calling(port, alice) as caller:
        monkeypatch.setattr(served.services.engine, "room", broken)
        status, answer = await caller.asked(path, more="X-Request-ID: my-id.1\r\n")
        assert (status, answer["error"]["code"]) == (500, "internal")
        assert "my-id.1" in answer["message"]
        (loud,) = [record for record in caplog.records if record.levelname == "ERROR"]
        assert loud.exc_info is not None
        assert "my-id.1" in loud.getMessage()
        assert alice.token not in caplog.text
        assert f"GET {path} 500" in caplog.text
        monkeypatch.setattr(served.services.engine, "room", hanging)
        status, answer = await caller.asked(path)
        assert (status, answer["error"]["code"]) == (503, "unavailable")
        # Ended by something else than its own limit.
        hung.clear()
        caller.say(path)
        await until(hung.is_set)
        (line,) = server._lines
        assert line._task is not None and line._task.cancel()
        assert (await caller.hear())[0] == 503
        caller.say(path)
        hung.clear()
        await until(hung.is_set)
        caller.writer.transport.abort()
        await until(lambda: not server._lines, "answered to nobody")
        monkeypatch.setattr(served.services.engine, "room", room)
        assert served.services.drain._requests == 0


@pytest.mark.gen_test(timeout=30)
async def test_only_hosts_that_are_ours_are_answered(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    async with reception(served, allowed_hosts=("rooms.example",)) as (server, port), calling(port, alice) as caller:
        caller.writer.write(caller.words(f"/api/rooms/{code}/").replace(b"Host: x", b"Host: rooms.example"))
        assert (await caller.hear())[0] == 200
        assert server.passed_on == 0
        assert (await caller.asked(f"/api/rooms/{code}/"))[0] == 404
        assert server.passed_on == 1


def _lower(headers: dict[str, str]) -> Iterator[tuple[str, str]]:
    return ((name.lower(), value) for name, value in headers.items())
