"""What the native contract says to a client, read as far as the harness needs it, and the record of it."""

from typing import NamedTuple

import msgspec
from msgspec import Struct


class Heard(Struct):
    """Any message. The rest of a commit or a state is looked at by whoever wants it."""

    type: str
    id: str | int | None = None
    epoch: int = 0
    rev: int = 0
    at: float = 0.0
    by: str | None = None
    command: str | None = None
    level: str = ""
    code: str = ""
    retriable: bool = False
    resumed: bool = False
    events: msgspec.Raw = msgspec.Raw(b"[]")
    room: msgspec.Raw = msgspec.Raw(b"null")


hear = msgspec.json.Decoder(Heard).decode


class Told(NamedTuple):
    """One step of what a client knows: `welcome` (it goes on from where it was), `state` or `commit`.

    `digest` stands for the very text, which is the same for everybody.
    """

    kind: str
    epoch: int
    rev: int
    by: str = ""
    command: str | None = None
    digest: int = 0


class Resume(NamedTuple):
    """A coming back: what was offered and answered, how many commits came of the past, and how long that took."""

    epoch: int
    rev: int
    resumed: bool
    upto: int
    took_s: float
    away_s: float


class Event(Struct):
    """Of an event, what writers and scenarios look at."""

    type: str
    entries: tuple[msgspec.Raw, ...] = ()
    host: str = ""
    reason: str = ""
    user: str = ""
    online: bool = True


class Id(Struct):
    id: str


def events_of(heard: Heard) -> list[Event]:
    return msgspec.json.decode(heard.events, type=list[Event])


def entries_of(event: Event) -> list[str]:
    """The ids of the entries that `entries_added` tells of."""
    return [msgspec.json.decode(raw, type=Id).id for raw in event.entries]
