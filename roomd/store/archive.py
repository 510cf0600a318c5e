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
from roomd.domain.ids import Code, RoomId
from roomd.domain.room import RoomClosed, RoomOpened
from roomd.domain.whole import Whole, fold
from roomd.domain.words import Event
from roomd.store import plain, snapshots
from roomd.store.postgres import PostgresConnection, PostgresPool, acquired

#: What `roomd_append` shares and `begin` holds alone.
_LOCK = 491529
_APPEND = "SELECT roomd_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
_HEADS = """
    SELECT r.id::text, e.epoch, e.rev, s.epoch AS s_epoch, s.rev AS s_rev
    FROM unnest($1::uuid[]) AS r(id)
    LEFT JOIN LATERAL (
        SELECT epoch, rev FROM room_events WHERE room = r.id ORDER BY epoch DESC, rev DESC LIMIT 1
    ) e ON true
    LEFT JOIN room_snapshots s ON s.room = r.id
"""
_TAIL = "SELECT body FROM room_events WHERE room = $1 AND (epoch, rev) > ($2, $3) ORDER BY epoch, rev"

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
    """A room as its snapshot and what was archived since make it, and the commits of the tail that were read for it."""

    whole: Whole
    tail: tuple[Commit, ...]
    #: The epoch that its new history is to have.
    epoch: int


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

    async def begin(self, room: RoomId, at_least: int, opened: int) -> int | None:
        """Begin a new history of a room that is here, with rev `opened`; its epoch, which is not under `at_least`.

        From now on older histories take no commit from rev `opened` on. None for a room that is not here.
        """
        async with self._alone() as connection:
            return await _begin(connection, room, at_least, opened)

    async def take(self, room: RoomId, at_least: int) -> Restored | None:
        """Take a room out, to be put into Redis under a new epoch; None for one that is not here, or closed.

        From now on older histories take no commit at all, so what is read is all that was ever archived.
        """
        async with self._alone() as connection:
            if await connection.fetchval("SELECT state FROM rooms WHERE id = $1", room) in {None, "closed"}:
                return None
            head = _head(await connection.fetchrow(_HEADS, [room]))
            if head is None:
                return None
            epoch = await _begin(connection, room, max(at_least, head.epoch + 1), head.rev + 1)
        whole, tail = await self._read(room)
        if whole is None or epoch is None:
            return None
        if whole.room.rev != head.rev:
            log.error("the archive of room %s has a hole after %d; it goes up to %d", room, whole.room.rev, head.rev)
        return None if whole.room.closed else Restored(whole, tail, epoch)

    async def read(self, room: RoomId) -> Whole | None:
        """A room as it is archived, whatever became of it."""
        return (await self._read(room))[0]

    async def put(self, whole: Whole, taken_at: float, *, asleep: bool = False) -> bool:
        """Keep a snapshot, unless there is a newer one or the room's history is another by now; whether it is kept.

        With `asleep`, the room is from now on to be found here and nowhere else.
        """
        room = whole.room
        listed = room.settings.visibility == "public"
        async with acquired(self._pool) as connection, connection.transaction():
            held = await connection.fetchval(
                """
                    INSERT INTO rooms AS r (id, code, epoch, opened, last_activity, listed, members, state)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $8 THEN 'asleep' ELSE 'live' END)
                    ON CONFLICT (id) DO UPDATE SET last_activity = $5, listed = $6, members = $7,
                        state = CASE WHEN $8 THEN 'asleep' ELSE 'live' END
                    WHERE r.epoch = $3 AND r.state <> 'closed' RETURNING true
                    """,
                *(room.id, room.code, room.epoch, room.rev, room.last_activity, listed, sorted(room.members)),
                asleep,
            )
            if not held:
                return False
            await connection.execute(
                """
                    INSERT INTO room_snapshots AS s (room, epoch, rev, taken_at, body) VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT (room) DO UPDATE
                    SET epoch = excluded.epoch, rev = excluded.rev, taken_at = excluded.taken_at, body = excluded.body
                    WHERE (s.epoch, s.rev) < (excluded.epoch, excluded.rev)
                    """,
                *(room.id, room.epoch, room.rev, taken_at, snapshots.encode(whole)),
            )
        return True

    async def awake(self, room: RoomId) -> None:
        """The room is not asleep after all."""
        async with acquired(self._pool) as connection:
            await connection.execute("UPDATE rooms SET state = 'live' WHERE id = $1 AND state = 'asleep'", room)

    async def _read(self, room: RoomId) -> tuple[Whole | None, tuple[Commit, ...]]:
        async with acquired(self._pool) as connection, connection.transaction(isolation="repeatable_read"):
            row = await connection.fetchrow("SELECT epoch, rev, body FROM room_snapshots WHERE room = $1", room)
            after = (row["epoch"], row["rev"]) if row else (-1, -1)
            rows = await connection.fetch(_TAIL, room, *after)
        whole = snapshots.decode(row["body"]) if row else None
        if whole is not None:
            # A snapshot that was brought from elsewhere goes by the number that it has here.
            whole = structs.replace(whole, room=structs.replace(whole.room, epoch=after[0], rev=after[1]))
        tail = tuple(_valid([plain.decode_commit(each["body"].encode()) for each in rows]))
        return fold(whole, tail), tail

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[PostgresConnection]:
        async with acquired(self._pool) as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            yield connection


async def _begin(connection: PostgresConnection, room: RoomId, at_least: int, opened: int) -> int | None:
    found: int | None = await connection.fetchval(
        """
        UPDATE rooms SET epoch = greatest(epoch + 1, $2), opened = $3, state = 'live'
        WHERE id = $1 AND state <> 'closed' RETURNING epoch
        """,
        *(room, at_least, opened),
    )
    return found


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
