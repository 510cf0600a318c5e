"""What was asked for and what was promised: one line per command, whoever answered it and however often."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["ok", "fail", "info"]


@dataclass(slots=True)
class Line:
    """A command under its sender's id. `must` says that its taking effect always shows as a commit of its own."""

    id: str
    by: str
    room: str
    kind: str
    must: bool
    sent_at: float
    #: Of each acknowledgement: (level, epoch, rev).
    acks: list[tuple[str, int, int]] = field(default_factory=list)
    refused: str = ""
    settled_at: float = 0.0
    #: When the sender was told of the commit itself.
    told_at: float = 0.0
    tries: int = 0
    #: Seconds from a sending to the first answer of any kind over the same connection, at worst.
    slowest_answer_s: float = 0.0

    @property
    def outcome(self) -> Outcome:
        """As Jepsen has it: certainly done, certainly not done, or nobody knows."""
        return "ok" if self.acks else "fail" if self.refused else "info"

    @property
    def archived(self) -> bool:
        """Whether the promise holds even without Redis."""
        return any(level == "archived" for level, _, _ in self.acks)

    @property
    def took_s(self) -> float:
        """From the first sending to the first acknowledgement."""
        return self.settled_at - self.sent_at


class Ledger:
    def __init__(self) -> None:
        self.lines: dict[tuple[str, str], Line] = {}

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines.values())

    def sent(self, line: Line) -> None:
        self.lines[line.by, line.id] = line

    def ok(self, line: Line, level: str, epoch: int, rev: int) -> None:
        if not line.acks:
            line.settled_at = time.monotonic()
        line.acks.append((level, epoch, rev))

    def fail(self, line: Line, code: str) -> None:
        if not line.acks and not line.refused:
            line.settled_at = time.monotonic()
        line.refused = code

    def count(self, outcome: Outcome) -> int:
        return sum(line.outcome == outcome for line in self)

    def archived(self) -> int:
        return sum(line.archived for line in self)

    def accepted(self) -> int:
        """Acknowledged, but never at the better level."""
        return sum(line.outcome == "ok" and not line.archived for line in self)

    def since(self, moment: float, until: float | None = None) -> list[Line]:
        """What was acknowledged at or after a moment of the monotonic clock, and before another."""
        end = math.inf if until is None else until
        return [line for line in self if line.acks and moment <= line.settled_at < end]

    def back_after(self, moment: float, rooms: set[str] | None = None) -> float | None:
        """Seconds after a moment until every room had one more acknowledgement; None: some never had."""
        first: dict[str, float] = {}
        for line in self.since(moment):
            first[line.room] = min(line.settled_at, first.get(line.room, line.settled_at))
        wanted = rooms or {line.room for line in self}
        return max(first[room] for room in wanted) - moment if wanted <= first.keys() else None

    def slowest_s(self, moment: float = 0.0) -> float:
        """The longest time from a first sending to an acknowledgement."""
        return max((line.took_s for line in self.since(moment)), default=0.0)
