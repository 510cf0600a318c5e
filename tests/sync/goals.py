"""What is to be reached, and what must be: the table that the figures stand in."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from sync.suite import Taken


@dataclass(frozen=True)
class Row:
    """A figure of a scenario. Beyond `goal` it is short of what we want; beyond `gate` the run has failed. With `above`
    the figure must exceed the gate: that is the proof that the measurement can fail."""

    number: str
    what: str
    scenario: str
    figure: str
    goal: float | None = None
    gate: float | None = None
    unit: str = "ms"
    #: A row of somebody else's law or clock under the same conditions, (scenario, figure).
    peer: tuple[str, str] | None = None
    elsewhere: str = ""
    above: bool = False

    def value(self, taken: Mapping[str, Taken]) -> float | None:
        """None where it was not measured, or not enough of it."""
        found = taken.get(self.scenario)
        value = found.outcome.figures.get(self.figure) if found and not found.outcome.wanting else None
        return value / 1_000 if value is not None and self.unit == "s" else value

    def kept(self, value: float) -> bool:
        if self.gate is None:
            return True
        return value > self.gate if self.above else value <= self.gate

    def met(self, value: float) -> bool:
        return self.goal is None or value <= self.goal

    def ratio(self, taken: Mapping[str, Taken]) -> float | None:
        """How many times as far off the peer is."""
        value = self.value(taken)
        if self.peer is None or not value:
            return None
        scenario, figure = self.peer
        other = Row("", "", scenario, figure, unit=self.unit).value(taken)
        return None if other is None or value == inf else other / value


ROWS = (
    Row("G1", "sync error, element", "element", "p95", 1, 5, "ms", ("one-second", "p95"), "MediaSync about 7"),
    Row("", "… how far the first is from the last", "element", "spread_p95"),
    Row("", "… the largest", "element", "max"),
    Row("", "sync error, Web Audio, by its own account", "webaudio", "p95", 1, 5, "ms", ("one-second", "p95")),
    Row("", "… how far the first is from the last", "webaudio", "spread_p95"),
    Row("G4", "20–60 ms up, 20–150 ms down, ±100 ppm", "far", "p95", 5, 12, "ms", ("far-min-rtt", "p95"), "11"),
    Row("", "… the clock alone", "far", "clock_p95", None, None, "ms", ("far", "peers_clock_p95")),
    Row("", "… Web Audio, by its own account", "far-webaudio", "p95", 5, 12, "ms", ("far-min-rtt", "p95")),
    Row("G5", "clock error, wireless line, ±100 ppm", "wireless", "clock_p95", 0.5, 2, "ms",
        ("wireless", "peers_clock_p95"), "2.2"),
    Row("G6", "scheduled start to < 10 ms, element", "starts", "play_p95", 0.6, 1.5, "s", None, "MediaSync about 3"),
    Row("", "seek of the room to < 10 ms, element", "starts", "seek_p95", 0.6, 1.5, "s"),
    Row("", "scheduled start to < 10 ms, Web Audio", "starts-webaudio", "play_p95", 0.1, 1.5, "s"),
    Row("", "seek of the room to < 10 ms, Web Audio", "starts-webaudio", "seek_p95", 0.1, 1.5, "s"),
    Row("G7", "late join, navigation to < 20 ms, element", "joins", "join_p95", 0.8, 2, "s"),
    Row("", "… Web Audio", "joins-webaudio", "join_p95", 0.8, 2, "s"),
    Row("G8", "jumps a minute while nothing happens", "element", "seeks_a_minute", 0, 1, ""),
    Row("", "… changes of rate a minute", "element", "writes_a_minute", 10, 120, ""),
    Row("", "… largest correction", "element", "correction_percent", 0.5, 3, "%"),
    Row("", "… changes of rate a minute, Web Audio", "webaudio", "writes_a_minute", 60, 120, ""),
    Row("", "… largest correction, Web Audio", "webaudio", "correction_percent", 0.5, 3, "%"),
    Row("G9", "sync error, element, all cores taken", "busy", "p95", 1, 5),
    Row("", "skip to a song that nobody has, element: until it starts, median", "skips", "start_p50", unit="s"),
    Row("", "… until all are within 10 ms, median", "skips", "together_p50", unit="s"),
    Row("", "… without waiting: until it starts, median", "skips-unawaited", "start_p50", unit="s"),
    Row("", "… until all are within 10 ms, median", "skips-unawaited", "together_p50", unit="s"),
    Row("", "the same, Web Audio: until it starts, median", "skips-webaudio", "start_p50", unit="s"),
    Row("", "… until all are within 10 ms, median", "skips-webaudio", "together_p50", unit="s"),
    Row("–", "Jellyfin's law here", "jellyfin", "p95", elsewhere="59"),
    Row("–", "OpenTogetherTube's law (jumps beyond 1 s) here", "one-second", "p95", elsewhere="88"),
    Row("–", "best of 8 round trips as the clock, as G4", "far-min-rtt", "p95", elsewhere="11"),
    Row("–", "no law at all: must be an echo", "off", "p95", None, 40, above=True),
)  # fmt: skip


def broken(taken: Mapping[str, Taken]) -> list[str]:
    """What must be and is not, in words."""
    found = [f"{name}: {what}" for name, each in taken.items() for what in [*each.outcome.wanting, *each.faults]]
    for row in ROWS:
        value = row.value(taken)
        if row.scenario not in taken or (value is not None and row.kept(value)):
            continue
        if value is None:
            found.append(f"{row.scenario}: {row.what}: not measured")
        else:
            side = "above" if row.above else "at most"
            found.append(f"{row.scenario}: {row.what}: {value:.3g} {row.unit}, must be {side} {row.gate:g}")
    return found
