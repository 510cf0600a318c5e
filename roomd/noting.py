"""Keeping the index, which may be stale, as fresh as may be: what is due, who is active, who is where."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from roomd.domain.commit import Commit
from roomd.domain.ids import UserId
from roomd.domain.membership import MemberJoined, MemberLeft
from roomd.domain.refusals import Unavailable
from roomd.domain.room import Room
from roomd.store.index import Index
from roomd.store.noted import Active, Noted

#: Milliseconds between two notes of a room's activity.
TOUCH_MS = 30_000.0
_COMING_AND_GOING = frozenset({MemberJoined, MemberLeft})

log = logging.getLogger(__name__)


class Step(NamedTuple):
    """A room between before and after commits in a row; `due` is the next deadline, where it comes sooner than the one
    that was known.
    """

    before: Room
    after: Room
    commits: Sequence[Commit]
    due: float | None = None


class Notes:
    def __init__(self, index: Index) -> None:
        self._index = index

    def needed(self, step: Step) -> bool:
        """Whether `note` has anything to do."""
        if step.after.closed or step.due is not None or _worth_noting(step.before, step.after):
            return True
        return any(type(event) in _COMING_AND_GOING for commit in step.commits for event in commit.events)

    async def note(self, *steps: Step) -> None:
        """After commits in rooms: all of them told to the index in one message."""
        try:
            for step in steps:
                if step.after.closed:
                    await self.forget(step.before)
            # The deadline again: a look at the room as it was before may have planned over the first time.
            await self._index.note(*(_noted(step) for step in steps if not step.after.closed))
        except Unavailable as fault:
            log.info("the index missed a change of %d rooms: %s", len(steps), fault)

    async def forget(self, room: Room) -> None:
        """The room is closed."""
        await self._index.forget(room.id)
        for user in room.members:
            await self._index.drop_room_of(user, room.id)


def _noted(step: Step) -> Noted:
    active = None
    if _worth_noting(step.before, step.after):
        active = Active(step.commits[-1].at, step.after.settings.visibility == "public")
    return Noted(step.after.id, step.due, _people(step.commits), active)


def _people(commits: Sequence[Commit]) -> dict[UserId, float | None]:
    """Who has come, and when; None for who has left."""
    people: dict[UserId, float | None] = {}
    for commit in commits:
        for event in commit.events:
            if isinstance(event, MemberJoined):
                people[event.member.id] = commit.at
            elif isinstance(event, MemberLeft):
                people[event.user] = None
    return people


def _worth_noting(before: Room, after: Room) -> bool:
    listed = before.settings.visibility != after.settings.visibility
    return listed or int(before.last_activity / TOUCH_MS) != int(after.last_activity / TOUCH_MS)
