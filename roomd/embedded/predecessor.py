"""What a run before us may have left: a store still shutting down, or the files of one that is long gone.

We hold the folder's lock, so whatever still runs on the folder lost its parent and is on its way out. It is waited
for and never signalled: the number in a file may by now be another program's.
"""

import asyncio
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from roomd.embedded.error import EmbeddedError

#: Both stores end within 0.1 s on an idle machine; a checkpoint of 16 MB on a slow disk takes seconds.
_LIMIT_S = 15.0
_STEP_S = 0.02


async def gone(pid_file: Path, folder: Path, program: str, sockets: Sequence[Path], limit_s: float = _LIMIT_S) -> None:
    """Wait until nothing runs on the folder, then clear away what would stop a start. Raises EmbeddedError."""
    pid = _read(pid_file)
    if pid is not None:
        loop = asyncio.get_running_loop()
        give_up = loop.time() + limit_s
        while _works_on(pid, folder, program):
            if loop.time() > give_up:
                raise EmbeddedError(
                    f"{folder} is still used by process {pid} of an earlier roomd: "
                    f"end it with `kill -INT {pid}` and start again"
                )
            await asyncio.sleep(_STEP_S)
        if _exists(pid):
            # A zombie, or another program that got the number. PostgreSQL would take either for a running server.
            # For a number that is nobody's it needs the file, to look for backends that outlived their postmaster.
            _remove(pid_file)
    _remove(*sockets)


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _read(pid_file: Path) -> int | None:
    try:
        return abs(int(pid_file.read_text().split("\n", 1)[0])) or None
    except (FileNotFoundError, ValueError):
        return None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _works_on(pid: int, folder: Path, program: str) -> bool:
    """Both stores make the folder their working directory. Where that cannot be seen, their name has to do."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
    except FileNotFoundError:
        if Path("/proc/self/cwd").exists():
            return False
    except PermissionError:
        pass
    answer = subprocess.run(["ps", "-o", "stat=,args=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607 - found on any Unix
    state, _, command = answer.stdout.strip().partition(" ")
    return bool(state) and not state.startswith("Z") and program in command
