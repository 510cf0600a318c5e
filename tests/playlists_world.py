"""Playlists and favourites over a real PostgreSQL: people who keep songs that no catalogue needs to know."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from accounts_world import HandClock

from roomd.domain.ids import UserId, make_uuid
from roomd.domain.song import Song
from roomd.store.accounts import AccountStore, User
from roomd.store.favourites import Favourites
from roomd.store.playlists import Playlists
from roomd.store.postgres import PostgresPool, connect
from roomd.store.songs import Songs


class Shelf(NamedTuple):
    pool: PostgresPool
    clock: HandClock
    songs: Songs
    playlists: Playlists
    favourites: Favourites

    async def person(self, name: str) -> UserId:
        made = User(id=UserId(make_uuid(self.clock.moment().dice)), name=name)
        await AccountStore(self.pool).add(made, self.clock.now())
        return made.id

    async def titles(self, playlist_id: str) -> str:
        """The playlist's titles in order; their positions count from 0 without a gap."""
        entries = await self.playlists.songs(playlist_id)
        assert [entry.position for entry in entries] == list(range(len(entries)))
        return " ".join(entry.song.title for entry in entries)


def song(title: str, number: int = 0, **more: object) -> Song:
    """`Rain` is local:rain; its number makes it last so many seconds."""
    given = {"id": f"local:{title.lower()}", "title": title, "url": f"/media/{title.lower()}.wav"} | more
    return Song(**given, duration_ms=1_000.0 * number or None)  # type: ignore[arg-type]


def songs(titles: str) -> Sequence[Song]:
    return [song(title, number) for number, title in enumerate(titles.split(), 1)]


@asynccontextmanager
async def shelf(database_url: str) -> AsyncIterator[Shelf]:
    pool, clock = await connect(database_url), HandClock()
    kept = Songs(pool)
    try:
        yield Shelf(pool, clock, kept, Playlists(pool, kept, clock.moment), Favourites(pool, kept, clock.moment))
    finally:
        await pool.close()
