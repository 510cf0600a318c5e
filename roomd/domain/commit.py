"""A commit: the events that one command led to, which took effect together under one number."""

from msgspec import Struct

from roomd.domain.ids import UserId
from roomd.domain.words import Event


class Commit(Struct, frozen=True, kw_only=True):
    """`by` is None when time or the server itself acted; `command` is the sender's id for it, if one was given."""

    epoch: int
    rev: int
    at: float
    by: UserId | None = None
    by_name: str = ""
    command: str | None = None
    events: tuple[Event, ...] = ()
