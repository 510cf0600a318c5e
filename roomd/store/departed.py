"""People who delete their accounts: what goes at once, in one transaction, and what is left to do afterwards."""

import re
import zlib
from collections.abc import Sequence
from typing import NamedTuple

from roomd.domain.ids import RoomId, UserId
from roomd.store import snapshots
from roomd.store.accounts import timestamp
from roomd.store.postgres import PostgresPool, acquired

#: Seconds that looking through all logs may take: PostgreSQL reads half a million commits a second.
_PATIENCE_S = 120.0
#: Snapshots looked into at a time; one takes 0.1 to 3 ms.
PAGE = 50

_ROOMS = """
    SELECT array(
        SELECT id FROM rooms WHERE $1::text = ANY(members) AND state <> 'closed'
        UNION SELECT room FROM personal_rooms WHERE person = $1::text::uuid
    )
"""
_PICTURES = """
    SELECT array(
        SELECT avatar FROM users WHERE id = $1 AND avatar <> ''
        UNION ALL SELECT cover FROM playlists WHERE owner = $1 AND cover <> ''
    )
"""
_REMEMBER = "INSERT INTO deleted_people VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
_END = """
    INSERT INTO ended_sessions SELECT family, $2 FROM sessions WHERE user_id = $1
    ON CONFLICT DO NOTHING RETURNING family::text
"""
_EVENTS = """
    UPDATE room_events SET body = regexp_replace(body, $2, $3, 'g')
    WHERE strpos(body, $1) > 0 RETURNING room::text
"""
#: Of what admins did to them; the code of the room that it was in stays.
_FORGET_ACTS = r"""
    UPDATE admin_acts SET what = $2 || coalesce(' ' || substring(what from '\([A-Z0-9]{6}\)$'), '') WHERE about = $1
"""
_PART = "UPDATE rooms SET members = array_remove(members, $1) WHERE $1 = ANY(members)"
_PAGE = "SELECT room::text, epoch, rev, body FROM room_snapshots WHERE room > $1::uuid ORDER BY room LIMIT $2"
_REWRITE = "UPDATE room_snapshots SET body = $4 WHERE room = $1 AND epoch = $2 AND rev = $3"


class Departed(NamedTuple):
    """Somebody whose account is gone, and what was known of where they are still found."""

    person: UserId
    rooms: Sequence[RoomId]
    pictures: Sequence[str]


class DepartedStore:
    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def delete(self, person: UserId, name: str, now_ms: float) -> tuple[list[str], list[bytes]] | None:
        """The account goes with all that hangs on it. Answers its sessions, and the digests of its private ids.
        What admins did to them is of somebody of this name from now on.

        None where there is no such account (any more).
        """
        async with acquired(self._pool) as connection, connection.transaction():
            if not await connection.fetchval("SELECT true FROM users WHERE id = $1 FOR UPDATE", person):
                return None
            rooms = await connection.fetchval(_ROOMS, person)
            pictures = await connection.fetchval(_PICTURES, person)
            await connection.execute(_REMEMBER, person, rooms, pictures, timestamp(now_ms))
            ended = await connection.fetch(_END, person, timestamp(now_ms))
            private = await connection.fetch(
                "DELETE FROM private_ids WHERE strpos(actor, $1) > 0 RETURNING digest", str(person)
            )
            await connection.execute(_FORGET_ACTS, str(person), name)
            await connection.execute("DELETE FROM users WHERE id = $1", person)
        return [row["family"] for row in ended], [row["digest"] for row in private]

    async def waiting(self) -> list[Departed]:
        """Those of whom something is left to do."""
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT person::text, rooms::text[], pictures FROM deleted_people ORDER BY deleted_at LIMIT 100"
            )
        return [Departed(*row) for row in rows]

    async def done(self, person: UserId) -> None:
        """They are nowhere else; and among the people of no room, which closed ones would say for as long as kept."""
        async with acquired(self._pool) as connection, connection.transaction():
            await connection.execute(_PART, str(person))
            await connection.execute("DELETE FROM deleted_people WHERE person = $1", person)

    async def rename_in_logs(self, person: UserId, name: str) -> set[RoomId]:
        """Wherever a log says their name, it says this one from now on; in which rooms that was."""
        pattern, put = _named(person), rf'\1"{name}"'
        async with acquired(self._pool, _PATIENCE_S) as connection:
            rows = await connection.fetch(_EVENTS, str(person), pattern, put, timeout=_PATIENCE_S)
        return {RoomId(row["room"]) for row in rows}

    async def rename_in_snapshots(self, person: UserId, name: str, after: RoomId) -> tuple[set[RoomId], RoomId | None]:
        """The same in the next PAGE snapshots after a room's; in which rooms, and where to go on, if there are more."""
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(_PAGE, after, PAGE)
            found = set()
            for row in rows:
                text = zlib.decompress(row["body"])
                if person.encode() in text:
                    found.add(RoomId(row["room"]))
                    body = snapshots.compress(renamed(text, person, name))
                    await connection.execute(_REWRITE, row["room"], row["epoch"], row["rev"], body)
        return found, RoomId(rows[-1]["room"]) if len(rows) == PAGE else None


def renamed(text: bytes, person: UserId, name: str) -> bytes:
    """A record, commit or snapshot as JSON, with another name for somebody.

    Names stand right behind the id of whose they are; in a list of bans, behind what they are kept under.
    """
    for ban in set(re.findall(rf'"{person}":({_BAN})'.encode(), text)):
        text = text.replace(ban, banned_as(ban, name))
    return re.sub(_named(person).encode(), rf'\1"{name}"'.encode(), text)


def banned_as(ban: bytes, name: str) -> bytes:
    """A ban as JSON, with another name for whom it keeps out. A guest's is kept under where they came from, too."""
    return re.sub(rb'^\{"name":"(?:[^"\\]|\\.)*"', f'{{"name":"{name}"'.encode(), ban)


_BAN = r'\{"name":"(?:[^"\\]|\\.)*","by":"[^"]*","at":[^,}]+,"reason":"(?:[^"\\]|\\.)*"\}'


def _named(person: UserId) -> str:
    """Finds a name, and what is before it. PostgreSQL and Python read it alike."""
    theirs = rf'"(?:by|id|user)":"{person}","(?:by_name|name)":|"keys":\["{person}"[^]]*\],"ban":\{{"name":'
    return rf'({theirs})"(?:[^"\\]|\\.)*"'
