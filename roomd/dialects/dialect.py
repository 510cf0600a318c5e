"""What a dialect is: how one contract's clients are greeted, told and heard. Tables of small functions, no I/O."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from roomd.domain.actor import Actor
from roomd.domain.chat import Message
from roomd.domain.commit import Commit
from roomd.domain.room import Room


class View(NamedTuple):
    """What a greeting is made of: the room, its latest chat, and the room time."""

    room: Room
    chat: Sequence[Message]
    now: float


class Dialect(NamedTuple):
    name: str
    #: The frames a newcomer gets before anything else about the room.
    greet: Callable[[View, Actor], list[str]]
    #: The frames that all sockets of this dialect get for a commit: (before, commit, after).
    tell: Callable[[Room, Commit, Room], list[str]]
    #: The same out of the log alone, for clients that resume; None where a contract knows no resuming.
    replay: Callable[[Commit], list[str]] | None = None
