"""The goals that are about what is heard (the project's G2, G3 and G11), and the evenings that measure them."""

from dataclasses import dataclass

from audio.evening import Evening, Listener, Plan
from audio.figures import COVERED, Spread, reported, spread_of, trimmed


@dataclass(frozen=True)
class Goal:
    name: str
    what: str
    listeners: tuple[Listener, ...]
    #: Milliseconds within which the 95th percentile of the spread is wanted, and within which it has to be; None where
    #: it is only told.
    target: float | None
    gate: float | None
    #: Which listener is measured with what a trim would take away.
    trimmed: int | None = None

    def plan(self, seconds: float, *, controlled: bool, stumbling: bool) -> Plan:
        return Plan(self.listeners, seconds, controlled, stumbling)


_DECODED, _ELEMENT = Listener("chromium", "webaudio"), Listener("chromium", "element")
_FOX = Listener("firefox", "webaudio")
GOALS = {
    goal.name: goal
    for goal in (
        Goal("G2", "3 Chromium, Web Audio", (_DECODED,) * 3, 2.0, 5.0),
        Goal("G3", "3 Chromium, media element", (_ELEMENT,) * 3, 4.0, 10.0),
        Goal("G11", "Chromium and Firefox, Web Audio, trimmed", (_DECODED, _FOX, _DECODED), 5.0, 12.0, trimmed=1),
        Goal("mixed", "Chromium with each, Firefox; not trimmed", (_DECODED, _ELEMENT, _FOX), None, None),
    )
}


@dataclass(frozen=True)
class Outcome:
    goal: Goal
    evening: Evening
    spread: Spread
    #: By how many milliseconds whoever is trimmed was behind the others before.
    trim: float | None

    @property
    def noisy(self) -> bool:
        """Whether the machine starved the sound: gaps in what was recorded."""
        return any(self.spread.dropouts)

    @property
    def fault(self) -> str | None:
        """Why this is no pass; None when it is one. Noise excuses nothing."""
        for listener, notes in zip(self.goal.listeners, self.evening.noted, strict=True):
            if others := set(reported(notes)["players"]) - {listener.player}:
                return f"played with {', '.join(sorted(others))} instead of {listener.player}"
        if self.spread.covered < COVERED:
            return f"everybody heard in {self.spread.covered:.0%} of the windows only"
        if self.goal.gate is not None and self.spread.p95 > self.goal.gate:
            return f"p95 {self.spread.p95:.1f} ms, beyond the gate of {self.goal.gate:g} ms"
        return None

    @property
    def verdict(self) -> str:
        noise = ", noisy" if self.noisy else ""
        if self.fault:
            return f"BROKEN{noise}"
        if self.goal.target is None:
            return f"told{noise}"
        return ("target met" if self.spread.p95 <= self.goal.target else "within the gate") + noise


def judge(goal: Goal, evening: Evening) -> Outcome:
    first, last = evening.marks["steady"], evening.marks["steady_end"]
    place = goal.trimmed
    if place is None:
        return Outcome(goal, evening, spread_of(evening.traces, first, last), None)
    others = [trace for ear, trace in enumerate(evening.traces) if ear != place]
    trim, spread = trimmed(evening.traces[place], others, first, last)
    return Outcome(goal, evening, spread, trim)
