"""A music server that speaks OpenSubsonic (Navidrome, Gonic, Ampache, …) as a provider.

Its addresses carry credentials, so sound and pictures come through this server and no address is given to anybody.
"""

import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec import Raw, Struct

from roomd.catalogue import subsonic_wire as wire
from roomd.catalogue.breaker import Trouble
from roomd.catalogue.provider import Source
from roomd.catalogue.subsonic_wire import AlbumSaid, ArtistSaid, Declined, Form, GenreSaid, ListSaid, Refused, SongSaid
from roomd.catalogue.upstream import Upstream, together
from roomd.domain.refusals import NotFound
from roomd.domain.song import Album, AlbumPage, ArtistPage, Found, Genre, Song, genre_number
from roomd.domain.track import fit_text

#: The version of the protocol that we speak, the last there was; servers of any age answer it.
_VERSION = "1.16.1"
_MOST_IN_LIST = 500
_TOP = 20
#: Albums whose songs stand for what is played most: the protocol counts songs, but lists albums only.
_TOP_ALBUMS = 6
_COVER_PIXELS = 600
#: Songs of which is remembered in which form they come.
_FORMS = 4_000

#: Which part of each view's answer is the answer.
_PARTS = {
    "search3": "searchResult3",
    "getSong": "song",
    "getAlbum": "album",
    "getArtist": "artist",
    "getTopSongs": "topSongs",
    "getSimilarSongs2": "similarSongs2",
    "getGenres": "genres",
    "getSongsByGenre": "songsByGenre",
    "getAlbumList2": "albumList2",
}

Asked = Mapping[str, str | int]

_LOG = logging.getLogger(__name__)
S = TypeVar("S")
T = TypeVar("T")
W = TypeVar("W", SongSaid, AlbumSaid, ArtistSaid)


class Credentials(Struct, frozen=True):
    """An API key, or a name and password. It has no words for a log."""

    user: str = ""
    password: str = ""
    api_key: str = ""

    def __repr__(self) -> str:
        return "Credentials(…)"

    def parameters(self) -> dict[str, str]:
        """What says who we are, in one request: the password only as a digest, with new salt each time."""
        if self.api_key:
            return {"apiKey": self.api_key}
        salt = secrets.token_hex(8)
        token = hashlib.md5(f"{self.password}{salt}".encode(), usedforsecurity=False).hexdigest()
        return {"u": self.user, "t": token, "s": salt}


class Subsonic:
    name = wire.NAME

    def __init__(self, upstream: Upstream, credentials: Credentials) -> None:
        self.label = upstream.label
        self._upstream = upstream
        self._credentials = credentials
        self._complained = False
        self._forms: dict[str, Form] = {}
        self._genres: dict[int, str] = {}

    @property
    def down(self) -> bool:
        return self._upstream.down

    async def search(self, q: str, limit: int) -> Found:
        if not (q := fit_text(q)):
            return Found()
        asked: Asked = {"query": q, "songCount": limit, "artistCount": limit, "albumCount": limit}
        return await self._ask("search3", asked, ListSaid, self._found(limit))

    async def song(self, key: str) -> Song:
        return self._song(await self._get_song(key))

    async def album(self, key: str) -> AlbumPage:
        def page(said: AlbumSaid) -> AlbumPage:
            return AlbumPage(album=wire.album_of(_whole(said)), songs=self._songs(said.song, _MOST_IN_LIST))

        absent = self._absent("album")
        return await self._ask("getAlbum", {"id": _checked(key, absent)}, AlbumSaid, page, absent=absent)

    async def artist(self, key: str) -> ArtistPage:
        def page(said: ArtistSaid) -> tuple[ArtistSaid, list[Album]]:
            return _whole(said), [wire.album_of(each) for each in wire.items(said.album, AlbumSaid, _MOST_IN_LIST)]

        absent = self._absent("artist")
        asked = {"id": _checked(key, absent)}
        said, albums = await self._ask("getArtist", asked, ArtistSaid, page, absent=absent)
        artist = wire.artist_of(said)
        top = await self._perhaps("getTopSongs", {"artist": artist.name, "count": _TOP}, _TOP)
        if not top:
            pages = await together(*(self.album(album.id.partition(":")[2]) for album in albums[:2]))
            top = [song for found in pages for song in found.songs][:_TOP]
        return ArtistPage(artist=artist, albums=albums, top=top)

    async def related(self, key: str, limit: int) -> list[Song]:
        """What the server finds similar to the artist (most ask Last.fm); otherwise songs of the same genre."""
        said = await self._get_song(key)
        found: list[Song] = []
        if said.artistId not in {None, ""}:
            asked: Asked = {"id": str(said.artistId), "count": limit + 1}
            found = await self._perhaps("getSimilarSongs2", asked, limit + 1)
        if not found and said.genre:
            asked = {"genre": str(said.genre), "count": limit + 1}
            found = await self._perhaps("getSongsByGenre", asked, limit + 1)
        return [song for song in found if song.id != f"{self.name}:{key}"][:limit]

    async def genres(self) -> list[Genre]:
        def named(said: ListSaid) -> dict[int, str]:
            found = (str(each.value) for each in wire.items(said.genre, GenreSaid, _MOST_IN_LIST))
            return {genre_number(fit_text(name)): name for name in found if fit_text(name)}

        self._genres = await self._ask("getGenres", {}, ListSaid, named)
        return [Genre(id=number, name=fit_text(name)) for number, name in self._genres.items()]

    async def genre_songs(self, genre: int, limit: int) -> list[Song]:
        if genre not in self._genres:
            await self.genres()
        name = self._genres.get(genre)
        if name is None:
            return []
        asked: Asked = {"genre": name, "count": min(limit, _MOST_IN_LIST)}
        return await self._ask("getSongsByGenre", asked, ListSaid, self._song_list(limit))

    async def top_songs(self, limit: int) -> list[Song]:
        """The most played songs of the most played albums."""
        albums = await self._albums("frequent", _TOP_ALBUMS)

        def counted(said: AlbumSaid) -> list[tuple[int, Song]]:
            songs = wire.items(said.song, SongSaid, _MOST_IN_LIST)
            return [(each.playCount or 0, self._song(each)) for each in songs if wire.playable(each)]

        pages = await together(*(self._ask("getAlbum", {"id": album.id}, AlbumSaid, counted) for album in albums))
        played = [pair for page in pages for pair in page if pair[0]]
        return [song for _, song in sorted(played, key=lambda pair: -pair[0])][:limit]

    async def new_albums(self, limit: int) -> list[Album]:
        return [wire.album_of(said) for said in await self._albums("newest", limit)]

    async def top_albums(self, limit: int) -> list[Album]:
        return [wire.album_of(said) for said in await self._albums("frequent", limit)]

    async def source(self, key: str, *, fresh: bool = False) -> Source:
        """As the file is, so that there are ranges; transcoded where browsers would not play it."""
        song = _checked(key, self._absent("song"))
        form = self._forms.get(key)
        if fresh or form is None:
            form = wire.form_of(await self._get_song(key))
        how = wire.TRANSCODED if form.transcoded else wire.AS_IT_IS
        return Source(url=self._url("stream", id=song, **how), mime=form.mime, trusted=True)

    async def cover(self, key: str) -> Source:
        """Where a picture is."""
        picture = _checked(key, NotFound("There is no such picture.", "not_found"))
        return Source(url=self._url("getCoverArt", id=picture, size=_COVER_PIXELS), trusted=True)

    async def _get_song(self, key: str) -> SongSaid:
        absent = self._absent("song")
        return await self._ask("getSong", {"id": _checked(key, absent)}, SongSaid, _whole, absent=absent)

    async def _albums(self, order: str, limit: int) -> list[AlbumSaid]:
        asked: Asked = {"type": order, "size": min(limit, _MOST_IN_LIST)}
        return await self._ask("getAlbumList2", asked, ListSaid, lambda said: wire.items(said.album, AlbumSaid, limit))

    async def _perhaps(self, view: str, asked: Asked, most: int) -> list[Song]:
        """Songs that not every server can name; nothing where this one cannot."""
        try:
            return await self._ask(view, asked, ListSaid, self._song_list(most))
        except (NotFound, Declined):
            return []

    async def _ask(
        self, view: str, asked: Asked, kind: type[S], make: Callable[[S], T], *, absent: NotFound | None = None
    ) -> T:
        """The answer of one view, read and made something of. Raises `absent` for what is not there."""
        absent = absent or NotFound(f"{self.label} has nothing of that.", "no_such_track")
        read = wire.reader(_PARTS[view], kind, absent, self.label)

        def made(body: bytes) -> T:
            try:
                said = read(body)
            except Refused as refusal:
                if not self._complained:
                    _LOG.warning("%s does not accept roomd's credentials: %s", self.label, refusal)
                self._complained = True
                raise
            self._complained = False
            return make(said)

        return await self._upstream.get(_path(view), made, self._parameters(asked))

    def _parameters(self, asked: Asked) -> Asked:
        return {**asked, **self._credentials.parameters(), "v": _VERSION, "c": "roomd", "f": "json"}

    def _url(self, view: str, **asked: str | int) -> str:
        return str(self._upstream.url(_path(view), self._parameters(asked)))

    def _found(self, limit: int) -> Callable[[ListSaid], Found]:
        def found(said: ListSaid) -> Found:
            return Found(
                songs=self._songs(said.song, limit),
                artists=[wire.artist_of(each) for each in wire.items(said.artist, ArtistSaid, limit)],
                albums=[wire.album_of(each) for each in wire.items(said.album, AlbumSaid, limit)],
            )

        return found

    def _song_list(self, most: int) -> Callable[[ListSaid], list[Song]]:
        return lambda said: self._songs(said.song, most)

    def _songs(self, raw: Raw, most: int) -> list[Song]:
        return [self._song(each) for each in wire.items(raw, SongSaid, most) if wire.playable(each)]

    def _song(self, said: SongSaid) -> Song:
        """Its form is remembered by the way."""
        key = wire.key_of(said.id)
        self._forms.pop(key, None)
        self._forms[key] = wire.form_of(said)
        while len(self._forms) > _FORMS:
            del self._forms[next(iter(self._forms))]
        return wire.song_of(said)

    def _absent(self, what: str) -> NotFound:
        codes = {"song": "no_such_track", "album": "no_such_album", "artist": "no_such_artist"}
        return NotFound(f"There is no such {what} on {self.label}.", codes[what])


def _path(view: str) -> str:
    return f"/rest/{view}.view"


def _whole(said: W) -> W:
    """A thing that was asked for by its id. Raises Trouble where it has none."""
    if not wire.key_of(said.id):
        raise Trouble("an answer without an id")
    return said


def _checked(key: str, absent: NotFound) -> str:
    """The server's own id. Raises `absent` for what cannot be one."""
    found = wire.id_of(key)
    if found is None:
        raise absent
    return found
