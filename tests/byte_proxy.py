"""A wire between a client and Redis or PostgreSQL that can be cut, clogged, or lose one answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

import pytest

CHUNK = 1 << 16


class Wire:
    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        folder = parse_qs(self._url.query).get("host")
        self._path = f"{folder[0]}/.s.PGSQL.5432" if folder else self._url.path
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()
        self._ways: set[asyncio.Task[None]] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._port = 0
        #: How many commits are to be carried out without their answer coming back; the link breaks instead.
        self.answers_to_lose = 0
        self.lost = 0

    @property
    def url(self) -> str:
        if self._url.scheme.startswith("postgres"):
            return f"postgresql://{self._url.username}@127.0.0.1:{self._port}{self._url.path}"
        return f"redis://127.0.0.1:{self._port}/0"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._link, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break every link; nobody answers until `start`."""
        if self._server is not None:
            self._server.close()
            self._server = None
        # A link ends when one of its two ways does.
        for way in self._ways:
            way.cancel()
        await asyncio.gather(*self._links)

    def clog(self, *, new_links_too: bool = True) -> None:
        """Nothing comes through any more, and nobody is told."""
        self._open.clear()
        if not new_links_too:
            self._open = asyncio.Event()
            self._open.set()

    def clear(self) -> None:
        self._open.set()

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        behind, ahead = await asyncio.open_unix_connection(self._path)
        asked, clear = asyncio.Event(), self._open
        ways = [
            asyncio.create_task(self._there(reader, ahead, asked, clear)),
            asyncio.create_task(self._back(behind, writer, asked, clear)),
        ]
        self._ways |= set(ways)
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for each in (writer, ahead):
            each.close()
            with suppress(OSError):
                await each.wait_closed()
        self._ways -= set(ways)
        self._links.discard(task)

    async def _there(
        self, reader: asyncio.StreamReader, ahead: asyncio.StreamWriter, asked: asyncio.Event, clear: asyncio.Event
    ) -> None:
        while data := await reader.read(CHUNK):
            await clear.wait()
            if self.answers_to_lose and b"EVALSHA" in data:
                self.answers_to_lose -= 1
                asked.set()
            ahead.write(data)
            await ahead.drain()

    async def _back(
        self, behind: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: asyncio.Event, clear: asyncio.Event
    ) -> None:
        while data := await behind.read(CHUNK):
            await clear.wait()
            if asked.is_set():
                self.lost += 1
                return
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def wire_to(url: str) -> AsyncIterator[Wire]:
    if "," in url:
        pytest.skip("a cluster is not reached over one wire")
    wire = Wire(url)
    await wire.start()
    try:
        yield wire
    finally:
        wire.clear()
        await wire.cut()
