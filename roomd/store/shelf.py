"""Rooms in PostgreSQL looked at where they are: found, read and put there without being woken.

What is said here of a live room is as of its last snapshot; of one asleep it is what it is, unless `exact` says
otherwise.
"""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import structs

from roomd.domain.ids import Code, RoomId, UserId
from roomd.domain.room import Room
from roomd.domain.whole import Whole
from roomd.store import snapshots
from roomd.store.archive import alone, known
from roomd.store.postgres import PostgresPool, acquired

#: Whether all that is archived of a room `r` is in its snapshot.
EXACT = """
    NOT EXISTS (SELECT FROM room_events e WHERE e.room = r.id AND (e.epoch, e.rev) > (
        SELECT s.epoch, s.rev FROM room_snapshots s WHERE s.room = r.id
    ))
"""
#: Whether a room `r` is nobody's own queue, which does not go for being unused.
SHARED = "NOT EXISTS (SELECT FROM personal_rooms p WHERE p.room = r.id)"
#: Nothing that any history of the room has counts any more. A Redis that has the room all the same will find out, and
#: bring it back to life.
ENDED = "INSERT INTO room_epochs (room, epoch, opened) SELECT id, epoch, -1 FROM ended"
_CLOSE = f"""
    WITH ended AS (
        UPDATE rooms r SET state = 'closed', epoch = epoch + 1, last_activity = $3
        WHERE id = $1 AND state = 'asleep' AND last_activity < $2 AND {EXACT} AND {SHARED} RETURNING id, epoch
    ), history AS ({ENDED})
    SELECT true FROM ended
"""  # noqa: S608 - nothing in it comes from elsewhere
_IDLE = f"""
    SELECT id::text, code, name, last_activity, cardinality(members) AS people, tracks,
        state = 'asleep' AND {EXACT} AS exact
    FROM rooms r
    WHERE state <> 'closed' AND last_activity < $1 AND (last_activity, id) > ($2, $3::uuid) AND {SHARED}
    ORDER BY last_activity, id LIMIT $4
"""  # noqa: S608
_PAGE = """
    SELECT id::text, state, last_activity, listed, members FROM rooms
    WHERE state {} AND id > $1::uuid ORDER BY id LIMIT $2
"""
_BRING = """
    INSERT INTO rooms AS r (id, code, name, last_activity, listed, members, tracks, epoch, state)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'asleep')
    ON CONFLICT (id) DO UPDATE SET code = $2, name = $3, last_activity = $4, listed = $5, members = $6, tracks = $7,
        epoch = greatest(r.epoch + 1, $8), state = 'asleep'
    RETURNING epoch
"""
_HIGHEST = """
    SELECT greatest(
        (SELECT rev FROM room_events WHERE room = $1 ORDER BY epoch DESC, rev DESC LIMIT 1),
        (SELECT rev FROM room_snapshots WHERE room = $1)
    )
"""
_REPLACE = """
    INSERT INTO room_snapshots (room, epoch, rev, taken_at, body) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (room) DO UPDATE
    SET epoch = excluded.epoch, rev = excluded.rev, taken_at = excluded.taken_at, body = excluded.body
"""
FIRST = RoomId("00000000-0000-0000-0000-000000000000")


class Shelved(NamedTuple):
    """`state` is "live", "asleep" or "closed"."""

    id: RoomId
    state: str
    last_activity: float
    listed: bool
    members: Sequence[UserId]


class Unused(NamedTuple):
    id: RoomId
    code: Code
    name: str
    last_activity: float
    people: int
    tracks: int
    #: Whether the room is asleep and just as it says here.
    exact: bool


class CodeTaken(Exception):  # noqa: N818 - a reason to choose another one
    """The code is another room's."""


class Shelf:
    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def count(self) -> int:
        """Rooms that are not closed."""
        async with acquired(self._pool) as connection:
            return int(await connection.fetchval("SELECT count(*) FROM rooms WHERE state <> 'closed'"))

    async def counts(self) -> dict[str, int]:
        """How many rooms are live, and how many asleep."""
        async with acquired(self._pool) as connection:
            found = await connection.fetch("SELECT state, count(*) FROM rooms WHERE state <> 'closed' GROUP BY state")
        return {str(state): int(count) for state, count in found}

    async def page(self, after: RoomId, limit: int, *, live: bool | None = None) -> list[Shelved]:
        """Rooms that are not closed, by id; those that are live, or asleep, or both."""
        wanted = "<> 'closed'" if live is None else "= 'live'" if live else "= 'asleep'"
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(_PAGE.format(wanted), after, limit)
        return [Shelved(*row) for row in rows]

    async def states(self, rooms: Sequence[RoomId]) -> dict[RoomId, str]:
        """What PostgreSQL takes the rooms for; those that it does not know are left out."""
        async with acquired(self._pool) as connection:
            rows = await connection.fetch("SELECT id::text, state FROM rooms WHERE id = ANY($1::uuid[])", list(rooms))
        return {RoomId(row["id"]): row["state"] for row in rows}

    async def asleep(self, rooms: Sequence[RoomId]) -> dict[RoomId, Room]:
        """Those of the rooms that sleep, as they are."""
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(
                """
                SELECT s.epoch, s.rev, s.body FROM rooms r JOIN room_snapshots s ON s.room = r.id
                WHERE r.id = ANY($1::uuid[]) AND r.state = 'asleep'
                """,
                list(rooms),
            )
        found = [
            structs.replace(snapshots.decode_room(row["body"]), epoch=row["epoch"], rev=row["rev"]) for row in rows
        ]
        return {room.id: room for room in found}

    async def unused(self, before: float, after: tuple[float, RoomId], limit: int) -> list[Unused]:
        """Rooms that are not closed and, as far as is known here, unused since `before`; the longest unused first."""
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(_IDLE, before, *after, limit)
        return [Unused(*row) for row in rows]

    async def close(self, room: RoomId, before: float, now: float) -> bool:
        """Close a room that sleeps and is unused since `before`; whether it was one. Then nobody wakes it any more."""
        async with acquired(self._pool) as connection:
            return bool(await connection.fetchval(_CLOSE, room, before, now))

    async def bring(self, whole: Whole, now: float, beyond: int) -> int:
        """Put a room from elsewhere in the place of what is here of it, asleep; its epoch.

        Commits of no older history count from now on, and their numbers are not used again: the room's is beyond them,
        and beyond `beyond`. Raises CodeTaken.
        """
        room = whole.room
        async with alone(self._pool) as connection:
            if await connection.fetchval(
                "SELECT EXISTS (SELECT FROM rooms WHERE code = $1 AND id <> $2 AND state <> 'closed')",
                *(room.code, room.id),
            ):
                raise CodeTaken(room.code)
            rev = max(room.rev, await connection.fetchval(_HIGHEST, room.id) or 0, beyond) + 1
            columns = known(structs.replace(room, last_activity=now))
            epoch: int = await connection.fetchval(_BRING, *columns, max(int(now), room.epoch + 1))
            await connection.execute("INSERT INTO room_epochs (room, epoch, opened) VALUES ($1, $2, 0)", room.id, epoch)
            await connection.execute(_REPLACE, room.id, epoch, rev, now, snapshots.encode(whole))
        return epoch
