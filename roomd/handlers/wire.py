"""What every live connection has, whatever it speaks: bounded sending, a policy for closing, limits on input."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import NamedTuple
from urllib.parse import urlsplit

from tornado.web import HTTPError
from tornado.websocket import WebSocketHandler

from roomd.domain.actor import Actor
from roomd.domain.ids import SocketId
from roomd.domain.refusals import Limited, Refusal
from roomd.fanout import Batch
from roomd.handlers.backlog import Backlog
from roomd.handlers.base import RETRY_S
from roomd.handlers.bounded import elsewhere
from roomd.handlers.outlet import Outlet, outlet_of
from roomd.limits import Bucket
from roomd.services import Services

#: Bytes that may wait for a client that does not read; beyond, it is told to come back and resume.
MAX_UNSENT = 1 << 20
#: What a newcomer is told at once does not count as waiting: a queue of 500 tracks alone may be 2.5 MB.
MAX_GREETING = 8 << 20
#: Bytes that may wait for a client that is still told what the next of its kind replaces.
MAX_BEHIND = 4 << 10
#: Bytes a message may have, and what Tornado lets through so that we can say so before closing.
MAX_MESSAGE = 64 * 1024
HARD_MAX_MESSAGE = 1 << 20
PING_INTERVAL_S = 20
#: Malformed messages within a minute after which a client is beyond hope.
MAX_MALFORMED = 20
MALFORMED_MS = 60_000

CLOSE_TOO_LARGE = 1009
CLOSE_RESTART = 1012
CLOSE_NO_HELLO = 4000
CLOSE_SILENT = 4001
CLOSE_SLOW = 4008
CLOSE_MALFORMED = 4500
CLOSE_TOKEN = 4501
CLOSE_FORBIDDEN = 4503
CLOSE_GONE = 4504

log = logging.getLogger(__name__)


class Patience(NamedTuple):
    """Seconds that a client has to say who it is, and that it may be silent; pings are answered by its WebSocket."""

    hello_s: float = 10
    silent_s: float = 40


class Wire(WebSocketHandler):
    """A WebSocket that never waits for its client and never lets it fill the memory."""

    id: SocketId
    actor: Actor

    def initialize(self, services: Services, patience: Patience | None = None) -> None:
        self.services = services
        self.patience = patience or Patience()
        now = services.clock.now
        self.commands = Bucket(20, 10, now)
        self.pings = Bucket(60, 10, now)
        self._malformed: deque[float] = deque(maxlen=MAX_MALFORMED)
        self._outlet: Outlet | None = None
        #: Bytes of a greeting that may still wait to be sent, beside what else may.
        self._greeting = 0
        self._shut = False
        self.work = Backlog(self._leave, self._failed)
        #: Why this client is to go, once what it asked for is answered.
        self._farewell: str | None = None

    def prepare(self) -> None:
        try:
            urlsplit(self.request.headers.get("Origin", ""))
        except ValueError:
            raise HTTPError(403) from None
        if self.services.drain.begun:
            self.set_status(503)
            self.set_header("Retry-After", str(RETRY_S))
            self.finish()

    def check_origin(self, origin: str) -> bool:
        """Pages of this server, and those that the operator named. Clients that are no browsers send no origin."""
        allowed = self.services.settings.allowed_origins
        return origin in allowed or urlsplit(origin).netloc.lower() == self.request.headers.get("Host", "").lower()

    def watch(self) -> None:
        """Close the connection once nothing has come over it for too long. Called when it opens."""
        self._outlet = outlet_of(self, direct=self.services.direct)
        self.services.drain.opened(self)
        self.heard()
        self._watch = self.later(self.patience.silent_s, self._look)

    def heard(self) -> None:
        """Something came from the client."""
        self._heard = asyncio.get_running_loop().time()

    def on_pong(self, data: bytes) -> None:
        self.heard()

    def on_close(self) -> None:
        self._watch.cancel()
        self.services.drain.closed(self)

    def log_exception(
        self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Tornado's own line would show the query's token."""
        if not isinstance(value, HTTPError):
            log.error("a connection to %s failed", self.request.path, exc_info=value)

    @property
    def waiting(self) -> int:
        """Bytes that this client has yet to take."""
        return self._outlet.waiting if self._outlet is not None else 0

    def send(self, text: str) -> None:
        self.tell(Batch((text,)))

    def tell(self, batch: Batch) -> None:
        outlet = self._outlet
        if outlet is None or self._shut:
            return
        outlet.write(batch)
        if (waiting := outlet.waiting) or self._greeting:
            self._greeting = min(self._greeting, waiting)
            if waiting > MAX_UNSENT + self._greeting:
                self._too_slow()

    def offer(self, batch: Batch) -> None:
        """Send what the next of its kind replaces; whoever is behind does without."""
        if self.waiting <= MAX_BEHIND:
            self.tell(batch)

    def greet(self, texts: Sequence[str]) -> None:
        outlet = self._outlet
        if outlet is None or self._shut:
            return
        outlet.write(Batch(texts))
        self._greeting = outlet.waiting
        if self._greeting > MAX_GREETING:
            self._too_slow()

    def shut(self, code: int, reason: str) -> None:
        if not self._shut:
            self._shut = True
            self.close(code, reason)
            self.services.drain.shut(self)

    def retire(self, reason: str) -> None:
        self._farewell = reason
        self._leave()

    def dismiss(self, reason: str) -> None:
        self.shut(CLOSE_RESTART, reason)

    def misheard(self) -> None:
        """Note a malformed message; too many of them within a minute and the client is not listened to any more."""
        now = self.services.clock.now()
        self._malformed.append(now)
        if len(self._malformed) == MAX_MALFORMED and now - self._malformed[0] < MALFORMED_MS:
            self.shut(CLOSE_MALFORMED, "too many malformed messages")

    def queue(self, work: Callable[[], Awaitable[None]], refuse: Callable[[Refusal], None]) -> None:
        """Do the work after what came before it from this client; refuse it where that cannot be done in time."""
        try:
            self.services.drain.demand_open()
            self.work.add(work, refuse)
        except Refusal as refusal:
            refuse(refusal)

    async def in_turn(self, enter: Callable[[], Awaitable[None]]) -> None:
        """Let this client in once those before it are; not if it has gone meanwhile. Raises a Refusal."""
        async with AsyncExitStack() as stack:
            with elsewhere():
                await stack.enter_async_context(self.services.entrance.turn())
            self.services.drain.demand_open()
            if self.ws_connection is not None:
                await enter()

    def later(self, delay_s: float, action: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(delay_s, action)

    def _look(self) -> None:
        left = self._heard + self.patience.silent_s - asyncio.get_running_loop().time()
        if left <= 0:
            self.shut(CLOSE_SILENT, "silent")
        else:
            self._watch = self.later(left, self._look)

    def _too_slow(self) -> None:
        if not self._shut:
            log.info("socket %s is too slow: %d bytes wait for it", self.id, self.waiting)
            self.shut(CLOSE_SLOW, "too slow")

    def _failed(self, fault: BaseException) -> None:
        """A fault of ours must not leave a client waiting for what was queued behind it."""
        log.error("socket %s: a command failed", self.id, exc_info=fault)
        self.shut(CLOSE_RESTART, "internal error")

    def _leave(self) -> None:
        """Go, if that is due."""
        if self._farewell is not None and self.work.idle:
            self.shut(CLOSE_RESTART, self._farewell)


def in_ms(limited: Limited) -> str:
    """When to come back, as the reason for closing a socket says it."""
    return str(round(limited.retry_after_s * 1_000))
