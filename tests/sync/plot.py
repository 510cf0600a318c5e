"""The distributions of errors as a picture: for each scenario, which share of the samples lies within how many ms."""

from collections.abc import Mapping
from math import log10

from sync.samples import quantile
from sync.suite import Taken

#: Curves and what is written beside them, in the order of the legend. Colours that do on light and on dark.
_CURVES = (
    ("element", "media element", "#2a9d5c"),
    ("webaudio", "Web Audio", "#1f8fbf"),
    ("far", "element, line of 20–150 ms, clocks ±100 ppm", "#9a6fd0"),
    ("far-min-rtt", "the same by the best of 8 round trips", "#c77f1a"),
    ("jellyfin", "Jellyfin's law", "#d0595f"),
    ("one-second", "jumps beyond 1 s (OpenTogetherTube)", "#a0466e"),
)
#: Two players in one room: from here on they sound double, and from here on it is an echo.
_MARKS = ((10.0, "10 ms: double", "end"), (40.0, "40 ms: echo", "start"))
_WIDTH, _HEIGHT = 760, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 20, 20, 132
_LEAST, _MOST = 0.01, 1_000.0
_STEPS = 120
_INK = "#808080"


def plot(taken: Mapping[str, Taken]) -> str:
    """An SVG. Scenarios that were not played, or not well enough, have no curve."""
    curves = [curve for curve in _CURVES if curve[0] in taken and taken[curve[0]].outcome.errors]
    parts = [*_grid(), *_marks()]
    for number, (name, label, colour) in enumerate(curves):
        parts.append(_curve(taken[name].outcome.errors, colour))
        parts += _legend(number, label, colour)
    inside = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="12" fill="{_INK}">\n<title>Sync error: share of samples within so many milliseconds</title>\n'
        f"{inside}\n</svg>\n"
    )


def _x(value: float) -> float:
    share = (log10(min(_MOST, max(_LEAST, value))) - log10(_LEAST)) / (log10(_MOST) - log10(_LEAST))
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)


def _curve(errors: list[float], colour: str) -> str:
    found = sorted(errors)
    points = [(quantile(found, step / _STEPS), step / _STEPS) for step in range(_STEPS + 1)]
    line = " ".join(f"{_x(value):.1f},{_y(share):.1f}" for value, share in points)
    return f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>'


def _grid() -> list[str]:
    parts = []
    for share in (0, 0.25, 0.5, 0.75, 0.95, 1):
        y = _y(share)
        parts.append(_rule(_LEFT, y, _WIDTH - _RIGHT, y, 0.3))
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{share:.0%}</text>')
    for power in range(-2, 4):
        x = _x(10.0**power)
        parts.append(_rule(x, _y(0), x, _y(1), 0.15))
        parts.append(f'<text x="{x:.1f}" y="{_y(0) + 18:.1f}" text-anchor="middle">{10.0**power:g}</text>')
    parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{_y(0) + 34:.1f}" text-anchor="end">ms off the room\'s line</text>')
    return parts


def _marks() -> list[str]:
    parts = []
    for value, label, anchor in _MARKS:
        x = _x(value)
        parts.append(_rule(x, _y(0), x, _y(1), 0.9, ' stroke-dasharray="4 4"'))
        parts.append(f'<text x="{x:.1f}" y="{_y(1) - 6:.1f}" text-anchor="{anchor}">{label}</text>')
    return parts


def _legend(number: int, label: str, colour: str) -> list[str]:
    x, y = _LEFT + (number % 2) * 350, _y(0) + 62 + (number // 2) * 20
    swatch = f'<line x1="{x}" y1="{y - 4:.1f}" x2="{x + 22}" y2="{y - 4:.1f}" stroke="{colour}" stroke-width="3"/>'
    return [swatch, f'<text x="{x + 30}" y="{y:.1f}">{label}</text>']


def _rule(x1: float, y1: float, x2: float, y2: float, opacity: float, more: str = "") -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{_INK}" stroke-opacity="{opacity}"{more}/>'
