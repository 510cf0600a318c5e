"""How many WebSockets are open at the same time, of each address and each user: here, and as far as others tell of it.

What a connection costs is memory and a file descriptor for as long as it is open, which no measure of how often one is
opened bounds.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from roomd.domain.refusals import Conflict, Limited

Per = Literal["address", "user"]

#: A party of sixty in one kitchen, each with the room open as often as anybody may (10), fits an address; a user has
#: ten rooms open on ten devices.
MOST_OPEN: dict[Per, int] = {"address": 1_000, "user": 100}
#: What a process keeps to itself: a sixteenth of what is allowed. So nearly nobody is told of, and up to sixteen
#: processes that each have less of somebody hold no more together than one may.
UNTOLD = 16
#: Seconds after which to come again where an address has no place left; nobody can tell when one of its others goes.
BACK_S = 10.0


class Crowd:
    """`scale` times MOST_OPEN, and one at least; 0 is no bound, and nothing is counted then."""

    def __init__(self, scale: float = 0) -> None:
        self._most = {per: max(1, int(most * scale)) for per, most in MOST_OPEN.items() if scale}
        self._here: Counter[str] = Counter()
        #: Of whom much is open here: what was last heard of the other processes.
        self._elsewhere: Mapping[str, int] = {}

    def demand_place(self, address: str) -> None:
        """Raise Limited where an address has as many open as it may."""
        if self._full("address", address):
            raise Limited("Too many connections are open from your network; close some, and try again.", BACK_S)

    @contextmanager
    def coming(self, user: str) -> Iterator[None]:
        """Around what lets one of a user's sockets in; it counts from then on, unless that fails. Raises Conflict."""
        if self._full("user", user):
            raise Conflict(f"You have {self._most['user']} connections open already.", "too_many_sockets")
        self.came("user", user)
        let_in = False
        try:
            yield
            let_in = True
        finally:
            if not let_in:
                self.went("user", user)

    def came(self, per: Per, whose: str) -> None:
        if self._most:
            self._here[f"{per}:{whose}"] += 1

    def went(self, per: Per, whose: str) -> None:
        key = f"{per}:{whose}"
        if self._here[key] > 1:
            self._here[key] -= 1
        else:
            del self._here[key]

    def open(self, per: Per, whose: str) -> int:
        """How many are known to be open."""
        key = f"{per}:{whose}"
        return self._here[key] + self._elsewhere.get(key, 0)

    def much(self) -> dict[str, int]:
        """Of whom more is open here than a process keeps to itself, and how many."""
        least: dict[str, float] = {per: most / UNTOLD for per, most in self._most.items()}
        return {key: count for key, count in self._here.items() if count > least[key.partition(":")[0]]}

    def heard(self, elsewhere: Mapping[str, int]) -> None:
        """What all other processes have open of those that `much` named."""
        self._elsewhere = elsewhere

    def _full(self, per: Per, whose: str) -> bool:
        return per in self._most and self.open(per, whose) >= self._most[per]
