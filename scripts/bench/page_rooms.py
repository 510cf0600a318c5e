"""What the page is measured on: a server of its own, a usual room, and one that is as full as rooms get."""

import asyncio
import json
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from browser_world import Roomd
from media_files import flac
from raw_socket import raw_socket
from serving import make_wav

#: As many songs as a queue holds.
SONGS = 500
#: Tracks that one command may add; and who says the lines, each of them one after the other.
LOT, TALKERS = 100, 16
TALK = ("lovely", "who put this on?", "turn it up, this is the best part of it and I will not hear otherwise", "🎉🎉")
LONG = "I heard this the first time on a train through the rain at night, and " * 3


class Room(NamedTuple):
    code: str
    tracks: int
    lines: int
    #: What a browser keeps of who its user is, as JSON: the host, who may do everything.
    session: str


@contextmanager
def house() -> Iterator[Roomd]:
    """A server with `SONGS` songs, of which one is long enough to be listened to."""
    with tempfile.TemporaryDirectory(prefix="rp-", dir="/tmp") as folder:
        music = Path(folder) / "music"
        music.mkdir()
        Path(folder).chmod(0o755)
        make_wav(music / "Carol Example - Long Walk.wav", 240.0)
        for number in range(1, SONGS):
            named = {"TITLE": f"Evening Piece {number}", "ARTIST": f"The Examples {number % 40}", "ALBUM": "Evenings"}
            tags = [f"{name}={text}" for name, text in named.items()]
            (music / f"{number}.flac").write_bytes(flac(150 + number % 90, tags))
        server = Roomd(Path(folder) / "data", music, more={"ROOMD_FFMPEG": "/bin/false", "ROOMD_LINK_PREVIEWS": "off"})
        server.start()
        try:
            yield server
        finally:
            server.end(signal.SIGTERM)


def opened(server: Roomd, name: str, tracks: int, lines: int) -> Room:
    """A public room where the first of its tracks plays, made as any client would make it."""
    return asyncio.run(_opened(server, name, tracks, lines))


async def _opened(server: Roomd, name: str, tracks: int, lines: int) -> Room:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        signed = (await http.post("/api/auth/guest/", json={"name": "Alice"})).json()
        http.headers["Authorization"] = f"Bearer {signed['access_token']}"
        made = await http.post("/api/rooms/create/", json={"name": name, "visibility": "public"})
        code = made.json()["code"]
        sources = (await _found(http))[:tracks]
        host = await raw_socket(server.port, f"/ws/v1/{code}/")
        await host.say(type="hello", token=signed["access_token"])
        for start in range(0, tracks, LOT):
            added = [{"source": each} for each in sources[start : start + LOT]]
            await host.say(type="add", id=f"{start}", tracks=added)
            await host.until("ack")
        await host.bye()
        said = (LONG if n % 17 == 0 else f"{TALK[n % len(TALK)]} ({n})" for n in range(lines))
        await asyncio.gather(*(_talk(http, f"/api/rooms/{code}/messages/", said) for _ in range(TALKERS)))
    kept = {"access": signed["access_token"], "refresh": signed["refresh_token"], "user": signed["user"]}
    return Room(code, tracks, lines, json.dumps(kept))


async def _talk(http: httpx.AsyncClient, path: str, said: Iterator[str]) -> None:
    for text in said:
        (await http.post(path, json={"text": text})).raise_for_status()


async def _found(http: httpx.AsyncClient) -> list[str]:
    """The ids of all songs, the long one first, once the server has looked at its folder."""
    while True:
        found = []
        for offset in range(0, SONGS, 50):
            asked = f"/api/catalogue/search/?limit=50&offset={offset}"
            found += (await http.get(asked)).json()["tracks"]
        if len(found) == SONGS:
            return [each["id"] for each in sorted(found, key=lambda each: each["title"] != "Long Walk")]
        await asyncio.sleep(0.2)
