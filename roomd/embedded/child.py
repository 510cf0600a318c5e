"""One store's process: started until it answers, restarted when it dies, stopped so that it saves what it has."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

from roomd.embedded import predecessor
from roomd.embedded.account import Account
from roomd.embedded.error import EmbeddedError, EndedError, in_words
from roomd.embedded.spawn import Job, Tie, Tied, spawn

_log = logging.getLogger("roomd.embedded")

#: How long a store that is starting may say nothing at all. One that says "loading" is left to load.
SILENCE_S = 30.0
#: How long a store that ends at once after an unclean stop is tried again.
UNCLEAN_S = 10.0
#: Pauses before each restart; a store that dies once more than there are pauses, each time early, is lost.
PAUSES_S = (0.1, 0.2, 0.4, 0.8)
#: A store that lived this long was well: its deaths are counted anew.
HEALTHY_S = 10.0
#: At start a longer log is put aside, and the one put aside before it goes.
MAX_LOG = 5 * 1024 * 1024


class Answer(Enum):
    READY = auto()
    BUSY = auto()
    SILENT = auto()


class Plan(NamedTuple):
    """What to run. `prepare` makes the folder ready; `probe` asks the store whether it answers."""

    name: str
    command: tuple[str | Path, ...]
    folder: Path
    account: Account
    log: Path
    pid_file: Path
    sockets: tuple[Path, ...]
    farewell: signal.Signals
    stop_s: float
    prepare: Callable[[], Awaitable[None]]
    probe: Callable[[], Awaitable[Answer]]


class Patience:
    """Counts early deaths. Says how long to pause before the next start, or None when enough is enough."""

    def __init__(self) -> None:
        self._deaths = 0

    def pause_after(self, lived_s: float) -> float | None:
        self._deaths = 1 if lived_s >= HEALTHY_S else self._deaths + 1
        return PAUSES_S[self._deaths - 1] if self._deaths <= len(PAUSES_S) else None


class Child:
    """A store and its process. `start` and `stop` are called by one task; `guard` runs between them."""

    def __init__(self, plan: Plan, tie: Tie) -> None:
        self._plan = plan
        self._tie = tie
        self._tied: Tied | None = None

    @property
    def pid(self) -> int | None:
        """The process's number while it runs."""
        return self._tied.process.pid if self._tied is not None else None

    async def start(self) -> None:
        """Start it and wait until it answers. Raises EmbeddedError, with the end of its log."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        with in_words(self._plan.name):
            await self._plan.prepare()
        unclean = self._plan.pid_file.exists()
        give_up = loop.time() + UNCLEAN_S
        while True:
            try:
                await self._attempt(began)
                break
            except EndedError:
                # What a dead store's own helpers still hold is let go within moments.
                if not unclean or loop.time() > give_up:
                    raise
                await asyncio.sleep(PAUSES_S[0])

    async def guard(self, lost: Callable[[str], None]) -> None:
        """Restart it whenever it dies, until it dies too often: then say so, once, and return."""
        loop = asyncio.get_running_loop()
        patience = Patience()
        while True:
            began = loop.time()
            why = f"{self._plan.name} ended ({_status(await self._ended())})"
            pause = patience.pause_after(loop.time() - began)
            while pause is not None:
                _log.warning("%s; restarting it in %.1f s", why, pause)
                await asyncio.sleep(pause)
                try:
                    await self._attempt(loop.time())
                    break
                except EmbeddedError as fault:
                    await self._end(signal.SIGKILL, self._plan.stop_s)
                    why = str(fault)
                    pause = patience.pause_after(0.0)
            else:
                lost(f"{why}. That was the {len(PAUSES_S) + 1}th time in a row; its log is {self._plan.log}")
                return

    async def stop(self) -> None:
        """Have it save and end; kill it when it takes too long."""
        if self._tied is None:
            return
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self._end(self._plan.farewell, self._plan.stop_s)
        _log.info("%s stopped in %.0f ms", self._plan.name, 1000 * (loop.time() - began))

    async def _attempt(self, began: float) -> None:
        plan = self._plan
        with in_words(plan.name):
            await predecessor.gone(plan.pid_file, plan.folder, Path(plan.command[0]).name, plan.sockets)
            await self._launch()
        took = asyncio.get_running_loop().time() - began
        _log.info("%s started in %.0f ms, process %s", plan.name, 1000 * took, self.pid)

    async def _launch(self) -> None:
        plan = self._plan
        with logging_to(plan.log) as output:
            began_at = os.fstat(output).st_size
            job = Job(plan.command, plan.account, plan.folder, output, plan.farewell)
            self._tied = await spawn(job, self._tie)
        loop = asyncio.get_running_loop()
        heard = loop.time()
        pause = 0.005
        while (answer := await plan.probe()) is not Answer.READY:
            if self._tied.process.returncode is not None:
                status = _status(await self._ended())
                raise EndedError(f"{plan.name} ended while it was starting ({status}). {tail(plan.log, began_at)}")
            if answer is Answer.BUSY:
                heard = loop.time()
            elif loop.time() - heard > SILENCE_S:
                raise EmbeddedError(f"{plan.name} does not answer after {SILENCE_S:.0f} s. {tail(plan.log, began_at)}")
            await asyncio.sleep(pause)
            pause = min(2 * pause, 0.05)

    async def _ended(self) -> int:
        """Wait until the process has ended and is reaped."""
        tied = self._tied
        if tied is None:
            raise EmbeddedError(f"{self._plan.name} is not running")
        status = await tied.process.wait()
        if self._tied is tied:
            self._tied = None
            tied.dismiss()
        return status

    async def _end(self, farewell: signal.Signals, limit_s: float) -> None:
        tied = self._tied
        if tied is None:
            return
        with contextlib.suppress(ProcessLookupError):
            tied.process.send_signal(farewell)
        try:
            await asyncio.wait_for(self._ended(), limit_s)
        except TimeoutError:
            _log.warning("%s did not stop within %.0f s and is killed", self._plan.name, limit_s)
            with contextlib.suppress(ProcessLookupError):
                tied.process.kill()
            await self._ended()


@contextlib.contextmanager
def logging_to(path: Path) -> Iterator[int]:
    """A descriptor to append to the log with; one that has grown long is first put aside as `.1`."""
    if path.exists() and path.stat().st_size > MAX_LOG:
        path.rename(path.with_name(path.name + ".1"))
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def tail(log: Path, since: int, lines: int = 6) -> str:
    """The last lines that were logged after the byte `since`, in a sentence."""
    with log.open("rb") as file:
        file.seek(since)
        said = file.read().decode("utf-8", "replace").strip().splitlines()
    if not said:
        return f"It logged nothing in {log}"
    return "\n  ".join([f"The last lines of {log}:", *said[-lines:]])


def _status(returncode: int) -> str:
    return f"exit status {returncode}" if returncode >= 0 else signal.Signals(-returncode).name
