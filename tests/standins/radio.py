"""A stand-in for a mirror of Radio Browser: stations without end, and some that lead where nobody should be sent."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from media_files import mp3, png

from standins.standin import Reply, Standin, running

#: Name, tags, clicks, codec, and what else is special.
STATIONS: list[tuple[str, str, int, str, dict[str, Any]]] = [
    ("Radio Alice", "jazz,blues", 900, "MP3", {}),
    ("Radio Bob", "jazz", 500, "AAC+", {"bitrate": 64}),
    ("Radio Carol", "folk", 100, "OGG", {"favicon": "data:image/png;base64,AAAA"}),
    ("Alice on demand", "jazz", 800, "AAC", {"hls": 1}),
    ("Television Bob", "jazz", 700, "AAC,H.264", {}),
    ("Radio Nowhere", "inside", 50, "MP3", {"url": "http://10.0.0.1/stream"}),
    ("Radio Metadata", "inside", 40, "MP3", {"url": "http://169.254.169.254/latest/meta-data"}),
    ("Radio Silence", "", 10, "", {"tags": None, "bitrate": None, "clickcount": None, "favicon": None}),
]
SOUND = mp3(200)
PICTURE = png()


class RadioStandin(Standin):
    media = ("/stream/", "/logo.png")

    def __init__(self) -> None:
        super().__init__()
        self.clicks: list[str] = []
        self.servers: list[dict[str, str]] = []

    def too_many(self) -> Reply:
        return Reply(b"slow down", 429, "text/plain")

    def station(self, number: int) -> dict[str, Any]:
        name, tags, clicks, codec, more = STATIONS[number]
        url = f"{self.url}/stream/{number}"
        return {
            "changeuuid": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
            "stationuuid": station_id(number),
            "name": name,
            "url": f"{self.url}/playlist/{number}.m3u",
            "url_resolved": url,
            "homepage": "https://radio.example/",
            "favicon": f"{self.url}/logo.png",
            "tags": tags,
            "country": "Nowhere",
            "countrycode": "XX",
            "language": "english",
            "votes": clicks * 2,
            "codec": codec,
            "bitrate": 128,
            "hls": 0,
            "lastcheckok": 1,
            "clickcount": clicks,
        } | {key: value for key, value in more.items() if key != "url"}

    def reply(self, path: str, query: dict[str, str]) -> Reply:
        if path.startswith("/stream/"):
            return Reply(SOUND, mime="audio/mpeg")
        if path == "/logo.png":
            return Reply(PICTURE, mime="image/png")
        what, *rest = path.removeprefix("/json/").split("/")
        views: dict[str, Callable[[list[str], dict[str, str]], Any]] = {
            "servers": lambda _rest, _query: self.servers,
            "tags": self._tags,
            "url": self._url,
            "stations": self._stations,
        }
        return Reply(views[what](rest, query))

    def _stations(self, rest: list[str], query: dict[str, str]) -> list[dict[str, Any]]:
        every = range(len(STATIONS))
        match rest:
            case ["search"]:
                found = [n for n in every if query.get("name", "").lower() in STATIONS[n][0].lower()]
                if "tag" in query:
                    found = [n for n in found if query["tag"] in STATIONS[n][1].split(",")]
            case ["byuuid", key]:
                found = [n for n in every if station_id(n) == key]
            case ["topclick" | "topvote", most]:
                found = sorted(every, key=lambda n: -STATIONS[n][2])[: int(most)]
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", 100_000))
        return [self.station(number) for number in found[offset : offset + limit]]

    def _tags(self, _rest: list[str], query: dict[str, str]) -> list[dict[str, Any]]:
        tags = [tag for _, listed, *_ in STATIONS for tag in listed.split(",") if tag]
        counted = sorted({(-tags.count(tag), tag) for tag in tags})
        return [{"name": tag, "stationcount": -count} for count, tag in counted][: int(query["limit"])]

    def _url(self, rest: list[str], _query: dict[str, str]) -> dict[str, Any]:
        number = next((n for n in range(len(STATIONS)) if station_id(n) == rest[0]), None)
        if number is None:
            return {"ok": False, "message": "did not find station"}
        self.clicks.append(STATIONS[number][0])
        url = STATIONS[number][4].get("url", f"{self.url}/stream/{number}")
        return {"ok": True, "message": "retrieved station url", "stationuuid": rest[0], "name": "", "url": url}


def station_id(number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{number}.radio.example"))


@asynccontextmanager
async def radio_standin() -> AsyncIterator[RadioStandin]:
    async with running(RadioStandin()) as standin:
        yield standin
