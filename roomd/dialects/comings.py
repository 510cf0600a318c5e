"""Who came and who went by a commit, for the contracts that tell of people being there and not of membership."""

from collections.abc import Iterator
from typing import NamedTuple

from roomd.domain.commit import Commit
from roomd.domain.ids import UserId
from roomd.domain.membership import MemberLeft, MemberRenamed, SocketClosed, SocketOpened
from roomd.domain.room import Room


class Coming(NamedTuple):
    """Somebody came, or went, under this name."""

    came: bool
    user: UserId
    name: str


def changes(before: Room, after: Room) -> Iterator[Coming]:
    """Who is gone, and who has come, where nothing says how."""
    was, now = _there(before), _there(after)
    for user, name in was.items():
        if now.get(user) != name:
            yield Coming(False, user, name)
    for user, name in now.items():
        if was.get(user) != name:
            yield Coming(True, user, name)


def comings(before: Room, commit: Commit, after: Room) -> Iterator[Coming]:
    """By their first socket, by their last, or for good with sockets open. Another name is a going and a coming."""
    about = [
        event for event in commit.events if isinstance(event, SocketOpened | SocketClosed | MemberLeft | MemberRenamed)
    ]
    if not about:
        return
    there = _there(before)
    for event in about:
        user = event.user
        match event:
            case MemberRenamed(name=name) if user in there:
                yield Coming(False, user, there[user])
                there[user] = name
                yield Coming(True, user, name)
            case SocketOpened(first=True) if user not in there:
                there[user] = after.members[user].name if user in after.members else commit.by_name
                yield Coming(True, user, there[user])
            case SocketClosed(last=True) | MemberLeft() if user in there:
                yield Coming(False, user, there.pop(user))


def _there(room: Room) -> dict[UserId, str]:
    return {member.id: member.name for member in room.members.values() if member.online}
