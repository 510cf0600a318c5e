"""What a lot of commands leads to: each is decided on the room as those before it leave it."""

from collections.abc import Sequence
from typing import NamedTuple

from roomd.desks import Asked, Lot
from roomd.domain import rules
from roomd.domain.commit import Commit
from roomd.domain.moment import Moments
from roomd.domain.refusals import Refusal
from roomd.domain.room import Room
from roomd.store.commit_script import Transaction
from roomd.store.plain import Change, change


class Step(NamedTuple):
    """A command between the room before and after it: with what it changed, or why it changed nothing."""

    asked: Asked
    before: Room
    after: Room
    change: Change | None = None
    refusal: Refusal | None = None

    @property
    def known_by(self) -> tuple[str, int | None] | None:
        """The name that the command is known by, and its rev; None where it has no name and changed nothing."""
        if self.refusal is not None:
            return (self.asked.once, None)
        if self.change is not None or self.asked.command_id is not None:
            return (self.asked.once, self.after.rev)
        return None


class Decided(NamedTuple):
    """What a lot leads to: the room before and after it, and what is to be committed, if anything changed."""

    lot: Lot
    before: Room
    after: Room
    steps: Sequence[Step]
    transaction: Transaction

    @property
    def commits(self) -> list[Commit]:
        return [change.commit for change in self.transaction.changes]


def decide_all(before: Room, lot: Lot, moments: Moments) -> Decided:
    steps = []
    room = before
    for asked in lot.asked:
        steps.append(_decide(room, asked, moments))
        room = steps[-1].after
    changes = [step.change for step in steps if step.change is not None]
    known = [step.known_by for step in steps if step.known_by is not None]
    return Decided(lot, before, room, steps, Transaction(changes, known))


def _decide(before: Room, asked: Asked, moments: Moments) -> Step:
    moment = moments(before.id)
    try:
        events, after = rules.outcome(before, asked.command, asked.actor, moment)
    except Refusal as refusal:
        return Step(asked, before, before, refusal=refusal)
    if not events:
        return Step(asked, before, before)
    commit = Commit(
        epoch=before.epoch,
        rev=before.rev + 1,
        at=moment.now,
        by=asked.actor.id or None,
        by_name=asked.actor.name if asked.actor.id else "",
        command=asked.command_id,
        events=tuple(events),
    )
    after = rules.numbered(after, commit)
    return Step(asked, before, after, change(before, commit, after))
