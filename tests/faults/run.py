"""One run of a scenario: what it measures, what it holds the servers to, and whether that was kept."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from faults.checker import Verdict
from faults.crowd import Crowd
from faults.verify import verify
from faults.world import Wanted, World, world

#: Seconds within which a command is answered, and what a harness on the servers' own cores may add when it measures.
ANSWER_S = 3.0
_MEASURING_S = 0.25
#: Broken promises that the error itself lists.
_SHOWN = 12


class BrokenPromiseError(AssertionError):
    """What was promised was not kept; the message lists what."""


@dataclass
class Run:
    """`slack` multiplies every limit of time: 1 where the figures themselves are promised, more on a busy machine."""

    name: str
    seed: int
    slack: float = 1.0
    verdict: Verdict = field(default_factory=Verdict)
    archived: int = 0
    kills: int = 0
    recovery_s: float = 0.0
    seconds: float = 0.0
    figures: dict[str, object] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    #: What the servers' logs tell of faults of their own.
    complaints: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.broken and not self.verdict.faults

    def note(self, **figures: object) -> None:
        self.figures |= figures

    def require(self, kept: bool, promise: str) -> None:
        if not kept:
            self.broken.append(promise)

    def at_most(self, what: str, found: float | None, limit: float) -> None:
        """A figure, and the most that it may be; None is what never came."""
        worst = self.figures.get(what)
        if found is not None and not (isinstance(worst, float) and worst > found):
            self.figures[what] = round(found, 3)
        if found is None or found > limit * self.slack:
            shown = "never came" if found is None else f"was {found:.3f}"
            self.broken.append(f"{what} {shown}, and is to be at most {limit} (times {self.slack:g})")

    def answered(self, crowd: Crowd, since: float) -> None:
        """Hold the servers to answering in time all that was settled since a moment."""
        slowest = max(line.slowest_answer_s for line in crowd.ledger if line.settled_at >= since)
        self.at_most("answer_s", slowest, ANSWER_S + _MEASURING_S)

    def recovered(self, found: float | None, limit: float) -> None:
        """Seconds until all was well again after a fault."""
        self.recovery_s = max(self.recovery_s, found or 0.0)
        if found is None or found > limit * self.slack:
            self.broken.append(f"recovery took {found} s, and is to take at most {limit} (times {self.slack:g})")

    async def judge(self, crowd: Crowd, *, wiped_while_away: bool = False) -> None:
        """Check what the crowd was promised; the ledger stays in the folder of a run that fails."""
        try:
            verdict = await verify(crowd, wiped_while_away=wiped_while_away)
        finally:
            crowd.world.note("ledger.txt", [str(line) for line in crowd.ledger])
        self.verdict.add(verdict)
        self.archived += crowd.ledger.archived()
        silent = Counter(what for client in crowd.clients for what in client.given_up)
        self.require(not silent, f"these were not answered at all: {dict(silent)}")

    @asynccontextmanager
    async def world(self, **wanted: Any) -> AsyncIterator[World]:
        """A world for this run. Raises BrokenPromiseError at its end, which keeps its folder."""
        began = time.monotonic()
        async with world(Wanted(self.seed, **wanted)) as made:
            yield made
            self.seconds += time.monotonic() - began
            self.kills += made.kills
            self.complaints += [line for server in made.servers for line in server.complaints()]
            self.require(not self.complaints, f"servers logged errors: {self.complaints[:_SHOWN]}")
            if not self.good:
                told = [*self.broken, *self.verdict.faults]
                made.note("broken.txt", told)
                first = f"{self.name}: {len(told)} promises broken, all of them in broken.txt"
                raise BrokenPromiseError("\n  ".join([first, *told[:_SHOWN]]))
