"""Frames straight to the socket, or by Tornado's own way: the client cannot tell which."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

import pytest
from hub_world import until
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketClientConnection, WebSocketHandler, websocket_connect

from roomd.fanout import Batch, frame
from roomd.handlers.outlet import DirectOutlet, Outlet, PublicOutlet, fits, outlet_of


class Open(WebSocketHandler):
    outlets: ClassVar[list[Outlet]] = []
    direct: ClassVar[bool] = True

    def open(self) -> None:
        self.set_nodelay(True)
        Open.outlets.append(outlet_of(self, direct=self.direct))

    def on_message(self, message: str | bytes) -> None:
        self.write_message(f"heard {message!r}")


@asynccontextmanager
async def serving(*, direct: bool) -> AsyncIterator[int]:
    Open.outlets[:], Open.direct = [], direct
    bound, port = bind_unused_port()
    server = HTTPServer(Application([("/", Open)]))
    server.add_socket(bound)
    yield port
    server.stop()
    await server.close_all_connections()


async def connected(port: int) -> tuple[WebSocketClientConnection, Outlet]:
    client = await websocket_connect(f"ws://127.0.0.1:{port}/")
    await until(lambda: Open.outlets)
    return client, Open.outlets[-1]


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.gen_test(timeout=20)
async def test_what_is_sent_arrives_in_order_among_tornados_own(direct: bool) -> None:
    async with serving(direct=direct) as port:
        client, outlet = await connected(port)
        assert isinstance(outlet, DirectOutlet if direct else PublicOutlet)
        outlet.write(Batch(("one", "zwei ü", "x" * 70_000)))
        await client.write_message("hello")
        assert [await client.read_message() for _ in range(4)] == ["one", "zwei ü", "x" * 70_000, "heard 'hello'"]
        outlet.write(Batch(("more",)))
        assert await client.read_message() == "more"
        assert outlet.waiting == 0
        client.close()


@pytest.mark.gen_test(timeout=20)
async def test_what_a_client_does_not_take_waits_and_nothing_is_cut_or_mixed() -> None:
    async with serving(direct=True) as port:
        client, outlet = await connected(port)
        texts = [f"{n} " + "x" * 40_000 for n in range(400)]
        for text in texts:
            outlet.write(Batch((text,)))
        # 16 MB do not fit into what the system holds for a connection.
        assert 0 < outlet.waiting < sum(map(len, map(frame, texts)))
        assert [await client.read_message() for _ in texts] == texts
        await until(lambda: not outlet.waiting)
        outlet.write(Batch(("after",)))
        assert await client.read_message() == "after"
        client.close()


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.gen_test(timeout=20)
async def test_a_connection_that_is_gone_takes_nothing_and_nothing_is_raised(direct: bool) -> None:
    async with serving(direct=direct) as port:
        raw = socket.create_connection(("127.0.0.1", port))
        raw.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        await until(lambda: Open.outlets)
        (outlet,) = Open.outlets
        # Reset instead of closed in order.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        raw.close()
        for _ in range(20):
            outlet.write(Batch(("x" * 100_000,)))
            await asyncio.sleep(0.001)
        assert outlet.waiting == 0


@pytest.mark.gen_test(timeout=10)
async def test_this_tornado_is_the_one_that_is_known() -> None:
    assert fits()
