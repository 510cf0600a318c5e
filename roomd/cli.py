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
from roomd.domain.refusals import Refusal
from roomd.embedded import EmbeddedError
from roomd.files import FileError
from roomd.logs import to_stderr
from roomd.settings import MOST_PROCESSES, Settings, SettingsError, load, processes_of
from roomd.store.faults import MigrationError
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
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def snapshot_command(file: Path, as_json: bool) -> None:
    """Write every room into FILE (- for standard output). Safe while serving.

    \b
    Each room is written as it is at one moment, with its chat, its people and what it keeps of moderation. Accounts are
    not in it; they are in PostgreSQL.
    """
    from roomd import chores

    _run(lambda settings: chores.snapshot(settings, file, as_json=as_json))


@main.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--room", help="Only the room with this code (or id).")
@click.option("--dry-run", is_flag=True, help="Check the file and say what would be restored; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def restore_command(file: Path, room: str | None, dry_run: bool, as_json: bool) -> None:
    """Put the rooms of FILE in the place of what is there of them. Safe while serving.

    \b
    The whole file is checked before anything is changed. Rooms that are not in it stay as they are.
    Examples:
      roomd restore rooms.gz --dry-run
      roomd restore rooms.gz --room Q7K2MX
    """
    from roomd import chores

    _run(lambda settings: chores.restore(settings, file, room, dry_run=dry_run, as_json=as_json))


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


@main.command("migrate")
@click.option("--check", is_flag=True, help="Say what is missing, and change nothing; exit code 3 if anything is.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def migrate_command(check: bool, as_json: bool) -> None:
    """Bring the database to the newest schema. Safe while serving, and done by `roomd serve` too.

    \b
    All that is missing is applied, or nothing of it. Examples:
      roomd migrate                      # before a new release takes over
      roomd migrate --check              # exit code 3 when something is missing
    """
    from roomd.commands.migrate import migrate

    _run(lambda settings: migrate(settings, check=check, as_json=as_json))


@main.command("create-admin")
@click.option("--email", help="By which the account is known; asked for where it is not given.")
@click.option("--username", help="Of a new account; asked for where it is not given.")
@click.option("--password-stdin", is_flag=True, help="Take the new account's password from standard input.")
@click.option("--promote", is_flag=True, help="Make an admin of the account that has this email already.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def create_admin_command(
    email: str | None, username: str | None, password_stdin: bool, promote: bool, as_json: bool
) -> None:
    """Make an account that may administer this server. Safe while serving.

    \b
    There is no default password, and none is taken from the command line, where others on this machine see it. An
    account that has the email already is left as it is (exit code 3) unless --promote says that you know whose it is.
    Examples:
      roomd create-admin --email alice@party.example
      roomd create-admin --email alice@party.example --username alice --password-stdin < password.txt
    """
    from roomd.commands.create_admin import Wanted, create_admin

    wanted = Wanted(email, username, password_stdin, promote)
    _run(lambda settings: create_admin(settings, wanted, as_json=as_json))


@main.command("rotate-key")
@click.option("--leaked", is_flag=True, help="Do not honour the old secrets: everybody has to sign in again.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def rotate_key_command(leaked: bool, as_json: bool) -> None:
    """Make a new secret, keep the old one as a previous one, and say how to set them.

    \b
    With SECRET_KEY in the environment nothing is changed: this prints what to set, on every server, before all are
    started again. A secret of roomd's own, in the data folder, is replaced there.
    """
    from roomd.commands.rotate_key import rotate_key

    _run(lambda settings: rotate_key(settings, leaked=leaked, as_json=as_json))


@main.command("scan-library")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def scan_library_command(folder: Path | None, as_json: bool) -> None:
    """Read FOLDER (MUSIC_DIR) as the server would, and say what there is and what is left out. Changes nothing.

    \b
    The exit code is 3 when a file cannot be played. A running server finds new files by itself, within two minutes.
    """
    from roomd.commands.scan_library import scan_library

    _run(lambda settings: scan_library(settings, folder, as_json=as_json))


@main.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--live", is_flag=True, help="Only whether the server at PORT answers; for health checks.")
def doctor_command(as_json: bool, live: bool) -> None:
    """Say whether roomd can run well here, and what to do where it cannot. Changes nothing; safe while serving.

    \b
    Every line is ok, warn or fail. The exit code is 1 when something fails, and 0 otherwise.
    """
    if live:
        from roomd.doctor.live import alive

        sys.exit(alive())
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
    except (SettingsError, EmbeddedError, FileError, ServeError, MigrationError, Refusal) as fault:
        raise click.ClickException(str(fault)) from None
