"""All that PostgreSQL holds of one person, page by page, as records to be handed out to them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg

from roomd.domain.ids import RoomId, UserId
from roomd.store.postgres import PostgresPool, acquired
from roomd.store.songs import song_of

#: Rows read at a time: half a megabyte at the most.
PAGE = 500
#: Before the first, in keys of this kind.
_NIL = "00000000-0000-0000-0000-000000000000"

_PROFILE = """
    SELECT id::text, username, email, name, bio, avatar, is_admin, created_at, last_seen, banned_at, banned_why
    FROM users WHERE id = $1
"""
_SESSIONS = """
    SELECT family::text AS id, user_agent, address, created_at, last_used, expires_at, revoked_at AS ended_at
    FROM sessions WHERE user_id = $1 ORDER BY created_at, family LIMIT 10000
"""
_PLAYLISTS = """
    SELECT id::text, name, description, cover, is_public, kind, genre, created_at, updated_at
    FROM playlists WHERE owner = $1 ORDER BY created_at, id
"""
_TRACKS = """
    SELECT t.position, s.facts, t.added_at FROM playlist_tracks t JOIN songs s ON s.id = t.song
    WHERE t.playlist = $1 AND t.position > $2 ORDER BY t.position LIMIT $3
"""
_FAVOURITES = """
    SELECT f.song, s.facts, f.added_at FROM favourites f JOIN songs s ON s.id = f.song
    WHERE f.person = $1 AND f.song > $2 ORDER BY f.song LIMIT $3
"""
_HISTORY = """
    SELECT l.id, l.room::text, l.at, l.heard_ms, l.ended, s.facts FROM listens l JOIN songs s ON s.id = l.song
    WHERE l.person = $1 AND (l.at, l.id) > ($2, $3) ORDER BY l.at, l.id LIMIT $4
"""
_OVERSIGHT = "SELECT at, act, why FROM admin_acts WHERE about = $1 ORDER BY id"
#: Rooms that they have left, too, for as long as their logs are kept.
_MENTIONED = "SELECT DISTINCT room::text AS id FROM room_events WHERE strpos(body, $1) > 0"
#: Seconds that looking through all logs may take: PostgreSQL reads half a million commits a second.
_PATIENCE_S = 120.0
_ROOMS = "SELECT id::text FROM rooms WHERE $1 = ANY(members) AND state <> 'closed' ORDER BY id"

Record = dict[str, Any]


class OwnData:
    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def profile(self, person: UserId) -> AsyncIterator[Record]:
        for row in await self._fetch(_PROFILE, person):
            yield _plain(row)

    async def sessions(self, person: UserId) -> AsyncIterator[Record]:
        for row in await self._fetch(_SESSIONS, person):
            yield _plain(row)

    async def playlists(self, person: UserId) -> AsyncIterator[Record]:
        for row in await self._fetch(_PLAYLISTS, person):
            yield _plain(row) | {"songs": [each async for each in self._tracks(row["id"])]}

    async def favourites(self, person: UserId) -> AsyncIterator[Record]:
        last = ""
        while rows := await self._fetch(_FAVOURITES, person, last, PAGE):
            for row in rows:
                yield {"added_at": _said(row["added_at"])} | _song(row)
            last = rows[-1]["song"]

    async def history(self, person: UserId) -> AsyncIterator[Record]:
        last: tuple[object, object] = (datetime.min.replace(tzinfo=UTC), _NIL)
        while rows := await self._fetch(_HISTORY, person, *last, PAGE):
            for row in rows:
                told = {"at": _said(row["at"]), "heard_s": round(row["heard_ms"] / 1_000, 3), "ended": row["ended"]}
                yield told | {"room": row["room"]} | _song(row)
            last = (rows[-1]["at"], rows[-1]["id"])

    async def rooms(self, person: UserId) -> list[RoomId]:
        """Those that they were in when PostgreSQL last heard of them."""
        return [RoomId(row["id"]) for row in await self._fetch(_ROOMS, person)]

    async def mentioned(self, person: UserId) -> list[RoomId]:
        """Those in whose logs they are."""
        async with acquired(self._pool, _PATIENCE_S) as connection:
            rows = await connection.fetch(_MENTIONED, str(person), timeout=_PATIENCE_S)
        return [RoomId(row["id"]) for row in rows]

    async def oversight(self, person: UserId) -> AsyncIterator[Record]:
        """What admins of the server did to them."""
        for row in await self._fetch(_OVERSIGHT, str(person)):
            yield _plain(row)

    async def _tracks(self, playlist: str) -> AsyncIterator[Record]:
        last = -1
        while rows := await self._fetch(_TRACKS, playlist, last, PAGE):
            for row in rows:
                yield {"position": row["position"], "added_at": _said(row["added_at"])} | _song(row)
            last = rows[-1]["position"]

    async def _fetch(self, query: str, *values: object) -> list[asyncpg.Record]:
        async with acquired(self._pool) as connection:
            return await connection.fetch(query, *values)


def _plain(row: asyncpg.Record) -> Record:
    return {name: _said(value) for name, value in row.items()}


def _said(value: object) -> object:
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value


def _song(row: asyncpg.Record) -> Record:
    song = song_of(row["facts"])
    return {"song": song.id, "title": song.title, "artist": song.artist, "album": song.album}
