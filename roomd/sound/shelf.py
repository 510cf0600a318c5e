"""Files that were made playable, kept until the space is needed for others: those used least lately go first."""

import logging
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

#: Bytes that all of them may have together: 120 hours at 192 kbit/s.
MAX_BYTES = 10 << 30
#: Bytes of the disk that are left to others.
LEAVE_FREE = 2 << 30
#: Seconds after which an unfinished file is nobody's: making one is given up far sooner.
ABANDONED_S = 7_200.0

_LOG = logging.getLogger(__name__)


class Shelf:
    """Works in threads, beside other processes on the same folder."""

    def __init__(self, root: Path, max_bytes: int = MAX_BYTES) -> None:
        self._root = root
        self._max_bytes = max_bytes

    def open(self, key: str) -> BinaryIO | None:
        """A finished file, which counts as used now."""
        path = self._path(key)
        try:
            file = path.open("rb")
        except OSError:
            return None
        with suppress(OSError):
            # Of the two times only that of use changes: the other is in the ETag.
            os.utime(path, ns=(time.time_ns(), os.fstat(file.fileno()).st_mtime_ns))
        return file

    def has(self, key: str) -> bool:
        return self._path(key).is_file()

    def room(self) -> int:
        """Bytes that may still be added without removing anything; of the disk's free ones, too."""
        self._root.mkdir(parents=True, exist_ok=True)
        taken = sum(size for _, size, _ in self._files())
        free = shutil.disk_usage(self._root).free
        return max(0, min(self._max_bytes - taken, free - LEAVE_FREE))

    def begin(self, key: str) -> Path:
        """Where to write a file that is not finished; `finish` or `drop` is to follow. Raises OSError."""
        self._root.mkdir(parents=True, exist_ok=True)
        return self._root / f"{key}.{secrets.token_hex(4)}.part"

    def finish(self, key: str, part: Path) -> None:
        """Show the file, and remove others until all are within their bounds. Raises OSError."""
        part.replace(self._path(key))
        self.tidy(spare=key)

    def drop(self, part: Path) -> None:
        with suppress(OSError):
            part.unlink(missing_ok=True)

    def tidy(self, spare: str = "") -> None:
        """Whoever reads a file that goes can read it to its end. Raises OSError."""
        self._root.mkdir(parents=True, exist_ok=True)
        files = sorted(self._files())
        taken = sum(size for _, size, _ in files)
        free = shutil.disk_usage(self._root).free
        now = time.time()
        for used, size, path in files:
            over = taken > self._max_bytes or free < LEAVE_FREE
            if path.suffix == ".part":
                over = now - used > ABANDONED_S
            elif path.stem == spare:
                continue
            if over:
                _LOG.info("removed %s, %d bytes that were used least lately", path.name, size)
                self.drop(path)
                taken, free = taken - size, free + size

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """When each was used last, its size, and where it is."""
        with suppress(FileNotFoundError), os.scandir(self._root) as entries:
            for entry in entries:
                with suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    yield status.st_atime, status.st_size, Path(entry.path)

    def _path(self, key: str) -> Path:
        return self._root / f"{key}.m4a"
