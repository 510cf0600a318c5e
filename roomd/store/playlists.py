"""Playlists in PostgreSQL. Whoever changes one holds its row, so that no two songs ever have one position."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import asyncpg

from roomd.domain.ids import UserId, is_uuid, make_uuid
from roomd.domain.moment import Moment
from roomd.domain.playlist import (
    MAX_PLAYLISTS,
    MAX_SONGS,
    Playlist,
    PlaylistChanges,
    PlaylistEntry,
    PlaylistKind,
    no_such_entry,
    no_such_playlist,
    playlist_full,
    search_key,
    tidy_description,
    tidy_playlist_name,
    too_many_playlists,
)
from roomd.domain.refusals import Forbidden, Invalid, Unauthenticated
from roomd.domain.song import Song
from roomd.store import playlist_rows as rows
from roomd.store.accounts import timestamp
from roomd.store.postgres import PostgresConnection, PostgresPool, acquired
from roomd.store.songs import Songs


class Added(NamedTuple):
    """What was added, and how many songs there are now."""

    entries: list[PlaylistEntry]
    tracks: int


class Playlists:
    def __init__(self, pool: PostgresPool, songs: Songs, moment: Callable[[], Moment]) -> None:
        self._pool = pool
        self._songs = songs
        self._moment = moment

    async def add(
        self,
        owner: UserId,
        name: str,
        *,
        description: str = "",
        public: bool = False,
        kind: PlaylistKind = "own",
        genre: str = "",
        songs: Sequence[Song] = (),
    ) -> Playlist:
        """Make a playlist. Raises Invalid, or Conflict when there are too many of it."""
        name, description = tidy_playlist_name(name), tidy_description(description)
        _demand_room(0, len(songs))
        moment = self._moment()
        await self._songs.keep(songs, moment.now)
        made = make_uuid(moment.dice)
        async with acquired(self._pool) as connection, connection.transaction():
            await _hold_person(connection, owner)
            many = await connection.fetchval(
                "SELECT count(*) FROM playlists WHERE owner = $1 AND kind <> 'mood'", owner
            )
            if many >= MAX_PLAYLISTS:
                raise too_many_playlists()
            given = (name, search_key(name), description, public, kind, genre)
            await connection.execute(rows.ADD, made, owner, *given, timestamp(moment.now))
            await _append(connection, made, songs, moment)
            return await _card(connection, made)

    async def replace_mood(self, owner: UserId, name: str, description: str, songs: Sequence[Song]) -> Playlist:
        """The owner's mood of this name, made where there is none, holds these songs and no others."""
        name, description = tidy_playlist_name(name), tidy_description(description)
        _demand_room(0, len(songs))
        moment = self._moment()
        await self._songs.keep(songs, moment.now)
        async with acquired(self._pool) as connection, connection.transaction():
            await _hold_person(connection, owner)
            fresh, now = make_uuid(moment.dice), timestamp(moment.now)
            mood = await connection.fetchval(rows.MOOD, fresh, owner, name, search_key(name), description, now)
            await connection.execute("DELETE FROM playlist_tracks WHERE playlist = $1", mood)
            await _append(connection, mood, songs, moment)
            return await _card(connection, mood)

    async def get(self, playlist_id: str, reader: UserId) -> Playlist:
        """Raises NotFound, also for somebody else's private one."""
        async with acquired(self._pool) as connection:
            row = await connection.fetchrow(rows.CARD, _key(playlist_id))
        if row is None or not (row["is_public"] or row["owner"] == reader):
            raise no_such_playlist()
        return rows.playlist(row)

    async def demand_owner(self, playlist_id: str, person: UserId) -> None:
        """Raises NotFound, or Forbidden, for whoever may not change it."""
        if (await self.get(playlist_id, person)).owner != person:
            raise _not_yours()

    async def shown_to(
        self, reader: UserId, *, mine: bool = False, q: str = "", limit: int = 100, offset: int = 0
    ) -> list[Playlist]:
        """The reader's own and the public ones, or with `mine` only the former; those changed last come first.

        `q` is to be found in the name.
        """
        async with acquired(self._pool) as connection:
            found = await connection.fetch(rows.SHOWN, reader, search_key(q), not mine, limit + offset, offset, limit)
        return [rows.playlist(row) for row in found]

    async def songs(self, playlist_id: str, limit: int = MAX_SONGS, offset: int = 0) -> list[PlaylistEntry]:
        """What is in it, in order; empty when there is no such playlist."""
        async with acquired(self._pool) as connection:
            found = await connection.fetch(rows.SONGS, _key(playlist_id), limit, offset)
        return [rows.entry(row, offset + n) for n, row in enumerate(found)]

    async def song_ids(self, playlist_id: str) -> list[str]:
        """The full ids of its songs, in order."""
        query = "SELECT song FROM playlist_tracks WHERE playlist = $1 ORDER BY position"
        async with acquired(self._pool) as connection:
            return [row["song"] for row in await connection.fetch(query, _key(playlist_id))]

    async def update(self, playlist_id: str, owner: UserId, changes: PlaylistChanges) -> Playlist:
        """Change what is given. A mood that gets another name is an ordinary playlist from then on."""
        name = None if changes.name is None else tidy_playlist_name(changes.name)
        description = None if changes.description is None else tidy_description(changes.description)
        key = None if name is None else search_key(name)
        async with self._held(playlist_id, owner) as (connection, held):
            if (name, description, changes.is_public) != (None, None, None):
                now = timestamp(self._moment().now)
                await connection.execute(rows.UPDATE, held.id, name, key, description, changes.is_public, now)
            return await _card(connection, held.id)

    async def delete(self, playlist_id: str, owner: UserId) -> str:
        """The cover of its own that it had, if any."""
        async with self._held(playlist_id, owner) as (connection, held):
            await connection.execute("DELETE FROM playlists WHERE id = $1", held.id)
            return held.cover

    async def set_cover(self, playlist_id: str, owner: UserId, url: str) -> str:
        """Give it a picture of its own, or none (""); the former one."""
        async with self._held(playlist_id, owner) as (connection, held):
            now = timestamp(self._moment().now)
            await connection.execute(
                "UPDATE playlists SET cover = $2, updated_at = $3 WHERE id = $1", held.id, url, now
            )
            return held.cover

    async def append(self, playlist_id: str, owner: UserId, songs: Sequence[Song]) -> Added:
        """Raises Conflict when it would become too long; then nothing is added."""
        moment = self._moment()
        await self._songs.keep(songs, moment.now)
        async with self._held(playlist_id, owner) as (connection, held):
            _demand_room(held.tracks, len(songs))
            ids = await _append(connection, held.id, songs, moment)
            entries = [
                PlaylistEntry(id=key, song=song, position=held.tracks + n, added_at=moment.now)
                for n, (key, song) in enumerate(zip(ids, songs, strict=True))
            ]
            return Added(entries, held.tracks + len(songs))

    async def remove(self, playlist_id: str, owner: UserId, *, song: str = "", entry: str = "") -> tuple[int, int]:
        """Take out every entry of a song, or one entry; how many went, and how many are left. Raises NotFound."""
        async with self._held(playlist_id, owner) as (connection, held):
            one = entry.lower() if is_uuid(entry.lower()) else None
            gone = await connection.fetchval(rows.REMOVE, held.id, song, one, timestamp(self._moment().now))
            if not gone:
                raise no_such_entry()
            return gone, held.tracks - gone

    async def move(self, playlist_id: str, owner: UserId, entry: str, position: int) -> int:
        """Put an entry at a position, counted from 0 after it is gone from where it was; how many songs there are."""
        async with self._held(playlist_id, owner) as (connection, held):
            if not 0 <= position < max(held.tracks, 1):
                reason = f"must be 0 to {held.tracks - 1}"
                raise Invalid(f"position {reason}", fields={"position": reason})
            one = entry.lower() if is_uuid(entry.lower()) else None
            here = await connection.fetchval(rows.POSITION_OF, held.id, one)
            if here is None:
                raise no_such_entry()
            there = await connection.fetchval(rows.POSITION_AT, held.id, position)
            await connection.execute(rows.MOVE, held.id, here, there, timestamp(self._moment().now))
            return held.tracks

    @asynccontextmanager
    async def _held(self, playlist_id: str, owner: UserId) -> AsyncIterator[tuple[PostgresConnection, "_Held"]]:
        """A transaction in which nobody else changes the playlist. Raises NotFound and Forbidden."""
        async with acquired(self._pool) as connection, connection.transaction():
            row = await connection.fetchrow(rows.HOLD, _key(playlist_id))
            if row is None or not (row["is_public"] or row["owner"] == owner):
                raise no_such_playlist()
            if row["owner"] != owner:
                raise _not_yours()
            yield connection, _Held(row["id"], row["tracks"], row["cover"])


class _Held(NamedTuple):
    id: str
    tracks: int
    cover: str


async def _hold_person(connection: PostgresConnection, person: UserId) -> None:
    """Nobody else makes a playlist of theirs meanwhile, so that the count of them holds."""
    if await connection.fetchval(rows.PERSON, person) is None:
        raise Unauthenticated("the user of this token is gone; sign in again", "token_invalid")


async def _append(connection: PostgresConnection, playlist_id: str, songs: Sequence[Song], moment: Moment) -> list[str]:
    """Put the songs at the end, and count them in. The ids of the new entries."""
    ids = [make_uuid(moment.dice) for _ in songs]
    durations = [round(song.duration_ms or 0.0) for song in songs]
    now = timestamp(moment.now)
    await connection.execute(rows.APPEND, playlist_id, ids, [song.id for song in songs], durations, now)
    return ids


async def _card(connection: PostgresConnection, playlist_id: str) -> Playlist:
    row: asyncpg.Record | None = await connection.fetchrow(rows.CARD, playlist_id)
    assert row is not None
    return rows.playlist(row)


def _not_yours() -> Forbidden:
    return Forbidden("Only the one whose playlist it is can change it.", "not_your_playlist")


def _demand_room(there: int, more: int) -> None:
    if there + more > MAX_SONGS:
        raise playlist_full()


def _key(playlist_id: str) -> str:
    """Raises NotFound for what is no id of a playlist."""
    if not is_uuid(playlist_id.lower()):
        raise no_such_playlist()
    return playlist_id.lower()
