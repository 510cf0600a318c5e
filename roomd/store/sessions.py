"""Sign-ins and their refresh tokens in PostgreSQL.

A session's tokens are numbered by generation. Of these only two are good: the newest, and the one before it, whose
holder may never have received its successor. Presenting the newest proves that it arrived; from then on its
predecessor is *spent*, and whoever presents a spent token is not the one whom the newer ones were given to.
"""

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from roomd.domain.ids import UserId
from roomd.store.accounts import timestamp
from roomd.store.postgres import PostgresConnection, PostgresPool, postgres_needed

if TYPE_CHECKING:
    import asyncpg


#: For how long it is known that a session of somebody who is gone has ended: as the longest access token, and more.
GONE_MS = 7 * 86_400_000


class Outcome(Enum):
    ROTATED = "rotated"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REUSED = "reused"
    #: The session was ended before: by its owner, or for an earlier reuse.
    ENDED = "ended"


class NewSession(NamedTuple):
    family: str
    user_id: UserId
    #: What the browser calls itself, for the owner to recognise the device by.
    user_agent: str = ""
    #: Where it was last used from.
    address: str = ""


class SignedIn(NamedTuple):
    """A session that its owner may still use. Times are room time in ms."""

    family: str
    user_agent: str
    address: str
    created_at: float
    last_used: float


class Rotation(NamedTuple):
    outcome: Outcome
    family: str = ""
    user_id: UserId = UserId("")
    #: Which of the candidates for a successor holds.
    chosen: int = 0


class SessionStore:
    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def begin(self, new: NewSession, digest: bytes, now_ms: float, life_s: float) -> None:
        """A new sign-in, with its first refresh token."""
        now, until = timestamp(now_ms), timestamp(now_ms + life_s * 1000)
        session = """
            INSERT INTO sessions (family, user_id, user_agent, address, created_at, last_used, expires_at)
            VALUES ($1, $2, $3, $4, $5, $5, $6)
        """
        with postgres_needed():
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(session, *new, now, until)
                await connection.execute(_ISSUE, digest, new.family, 0, now, until)

    async def rotate(
        self,
        digest: bytes,
        successors: Sequence[bytes],
        now_ms: float,
        account_life_s: float,
        guest_life_s: float,
        *,
        address: str = "",
    ) -> Rotation:
        """Present a refresh token. `successors` are what may follow it, the preferred one first."""
        with postgres_needed():
            async with self._pool.acquire() as connection, connection.transaction():
                # The session's row is the lock: of twenty who ask at once, one advances and the others repeat.
                row = await connection.fetchrow(_FIND, digest)
                refused = _refuse(row, now_ms)
                if row is None or refused is not None:
                    if refused is not None and refused.outcome is Outcome.REUSED:
                        await connection.execute(_REVOKE, refused.family, timestamp(now_ms))
                    return refused or Rotation(Outcome.UNKNOWN)
                life_s = guest_life_s if row["guest"] else account_life_s
                chosen = await _advance(connection, row, successors, now_ms, life_s)
                if address:
                    await connection.execute(_FROM, row["family"], address)
                return Rotation(Outcome.ROTATED, row["family"], UserId(row["user_id"]), chosen)

    async def revoke(self, family: str, now_ms: float) -> None:
        with postgres_needed():
            await self._pool.execute(_REVOKE, family, timestamp(now_ms))

    async def of(self, user_id: UserId, now_ms: float) -> list[SignedIn]:
        """Those that a user may still use, the last used first."""
        with postgres_needed():
            rows = await self._pool.fetch(_OF, user_id, timestamp(now_ms))
        return [SignedIn(*row[:3], *(1_000 * each.timestamp() for each in row[3:])) for row in rows]

    async def end(self, user_id: UserId, now_ms: float, *, only: str | None = None, but: str = "") -> list[str]:
        """End a user's sessions: all, or `only` one, `but` not this one. Answers which have ended by it."""
        with postgres_needed():
            rows = await self._pool.fetch(_END, user_id, timestamp(now_ms), only, but)
        return [row["family"] for row in rows]

    async def ended(self, family: str) -> bool:
        """Whether a session was ended before it ran out, or its user is gone."""
        with postgres_needed():
            return bool(await self._pool.fetchval(_HAS_ENDED, family))

    async def ended_since(self, since_ms: float, now_ms: float) -> list[tuple[str, float]]:
        """The sessions that were ended since, each with how many seconds ago."""
        with postgres_needed():
            rows = await self._pool.fetch(_ENDED_SINCE, timestamp(since_ms))
        return [(row["family"], now_ms / 1_000 - row["ended_at"].timestamp()) for row in rows]

    async def forget_expired(self, now_ms: float) -> int:
        """Delete the sessions that nobody can continue, and their tokens. Answers how many sessions there were."""
        with postgres_needed():
            done = await self._pool.execute("DELETE FROM sessions WHERE expires_at < $1", timestamp(now_ms))
            await self._pool.execute("DELETE FROM ended_sessions WHERE ended_at < $1", timestamp(now_ms - GONE_MS))
        return int(done.rpartition(" ")[2])


_ISSUE = """
    INSERT INTO refresh_tokens (hash, family, generation, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (family, generation) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at
"""
_FIND = """
    SELECT t.generation, t.expires_at, s.family::text, s.user_id::text, s.generation AS newest, s.revoked_at,
           u.password_hash IS NULL AS guest
    FROM refresh_tokens t JOIN sessions s USING (family) JOIN users u ON u.id = s.user_id
    WHERE t.hash = $1 FOR UPDATE OF s
"""
_OF = """
    SELECT family::text, user_agent, address, created_at, last_used FROM sessions
    WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY last_used DESC, family LIMIT 1000
"""
_END = """
    UPDATE sessions SET revoked_at = $2
    WHERE user_id = $1 AND revoked_at IS NULL AND family::text = coalesce($3, family::text) AND family::text <> $4
    RETURNING family::text
"""
_HAS_ENDED = """
    SELECT EXISTS (SELECT FROM sessions WHERE family = $1 AND revoked_at IS NOT NULL)
        OR EXISTS (SELECT FROM ended_sessions WHERE family = $1)
"""
_ENDED_SINCE = """
    SELECT family::text, revoked_at AS ended_at FROM sessions WHERE revoked_at >= $1
    UNION ALL SELECT family::text, ended_at FROM ended_sessions WHERE ended_at >= $1
"""
_FROM = "UPDATE sessions SET address = $2 WHERE family = $1"
_REVOKE = "UPDATE sessions SET revoked_at = $2 WHERE family = $1 AND revoked_at IS NULL"
_USED = "UPDATE sessions SET generation = $2, last_used = $3, expires_at = $4 WHERE family = $1"
_FORGET = "DELETE FROM refresh_tokens WHERE family = $1 AND expires_at < $2"


def _refuse(row: "asyncpg.Record | None", now_ms: float) -> Rotation | None:
    if row is None:
        return Rotation(Outcome.UNKNOWN)
    if row["revoked_at"] is not None:
        return Rotation(Outcome.ENDED, row["family"])
    if row["generation"] < row["newest"] - 1:
        return Rotation(Outcome.REUSED, row["family"])
    if row["expires_at"] <= timestamp(now_ms):
        return Rotation(Outcome.EXPIRED, row["family"])
    return None


async def _advance(
    connection: PostgresConnection, row: "asyncpg.Record", successors: Sequence[bytes], now_ms: float, life_s: float
) -> int:
    """Make the successor, or find the one made before; its life begins anew. Answers which candidate it is."""
    family, generation = row["family"], row["generation"] + 1
    stored = await connection.fetchval(
        "SELECT hash FROM refresh_tokens WHERE family = $1 AND generation = $2", family, generation
    )
    # After a change of keys the earlier answer stands, as long as the key that made it is in the ring.
    chosen = successors.index(stored) if stored in successors else 0
    now, until = timestamp(now_ms), timestamp(now_ms + life_s * 1000)
    await connection.execute(_ISSUE, successors[chosen], family, generation, now, until)
    await connection.execute(_USED, family, generation, now, until)
    await connection.execute(_FORGET, family, now)
    return chosen
