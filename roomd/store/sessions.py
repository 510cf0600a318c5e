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
            INSERT INTO sessions (family, user_id, user_agent, created_at, last_used, expires_at)
            VALUES ($1, $2, $3, $4, $4, $5)
        """
        with postgres_needed():
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(session, new.family, new.user_id, new.user_agent, now, until)
                await connection.execute(_ISSUE, digest, new.family, 0, now, until)

    async def rotate(
        self, digest: bytes, successors: Sequence[bytes], now_ms: float, account_life_s: float, guest_life_s: float
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
                return Rotation(Outcome.ROTATED, row["family"], UserId(row["user_id"]), chosen)

    async def revoke(self, family: str, now_ms: float) -> None:
        with postgres_needed():
            await self._pool.execute(_REVOKE, family, timestamp(now_ms))

    async def end(self, user_id: UserId, now_ms: float, *, only: str | None = None, but: str = "") -> list[str]:
        """End a user's sessions: all, or `only` one, `but` not this one. Answers which have ended by it."""
        with postgres_needed():
            rows = await self._pool.fetch(
                "UPDATE sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL AND ($3::text IS NULL OR family::text = $3) AND family::text <> $4 RETURNING family::text",
                user_id,
                timestamp(now_ms),
                only,
                but,
            )
        return [row["family"] for row in rows]

    async def ended(self, family: str) -> bool:
        """Whether a session was ended before it ran out."""
        with postgres_needed():
            return bool(
                await self._pool.fetchval(
                    "SELECT EXISTS (SELECT FROM sessions WHERE family = $1 AND revoked_at IS NOT NULL)", family
                )
            )

    async def ended_since(self, since_ms: float, now_ms: float) -> list[tuple[str, float]]:
        """The sessions that were ended since, each with how many seconds ago."""
        with postgres_needed():
            rows = await self._pool.fetch(
                "SELECT family::text, revoked_at FROM sessions WHERE revoked_at >= $1", timestamp(since_ms)
            )
        return [(row["family"], now_ms / 1_000 - row["revoked_at"].timestamp()) for row in rows]

    async def forget_expired(self, now_ms: float) -> int:
        """Delete the sessions that nobody can continue, and their tokens. Answers how many sessions there were."""
        with postgres_needed():
            done = await self._pool.execute("DELETE FROM sessions WHERE expires_at < $1", timestamp(now_ms))
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
