"""A disk that stalls, and that forgets what it was never asked to keep: a library put in front of the C library's.

It makes `fdatasync` wait as long as a file says, and notes how long the file was that it then really wrote. What lies
beyond that is what a loss of power may take; `lose_power` cuts it off.
"""

import ctypes.util
import mmap
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct shared { volatile int64_t stall_ms, inode, written; };
static struct shared *shared;

static void attach(void) {
    int fd = open(getenv("STALL_FILE"), O_RDWR);
    shared = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
}

int fdatasync(int fd) {
    static int (*real)(int);
    struct stat found;
    if (!real) { attach(); real = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync"); }
    fstat(fd, &found);
    for (int64_t waited = 0; waited < shared->stall_ms; waited += 10) {
        struct timespec pause = { 0, 10 * 1000 * 1000 };
        nanosleep(&pause, 0);
    }
    int result = real(fd);
    if (result == 0) { shared->inode = found.st_ino; shared->written = found.st_size; }
    return result;
}
"""
_SHARED = struct.Struct("=qqq")


def can_stall() -> bool:
    """Whether there is a compiler, and a loader that takes such a library."""
    return shutil.which("cc") is not None and ctypes.util.find_library("dl") is not None


class Disk:
    """For one Redis at a time, which is started with `before` in front of its command."""

    def __enter__(self) -> "Disk":
        self._folder = Path(tempfile.mkdtemp(prefix="rs-", dir=Path("/tmp").resolve()))
        self._folder.chmod(0o755)
        source, self._library, shared = (self._folder / name for name in ("stall.c", "stall.so", "shared"))
        source.write_text(_SOURCE)
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", self._library, source, "-ldl"], check=True)
        self._library.chmod(0o755)
        shared.write_bytes(bytes(_SHARED.size))
        shared.chmod(0o666)
        self._file = shared.open("r+b")
        self._map = mmap.mmap(self._file.fileno(), _SHARED.size)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._map.close()
        self._file.close()
        shutil.rmtree(self._folder)

    @property
    def before(self) -> Sequence[str]:
        """What a command is to be started by, so that its disk is this one."""
        return ("/usr/bin/env", f"LD_PRELOAD={self._library}", f"STALL_FILE={self._folder / 'shared'}")

    def stall(self, milliseconds: int) -> None:
        """Every writing to the disk takes so much longer from now on."""
        self._map[:8] = struct.pack("=q", milliseconds)

    def lose_power(self, folder: Path) -> int:
        """Cut what was never written off the log in this folder; how many bytes those are."""
        inode, written = (int(number) for number in _SHARED.unpack(self._map[: _SHARED.size])[1:])
        for path in folder.rglob("*.aof"):
            found = path.stat()
            if found.st_ino == inode:
                os.truncate(path, written)
                return found.st_size - written
        raise AssertionError(f"no log in {folder} was ever written")
