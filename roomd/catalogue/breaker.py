"""A circuit breaker: who does not answer is left alone for a while, so that nobody waits for them in vain."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

#: Failures in a row after which nothing more is sent, and ms until one more try.
FAILURES = 5
OPEN_MS = 30_000.0
#: The time open differs by up to this share, lest all processes try again at once.
JITTER = 0.2


class Trouble(Exception):  # noqa: N818 - what somebody else is in
    """The other side failed: no answer, or one that is none. The message is for the log, and has no address in it."""


class Breaker:
    """`now` in ms. Closed, it lets everything through; open, nothing; then one try at a time decides."""

    def __init__(self, now: Callable[[], float], dice: Random) -> None:
        self._now = now
        self._dice = dice
        #: In a row.
        self.failures = 0
        self._until = 0.0
        #: Whether the one try that decides is under way.
        self.trying = False

    @property
    def open(self) -> bool:
        """Whether it has not been closed since it opened."""
        return self.failures >= FAILURES

    def admits(self) -> bool:
        """Whether a try would be let through now."""
        return not self.open or (self._now() >= self._until and not self.trying)

    @contextmanager
    def attempt(self, *answers: type[Exception]) -> Iterator[None]:
        """Around a try that was admitted: Trouble is a failure, and success is to end or to raise one of `answers`.
        Whatever else is raised (the request was cancelled, or never sent) says nothing about the other side.
        """
        alone = self.open
        self.trying = self.trying or alone
        try:
            yield
        except Trouble:
            self.failures += 1
            if self.open:
                self._until = self._now() + OPEN_MS * self._dice.uniform(1 - JITTER, 1 + JITTER)
            raise
        except answers:
            self.failures = 0
            raise
        else:
            self.failures = 0
        finally:
            if alone:
                self.trying = False
