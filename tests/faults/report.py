"""What runs came to, as a table: for a terminal, or as Markdown."""

from collections.abc import Sequence

from faults.run import Run

_HEADS = ("scenario", "acks", "archived", "kills", "lost", "doubled", "reordered", "recovery s", "kept", "figures")
#: Columns of numbers, which stand to the right.
_NUMBERS = range(1, 8)


def table(runs: Sequence[Run], *, markdown: bool = False) -> str:
    rows = [_row(run) for run in runs]
    return _markdown(rows) if markdown else _plain(rows)


def _row(run: Run) -> list[str]:
    verdict = run.verdict
    figures = dict(run.figures)
    for name in ("disagreed", "holes", "unshown"):
        if getattr(verdict, name):
            figures[name] = getattr(verdict, name)
    if run.complaints:
        figures["errors_logged"] = len(run.complaints)
    shown = ", ".join(f"{name} {_number(value)}" for name, value in figures.items())
    numbers = (verdict.acks, run.archived, run.kills, verdict.lost, verdict.duplicated, verdict.reordered)
    recovery = f"{run.recovery_s:.2f}" if run.recovery_s else "–"
    return [run.name, *(f"{number:,}" for number in numbers), recovery, "yes" if run.good else "NO", shown]


def _number(value: object) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _plain(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[n]) for row in (_HEADS, *rows)) for n in range(len(_HEADS) - 1)]
    lines = []
    for row in (_HEADS, *rows):
        pairs = enumerate(zip(row[:-1], widths, strict=True))
        cells = [cell.rjust(width) if n in _NUMBERS else cell.ljust(width) for n, (cell, width) in pairs]
        lines.append("  ".join([*cells, row[-1]]))
    return "\n".join(lines)


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    rule = ["---:" if n in _NUMBERS else "---" for n in range(len(_HEADS))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (_HEADS, rule, *rows))
