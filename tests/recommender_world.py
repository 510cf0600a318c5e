"""A recommender on real stores, over a folder of music and a catalogue that is told what it has, or to say nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import media_files as files
from listening_world import World, listening_over

from roomd.catalogue.cache import Cache
from roomd.catalogue.catalogue import Catalogue
from roomd.catalogue.local import LocalFolder
from roomd.catalogue.own import OwnMusic
from roomd.catalogue.provider import Source
from roomd.catalogue.seal import Seal
from roomd.domain.ids import UserId
from roomd.domain.refusals import NotFound, Unavailable
from roomd.domain.song import Album, AlbumPage, Artist, ArtistPage, Found, Genre, Song
from roomd.gathering import Gathering
from roomd.moods import Moods
from roomd.recommender import Recommender
from roomd.store.answers import LastingAnswers, RecentAnswers
from roomd.store.favourites import Favourites
from roomd.store.picks import KeptPicks
from roomd.store.playlists import Playlists


@dataclass
class Records:
    """A catalogue under Deezer's name. `mute`: it takes the question and never answers; `down`: it says so."""

    songs: dict[str, Song] = field(default_factory=dict)
    charts: list[Song] = field(default_factory=list)
    related_to: dict[str, list[Song]] = field(default_factory=dict)
    mute: bool = False
    down: bool = False
    name: str = "deezer"
    label: str = "Records"

    def has(self, *songs: Song) -> None:
        self.songs |= {song.id.partition(":")[2]: song for song in songs}

    async def song(self, key: str) -> Song:
        await self._answer()
        if key not in self.songs:
            raise NotFound("There is no such track.", "no_such_track")
        return self.songs[key]

    async def related(self, key: str, limit: int) -> list[Song]:
        await self._answer()
        return self.related_to.get(key, [])[:limit]

    async def artist(self, key: str) -> ArtistPage:
        await self._answer()
        top = [song for song in self.songs.values() if song.artist == key]
        return ArtistPage(artist=Artist(id=f"deezer:{key}", name=key), top=top)

    async def search(self, q: str, limit: int) -> Found:
        await self._answer()
        return Found()

    async def album(self, key: str) -> AlbumPage:
        raise NotFound("There is no such album.", "no_such_album")

    async def genres(self) -> list[Genre]:
        await self._answer()
        return []

    async def genre_songs(self, genre: int, limit: int) -> list[Song]:
        return []

    async def top_songs(self, limit: int) -> list[Song]:
        await self._answer()
        return self.charts[:limit]

    async def new_albums(self, limit: int) -> list[Album]:
        return []

    async def top_albums(self, limit: int) -> list[Album]:
        return []

    async def source(self, key: str, *, fresh: bool = False) -> Source:
        raise NotFound("There is no such track.", "no_such_track")

    async def _answer(self) -> None:
        if self.mute:
            await asyncio.Event().wait()
        if self.down:
            raise Unavailable("Records does not answer.", "provider_down")


@dataclass
class Shop:
    world: World
    records: Records
    folder: LocalFolder
    favourites: Favourites
    playlists: Playlists
    kept: KeptPicks
    recommender: Recommender
    moods: Moods

    async def files(self, *tagged: tuple[str, str, str]) -> dict[str, Song]:
        """Files with these (title, artist, genre); their songs by title."""
        for title, artist, genre in tagged:
            said = [f"TITLE={title}", f"ARTIST={artist}", *([f"GENRE={genre}"] if genre else [])]
            files.put(self.folder.root / f"{title}.flac", files.flac(180, said))
        await self.folder.rescan()
        found = await OwnMusic(self.folder, self.world.clock.now).search("", 500)
        return {song.title: song for song in found.songs}

    async def crowd(self, count: int, *songs: Song) -> list[UserId]:
        """So many people who heard all of these."""
        people = [await self.world.user(f"Bob {number}") for number in range(count)]
        for person in people:
            await self.world.hear(person, songs)
        return people

    async def picks(self, person: UserId, limit: int = 10, avoid: Sequence[str] = ()) -> dict[str, str]:
        """Why, by title, in order."""
        chosen = await self.recommender.for_person(person, limit, avoid=avoid)
        assert len({pick.song.id for pick in chosen}) == len(chosen)
        return {pick.song.title: pick.why for pick in chosen}


@asynccontextmanager
async def shop(redis_url: str, database_url: str, root: Path) -> AsyncIterator[Shop]:
    async with listening_over(redis_url, database_url) as world:
        records, folder, kept = Records(), LocalFolder(root, b"k" * 32), KeptPicks(world.redis)
        cache, seal = Cache(RecentAnswers(world.redis), LastingAnswers(world.pool), world.clock.now), Seal("s" * 32)
        own = OwnMusic(folder, world.clock.now, world.listens)
        catalogue = Catalogue([own, records], cache, world.songs, seal, world.clock.now)
        favourites = Favourites(world.pool, world.songs, world.clock.moment)
        playlists = Playlists(world.pool, world.songs, world.clock.moment)
        gathering = Gathering(world.listens, world.songs, catalogue, seal, now=world.clock.now)
        recommender = Recommender(world.listens, favourites, gathering, kept=kept, clock=world.clock)
        moods = Moods(recommender, world.listens, playlists, kept, clock=world.clock)
        try:
            yield Shop(world, records, folder, favourites, playlists, kept, recommender, moods)
        finally:
            for stop in (recommender.stop, gathering.stop, catalogue.stop):
                await stop()
