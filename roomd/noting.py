"""Keeping the index, which may be stale, as fresh as may be: what is due, who is active, who is where."""

import logging

from roomd.domain import rules
from roomd.domain.commit import Commit
from roomd.domain.membership import MemberJoined, MemberLeft
from roomd.domain.refusals import Unavailable
from roomd.domain.room import Room
from roomd.store.index import Index

#: Milliseconds between two notes of a room's activity.
TOUCH_MS = 30_000.0

log = logging.getLogger(__name__)


class Notes:
    def __init__(self, index: Index) -> None:
        self._index = index

    async def note(self, before: Room, after: Room, commit: Commit) -> None:
        """After a commit."""
        try:
            if after.closed:
                await self.forget(before)
                return
            if (due := sooner(before, after)) is not None:
                # Again: a look at the room as it was before may have planned over the first time.
                await self._index.plan(after.id, due)
            for event in commit.events:
                if isinstance(event, MemberJoined):
                    await self._index.add_room_of(event.member.id, after.id, commit.at)
                elif isinstance(event, MemberLeft):
                    await self._index.drop_room_of(event.user, after.id)
            if _worth_noting(before, after):
                await self._index.touch(after.id, commit.at, after.settings.visibility == "public")
        except Unavailable as fault:
            log.info("the index missed a change of room %s: %s", after.id, fault)

    async def forget(self, room: Room) -> None:
        """The room is closed."""
        await self._index.forget(room.id)
        for user in room.members:
            await self._index.drop_room_of(user, room.id)


def sooner(before: Room | None, after: Room) -> float | None:
    """The room's next deadline, if it comes sooner than the one that was known."""
    due, was_due = rules.deadline(after), rules.deadline(before) if before else None
    return due if due is not None and (was_due is None or due < was_due) else None


def _worth_noting(before: Room, after: Room) -> bool:
    listed = before.settings.visibility != after.settings.visibility
    return listed or int(before.last_activity / TOUCH_MS) != int(after.last_activity / TOUCH_MS)
