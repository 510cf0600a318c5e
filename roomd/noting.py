"""Keeping the index, which may be stale, as fresh as may be: what is due, who is active, who is where."""

import logging
from collections.abc import Sequence

from roomd.domain.commit import Commit
from roomd.domain.ids import UserId
from roomd.domain.membership import MemberJoined, MemberLeft
from roomd.domain.refusals import Unavailable
from roomd.domain.room import Room
from roomd.store.index import Index
from roomd.store.noted import Active, Noted

#: Milliseconds between two notes of a room's activity.
TOUCH_MS = 30_000.0
_COMING_AND_GOING = (MemberJoined, MemberLeft)

log = logging.getLogger(__name__)


class Notes:
    def __init__(self, index: Index) -> None:
        self._index = index

    def needed(self, before: Room, after: Room, commits: Sequence[Commit], due: float | None) -> bool:
        """Whether `note` has anything to do."""
        if after.closed or due is not None or _worth_noting(before, after):
            return True
        return any(isinstance(event, _COMING_AND_GOING) for commit in commits for event in commit.events)

    async def note(self, before: Room, after: Room, commits: Sequence[Commit], due: float | None) -> None:
        """After commits in a row; `due` is the next deadline, where it comes sooner than the one that was known."""
        try:
            if after.closed:
                await self.forget(before)
                return
            active = (
                Active(commits[-1].at, after.settings.visibility == "public") if _worth_noting(before, after) else None
            )
            # The deadline again: a look at the room as it was before may have planned over the first time.
            await self._index.note(Noted(after.id, due, _people(commits), active))
        except Unavailable as fault:
            log.info("the index missed a change of room %s: %s", after.id, fault)

    async def forget(self, room: Room) -> None:
        """The room is closed."""
        await self._index.forget(room.id)
        for user in room.members:
            await self._index.drop_room_of(user, room.id)


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
