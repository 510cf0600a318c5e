"""What a dialect is: how one contract greets, tells, hears and refuses its clients. Small functions, no I/O."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from roomd.domain.actor import Actor
from roomd.domain.chat import Message
from roomd.domain.commit import Commit
from roomd.domain.refusals import Refusal
from roomd.domain.room import Room
from roomd.domain.wanted import Wanted
from roomd.domain.wishes import Action
from roomd.domain.words import Command


class View(NamedTuple):
    """What a greeting is made of: the room, its latest chat, and the room time."""

    room: Room
    chat: Sequence[Message]
    now: float


class WantAdd(NamedTuple):
    """A track to be looked at and then added; `play` starts it at once, as what a room watches now."""

    wanted: Wanted
    play: bool = False


class WantRequest(NamedTuple):
    """A track to be looked at and then asked for."""

    action: Action
    wanted: Wanted


class Bye(NamedTuple):
    """The client wants to go: out of the room for good, or only off this socket."""

    leave: bool


class Reply(NamedTuple):
    """Nothing changes; the socket that asked, and no other, is told this."""

    text: str


class Timely(NamedTuple):
    """What it comes to depends on the room time at which it is carried out."""

    at: "Callable[[float], Heard]"


#: What a message of a client's comes to. None: nothing is to be done, and nothing said.
Heard = Command | WantAdd | WantRequest | Bye | Reply | Timely | None


class Dialect(NamedTuple):
    name: str
    #: The frames a newcomer gets before anything else about the room.
    greet: Callable[[View, Actor], list[str]]
    #: The frames that all sockets of this dialect get for a commit: (before, commit, after).
    tell: Callable[[Room, Commit, Room], list[str]]
    #: The same where no commits lead from one to the other, because the room was brought back: (before, after).
    anew: Callable[[View, View], list[str]]
    #: What a client's message comes to, in the room as it is now. Raises a Refusal, Invalid where it makes no sense.
    hear: Callable[[str | bytes, Room, Actor], Heard] | None = None
    #: A refusal in this contract's words; None where it says nothing.
    refuse: Callable[[Refusal], str | None] | None = None
    #: The same as `tell` out of the log alone, for clients that resume; None where a contract knows no resuming.
    replay: Callable[[Commit], list[str]] | None = None
    #: Whether a greeting is the same for everybody, and at any time for as long as nothing is committed.
    greets_alike: bool = False
