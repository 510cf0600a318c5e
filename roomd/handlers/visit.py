"""What a handshake leaves behind, and how long a client may take."""

from typing import NamedTuple

from roomd.domain.refusals import Limited


class Patience(NamedTuple):
    """Seconds that a client has to say who it is, and that it may be silent; pings are answered by its WebSocket."""

    hello_s: float = 10
    silent_s: float = 40


class Visit(NamedTuple):
    """What is kept of a handshake: the room that the address names, the token in its query, and where it came from."""

    ref: str
    token: str
    address: str


def in_ms(limited: Limited) -> str:
    """When to come back, as the reason for closing a socket says it."""
    return str(round(limited.retry_after_s * 1_000))
