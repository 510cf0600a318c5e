"""A server with an album of short pieces, for tests of people's own queues and of the radio."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from serving import Person, Served, make_wav, serving

from roomd.clock import Clock

QUEUE = "/api/playlists/queue"


def album(data_dir: Path, count: int, seconds: float = 40.0, artist: str = "Carol") -> None:
    """So many pieces by one artist, which all go together."""
    music = data_dir / "music"
    music.mkdir(exist_ok=True)
    for n in range(count):
        make_wav(music / f"{artist} - Walk {n}.wav", seconds, rate=400)


@asynccontextmanager
async def with_album(
    redis_url: str, database_url: str, data_dir: Path, count: int = 8, clock: Clock | None = None
) -> AsyncIterator[Served]:
    if not (data_dir / "music").exists():
        album(data_dir, count)
    async with serving(redis_url, database_url, data_dir, clock) as served:
        yield served


async def walks(person: Person) -> list[str]:
    """The ids of the folder's songs, in the order of their titles."""
    answer = await person.call("GET", "/api/catalogue/search/?q=walk&limit=50")
    assert answer.status_code == 200, answer.text
    return [track["id"] for track in sorted(answer.json()["tracks"], key=lambda track: str(track["title"]))]


async def call(person: Person, method: str, path: str, body: Any = None) -> httpx.Response:
    """Of the person's own queue."""
    return await person.call(method, f"{QUEUE}/{path}", body)


async def ok(person: Person, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    """What a call that succeeds answers; `method` may be of any route of the queue."""
    answer = await call(person, method, path, body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def silent(person: Person) -> None:
    """Have only what people choose in the queue."""
    assert await ok(person, "POST", "radio/", {"on": False}) == {"radio": False}


async def enqueue(person: Person, *songs: str) -> list[int]:
    """The positions they got."""
    return [(await ok(person, "POST", "enqueue/", {"track_id": song}, 201))["position"] for song in songs]


async def queued(person: Person) -> list[str]:
    """The ids of the queue's songs, in order."""
    return [wire["track_id"] for wire in await ok(person, "GET", "tracks/")]
