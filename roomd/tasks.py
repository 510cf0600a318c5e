"""Work that nobody waits for: kept while it runs, heard of when it fails, ended with its owner."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Tasks:
    """Faults go to `log`: a task that ends without a word would leave something undone that nobody misses."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._running: set[asyncio.Task[Any]] = set()

    def start(
        self, name: str, work: Coroutine[Any, Any, T], *, expected: tuple[type[Exception], ...] = ()
    ) -> asyncio.Task[T]:
        """`expected` are failures that others hear of."""

        def ended(task: asyncio.Task[T]) -> None:
            self._running.discard(task)
            fault = None if task.cancelled() else task.exception()
            if fault is not None and not isinstance(fault, expected):
                self._log.error("%s failed", name, exc_info=fault)

        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(ended)
        return task

    async def finish(self) -> None:
        """Wait until all of it is done."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def stop(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def __len__(self) -> int:
        """How many are running."""
        return len(self._running)
