"""How a PostgreSQL is: what it is, how many connections are left, whether it takes writes. Only asked."""

import time

import asyncpg
from msgspec import Struct

from roomd.domain.refusals import Unavailable
from roomd.store.postgres import postgres_needed

CONNECT_S = 3.0
QUERY_S = 3.0

#: The least of what the server, the user and the database allow, each less what is taken of it.
_LEFT = """
SELECT least(
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int - count(*),
    min(CASE WHEN r.rolconnlimit >= 0 THEN r.rolconnlimit END) - count(*) FILTER (WHERE a.usename = current_user),
    min(CASE WHEN d.datconnlimit >= 0 THEN d.datconnlimit END) - count(*) FILTER (WHERE a.datname = current_database())
)::int
FROM pg_stat_activity a, pg_roles r, pg_database d
WHERE a.backend_type = 'client backend' AND r.rolname = current_user AND d.datname = current_database()
"""


class PostgresVitals(Struct, frozen=True, kw_only=True):
    """`left`: connections that may still be opened. `ahead_ms`: how far its clock is ahead of ours.

    `admins`: how many accounts administer; None where there are no accounts yet.
    """

    version: tuple[int, int]
    tls: bool
    left: int
    read_only: bool
    ahead_ms: float
    admins: int | None = None


async def look(dsn: str) -> PostgresVitals:
    """Raises Unavailable, with the reason, and ValueError for an address that is none."""
    connection = await _connect(dsn)
    try:
        with postgres_needed():
            version = connection.get_server_version()
            return PostgresVitals(
                version=(version.major, version.micro),
                tls=bool(await connection.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")),
                left=int(await connection.fetchval(_LEFT)),
                read_only=await connection.fetchval("SHOW transaction_read_only") == "on",
                ahead_ms=await _ahead_ms(connection),
                admins=await _admins(connection),
            )
    except asyncpg.PostgresError as fault:
        raise Unavailable(str(fault)) from None
    finally:
        # Saying goodbye could wait; the server notices.
        connection.terminate()


async def _connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    try:
        return await asyncpg.connect(dsn, timeout=CONNECT_S, command_timeout=QUERY_S)
    except asyncpg.PostgresError as fault:
        # It names the user or the database, never the password.
        raise Unavailable(str(fault)) from None
    except TimeoutError:
        raise Unavailable("it does not answer in time") from None
    except OSError as fault:
        raise Unavailable(fault.strerror or str(fault) or type(fault).__name__) from None


async def _admins(connection: "asyncpg.Connection[asyncpg.Record]") -> int | None:
    try:
        return int(await connection.fetchval("SELECT count(*) FROM users WHERE is_admin"))
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError):
        return None


async def _ahead_ms(connection: "asyncpg.Connection[asyncpg.Record]") -> float:
    began = time.time()
    there = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
    return float((there - (began + time.time()) / 2) * 1_000)
