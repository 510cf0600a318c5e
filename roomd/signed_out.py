"""What is open of a session that has ended: its WebSockets are closed with 4501, on every process within a second.

Whoever ends a session says so in a stream in Redis (`store/revocations.py`), which each process reads twice a second.
"""

import time
from collections.abc import Callable, Iterable
from typing import Protocol

from roomd.scheduler import Job
from roomd.store.revocations import BELIEVED_S, RevocationStore

#: Seconds between two looks.
LOOK_S = 0.5
#: Seconds for which sockets of an ended session are looked for: it may have been believed to go on when one opened.
AGAIN_S = BELIEVED_S + 2.0


class Holder(Protocol):
    """A client's connection, as far as its sign-in is concerned."""

    @property
    def session(self) -> str:
        """The sign-in that it was opened with; empty where there is none, or not yet."""

    def sign_out(self) -> None:
        """Close it, since its session has ended."""


class SignedOut:
    def __init__(
        self,
        revocations: RevocationStore,
        holders: Callable[[], Iterable[Holder]],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._revocations = revocations
        self._holders = holders
        self._now = now
        #: How far the stream is read.
        self._last: str | None = None
        #: What has ended, and until when it is looked for.
        self._ended: dict[str, float] = {}

    def job(self) -> Job:
        return Job("signed out", False, self.look)

    async def look(self) -> float:
        """Close what is open here of sessions that have ended since the last look. Raises Unavailable."""
        if self._last is None:
            self._last = await self._revocations.newest()
        self._last, ended = await self._revocations.after(self._last)
        now = self._now()
        self._ended = {family: until for family, until in self._ended.items() if until > now}
        self._ended.update(dict.fromkeys(ended, now + AGAIN_S))
        if self._ended:
            for holder in list(self._holders()):
                if holder.session in self._ended:
                    holder.sign_out()
        return LOOK_S
