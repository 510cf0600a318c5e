"""What a check has found: lines, each good, doubtful or bad."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """`WARN`: roomd runs, and not as well as it might. `FAIL`: something that is needed, or is set, does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Line(NamedTuple):
    """`fix` is one sentence that says what to do; empty where nothing has to be done."""

    group: str
    check: str
    state: State
    found: str
    fix: str = ""


Lines = Sequence[Line]


def ok(group: str, check: str, found: str) -> Line:
    return Line(group, check, State.OK, found)


def warn(group: str, check: str, found: str, fix: str) -> Line:
    return Line(group, check, State.WARN, found, fix)


def fail(group: str, check: str, found: str, fix: str) -> Line:
    return Line(group, check, State.FAIL, found, fix)


def size(count: float) -> str:
    """Bytes as people say them: 1.5 GiB, 200 MiB."""
    if count >= 1 << 30:
        return f"{count / (1 << 30):.1f} GiB"
    return f"{count / (1 << 20):.0f} MiB" if count >= 1 << 20 else f"{count / 1024:.0f} KiB"
