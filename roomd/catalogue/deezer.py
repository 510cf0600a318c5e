"""Deezer's public API as a provider. It needs no key, and plays previews of half a minute.

An answer of status 200 may be an error; a preview's address is good for minutes only, so songs are known by their ids
and the address is asked for again when it is needed.
"""

from collections.abc import Callable
from typing import TypeVar

from roomd.catalogue import deezer_wire as wire
from roomd.catalogue import leads
from roomd.catalogue.breaker import Trouble
from roomd.catalogue.deezer_wire import AlbumSaid, ArtistSaid, GenreSaid, Page, Preview, Said, TrackSaid
from roomd.catalogue.provider import Source
from roomd.catalogue.upstream import Upstream, together
from roomd.domain.refusals import NotFound
from roomd.domain.song import Album, AlbumPage, Artist, ArtistPage, Found, Genre, Song
from roomd.domain.track import fit_text
from roomd.store.quota import Rate

#: Deezer allows 50 requests in 5 s to one address. This is 40 in any 5 s, however they come.
RATE = Rate(burst=15, per_s=5.0)
#: Where its sound and pictures are.
MEDIA_DOMAIN = "dzcdn.net"
#: Genres that are told by name have numbers from here on (genre_number); Deezer's own are below.
_NAMED_GENRES = 1_000_000

MOST_ON_PAGE = 100
#: Songs of one album that are told.
MOST_ON_ALBUM = 500
_ALBUMS, _TOP = 50, 20
#: Related artists whose best songs are taken when an artist has no radio, and how many of each.
_OTHERS, _OF_EACH = 4, 6
#: Previews remembered, and how long before its end one is not used any more.
_PREVIEWS = 4_000
_MARGIN_MS = 60_000.0

S = TypeVar("S", bound=Said)
V = TypeVar("V")


class Deezer:
    """`now` is room time in ms."""

    name = wire.NAME
    label = "Deezer"

    def __init__(self, upstream: Upstream, now: Callable[[], float]) -> None:
        self._upstream = upstream
        self._now = now
        self._previews: dict[str, Preview] = {}
        self._genres: dict[int, str] = {}

    @property
    def down(self) -> bool:
        return self._upstream.down

    async def search(self, q: str, limit: int) -> Found:
        if not (q := fit_text(q)):
            return Found()
        songs, artists, albums = await together(
            self._list("/search", TrackSaid, self._song, limit, q=q),
            self._list("/search/artist", ArtistSaid, self._artist, limit, q=q),
            self._list("/search/album", AlbumSaid, self._album, limit, q=q),
        )
        return Found(songs=songs, artists=artists, albums=albums)

    async def song(self, key: str) -> Song:
        return self._song(await self._track(key))

    async def album(self, key: str) -> AlbumPage:
        path = f"/album/{_checked(key, _no_album())}"
        said, genre, tracks = await self._upstream.get(path, _read_album, absent=_no_album())
        if len(tracks) < min(said.nb_tracks or 0, MOST_ON_ALBUM):
            tracks = await self._list(f"{path}/tracks", TrackSaid, lambda each: each, MOST_ON_ALBUM)
        return AlbumPage(
            album=self._album(said),
            songs=[self._song(each, said, genre, place) for place, each in enumerate(tracks, 1)],
        )

    async def artist(self, key: str) -> ArtistPage:
        path = f"/artist/{_checked(key, _no_artist())}"
        said, albums, top = await together(
            self._upstream.get(path, _reader(ArtistSaid, _no_artist()), absent=_no_artist()),
            self._list(f"{path}/albums", AlbumSaid, lambda each: each, _ALBUMS),
            self._list(f"{path}/top", TrackSaid, self._song, _TOP),
        )
        return ArtistPage(
            artist=self._artist(said),
            albums=[wire.album_of(each, self._picture, said) for each in albums],
            top=top,
        )

    async def related(self, key: str, limit: int) -> list[Song]:
        """What the artist's radio plays; without one, the best songs of related artists."""
        track = await self._track(key)
        artist = wire.key_of(track.artist.id) if track.artist else ""
        if not artist:
            return []
        found = await self._list(f"/artist/{artist}/radio", TrackSaid, self._song, min(limit + 1, MOST_ON_PAGE))
        if not found:
            others = await self._list(f"/artist/{artist}/related", ArtistSaid, lambda each: each, _OTHERS)
            tops = await together(
                *(self._list(f"/artist/{wire.key_of(each.id)}/top", TrackSaid, self._song, _OF_EACH) for each in others)
            )
            found = [song for place in range(_OF_EACH) for top in tops for song in top[place : place + 1]]
        return list({song.id: song for song in found if song.id != f"{self.name}:{key}"}.values())[:limit]

    async def genres(self) -> list[Genre]:
        found = await self._list("/genre", GenreSaid, lambda said: wire.genre_of(said, self._picture), MOST_ON_PAGE)
        self._genres = {genre.id: genre.name for genre in found}
        return [genre for genre in found if genre.name]

    async def genre_songs(self, genre: int, limit: int) -> list[Song]:
        if not 0 < genre < _NAMED_GENRES:
            return []
        name = self._genres.get(genre, "")
        return await self._list(f"/chart/{genre}/tracks", TrackSaid, lambda said: self._song(said, genre=name), limit)

    async def top_songs(self, limit: int) -> list[Song]:
        return await self._list("/chart/0/tracks", TrackSaid, self._song, limit)

    async def new_albums(self, limit: int) -> list[Album]:
        return await self._list("/editorial/0/releases", AlbumSaid, self._album, limit)

    async def top_albums(self, limit: int) -> list[Album]:
        return await self._list("/chart/0/albums", AlbumSaid, self._album, limit)

    async def source(self, key: str, *, fresh: bool = False) -> Source:
        """The preview. Raises NotFound (`not_playable`) for a song that has none."""
        preview = self._previews.get(_checked(key, _no_track()))
        if fresh or preview is None or preview.expires_at - _MARGIN_MS <= self._now():
            said = await self._track(key)
            song = self._song(said)
            if not song.url:
                raise NotFound(
                    f"Deezer has no preview of “{song.title}”.", "not_playable", params={"title": song.title}
                )
            preview = self._previews[wire.key_of(said.id)]
        return Source(
            url=preview.url,
            trusted=leads.at(preview.url, self._upstream.base),
            expires_at=preview.expires_at,
            mime="audio/mpeg",
            public=True,
        )

    async def cover(self, key: str) -> Source:
        """Where a picture is. Raises NotFound."""
        url = leads.pictured(key)
        if not self._theirs(url):
            raise NotFound("There is no such picture on Deezer.", "no_such_cover")
        return Source(url=url, trusted=leads.at(url, self._upstream.base))

    async def _track(self, key: str) -> TrackSaid:
        path = f"/track/{_checked(key, _no_track())}"
        return await self._upstream.get(path, _reader(TrackSaid, _no_track()), absent=_no_track())

    async def _list(self, path: str, kind: type[S], make: Callable[[S], V], limit: int, **params: str) -> list[V]:
        """A list, page by page where it takes several; empty where Deezer has no data. The `next` that it gives is an
        address, and is not gone to: only that there is one counts.
        """
        found: list[V] = []
        index = 0
        for _ in range(-(-limit // MOST_ON_PAGE) + 1):
            most = min(limit - len(found), MOST_ON_PAGE)
            try:
                said, more, index = await self._upstream.get(
                    path, _page_reader(kind, most, index), params | {"limit": str(most), "index": str(index)}
                )
            except NotFound:
                break
            found += [make(each) for each in said]
            if not more or len(found) >= limit:
                break
        return found

    def _song(self, said: TrackSaid, album: AlbumSaid | None = None, genre: str = "", number: int = 0) -> Song:
        """Its preview is remembered by the way."""
        url = said.preview or ""
        playable = self._theirs(url)
        if playable:
            key = wire.key_of(said.id)
            self._previews.pop(key, None)
            self._previews[key] = wire.preview_of(url, self._now())
            while len(self._previews) > _PREVIEWS:
                del self._previews[next(iter(self._previews))]
        return wire.song_of(said, self._picture, playable=playable, album=album, genre=genre, number=number)

    def _artist(self, said: ArtistSaid) -> Artist:
        return wire.artist_of(said, self._picture)

    def _album(self, said: AlbumSaid) -> Album:
        return wire.album_of(said, self._picture)

    def _picture(self, url: str) -> str:
        """The path under which this server has it, if it is one of theirs."""
        return leads.picture(self.name, url) if self._theirs(url) else ""

    def _theirs(self, url: str) -> bool:
        return leads.within(url, MEDIA_DOMAIN) or leads.at(url, self._upstream.base)


def _reader(kind: type[S], absent: NotFound) -> Callable[[bytes], S]:
    """Reads a thing that was asked for by its id."""
    read = wire.reader(kind, absent)

    def whole(body: bytes) -> S:
        said = read(body)
        if not wire.key_of(getattr(said, "id", 0)):
            raise Trouble("an answer without an id")
        return said

    return whole


def _page_reader(kind: type[S], most: int, index: int) -> Callable[[bytes], tuple[list[S], bool, int]]:
    """Reads a page that begins at an index: what it holds, whether there is another, and where that begins."""
    read = wire.reader(Page, _no_track())

    def page(body: bytes) -> tuple[list[S], bool, int]:
        said = read(body)
        return wire.items(said.data[:most], kind), bool(said.next and said.data), index + len(said.data)

    return page


def _read_album(body: bytes) -> tuple[AlbumSaid, str, list[TrackSaid]]:
    """The album, its genre, and those of its songs that it tells itself."""
    said = _reader(AlbumSaid, _no_album())(body)
    genres = wire.items(said.genres.data[:1], GenreSaid) if said.genres else []
    tracks = wire.items(said.tracks.data[:MOST_ON_ALBUM], TrackSaid) if said.tracks else []
    return said, fit_text(genres[0].name or "") if genres else "", tracks


def _checked(key: str, absent: NotFound) -> str:
    """Deezer's ids are numbers; others are not asked for."""
    if not wire.is_key(key):
        raise absent
    return key


def _no_track() -> NotFound:
    return NotFound("There is no such song on Deezer.", "no_such_track")


def _no_album() -> NotFound:
    return NotFound("There is no such album on Deezer.", "no_such_album")


def _no_artist() -> NotFound:
    return NotFound("There is no such artist on Deezer.", "no_such_artist")
