"""A wire between two programs that can be slow, lose answers, swallow everything, or break."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import cast

#: Where the far end is: a unix socket, or a port on this machine.
Upstream = Path | int
#: Closing a socket with this option sends a reset, and drops what was not sent yet.
_RESET = struct.pack("ii", 1, 0)
#: Bytes of what was asked for over a link that are kept, to tell links from each other.
_REMEMBERED = 4_096


class Proxy:
    """Listens on `port` from `start` to `close`; the far end is asked for anew for each link."""

    def __init__(self, upstream: Callable[[], Upstream], dice: Random) -> None:
        self._upstream = upstream
        self._dice = dice
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        #: Whether new links are connected on.
        self._open = asyncio.Event()
        self._open.set()
        self.port = 0
        #: Milliseconds that every piece waits, and at most as many more by chance. Order is kept.
        self.delay_ms = 0.0
        self.jitter_ms = 0.0
        #: Which share of the requests that contain `losing` are carried out without the answer coming back.
        self.lose = 0.0
        self.losing = b""
        #: Links are broken as soon as they are made.
        self.refusing = False
        self.lost = 0

    async def start(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(lambda: _Near(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.clear()
        self.reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def swallow(self, *, only: bytes = b"", new_links_too: bool = True) -> None:
        """Nothing comes through any more, either way, and nobody is told; new links are made and stay silent.

        With `only`, that goes for the links there are over which this was said, and for no other.
        """
        if new_links_too and not only:
            self._open.clear()
        for link in self._links:
            if not only or only in link.said:
                link.hold()

    def clear(self) -> None:
        """What was swallowed comes through after all, as TCP sends it again."""
        self._open.set()
        for link in self._links:
            link.let_go()

    def reset(self) -> None:
        """Break every link."""
        for link in list(self._links):
            link.reset()

    def refuse(self) -> None:
        """Break every link, and each new one, until `accept`."""
        self.refusing = True
        self.reset()

    def accept(self) -> None:
        self.refusing = False

    def opened(self, near: "_Near") -> None:
        task = asyncio.create_task(self._connect(near))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def forget(self, link: "_Link") -> None:
        self._links.discard(link)

    def loses(self, data: bytes) -> bool:
        return self.lose > 0 and self.losing in data and self._dice.random() < self.lose

    def pause_s(self, *, up: bool) -> float:
        """How long a piece waits on its way to the far end (`up`), or back."""
        return (self.delay_ms + self._dice.uniform(0, self.jitter_ms)) / 1_000

    async def _connect(self, near: "_Near") -> None:
        await self._open.wait()
        if self.refusing:
            reset(near.transport)
            return
        loop, where = asyncio.get_running_loop(), self._upstream()
        far = _Half()
        try:
            if isinstance(where, Path):
                await loop.create_unix_connection(lambda: far, str(where))
            else:
                await loop.create_connection(lambda: far, "127.0.0.1", where)
        except OSError:
            reset(near.transport)
            return
        if near.transport.is_closing():
            far.transport.abort()
            return
        link = _Link(self, near, far)
        self._links.add(link)
        link.let_go()
        if not self._open.is_set():
            link.hold()


class _Half(asyncio.Protocol):
    """One end of a link. Until the link is complete nothing is read from it."""

    transport: asyncio.Transport
    link: "_Link | None" = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        assert self.link is not None
        self.link.carry(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.link is not None:
            self.link.ended(self)

    def pause_writing(self) -> None:
        if self.link is not None:
            self.link.clog(self)

    def resume_writing(self) -> None:
        if self.link is not None:
            self.link.flow()


class _Near(_Half):
    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._proxy.opened(self)


class _Link:
    def __init__(self, proxy: Proxy, near: _Half, far: _Half) -> None:
        self._proxy = proxy
        self._near, self._far = near, far
        near.link = far.link = self
        self._due = {near: 0.0, far: 0.0}
        self._losing = self._held = False
        #: The beginning of what was asked for over it.
        self.said = bytearray()

    def carry(self, by: _Half, data: bytes) -> None:
        if by is self._near and len(self.said) < _REMEMBERED:
            self.said += data[:_REMEMBERED]
        if by is self._near and self._proxy.loses(data):
            self._losing = True
        elif by is self._far and self._losing:
            self._proxy.lost += 1
            self.reset()
            return
        to = self._far if by is self._near else self._near
        pause = self._proxy.pause_s(up=by is self._near)
        if pause == 0 and self._due[by] == 0:
            to.transport.write(data)
            return
        now = asyncio.get_running_loop().time()
        # Timers that are due at the same time are called in any order.
        self._due[by] = max(self._due[by] + 1e-6, now + pause)
        asyncio.get_running_loop().call_at(self._due[by], self._write, to, data)

    def _write(self, to: _Half, data: bytes) -> None:
        if not to.transport.is_closing():
            to.transport.write(data)

    def clog(self, full: _Half) -> None:
        """One end takes no more for now: the other is not read from."""
        (self._near if full is self._far else self._far).transport.pause_reading()

    def hold(self) -> None:
        self._held = True
        for half in (self._near, self._far):
            half.transport.pause_reading()

    def let_go(self) -> None:
        self._held = False
        self.flow()

    def flow(self) -> None:
        if not self._held:
            for half in (self._near, self._far):
                half.transport.resume_reading()

    def reset(self) -> None:
        self._proxy.forget(self)
        for half in (self._near, self._far):
            reset(half.transport)

    def ended(self, half: _Half) -> None:
        """One end is gone: the other is, once it has been told what was on the way."""
        self._proxy.forget(self)
        other = self._far if half is self._near else self._near
        wait = max(self._due.values()) - asyncio.get_running_loop().time()
        asyncio.get_running_loop().call_later(max(0.0, wait), other.transport.close)


def reset(transport: asyncio.Transport) -> None:
    """Close with a reset instead of a goodbye."""
    found = transport.get_extra_info("socket")
    if found is not None and found.family != socket.AF_UNIX and found.fileno() >= 0:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()


@asynccontextmanager
async def proxy(upstream: Callable[[], Upstream], dice: Random) -> AsyncIterator[Proxy]:
    made = Proxy(upstream, dice)
    await made.start()
    try:
        yield made
    finally:
        await made.close()
