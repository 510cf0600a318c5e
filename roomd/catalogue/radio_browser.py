"""Radio Browser's stations as a provider: live, without end, the same for everybody at any moment.

Anybody may enter a station there, so where one leads is judged as any link is.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from roomd.catalogue import leads
from roomd.catalogue.breaker import Trouble
from roomd.catalogue.fetch import Fetcher, FetchFailed, FetchRefused
from roomd.catalogue.mirrors import Mirrors
from roomd.catalogue.provider import Source
from roomd.catalogue.upstream import sane
from roomd.domain.refusals import NotFound, Unavailable
from roomd.domain.song import Album, AlbumPage, ArtistPage, Found, Genre, Song, genre_number
from roomd.domain.track import fit_text, url_fault
from roomd.store.quota import Rate

#: No limit is documented; the project asks to be gentle.
RATE = Rate(burst=15, per_s=5.0)

_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: The types of what browsers play; other codecs have pictures, or are unknown to them.
_MIMES = {
    "MP3": "audio/mpeg",
    "AAC": "audio/aac",
    "AAC+": "audio/aac",
    "OGG": "audio/ogg",
    "FLAC": "audio/flac",
    "": "",
    "UNKNOWN": "",
}
#: Tags that are genres: those of the most stations.
_GENRES = 60
#: Of a station's tags, those that others are looked for by.
_ALIKE = 2
_MOST = 500
_NAMES, _FORMS = 2_000, 4_000

_raws = msgspec.json.Decoder(list[Raw]).decode

Asked = Mapping[str, str | int]
T = TypeVar("T")


class StationSaid(Struct):
    stationuuid: str = ""
    name: str | None = None
    tags: str | None = None
    favicon: str | None = None
    codec: str | None = None
    hls: int | None = None


class _TagSaid(Struct):
    name: str = ""


class _UrlSaid(Struct):
    ok: bool | str = False
    url: str = ""


class RadioBrowser:
    name = "radio"
    label = "Radio Browser"

    def __init__(self, mirrors: Mirrors, fetcher: Fetcher) -> None:
        self._mirrors = mirrors
        self._fetcher = fetcher
        self._genres: dict[int, str] = {}
        self._mimes: dict[str, str] = {}

    @property
    def down(self) -> bool:
        return self._mirrors.down

    async def search(self, q: str, limit: int) -> Found:
        q = fit_text(q)
        return Found(songs=await self._some(limit, name=q)) if q else Found()

    async def song(self, key: str) -> Song:
        return self._song(await self._station(key))

    async def album(self, key: str) -> AlbumPage:
        raise NotFound("Stations have no albums.", "no_such_album")

    async def artist(self, key: str) -> ArtistPage:
        raise NotFound("Stations have no artists.", "no_such_artist")

    async def related(self, key: str, limit: int) -> list[Song]:
        """Stations with the same tags, by how often they are listened to."""
        said = await self._station(key)
        found: dict[str, Song] = {}
        for tag in tags_of(said)[:_ALIKE]:
            found |= {song.id: song for song in await self._some(limit + 1, tag=tag, tagExact="true")}
        return [song for song in found.values() if song.id != f"{self.name}:{key}"][:limit]

    async def genres(self) -> list[Genre]:
        """The tags of the most stations."""
        asked: Asked = {"order": "stationcount", "reverse": "true", "hidebroken": "true", "limit": _GENRES}
        said = await self._mirrors.get(
            "/json/tags", _list_of(_TagSaid, lambda said: fit_text(said.name), _GENRES), asked
        )
        named = [(genre_number(each.name), each.name) for each in said]
        self._keep_genres(dict(named))
        return [Genre(id=number, name=fit_text(name)) for number, name in named]

    async def genre_songs(self, genre: int, limit: int) -> list[Song]:
        if genre not in self._genres:
            await self.genres()
        tag = self._genres.get(genre)
        return await self._some(limit, tag=tag, tagExact="true") if tag else []

    async def top_songs(self, limit: int) -> list[Song]:
        return await self._songs(f"/json/stations/topclick/{min(2 * limit, _MOST)}", {"hidebroken": "true"}, limit)

    async def new_albums(self, limit: int) -> list[Album]:
        return []

    async def top_albums(self, limit: int) -> list[Album]:
        return []

    async def source(self, key: str, *, fresh: bool = False) -> Source:
        """Where a station's sound is now. Asking counts as listening to it: that is what its popularity is made of."""
        said = await self._mirrors.get(f"/json/url/{_checked(key)}", _read_url, absent=_absent())
        if url_fault(said.url) or said.url.startswith("/"):
            raise NotFound("That station has no address to listen at.", "not_playable")
        try:
            await self._fetcher.judge(said.url)
        except FetchRefused:
            raise NotFound("That station leads where this server sends nobody.", "not_playable") from None
        except FetchFailed:
            raise Unavailable("That station cannot be reached.", "provider_down") from None
        return Source(url=said.url, mime=self._mimes.get(key, ""), public=True, live=True)

    async def cover(self, key: str) -> Source:
        """A station's picture, wherever that is: whoever fetches it judges that as any link."""
        return Source(url=leads.pictured(key))

    async def _station(self, key: str) -> StationSaid:
        read = _stations(1)
        found = await self._mirrors.get(f"/json/stations/byuuid/{_checked(key)}", read, absent=_absent())
        if not found:
            raise _absent()
        return found[0]

    async def _some(self, limit: int, **asked: str) -> list[Song]:
        """Stations that answer to this, those that are listened to most first."""
        # Some are not playable here, so more are asked for.
        how: Asked = {"order": "clickcount", "reverse": "true", "hidebroken": "true", "limit": min(2 * limit, _MOST)}
        return await self._songs("/json/stations/search", {**how, **asked}, limit)

    async def _songs(self, path: str, asked: Asked, limit: int) -> list[Song]:
        found = await self._mirrors.get(path, _stations(_MOST), asked)
        return [song for song in map(self._song, found) if song.url][:limit]

    def _song(self, said: StationSaid) -> Song:
        """Its tags and form are remembered by the way."""
        key, mime, tags = said.stationuuid, _MIMES.get((said.codec or "").upper()), tags_of(said)
        self._keep_genres({genre_number(tag): tag for tag in tags[:1]})
        self._mimes[key] = mime or ""
        _trim(self._mimes, _FORMS)
        favicon = said.favicon or ""
        return Song(
            id=f"{self.name}:{key}",
            title=fit_text(said.name or ""),
            cover=leads.picture(self.name, favicon) if leads.anywhere(favicon) else "",
            url=f"/media/{self.name}/{key}" if mime is not None and not said.hls else "",
            mime=mime or "",
            genre=tags[0] if tags else "",
            live=True,
        )

    def _keep_genres(self, named: dict[int, str]) -> None:
        self._genres |= named
        _trim(self._genres, _NAMES)


def tags_of(said: StationSaid) -> list[str]:
    return [tag for part in (said.tags or "").split(",") if (tag := fit_text(part, 60))]


def _list_of(kind: type[T], good: Callable[[T], object], most: int) -> Callable[[bytes], list[T]]:
    return lambda body: sane(_raws(body)[:most], kind, good)


def _stations(most: int) -> Callable[[bytes], list[StationSaid]]:
    return _list_of(StationSaid, lambda said: _KEY.fullmatch(said.stationuuid) and fit_text(said.name or ""), most)


def _read_url(body: bytes) -> _UrlSaid:
    said = msgspec.json.decode(body, type=_UrlSaid)
    if said.ok not in {True, "true"}:
        raise _absent()
    if not said.url:
        raise Trouble("an answer without an address")
    return said


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise _absent()
    return key


def _absent() -> NotFound:
    return NotFound("There is no such station.", "no_such_track")


def _trim(kept: dict[T, str], most: int) -> None:
    """Forget the oldest."""
    while len(kept) > most:
        del kept[next(iter(kept))]
