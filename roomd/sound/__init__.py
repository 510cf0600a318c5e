"""What ffmpeg is for, where there is one: how loud files are, how they look as a wave, and those that browsers refuse.

Everything else works without it.
"""

from pathlib import Path
from typing import NamedTuple

from roomd.settings import Settings
from roomd.sound import ffmpeg
from roomd.sound.notes import Notes
from roomd.sound.shelf import Shelf


class Kit(NamedTuple):
    """What a workshop works with: the program, and where it keeps what it finds out and makes."""

    program: str
    notes: Notes
    shelf: Shelf
    root: Path


def find_kit(settings: Settings) -> Kit | None:
    """None where there is no ffmpeg, and then nothing of this."""
    program = ffmpeg.find(settings.ffmpeg)
    root = settings.data_dir / "sound"
    return Kit(program, Notes(root / "notes"), Shelf(root / "made"), root) if program else None
