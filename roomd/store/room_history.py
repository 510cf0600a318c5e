"""What was played in a room, out of its log in PostgreSQL: as far as that reaches back."""

import msgspec

from roomd.domain.commit import Commit
from roomd.domain.ids import RoomId
from roomd.store import plain
from roomd.store.postgres import PostgresPool, acquired

#: Commits of one room that are looked through, the latest, and how many of them may be of use: some 10,000 songs that
#: were added one by one. Looking through all of them takes 0.7 s.
MAX_LOOKED_AT = 100_000
MAX_COMMITS = 20_000
#: What added tracks and what changed playback, without what a later history has superseded. A line of chat may have
#: the same words in it: then it is read for nothing.
_PLAYED = """
    SELECT body FROM (
        SELECT e.epoch, e.rev, e.body FROM (
            SELECT epoch, rev, body FROM room_events WHERE room = $1 ORDER BY epoch DESC, rev DESC LIMIT $2
        ) e
        WHERE NOT EXISTS (
            SELECT FROM room_epochs l WHERE l.room = $1 AND l.epoch > e.epoch AND l.opened <= e.rev
        ) AND (
            e.body LIKE '%"playback_changed"%' OR e.body LIKE '%"entries_added"%'
            OR e.body LIKE '%"entry_measured"%' OR e.body LIKE '%"room_opened"%'
        ) ORDER BY e.epoch DESC, e.rev DESC LIMIT $3
    ) latest ORDER BY epoch, rev
"""


class RoomHistory:
    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def played(self, room: RoomId) -> list[Commit]:
        """The commits that say what was queued and played, in order; those of a newer kind of server are left out."""
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(_PLAYED, room, MAX_LOOKED_AT, MAX_COMMITS)
        found = []
        for row in rows:
            try:
                found.append(plain.decode_commit(row["body"].encode()))
            except msgspec.ValidationError:
                continue
        return found
