"""Bring the database to the newest schema. Several processes may start at once: one migrates, the others wait.

A migration is one file in `migrations/versions/`, named `<revision>_<subject>.py`, so the newest revision can be
told from the file names. That spares a start that has nothing to do the import of alembic and SQLAlchemy, which
takes half a second; asking the database takes a few milliseconds.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from roomd.store.faults import MigrationError
from roomd.store.postgres import postgres_needed

if TYPE_CHECKING:
    from sqlalchemy import Connection

FOLDER = Path(__file__).with_name("migrations")
#: Any number that nothing else in the same database locks: "roomd" in ASCII.
_LOCK = int.from_bytes(b"roomd")
#: Waiting for another process's migrations may take longer than any ordinary command.
_LOCK_TIMEOUT_S = 300.0
_CONNECT_TIMEOUT_S = 10.0


async def migrate(dsn: str) -> None:
    """Apply what is pending, all of it or, when one fails, nothing. Raises MigrationError or Unavailable."""
    connection = await _connect(dsn)
    try:
        if not await _pending(connection):
            return
        # Held by the connection, so it is given back even when this process is killed.
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK, timeout=_LOCK_TIMEOUT_S)
        if await _pending(connection):
            await _upgrade(dsn)
    finally:
        await connection.close()


async def pending(dsn: str) -> list[str]:
    """The migrations that `migrate` would apply, oldest first, as `<revision>_<subject>`."""
    connection = await _connect(dsn)
    try:
        return await _pending(connection)
    finally:
        await connection.close()


def known() -> list[str]:
    """Every migration that this program carries, oldest first."""
    return sorted(path.stem for path in (FOLDER / "versions").glob("[0-9]*_*.py"))


async def _connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    try:
        with postgres_needed():
            return await asyncpg.connect(dsn, timeout=_CONNECT_TIMEOUT_S)
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as fault:
        # The answer names the user or the database, never the password.
        raise MigrationError(f"the database at DATABASE_URL does not let us in: {fault}") from None


async def _pending(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    try:
        current = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        current = None
    names = known()
    if current is None:
        return names
    revisions = [name.partition("_")[0] for name in names]
    if current not in revisions:
        raise MigrationError(
            f"the database's schema is at revision {current}, and this roomd knows only up to {revisions[-1]}: "
            "run the newer roomd that made it, or restore a backup of before"
        )
    return names[revisions.index(current) + 1 :]


async def _upgrade(dsn: str) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    # SQLAlchemy reads addresses in another way than asyncpg does, so asyncpg makes the connection itself.
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(dsn, timeout=_CONNECT_TIMEOUT_S),
        poolclass=NullPool,
    )
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run_alembic)
    finally:
        await engine.dispose()


def _run_alembic(connection: "Connection") -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
