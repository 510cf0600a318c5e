"""A whole server in the test's own loop, on real stores and a free port; and people who use it."""

import asyncio
import json
import struct
import sys
import wave
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from no_tls import NO_TLS
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port
from tornado.websocket import WebSocketClientConnection, websocket_connect

from roomd.accounts import Caller
from roomd.app import lifespan, make_app
from roomd.clock import Clock
from roomd.handlers.reception import Reception
from roomd.serve import MAX_BODY
from roomd.services import Services
from roomd.settings import Settings

#: A password that will do.
GOOD = "correct horse battery staple"
SECRET = "tests-sign-with-this-and-nobody-else-does"
#: Seconds within which anything that is to happen has happened, on a machine busy with other tests.
PATIENCE_S = 15.0


@dataclass
class Person:
    """Somebody with a token."""

    id: str
    name: str
    token: str
    http: httpx.AsyncClient

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self.http.request(method, path, json=body, headers=self.headers)


@dataclass
class Live:
    """A native WebSocket, with everything that came over it and what has not been looked at yet."""

    socket: WebSocketClientConnection
    heard: list[dict[str, Any]] = field(default_factory=list)
    number: int = 0
    over: bool = False

    async def say(self, **message: Any) -> None:
        await self.socket.write_message(json.dumps(message))

    async def next(self) -> dict[str, Any] | None:
        """The next message; None when the socket was closed."""
        text = None if self.over else await asyncio.wait_for(self.socket.read_message(), PATIENCE_S)
        if text is None:
            self.over = True
            return None
        self.heard.append(json.loads(text))
        return self.heard[-1]

    async def until(self, **wanted: Any) -> dict[str, Any]:
        """The next message that has these fields; those before it are passed over (and kept in `heard`)."""
        while (message := await self.next()) is not None:
            if all(message.get(key) == value for key, value in wanted.items()):
                return message
        raise AssertionError(f"closed with {self.socket.close_code} before {wanted}; heard {self.heard}")

    async def until_event(self, kind: str) -> dict[str, Any]:
        """The next commit with an event of this kind; the event, with the commit's `rev`, `by` and `command` in it."""
        while True:
            commit = await self.until(type="commit")
            for event in commit["events"]:
                if event["type"] == kind:
                    return {key: commit[key] for key in ("rev", "by", "command")} | event

    async def do(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send a command and wait for its `ack` or `error`."""
        self.number += 1
        command_id = fields.pop("id", f"c{self.number}")
        await self.say(type=kind, id=command_id, **fields)
        while True:
            message = await self.until(id=command_id)
            if message["type"] in {"ack", "error"}:
                return message

    async def closed(self) -> int | None:
        """Wait for the server to close; the close code."""
        while await self.next() is not None:
            pass
        return self.socket.close_code


@dataclass
class Served:
    services: Services
    port: int
    http: httpx.AsyncClient
    opened: list[Live] = field(default_factory=list)

    async def person(self, name: str) -> Person:
        answer = (await self.http.post("/api/auth/guest/", json={"name": name})).json()
        return Person(answer["user"]["id"], name, answer["access_token"], self.http)

    async def room(self, host: Person, **settings: Any) -> str:
        """A new room's code."""
        answer = await host.call("POST", "/api/rooms/create/", {"name": "Friday"} | settings)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["code"])

    async def socket(self, path: str) -> Live:
        self.opened.append(Live(await websocket_connect(f"ws://127.0.0.1:{self.port}{path}")))
        return self.opened[-1]

    async def enter(self, person: Person, code: str, resume: dict[str, int] | None = None) -> Live:
        """Open a socket and say hello; nothing of the answer is read yet."""
        live = await self.socket(f"/ws/v1/{code}/")
        hello: dict[str, Any] = {"type": "hello", "token": person.token}
        await live.say(**hello | ({"resume": resume} if resume else {}))
        return live


async def account(served: Served, name: str, *, admin: bool = False) -> Person:
    """Somebody with an account, signed in."""
    await served.services.accounts.register(name, f"{name}@example.org", GOOD, admin=admin)
    return await signed_in(served, name)


async def signed_in(served: Served, name: str) -> Person:
    signed = await served.services.accounts.login(name, GOOD, Caller("127.0.0.1", "a browser"))
    return Person(signed.user.id, name, signed.access, served.http)


@asynccontextmanager
async def serving(
    redis_url: str, database_url: str, data_dir: Path, clock: Clock | None = None, **settings: Any
) -> AsyncIterator[Served]:
    music = data_dir / "music"
    if not music.exists():
        music.mkdir()
        make_wav(music / "Carol - Long Walk.wav", 60.0)
        make_wav(music / "Carol - Short Walk.wav", 1.0)
    given: dict[str, Any] = {
        "host": "127.0.0.1",
        "redis_url": redis_url,
        "database_url": database_url,
        "secret_key": SECRET,
        # Everybody in a test comes from one address, and does in a second what people do in an evening.
        "limits": 0,
    }
    chosen = Settings(**given | {"data_dir": data_dir, "music_dir": music} | settings)
    lost: list[str] = []
    async with lifespan(chosen, lost.append, clock) as services:
        await services.folder.rescan()
        socket, port = bind_unused_port()
        server = Reception(make_app(services), max_body_size=MAX_BODY)
        server.add_socket(socket)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=NO_TLS, trust_env=False) as http:
            served = Served(services, port, http)
            try:
                yield served
                for live in served.opened:
                    live.socket.close()
                    await live.closed()
            finally:
                server.stop()
                await asyncio.wait_for(server.close_all_connections(), PATIENCE_S)
    assert not lost


def leave(io_loop: IOLoop, running: AbstractAsyncContextManager[Served]) -> None:
    """Take a server down; where that does not end, show what it waits for."""
    try:
        io_loop.run_sync(lambda: running.__aexit__(None, None, None), timeout=60)
    except TimeoutError:
        for task in asyncio.all_tasks(io_loop.asyncio_loop):  # type: ignore[attr-defined]
            task.print_stack(file=sys.stdout)
        raise


def make_wav(path: Path, seconds: float, rate: int = 8_000) -> None:
    """A quiet triangle wave, so that there is something to hear and to measure."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        cycle = [abs(n % 40 - 20) * 300 - 3_000 for n in range(40)]
        file.writeframes(struct.pack("<40h", *cycle) * int(seconds * rate / 40))
