"""Checks run beside each other, each for so long at most, and none can take the others down with it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, ParamSpec, TypeVar

from roomd.doctor.lines import Line, Lines, fail

#: Seconds that a check has for all that it asks.
PATIENCE_S = 4.0

P = ParamSpec("P")
T = TypeVar("T")


class Check(NamedTuple):
    """`group` and `name` are for the line that stands for it where it goes wrong."""

    group: str
    name: str
    look: Callable[[], Awaitable[Lines]]
    limit_s: float = PATIENCE_S


async def run(checks: Sequence[Check]) -> list[Line]:
    """The lines of all checks, in the checks' order."""
    return [line for lines in await asyncio.gather(*(_bounded(check) for check in checks)) for line in lines]


async def _bounded(check: Check) -> Lines:
    """The check's lines; or one that says that it took too long or broke. What it was doing is called off, not awaited:
    something that hangs may hang in its own ending too.
    """
    task = asyncio.ensure_future(check.look())
    try:
        await asyncio.wait({task}, timeout=check.limit_s)
    finally:
        task.add_done_callback(_forget)
        done = task.done()
        task.cancel()
    if not done:
        found = f"no answer within {check.limit_s:g} s"
        return [fail(check.group, check.name, found, "Look whether what is asked here is out of reach or overloaded.")]
    fault = asyncio.CancelledError() if task.cancelled() else task.exception()
    if fault is None:
        return task.result()
    # Its words might quote an address with a password in it, so only its name is told.
    found = f"could not be looked at ({type(fault).__name__})"
    return [fail(check.group, check.name, found, "Correct the settings that this is about; otherwise report it.")]


def _forget(task: "asyncio.Future[Any]") -> None:
    """Whatever else comes of it is of no interest."""
    if not task.cancelled():
        task.exception()


class Threads(ThreadPoolExecutor):
    """A thread for each call, none of which is waited for at the end: a disk or a resolver that hangs would keep the
    command from ending.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        future: Future[T] = Future()

        def work() -> None:
            future.set_running_or_notify_cancel()
            try:
                answer = fn(*args, **kwargs)
            except BaseException as fault:  # noqa: BLE001 - it is handed to whoever waits, whatever it is
                future.set_exception(fault)
            else:
                future.set_result(answer)

        threading.Thread(target=work, daemon=True).start()
        return future
