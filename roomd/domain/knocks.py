"""What a room keeps of those outside: who waits to be let in, and who may not come in."""

from msgspec import Struct

from roomd.domain.ids import UserId


class Knock(Struct, frozen=True, kw_only=True):
    """Somebody who asked to be let in."""

    id: UserId
    name: str
    guest: bool
    at: float
    origin: str = ""


class Ban(Struct, frozen=True, kw_only=True):
    """`by` banned `name`, at room time `at`."""

    name: str
    by: UserId
    at: float
    reason: str = ""
