"""Sockets that note what they are told, and a loop that turns when it is let."""

from collections.abc import Callable
from dataclasses import dataclass, field

from roomd.domain.ids import SocketId
from roomd.fanout import Batch


@dataclass
class Ear:
    id: SocketId
    batches: list[Batch] = field(default_factory=list)

    def tell(self, batch: Batch) -> None:
        self.batches.append(batch)

    @property
    def texts(self) -> list[str]:
        return [text for batch in self.batches for text in batch.texts]


class Timer:
    def __init__(self, seconds: float, call: Callable[[], None]) -> None:
        self.seconds = seconds
        self.call = call
        self.over = False

    def cancel(self) -> None:
        self.over = True

    def ring(self) -> None:
        if not self.over:
            self.over = True
            self.call()


class Turns:
    """A loop that turns when it is told to."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []
        self.later: list[Timer] = []

    def call_soon(self, call: Callable[[], None]) -> None:
        self.due.append(call)

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        self.later.append(Timer(seconds, call))
        return self.later[-1]

    def turn(self) -> None:
        due, self.due = self.due, []
        for work in due:
            work()

    def all(self) -> int:
        count = 0
        while self.due:
            self.turn()
            count += 1
        return count


class Slow(Ear):
    """Whom to tell takes `seconds` of the time that `now` gives."""

    seconds = 0.01
    now: list[float]

    def tell(self, batch: Batch) -> None:
        super().tell(batch)
        self.now[0] += self.seconds
