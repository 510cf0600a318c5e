"""Music for a server that was given none: the pieces are made once, by a program of their own, while roomd runs."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from pathlib import Path

from roomd.catalogue.local import LocalFolder
from roomd.catalogue.synth import missing
from roomd.filelock import held

#: Seconds between looks what another process, which is making them, has made.
LOOK_S = 1.0

_LOG = logging.getLogger(__name__)


class Pieces:
    """Fills a folder with the pieces that it lacks; each can be found and played as soon as it is made."""

    def __init__(self, directory: Path, folder: LocalFolder) -> None:
        self._directory = directory
        self._folder = folder
        self._task: asyncio.Task[None] | None = None
        self._child: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """Begin in the background. The folder is scanned here, so nobody else needs to start it."""
        self._task = asyncio.get_running_loop().create_task(self._fill(), name="pieces")

    async def wait(self) -> None:
        """Until all pieces are there."""
        if self._task is not None:
            await self._task

    async def close(self) -> None:
        """Stop making pieces; what is missing is made at the next start."""
        self._stopping.set()
        self._end_child()
        await self.wait()

    async def _fill(self) -> None:
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            await self._folder.rescan()
            while missing(self._directory) and not self._stopping.is_set():
                with held(self._directory / "turn") as ours:
                    if ours:
                        return await self._make()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), LOOK_S)
                await self._folder.rescan()
        except OSError as fault:
            _LOG.warning("no pieces were made: %s", fault)

    async def _make(self) -> None:
        program = (sys.executable, "-m", "roomd.catalogue.synth", str(self._directory))
        # In a session of its own, so that Ctrl-C reaches only the server, which then ends the child in good order.
        self._child = await asyncio.create_subprocess_exec(
            *program, stdout=asyncio.subprocess.PIPE, start_new_session=True
        )
        if self._stopping.is_set():
            self._end_child()
        assert self._child.stdout is not None
        while await self._child.stdout.readline():
            await self._folder.rescan()
        code = await self._child.wait()
        if code and not self._stopping.is_set():
            _LOG.warning("not all pieces were made: the program ended with %d", code)

    def _end_child(self) -> None:
        # Not `terminate()`: it collects a child that has just ended, and asyncio then misses it and complains.
        if self._child is not None and self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child.pid, signal.SIGTERM)
