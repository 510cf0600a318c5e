"""What was found out about files, one small JSON file for each, so that no file is listened to twice.

A note goes by the file's path in its folder, its size and its time: a file that changes is another one.
"""

import hashlib
import logging
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from roomd.sound.loudness import Loudness, gain_of

#: `ready`: listened to, and converted where that is needed.
Status = Literal["waiting", "listening", "converting", "ready", "failed"]
_LOG = logging.getLogger(__name__)


class File(Protocol):
    """A file of the music folder, as its scan finds it."""

    @property
    def relative(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def mtime_ns(self) -> int: ...


class Heard(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`fault` says why a file could not be listened to; nothing else is known of it then.

    `peaks` are up to 1,000 bytes, 255 for full scale. `names` are its tags, by ffmpeg's names for them.
    """

    fault: str = ""
    duration_ms: float = 0.0
    lufs: float | None = None
    peak_db: float | None = None
    peaks: bytes = b""
    names: Mapping[str, str] = {}

    @property
    def gain_db(self) -> float | None:
        """What to add so that it sounds as loud as all others."""
        return gain_of(Loudness(self.lufs, self.peak_db))


class Told(Struct, frozen=True):
    """What is known of a track's sound. `progress` is from 0 to 1; `heard` is None until it was listened to."""

    status: Status
    progress: float
    heard: Heard | None


def key_of(file: File) -> str:
    """32 characters of hex; other servers' folders have the same ones, so it is no secret."""
    text = f"{file.relative}\0{file.size}\0{file.mtime_ns}".encode("utf-8", "surrogateescape")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


class Notes:
    """Works in threads, beside other processes on the same folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, file: File) -> Heard | None:
        """What is known of the file; None when it was not listened to yet, or the note is damaged."""
        try:
            return msgspec.json.decode(self._path(file).read_bytes(), type=Heard)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as fault:
            _LOG.info("a note on %s cannot be read: %s", file.relative, fault)
            return None

    def write(self, file: File, heard: Heard) -> None:
        """Raises OSError; then nothing was written."""
        path = self._path(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        try:
            fresh.write_bytes(msgspec.json.encode(heard))
            fresh.replace(path)
        except OSError:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise

    def _path(self, file: File) -> Path:
        key = key_of(file)
        return self._root / key[:2] / f"{key}.json"
