"""What lies on the disk: the data folder and the music folder."""

import asyncio
import shutil
import tempfile
import time
from pathlib import Path

from roomd.catalogue.forms import FOREIGN
from roomd.catalogue.scan import walk
from roomd.doctor.lines import Line, Lines, fail, ok, size, warn
from roomd.settings import Settings
from roomd.sound import ffmpeg

DISK, MUSIC = "disk", "music"
LITTLE, TOO_LITTLE = 2 << 30, 200 << 20
#: The music folder is counted for so long, and so far.
_COUNT_S = 2.0
_MOST_FILES = 20_000


async def data(settings: Settings) -> Lines:
    return await asyncio.to_thread(_data, settings.data_dir)


async def music(settings: Settings) -> Lines:
    if settings.music_dir is None:
        return [ok(MUSIC, "MUSIC_DIR", "not set: a handful of short pieces are made")]
    more = FOREIGN if ffmpeg.find(settings.ffmpeg) else ()
    return [await asyncio.to_thread(_music, settings.music_dir, frozenset(more))]


def _data(folder: Path) -> Lines:
    """Of the folder; or, before there is one, of where it will be made."""
    try:
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free
    except OSError as fault:
        found = f"{folder} cannot be looked at: {fault.strerror or fault}"
        return [
            fail(DISK, "writable", found, "Run this as the server's user, or set ROOMD_DATA_DIR to another folder.")
        ]
    return [_writable(folder, there), space_line(folder, free)]


def _writable(folder: Path, there: Path) -> Line:
    try:
        # It has no name, so nothing is left of it, however this ends.
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"x")
            file.flush()
    except OSError as fault:
        found = f"{folder} {'cannot be written to' if there == folder else 'cannot be made'}: {fault.strerror or fault}"
        return fail(DISK, "writable", found, "Set ROOMD_DATA_DIR to a folder that roomd's user owns.")
    return ok(DISK, "writable", f"{folder}" if there == folder else f"{folder}, which the first start makes")


def space_line(folder: Path, free: int) -> Line:
    found = f"{size(free)} free in {folder}"
    fix = "Make room, or set ROOMD_DATA_DIR to a folder on a larger disk: a full one stops both stores."
    if free < TOO_LITTLE:
        return fail(DISK, "space", found, fix)
    return warn(DISK, "space", found, fix) if free < LITTLE else ok(DISK, "space", found)


def _music(root: Path, more: frozenset[str]) -> Line:
    check, count, until = "MUSIC_DIR", 0, time.monotonic() + _COUNT_S
    try:
        for _ in walk(root, more):
            count += 1
            if count == _MOST_FILES or time.monotonic() > until:
                return ok(MUSIC, check, f"{root} has {count} files to play, and more")
    except OSError as fault:
        found = f"{root} cannot be read: {fault.strerror or fault}"
        return fail(MUSIC, check, found, "Correct MUSIC_DIR, or let roomd's user read the folder.")
    if not count:
        return warn(MUSIC, check, f"{root} has no files to play", "Put music there, or set MUSIC_DIR to where it is.")
    return ok(MUSIC, check, f"{root} has {count} file{'s' if count > 1 else ''} to play")
