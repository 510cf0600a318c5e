"""What was heard, as tables for a terminal or a document, and as JSON with every window of the recordings."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from audio.evening import Evening
from audio.figures import gap_at, reported, together_after
from audio.room import NAMES
from audio.suite import Outcome

_SPREAD = ("goal", "what", "target", "gate", "median", "p95", "most", "verdict")
_EVENTS = ("goal", "start", "late join", "seek", "after a pause", "next track: gap", "silence")
_PAGES = ("goal", "who", "browser", "heard: offset", "gaps", "page says: median", "p95", "seeks", "writes")


def tables(outcomes: Sequence[Outcome], *, markdown: bool = False) -> str:
    """Three: how far apart they were; how things that happen went; and what each page believed. In milliseconds."""
    spread = [_spread(outcome) for outcome in outcomes]
    events = [_events(outcome) for outcome in outcomes]
    pages = [row for outcome in outcomes for row in _pages(outcome)]
    drawn = _markdown if markdown else _plain
    return "\n\n".join(drawn(heads, rows) for heads, rows in ((_SPREAD, spread), (_EVENTS, events), (_PAGES, pages)))


def write_json(path: Path, outcomes: Sequence[Outcome]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([_record(outcome) for outcome in outcomes]), encoding="utf-8")


def events(evening: Evening) -> dict[str, float]:
    """Milliseconds until all are within 10 ms of each other, after what happened."""
    marks, everybody = evening.marks, evening.traces
    early, late = everybody[:-1], everybody[-1:]
    return {
        "start": together_after(early, early, marks["start"], marks["late"]),
        "late": together_after(everybody, late, marks["late"], marks["steady"]),
        "seek": together_after(everybody, everybody, marks["seek"], marks["pause"]),
        "play": together_after(everybody, everybody, marks["play"], marks["change"]),
    }


def gaps(evening: Evening) -> list[float]:
    return [gap_at(trace, evening.plan.first_s * 1_000) for trace in evening.traces]


def _spread(outcome: Outcome) -> list[str]:
    goal, spread = outcome.goal, outcome.spread
    figures = (_ms(each) for each in (spread.median, spread.p95, spread.most))
    trim = "" if outcome.trim is None else f" by {outcome.trim:+.1f}"
    return [
        goal.name,
        goal.what + trim,
        *(f"{each:g}" if each else "–" for each in (goal.target, goal.gate)),
        *figures,
        outcome.verdict,
    ]


def _events(outcome: Outcome) -> list[str]:
    taken = (f"{each:.0f}" if math.isfinite(each) else "never" for each in events(outcome.evening).values())
    between = ", ".join(_ms(gap) for gap in gaps(outcome.evening))
    silent = ", ".join(_ms(each) for each in outcome.evening.silences)
    return [outcome.goal.name, *taken, between, silent]


def _pages(outcome: Outcome) -> list[list[str]]:
    spread, evening = outcome.spread, outcome.evening
    rows = []
    for n, (engine, player) in enumerate(evening.plan.listeners):
        said = reported(evening.noted[n])
        figures = (_ms(spread.offsets[n]), str(spread.dropouts[n]), _ms(said["median"]), _ms(said["p95"]))
        rows.append(
            [outcome.goal.name, NAMES[n], f"{engine}, {player}", *figures, str(said["seeks"]), str(said["writes"])]
        )
    return rows


def _record(outcome: Outcome) -> dict[str, Any]:
    evening = outcome.evening
    traces = [
        {"time": _plainly(each.time), "position": _plainly(each.position), "score": _plainly(each.score)}
        for each in evening.traces
    ]
    return {
        "goal": outcome.goal.name,
        "target": outcome.goal.target,
        "gate": outcome.goal.gate,
        "verdict": outcome.verdict,
        "fault": outcome.fault,
        "trim": outcome.trim,
        "spread": {name: _plainly(value) for name, value in vars(outcome.spread).items()},
        "together_after": {name: _plainly(value) for name, value in events(evening).items()},
        "gaps": _plainly(gaps(evening)),
        "silences": _plainly(evening.silences),
        "listeners": evening.plan.listeners,
        "marks": evening.marks,
        "pages": evening.noted,
        "traces": traces,
    }


def _plainly(value: Any) -> Any:
    """As JSON has it, which knows no infinity."""
    if isinstance(value, (tuple, list, np.ndarray)):
        return [_plainly(each) for each in value]
    return round(float(value), 3) if math.isfinite(value) else None


def _ms(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "–"


def _plain(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[n]) for row in (heads, *rows)) for n in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (heads, *rows)
    )


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))
