"""The command line. Every command is a thin coat over a function that does the work."""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import click
from msgspec import structs

from roomd.embedded import EmbeddedError
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


def _run(work: Callable[[Settings], Coroutine[Any, Any, int]]) -> None:
    """Read the settings, set up the log, do the work; faults that a person can mend are one line, not a traceback."""
    try:
        settings = load()
        _log_to_stderr(settings)
        sys.exit(asyncio.run(work(settings)))
    except (SettingsError, EmbeddedError, ServeError) as fault:
        raise click.ClickException(str(fault)) from None


def _log_to_stderr(settings: Settings) -> None:
    logging.basicConfig(
        level=logging.DEBUG if settings.debug else logging.INFO,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
    )
    for noisy in ("httpx", "httpcore", "asyncio", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
