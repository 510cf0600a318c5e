"""What the command line does with rooms: the work behind its commands, and how it is told of."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from roomd import files
from roomd.carrying import Fate, Restorer, every_room
from roomd.cleanup import Cleaner, Idle
from roomd.clock import Clock
from roomd.domain.ids import tidy_code
from roomd.files import FileError, Saved, Writer
from roomd.progress import Progress
from roomd.settings import Settings
from roomd.tools import tools

#: Stands for standard input and output.
DASH = Path("-")


async def cleanup(settings: Settings, hours: float, *, dry_run: bool, as_json: bool) -> int:
    """Remove idle rooms, or say which; each is told of as soon as it is known. The exit code."""
    count, clock = 0, Clock()
    async with tools(settings, clock) as (core, shelf, *_):
        cleaner = Cleaner(core, shelf, clock.now(), hours)
        progress = Progress("rooms looked at", 0, sys.stderr)
        async for idle in cleaner.idle():
            progress.show(cleaner.looked)
            if dry_run or await cleaner.remove(idle):
                count += 1
                progress.clear()
                click.echo(msgspec.json.encode(idle._asdict()).decode() if as_json else _idle_line(idle, dry_run))
        progress.clear()
    if not as_json:
        click.echo(f"{'Would remove' if dry_run else 'Removed'} {_rooms(count)}.")
    return 0


async def snapshot(settings: Settings, path: Path, *, as_json: bool = False) -> int:
    """Write every room into a file; the exit code. Raises FileError."""
    clock = Clock()
    async with tools(settings, clock) as (core, shelf, *_):
        progress = Progress("rooms written", await shelf.count(), sys.stderr)
        with _output(path) as stream:
            writer = Writer(stream, clock.now())
            async for saved in every_room(core, shelf, clock):
                writer.add(*saved)
                progress.show(writer.rooms)
            writer.end()
        progress.clear()
    told = msgspec.json.encode({"file": str(path), "rooms": writer.rooms}).decode()
    click.echo(told if as_json else f"Wrote {_rooms(writer.rooms)}.", err=path == DASH)
    return 0


async def restore(settings: Settings, path: Path, only: str | None, *, dry_run: bool, as_json: bool = False) -> int:
    """Put the rooms of a file, or one of them, in the place of what is there; the exit code. Raises FileError."""
    clock, count = Clock(), 0
    with _input(path) as stream:
        wanted = _checked(path, stream, only)
        async with tools(settings, clock) as (core, shelf, *_):
            restorer = Restorer(core, shelf, clock)
            progress = Progress("rooms restored", wanted, sys.stderr)
            for saved in files.read(stream):
                if _is_wanted(saved, only):
                    fate = await (restorer.foresee(saved) if dry_run else restorer.restore(saved))
                    count += 1
                    progress.clear()
                    click.echo(_fate_object(saved, fate) if as_json else _fate_line(saved, fate, dry_run))
                    progress.show(count)
            progress.clear()
    if not as_json:
        click.echo(f"{'Would restore' if dry_run else 'Restored'} {_rooms(count)}.")
    return 0


def _checked(path: Path, stream: BinaryIO, only: str | None) -> int:
    """Read the file to its end, and go back to its beginning; how many rooms are wanted of it. Raises FileError."""
    progress, wanted = Progress("rooms checked", 0, sys.stderr), 0
    try:
        for number, saved in enumerate(files.read(stream), 1):
            wanted += _is_wanted(saved, only)
            progress.show(number)
    except FileError as fault:
        raise FileError(f"{path}: {fault}. Nothing was restored.") from None
    finally:
        progress.clear()
    if only is not None and not wanted:
        raise FileError(f"{path}: there is no room {only} in it. Nothing was restored.")
    stream.seek(0)
    return wanted


def _is_wanted(saved: Saved, only: str | None) -> bool:
    room = saved.whole.room
    return only is None or only.lower() == room.id or tidy_code(only) == room.code


@contextmanager
def _output(path: Path) -> Iterator[BinaryIO]:
    if path == DASH:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with files.replacing(path) as stream:
            yield stream


@contextmanager
def _input(path: Path) -> Iterator[BinaryIO]:
    """A stream that can be read twice. Raises FileError."""
    if path == DASH:
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
            copy.seek(0)
            yield copy
        return
    try:
        stream = path.open("rb")
    except OSError as fault:
        raise FileError(f"cannot read {path}: {fault.strerror or fault}") from None
    with stream:
        yield stream


def _rooms(count: int) -> str:
    return f"{count} room{'' if count == 1 else 's'}"


def _idle_line(idle: Idle, dry_run: bool) -> str:
    verb = "would remove" if dry_run else "removed"
    held = f"{idle.people} people, {idle.tracks} tracks{', asleep' if idle.asleep else ''}"
    return f"{verb} {idle.code}  {idle.name!r}: idle {idle.idle_hours:g} h, {held}"


def _fate_object(saved: Saved, fate: Fate) -> str:
    """`now`: its code from now on; null in a dry run that cannot know it."""
    room, counted = saved.whole.room, {"people": len(saved.whole.room.members), "tracks": len(saved.whole.room.entries)}
    told = {"id": room.id, "code": room.code, "name": room.settings.name, **counted, "lines": len(saved.whole.chat)}
    return msgspec.json.encode(told | {"replaces": fate.replaces, "now": fate.code or None}).decode()


def _fate_line(saved: Saved, fate: Fate, dry_run: bool) -> str:
    room, chat = saved.whole.room, saved.whole.chat
    verb = "would restore" if dry_run else "restored"
    said = f"{verb} {room.code}  {room.settings.name!r}: {len(room.members)} people, {len(room.entries)} tracks"
    said += f", {len(chat)} lines of chat"
    if fate.replaces:
        said += ", in the place of what is there" if dry_run else ", in the place of what was there"
    if not fate.keeps_code:
        said += "; its code is another room's by now, so it gets a new one"
        said += "" if dry_run else f": {fate.code}"
    return said
