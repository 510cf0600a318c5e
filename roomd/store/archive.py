"""Rooms in PostgreSQL: the archive of their logs, the newest snapshot of each, and what is to be known of those asleep.

Every history of a room is archived under its epoch, without gaps as far as it goes. Whoever takes a room out of here
begins a new epoch first (`begin`): from then on the older one takes no commit that was not already there, so that what
is acknowledged as archived is always in what is restored.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from math import inf
from typing import NamedTuple, TypeVar

import asyncpg
from msgspec import structs

from roomd.domain.commit import Commit
from roomd.domain.ids import Code, RoomId, UserId
from roomd.domain.room import Room, RoomClosed, RoomOpened
from roomd.domain.whole import Whole, fold
from roomd.domain.words import Event
from roomd.store import plain, snapshots
from roomd.store.postgres import PostgresConnection, PostgresPool, acquired

#: What `roomd_append` shares, and whoever begins a new history holds alone.
_LOCK = 491529
#: Commits before a snapshot that are looked through for the ids of commands that took effect lately.
_LATELY = 1_000
_APPEND = "SELECT roomd_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
_HEADS = """
    SELECT r.id::text, e.epoch, e.rev, s.epoch AS s_epoch, s.rev AS s_rev
    FROM unnest($1::uuid[]) AS r(id)
    LEFT JOIN LATERAL (
        SELECT epoch, rev FROM room_events WHERE room = r.id ORDER BY epoch DESC, rev DESC LIMIT 1
    ) e ON true
    LEFT JOIN room_snapshots s ON s.room = r.id
"""
_READ = """
    SELECT s.epoch, s.rev, s.body,
        ARRAY(SELECT body FROM room_events WHERE room = r.id AND (epoch, rev) > (at.epoch, at.rev) ORDER BY epoch, rev)
            AS tail,
        ARRAY(SELECT l.body FROM (
            SELECT epoch, rev, at, body FROM room_events WHERE room = r.id AND (epoch, rev) <= (at.epoch, at.rev)
            ORDER BY epoch DESC, rev DESC LIMIT $3
        ) l WHERE l.at >= $2 ORDER BY l.epoch, l.rev) AS lately
    FROM (SELECT $1::uuid AS id) r LEFT JOIN room_snapshots s ON s.room = r.id
    CROSS JOIN LATERAL (SELECT coalesce(s.epoch, -1) AS epoch, coalesce(s.rev, -1) AS rev) at
"""

_PUT = """
    WITH put AS (
        INSERT INTO rooms AS r (id, code, name, last_activity, listed, members, tracks, epoch, state)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (id) DO UPDATE SET
            name = $3, last_activity = greatest(r.last_activity, $4), listed = $5, members = $6, tracks = $7,
            -- A snapshot that was overtaken does not say where the room is now.
            state = CASE WHEN $9 = 'live' AND EXISTS (
                SELECT FROM room_snapshots s WHERE s.room = r.id AND (s.epoch, s.rev) >= ($8, $10)
            ) THEN r.state ELSE $9 END
        WHERE r.epoch = $8 AND r.state <> 'closed' RETURNING id
    ), history AS (
        INSERT INTO room_epochs (room, epoch, opened) SELECT id, $8, $10 FROM put ON CONFLICT DO NOTHING
    )
    SELECT true FROM put
"""
_SNAPSHOT = """
    INSERT INTO room_snapshots AS s (room, epoch, rev, taken_at, body) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (room) DO UPDATE
    SET epoch = excluded.epoch, rev = excluded.rev, taken_at = excluded.taken_at, body = excluded.body
    WHERE (s.epoch, s.rev) < (excluded.epoch, excluded.rev)
"""
_REPLACED = """
    SELECT EXISTS (SELECT FROM room_epochs WHERE room = $1 AND epoch > $2 AND opened = 0)
"""
_BEGIN = """
    WITH begun AS (
        UPDATE rooms r SET epoch = greatest(epoch + 1, $2), state = 'live'
        WHERE id = $1 AND (state <> 'closed' OR EXISTS (
            SELECT FROM room_epochs e WHERE e.room = r.id AND e.epoch = r.epoch AND e.opened = -1
        )) RETURNING id, epoch
    )
    INSERT INTO room_epochs (room, epoch, opened) SELECT id, epoch, $3 FROM begun RETURNING epoch
"""

E = TypeVar("E", bound=Event)

log = logging.getLogger(__name__)


class Entry(NamedTuple):
    """A commit for the archive: decoded, and as it stands in the room's log."""

    room: RoomId
    commit: Commit
    body: str


class Head(NamedTuple):
    """How far a room is archived."""

    epoch: int
    rev: int


class Restored(NamedTuple):
    """A room as its snapshot and what was archived since make it, and the commits since it was asked to look back."""

    whole: Whole
    lately: tuple[Commit, ...]
    #: The epoch that its new history is to have.
    epoch: int


class Replaced(Exception):  # noqa: N818 - not an error: an operator has restored the room from a file
    """Another room was brought in the place of this history: it must not go on."""


class Archive:
    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def append(self, entries: Sequence[Entry]) -> list[int]:
        """Archive commits, all in one go; what is there already stays. Answers which (by place) came too late.

        Those belong to a history that has been superseded. The commits of one room are given in their order, and begin
        no later than where its archive ends.
        """
        openings = [(n, event.room) for n, e in enumerate(entries, 1) for event in _of(e.commit, RoomOpened)]
        closings = [n for n, each in enumerate(entries, 1) if any(_of(each.commit, RoomClosed))]
        closings += [n for n, room in openings if room.closed]
        async with acquired(self._pool) as connection:
            refused: list[int] = await connection.fetchval(
                _APPEND,
                [each.room for each in entries],
                [each.commit.epoch for each in entries],
                [each.commit.rev for each in entries],
                [each.commit.at for each in entries],
                [each.body for each in entries],
                [n for n, _ in openings],
                [room.code for _, room in openings],
                [room.settings.name for _, room in openings],
                [room.settings.visibility == "public" for _, room in openings],
                [room.owner for _, room in openings],
                closings,
            )
        return sorted(n - 1 for n in refused)

    async def heads(self, rooms: Sequence[RoomId]) -> dict[RoomId, Head]:
        """How far each of the rooms is archived; those that are not archived at all are left out."""
        async with acquired(self._pool) as connection:
            found = await connection.fetch(_HEADS, list(rooms))
        return {RoomId(row["id"]): head for row in found if (head := _head(row)) is not None}

    async def find_code(self, code: Code) -> RoomId | None:
        """The room that is not closed and has this code."""
        async with acquired(self._pool) as connection:
            found = await connection.fetchval(
                "SELECT id::text FROM rooms WHERE code = $1 AND state <> 'closed' ORDER BY last_activity DESC LIMIT 1",
                code,
            )
        return RoomId(found) if found else None

    async def asleep(self, room: RoomId) -> bool:
        """Whether the room is here to be woken."""
        async with acquired(self._pool) as connection:
            return await connection.fetchval("SELECT state <> 'closed' FROM rooms WHERE id = $1", room) or False

    async def has(self, room: RoomId, epoch: int, rev: int) -> bool:
        """Whether a commit is archived."""
        async with acquired(self._pool) as connection:
            return bool(
                await connection.fetchval(
                    "SELECT EXISTS (SELECT FROM room_events WHERE room = $1 AND epoch = $2 AND rev = $3)",
                    *(room, epoch, rev),
                )
            )

    async def begin(self, room: RoomId, at_least: int, opened: int, *, after: int) -> int | None:
        """Begin a new history of a room that is here, with rev `opened`; its epoch, which is not under `at_least`.

        It goes on from epoch `after`. From now on older histories take no commit from rev `opened` on. None for a room
        that is not here, or was closed; but not for one that was closed only here, because it slept for long. Raises
        Replaced.
        """
        async with alone(self._pool) as connection:
            if await connection.fetchval(_REPLACED, room, after):
                raise Replaced
            begun: int | None = await connection.fetchval(_BEGIN, room, at_least, opened)
            return begun

    async def take(self, room: RoomId, at_least: int, since: float = inf) -> Restored | None:
        """Take a room out, to be put into Redis under a new epoch; None for one that is not here, or closed.

        From now on older histories take no commit at all, so what is read is all that was ever archived. The answer
        has the commits made at or after room time `since`, as far as they are kept.
        """
        async with acquired(self._pool) as connection:
            took = await connection.fetchrow("SELECT * FROM roomd_take($1, $2)", room, at_least)
            assert took is not None
            if (epoch := took["begun"]) is None:
                return None
            whole, commits = await _read(connection, room, since)
            if whole is not None and whole.room.closed:
                await connection.execute("UPDATE rooms SET state = 'closed' WHERE id = $1 AND epoch = $2", room, epoch)
        if whole is None:
            log.error("room %s is archived up to %d, and cannot be made out of that", room, took["head_rev"])
            return None
        if whole.room.rev != (rev := took["head_rev"]):
            log.error("the archive of room %s has a hole after %d; it goes up to %d", room, whole.room.rev, rev)
        return None if whole.room.closed else Restored(whole, commits, epoch)

    async def read(self, room: RoomId) -> Whole | None:
        """A room as it is archived, whatever became of it."""
        async with acquired(self._pool) as connection:
            return (await _read(connection, room, inf))[0]

    async def put(self, whole: Whole, taken_at: float, *, asleep: bool = False) -> bool:
        """Keep a snapshot, unless there is a newer one or the room's history is another by now; whether it is kept.

        With `asleep`, the room is from now on to be found here and nowhere else.
        """
        room = whole.room
        state = "closed" if room.closed else "asleep" if asleep else "live"
        async with acquired(self._pool) as connection, connection.transaction():
            if not await connection.fetchval(_PUT, *known(room), room.epoch, state, room.rev):
                return False
            await connection.execute(_SNAPSHOT, room.id, room.epoch, room.rev, taken_at, snapshots.encode(whole))
        return True

    async def awake(self, room: RoomId) -> None:
        """The room is not asleep after all."""
        async with acquired(self._pool) as connection:
            await connection.execute("UPDATE rooms SET state = 'live' WHERE id = $1 AND state = 'asleep'", room)


@asynccontextmanager
async def alone(pool: PostgresPool) -> AsyncIterator[PostgresConnection]:
    """A transaction in which nobody else appends, or begins a history."""
    async with acquired(pool) as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        yield connection


def known(room: Room) -> tuple[RoomId, Code, str, float, bool, list[UserId], int]:
    """What is known of a room without its snapshot: the columns as they stand in _PUT."""
    listed = room.settings.visibility == "public"
    return room.id, room.code, room.settings.name, room.last_activity, listed, sorted(room.members), len(room.entries)


async def _read(connection: PostgresConnection, room: RoomId, since: float) -> tuple[Whole | None, tuple[Commit, ...]]:
    """The room, and the commits after its snapshot or since that room time."""
    row = await connection.fetchrow(_READ, room, since, _LATELY)
    assert row is not None
    whole = None
    if row["body"] is not None:
        whole = snapshots.decode(row["body"])
        # A snapshot that was brought from elsewhere goes by the number that it has here.
        whole = structs.replace(whole, room=structs.replace(whole.room, epoch=row["epoch"], rev=row["rev"]))
    commits = _valid([plain.decode_commit(body.encode()) for body in (*row["lately"], *row["tail"])])
    at = (row["epoch"], row["rev"]) if whole else (-1, -1)
    return fold(whole, [each for each in commits if (each.epoch, each.rev) > at]), tuple(commits)


def _head(row: asyncpg.Record | None) -> Head | None:
    """The later of the newest archived commit and the snapshot."""
    ats = [(row[a], row[b]) for a, b in (("epoch", "rev"), ("s_epoch", "s_rev"))] if row else []
    return max((Head(*at) for at in ats if at[0] is not None), default=None)


def _valid(commits: Sequence[Commit]) -> list[Commit]:
    """Without those that a later history, which began before them, has superseded."""
    kept: list[Commit] = []
    limit: float = inf
    for index, commit in reversed(list(enumerate(commits))):
        if commit.rev < limit:
            kept.append(commit)
        if index and commits[index - 1].epoch != commit.epoch:
            limit = min(limit, commit.rev)
    return kept[::-1]


def _of(commit: Commit, kind: type[E]) -> list[E]:
    return [event for event in commit.events if isinstance(event, kind)]
