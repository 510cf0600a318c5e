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

from roomd.domain.commit import Commit
from roomd.domain.ids import Code, RoomId, UserId
from roomd.domain.room import Room, RoomClosed, RoomOpened
from roomd.domain.whole import Whole
from roomd.domain.words import Event
from roomd.store import snapshots
from roomd.store.kept import KeptConnection
from roomd.store.postgres import PostgresConnection, PostgresPool, acquired
from roomd.store.restoring import LATELY, READ, ArchiveError, made

#: What `roomd_append` shares, and whoever begins a new history holds alone.
_LOCK = 491529
_APPEND = "SELECT roomd_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
#: The same of a single commit that neither opens nor closes a room: arrays take asyncpg three times as long.
_APPEND_ONE = """
    SELECT roomd_append(
        ARRAY[$1::uuid], ARRAY[$2::bigint], ARRAY[$3::bigint], ARRAY[$4::double precision], ARRAY[$5::text],
        '{}', '{}', '{}', '{}', '{}', '{}'
    )
"""
_FILL = """
    INSERT INTO room_events (room, epoch, rev, at, body)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::double precision[], $5::text[])
    ON CONFLICT DO NOTHING
"""
_HEADS = """
    SELECT r.id::text, e.epoch, e.rev, s.epoch AS s_epoch, s.rev AS s_rev
    FROM unnest($1::uuid[]) AS r(id)
    LEFT JOIN LATERAL (
        SELECT epoch, rev FROM room_events WHERE room = r.id ORDER BY epoch DESC, rev DESC LIMIT 1
    ) e ON true
    LEFT JOIN room_snapshots s ON s.room = r.id
"""
_TAKE = """
    SELECT u.id::text, t.head_rev, t.begun
    FROM unnest($1::uuid[]) AS u(id) CROSS JOIN LATERAL roomd_take(u.id, $2) t WHERE t.begun IS NOT NULL
"""
_CLOSED = """
    UPDATE rooms r SET state = 'closed' FROM unnest($1::uuid[], $2::bigint[]) AS u(id, epoch)
    WHERE r.id = u.id AND r.epoch = u.epoch
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


class Taken(NamedTuple):
    rooms: list[Restored]
    #: Those that are there to be taken out, and cannot be.
    broken: dict[RoomId, ArchiveError]


class Replaced(Exception):  # noqa: N818 - not an error: an operator has restored the room from a file
    """Another room was brought in the place of this history: it must not go on."""


class Archive:
    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool
        self._kept = KeptConnection(pool)

    async def append(self, entries: Sequence[Entry]) -> list[int]:
        """Archive commits, all in one go; what is there already stays. Answers which (by place) came too late.

        Those belong to a history that has been superseded. The commits of one room are given in their order, and begin
        no later than where its archive ends.
        """
        openings = [(n, event.room) for n, e in enumerate(entries, 1) for event in _of(e.commit, RoomOpened)]
        closings = [n for n, each in enumerate(entries, 1) if any(_of(each.commit, RoomClosed))]
        closings += [n for n, room in openings if room.closed]
        refused: list[int]
        if len(entries) == 1 and not openings and not closings:
            (room, commit, body), *_ = entries
            refused = await self._kept.fetchval(_APPEND_ONE, room, commit.epoch, commit.rev, commit.at, body)
        else:
            refused = await self._kept.fetchval(
                _APPEND,
                *_columns(entries),
                [n for n, _ in openings],
                [room.code for _, room in openings],
                [room.settings.name for _, room in openings],
                [room.settings.visibility == "public" for _, room in openings],
                [room.owner for _, room in openings],
                closings,
            )
        return sorted(n - 1 for n in refused)

    async def fill(self, entries: Sequence[Entry]) -> None:
        """Archive commits of histories that were given up, but of which a later snapshot here has the effect."""
        async with acquired(self._pool) as connection:
            await connection.execute(_FILL, *_columns(entries))

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
        """As `take_all`, of one room; None when it is not here, or closed. Raises ArchiveError."""
        taken = await self.take_all([room], at_least, since)
        for fault in taken.broken.values():
            raise fault
        return next(iter(taken.rooms), None)

    async def take_all(self, rooms: Sequence[RoomId], at_least: int, since: float = inf) -> Taken:
        """Take rooms out, to be put into Redis under new epochs; those that are not here, or closed, are left out.

        From now on their older histories take no commit at all, so what is read is all that was ever archived. The
        answer has the commits made at or after room time `since`, as far as they are kept.
        """
        async with acquired(self._pool) as connection:
            begun = {row["id"]: row for row in await connection.fetch(_TAKE, sorted(rooms), at_least)}
            rows = await connection.fetch(READ, list(begun), since, LATELY)
            taken = Taken([], {})
            for row in rows:
                try:
                    whole, commits = made(row)
                except ArchiveError as fault:
                    taken.broken[RoomId(row["id"])] = fault
                    continue
                assert whole is not None
                if whole.room.rev != (rev := begun[row["id"]]["head_rev"]):
                    log.error("the archive of room %s has a hole after %d of %d", row["id"], whole.room.rev, rev)
                taken.rooms.append(Restored(whole, commits, begun[row["id"]]["begun"]))
            if closed := [each for each in taken.rooms if each.whole.room.closed]:
                await connection.execute(
                    _CLOSED, [each.whole.room.id for each in closed], [each.epoch for each in closed]
                )
        return taken._replace(rooms=[each for each in taken.rooms if not each.whole.room.closed])

    async def read(self, room: RoomId) -> Whole | None:
        """A room as it is archived, whatever became of it. Raises ArchiveError."""
        async with acquired(self._pool) as connection:
            (row,) = await connection.fetch(READ, [room], inf, LATELY)
        return made(row)[0]

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


def _columns(entries: Sequence[Entry]) -> tuple[list[RoomId], list[int], list[int], list[float], list[str]]:
    return (
        [each.room for each in entries],
        [each.commit.epoch for each in entries],
        [each.commit.rev for each in entries],
        [each.commit.at for each in entries],
        [each.body for each in entries],
    )


def _head(row: asyncpg.Record | None) -> Head | None:
    """The later of the newest archived commit and the snapshot."""
    ats = [(row[a], row[b]) for a, b in (("epoch", "rev"), ("s_epoch", "s_rev"))] if row else []
    return max((Head(*at) for at in ats if at[0] is not None), default=None)


def _of(commit: Commit, kind: type[E]) -> list[E]:
    return [event for event in commit.events if type(event) is kind]
