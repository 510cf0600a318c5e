"""A limit on the time that a piece of work may take: whoever asked is answered while they still care."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from tornado.web import RequestHandler

from roomd.deadline import Deadline
from roomd.domain.refusals import Unavailable
from roomd.services import Services

#: Seconds within which whatever was asked for is answered, whichever part hangs: 3 with the way there and back. A
#: single question to Redis is given up after 2.2, but one command may ask several, or wait for a connection first.
PATIENCE_S = 2.4


class Budget:
    """What is left of the time, which does not run while something outside this server is waited for."""

    def __init__(self, timeout: Deadline) -> None:
        self._timeout = timeout
        #: Seconds spent elsewhere.
        self.elsewhere_s = 0.0

    @contextmanager
    def stopped(self) -> Iterator[None]:
        now = asyncio.get_running_loop().time
        began, due = now(), self._timeout.when()
        if due is None or self._timeout.expired:
            yield
            return
        self._timeout.reschedule(None)
        try:
            yield
        finally:
            spent = now() - began
            self.elsewhere_s += spent
            self._timeout.reschedule(due + spent)


_budget: ContextVar[Budget | None] = ContextVar("budget", default=None)


@asynccontextmanager
async def bounded(seconds: float = PATIENCE_S) -> AsyncIterator[Budget]:
    """Break off what takes longer, and raise Unavailable instead. What has become of it is then not known."""
    timeout = Deadline(seconds)
    budget = Budget(timeout)
    token = _budget.set(budget)
    try:
        async with timeout:
            yield budget
    except TimeoutError:
        if not timeout.expired:
            raise
        raise Unavailable("A part of the server does not answer. Try again in a moment.") from None
    finally:
        _budget.reset(token)


@contextmanager
def elsewhere() -> Iterator[None]:
    """Around what waits for other servers, which have limits of their own."""
    budget = _budget.get()
    if budget is None:
        yield
        return
    with budget.stopped():
        yield


class Bounded(RequestHandler):
    """A handler that answers in time, and takes no new work when the server is about to end."""

    services: Services

    def prepare(self) -> None:
        method = (self.request.method or "").lower()
        if method not in {"get", "head", "options"}:
            self.services.drain.demand_open()
        setattr(self, method, partial(self._in_time, getattr(self, method)))

    async def _in_time(self, work: Callable[..., Any], *path: str) -> None:
        with self.services.drain.request():
            async with bounded():
                doing = work(*path)
                if doing is not None:
                    await doing
