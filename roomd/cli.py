"""The command line. Every command is a thin coat over a function that does the work."""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import click
from msgspec import structs

from roomd import chores
from roomd.doctor.report import doctor
from roomd.domain.refusals import Unavailable
from roomd.embedded import EmbeddedError
from roomd.files import FileError
from roomd.serve import ServeError, serve
from roomd.settings import Settings, SettingsError, load


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="roomd")
def main() -> None:
    """A server for listening and watching together, in sync."""


@main.command("serve")
@click.option("--host", help="Address to listen on (HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (PORT).")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder for data (ROOMD_DATA_DIR).")
@click.option("--music", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Your music (MUSIC_DIR).")
def serve_command(host: str | None, port: int | None, data: Path | None, music: Path | None) -> None:
    """Serve rooms until stopped. Without REDIS_URL and DATABASE_URL, roomd runs stores of its own."""
    given = {"host": host, "port": port, "data_dir": data, "music_dir": music}

    def work(settings: Settings) -> Coroutine[Any, Any, int]:
        chosen = {k: v.absolute() if isinstance(v, Path) else v for k, v in given.items() if v is not None}
        return serve(structs.replace(settings, **chosen))

    _run(work)


@main.command("cleanup-rooms")
@click.option("--hours", type=click.FloatRange(min=0), default=24, show_default=True, help="Idle for how long.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def cleanup_rooms(hours: float, dry_run: bool, as_json: bool) -> None:
    """Remove rooms that nobody has used for HOURS. Safe while serving.

    \b
    Examples:
      roomd cleanup-rooms --dry-run      # say what would go
      roomd cleanup-rooms --hours 6      # rooms idle for six hours or more
    """
    _run(lambda settings: chores.cleanup(settings, hours, dry_run=dry_run, as_json=as_json))


@main.command("snapshot")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
def snapshot_command(file: Path) -> None:
    """Write every room into FILE (- for standard output). Safe while serving.

    \b
    Each room is written as it is at one moment, with its chat, its people and what it keeps of moderation. Accounts are
    not in it; they are in PostgreSQL.
    """
    _run(lambda settings: chores.snapshot(settings, file))


@main.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--room", help="Only the room with this code (or id).")
@click.option("--dry-run", is_flag=True, help="Check the file and say what would be restored; change nothing.")
def restore_command(file: Path, room: str | None, dry_run: bool) -> None:
    """Put the rooms of FILE in the place of what is there of them. Safe while serving.

    \b
    The whole file is checked before anything is changed. Rooms that are not in it stay as they are.
    Examples:
      roomd restore rooms.gz --dry-run
      roomd restore rooms.gz --room Q7K2MX
    """
    _run(lambda settings: chores.restore(settings, file, room, dry_run=dry_run))


@main.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def doctor_command(as_json: bool) -> None:
    """Say whether roomd can run well here, and what to do where it cannot. Changes nothing; safe while serving.

    \b
    Every line is ok, warn or fail. The exit code is 1 when something fails, and 0 otherwise.
    """
    sys.exit(doctor(as_json=as_json))


def _run(work: Callable[[Settings], Coroutine[Any, Any, int]]) -> None:
    """Read the settings, set up the log, do the work; faults that a person can mend are one line, not a traceback."""
    try:
        settings = load()
        _log_to_stderr(settings)
        sys.exit(asyncio.run(work(settings)))
    except (SettingsError, EmbeddedError, FileError, ServeError, Unavailable) as fault:
        raise click.ClickException(str(fault)) from None


def _log_to_stderr(settings: Settings) -> None:
    logging.basicConfig(
        level=logging.DEBUG if settings.debug else logging.INFO,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
    )
    for noisy in ("httpx", "httpcore", "asyncio", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # A traceback for each connection that an outage breaks; the outage itself is logged by who meets it.
    logging.getLogger("asyncpg.pool").setLevel(logging.CRITICAL)
