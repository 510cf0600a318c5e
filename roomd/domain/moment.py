"""When a decision is made, and with what dice: the two things a pure rule may not fetch for itself."""

from random import Random
from typing import NamedTuple, Protocol

from roomd.domain.ids import RoomId

#: Milliseconds between a decision to play and the instant at which all players start, where nothing is known of the
#: listeners' lines: long enough for the message to reach them and for a media element to spin up (65 to 100 ms), short
#: enough not to be felt as a delay.
START_LEAD_MS = 350.0


class Moment(NamedTuple):
    """`now` is room time: milliseconds since 1970. `lead` is how far ahead of it a start is to be, in milliseconds."""

    now: float
    dice: Random
    lead: float = START_LEAD_MS


class Moments(Protocol):
    """Makes moments; with the lead that suits the listeners of a room, where one is named."""

    def __call__(self, room: RoomId | None = None) -> Moment: ...
