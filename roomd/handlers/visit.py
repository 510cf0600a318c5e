"""What a handshake leaves behind, and how long a client may take."""

from typing import NamedTuple


class Patience(NamedTuple):
    """Seconds that a client has to say who it is, and that it may be silent; pings are answered by its WebSocket."""

    hello_s: float = 10
    silent_s: float = 40


class Visit(NamedTuple):
    """What is kept of a handshake: the room that the address names, the token in its query, and where it came from."""

    ref: str
    token: str
    address: str
