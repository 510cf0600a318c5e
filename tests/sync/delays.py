"""Lines to the server: each piece of data waits its time, by seeded dice, and none overtakes another."""

import asyncio
from random import Random
from selectors import SelectSelector
from typing import NamedTuple

from faults.proxy import Proxy


class Way(NamedTuple):
    """What one direction takes, in milliseconds: `base`, up to `spread` more (uniform), and `tail` more on average
    (exponential)."""

    base: float
    spread: float = 0.0
    tail: float = 0.0

    def draw(self, dice: Random) -> float:
        return self.base + dice.uniform(0.0, self.spread) + (dice.expovariate(1 / self.tail) if self.tail else 0.0)


class Line(NamedTuple):
    name: str
    up: Way
    down: Way


#: A phone's line, most of which is queues.
FAR = Line("20–60 ms up, 20–150 ms down", Way(20, 40), Way(20, 130))
#: A wireless network at home: quick, with a tail.
WIRELESS = Line("3 + exp 4 ms up, 3 + exp 8 ms down", Way(3, tail=4), Way(3, tail=8))


class SlowProxy(Proxy):
    """A `Proxy` whose two directions differ."""

    line: Line = FAR

    def pause_s(self, *, up: bool) -> float:
        return (self.line.up if up else self.line.down).draw(self._dice) / 1_000


def exact_loop() -> asyncio.AbstractEventLoop:
    """A loop whose timers are right to 0.1 ms.

    The usual one rounds them up to whole milliseconds; a line's quickest ways, by which clocks are set, would all be
    late by some half of one.
    """
    return asyncio.SelectorEventLoop(SelectSelector())
