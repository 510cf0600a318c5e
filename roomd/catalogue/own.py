"""The host's own folder as a catalogue: always there, without any network, with charts of what is played here."""

import asyncio
import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import islice
from typing import NoReturn

from roomd.catalogue.local import LocalFolder
from roomd.catalogue.memory import Memory
from roomd.catalogue.provider import Plays, Source
from roomd.catalogue.scan import LOCAL, Item
from roomd.catalogue.search import Group, Index
from roomd.catalogue.words import words
from roomd.domain.refusals import NotFound, Unavailable
from roomd.domain.song import Album, AlbumPage, Artist, ArtistPage, Found, Genre, Song, split_id

#: Days of listening that make the charts.
CHART_DAYS = 30.0
#: Songs asked for to make an album chart of them.
CHART_SONGS = 500
#: Milliseconds for which what people play is not asked for again.
PLAYS_MS = 60_000.0
#: Seconds that a chart may take; the newest music stands in for one that takes longer.
PLAYS_S = 1.0
#: Tracks of one genre that are looked through for what goes with a song; some 1 µs each.
MOST_OF_A_GENRE = 2_000
#: What each thing in common counts, when songs are sought that go with another. Being heard by the same people counts
#: most: it is the only one that somebody's ears have decided.
TOGETHER, ARTIST, ALBUM, GENRE, WORD = 6.0, 3.0, 1.0, 2.0, 1.0


class OwnMusic:
    """A `Provider`. Its songs are played from `/media/<id>.<extension>`."""

    name = LOCAL
    label = "This server"
    #: Its files are here.
    down = False

    def __init__(self, folder: LocalFolder, now: Callable[[], float], plays: Plays | None = None) -> None:
        self._index: Index = folder.index
        self._plays = plays
        self._charts: Memory[list[tuple[str, int]]] = Memory(4, now)
        self._together: Memory[list[str]] = Memory(500, now)

    async def search(self, q: str, limit: int) -> Found:
        found = self._index.search(q, limit)
        return Found(
            songs=songs_of(found.tracks),
            artists=[self._artist(group) for group in found.artists],
            albums=[_album(group) for group in found.albums],
        )

    async def song(self, key: str) -> Song:
        return song_of(self._item(key))

    async def album(self, key: str) -> AlbumPage:
        group = self._index.album(key)
        if group is None:
            raise NotFound("There is no such album in the music folder (any more).", "no_such_album")
        return AlbumPage(album=_album(group), songs=songs_of(group.ordered()))

    async def artist(self, key: str) -> ArtistPage:
        """Top: what is played most here, then the rest, newest albums first."""
        group = self._index.artist(key)
        if group is None:
            raise NotFound("There is no such artist in the music folder (any more).", "no_such_artist")
        played = dict(await self._played())
        albums = sorted(self._index.albums(group.items.values()), key=lambda each: (_released(each), each.folded))
        top = sorted(group.ordered(), key=lambda item: -played.get(item.track.source, 0))
        return ArtistPage(artist=self._artist(group), albums=[_album(each) for each in albums[::-1]], top=songs_of(top))

    async def related(self, key: str, limit: int) -> list[Song]:
        """By what they have in common; words of the title only where nothing else is left."""
        item = self._item(key)
        points: defaultdict[str, float] = defaultdict(float)
        heard = await self._heard_with(item)
        for place, song in enumerate(heard):
            points[split_id(song)[1]] += TOGETHER * (1 - place / len(heard))
        for group, worth in self._common(item):
            for beside in islice(group.items, MOST_OF_A_GENRE):
                points[beside] += worth
        if len(points) <= limit:
            for word in words(item.track.title):
                for found in self._index.search(word, limit).tracks if len(word) > 3 else ():
                    points[found.id] += WORD
        points.pop(item.id, None)
        others = ((-worth, other) for key, worth in points.items() if (other := self._index.get(key)))
        best = heapq.nsmallest(limit, others, key=lambda each: (each[0], each[1].order))
        return songs_of(other for _, other in best)

    async def genres(self) -> list[Genre]:
        return [Genre(id=int(group.id), name=group.name, picture=group.cover) for group in self._index.genres()]

    async def genre_songs(self, genre: int, limit: int) -> list[Song]:
        """What is played most here, then the newest."""
        group = self._index.genre(genre)
        if group is None:
            return []
        played = dict(await self._played())
        best = heapq.nsmallest(limit, group.items.values(), key=lambda item: _rank(item, played))
        return songs_of(best)

    async def top_songs(self, limit: int) -> list[Song]:
        """What is played most here, then the newest."""
        charted = [item for song, _ in await self._played() if (item := self._index.get(split_id(song)[1]))][:limit]
        known = {item.id for item in charted}
        newest = (item for item in self._index.newest(limit + len(charted)) if item.id not in known)
        return songs_of([*charted, *newest][:limit])

    async def new_albums(self, limit: int) -> list[Album]:
        newest = heapq.nsmallest(limit, self._index.albums(), key=lambda group: (-group.newest, group.folded))
        return [_album(group) for group in newest]

    async def top_albums(self, limit: int) -> list[Album]:
        """Those whose songs are played most here, then the newest."""
        plays: Counter[str] = Counter()
        for song, count in await self._played():
            item = self._index.get(split_id(song)[1])
            if item is not None:
                plays[item.album_id] += count
        best = heapq.nsmallest(
            limit, self._index.albums(), key=lambda group: (-plays[group.id], -group.newest, group.folded)
        )
        return [_album(group) for group in best]

    async def source(self, key: str, *, fresh: bool = False) -> Source:
        """A file is where it is: `fresh` changes nothing."""
        track = self._item(key).track
        return Source(path=track.url, mime=track.mime)

    def _item(self, key: str) -> Item:
        return self._index.get(key) or _missing()

    def _artist(self, group: Group) -> Artist:
        albums = len(self._index.albums(group.items.values()))
        return Artist(id=f"{LOCAL}:{group.id}", name=group.name, picture=group.cover, albums=albums)

    def _common(self, item: Item) -> Iterable[tuple[Group, float]]:
        """What the track has in common with others, and what that counts."""
        groups = ((self._index.artist(item.artist_id), ARTIST), (self._index.album(item.album_id), ALBUM))
        yield from ((group, worth) for group, worth in groups if group is not None)
        genre = self._index.genre_of(item)
        if genre is not None:
            yield genre, GENRE

    async def _played(self) -> list[tuple[str, int]]:
        """Songs by how often they were heard here lately. Without the database there are no charts, only music."""
        known = self._charts.get("played")
        if known is None and self._plays is not None:
            try:
                async with asyncio.timeout(PLAYS_S):
                    known = await self._plays.top(LOCAL, CHART_DAYS, CHART_SONGS)
            except (Unavailable, TimeoutError):
                known = []
            self._charts.keep("played", known, PLAYS_MS)
        return known or []

    async def _heard_with(self, item: Item) -> list[str]:
        known = self._together.get(item.id)
        if known is None and self._plays is not None:
            try:
                async with asyncio.timeout(PLAYS_S):
                    known = await self._plays.together(item.track.source, 50)
            except (Unavailable, TimeoutError):
                known = []
            self._together.keep(item.id, known, PLAYS_MS)
        return known or []


def song_of(item: Item) -> Song:
    track = item.track
    return Song(
        id=track.source,
        title=track.title,
        artist=track.artist,
        artist_id=_full(item.artist_id),
        album=track.album,
        album_id=_full(item.album_id),
        cover=track.cover,
        url=track.url,
        duration_ms=track.duration_ms,
        kind=track.kind,
        mime=track.mime,
        gain_db=track.gain_db,
        genre=item.genre,
        number=item.number,
        released=item.released,
    )


def songs_of(items: Iterable[Item]) -> list[Song]:
    return [song_of(item) for item in items]


def _full(bare: str) -> str:
    return f"{LOCAL}:{bare}" if bare else ""


def _album(group: Group) -> Album:
    return Album(
        id=_full(group.id),
        title=group.name,
        artist=group.artist,
        artist_id=_full(group.artist_id),
        cover=group.cover,
        released=_released(group),
    )


def _released(group: Group) -> str:
    return max(item.released for item in group.items.values())


def _rank(item: Item, played: dict[str, int]) -> tuple[int, int, tuple[str, str, int, str]]:
    return -played.get(item.track.source, 0), -item.found.mtime_ns, item.order


def _missing() -> NoReturn:
    raise NotFound("That file is not in the music folder (any more).", "no_such_track")
