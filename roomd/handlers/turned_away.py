"""How the native socket is closed for whom it is not: the code says whether, and with what, to come back."""

from roomd.domain.refusals import Conflict, Forbidden, Limited, NotFound, Refusal, Unauthenticated
from roomd.handlers import wire
from roomd.handlers.visit import in_ms


def close_for(refusal: Refusal) -> tuple[int, str]:
    """The close code, and the reason beside it."""
    match refusal:
        case Unauthenticated():
            return wire.CLOSE_TOKEN, refusal.code
        case Forbidden() | Conflict():
            return wire.CLOSE_FORBIDDEN, refusal.code
        case NotFound():
            return wire.CLOSE_GONE, refusal.code
        case Limited():
            return wire.CLOSE_RESTART, in_ms(refusal)
        case _:
            return wire.CLOSE_RESTART, refusal.code
