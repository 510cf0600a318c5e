"""The table: goal and gate beside each figure. For a terminal, as Markdown, and everything there is as JSON."""

import json
from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path

from sync.goals import ROWS, Row
from sync.suite import Effort, Taken

_HEADS = ("", "what (95th percentile unless said)", "goal", "gate", "figure", "against the peer's law", "elsewhere")


def table(taken: Mapping[str, Taken], *, markdown: bool = False) -> str:
    rows = [_cells(row, taken) for row in ROWS if row.scenario in taken]
    if markdown:
        return "\n".join(f"| {' | '.join(cells)} |" for cells in (_HEADS, ["---"] * len(_HEADS), *rows))
    widths = [max(len(cells[n]) for cells in (_HEADS, *rows)) for n in range(len(_HEADS))]
    return "\n".join(_padded(cells, widths) for cells in (_HEADS, *rows))


def conditions(taken: Mapping[str, Taken]) -> str:
    """What the machine had to do, and how well the truth was known."""
    lines = []
    for name, each in taken.items():
        busy = "unknown" if each.busy is None else f"{each.busy:.0%}"
        known = max((noted.uncertainty() for noted in each.outcome.noted), default=0.0)
        lines.append(f"{name}: machine busy {busy}, truth within ±{known:.2f} ms")
    return "\n".join(lines)


def put_into(document: Path, table_text: str) -> None:
    """The table in Markdown in place of the one that begins with the same headings."""
    lines = document.read_text(encoding="utf-8").splitlines()
    begin = lines.index(table_text.splitlines()[0])
    end = next((n for n in range(begin, len(lines)) if not lines[n].startswith("|")), len(lines))
    lines[begin:end] = table_text.splitlines()
    document.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_json(path: Path, taken: Mapping[str, Taken], effort: Effort) -> None:
    """All samples: of each listener rows of room time, error, the clock's error, that of the peer's clock, player,
    correction, seeks, writes."""
    told = {
        name: {
            "figures": each.outcome.figures,
            "busy": each.busy,
            "wanting": each.outcome.wanting,
            "faults": each.faults,
            "listeners": {noted.name: noted._asdict() for noted in each.outcome.noted},
        }
        for name, each in taken.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"effort": vars(effort), "scenarios": told}), encoding="utf-8")


def _cells(row: Row, taken: Mapping[str, Taken]) -> list[str]:
    value, ratio = row.value(taken), row.ratio(taken)
    limits = [_limit(row.goal, row.unit), _limit(row.gate, row.unit, above=row.above)]
    verdict = "" if value is None or row.kept(value) else " BROKEN"
    compared = "" if ratio is None else f"{ratio:.0f} times as far" if ratio >= 10 else f"{ratio:.1f} times as far"
    return [row.number, row.what, *limits, _number(value, row.unit) + verdict, compared, row.elsewhere]


def _limit(limit: float | None, unit: str, *, above: bool = False) -> str:
    return "–" if limit is None else f"{'>' if above else '≤'} {limit:g} {unit}".rstrip()


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    shown = "never" if value == inf else f"{value:.0f}" if value >= 100 else f"{value:.2f}"
    return f"{shown} {unit}".rstrip()


def _padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
