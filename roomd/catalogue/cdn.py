"""Links to a content delivery network in front of this server, signed so that nobody else can make some.

The network asks us for what it does not have, under the same path and query, and we look at the signature again. Links
made within the same hour are the same, so browsers and the network keep one copy.
"""

import hashlib
import hmac
import math
from collections.abc import Callable

#: Seconds that a link is good for: between one and two hours, so that a long piece that is paused can go on.
STEP_S = 3_600
LIFE_S = 2 * STEP_S


class Cdn:
    """`base` is where the network answers; `secret` is the server's own, of which only a derived key is used.

    `now` tells the time in milliseconds since 1970.
    """

    def __init__(self, base: str, secret: str, now: Callable[[], float]) -> None:
        self._base = base.rstrip("/")
        self._now = now
        self._key = hmac.digest(secret.encode(), b"cdn links", hashlib.sha256)

    def link(self, path: str) -> str:
        """`path` is one of this server's, such as /media/…; it is looked at as it stands, without decoding."""
        expires = math.floor(self._now() / 1_000 / STEP_S) * STEP_S + LIFE_S
        return f"{self._base}{path}?exp={expires}&sig={self._signature(path, expires)}"

    def left_s(self, expires: str) -> int:
        """For how many seconds a link that is good still holds."""
        return max(0, math.floor(int(expires) - self._now() / 1_000))

    def good(self, path: str, expires: str, signature: str) -> bool:
        """Whether the link was made here, and is still to be honoured."""
        if not (expires.isascii() and expires.isdecimal() and len(expires) <= 12 and signature.isascii()):
            return False
        if int(expires) * 1_000 < self._now():
            return False
        return hmac.compare_digest(self._signature(path, int(expires)), signature)

    def _signature(self, path: str, expires: int) -> str:
        return hmac.new(self._key, f"{expires}\n{path}".encode(), hashlib.sha256).hexdigest()[:32]
