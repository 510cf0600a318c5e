"""A catalogue of one's own making beside the others: its songs are wherever a test says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from serving import Served
from stand_in import StandIn
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from roomd.catalogue.provider import Source
from roomd.domain.refusals import NotFound
from roomd.domain.song import Album, AlbumPage, ArtistPage, Found, Genre, Song


@dataclass
class Jukebox:
    """A `Provider`. `fresh` are the sources given when the first did not work; `asked` counts the questions."""

    sources: dict[str, Source] = field(default_factory=dict)
    fresh: dict[str, Source] = field(default_factory=dict)
    covers: dict[str, Source] = field(default_factory=dict)
    asked: list[tuple[str, bool]] = field(default_factory=list)
    name: str = "jukebox"
    label: str = "Jukebox"

    async def source(self, key: str, *, fresh: bool = False) -> Source:
        self.asked.append((key, fresh))
        known = self.fresh if fresh and key in self.fresh else self.sources
        if key not in known:
            raise NotFound("There is no such track.", "no_such_track")
        return known[key]

    async def cover(self, key: str) -> Source:
        if key not in self.covers:
            raise NotFound("There is no such picture.", "no_such_cover")
        return self.covers[key]

    async def song(self, key: str) -> Song:
        if key not in self.sources:
            raise NotFound("There is no such track.", "no_such_track")
        return Song(id=f"jukebox:{key}", title=key, url=f"/media/jukebox/{key}", duration_ms=30_000)

    async def search(self, q: str, limit: int) -> Found:
        return Found()

    async def album(self, key: str) -> AlbumPage:
        raise NotFound("There is no such album.", "no_such_album")

    async def artist(self, key: str) -> ArtistPage:
        raise NotFound("There is no such artist.", "no_such_artist")

    async def related(self, key: str, limit: int) -> list[Song]:
        return []

    async def genres(self) -> list[Genre]:
        return []

    async def genre_songs(self, genre: int, limit: int) -> list[Song]:
        return []

    async def top_songs(self, limit: int) -> list[Song]:
        return []

    async def new_albums(self, limit: int) -> list[Album]:
        return []

    async def top_albums(self, limit: int) -> list[Album]:
        return []


def install(served: Served, jukebox: Jukebox) -> None:
    served.services.library.catalogue._providers[jukebox.name] = jukebox


@asynccontextmanager
async def behind(standin: StandIn) -> AsyncIterator[str]:
    """The server that a jukebox's sources lead to; where it is."""
    socket, port = bind_unused_port()
    server = HTTPServer(standin.app())
    server.add_socket(socket)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
        await server.close_all_connections()
