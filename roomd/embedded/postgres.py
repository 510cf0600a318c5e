"""The embedded PostgreSQL: a cluster of our own with one user and one database, on a private socket.

Whoever can reach the socket is let in without a password (`trust`), and only the stores' user and root can reach it.
"""

import asyncio
import contextlib
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import asyncpg

from roomd.embedded.binaries import Program, postgres, reachable
from roomd.embedded.child import Answer, Plan, logging_to, tail
from roomd.embedded.error import EmbeddedError
from roomd.embedded.folder import Folder, private
from roomd.embedded.spawn import Job, Tie, spawn
from roomd.settings import Settings, processes_of

#: Only a part of the socket's name. Said everywhere, because PGPORT may say otherwise.
_PORT = 5432
_USER = "roomd"
_DATABASE = "roomd"
#: Ten times what initdb takes on a slow single-board computer.
_INITDB_S = 120.0
_PROBE_S = 5.0
_FLAGS = ("listen_addresses=", "unix_socket_permissions=0700", "shared_buffers=16MB")
_MORE_FLAGS = ("logging_collector=off", "log_destination=stderr")
#: Connections that a process that serves opens at most, and those left to commands beside it and to people.
_A_PROCESS, _MORE_CONNECTIONS = 10, 30
_FLEETING = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def url(folder: Folder) -> str:
    return f"postgresql://{_USER}@/{_DATABASE}?host={quote(str(folder.run))}&port={_PORT}"


def plan(settings: Settings, folder: Folder, tie: Tie, *, durable: bool) -> Plan:
    """How to run it. `durable=False` does not wait for the disk: for tests. Raises EmbeddedError."""
    home = folder.data / "postgres"
    found = postgres(settings)
    program = reachable(found, folder.account, folder.data / "bin")
    connections = _A_PROCESS * processes_of(settings) + _MORE_CONNECTIONS
    told = (f"max_connections={connections}", f"unix_socket_directories={folder.run}")
    flags = [*_FLAGS, *_MORE_FLAGS, *told, *(() if durable else _FLEETING)]
    socket = folder.run / f".s.PGSQL.{_PORT}"

    async def prepare() -> None:
        if not _made(home, found):
            # Waiting for the disk costs 0.24 s, once; without it, power lost in the first half minute costs the data.
            flushed = () if durable else ("--no-sync",)
            await _initialise((program.with_name("initdb"), *flushed), home, folder, tie)
        private(home, folder.account)

    async def probe() -> Answer:
        return await _connect(folder.run)

    return Plan(
        name="postgres",
        command=(program, "-D", home, *(part for flag in flags for part in ("-c", flag))),
        folder=home,
        account=folder.account,
        log=folder.log / "postgres.log",
        pid_file=home / "postmaster.pid",
        sockets=(socket, socket.with_name(socket.name + ".lock")),
        farewell=signal.SIGINT,  # a fast shutdown: sessions are rolled back and ended, and everything is on disk
        stop_s=8.0,
        prepare=prepare,
        probe=probe,
    )


def _made(home: Path, program: Program) -> bool:
    """Whether the cluster is there. Raises EmbeddedError when this PostgreSQL cannot read it."""
    try:
        major = (home / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        if home.exists() and any(home.iterdir()):
            raise EmbeddedError(f"{home} is not a PostgreSQL cluster and not empty: move it away") from None
        return False
    if major != str(program.version[0]):
        raise EmbeddedError(
            f"{home} was made by PostgreSQL {major}, and {program.path} is {program.version[0]}, which cannot read it. "
            f"Set ROOMD_POSTGRES_BINDIR to the bin folder of a PostgreSQL {major}, or dump it with that one and "
            "restore the dump"
        )
    return True


async def _initialise(initdb: Sequence[Path | str], home: Path, folder: Folder, tie: Tie) -> None:
    """Make the cluster beside its place and move it there whole, so that a kill leaves nothing half made."""
    unfinished = home.with_name("postgres.new")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    private(unfinished, folder.account)
    log = folder.log / "postgres.log"
    command = (*initdb, "-D", unfinished, "-U", _USER, "--auth=trust", "--encoding=UTF8", "--locale=C")
    with logging_to(log) as output:
        since = log.stat().st_size
        tied = await spawn(Job(command, folder.account, unfinished, output, signal.SIGKILL), tie)
    try:
        status = await asyncio.wait_for(tied.process.wait(), _INITDB_S)
    except TimeoutError:
        raise EmbeddedError(f"PostgreSQL's initdb was not done after {_INITDB_S:.0f} s. {tail(log, since)}") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            tied.process.kill()
        await tied.process.wait()
        tied.dismiss()
    if status != 0:
        raise EmbeddedError(f"PostgreSQL's initdb failed (exit status {status}). {tail(log, since)}")
    # An empty folder in its place is replaced.
    unfinished.rename(home)


async def _connect(run: Path) -> Answer:
    """Ask it something. The first time, it has no database of ours yet and gets one."""
    try:
        await _execute(run, _DATABASE, "SELECT 1")
    except asyncpg.InvalidCatalogNameError:
        await _execute(run, "postgres", f'CREATE DATABASE "{_DATABASE}"')
        return Answer.BUSY
    except asyncpg.CannotConnectNowError:
        return Answer.BUSY
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
        return Answer.SILENT
    except asyncpg.PostgresError as fault:
        raise EmbeddedError(f"postgres answers, and not as it should: {fault}") from fault
    return Answer.READY


async def _execute(run: Path, database: str, statement: str) -> None:
    connection = await asyncpg.connect(user=_USER, database=database, host=str(run), port=_PORT, timeout=_PROBE_S)
    try:
        await connection.execute(statement)
    finally:
        await connection.close(timeout=_PROBE_S)
