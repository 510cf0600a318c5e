"""Which room is whose own queue, in PostgreSQL. It may be behind the room itself, which says whether it still is."""

from roomd.domain.ids import RoomId, UserId
from roomd.store.postgres import PostgresPool, postgres_needed

_CLAIM = """
    INSERT INTO personal_rooms AS p (person, room) VALUES ($1, $2)
    ON CONFLICT (person) DO UPDATE SET room = excluded.room WHERE p.room IS NOT DISTINCT FROM $3::uuid
    RETURNING true
"""


class PersonalRows:
    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def find(self, person: UserId) -> RoomId | None:
        with postgres_needed():
            found = await self._pool.fetchval("SELECT room::text FROM personal_rooms WHERE person = $1", person)
        return RoomId(found) if found else None

    async def claim(self, person: UserId, room: RoomId, instead: RoomId | None) -> bool:
        """Make the room the person's queue, in the place of `instead` or of none; False where another one is by now."""
        with postgres_needed():
            return bool(await self._pool.fetchval(_CLAIM, person, room, instead))

    async def let_go(self, person: UserId, room: RoomId) -> None:
        """The room is their queue no more."""
        with postgres_needed():
            await self._pool.execute("DELETE FROM personal_rooms WHERE person = $1 AND room = $2", person, room)
