"""A limit on the time that a piece of work may take: whoever asked is answered while they still care."""

from collections.abc import Callable
from contextvars import ContextVar, Token
from functools import partial
from types import TracebackType
from typing import Any, Self

from tornado.web import RequestHandler

from roomd.deadline import Deadline
from roomd.domain.refusals import Unavailable
from roomd.services import Services

#: Seconds within which whatever was asked for is answered, whichever part hangs: 3 with the way there and back. A
#: single question to Redis is given up after 2.2, but one command may ask several, or wait for a connection first.
PATIENCE_S = 2.4


class Budget:
    """What is left of the time, which does not run while something outside this server is waited for.

    `async with` breaks off what takes longer, and raises Unavailable instead. What has become of it is then not known.
    """

    __slots__ = ("_timeout", "_token", "elsewhere_s")

    def __init__(self, seconds: float = PATIENCE_S) -> None:
        self._timeout = Deadline(seconds)
        self._token: Token[Budget | None] | None = None
        #: Seconds spent elsewhere.
        self.elsewhere_s = 0.0

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self._token = _budget.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, tb: TracebackType | None
    ) -> None:
        assert self._token is not None
        _budget.reset(self._token)
        try:
            await self._timeout.__aexit__(kind, fault, tb)
        except TimeoutError:
            raise _too_long() from None
        if isinstance(fault, TimeoutError) and self._timeout.expired:
            raise _too_long() from None

    def stop(self) -> tuple[float, float] | None:
        """The time stands still; the answer is for `go_on`."""
        due = self._timeout.when()
        if due is None or self._timeout.expired:
            return None
        self._timeout.reschedule(None)
        return due, self._timeout.now()

    def go_on(self, due: float, since: float) -> None:
        spent = self._timeout.now() - since
        self.elsewhere_s += spent
        self._timeout.reschedule(due + spent)


_budget: ContextVar[Budget | None] = ContextVar("budget", default=None)


class elsewhere:  # noqa: N801 - used like a function, and made for everybody who comes in
    """`with`, around what waits for other servers, which have limits of their own."""

    __slots__ = ("_budget", "_stopped")

    def __enter__(self) -> None:
        self._budget = _budget.get()
        self._stopped = self._budget.stop() if self._budget is not None else None

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, tb: TracebackType | None) -> None:
        if self._budget is not None and self._stopped is not None:
            self._budget.go_on(*self._stopped)


def _too_long() -> Unavailable:
    return Unavailable("A part of the server does not answer. Try again in a moment.")


class Bounded(RequestHandler):
    """A handler that answers in time, and takes no new work when the server is about to end."""

    services: Services

    def prepare(self) -> None:
        method = (self.request.method or "").lower()
        if method not in {"get", "head", "options"}:
            self.services.drain.demand_open()
        setattr(self, method, partial(self._in_time, getattr(self, method)))

    async def admit(self) -> None:
        """Whether this may be asked for now. Raises a Refusal."""

    async def _in_time(self, work: Callable[..., Any], *path: str) -> None:
        with self.services.drain.request():
            async with Budget():
                await self.admit()
                doing = work(*path)
                if doing is not None:
                    await doing
