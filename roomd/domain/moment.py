"""When a decision is made, and with what dice: the two things a pure rule may not fetch for itself."""

from random import Random
from typing import NamedTuple


class Moment(NamedTuple):
    """`now` is room time: milliseconds since 1970."""

    now: float
    dice: Random
