"""What was said and asked for in all rooms lately, out of their logs: for admins."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec

from roomd.domain.commit import Commit
from roomd.domain.ids import RoomId
from roomd.store import plain
from roomd.store.postgres import PostgresPool, acquired

#: Seconds that looking through a week's logs may take: PostgreSQL reads half a million commits a second.
PATIENCE_S = 10.0
#: Commits that are looked into for what they hold, the latest of those in which the text stands anywhere.
MOST = 20_000
#: Logs are kept by age, so the latest days are few blocks. What is not JSON of the wanted kind is passed over unread.
#: `$2`: a kind of event; `$3`: what to look for, as JSON has it; `$4`: the same, as it was written.
_FOUND = f"""
    SELECT room, code, name, state, event FROM (
        SELECT e.room::text, r.code, r.name, r.state, e.at, e.epoch, e.rev,
            jsonb_path_query(e.body::jsonb, '$.events[*] ? (@.type == $kind)', jsonb_build_object('kind', $2::text))
                AS event
        FROM (
            SELECT room, at, epoch, rev, body FROM room_events
            WHERE at > $1 AND strpos(body, '"type":"' || $2 || '"') > 0
                AND ($3 = '' OR strpos(lower(body), $3) > 0)
            ORDER BY at DESC LIMIT CASE WHEN $4 = '' THEN $5::int + $6::int ELSE {MOST} END
        ) e JOIN rooms r ON r.id = e.room
    ) heard
    WHERE $4 = '' OR strpos(lower(concat_ws(' ',
        event #>> '{{message,text}}', event #>> '{{message,by_name}}',
        event #>> '{{request,track,title}}', event #>> '{{request,track,url}}', event #>> '{{request,by_name}}'
    )), $4) > 0
    ORDER BY at DESC, room, epoch DESC, rev DESC LIMIT $5 OFFSET $6
"""  # noqa: S608 - nothing in it comes from elsewhere
_SINCE = """
    SELECT room::text, body FROM room_events WHERE room = ANY($1::uuid[]) AND at > $2 AND body LIKE ANY($3)
    ORDER BY epoch, rev
"""


class Heard(NamedTuple):
    """`event` is JSON; `state` that of its room."""

    room: RoomId
    code: str
    name: str
    state: str
    event: str


class OverheardStore:
    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def events(self, kind: str, text: str, since_ms: float, limit: int, offset: int) -> list[Heard]:
        """Of one kind, the latest first, in which the text stands: what was said or wanted, or who that was."""
        sought = text.lower()
        escaped = msgspec.json.encode(sought).decode()[1:-1]
        async with acquired(self._pool, PATIENCE_S) as connection:
            rows = await connection.fetch(_FOUND, since_ms, kind, escaped, sought, limit, offset, timeout=PATIENCE_S)
        return [Heard(*row) for row in rows]

    async def commits(
        self, rooms: Collection[RoomId], kinds: Sequence[str], since_ms: float
    ) -> list[tuple[RoomId, Commit]]:
        """Those of these rooms in which something of these kinds happened, in order."""
        like = [f'%"type":"{kind}"%' for kind in kinds]
        async with acquired(self._pool, PATIENCE_S) as connection:
            rows = await connection.fetch(_SINCE, list(rooms), since_ms, like, timeout=PATIENCE_S)
        return [(RoomId(row["room"]), plain.decode_commit(row["body"].encode())) for row in rows]
