"""The PostgreSQL in which people, and every room's history, are kept."""

from collections.abc import Iterator, Sequence

from roomd.doctor.clock import clock_line
from roomd.doctor.discretion import address
from roomd.doctor.lines import Line, Lines, fail, ok, warn
from roomd.doctor.transport import transport_line
from roomd.domain.refusals import Unavailable
from roomd.settings import Settings, processes_of
from roomd.store import migrate, postgres_vitals
from roomd.store.faults import MigrationError
from roomd.store.postgres import MOST_CONNECTIONS
from roomd.store.postgres_vitals import PostgresVitals

GROUP = "postgresql"
PLAIN = Settings()
#: Older ones get no corrections any more from those who make it.
MIN_VERSION = 14


async def look(url: str, *, own: bool, settings: Settings = PLAIN) -> Lines:
    """Of the one at this address; `own`: roomd runs it itself."""
    where = "roomd's own" if own else address(url)
    try:
        vitals = await postgres_vitals.look(url)
        schema = await _schema(url)
    except Unavailable as fault:
        fix = "Look into log/postgres.log in the data folder." if own else "Start it, or correct DATABASE_URL."
        return [fail(GROUP, "answers", f"{where}: {fault}", fix)]
    return [
        ok(GROUP, "answers", where),
        *judged(vitals, processes_of(settings)),
        schema,
        *admins(vitals.admins, settings),
        transport_line(GROUP, "DATABASE_URL", url, tls=vitals.tls, fix="Add ?sslmode=require to it."),
        clock_line("postgresql", vitals.ahead_ms),
    ]


def judged(vitals: PostgresVitals, processes: int = 1) -> Iterator[Line]:
    """What is to be said of it, wherever it is. `processes`: of how many each opens connections."""
    said = ".".join(map(str, vitals.version))
    if vitals.version[0] < MIN_VERSION:
        fix = f"Move to PostgreSQL {MIN_VERSION} or later: this one is not maintained any more."
        yield warn(GROUP, "version", said, fix)
    else:
        yield ok(GROUP, "version", said)
    if vitals.read_only:
        fix = "Set DATABASE_URL to the primary, or to a user who may write."
        yield fail(GROUP, "writes", "it takes none: a standby, or read-only by its settings", fix)
    found = f"{vitals.left} more may be opened"
    if vitals.left < MOST_CONNECTIONS * processes:
        fix = (
            f"Raise max_connections, close others, or lower ROOMD_PROCESSES: each process opens up to "
            f"{MOST_CONNECTIONS}, and there are to be {processes}."
        )
        yield warn(GROUP, "connections", found, fix)
    else:
        yield ok(GROUP, "connections", found)


def admins(count: int | None, settings: Settings) -> Iterator[Line]:
    """Who administers; nothing where there are no accounts yet."""
    check = "admins"
    if count and settings.admin_password is not None:
        found = f"{count}; ROOMD_ADMIN_PASSWORD is still set"
        yield warn(GROUP, check, found, "Unset it: the first admin is there, and a password should not lie about.")
    elif count is not None:
        yield ok(GROUP, check, str(count) if count else "none; `roomd create-admin` makes one")


async def _schema(url: str) -> Line:
    """Which migrations there are; none is applied."""
    try:
        pending = await migrate.pending(url)
    except MigrationError as fault:
        return fail(GROUP, "migrations", "the database is not one of this roomd's", f"{fault}.")
    return migrations_line(pending, migrate.known())


def migrations_line(pending: Sequence[str], known: Sequence[str]) -> Line:
    if not pending:
        return ok(GROUP, "migrations", f"all there, up to {known[-1]}")
    found = f"{len(pending)} of {len(known)} are missing: {', '.join(pending)}"
    return warn(
        GROUP,
        "migrations",
        found,
        "Run `roomd migrate`, or start `roomd serve`: it applies them before it takes anybody in.",
    )
