"""What admins look at and change in PostgreSQL: rooms, people, sign-ins, and their own acts."""

from datetime import datetime
from typing import Any, NamedTuple

from roomd.domain.ids import UserId
from roomd.domain.refusals import NotFound
from roomd.store.accounts import timestamp
from roomd.store.postgres import PostgresPool, acquired

_ROOMS = """
    SELECT r.id::text, r.code, r.name, r.state, r.listed, r.last_activity, cardinality(r.members) AS people, r.tracks,
        EXISTS (SELECT FROM personal_rooms p WHERE p.room = r.id) AS personal
    FROM rooms r
    WHERE ($1 = '' OR r.state = $1)
        AND ($2 = '' OR strpos(lower(r.name), $2) > 0 OR lower(r.code) = $2 OR r.id::text = $2)
    ORDER BY r.last_activity DESC, r.id LIMIT $3 OFFSET $4
"""
_PEOPLE = """
    SELECT id::text, name, username, email, is_admin, password_hash IS NULL AS guest, created_at, last_seen, banned_at,
        banned_why
    FROM users
    WHERE ($1 = '' OR ($1 = 'guest') = (password_hash IS NULL))
        AND (NOT $2 OR is_admin) AND (NOT $3 OR banned_at IS NOT NULL)
        AND ($4 = '' OR strpos(lower(name), $4) > 0 OR strpos(lower(coalesce(username, '')), $4) > 0
             OR strpos(coalesce(email, ''), $4) > 0 OR id::text = $4)
    ORDER BY last_seen DESC, id LIMIT $5 OFFSET $6
"""
_SESSIONS = """
    SELECT s.family::text AS id, s.user_id::text, u.name, s.user_agent, s.created_at, s.last_used, s.expires_at
    FROM sessions s JOIN users u ON u.id = s.user_id
    WHERE s.revoked_at IS NULL AND s.expires_at > $1 AND ($2 = '' OR s.user_id::text = $2)
        AND ($3 = '' OR strpos(lower(u.name), $3) > 0 OR strpos(lower(coalesce(u.username, '')), $3) > 0
             OR strpos(coalesce(u.email, ''), $3) > 0 OR u.id::text = $3)
    ORDER BY s.last_used DESC, s.family LIMIT $4 OFFSET $5
"""
_COUNTS = """
    SELECT (SELECT count(*) FROM rooms WHERE state = 'live') AS rooms_live,
        (SELECT count(*) FROM rooms WHERE state = 'asleep') AS rooms_asleep,
        (SELECT count(*) FROM users WHERE password_hash IS NOT NULL) AS accounts,
        (SELECT count(*) FROM users WHERE password_hash IS NULL) AS guests,
        (SELECT count(*) FROM sessions WHERE revoked_at IS NULL AND expires_at > $1) AS sessions,
        (SELECT count(*) FROM playlists) AS playlists,
        (SELECT count(*) FROM songs) AS songs,
        (SELECT count(*) FROM catalogue_answers) AS answers_kept,
        (SELECT count(*) FROM listens) AS listens
"""
_ACTS = """
    SELECT id, at, admin::text, name, act, about, what, why FROM admin_acts
    WHERE ($1 = '' OR act = $1)
        AND ($2 = '' OR strpos(lower(concat_ws(' ', name, what, why)), $2) > 0 OR about = $2 OR admin::text = $2)
    ORDER BY id DESC LIMIT $3 OFFSET $4
"""
#: Whoever is the last admin stays one.
_DEMOTE = """
    UPDATE users SET is_admin = false
    WHERE id = $1 AND is_admin AND (SELECT count(*) FROM users WHERE is_admin AND banned_at IS NULL) > 1
"""
_BAN = "UPDATE users SET banned_at = $2, banned_why = $3 WHERE id = $1 AND NOT is_admin RETURNING name"


class Deed(NamedTuple):
    """An admin's act. `about` is an id, `what` what that was called."""

    admin: UserId
    name: str
    act: str
    about: str = ""
    what: str = ""
    why: str = ""


class OversightStore:
    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def counts(self, now_ms: float) -> dict[str, int]:
        async with acquired(self._pool) as connection:
            (row,) = await connection.fetch(_COUNTS, timestamp(now_ms))
        return dict(row)

    async def rooms(self, state: str, text: str, limit: int, offset: int) -> list[dict[str, Any]]:
        """`state`: live, asleep, closed, or all of them ("")."""
        return await self._rows(_ROOMS, state, text.lower(), limit, offset)

    async def people(
        self, text: str, kind: str, limit: int, offset: int, *, admins: bool = False, banned: bool = False
    ) -> list[dict[str, Any]]:
        """`kind`: account, guest, or both ("")."""
        return await self._rows(_PEOPLE, kind, admins, banned, text.lower(), limit, offset)

    async def sessions(self, user: str, text: str, now_ms: float, limit: int, offset: int) -> list[dict[str, Any]]:
        """Of one person, or of those whose name, username or email holds the text."""
        return await self._rows(_SESSIONS, timestamp(now_ms), user, text.lower(), limit, offset)

    async def name_of(self, user: UserId) -> str:
        """Raises NotFound."""
        async with acquired(self._pool) as connection:
            name = await connection.fetchval("SELECT name FROM users WHERE id::text = $1", user)
        if name is None:
            raise NotFound("there is no such person", "no_such_user")
        return str(name)

    async def promote(self, user: UserId) -> bool:
        """Whether it is an account, and was none of an admin's."""
        return await self._done(
            "UPDATE users SET is_admin = true WHERE id = $1 AND password_hash IS NOT NULL AND NOT is_admin", user
        )

    async def demote(self, user: UserId) -> bool:
        """Whether it was an admin, and not the last one."""
        return await self._done(_DEMOTE, user)

    async def ban(self, user: UserId, at: datetime | None, why: str) -> bool:
        """Shut an account out, or let it in again (None); whether there is one that is no admin."""
        async with acquired(self._pool) as connection:
            return await connection.fetchval(_BAN, user, at, why) is not None

    async def note(self, deed: Deed, now_ms: float) -> None:
        query = "INSERT INTO admin_acts (at, admin, name, act, about, what, why) VALUES ($1, $2, $3, $4, $5, $6, $7)"
        async with acquired(self._pool) as connection:
            await connection.execute(query, timestamp(now_ms), *deed)

    async def acts(self, act: str, text: str, limit: int, offset: int) -> list[dict[str, Any]]:
        """Of one kind, or all (""); by an admin, of something or for a reason that the text is of."""
        return await self._rows(_ACTS, act, text.lower(), limit, offset)

    async def _rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        async with acquired(self._pool) as connection:
            return [dict(row) for row in await connection.fetch(query, *values)]

    async def _done(self, query: str, user: UserId) -> bool:
        async with acquired(self._pool) as connection:
            return not str(await connection.execute(query, user)).endswith(" 0")
