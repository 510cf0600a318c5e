"""Group commit: lots of several rooms that begin in one turn of the loop are committed by one script call.

That is where nothing has to be looked at before. Any lot that this does not do for (the room is not here, has moved on,
or is to be planned for; Redis did not answer; a rule has a fault) is carried out by itself, so that no room holds up or
spoils another, and there is one place in which things go wrong. In a cluster each is.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from roomd.committing import PATIENCE_S, Begun, Committing
from roomd.deciding import Decided, decide_all
from roomd.desks import Desks, Lot
from roomd.domain.moment import Moments
from roomd.domain.refusals import Conflict, Unavailable
from roomd.keeping import Keeping
from roomd.noting import Notes, Step
from roomd.store.commit_script import Done
from roomd.store.rooms import RoomStore
from roomd.store.watchdog import Patience
from roomd.tasks import Tasks
from roomd.warm import Warm

#: Commands of several rooms in one call: half of 64 under way, so that some are decided while Redis writes others.
CALL = 32

log = logging.getLogger(__name__)


class ToTell(NamedTuple):
    """A lot that was committed, and what the index is to be told of it before it is answered."""

    lot: Lot
    step: Step
    answer: Callable[[], None]


class GroupCommit:
    def __init__(
        self,
        *,
        store: RoomStore,
        keeper: Keeping,
        notes: Notes,
        warm: Warm,
        committing: Committing,
        moment: Moments,
    ) -> None:
        self._store = store
        self._keeper = keeper
        self._notes = notes
        self._warm = warm
        self._committing = committing
        self._moment = moment
        self.desks = Desks(self._begin)
        self._patience = Patience()
        self._tasks: set[asyncio.Task[None]] = set()
        self._telling = Tasks(log)

    def _begin(self, lots: Sequence[Lot]) -> None:
        if not self._store.in_one:
            for lot in lots:
                self._start(lot)
            return
        for some in _calls(lots):
            self._together(some)

    def _start(self, lot: Lot, begun: Begun | None = None) -> None:
        """Have a lot answered by itself."""
        task = asyncio.get_running_loop().create_task(self._committing.alone(lot, begun))
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, lot))

    def _ended(self, lot: Lot, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.desks.over(lot, None if task.cancelled() else task.exception())

    def _together(self, lots: Sequence[Lot]) -> None:
        """Commit lots of several rooms at once, without a task; where that cannot be, each goes by itself."""
        left = {lot.room: lot for lot in lots}
        ready: list[Decided] = []
        try:
            for lot in lots:
                before = self._warm.get(lot.room)
                begun = Begun(decide_all(before, lot, self._moment)) if before else None
                if begun is not None and self._is_ready(begun.decided):
                    self._warm.made(begun.decided.transaction.changes)
                    ready.append(begun.decided)
                else:
                    self._start(left.pop(lot.room), begun)
            if ready and (answer := self._store.begin_each([decided.transaction for decided in ready])):
                self._patience.wait(answer, min(decided.lot.asked[0].came for decided in ready) + PATIENCE_S)
                answer.add_done_callback(partial(self._answered, ready))
                left.clear()
        finally:
            # Also after a fault of ours, which the one whose it is meets again by itself.
            for lot in left.values():
                self._start(lot)

    def _answered(self, ready: Sequence[Decided], answer: asyncio.Future[Any]) -> None:
        """What became of lots that were committed together."""
        left = {decided.lot.room: decided.lot for decided in ready}
        told: list[ToTell] = []
        try:
            for decided, outcome in zip(ready, self._store.ended(answer), strict=True):
                lot = decided.lot
                if isinstance(outcome, Done):
                    told += self._done(decided)
                elif isinstance(outcome, Conflict) or not isinstance(outcome, Exception):
                    self._start(lot, Begun(decided, outcome))
                else:
                    self._start(lot)
                del left[lot.room]
        except Unavailable as fault:
            log.debug("what was to be committed together goes one by one: %s", fault)
        finally:
            for lot in left.values():
                self._start(lot)
            if told:
                self._telling.start("telling the index", self._tell(told))

    def _is_ready(self, decided: Decided) -> bool:
        """Whether a lot can be committed without looking at or noting anything before."""
        return (
            bool(decided.transaction.changes)
            and self._keeper.holds(decided.lot.room)
            and self._warm.sooner(decided.before, decided.after) is None
        )

    def _done(self, decided: Decided) -> list[ToTell]:
        """Answer a lot of those that were committed together; or it is to be answered once the index was told of it."""
        kept = self._committing.taken_over(decided)
        step = Step(decided.before, decided.after, decided.commits)
        if self._notes.needed(step):
            return [ToTell(decided.lot, step, partial(self._committing.answer, decided, kept))]
        self._committing.answer(decided, kept)
        self.desks.over(decided.lot)
        return []

    async def _tell(self, told: Sequence[ToTell]) -> None:
        """Tell the index, of all rooms in one message, and answer those lots."""
        try:
            await self._notes.note(*(each.step for each in told))
        finally:
            for each in told:
                each.answer()
                self.desks.over(each.lot)


def _calls(lots: Sequence[Lot]) -> Iterator[list[Lot]]:
    """The lots that share a call, with so many commands together, or one that has more by itself."""
    some: list[Lot] = []
    commands = 0
    for lot in lots:
        if some and commands + len(lot.asked) > CALL:
            yield some
            some, commands = [], 0
        some.append(lot)
        commands += len(lot.asked)
    yield some
