"""How a lot of commands is carried out: decided, committed, noted, answered; again where the copy was an old one."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from roomd import noting
from roomd.archived import Level
from roomd.copies import Copies
from roomd.deciding import Decided, Step, decide_all
from roomd.desks import Lot, too_busy
from roomd.domain.commit import Commit
from roomd.domain.moment import Moments
from roomd.domain.refusals import Conflict, Unavailable
from roomd.domain.room import Room
from roomd.keeping import Keeping, Receipt
from roomd.noting import Notes
from roomd.store.commit_script import Done, Outcome, Seen, Stale, Transaction
from roomd.store.index import Index
from roomd.store.rooms import RoomStore
from roomd.warm import Warm

#: Seconds for which a decision is made anew because another process was faster.
BUSY_S = 2.0
#: Seconds to wait before repeating a commit that Redis did not answer; the script knows the command's id.
RETRY_S = (0.05, 0.2, 0.5)
#: Seconds after which an unanswered commit is left to the sender to repeat.
GIVE_UP_S = 1.0
#: Seconds within which a command is answered, whatever is wrong.
PATIENCE_S = 2.5

Watcher = Callable[[Room, Commit, Room], None]


class Begun(NamedTuple):
    """What was decided of a lot, and what the script said to it, if it was asked."""

    decided: Decided
    outcome: Outcome | Conflict | None = None


class Committing:
    def __init__(
        self,
        *,
        store: RoomStore,
        index: Index,
        keeper: Keeping,
        notes: Notes,
        warm: Warm,
        copies: Copies,
        moment: Moments,
    ) -> None:
        self._store = store
        self._index = index
        self._keeper = keeper
        self._notes = notes
        self._warm = warm
        self._copies = copies
        self._moment = moment
        self.watchers: list[Watcher] = []

    def receipt(self, room: Room, rev: int) -> Receipt:
        """For what took effect earlier."""
        return Receipt(room, rev, self._keeper.settled(room.id, room.epoch, rev))

    async def written(self, transaction: Transaction, due: float | None) -> Outcome:
        """Commit, repeating what got no answer: under ids that the script knows again, so it takes effect once."""
        after = transaction.changes[-1].after
        self._warm.made(transaction.changes)
        began = asyncio.get_running_loop().time()
        for wait in (*RETRY_S, None):
            try:
                if due is not None:
                    # Before the commit: a look too many is harmless, a deadline that nobody knows of is not.
                    await self._index.plan(after.id, due)
                return await self._store.commit_all(transaction)
            except Unavailable:
                if wait is None or asyncio.get_running_loop().time() - began > GIVE_UP_S:
                    self._warm.drop(after.id)
                    raise
            await asyncio.sleep(wait)
        raise AssertionError("unreachable")

    async def alone(self, lot: Lot, begun: Begun | None = None) -> None:
        """Answer each of a lot, going on from what has begun. Raises what the unanswered are to be refused for."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout_at(lot.asked[0].came + PATIENCE_S):
                if begun is not None and await self._gone_on(begun):
                    return
                while loop.time() - began < BUSY_S:
                    before = self._warm.get(lot.room) or await self._copies.load(lot.room)
                    open_yet = [asked for asked in lot.asked if not asked.answer.done()]
                    if await self._carried_out(decide_all(before, Lot(lot.room, open_yet), self._moment)):
                        return
        except TimeoutError:
            # What became of the commands is not known; sent again under their ids, they take effect once.
            self._warm.drop(lot.room)
            raise Unavailable("The room store does not answer. Try again in a moment.") from None
        raise too_busy()

    async def _gone_on(self, begun: Begun) -> bool:
        """As `_carried_out`."""
        if begun.outcome is None:
            return await self._carried_out(begun.decided)
        return await self._concluded(begun.decided, begun.outcome, None)

    async def _carried_out(self, decided: Decided) -> bool:
        """Answer each of the steps; False when the room has moved on before all of them were."""
        before = decided.before
        if decided.commits:
            await self._keeper.hold(before.id)
            due = self._warm.sooner(before, decided.after)
            outcome: Outcome | Conflict
            try:
                outcome = await self.written(decided.transaction, due)
            except Conflict as refusal:
                outcome = refusal
            return await self._concluded(decided, outcome, due)
        for step in decided.steps:
            if not await self._unchanged(step):
                await self._copies.moved_on(before)
                return False
        return True

    async def _concluded(self, decided: Decided, outcome: Outcome | Conflict, due: float | None) -> bool:
        """As `_carried_out`, from what the script said."""
        if isinstance(outcome, Done):
            kept = self.taken_over(decided)
            await self._notes.note(noting.Step(decided.before, decided.after, decided.commits, due))
            self.answer(decided, kept)
            return True
        if isinstance(outcome, Seen | Conflict) and len(decided.steps) > 1:
            for step in decided.steps:
                # Among them is one that is to be answered otherwise than the others.
                await self.alone(Lot(decided.lot.room, [step.asked]))
            return True
        return await self._not_done(decided.before, decided.steps[0], outcome, due)

    async def _unchanged(self, step: Step) -> bool:
        """Answer a command that changes nothing; False when that was decided on what is not the room as it is now."""
        asked, room = step.asked, step.before
        if step.refusal is not None or asked.command_id is None:
            at, seen = await self._store.at(room.id, asked.once)
        else:
            at, seen = await self._store.unchanged(room, asked.once, self._moment().now)
        if at != (room.epoch, room.rev):
            return False
        if seen is not None:
            # What was done the first time may be impossible the second: then it is no refusal.
            asked.settle(self.receipt(room, seen))
        elif step.refusal is not None:
            asked.refuse(step.refusal)
        else:
            asked.settle(self.receipt(room, room.rev))
        return True

    def taken_over(self, decided: Decided) -> list[asyncio.Future[Level]]:
        """The steps were committed: have the commits archived, lead the copy on, tell those who watch."""
        before, after = decided.before, decided.after
        kept = [self._keeper.note(before.id, change) for change in decided.transaction.changes]
        self._warm.keep(after)
        for change in decided.transaction.changes:
            for told in self.watchers:
                assert change.before is not None
                told(change.before, change.commit, change.after)
        self._end(after)
        return kept

    def answer(self, decided: Decided, kept: Sequence[asyncio.Future[Level]]) -> None:
        """All of the steps were committed, so what was decided on the way holds."""
        levels = iter(kept)
        for step in decided.steps:
            if step.refusal is not None:
                step.asked.refuse(step.refusal)
            elif step.change is not None:
                step.asked.settle(Receipt(step.after, step.after.rev, next(levels)))
            else:
                step.asked.settle(self.receipt(step.after, step.after.rev))

    async def _not_done(self, before: Room, step: Step, outcome: Outcome | Conflict, due: float | None) -> bool:
        """Nothing was committed. Answers the one step that there was, where it took effect before or cannot."""
        if isinstance(outcome, Conflict):
            step.asked.refuse(outcome)
            return True
        if isinstance(outcome, Stale):
            if outcome.rev < before.rev:
                # It is gone, or went back in time: no log leads there.
                self._warm.drop(before.id)
            await self._copies.moved_on(before)
            return False
        self._warm.drop(before.id)
        if isinstance(outcome, Seen):
            if outcome.rev == step.after.rev and step.change is not None:
                # Our own try, whose answer was lost; or the same command through another process.
                self._end(step.after)
                await self._notes.note(noting.Step(before, step.after, [step.change.commit], due))
            room = step.after if step.after.closed else await self._copies.load(before.id)
            step.asked.settle(self.receipt(room, outcome.rev))
            return True
        await self._copies.load(before.id)
        return False

    def _end(self, after: Room) -> None:
        if after.closed:
            self._warm.drop(after.id)
            self._keeper.bury(after)
