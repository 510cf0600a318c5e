"""The processes under test: two stores and any number of servers, each to be killed, frozen and started at will."""

import asyncio
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from faults.waiting import until
from roomd.embedded.account import Account
from roomd.embedded.child import Child, Plan, logging_to, tail
from roomd.embedded.spawn import Job, Tie, Tied, spawn

#: Seconds that a server may take to start on a machine busy with other tests.
READY_S = 40.0
_READY = re.compile(rb"roomd is ready:  http://localhost:(\d+)")
_RECORD = re.compile(r"^(?=\d{4}-\d\d-\d\d )", re.MULTILINE)
_LOUD = re.compile(r"\S+ \S+ (?:ERROR|CRITICAL)")


class Store:
    """Redis or PostgreSQL, as roomd itself would run it."""

    def __init__(self, plan: Plan, tie: Tie) -> None:
        self.plan = plan
        self._child = Child(plan, tie)
        self.kills = 0

    @property
    def pid(self) -> int | None:
        return self._child.pid

    async def start(self) -> None:
        """Start it; returns once it answers."""
        await self._child.start()

    async def kill(self) -> None:
        """kill -9. Of PostgreSQL it is the postmaster: its backends notice and end."""
        pid = self._child.pid
        if pid is None:
            return
        self.thaw()
        os.kill(pid, signal.SIGKILL)
        self.kills += 1
        # Signalling a zombie once more would reap it under asyncio's hands.
        entry = Path(f"/proc/{pid}")
        await until(lambda: not entry.exists(), READY_S)
        await self._child.stop()

    async def wipe(self) -> None:
        """kill -9, and everything that it ever wrote is gone."""
        await self.kill()
        shutil.rmtree(self.plan.folder)

    async def stop(self) -> None:
        """An orderly end."""
        self.thaw()
        await self._child.stop()

    def freeze(self) -> None:
        """It stands still with all its helpers: links stay open, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        pid = self._child.pid
        for each in (pid, *_children(pid)) if pid is not None else ():
            try:
                os.kill(each, number)
            except ProcessLookupError:
                continue


class Server:
    """`roomd serve` on a free port, found in its log; another one after each start."""

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str], tie: Tie) -> None:
        self.name = name
        self._folder = folder
        self._log = folder / f"{name}.log"
        self._environment = dict(environment)
        self._tie = tie
        self._tied: Tied | None = None
        self.port: int | None = None
        self.kills = 0

    @property
    def pid(self) -> int | None:
        return self._tied.process.pid if self._tied is not None else None

    async def start(self) -> None:
        """Start it; returns once it serves. Raises RuntimeError, with the end of its log, when it ends instead."""
        since = await self.launch()
        await self.serving(since)

    async def launch(self) -> int:
        """Start the process and return at once; the number of bytes that its log had before."""
        with logging_to(self._log) as output:
            since = os.fstat(output).st_size
            self._tied = await spawn(
                Job(self._command(), _ourselves(), self._folder, output, signal.SIGKILL), self._tie
            )
        return since

    async def serving(self, since: int) -> None:
        """Wait until it serves."""
        assert self._tied is not None
        end = time.monotonic() + READY_S
        while True:
            found = _READY.search(self._read(since))
            if found is not None:
                self.port = int(found[1])
                return
            if self._tied.process.returncode is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} did not start. {tail(self._log, since)}")
            await asyncio.sleep(0.02)

    async def persist(self) -> None:
        """Start it, again and again where it gives up, as whatever runs servers would."""
        end = time.monotonic() + READY_S
        while True:
            try:
                await self.start()
            except RuntimeError:
                await self.ended()
                if time.monotonic() > end:
                    raise
            else:
                return

    async def kill(self) -> None:
        """kill -9, and a line in the account."""
        self.kills += self.pid is not None
        await self.end()

    async def end(self) -> None:
        """kill -9."""
        self.port = None
        self.signal(signal.SIGKILL)
        await self.ended()

    async def terminate(self) -> int:
        """SIGTERM; the exit status, once it has ended."""
        self.signal(signal.SIGTERM)
        status = await self.ended()
        self.port = None
        return status

    def signal(self, number: signal.Signals) -> None:
        if self._tied is not None and self._tied.process.returncode is None:
            # It may end at this very moment.
            with suppress(ProcessLookupError):
                os.kill(self._tied.process.pid, number)

    async def ended(self) -> int:
        """Wait until it has ended; its exit status."""
        tied = self._tied
        if tied is None:
            return 0
        status = await tied.process.wait()
        if self._tied is tied:
            self._tied = None
            tied.dismiss()
        return status

    @property
    def rss_mb(self) -> float:
        """Resident memory."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def said(self, words: bytes) -> int:
        """How often these words are in its log."""
        return self._read(0).count(words)

    def complaints(self) -> list[str]:
        """What its log tells of faults of its own: of each record of an error, the first line and the last."""
        records = _RECORD.split(self._read(0).decode(errors="replace"))
        loud = [record.strip().splitlines() for record in records if _LOUD.match(record)]
        return [" … ".join(dict.fromkeys((lines[0], lines[-1]))) for lines in loud]

    def _read(self, since: int) -> bytes:
        with self._log.open("rb") as file:
            file.seek(since)
            return file.read()

    def _command(self) -> Sequence[str]:
        given = [f"{name}={value}" for name, value in self._environment.items()]
        return ["/usr/bin/env", "-i", *given, sys.executable, "-m", "roomd", "serve"]


def _ourselves() -> Account:
    return Account("us", os.geteuid(), os.getegid(), dropped=False)


def _children(pid: int) -> Iterator[int]:
    """A process's children; PostgreSQL's have process groups of their own."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        yield from (int(child) for child in task.read_text().split())
