"""Files made with ffmpeg for tests, and workshops that listen to them at once."""

import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hub_world import until

from roomd.catalogue.local import LocalFolder
from roomd.catalogue.scan import Item
from roomd.settings import Settings
from roomd.sound import Kit, find_kit
from roomd.sound.workshop import Workshop

KEY = b"k" * 32


def ffmpeg(*arguments: str) -> None:
    """Run it; a test that cannot have it fails with words."""
    program = shutil.which("ffmpeg")
    assert program, "these tests need ffmpeg: scripts/ensure-tools installs it, or your system's package manager"
    command = [program, "-nostdin", "-v", "error", "-y", *arguments]
    said = subprocess.run(command, check=False, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr


def tone(path: Path, seconds: float = 6.0, level_db: float = -20.0, *coding: str, hz: int = 997) -> Path:
    """A sine in both channels, its peaks `level_db` below full scale. By BS.1770 its loudness is that many LUFS.

    A stereo sine of 997 Hz at 0 dBFS has -3.01 LUFS in each channel, and both together have 0.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    source = f"aevalsrc='{10 ** (level_db / 20):.9f}*sin({hz}*2*PI*t)|{10 ** (level_db / 20):.9f}*sin({hz}*2*PI*t)'"
    ffmpeg("-f", "lavfi", "-i", f"{source}:d={seconds}:s=48000", *coding, str(path))
    return path


def kit_in(data_dir: Path, **settings: object) -> Kit:
    kit = find_kit(Settings(data_dir=data_dir, **settings))  # type: ignore[arg-type]
    assert kit is not None, "these tests need ffmpeg"
    return kit


@asynccontextmanager
async def listening(root: Path, kit: Kit, *, after_s: float = 0.0) -> AsyncIterator[tuple[LocalFolder, Workshop]]:
    """A scanned folder and a workshop that listens to it."""
    folder = LocalFolder(root, KEY, kit.notes)
    await folder.rescan()
    folder.sound = workshop = Workshop(kit, folder)
    workshop.start(after_s)
    try:
        yield folder, workshop
    finally:
        await workshop.close()
        await folder.close()


def the(folder: LocalFolder, title: str) -> Item | None:
    found = folder.search(title, 1).tracks
    return found[0] if found else None


async def heard(folder: LocalFolder, title: str) -> Item:
    """The track, once it was listened to."""
    await until(lambda: (item := the(folder, title)) and item.track.gain_db is not None, title, 60.0)
    item = the(folder, title)
    assert item is not None
    return item
