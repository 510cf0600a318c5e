"""Who may do what how often, for all processes together; and by this process alone while Redis is away.

Where there is no room, that is remembered until there is, so that whoever goes on asking costs Redis nothing.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from roomd.domain.refusals import Limited, Unavailable
from roomd.limits import HERE, LIMITS, NAMED, WRONG_CODE, Here, Limit, Measure, Told, Verdict
from roomd.store.gcra import Asked, Gcra

#: How many limits without room are remembered, and kept while Redis is away. 10,000 take 2 MB.
REMEMBERED = 10_000
#: Redis did not answer: it is not asked again for so long.
AWAY_MS = 1_000.0

#: Subjects in one call of a script.
_AT_ONCE = 500
_OFTEN = "Too often; wait a moment and try again."


class Who(NamedTuple):
    """Whose use it is; by what is not known, nothing is counted."""

    address: str = ""
    user: str = ""
    room: str = ""
    server: str = "all"


class Limiter:
    """`scale` times what the table says; 0 is no limit. `now` is any clock in ms that does not step back."""

    def __init__(self, gcra: Gcra, scale: float, now: Callable[[], float]) -> None:
        self._gcra = gcra
        self._now = now
        #: Empty where there are no limits.
        self._measures = {limit: Measure.of(limit, scale) for limit in LIMITS if scale}
        self._here = Here(now, REMEMBERED)
        self._told = Told(now, REMEMBERED)
        #: By subject, until when there is no room.
        self._full: dict[str, float] = {}
        self._away_until = 0.0

    async def use(self, name: str, who: Who, uses: int = 1) -> None:
        """Count what is about to be done. Raises Limited where that is too often."""
        if name in HERE:
            self.use_here(name, who)
            return
        bounds = self._bounds(name, who)
        if bounds and uses:
            self.demand(name, who)
            _refuse(await self._take(bounds, uses, alone=False))

    def use_here(self, name: str, who: Who) -> None:
        """As `use`, for what each process counts by itself, as it cannot wait. Raises Limited."""
        bounds = self._bounds(name, who)
        _refuse([self._told.take(_key(limit, subject), self._measures[limit]) for limit, subject in bounds])

    async def tell(self) -> None:
        """Have all processes know what each counted by itself; nothing is asked where nobody used much."""
        used = list(self._told.used().items())
        for n in range(0, len(used), _AT_ONCE):
            batch = used[n : n + _AT_ONCE]
            with suppress(Unavailable):
                ahead = await self._gcra.add([(key, uses * interval) for key, (uses, interval) in batch])
                for (key, _), each in zip(batch, ahead, strict=True):
                    self._told.heard(key, each)

    def demand(self, name: str, who: Who) -> None:
        """Raise Limited where there was no room left when one was last counted."""
        if (wait := self._full_for(self._bounds(name, who))) > 0:
            raise Limited(_OFTEN, wait / 1_000)

    def demand_code(self, address: str) -> None:
        """Raise Limited where too many wrong codes came from there: not even a right one is to say anything then."""
        if not self._full:
            return
        full = [bound for name in ("wrong_code", "wrong_code_most") for bound in self._bounds(name, Who(address))]
        if (wait := self._full_for(full)) > 0:
            raise Limited("Too many wrong codes; wait a little and try again.", wait / 1_000, "too_many_codes")

    async def wrong_code(self, address: str) -> None:
        """Count a code that is of no room, so that this address may have to wait before it can try another."""
        bounds = [bound for name in WRONG_CODE for bound in self._bounds(name, Who(address))]
        if not bounds:
            return
        mine, suspected, many, most = await self._take(bounds, 1, alone=True)
        wait = mine.wait if many.taken else max(mine.wait, suspected.wait)
        for bound, full_for in ((bounds[0], wait), (bounds[3], most.wait)):
            self._remember(bound, full_for)

    def _bounds(self, name: str, who: Who) -> list[tuple[Limit, str]]:
        """The limits of this name that apply, each with whom it is of."""
        if not self._measures:
            return []
        return [(limit, subject) for limit in NAMED[name] if (subject := getattr(who, limit.per))]

    async def _take(self, bounds: Sequence[tuple[Limit, str]], uses: int, *, alone: bool) -> list[Verdict]:
        if self._now() < self._away_until:
            return [self._alone(limit, subject, uses) for limit, subject in bounds]
        asked = []
        for limit, subject in bounds:
            measure = self._measures[limit]
            asked.append(Asked(f"{limit.name}:{limit.per}", subject, *measure, measure.most(uses)))
        try:
            verdicts = [Verdict(*each) for each in await self._gcra.take(asked, alone=alone)]
        except Unavailable:
            self._away_until = self._now() + AWAY_MS
            return [self._alone(limit, subject, uses) for limit, subject in bounds]
        for bound, verdict in zip(bounds, verdicts, strict=True):
            # What one has to wait for several says nothing of who wants only one.
            if not alone and (verdict.taken or uses == 1):
                self._remember(bound, verdict.wait)
        return verdicts

    def _alone(self, limit: Limit, subject: str, uses: int) -> Verdict:
        measure = self._measures[limit]
        return self._here.take(_key(limit, subject), measure, measure.most(uses))

    def _full_for(self, bounds: Sequence[tuple[Limit, str]]) -> float:
        """For how many ms more there is no room."""
        return max((self._full.get(_key(*bound), 0.0) for bound in bounds), default=0.0) - self._now()

    def _remember(self, bound: tuple[Limit, str], wait: float) -> None:
        key = _key(*bound)
        self._full.pop(key, None)
        if wait > 0:
            self._full[key] = self._now() + wait
            if len(self._full) > REMEMBERED:
                del self._full[next(iter(self._full))]


def _key(limit: Limit, subject: str) -> str:
    return f"{limit.name}:{limit.per}:{subject}"


def _refuse(verdicts: Sequence[Verdict]) -> None:
    wait = max((each.wait for each in verdicts if not each.taken), default=0.0)
    if wait > 0:
        raise Limited(_OFTEN, wait / 1_000)
