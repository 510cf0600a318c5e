"""Processes with a radio, on real stores; whoever recommends says what a test has them say."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from archive_world import Process, process
from rooms_world import ALICE

from roomd.clock import Clock
from roomd.domain.actor import Actor
from roomd.domain.entries import ordered
from roomd.domain.ids import RoomId, SocketId, UserId
from roomd.domain.membership import Attach
from roomd.domain.queue import Add
from roomd.domain.refusals import NotFound
from roomd.domain.room import Room
from roomd.domain.song import Pick, Song, track_of
from roomd.domain.track import Track
from roomd.radio import Radio
from roomd.suggestions import Suggestions


def song(name: str, length_ms: float = 60_000.0, url: str | None = None) -> Song:
    path = f"https://music.example/{name}" if url is None else url
    return Song(id=f"shop:{name}", title=name, artist="Carol", url=path, duration_ms=length_ms)


@dataclass(frozen=True)
class Told:
    """An answer of the catalogue's."""

    value: list[Song]


@dataclass
class Shop:
    """A catalogue of these songs, each of which goes with all others. `fault` is why it does not answer."""

    songs: list[Song] = field(default_factory=list)
    fault: Exception | None = None
    asked: list[str] = field(default_factory=list)
    #: What is in the host's own folder.
    folder: list[Song] = field(default_factory=list)
    #: URLs of what is still being converted.
    unready: set[str] = field(default_factory=set)

    async def prepared(self, track: Track) -> bool:
        return track.url not in self.unready

    async def playable(self, ids: Sequence[str]) -> Mapping[str, Track]:
        known = [*self.songs, *self.folder]
        return {each.id: track_of(each) for each in known if each.id in ids and each.url}

    async def related(self, song_id: str, limit: int) -> Told:
        return self._answer(f"related to {song_id}", [each for each in self.songs if each.id != song_id][:limit])

    async def top_songs(self, limit: int) -> Told:
        return self._answer("top", self.songs[:limit])

    def _answer(self, question: str, songs: list[Song]) -> Told:
        self.asked.append(question)
        if self.fault is not None:
            raise self.fault
        if question.startswith("related") and question.endswith(":unheard-of"):
            raise NotFound("There is no such track.", "no_such_track")
        return Told(songs)


@dataclass
class Taste:
    """Recommends these, whatever came before, and keeps what it was asked."""

    picks: list[Pick] = field(default_factory=list)
    fault: Exception | None = None
    asked: list[tuple[list[str], list[str], set[str]]] = field(default_factory=list)
    #: So many at once.
    most: int = 100

    async def radio(
        self, people: Sequence[UserId], seeds: Sequence[str], avoid: Collection[str], limit: int
    ) -> list[Pick]:
        self.asked.append(([*people], [*seeds], {*avoid}))
        if self.fault is not None:
            raise self.fault
        return [pick for pick in self.picks if pick.song.id not in avoid][: min(limit, self.most)]


@dataclass
class Station:
    """A process with its radio."""

    process: Process
    radio: Radio
    taste: Taste
    shop: Shop

    async def room(self, *names: str, there: bool = True, **settings: Any) -> Room:
        """Alice's room with the radio on; the first of these plays."""
        room = await self.process.open(**{"radio": True, "autoplay": True} | settings)
        if there:
            await self.enter(room.id)
        return await self.add(room.id, *names) if names else room

    async def enter(self, room_id: RoomId, actor: Actor = ALICE) -> None:
        await self.process.core.engine.handle(room_id, Attach(socket=SocketId(f"p.{actor.name}")), actor)

    async def add(self, room_id: RoomId, *names: str) -> Room:
        tracks = tuple(track_of(song(name)) for name in names)
        return (await self.process.core.engine.handle(room_id, Add(tracks=tracks), ALICE)).room

    async def now(self, room_id: RoomId) -> Room:
        return await self.process.core.engine.room(room_id)

    async def queue(self, room_id: RoomId) -> list[str]:
        room = await self.now(room_id)
        return [room.entries[key].track.title for key in ordered(room)]


@asynccontextmanager
async def station(
    redis_url: str, database_url: str, clock: Clock | None = None, *, picks: str = "", shop: str = ""
) -> AsyncIterator[Station]:
    """`picks` are recommended, letter by letter; `shop` is what can be had beside them."""
    taste = Taste([Pick(song=song(name), why=f"Like {name}") for name in picks])
    have = Shop([song(name) for name in dict.fromkeys(picks + shop)])
    async with process(redis_url, database_url, clock) as running:
        core = running.core
        suggestions = Suggestions(
            running.clock, taste, have, lambda: [track_of(each) for each in have.folder], have.prepared
        )
        radio = Radio(core.engine, core.index, running.clock, core.holdings.process, suggestions)
        yield Station(running, radio, taste, have)
        await radio.stop()
