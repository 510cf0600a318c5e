"""Starting a process that cannot outlive us, even when we are killed with -9.

On Linux the kernel sends it a signal when the thread that started it ends (PR_SET_PDEATHSIG), so that way is taken
from the main thread only. Elsewhere a small shell process keeps watch: it waits for the end of a pipe whose other
end we hold, and then signals the process.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

from roomd.embedded.account import Account
from roomd.embedded.error import EmbeddedError

_PR_SET_PDEATHSIG = 1
#: The watcher is nobody's child but init's: PostgreSQL takes an unknown child of its own for a crash.
#: A line on the pipe means that the process has ended and been reaped, and its number may be another's by now.
_KEEPER = 'exec 3<&0 </dev/null; ( ( read -r _ <&3 || kill -{signal} $$ ) & ); exec "$@" 3<&-'
#: Nothing else of our environment: it holds secrets.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}


class Tie(Enum):
    """What ends the process when we are gone."""

    KERNEL = auto()
    KEEPER = auto()


class Job(NamedTuple):
    """A command, who runs it and where. It writes to `output` and gets `farewell` when we are gone."""

    command: Sequence[str | Path]
    account: Account
    folder: Path
    output: int
    farewell: signal.Signals


class Tied(NamedTuple):
    """A process, and our end of its keeper's pipe."""

    process: asyncio.subprocess.Process
    leash: int | None

    def dismiss(self) -> None:
        """Tell the keeper that the process has ended and is reaped. To be called once."""
        if self.leash is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self.leash, b"\n")
            os.close(self.leash)


def best_tie() -> Tie:
    on_main = threading.current_thread() is threading.main_thread()
    return Tie.KERNEL if sys.platform == "linux" and on_main else Tie.KEEPER


async def spawn(job: Job, tie: Tie) -> Tied:
    """Start a process in a session of its own, so that Ctrl-C in a terminal reaches only us. Raises EmbeddedError."""
    if tie is Tie.KERNEL:
        return Tied(await _start(job, before=tied_to_us(job.farewell)), None)
    watched, leash = os.pipe()
    script = _KEEPER.format(signal=job.farewell.name.removeprefix("SIG"))
    kept = job._replace(command=["/bin/sh", "-c", script, "keeper", *job.command])
    try:
        return Tied(await _start(kept, stdin=watched), leash)
    except BaseException:
        os.close(leash)
        raise
    finally:
        os.close(watched)


async def _start(
    job: Job, stdin: int = asyncio.subprocess.DEVNULL, before: Callable[[], None] | None = None
) -> asyncio.subprocess.Process:
    who = job.account if job.account.dropped else None
    try:
        return await asyncio.create_subprocess_exec(
            *job.command,
            stdin=stdin,
            stdout=job.output,
            stderr=job.output,
            cwd=job.folder,
            env=_ENVIRONMENT,
            umask=0o077,
            start_new_session=True,
            preexec_fn=before,
            user=who and who.uid,
            group=who and who.gid,
            extra_groups=() if who else None,
        )
    except OSError as fault:
        raise EmbeddedError(f"{job.command[0]} cannot be started as {job.account.name}: {fault.strerror}") from fault


def tied_to_us(farewell: signal.Signals) -> Callable[[], None]:
    """What the child does between fork and exec. Changing user clears the request, and subprocess changes it before."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def tie() -> None:
        if prctl(_PR_SET_PDEATHSIG, int(farewell), 0, 0, 0) != 0 or os.getppid() != parent:
            os._exit(1)

    return tie
