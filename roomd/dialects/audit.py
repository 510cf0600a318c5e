"""The audit log in words: who did what to whom, a line for each deed."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from roomd.domain import door, membership, moderation, permissions, requests, room
from roomd.domain.commit import Commit
from roomd.domain.ids import UserId
from roomd.domain.room import Room
from roomd.domain.words import Event

#: From a user's id to their name.
Names = Callable[[UserId], str]


def names_in(now: Room, commits: Iterable[Commit]) -> Names:
    """The names of those who are there, who acted, or of whom the log itself says who they were."""
    known: dict[str, str] = {}
    for commit in commits:
        if commit.by is not None:
            known[commit.by] = commit.by_name
        for event in commit.events:
            match event:
                case membership.MemberLeft(user=user, name=name):
                    known[user] = name
                case membership.MemberJoined(member=member):
                    known[member.id] = member.name
    known |= {key: ban.name for key, ban in now.bans.items()}
    known |= {key: knock.name for key, knock in now.pending.items()}
    known |= {key: member.name for key, member in now.members.items()}
    return lambda user: known.get(user) or "somebody"


def lines(commit: Commit, names: Names) -> list[str]:
    """What was done in the commit, each deed as what follows the name of whoever did it."""
    return [line for event in commit.events if (word := _WORDS.get(type(event))) and (line := word(event, names))]


def _left(event: membership.MemberLeft, names: Names) -> str:
    """A ban tells of the leaving too; whoever made room did nothing, and nothing was done to them."""
    words = {"left": "left", "kicked": f"removed {event.name}", "banned": "", "away": ""}
    return words[event.how] + (f" ({event.reason})" if event.reason and event.how == "kicked" else "")


def _banned(event: moderation.Banned, names: Names) -> str:
    return f"banned {event.ban.name}" + (f" ({event.ban.reason})" if event.ban.reason else "")


def _muted(event: moderation.MemberMuted, names: Names) -> str:
    return f"{'muted' if event.until else 'unmuted'} {names(event.user)}"


def _answered(event: door.KnockAnswered, names: Names) -> str:
    if event.by == event.user:
        return "went away from the door"
    return f"{'let in' if event.approved else 'turned away'} {names(event.user)}"


def _settings(event: room.SettingsChanged, names: Names) -> str:
    return "set " + ", ".join(f"{name} to {value!r}" for name, value in sorted(event.changes.items()))


def _rights(event: permissions.RightsChanged, names: Names) -> str:
    each = (f"{role}s may {', '.join(sorted(rights)) or 'nothing'}" for role, rights in sorted(event.rights.items()))
    return f"changed rights: {'; '.join(each)}"


def _decided(event: requests.RequestDecided, names: Names) -> str:
    return f"{event.status} a request" + (f" ({event.reason})" if event.reason else "")


_WORDS: Mapping[type[Event], Callable[[Any, Names], str]] = {
    door.DoorChanged: lambda event, names: f"changed the door to {event.entry_mode}",
    door.KnockAnswered: _answered,
    membership.HostChanged: lambda event, names: f"made {names(event.host)} the host ({event.reason})",
    membership.MemberLeft: _left,
    membership.RoleChanged: lambda event, names: f"made {names(event.user)} a {event.role}",
    moderation.Banned: _banned,
    moderation.ChatCleared: lambda event, names: "cleared the chat",
    moderation.MemberMuted: _muted,
    moderation.MessageDeleted: lambda event, names: f"deleted line {event.message}",
    moderation.Unbanned: lambda event, names: f"lifted the ban of {names(event.keys[0])}",
    permissions.RightsChanged: _rights,
    requests.RequestDecided: _decided,
    room.SettingsChanged: _settings,
}
