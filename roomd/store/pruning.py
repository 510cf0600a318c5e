"""What PostgreSQL lets go of in time, a batch at a time, so that nobody has to wait for it. Times are room time."""

from roomd.store.postgres import PostgresPool, acquired
from roomd.store.shelf import ENDED, EXACT

_BEHIND = """
    DELETE FROM room_events WHERE ctid = ANY(ARRAY(
        SELECT e.ctid FROM room_events e JOIN room_snapshots s ON s.room = e.room
        WHERE e.at < $1 AND (e.epoch, e.rev) <= (s.epoch, s.rev) LIMIT $2
    ))
"""
_OF_CLOSED = """
    DELETE FROM room_events WHERE ctid = ANY(ARRAY(
        SELECT e.ctid FROM rooms r JOIN room_events e ON e.room = r.id
        WHERE r.state = 'closed' AND r.last_activity < $1 LIMIT $2
    ))
"""
_CLOSED = """
    DELETE FROM rooms WHERE state = 'closed' AND last_activity < $1 AND id = ANY(ARRAY(
        SELECT id FROM rooms WHERE state = 'closed' AND last_activity < $1 LIMIT $2
    ))
"""
_EPOCHS = """
    DELETE FROM room_epochs WHERE ctid = ANY(ARRAY(
        SELECT e.ctid FROM room_epochs e JOIN rooms r ON r.id = e.room
        WHERE e.epoch < $1 AND e.epoch < r.epoch LIMIT $2
    ))
"""
_FORGOTTEN = f"""
    WITH ended AS (
        UPDATE rooms r SET state = 'closed', epoch = epoch + 1, last_activity = $3
        WHERE state = 'asleep' AND last_activity < $1 AND id = ANY(ARRAY(
            SELECT id FROM rooms r WHERE state = 'asleep' AND last_activity < $1 AND {EXACT} LIMIT $2
        )) RETURNING id, epoch
    ), history AS ({ENDED})
    SELECT count(*) FROM ended
"""  # noqa: S608 - nothing in it comes from elsewhere


#: Seconds that one batch may take; nobody waits for it.
_PATIENCE_S = 30.0


class Pruning:
    """Each answers how much went, `limit` at most."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def events(self, before: float, limit: int) -> int:
        """Commits made before, of which the room's snapshot has the effect; and those of rooms closed before."""
        return await self._delete(_BEHIND, before, limit) or await self._delete(_OF_CLOSED, before, limit)

    async def closed_rooms(self, before: float, limit: int) -> int:
        """Rooms closed before, whose commits are gone already."""
        return await self._delete(_CLOSED, before, limit)

    async def epochs(self, before: float, limit: int) -> int:
        """What is known of histories that began before and are not the room's latest: an epoch is a time of making."""
        return await self._delete(_EPOCHS, int(before), limit)

    async def forgotten(self, before: float, limit: int, now: float) -> int:
        """Close rooms that sleep and are unused since before."""
        async with acquired(self._pool, _PATIENCE_S) as connection:
            return int(await connection.fetchval(_FORGOTTEN, before, limit, now, timeout=_PATIENCE_S))

    async def _delete(self, statement: str, before: float, limit: int) -> int:
        async with acquired(self._pool, _PATIENCE_S) as connection:
            done = await connection.execute(statement, before, limit, timeout=_PATIENCE_S)
        return int(done.rpartition(" ")[2])
