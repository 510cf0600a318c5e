"""How often things may be done: the table of limits, and the measures that they are kept by."""

from collections.abc import Callable
from typing import Literal, NamedTuple

#: What uses are counted by: an address (of IPv6 its /64 network), a user, a room, or all that this server is asked for.
Per = Literal["address", "user", "room", "server"]


class Limit(NamedTuple):
    """`burst` at once, `per_minute` over time, for each address, user or room, or for all together."""

    name: str
    per: Per
    burst: int
    per_minute: float


#: What one person may do, and what one address may. Fifty guests in one kitchen share an address, so what belongs to a
#: party (guests, joining, looking for music) fits fifty people who do it in the same minute, and the others one who is
#: busy. One row more than a name has is one more bound: all of them hold.
LIMITS: tuple[Limit, ...] = (
    Limit("registration", "address", 60, 6),
    Limit("guest", "address", 120, 60),
    Limit("sign_in", "address", 100, 30),
    Limit("refresh", "address", 300, 300),
    Limit("ticket", "user", 30, 60),
    Limit("ticket", "address", 600, 1_200),
    Limit("room", "user", 20, 2),
    Limit("room", "address", 100, 12),
    Limit("join", "user", 30, 60),
    Limit("join", "address", 300, 600),
    Limit("wrong_password", "room", 60, 30),
    Limit("search", "user", 60, 300),
    Limit("search", "address", 600, 3_000),
    Limit("link", "user", 150, 60),
    Limit("link", "address", 1_000, 600),
    Limit("upload", "user", 20, 6),
    Limit("upload", "address", 100, 30),
    Limit("import", "user", 10, 4),
    Limit("import", "address", 100, 20),
    Limit("export", "user", 30, 12),
    Limit("export", "address", 150, 60),
    Limit("command", "user", 100, 600),
    Limit("command", "address", 1_000, 6_000),
    Limit("socket", "address", 600, 1_200),
    Limit("wrong_code", "address", 60, 10),
    # Beyond `many`, somebody guesses from many addresses, and each is held to `suspected`, which binds nobody before.
    Limit("wrong_code_many", "server", 600, 60),
    Limit("wrong_code_suspected", "address", 3, 0.1),
    # Of IPv6 networks anybody may have as many as they like. With 100 rooms open, 31^6 codes and 10 guesses a second, a
    # right one is found in ten days.
    Limit("wrong_code_most", "server", 3_000, 600),
)
#: What each process counts by itself: a handshake waits for nothing, and a command would take half as long again where
#: Redis writes everything to disk before it answers (0.7 ms; otherwise 0.1).
HERE = frozenset({"socket", "command"})
#: What a code that is of no room counts for.
WRONG_CODE = ("wrong_code", "wrong_code_suspected", "wrong_code_many", "wrong_code_most")

#: All limits by their names.
NAMED: dict[str, tuple[Limit, ...]] = {
    name: tuple(limit for limit in LIMITS if limit.name == name) for name in dict.fromkeys(each.name for each in LIMITS)
}


class Measure(NamedTuple):
    """A limit as the generic cell rate algorithm has it. Milliseconds: what each use takes, and how far ahead of its
    time the last one of a burst is.
    """

    interval: float
    tolerance: float

    @classmethod
    def of(cls, limit: Limit, scale: float) -> "Measure":
        """`scale` times as many, and one at least; also in 1,000 minutes, as times have to be numbers for Redis."""
        interval = 60_000 / max(limit.per_minute * scale, 0.001)
        return cls(interval, (max(1.0, limit.burst * scale) - 1) * interval)

    def most(self, uses: int) -> int:
        """So many uses, but no more than are ever possible at once."""
        return min(uses, int(self.tolerance / self.interval + 1.001))


class Verdict(NamedTuple):
    """Whether there is room for what was asked, and in how many ms there is room for one more."""

    taken: bool
    wait: float


class Bucket:
    """A measure that refills, for one connection. `now` is any clock in milliseconds that does not step back."""

    __slots__ = ("_at", "_burst", "_left", "_now", "_rate")

    def __init__(self, burst: float, per_second: float, now: Callable[[], float]) -> None:
        self._burst = burst
        self._rate = per_second / 1_000
        self._now = now
        self._left = burst
        self._at = now()

    def take(self) -> bool:
        """Whether there is one left; it is taken if so."""
        now = self._now()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


#: Seconds between two times that processes tell each other what each counts by itself; and the part of what is allowed
#: in that time that a process keeps to itself: so up to sixteen of them allow no more than one does.
TELL_S = 2.0
UNTOLD = 16


class Here:
    """Measures kept in this process alone, for at most `most` subjects: those asked about last are known."""

    def __init__(self, now: Callable[[], float], most: int = 10_000) -> None:
        self._now = now
        self._most = most
        #: By subject, when it will be whole again.
        self._whole: dict[str, float] = {}

    def take(self, key: str, measure: Measure, uses: int = 1) -> Verdict:
        now = self._now()
        whole = max(now, self._whole.pop(key, 0.0))
        wait = whole + measure.interval * (uses - 1) - measure.tolerance - now
        taken = wait <= 0
        if taken:
            whole += measure.interval * uses
        self._whole[key] = whole
        if len(self._whole) > self._most:
            del self._whole[next(iter(self._whole))]
        return Verdict(taken, max(0.0, (whole - measure.tolerance - now) if taken else wait))


class Told(Here):
    """Measures that each process keeps by itself and tells the others of, so that no use waits for anybody."""

    def __init__(self, now: Callable[[], float], most: int = 10_000) -> None:
        super().__init__(now, most)
        #: By subject, how often each was used since the others were told, and what each use takes.
        self._used: dict[str, tuple[int, float]] = {}

    def take(self, key: str, measure: Measure, uses: int = 1) -> Verdict:
        verdict = super().take(key, measure, uses)
        if verdict.taken and (key in self._used or len(self._used) < self._most):
            self._used[key] = (self._used.get(key, (0, 0.0))[0] + uses, measure.interval)
        return verdict

    def used(self) -> dict[str, tuple[int, float]]:
        """What the others are to be told: who used more than a process keeps to itself. The count begins anew."""
        used, self._used = self._used, {}
        least = 1_000 * TELL_S / UNTOLD
        return {key: (uses, interval) for key, (uses, interval) in used.items() if uses * interval > least}

    def heard(self, key: str, ahead: float) -> None:
        """All processes together have used so much that it will be whole in `ahead` ms, what is untold here aside."""
        uses, interval = self._used.get(key, (0, 0.0))
        whole = self._now() + ahead + uses * interval
        self._whole[key] = max(whole, self._whole.pop(key, 0.0))
