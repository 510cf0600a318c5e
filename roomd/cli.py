"""The command line. Every command is a thin coat over a function that does the work."""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import structs

from roomd.cleanup import Cleaner, Idle
from roomd.clock import Clock
from roomd.domain.refusals import Unavailable
from roomd.embedded import EmbeddedError
from roomd.serve import ServeError, serve
from roomd.settings import Settings, SettingsError, load
from roomd.tools import tools


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
    _run(lambda settings: _cleanup(settings, hours, dry_run, as_json))


async def _cleanup(settings: Settings, hours: float, dry_run: bool, as_json: bool) -> int:
    count = 0
    clock = Clock()
    async with tools(settings, clock) as core:
        cleaner = Cleaner(core.engine, core.index)
        now = clock.now()
        for idle in [idle async for idle in cleaner.idle(now, hours)]:
            if not dry_run and not await cleaner.remove(idle.id, now, hours):
                continue
            count += 1
            click.echo(msgspec.json.encode(idle._asdict()).decode() if as_json else _idle_line(idle, dry_run))
    if not as_json:
        click.echo(f"{'Would remove' if dry_run else 'Removed'} {count} room{'' if count == 1 else 's'}.")
    return 0


def _idle_line(idle: Idle, dry_run: bool) -> str:
    verb = "would remove" if dry_run else "removed"
    return f"{verb} {idle.code}  {idle.name!r}: idle {idle.idle_hours:g} h, {idle.people} people, {idle.tracks} tracks"


def _run(work: Callable[[Settings], Coroutine[Any, Any, int]]) -> None:
    """Read the settings, set up the log, do the work; faults that a person can mend are one line, not a traceback."""
    try:
        settings = load()
        _log_to_stderr(settings)
        sys.exit(asyncio.run(work(settings)))
    except (SettingsError, EmbeddedError, ServeError, Unavailable) as fault:
        raise click.ClickException(str(fault)) from None


def _log_to_stderr(settings: Settings) -> None:
    logging.basicConfig(
        level=logging.DEBUG if settings.debug else logging.INFO,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
    )
    for noisy in ("httpx", "httpcore", "asyncio", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
