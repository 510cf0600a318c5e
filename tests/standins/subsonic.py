"""A stand-in for a music server that speaks OpenSubsonic: the user is alice, the password "sesame", an API key "key-1".

Two artists (ar-1 Alice Example, ar-2 Bob Example) with two albums each (al-11, al-12, al-21, al-22) of four songs
(tr-111 to tr-114, …). Songs of al-22 are in a form that browsers do not play. tr-999 is a film.
"""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from media_files import mp3

from standins.standin import Reply, Standin, running

USER, PASSWORD, API_KEY = "alice", "sesame", "key-1"
ARTISTS = {1: "Alice Example", 2: "Bob Example"}
GENRES = {11: "Folk", 12: "Folk & Rock", 21: "Jazz", 22: "Jazz"}
TITLES = ("Rain", "Geese", "Long Walk", "Evening")
SOUND = mp3(1_150)
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(200)


class SubsonicStandin(Standin):
    media = ("/rest/stream", "/rest/getCoverArt")

    def __init__(self) -> None:
        super().__init__()
        #: Answered to everything, as `status: failed`; or with `status: ok`, as some servers do.
        self.error: dict[str, Any] | None = None
        self.error_status = "failed"
        #: No similar songs and no best songs: it knows nobody to ask. As an error, where this is "error".
        self.lonely: bool | str = False
        #: As servers that turn XML into JSON: a list of one is that one, and ids are numbers where they can be.
        self.from_xml = False
        #: Albums that were played, the most first.
        self.played = [21, 11]

    def too_many(self) -> Reply:
        return Reply(b"Too Many Requests", 429, "text/plain")

    def reply(self, path: str, query: dict[str, str]) -> Reply:
        view = path.rpartition("/")[2].removesuffix(".view")
        fault = self.error or _fault(query)
        if fault:
            said = {"status": self.error_status if self.error else "failed", "error": fault}
        elif view in {"stream", "getCoverArt"}:
            return self._media_of(view, query)
        else:
            said = {"status": "ok"} | self._answer(view, query)
        if query.get("f") != "json":
            return Reply(b'<subsonic-response status="ok" version="1.16.1"/>', mime="text/xml")
        about = {"version": "1.16.1", "type": "standin", "serverVersion": "1.0", "openSubsonic": True}
        body = {"subsonic-response": about | said}
        return Reply(_from_xml(body) if self.from_xml else body)

    def _answer(self, view: str, query: dict[str, str]) -> dict[str, Any]:
        views: dict[str, Callable[[dict[str, str]], dict[str, Any] | None]] = {
            "ping": lambda query: {},
            "search3": self._search,
            "getSong": lambda query: self._found("song", self.song, query, songs()),
            "getAlbum": lambda query: self._found("album", self.album_page, query, albums()),
            "getArtist": lambda query: self._found("artist", self.artist_page, query, list(ARTISTS)),
            "getTopSongs": self._top,
            "getSimilarSongs2": self._similar,
            "getGenres": self._genres,
            "getSongsByGenre": self._by_genre,
            "getAlbumList2": self._albums,
        }
        answer = views[view](query) if view in views else None
        return answer if answer is not None else {"status": "failed", "error": {"code": 70, "message": "not found"}}

    def song(self, key: int) -> dict[str, Any]:
        album = key // 10
        odd = album == 22
        return {
            "id": f"tr-{key}",
            "isDir": False,
            "title": f"{TITLES[key % 10 - 1]} {album}",
            "album": f"Album {album}",
            "artist": ARTISTS[album // 10],
            "albumId": f"al-{album}",
            "artistId": f"ar-{album // 10}",
            "track": key % 10,
            "year": 2000 + album,
            "genre": GENRES[album],
            "coverArt": f"mf-{key}_5f3a",
            "size": len(SOUND),
            "contentType": "audio/x-ms-wma" if odd else "audio/mpeg",
            "suffix": "wma" if odd else "mp3",
            "duration": 100 + key % 10,
            "playCount": key % 10,
            "type": "music",
            "isVideo": False,
        }

    def album(self, key: int) -> dict[str, Any]:
        return {
            "id": f"al-{key}",
            "name": f"Album {key}",
            "artist": ARTISTS[key // 10],
            "artistId": f"ar-{key // 10}",
            "coverArt": f"al-{key}_5f3a",
            "songCount": 4,
            "year": 2000 + key,
            "releaseDate": {"year": 2000 + key, "month": 5, "day": 6},
            "genre": GENRES[key],
        }

    def album_page(self, key: int) -> dict[str, Any]:
        return self.album(key) | {"song": [self.song(10 * key + number) for number in range(1, 5)]}

    def artist(self, key: int) -> dict[str, Any]:
        return {"id": f"ar-{key}", "name": ARTISTS[key], "coverArt": f"ar-{key}_0", "albumCount": 2}

    def artist_page(self, key: int) -> dict[str, Any]:
        return self.artist(key) | {"album": [self.album(album) for album in albums() if album // 10 == key]}

    def _found(
        self, name: str, make: Callable[[int], dict[str, Any]], query: dict[str, str], known: list[int]
    ) -> dict[str, Any] | None:
        key = query["id"].rpartition("-")[2]
        return {name: make(int(key))} if key.isdecimal() and int(key) in known else None

    def _search(self, query: dict[str, str]) -> dict[str, Any]:
        word = query["query"].lower()

        def some(made: list[dict[str, Any]], count: str) -> list[dict[str, Any]]:
            return [each for each in made if word in str(each).lower()][: int(query[count])]

        film = self.song(111) | {"id": "tr-999", "title": "Rain, the film", "isVideo": True, "suffix": "mkv"}
        return {
            "searchResult3": {
                "song": some([film, *(self.song(key) for key in songs())], "songCount"),
                "artist": some([self.artist(key) for key in ARTISTS], "artistCount"),
                "album": some([self.album(key) for key in albums()], "albumCount"),
            }
        }

    def _top(self, query: dict[str, str]) -> dict[str, Any] | None:
        if self.lonely:
            return None if self.lonely == "error" else {"topSongs": {}}
        mine = [self.song(key) for key in songs() if ARTISTS[key // 100] == query["artist"]]
        return {"topSongs": {"song": mine[: int(query["count"])]}}

    def _similar(self, query: dict[str, str]) -> dict[str, Any] | None:
        if self.lonely:
            return None if self.lonely == "error" else {"similarSongs2": {}}
        if query["id"] not in {"ar-1", "ar-2"}:  # By artist.
            return None
        return {"similarSongs2": {"song": [self.song(key) for key in songs()][: int(query["count"])]}}

    def _genres(self, _query: dict[str, str]) -> dict[str, Any]:
        named = sorted(set(GENRES.values()))
        return {"genres": {"genre": [{"value": name, "songCount": 4, "albumCount": 1} for name in named]}}

    def _by_genre(self, query: dict[str, str]) -> dict[str, Any]:
        mine = [self.song(key) for key in songs() if GENRES[key // 10] == query["genre"]]
        return {"songsByGenre": {"song": mine[: int(query["count"])]}}

    def _albums(self, query: dict[str, str]) -> dict[str, Any]:
        listed = {"newest": list(reversed(albums())), "frequent": self.played}[query["type"]]
        return {"albumList2": {"album": [self.album(key) for key in listed[: int(query["size"])]]}}

    def _media_of(self, view: str, query: dict[str, str]) -> Reply:
        if view == "getCoverArt":
            return Reply(PICTURE, mime="image/png")
        return Reply(SOUND, mime="audio/mpeg")


def albums() -> list[int]:
    return sorted(GENRES)


def songs() -> list[int]:
    return [10 * album + number for album in albums() for number in range(1, 5)]


def _fault(query: dict[str, str]) -> dict[str, Any] | None:
    """What is wrong with how somebody says who they are."""
    if "apiKey" in query:
        if {"u", "p", "t", "s"} & query.keys():
            return {"code": 43, "message": "Multiple conflicting authentication mechanisms provided"}
        return None if query["apiKey"] == API_KEY else {"code": 44, "message": "Invalid API key"}
    if not {"u", "t", "s", "v", "c"} <= query.keys():
        return {"code": 10, "message": "Required parameter is missing."}
    token = hashlib.md5((PASSWORD + query["s"]).encode(), usedforsecurity=False).hexdigest()
    good = query["u"] == USER and query["t"] == token and len(query["s"]) >= 6
    return None if good else {"code": 40, "message": "Wrong username or password"}


def _from_xml(value: Any) -> Any:
    match value:
        case dict():
            return {name: _from_xml(each) for name, each in value.items()}
        case [only]:
            return _from_xml(only)
        case list():
            return [_from_xml(each) for each in value]
        case str() if value.isdecimal():
            return int(value)
    return value


@asynccontextmanager
async def subsonic_standin() -> AsyncIterator[SubsonicStandin]:
    async with running(SubsonicStandin()) as standin:
        yield standin
