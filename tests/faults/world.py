"""A Redis, a PostgreSQL and servers between them, on links that can be spoilt."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx
from cluster_template import TEMPLATE

from faults.client import Person
from faults.processes import Server, Store
from faults.proxy import Proxy, proxy
from roomd.domain.actor import Actor
from roomd.domain.ids import UserId, make_uuid
from roomd.embedded import postgres, redis
from roomd.embedded.child import Plan
from roomd.embedded.folder import Folder, opened
from roomd.embedded.spawn import best_tie
from roomd.settings import Settings
from roomd.tokens import TokenRing

SECRET = "faults-sign-with-this-and-nobody-else-does"
_NAMES = ("Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Grace", "Heidi")


class Links(NamedTuple):
    """The wires of one server, which all can be spoilt: from its clients, to Redis, to PostgreSQL."""

    clients: Proxy
    redis: Proxy
    postgres: Proxy


class Wanted(NamedTuple):
    """What a world is to be like. `links`: whether there are wires to spoil; without, all goes straight."""

    seed: int
    servers: int = 2
    links: bool = False
    appendfsync: str = "always"
    #: The program and arguments that Redis is started by, in front of its own.
    redis_before: Sequence[str] = ()


@dataclass
class World:
    folder: Path
    dice: Random
    redis: Store
    postgres: Store
    database_url: str
    http: httpx.AsyncClient
    #: Every answer to `readiness`.
    answers: list[tuple[int, str]] = field(default_factory=list)
    servers: list[Server] = field(default_factory=list)
    links: list[Links] = field(default_factory=list)
    ring: TokenRing = field(default_factory=lambda: TokenRing([SECRET], lambda: time.time() * 1_000))

    def doors(self) -> list[int]:
        """The ports at which clients may knock: of the servers that are there, or of the wires to all of them."""
        return [each.clients.port for each in self.links] or self.straight()

    def straight(self) -> list[int]:
        return [server.port for server in self.servers if server.port is not None]

    def door(self, number: int) -> Callable[[], list[int]]:
        """Only this server's."""
        return lambda: self.doors()[number : number + 1] if self.links else _known(self.servers[number].port)

    @property
    def kills(self) -> int:
        return self.redis.kills + self.postgres.kills + sum(server.kills for server in self.servers)

    def note(self, name: str, lines: Sequence[str]) -> None:
        """Leave a file in the folder."""
        (self.folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def person(self) -> Person:
        """Somebody new, whose token every server here believes."""
        name = self.dice.choice(_NAMES)
        actor = Actor(UserId(make_uuid(self.dice)), name, guest=True)
        return Person(actor.id, name, self.ring.issue(actor))

    async def call(self, method: str, path: str, person: Person | None = None, body: Any = None) -> httpx.Response:
        """An HTTP request to the first server that is there."""
        headers = {"Authorization": f"Bearer {person.token}"} if person else {}
        url = f"http://127.0.0.1:{self.straight()[0]}{path}"
        return await self.http.request(method, url, json=body, headers=headers)

    async def room(self, host: Person, **settings: Any) -> str:
        """A new room's id."""
        answer = await self.call("POST", "/api/rooms/create/", host, {"name": "Friday"} | settings)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def readiness(self, number: int = 0) -> tuple[int, str]:
        """What a server says of itself: (status, word)."""
        answer = await self.http.get(f"http://127.0.0.1:{self.servers[number].port}/api/health/ready/")
        self.answers.append((answer.status_code, str(answer.json().get("status"))))
        return self.answers[-1]

    async def ready(self, status: str, within_s: float, number: int = 0) -> float:
        """Wait until a server says that it is; how many seconds that took. Raises AssertionError."""
        began = time.monotonic()
        while (found := (await self.readiness(number))[1]) != status:
            assert time.monotonic() - began < within_s, f"after {within_s} s a server is not {status} but {found}"
            await asyncio.sleep(0.05)
        return time.monotonic() - began


@asynccontextmanager
async def world(wanted: Wanted) -> AsyncIterator[World]:
    """Everything running. The folder is kept, and named, when what is done with it fails."""
    folder = _folder()
    try:
        async with AsyncExitStack() as stack:
            yield await _build(folder, wanted, stack)
    except BaseException as fault:
        fault.add_note(f"seed {wanted.seed}; what the run left is in {folder}")
        raise
    shutil.rmtree(folder)


def _folder() -> Path:
    """A new one with a short path, open to the stores' user."""
    made = Path(tempfile.mkdtemp(prefix="rf-", dir=Path("/tmp").resolve()))
    made.chmod(0o755)
    return made


async def _build(folder: Path, wanted: Wanted, stack: AsyncExitStack) -> World:
    settings, tie = Settings(data_dir=folder / "d"), best_tie()
    place = stack.enter_context(opened(settings))
    await TEMPLATE.copy(place.data)
    made = World(
        folder,
        Random(wanted.seed),
        Store(_redis(settings, place, wanted), tie),
        Store(postgres.plan(settings, place, tie, durable=True), tie),
        postgres.url(place),
        # Without certificates: to load them takes 20 ms.
        await stack.enter_async_context(httpx.AsyncClient(verify=False, trust_env=False, timeout=20)),
    )
    for store in (made.redis, made.postgres):
        stack.push_async_callback(store.stop)
    await asyncio.gather(made.redis.start(), made.postgres.start())
    for number in range(wanted.servers):
        await _add(made, place, number, wanted, stack)
    await asyncio.gather(*(server.start() for server in made.servers))
    return made


async def _add(made: World, place: Folder, number: int, wanted: Wanted, stack: AsyncExitStack) -> None:
    """One more server, not started yet, and its wires where they are wanted."""
    redis_url, database_url = redis.url(place), postgres.url(place)
    if wanted.links:
        sockets = [place.run / "redis.sock", place.run / ".s.PGSQL.5432"]
        wires = [
            await stack.enter_async_context(proxy(lambda: made.servers[number].port or 0, made.dice)),
            *[await stack.enter_async_context(proxy(partial(Path, path), made.dice)) for path in sockets],
        ]
        made.links.append(Links(*wires))
        redis_url = f"redis://127.0.0.1:{wires[1].port}/0"
        database_url = f"postgresql://roomd@127.0.0.1:{wires[2].port}/roomd"
    music = made.folder / "music"
    music.mkdir(exist_ok=True)
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOST": "127.0.0.1",
        "PORT": "0",
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET,
        "ROOMD_ENV": "production",
        "ROOMD_LIMITS": "off",
        "ROOMD_DATA_DIR": str(made.folder / f"data{number}"),
        "MUSIC_DIR": str(music),
    }
    server = Server(f"server{number}", made.folder, environment, best_tie())
    made.servers.append(server)
    stack.push_async_callback(server.end)


def _redis(settings: Settings, place: Folder, wanted: Wanted) -> Plan:
    plan = redis.plan(settings, place, durable=True)
    command = [wanted.appendfsync if part == "always" else part for part in plan.command]
    return plan._replace(command=(*wanted.redis_before, *command))


def _known(port: int | None) -> list[int]:
    return [] if port is None else [port]
