"""A stand-in for Deezer's API: its shapes, its errors with status 200, and previews that run out.

Four artists (11 to 14) with two albums each of five songs: artist 12 has the albums 121 and 122, album 122 has the
songs 12201 to 12205. Album 149 of artist 14 has 130 songs, 14900001 to 14900130, of which the album itself tells 25.
There is no preview of 11105.
"""

import hashlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode

from media_files import mp3, png

from standins.standin import Reply, Standin, running

ARTISTS = {11: "Alice Example", 12: "Bob Example", 13: "Carol Example", 14: "Alice & Carol"}
GENRES = {0: "All", 132: "Pop", 152: "Rock", 98: "Classical"}
TITLES = ("Rain", "Geese", "Long Walk", "Evening", "Harbour")
LONG_ALBUM = 149
#: Songs that an album tells itself; the others are asked for page by page.
TOLD = 25
#: Half a minute of silence.
PREVIEW = mp3(1_150)
PICTURE = png()


class Asking(NamedTuple):
    path: str
    query: dict[str, str]


def _error(kind: str, message: str, code: int) -> Reply:
    return Reply({"error": {"type": kind, "message": message, "code": code}})


NO_DATA = _error("DataException", "no data", 800)
UNKNOWN = _error("InvalidQueryException", "Unknown path components", 600)


class DeezerStandin(Standin):
    media = ("/stream/", "/images/")

    def __init__(self) -> None:
        super().__init__()
        #: Answered to everything, with status 200.
        self.error: dict[str, Any] | None = None
        self.empty_previews = {11105}
        #: Previews lead there instead.
        self.preview_url = ""
        #: Where the pictures are, where not here.
        self.images_url = ""
        self.preview_life_s = 900
        self.expired = 0
        #: Artists have no radio.
        self.no_radio = False

    def expire(self) -> None:
        """The previews that were handed out are worth nothing any more."""
        self.expired += 1

    def too_many(self) -> Reply:
        return _error("Exception", "Quota limit exceeded", 4)

    def reply(self, path: str, query: dict[str, str]) -> Reply:
        what, *rest = path.strip("/").split("/")
        routes: dict[str, Callable[[list[str], Asking], Reply]] = {
            "stream": self._stream,
            "images": lambda _rest, _asking: Reply(PICTURE, mime="image/png"),
            "search": self._search,
            "track": self._track,
            "artist": self._artist,
            "album": self._album,
            "chart": self._chart,
            "genre": self._genre,
            "editorial": self._editorial,
        }
        if self.error is not None and what != "stream":
            return Reply({"error": self.error})
        known = {"track": set(tracks()), "artist": set(ARTISTS), "album": set(albums())}.get(what)
        if known is not None and int(rest[0]) not in known:
            return NO_DATA
        return routes[what](rest, Asking(path, query)) if what in routes else UNKNOWN

    def track(self, key: int) -> dict[str, Any]:
        album = album_of(key)
        return {
            "id": key,
            "readable": True,
            "title": title_of(key),
            "title_short": title_of(key),
            "title_version": "",
            "duration": 180 + key % 100,
            "rank": 100_000 + key % 900_000,
            "explicit_lyrics": False,
            "preview": "" if key in self.empty_previews else self.preview_url or self._preview(key),
            "artist": self._artist_of(album // 10),
            "album": {name: value for name, value in self.album(album).items() if name != "artist"},
            "type": "track",
        }

    def album(self, key: int) -> dict[str, Any]:
        return {
            "id": key,
            "title": f"{ARTISTS[key // 10]} {key}",
            "cover": f"{self.url}/album/{key}/image",
            "cover_medium": self._image("cover", key, 250),
            "cover_big": self._image("cover", key, 500),
            "cover_xl": self._image("cover", key, 1000),
            "release_date": f"20{key % 100:02}-05-06",
            "artist": self._artist_of(key // 10),
            "type": "album",
        }

    def _artist_of(self, key: int) -> dict[str, Any]:
        return {
            "id": key,
            "name": ARTISTS[key],
            "picture_medium": self._image("artist", key, 250),
            "picture_xl": self._image("artist", key, 1000),
            "tracklist": f"{self.url}/artist/{key}/top?limit=50",
            "type": "artist",
        }

    def _track(self, rest: list[str], _asking: Asking) -> Reply:
        key = int(rest[0])
        return Reply(self.track(key) | {"track_position": key % 100, "release_date": "2004-05-06"})

    def _artist(self, rest: list[str], asking: Asking) -> Reply:
        key, *more = rest
        artist = int(key)
        mine = [track for track in short_tracks() if album_of(track) // 10 == artist]
        match more:
            case []:
                return Reply(self._artist_page(artist))
            case ["top"]:
                return self._page([self.track(track) for track in mine], asking)
            case ["albums"]:
                told = [self.album(album) for album in albums(artist)]
                return self._page(
                    [{name: value for name, value in each.items() if name != "artist"} for each in told], asking
                )
            case ["related"]:
                return self._page([self._artist_of(other) for other in ARTISTS if other != artist], asking)
            case ["radio"]:
                others = [track for track in short_tracks() if album_of(track) // 10 != artist]
                mixed = [track for pair in zip(mine, others, strict=False) for track in pair]
                return Reply({"data": [] if self.no_radio else [self.track(track) for track in mixed[:25]]})
        return UNKNOWN

    def _artist_page(self, key: int) -> dict[str, Any]:
        return self._artist_of(key) | {"nb_album": len(albums(key)), "nb_fan": 1_000 * key, "radio": True}

    def _album(self, rest: list[str], asking: Asking) -> Reply:
        key = int(rest[0])
        mine = [self.track(track) for track in tracks() if album_of(track) == key]
        for track in mine:
            del track["album"]
        if rest[1:] == ["tracks"]:
            return self._page([track | {"track_position": number} for number, track in enumerate(mine, 1)], asking)
        genre = {"id": 132, "name": GENRES[132], "type": "genre"}
        return Reply(
            self.album(key)
            | {"nb_tracks": len(mine), "genre_id": 132, "genres": {"data": [genre]}, "tracks": {"data": mine[:TOLD]}}
        )

    def _chart(self, rest: list[str], asking: Asking) -> Reply:
        genre, what = int(rest[0]), rest[1]
        if genre not in GENRES:
            return Reply({"data": [], "total": 0})
        made = (
            [self.track(key) for key in short_tracks()] if what == "tracks" else [self.album(key) for key in albums()]
        )
        return self._page(made[:: 2 if genre else 1], asking)

    def _genre(self, _rest: list[str], _asking: Asking) -> Reply:
        told = [
            {"id": key, "name": name, "picture_medium": self._image("misc", key), "type": "genre"}
            for key, name in GENRES.items()
        ]
        return Reply({"data": told})

    def _editorial(self, _rest: list[str], asking: Asking) -> Reply:
        return self._page([self.album(key) for key in reversed(albums())], asking)

    def _search(self, rest: list[str], asking: Asking) -> Reply:
        words = asking.query.get("q", "").lower().split()
        if not words:
            return _error("MissingParameterException", "Missing parameters: q", 501)
        everything: dict[str, list[dict[str, Any]]] = {
            "track": [self.track(key) for key in tracks()],
            "artist": [self._artist_page(key) for key in ARTISTS],
            "album": [self.album(key) for key in albums()],
        }
        kind = rest[0] if rest else "track"
        return self._page([each for each in everything[kind] if all(word in _text(each) for word in words)], asking)

    def _page(self, found: list[dict[str, Any]], asking: Asking) -> Reply:
        limit, index = int(asking.query.get("limit", 25)), int(asking.query.get("index", 0))
        page: dict[str, Any] = {"data": found[index : index + limit], "total": len(found)}
        if index + limit < len(found):
            more = urlencode(asking.query | {"limit": str(limit), "index": str(index + limit)})
            page["next"] = f"{self.url}{asking.path}?{more}"
        return Reply(page)

    def _image(self, kind: str, key: int, side: int = 250) -> str:
        digest = hashlib.md5(f"{kind}{key}".encode(), usedforsecurity=False).hexdigest()
        return f"{self.images_url or self.url}/images/{kind}/{digest}/{side}x{side}-000000-80-0-0.jpg"

    def _preview(self, key: int) -> str:
        until = int(time.time()) + self.preview_life_s
        return f"{self.url}/stream/c-{key}.mp3?hdnea=exp={until}~acl=/stream/c-{key}.mp3*~hmac={self._seal(key, until)}"

    def _seal(self, key: int, until: int) -> str:
        return hashlib.sha256(f"{key} {until} {self.expired}".encode()).hexdigest()

    def _stream(self, rest: list[str], asking: Asking) -> Reply:
        key = int(rest[0].removeprefix("c-").removesuffix(".mp3"))
        said = dict(part.partition("=")[::2] for part in asking.query.get("hdnea", "").split("~"))
        until = int(said.get("exp", 0))
        if until < time.time() or said.get("hmac") != self._seal(key, until):
            return Reply(b"<html><body>Access Denied</body></html>", 403, "text/html")
        return Reply(PREVIEW, mime="audio/mpeg")


def albums(artist: int | None = None) -> list[int]:
    mine = [10 * key + number for key in ARTISTS for number in (1, 2)] + [LONG_ALBUM]
    return [album for album in mine if artist in {None, album // 10}]


def tracks() -> list[int]:
    return short_tracks() + [LONG_ALBUM * 100_000 + number for number in range(1, 131)]


def short_tracks() -> list[int]:
    """Those that are not on the long album."""
    return [100 * album + number for album in albums() if album != LONG_ALBUM for number in range(1, 6)]


def album_of(track: int) -> int:
    return LONG_ALBUM if track > 100_000 else track // 100


def title_of(track: int) -> str:
    return f"Step {track % 1_000}" if track > 100_000 else f"{TITLES[track % 100 - 1]} {track // 100}"


def _text(found: dict[str, Any]) -> str:
    parts = [found.get("title", ""), found.get("name", ""), found.get("artist", {}).get("name", "")]
    return " ".join([*parts, found.get("album", {}).get("title", "")]).lower()


@asynccontextmanager
async def deezer_standin() -> AsyncIterator[DeezerStandin]:
    async with running(DeezerStandin()) as standin:
        yield standin
