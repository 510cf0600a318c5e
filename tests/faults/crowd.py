"""Many people in several rooms, who write at a steady pace whatever happens."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any, NamedTuple

from faults.client import Client, Person
from faults.ledger import Ledger
from faults.told import Heard, entries_of, events_of
from faults.waiting import until
from faults.world import World

#: Entries of one writer's that are left in the queue, which holds 500 of everybody's.
_OWN_ENTRIES = 4
#: Commands of one writer's that may be unanswered at a time.
_UNANSWERED = 3
_HOUR_MS = 3_600_000
_DOORS_S = 30.0
#: Rooms opened at the same time.
_AT_ONCE = 20


class Load(NamedTuple):
    """How many write, where, and how often a second each."""

    rooms: int = 4
    writers: int = 16
    rate: float = 6.0


class Writer:
    """Somebody who chats, queues, moves, removes and seeks, by chance."""

    def __init__(self, client: Client, dice: Random, rate: float) -> None:
        self.client = client
        self._dice = dice
        self._rate = rate
        self._mine: list[str] = []
        self._count = 0
        client.on_commit = self._look

    async def write(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._dice.uniform(0.5, 1.5) / self._rate)
            if len(self.client.waiting) < _UNANSWERED:
                self.one()

    def one(self) -> None:
        """One command."""
        self._count += 1
        lot = self._dice.random()
        if len(self._mine) > _OWN_ENTRIES:
            self.client.ask("remove", must=True, entries=[self._mine.pop(0)])
        elif lot < 0.55:
            self.client.ask("say", must=True, text=f"line {self._count} of {self.client.person.name}")
        elif lot < 0.75:
            self.client.ask("add", must=True, tracks=[_track(self._count)])
        elif lot < 0.85:
            self.client.ask("seek", must=True, position=self._dice.uniform(0, _HOUR_MS / 2))
        elif lot < 0.95 and len(self._mine) > 1:
            self.client.ask("move", must=False, entry=self._mine[-1], before=self._mine[0])
        else:
            self.client.ask(self._dice.choice(("play", "pause")), must=False)

    def _look(self, heard: Heard) -> None:
        """Note the entries that came of one's own adding."""
        if heard.by == self.client.person.id and heard.command is not None:
            for event in events_of(heard):
                if event.type == "entries_added":
                    self._mine += entries_of(event)


class Crowd:
    def __init__(self, world: World, ledger: Ledger) -> None:
        self.world = world
        self.ledger = ledger
        self.rooms: list[str] = []
        self.hosts: dict[str, Person] = {}
        self.clients: list[Client] = []
        self.writers: list[Writer] = []
        self._writing: list[asyncio.Task[None]] = []

    async def open_rooms(self, count: int, **settings: Any) -> None:
        """Rooms in which every member may do everything to the music."""
        while len(self.rooms) < count:
            some = range(min(_AT_ONCE, count - len(self.rooms)))
            await asyncio.gather(*(self._open_room(settings) for _ in some))
            await self.settled(_DOORS_S)

    async def _open_room(self, settings: dict[str, Any]) -> None:
        host = self.world.person()
        room = await self.world.room(host, **settings)
        client = self.client(host, room)
        client.ask("permit", must=False, preset="everyone_controls")
        client.ask("add", must=True, tracks=[_track(0)])
        self.rooms.append(room)
        self.hosts[room] = host

    def client(self, person: Person, room: str, doors: Callable[[], Iterable[int]] | None = None) -> Client:
        """One more client, on its way in."""
        made = Client(person, room, doors or self.world.doors, self.ledger, Random(self.world.dice.random()))
        made.start()
        self.clients.append(made)
        return made

    async def gather(self, load: Load) -> None:
        """Writers into the rooms, evenly; returns once all of them are in."""
        new = []
        for number in range(load.writers):
            client = self.client(self.world.person(), self.rooms[number % len(self.rooms)])
            new.append(Writer(client, Random(self.world.dice.random()), load.rate))
        self.writers += new
        await all_in([writer.client for writer in new], _DOORS_S)

    def write(self) -> None:
        """Begin, or go on, writing."""
        self._writing += [asyncio.create_task(writer.write()) for writer in self.writers]

    async def one_more_each(self) -> None:
        """Have every writer (the hosts, where there are none) write once more, and wait until that is answered."""
        clients = [writer.client for writer in self.writers] or self.clients
        lines = [client.ask("say", must=True, text="one more") for client in clients]
        await until(lambda: all(line.outcome != "info" for line in lines), _DOORS_S, "an answer to everybody")

    async def pause(self) -> None:
        """Write no more; what was asked for goes on waiting for its answer."""
        for task in self._writing:
            task.cancel()
        ends = await asyncio.gather(*self._writing, return_exceptions=True)
        self._writing.clear()
        for end in ends:
            if not isinstance(end, asyncio.CancelledError) and isinstance(end, BaseException):
                raise end

    async def settled(self, within_s: float) -> None:
        """Wait until everything asked for was answered, while nobody writes. Raises AssertionError."""
        end = time.monotonic() + within_s
        while waiting := [line for client in self.clients for line, _ in client.waiting.values()]:
            assert time.monotonic() < end, f"{len(waiting)} commands are unanswered after {within_s} s: {waiting[:3]}"
            await asyncio.sleep(0.02)

    async def leave(self) -> None:
        await self.pause()
        await asyncio.gather(*(client.stop() for client in self.clients))


async def all_in(clients: Sequence[Client], within_s: float) -> None:
    """Wait until all of them have been welcomed and know the room. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        await asyncio.gather(*(client.welcomed.wait() for client in clients))


@asynccontextmanager
async def crowd(world: World, load: Load, **settings: Any) -> AsyncIterator[Crowd]:
    """Rooms with writers in them, who do not write yet."""
    made = Crowd(world, Ledger())
    try:
        await made.open_rooms(load.rooms, **settings)
        await made.gather(load)
        yield made
    finally:
        await made.leave()


def _track(number: int) -> dict[str, object]:
    """One that nobody needs to look up."""
    url = f"https://music.example/{number}.mp3"
    return {"title": f"Number {number}", "url": url, "duration_ms": _HOUR_MS, "kind": "audio"}
