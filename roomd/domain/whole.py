"""A room with what is kept beside it: its chat, and the commits that moderation answers for. What a snapshot holds.

`fold` is to this what `apply` is to the room alone: old state and what happened since make the new state.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct, structs

from roomd.domain import rules
from roomd.domain.chat import Message, Reacted, Said
from roomd.domain.commit import Commit
from roomd.domain.door import DoorChanged, KnockAnswered
from roomd.domain.ids import MessageId
from roomd.domain.membership import HostChanged, MemberLeft, RoleChanged
from roomd.domain.moderation import Banned, ChatCleared, MemberMuted, MessageDeleted, Unbanned
from roomd.domain.permissions import RightsChanged
from roomd.domain.requests import RequestDecided
from roomd.domain.room import Room, RoomOpened, SettingsChanged
from roomd.domain.words import Event

#: Lines of chat, and commits that moderation answers for, that are kept with a room.
CHAT_LENGTH = 5_000
AUDIT_LENGTH = 1_000
#: What somebody did to others or to the room, and may be asked about.
AUDITED = frozenset(
    {
        Banned,
        ChatCleared,
        DoorChanged,
        HostChanged,
        KnockAnswered,
        MemberLeft,
        MemberMuted,
        MessageDeleted,
        RequestDecided,
        RightsChanged,
        RoleChanged,
        SettingsChanged,
        Unbanned,
    }
)


class Whole(Struct, frozen=True, kw_only=True):
    """`chat` and `audit` are oldest first; a line carries who reacted to it, in the order of their ids."""

    room: Room
    chat: tuple[Message, ...] = ()
    audit: tuple[Commit, ...] = ()


def audited(commit: Commit) -> bool:
    return commit.by is not None and any(type(event) in AUDITED for event in commit.events)


def fold(whole: Whole | None, commits: Iterable[Commit]) -> Whole | None:
    """The room after commits that follow each other; None before it was opened. Ends before the first gap."""
    room = whole.room if whole else None
    lines = {line.id: line for line in whole.chat} if whole else {}
    audit = list(whole.audit) if whole else []
    for commit in commits:
        opening = next((event for event in commit.events if isinstance(event, RoomOpened)), None)
        if opening is not None:
            room = structs.replace(opening.room, epoch=commit.epoch, rev=commit.rev)
        elif room is None or (commit.epoch, commit.rev) != (room.epoch, room.rev + 1):
            break
        else:
            room = rules.apply(room, commit)
        for event in commit.events:
            lines = _talked(lines, event)
        if audited(commit):
            audit.append(commit)
    if room is None:
        return None
    return Whole(room=room, chat=tuple(lines.values())[-CHAT_LENGTH:], audit=tuple(audit[-AUDIT_LENGTH:]))


def with_reaction(line: Message, emoji: str, user: str, *, on: bool) -> Message:
    users = {each for each in line.reactions.get(emoji, ()) if each != user} | ({user} if on else set())
    reactions = {**line.reactions, emoji: sorted(users)}
    return structs.replace(line, reactions={key: reactions[key] for key in sorted(reactions) if reactions[key]})


def _talked(lines: dict[MessageId, Message], event: Event) -> dict[MessageId, Message]:
    match event:
        case Said(message=message):
            lines[message.id] = message
        case Reacted(message=key, emoji=emoji, user=user, on=on) if key in lines:
            lines[key] = with_reaction(lines[key], emoji, user, on=on)
        case MessageDeleted(message=key):
            lines.pop(key, None)
        case ChatCleared():
            lines = {}
    return lines


def commands(commits: Iterable[Commit], since: float) -> Mapping[str, int]:
    """The ids of the commands that led to commits at or after room time `since`, with the rev of each."""
    return {
        f"{commit.by}:{commit.command}": commit.rev
        for commit in commits
        if commit.command is not None and commit.at >= since
    }
