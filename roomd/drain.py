"""Ending politely: nothing new is taken, what was taken is answered, and everybody is told when to come back.

Clients are told to come back after a random wait, over a time that grows with their number, so that whoever takes
over is not asked for everything at once.
"""

import asyncio
import logging
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from roomd.crowd import Crowd
from roomd.domain.refusals import Unavailable

#: Clients a second that are to come back, and the shortest and longest time over which they do.
BACK_PER_S = 500
SHORTEST_S = 1.0
LONGEST_S = 30.0
#: Seconds that commands and requests under way may take, and clients to answer the closing of their sockets.
ANSWER_S = 4.0
FAREWELL_S = 1.0
#: Sockets told before others have their turn, and seconds between: 3,000 take 0.5 s, in which readiness is asked for.
TOLD_AT_ONCE = 25
PAUSE_S = 0.002

log = logging.getLogger(__name__)


class Leaver(Protocol):
    """A client's connection, as far as ending is concerned."""

    def retire(self, reason: str) -> None:
        """Take nothing more, and close once what was taken is answered."""

    def dismiss(self, reason: str) -> None:
        """Close now."""

    @property
    def session(self) -> str:
        """The sign-in that it was opened with, or empty."""

    def sign_out(self) -> None:
        """Close, since that sign-in has ended."""


class Drain:
    def __init__(self, crowd: Crowd | None = None) -> None:
        self.crowd = crowd or Crowd()
        self.begun = False
        self._open: set[Leaver] = set()
        self._closing: set[Leaver] = set()
        self._requests = 0
        self._moved = asyncio.Event()

    def opened(self, socket: Leaver, address: str) -> None:
        """`address` is where it comes from, as limits are counted."""
        self._open.add(socket)
        self.crowd.came("address", address)

    @property
    def open(self) -> Iterable[Leaver]:
        return self._open

    def shut(self, socket: Leaver) -> None:
        """The client was told; it has to close its side."""
        if socket in self._open:
            self._open.discard(socket)
            self._closing.add(socket)
            self._moved.set()

    def closed(self, socket: Leaver, address: str) -> None:
        if socket in self._open or socket in self._closing:
            self.crowd.went("address", address)
        self._open.discard(socket)
        self._closing.discard(socket)
        self._moved.set()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Around what a request takes to be answered."""
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1
            self._moved.set()

    def demand_open(self) -> None:
        """Raise Unavailable when nothing new is taken any more."""
        if self.begun:
            raise draining()

    async def send_away(self) -> None:
        """Have every client go, once each has what it waits for. Takes 5 s at most."""
        self.begun = True
        sockets = list(self._open)
        spread_s = min(LONGEST_S, max(SHORTEST_S, len(sockets) / BACK_PER_S))
        for number, each in enumerate(sockets):
            each.retire(str(random.randrange(int(spread_s * 1_000))))  # noqa: S311 - only spreads load
            if number % TOLD_AT_ONCE == 0:
                await asyncio.sleep(PAUSE_S)
        if not await self._empty(ANSWER_S, waiting=False):
            log.info("%d requests and the commands of %d sockets took too long", self._requests, len(self._open))
        for each in list(self._open):
            each.dismiss("0")
        await self._empty(FAREWELL_S, waiting=True)

    async def _empty(self, limit_s: float, *, waiting: bool) -> bool:
        """Wait until nothing is under way, nor (if `waiting`) any client still to go; whether it came to that."""
        try:
            async with asyncio.timeout(limit_s):
                while self._open or self._requests or (waiting and self._closing):
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            return False
        return True


def draining() -> Unavailable:
    return Unavailable("The server is about to restart. Try again in a moment.", "draining")
