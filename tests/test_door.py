"""The door of a WebSocket: who is let in, who is not, and what bad company it has to bear."""

import asyncio
import base64
import json
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hub_world import until
from raw_socket import CLOSE, PING, PONG, Raw, raw_socket
from serving import Person, Served
from test_frames import framed
from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import IOStream
from tornado.testing import bind_unused_port
from tornado.web import Application

from roomd.app import make_app
from roomd.handlers import reception, wire
from roomd.handlers.door import Door
from roomd.handlers.live import NativeSocket
from roomd.handlers.reception import Reception
from roomd.handlers.wire import MAX_MESSAGE, Patience

KEY = base64.b64encode(bytes(range(16))).decode()
GOOD = {
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}


@asynccontextmanager
async def behind(door: Door, kind: type[HTTPServer] = HTTPServer) -> AsyncIterator[int]:
    # With a limit of time, as it is served: there are some turns of the loop between a request and its handling.
    server = kind(Application([(r"/ws/v1/([^/]+)/?", door)]), idle_connection_timeout=30)
    bound, port = bind_unused_port()
    server.add_socket(bound)
    try:
        yield port
    finally:
        server.stop()
        await server.close_all_connections()


async def asked(
    port: int, headers: Mapping[str, str | None], first: str = "GET /ws/v1/ZZZZZZ/ HTTP/1.1", more: bytes = b""
) -> tuple[str, bytes]:
    """Head and body of the answer to a handshake by hand."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    given = {"Host": "x", **GOOD, **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value is not None)
    writer.write(f"{first}\r\n{lines}\r\n".encode() + more)
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next((int(line.split()[1]) for line in head.splitlines() if line.startswith("Content-Length")), 0)
    body = await reader.readexactly(length)
    await Raw(reader, writer, 0).bye()
    return head, body


@pytest.mark.gen_test(timeout=30)
async def test_what_is_no_handshake_is_refused_in_words(served: Served) -> None:
    cases: list[tuple[dict[str, str | None], int, str]] = [
        ({"Upgrade": None}, 400, "bad_request"),
        ({"Upgrade": "h2c"}, 400, "bad_request"),
        ({"Connection": "keep-alive"}, 400, "bad_request"),
        ({"Sec-WebSocket-Key": None}, 400, "bad_request"),
        ({"Sec-WebSocket-Key": "short"}, 400, "bad_request"),
        ({"Sec-WebSocket-Key": base64.b64encode(bytes(17)).decode()}, 400, "bad_request"),
        ({"Sec-WebSocket-Version": None}, 426, "upgrade_required"),
        ({"Sec-WebSocket-Version": "8"}, 426, "upgrade_required"),
        ({"Content-Length": "5"}, 400, "bad_request"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "forbidden"),
        ({"Sec-Fetch-Site": "same-site", "Origin": "https://evil.example"}, 403, "forbidden"),
    ]
    for headers, status, code in cases:
        head, body = await asked(served.port, headers, more=b"12345" if "Content-Length" in headers else b"")
        assert (head.split()[1], json.loads(body)["error"]["code"]) == (str(status), code), headers
        assert ("Sec-Websocket-Version: 13" in head.title()) == (status == 426)
    for first, status in {
        "POST /ws/v1/ZZZZZZ/ HTTP/1.1": 405,
        "HEAD /ws/v1/ZZZZZZ/ HTTP/1.1": 405,
        "GET /ws/v1/ZZZZZZ/ HTTP/1.0": 400,
        "GET /ws/v1/%ff%fe/ HTTP/1.1": 400,
        "GET /ws/v2/ZZZZZZ/ HTTP/1.1": 404,
    }.items():
        head, _ = await asked(served.port, {"Content-Length": "0"}, first)
        assert head.split()[1] == str(status), first
    head, _ = await asked(served.port, {"Sec-Fetch-Site": "same-origin", "Origin": "https://elsewhere.example"})
    assert "101 Switching Protocols" in head


@pytest.mark.gen_test(timeout=30)
async def test_the_handshake_is_answered_as_the_rfc_has_it(served: Served) -> None:
    # The RFC's own example.
    offered = {"Sec-WebSocket-Protocol": "chat", "Sec-WebSocket-Extensions": "permessage-deflate"}
    head, _ = await asked(served.port, {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", **offered})
    lines = head.split("\r\n")
    assert lines[0] == "HTTP/1.1 101 Switching Protocols"
    assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in lines
    # Nothing that was offered is taken: frames are shared, so they are not compressed.
    assert not [line for line in lines if "Protocol:" in line or "Extensions" in line]


@pytest.mark.gen_test(timeout=30)
async def test_what_is_sent_behind_the_handshake_at_once_is_heard(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    hello = json.dumps({"type": "hello", "token": alice.token, "x": "y" * 20_000}).encode()
    lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "x", **GOOD}.items())
    whole = (
        f"GET /ws/v1/{code}/ HTTP/1.1\r\n{lines}\r\n".encode() + framed(1, hello) + framed(1, b'{"type":"ping","c0":7}')
    )
    for pieces in ([whole], [whole[:-10], whole[-10:]], [whole[n : n + 1_000] for n in range(0, len(whole), 1_000)]):
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        raw = Raw(reader, writer, 101)
        # The clock is asked for meanwhile, so its answer may come first.
        kinds = {said["type"] for said in [await raw.next() for _ in range(3)] if said}
        assert kinds == {"pong", "welcome", "state"}
        await raw.bye()


@pytest.mark.parametrize("kind", [HTTPServer, Reception])
@pytest.mark.gen_test(timeout=30)
async def test_where_descriptors_run_out_people_are_asked_to_come_later(served: Served, kind: type[HTTPServer]) -> None:
    async with behind(Door(served.services, NativeSocket, descriptors=3), kind) as port:
        head, _ = await asked(port, {})
        assert head.startswith("HTTP/1.1 503 ")
        assert "Retry-After: " in head
    assert served.services.hub.sockets() == []


async def entered(served: Served, person: Person, code: str) -> Raw:
    raw = await raw_socket(served.port, f"/ws/v1/{code}/")
    await raw.say(type="hello", token=person.token)
    await raw.until("state")
    return raw


@pytest.mark.gen_test(timeout=60)
async def test_bad_company_costs_nobody_else_anything(served: Served) -> None:
    """One drips its hello byte by byte, one sends noise, one is cut off, one floods with all that it may send."""
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    watching = await entered(served, alice, code)
    dripping = await raw_socket(served.port, f"/ws/v1/{code}/")
    hello = framed(1, json.dumps({"type": "hello", "token": bob.token}).encode())
    noisy = await raw_socket(served.port, f"/ws/v1/{code}/")
    noisy.writer.write(b"\x16\x03\x01 and more of the kind" * 1_000)
    lost = await entered(served, bob, code)
    lost.writer.transport.abort()
    flood = await entered(served, bob, code)
    large = json.dumps({"type": "say", "id": "x", "text": "y" * (MAX_MESSAGE - 50)}).encode()
    slowest = 0.0
    for at in range(len(hello)):
        dripping.writer.write(hello[at : at + 1])
        if at % 20 == 0:
            await flood.send(large)
            began = time.monotonic()
            await watching.say(type="ping", c0=at)
            assert (await watching.until("pong"))["c0"] == at
            slowest = max(slowest, time.monotonic() - began)
        await asyncio.sleep(0)
    assert slowest < 1.0
    await dripping.until("welcome")
    assert await noisy.closed() == 1002
    await watching.say(type="say", id="still", text="here")
    assert (await watching.until("ack"))["id"] == "still"
    for raw in (watching, dripping, flood, lost):
        await raw.bye()


@pytest.mark.gen_test(timeout=30)
async def test_whoever_does_not_answer_the_closing_is_cut_off(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "GOODBYE_S", 0.2)
    async with behind(Door(served.services, NativeSocket, Patience(hello_s=0.05))) as port:
        deaf = await raw_socket(port, "/ws/v1/ZZZZZZ/")
        assert await deaf.frame() == (CLOSE, (4000).to_bytes(2, "big") + b"no hello")
        assert await deaf.reader.read() == b""
        await deaf.bye()


@pytest.mark.gen_test(timeout=30)
async def test_pings_go_both_ways_and_answering_them_is_life(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PING_INTERVAL_S", 0.1)
    async with behind(Door(served.services, NativeSocket, Patience(hello_s=10, silent_s=0.4))) as port:
        alive, dead = await raw_socket(port, "/ws/v1/ZZZZZZ/"), await raw_socket(port, "/ws/v1/ZZZZZZ/")
        for _ in range(8):
            assert await alive.frame() == (PING, b"")
            await alive.send(b"", PONG)
        assert await dead.closed() == 4001
        await alive.send(b"?", PING)
        while (said := await alive.frame()) == (PING, b""):
            await alive.send(b"", PONG)
        assert said == (PONG, b"?")
        await alive.bye()


@pytest.mark.parametrize("kind", [HTTPServer, Reception])
@pytest.mark.parametrize("reset", [True, False])
@pytest.mark.gen_test(timeout=30)
async def test_a_client_that_vanishes_during_the_handshake_leaves_nothing_behind(
    served: Served, reset: bool, kind: type[HTTPServer]
) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "x", **GOOD}.items())
    async with behind(Door(served.services, NativeSocket), kind) as port:
        for _ in range(40):
            with socket.create_connection(("127.0.0.1", port)) as plain:
                plain.sendall(f"GET /ws/v1/ZZZZZZ/ HTTP/1.1\r\n{lines}\r\n".encode())
                if reset:
                    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        drain = served.services.drain
        live = await raw_socket(port, "/ws/v1/ZZZZZZ/")
        await until(lambda: len(drain._open) == 1, "only the last one is there")
        await live.bye()
        await until(lambda: not drain._open)


class Counting(Reception):
    """How many connections Tornado was given."""

    passed_on = 0

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        self.passed_on += 1
        super().handle_stream(stream, address)


@pytest.mark.gen_test(timeout=30)
async def test_plain_handshakes_are_not_tornados_and_everything_else_is(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "_SILENT_S", 0.05)
    bound, port = bind_unused_port()
    server = Counting(make_app(served.services), idle_connection_timeout=30)
    server.add_socket(bound)
    head, _ = await asked(port, {})
    assert (" 101 " in head, server.passed_on) == (True, 0)
    first, *others = f"GET /ws/v1/ZZZZZZ/ HTTP/1.1\r\nHost: x\r\n{lines_of(GOOD)}\r\n".encode().partition(b"Upgrade")
    for count, (begun, rest) in enumerate([(b"", first + b"".join(others)), (first, b"".join(others))], 1):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begun)
        await until(lambda count=count: server.passed_on == count, "nothing, or not all, came: that is Tornado's")
        writer.write(rest)
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        await Raw(reader, writer, 0).bye()
    for number, (line, status) in enumerate(
        [("GET / HTTP/1.1", 200), ("GET /ws/v2/x/ HTTP/1.1", 404), ("GET /ws/v1/ZZZZZZ/ HTTP/9.9", 400)], 3
    ):
        head, _ = await asked(port, {}, line)
        assert (head.split()[1], server.passed_on) == (str(status), number)
    monkeypatch.setattr(reception, "_SILENT_S", 30.0)
    silent = await asyncio.open_connection("127.0.0.1", port)
    await until(lambda: bool(server._silent), "the connection is there, and silent")
    server.stop()
    await server.close_all_connections()
    assert await silent[0].read() == b""
    silent[1].close()


def lines_of(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


class Busy(HTTPServer):
    """Comes to look at a request only when its connection is gone."""

    started = 0

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        self.started += 1
        delegate = super().start_request(server_conn, request_conn)
        looked = delegate.headers_received

        async def late(start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> None:
            assert isinstance(request_conn, HTTP1Connection)
            await until(request_conn.stream.closed)
            looked(start_line, headers)

        delegate.headers_received = late  # type: ignore[method-assign]
        return delegate


@pytest.mark.gen_test(timeout=30)
async def test_a_client_that_was_gone_before_anybody_looked(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "roomd.access")
    server = Busy(Application([(r"/ws/v1/([^/]+)/?", Door(served.services, NativeSocket))]))
    bound, port = bind_unused_port()
    server.add_socket(bound)
    lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "x", **GOOD}.items())
    with socket.create_connection(("127.0.0.1", port)) as plain:
        # Where the request is there at once, Tornado does not look at the connection any more.
        await until(lambda: server.started)
        plain.sendall(f"GET /ws/v1/ZZZZZZ/ HTTP/1.1\r\n{lines}\r\n".encode())
    await until(lambda: "GET /ws/v1/ZZZZZZ/ 499" in caplog.text)
    assert not served.services.drain._open
    server.stop()
    await server.close_all_connections()
