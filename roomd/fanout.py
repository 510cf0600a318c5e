"""What a room tells goes to everybody in it as one frame, made once; what one turn of the loop brings goes together.

A delivery costs one `send`, nine tenths of which is the kernel's; so what is saved is `send`s. Commits of one turn of
the event loop are joined, and each socket gets them in one write. Big rooms are told in slices, so that the sockets of
small ones do not wait for thousands of others: 64 writes take some 0.4 ms. Where nobody else is told anything, slices
are longer, as each turn of the loop costs as much as three writes. And where a round took long, the next one waits a
moment for what is being committed to the room just then, which would have to have a round of its own.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from operator import length_hint
from time import perf_counter
from typing import Protocol

from roomd.domain.ids import SocketId

#: Sockets written to before others get their turn: while several rooms are told things, and where only one has been for
#: so many seconds.
SLICE, LONG_SLICE = 64, 256
ALONE_S = 1.0
#: How long a round waits for commands that are under way: a share of what the one before took, where that is worth a
#: look, which is so many seconds later.
WAIT_SHARE, LOOK_S = 0.25, 0.001
#: The first byte of a whole text frame, and the lengths from which on two, and eight bytes are taken for it (RFC 6455).
_TEXT = 0x81
_SHORT, _LONG = 126, 1 << 16


def frame(text: str) -> bytes:
    """A text frame as a server sends it, without a mask."""
    data = text.encode()
    size = len(data)
    if size < _SHORT:
        return bytes((_TEXT, size)) + data
    if size < _LONG:
        return bytes((_TEXT, 126)) + size.to_bytes(2, "big") + data
    return bytes((_TEXT, 127)) + size.to_bytes(8, "big") + data


class Batch:
    """Messages that go out together."""

    __slots__ = ("data", "texts")

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        #: All of their frames.
        self.data = b"".join(map(frame, texts))


_NOTHING = Batch(())


class Told(Protocol):
    """A client's connection."""

    id: SocketId

    def tell(self, batch: Batch) -> None:
        """Neither waits nor raises."""
        ...


class Pace:
    """How many sockets are written to in one turn of the loop, for all channels of a process. `now` is in seconds."""

    def __init__(self, now: Callable[[], float] = perf_counter) -> None:
        self.now = now
        #: Which channel something was pushed to last, and when it was another one before.
        self._latest = 0
        self._changed = -ALONE_S

    def note(self, channel: object) -> None:
        if id(channel) != self._latest:
            self._latest, self._changed = id(channel), self.now()

    def slice(self) -> int:
        return SLICE if self.now() - self._changed < ALONE_S else LONG_SLICE


class Timer(Protocol):
    def cancel(self) -> None: ...


class Turns(Protocol):
    """What is needed of the event loop."""

    def call_soon(self, work: Callable[[], None]) -> object: ...
    def call_later(self, seconds: float, work: Callable[[], None]) -> Timer: ...


class Channel:
    """The sockets of a room that speak the same dialect. `told` hears how many seconds passed between the first of what
    was pushed and the last socket of whom that was for; `coming` says whether more is being committed.
    """

    __slots__ = (
        "_batch",
        "_began",
        "_busy",
        "_coming",
        "_left",
        "_loop",
        "_pace",
        "_pending",
        "_sealed",
        "_since",
        "_sockets",
        "_told",
        "_took",
        "_until",
        "_waiting",
    )

    def __init__(
        self,
        loop: Turns | None = None,
        told: Callable[[float], None] = lambda _: None,
        pace: Pace | None = None,
        coming: Callable[[], bool] = lambda: False,
    ) -> None:
        self._told = told
        self._pace = pace or Pace()
        self._coming = coming
        self._since = 0.0
        self._loop: Turns = loop or asyncio.get_running_loop()
        self._sockets: dict[SocketId, Told] = {}
        self._pending: list[str] = []
        #: What was pushed before somebody came, and who was there then.
        self._sealed: list[tuple[list[str], list[Told]]] = []
        #: What is being told, to whom it still has to be told; and whether that goes on by itself.
        self._batch = _NOTHING
        self._left: Iterator[Told] = iter(())
        self._busy = False
        #: When the round began, how long the one before took; until when this one waits, and for what.
        self._began = self._took = self._until = 0.0
        self._waiting: Timer | None = None

    def __bool__(self) -> bool:
        return bool(self._sockets)

    def add(self, socket: Told) -> None:
        """From now on it is told what is pushed. What was pushed before, it knows."""
        self._seal()
        self._sockets[socket.id] = socket

    def remove(self, socket_id: SocketId) -> None:
        self._sockets.pop(socket_id, None)

    def push(self, texts: Sequence[str]) -> None:
        """Tell everybody, in this order, after what was pushed before."""
        if not texts or not self._sockets:
            return
        self._pending += texts
        if not self._busy:
            self._busy = True
            self._since = self._pace.now()
            self._pace.note(self)
            self._loop.call_soon(self._turn)
        elif self._waiting is not None:
            # In the next turn it is known whether anything comes behind it.
            self._look_soon()

    def flush(self) -> None:
        """Tell everything now: something comes that has to come after it."""
        if self._waiting is not None:
            self._look_soon()
        while self._begun():
            self._tell(None)

    def _turn(self) -> None:
        self._waiting = None
        if not length_hint(self._left) and self._waits():
            return
        if self._begun():
            self._tell(self._pace.slice())
        if length_hint(self._left):
            self._loop.call_soon(self._turn)
            return
        now = self._pace.now()
        self._took = now - self._began
        if self._pending or self._sealed:
            self._loop.call_soon(self._turn)
            return
        self._busy = False
        self._batch, self._left = _NOTHING, iter(())
        self._told(now - self._since)

    def _waits(self) -> bool:
        """Whether the next round waits for what is being committed."""
        wait = WAIT_SHARE * self._took
        if wait < LOOK_S or not (self._pending or self._sealed) or not self._coming():
            self._until = 0.0
            return False
        now = self._pace.now()
        self._until = self._until or now + wait
        if now >= self._until:
            self._until = 0.0
            return False
        self._waiting = self._loop.call_later(LOOK_S, self._turn)
        return True

    def _look_soon(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
            self._loop.call_soon(self._turn)

    def _tell(self, most: int | None) -> None:
        batch = self._batch
        for socket in islice(self._left, most):
            socket.tell(batch)

    def _begun(self) -> bool:
        """Whether there is something to tell; the next batch is begun when everybody was told the one before."""
        if length_hint(self._left):
            return True
        self._seal()
        if not self._sealed:
            return False
        texts, sockets = self._sealed.pop(0)
        self._batch, self._left = Batch(texts), iter(sockets)
        self._began = self._pace.now()
        return True

    def _seal(self) -> None:
        """What is pending is for those who are here now, and for nobody who comes later."""
        if self._pending:
            # A copy: whoever comes meanwhile was greeted with it, and who is gone takes nothing any more.
            self._sealed.append((self._pending, [*self._sockets.values()]))
            self._pending = []
