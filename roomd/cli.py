"""The command line. Every command is a thin coat over a function that does the work."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import structs

from roomd.binding import ServeError
from roomd.domain.refusals import Unavailable
from roomd.embedded import EmbeddedError
from roomd.files import FileError
from roomd.logs import to_stderr
from roomd.settings import MOST_PROCESSES, Settings, SettingsError, load, processes_of
from roomd.supervisor import supervise

# What a command needs is imported when it is asked for: 40 MB and half a second that a supervisor does without.


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="roomd")
def main() -> None:
    """A server for listening and watching together, in sync."""


@main.command("serve")
@click.option("--host", help="Address to listen on (HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (PORT).")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder for data (ROOMD_DATA_DIR).")
@click.option("--music", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Your music (MUSIC_DIR).")
@click.option(
    "--processes",
    type=click.IntRange(0, MOST_PROCESSES),
    help="Processes that serve as one (ROOMD_PROCESSES); 0: one for each core.",
)
def serve_command(
    host: str | None, port: int | None, data: Path | None, music: Path | None, processes: int | None
) -> None:
    """Serve rooms until stopped. Without REDIS_URL and DATABASE_URL, roomd runs stores of its own."""
    given = {"host": host, "port": port, "data_dir": data, "music_dir": music, "processes": processes}

    def work(settings: Settings) -> Coroutine[Any, Any, int]:
        chosen = {k: v.absolute() if isinstance(v, Path) else v for k, v in given.items() if v is not None}
        settings = structs.replace(settings, **chosen)
        if (count := processes_of(settings)) > 1:
            return supervise(settings, count)
        from roomd.serve import serve

        return serve(settings)

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
    from roomd import chores

    _run(lambda settings: chores.cleanup(settings, hours, dry_run=dry_run, as_json=as_json))


@main.command("snapshot")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
def snapshot_command(file: Path) -> None:
    """Write every room into FILE (- for standard output). Safe while serving.

    \b
    Each room is written as it is at one moment, with its chat, its people and what it keeps of moderation. Accounts are
    not in it; they are in PostgreSQL.
    """
    from roomd import chores

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
    from roomd import chores

    _run(lambda settings: chores.restore(settings, file, room, dry_run=dry_run))


@main.command("export-user")
@click.argument("who")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def export_user_command(who: str, file: Path, as_json: bool) -> None:
    """Write all data of WHO (an id, email or username) into FILE, a ZIP of JSON files. Safe while serving.

    \b
    Example:
      roomd export-user ada@example.org ada.zip
    """
    from roomd import people_chores

    _run(lambda settings: people_chores.export_user(settings, who, file, as_json=as_json))


@main.command("delete-user")
@click.argument("who")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def delete_user_command(who: str, yes: bool, as_json: bool) -> None:
    """Delete the account of WHO (an id, email or username), and what is theirs. Safe while serving.

    \b
    Their rooms go to somebody else who is in them. Lines of chat stay, without their name.
    """
    from roomd import people_chores

    _run(lambda settings: people_chores.delete_user(settings, who, as_json=as_json, sure=yes))


@main.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def doctor_command(as_json: bool) -> None:
    """Say whether roomd can run well here, and what to do where it cannot. Changes nothing; safe while serving.

    \b
    Every line is ok, warn or fail. The exit code is 1 when something fails, and 0 otherwise.
    """
    from roomd.doctor.report import doctor

    sys.exit(doctor(as_json=as_json))


@main.command("openapi")
@click.option("--sockets", is_flag=True, help="The WebSockets, as AsyncAPI 3.0.")
def openapi_command(sockets: bool) -> None:
    """Print the OpenAPI 3.1 document of the HTTP interface, as the server has it at /api/openapi.json."""
    from roomd.handlers.table import API_ROUTES
    from roomd.openapi.documents import Documents

    documents = Documents(API_ROUTES)
    written = documents.asyncapi_written if sockets else documents.openapi_written
    click.echo(msgspec.json.format(written.plain).decode())


def _run(work: Callable[[Settings], Coroutine[Any, Any, int]]) -> None:
    """Read the settings, set up the log, do the work; faults that a person can mend are one line, not a traceback."""
    try:
        settings = load()
        to_stderr(settings)
        sys.exit(asyncio.run(work(settings)))
    except (SettingsError, EmbeddedError, FileError, ServeError, Unavailable) as fault:
        raise click.ClickException(str(fault)) from None
