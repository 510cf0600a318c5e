"""When a decision is made, and with what dice: the two things a pure rule may not fetch for itself."""

from random import Random
from typing import NamedTuple, NewType

#: Milliseconds: a span, or a point in room time (since 1970).
Ms = NewType("Ms", float)


class Moment(NamedTuple):
    now: float
    dice: Random
