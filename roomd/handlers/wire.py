"""What every live connection has, whatever it speaks: bounded sending, a policy for closing, limits on input."""

import logging
import socket
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from roomd.domain.actor import Actor
from roomd.domain.ids import RoomId, SocketId
from roomd.domain.refusals import Invalid, Limited, Refusal, Unauthenticated
from roomd.fanout import Batch
from roomd.handlers.backlog import Backlog
from roomd.handlers.bounded import elsewhere
from roomd.handlers.frames import CLOSE_TOO_LARGE, FrameError
from roomd.handlers.socket import Socket
from roomd.handlers.visit import Patience, Visit
from roomd.limits import Bucket
from roomd.services import Services

#: Bytes that may wait for a client that does not read; beyond, it is told to come back and resume.
MAX_UNSENT = 1 << 20
#: What a newcomer is told at once does not count as waiting: a queue of 500 tracks alone may be 2.5 MB.
MAX_GREETING = 8 << 20
#: Bytes that may wait for a client that is still told what the next of its kind replaces.
MAX_BEHIND = 4 << 10
#: Bytes a message may have.
MAX_MESSAGE = 64 * 1024
PING_INTERVAL_S = 20.0
#: Seconds that a client has to answer the closing of its connection.
GOODBYE_S = 5.0
#: Malformed messages within a minute after which a client is beyond hope.
MAX_MALFORMED = 20
MALFORMED_MS = 60_000

CLOSE_RESTART = 1012
CLOSE_NO_HELLO = 4000
CLOSE_SILENT = 4001
CLOSE_SLOW = 4008
CLOSE_MALFORMED = 4500
CLOSE_TOKEN = 4501
CLOSE_FORBIDDEN = 4503
CLOSE_GONE = 4504

_NEVER = float("inf")

log = logging.getLogger(__name__)


class Wire(ABC):
    """A WebSocket that never waits for its client and never lets it fill the memory."""

    __slots__ = (
        "_commands",
        "_due",
        "_farewell",
        "_greeting",
        "_heard",
        "_malformed",
        "_patience",
        "_pinged",
        "_shut",
        "_socket",
        "_until",
        "actor",
        "attached",
        "id",
        "room_id",
        "services",
        "visit",
        "work",
    )

    id: SocketId
    actor: Actor

    def __init__(self, services: Services, visit: Visit, patience: Patience) -> None:
        self.services = services
        self.visit = visit
        self._patience = patience
        self.id = services.presence.new_socket()
        self.room_id: RoomId | None = None
        #: Whether a socket of this client's is open in the room.
        self.attached = False
        self.work = Backlog(self)
        # What most clients never need is made when it is needed: a hundred bytes here are half a megabyte for 5,000.
        self._commands: Bucket | None = None
        self._malformed: deque[float] | None = None
        #: Bytes of a greeting that may still wait to be sent, beside what else may.
        self._greeting = 0
        self._shut = False
        #: Why this client is to go, once what it asked for is answered.
        self._farewell: str | None = None

    def begin(self, connected: socket.socket, answer: bytes, early: bytes) -> None:
        """Take the connection over: answer the handshake, and listen from the loop's next turn on."""
        self._socket = Socket(connected, self, MAX_MESSAGE)
        self._heard = self._pinged = self._socket.now()
        #: When something has to have come of it: the client's hello, or its answer to the closing.
        self._due = _NEVER
        self._socket.start(answer, early)
        #: When what let this client in is good no longer.
        self._until = _NEVER
        self.services.drain.opened(self, self.visit.address)
        self.on_open()
        self.services.wheel.watch(self, self._next())

    @abstractmethod
    def on_open(self) -> None:
        """The connection is there; nothing has come over it."""

    @abstractmethod
    def on_message(self, message: str | bytes) -> None: ...

    @abstractmethod
    def refuse(self, refusal: Refusal) -> None:
        """Tell the client why something is not done."""

    def out_of_patience(self) -> None:
        """The client has not said who it is in time."""
        self.shut(CLOSE_NO_HELLO, "no hello")

    def on_close(self) -> None:
        """The connection has ended."""
        self.services.drain.closed(self, self.visit.address)
        self.work.part()

    def expect_hello(self) -> None:
        self._due = self._socket.now() + self._patience.hello_s

    def has_said_hello(self) -> None:
        if not self._shut:
            self._due = _NEVER

    def good_until(self, until: float) -> None:
        """The token that let this client in runs out then, in ms since 1970; the connection does with it."""
        now = self._socket.now()
        self._until = now + (until - self.services.clock.now()) / 1_000
        # The next look is that of a ping at the latest, and finds out when the one after it is to be.
        if self._until < now + PING_INTERVAL_S:
            self.services.wheel.watch(self, self._until)

    @property
    def token_ms(self) -> float:
        """For how much longer this client's token is good."""
        return 0.0 if self._shut else max(0.0, 1_000 * (self._until - self._socket.now()))

    def sign_off(self, refusal: Unauthenticated) -> None:
        """Whoever this was is signed in no longer: say why, and end the connection."""
        self.refuse(refusal)
        self.shut(CLOSE_TOKEN, refusal.code)

    def heard(self) -> None:
        self._heard = self._socket.now()

    def look(self, now: float) -> float | None:
        """What time alone brings: pings, and the end of patience. When it may bring something again."""
        if not self._socket.open:
            return None
        if now >= self._due and self._shut:
            self._socket.abort()
            return None
        if now >= self._due:
            self._due = _NEVER
            self.out_of_patience()
        elif now >= self._until:
            self._until = _NEVER
            self.sign_off(Unauthenticated("Your token has run out; get another, and come back.", "token_expired"))
        elif now >= self._heard + self._patience.silent_s:
            self.shut(CLOSE_SILENT, "silent")
        elif now >= self._pinged + PING_INTERVAL_S:
            self._pinged = now
            self._socket.ping()
        return self._next()

    def drop(self) -> None:
        self._socket.drop()

    @property
    def open(self) -> bool:
        return self._socket.open

    @property
    def waiting(self) -> int:
        """Bytes that this client has yet to take."""
        return self._socket.waiting

    def may_command(self) -> bool:
        """Whether this client has not asked for too much; counts what it asks now."""
        if self._commands is None:
            self._commands = Bucket(20, 10, self.services.clock.now)
        return self._commands.take()

    def send(self, text: str) -> None:
        self.tell(Batch((text,)))

    def tell(self, batch: Batch) -> None:
        if self._shut:
            return
        if (waiting := self._socket.write(batch.data)) or self._greeting:
            self._greeting = min(self._greeting, waiting)
            if waiting > MAX_UNSENT + self._greeting:
                self._too_slow()

    def offer(self, batch: Batch) -> None:
        """Send what the next of its kind replaces; whoever is behind does without."""
        if self.waiting <= MAX_BEHIND:
            self.tell(batch)

    def greet(self, texts: Sequence[str]) -> None:
        if self._shut:
            return
        self._greeting = self._socket.write(Batch(texts).data)
        if self._greeting > MAX_GREETING:
            self._too_slow()

    def shut(self, code: int, reason: str) -> None:
        """Say why, and end the connection once the client has answered, or has not for too long."""
        if not self._shut:
            self._shut = True
            self.services.telemetry.metrics.closes.add(str(code))
            self._socket.close(code, reason)
            self.services.drain.shut(self)
            self.leaving()

    def leaving(self) -> None:
        self._shut = True
        self._due = self._socket.now() + GOODBYE_S
        self.services.wheel.watch(self, self._due)

    def misframed(self, fault: FrameError) -> None:
        if fault.code == CLOSE_TOO_LARGE and not self._shut:
            self.refuse(Invalid(f"A message has at most {MAX_MESSAGE} bytes.", "too_large"))
        self.shut(fault.code, fault.reason)
        self._socket.hang_up()

    def retire(self, reason: str) -> None:
        self._farewell = reason
        self.rest()

    def dismiss(self, reason: str) -> None:
        self.shut(CLOSE_RESTART, reason)

    @property
    def session(self) -> str:
        actor = getattr(self, "actor", None)
        return actor.session if actor is not None else ""

    def sign_out(self) -> None:
        self.shut(CLOSE_TOKEN, "token_revoked")

    def misheard(self) -> None:
        """Note a malformed message; too many of them within a minute and the client is not listened to any more."""
        now = self.services.clock.now()
        if self._malformed is None:
            self._malformed = deque(maxlen=MAX_MALFORMED)
        self._malformed.append(now)
        if len(self._malformed) == MAX_MALFORMED and now - self._malformed[0] < MALFORMED_MS:
            self.shut(CLOSE_MALFORMED, "too many malformed messages")

    def count(self, refusal: Refusal) -> None:
        """That something is refused, where that is for being too much."""
        if isinstance(refusal, Limited):
            self.services.telemetry.metrics.limited.add(refusal.code)

    def queue(self, work: Callable[[], Awaitable[None]], refuse: Callable[[Refusal], None]) -> None:
        """Do the work after what came before it from this client; refuse it where that cannot be done in time."""
        try:
            self.services.drain.demand_open()
            self.work.add(work, refuse)
        except Refusal as refusal:
            refuse(refusal)

    async def in_turn(self, enter: Callable[[], Awaitable[None]]) -> None:
        """Let this client in once those before it are; not if it has gone meanwhile. Raises a Refusal."""
        async with self.services.entrance.turn(elsewhere):
            self.services.drain.demand_open()
            if self.open:
                await enter()

    def failed(self, fault: BaseException) -> None:
        """A fault of ours must not leave a client waiting for what was queued behind it."""
        log.error("socket %s: a command failed", self.id, exc_info=fault)
        self.shut(CLOSE_RESTART, "internal error")

    def rest(self) -> None:
        """Nothing is under way for this client: it goes, if that is due."""
        if self._farewell is not None and self.work.idle:
            self.shut(CLOSE_RESTART, self._farewell)

    def _next(self) -> float:
        if self._shut:
            return self._due
        return min(self._due, self._until, self._heard + self._patience.silent_s, self._pinged + PING_INTERVAL_S)

    def _too_slow(self) -> None:
        if not self._shut:
            log.info("socket %s is too slow: %d bytes wait for it", self.id, self.waiting)
            self.shut(CLOSE_SLOW, "too slow")
