"""The native contract, version 1: everything, as `docs/protocol.md` describes it."""

import re
from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_
from typing import Annotated, Any, NamedTuple, get_args

import msgspec
from msgspec import Meta, Struct

from roomd.dialects.dialect import Dialect, View
from roomd.domain import (
    chat,
    door,
    membership,
    moderation,
    modes,
    permissions,
    playback,
    queue,
    requests,
    room,
    votes,
)
from roomd.domain.actor import Actor
from roomd.domain.commit import Commit
from roomd.domain.entries import EntriesAdded, Entry
from roomd.domain.ids import EntryId
from roomd.domain.knocks import Knock
from roomd.domain.people import Member, Role, rights_of, role_of
from roomd.domain.refusals import Invalid, Refusal
from roomd.domain.room import Room, RoomOpened
from roomd.domain.wanted import Wanted
from roomd.domain.wishes import Action
from roomd.domain.words import Command, Event, snake

MAX_ID = 64

encode = msgspec.json.Encoder().encode
_MISSING = re.compile("Object missing required field `(.*)`")


class Resume(Struct, frozen=True):
    epoch: int
    rev: Annotated[int, Meta(ge=0)]


class Hello(Struct, frozen=True, tag_field="type", tag=snake):
    token: str | None = None
    password: Annotated[str, Meta(max_length=256)] = ""
    resume: Resume | None = None


class Ping(Struct, frozen=True, tag_field="type", tag=snake):
    c0: float
    id: int | str | None = None


class Add(Command, frozen=True):
    """As the domain's, but of tracks as a client knows them: titles and lengths may be missing."""

    tracks: Annotated[tuple[Wanted, ...], Meta(min_length=1, max_length=queue.MAX_ADDED)]
    at: queue.Where = "end"


class Ask(Command, frozen=True):
    """As the domain's, but of a track as a client knows it."""

    action: Action
    track: Wanted | None = None
    entry: EntryId | None = None
    before: EntryId | None = None


class Door(Command, frozen=True):
    """How people come in; the password is hashed before anybody else sees it."""

    entry_mode: room.EntryMode
    password: Annotated[str, Meta(max_length=256)] = ""


#: What a client may ask for. `type` is the class's name in snake_case, unless the class says otherwise.
COMMANDS: tuple[type[Command], ...] = (
    Add,
    Ask,
    Door,
    chat.React,
    chat.Say,
    door.Admit,
    membership.HandOver,
    membership.Leave,
    membership.SetRole,
    moderation.BanUser,
    moderation.ClearChat,
    moderation.DeleteMessage,
    moderation.Kick,
    moderation.Mute,
    moderation.Unban,
    modes.Dj,
    modes.Up,
    permissions.Permit,
    playback.Next,
    playback.Pause,
    playback.Play,
    playback.PlayEntry,
    playback.Previous,
    playback.Rate,
    playback.Seek,
    queue.Clear,
    queue.Measured,
    queue.Move,
    queue.Remove,
    queue.Shuffle,
    requests.Decide,
    requests.Withdraw,
    room.Close,
    room.Set,
    votes.VoteSkip,
)

_Wire = reduce(or_, COMMANDS, Hello | Ping)
_decode = msgspec.json.Decoder(_Wire).decode
_decode_any = msgspec.json.Decoder(dict[str, Any]).decode


class Asked(NamedTuple):
    """A command under the client's own id for it."""

    id: str
    command: Command


class Misunderstood(Exception):  # noqa: N818 - an answer, not a fault
    """A message that is no message: the refusal to send back, and the id it was sent under if that could be read."""

    def __init__(self, refusal: Refusal, command_id: str | None = None) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.command_id = command_id


def hear(text: str | bytes) -> Hello | Ping | Asked:
    """What a client said. Raises Misunderstood."""
    if isinstance(text, bytes):
        raise Misunderstood(Invalid("Messages are text frames; this one is binary."))
    try:
        said = _decode(text)
    except msgspec.ValidationError as fault:
        raise Misunderstood(_wrong(str(fault)), _id_of(text)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Misunderstood(Invalid("That is not JSON.", "invalid_json")) from None
    if not isinstance(said, Command):
        return said  # type: ignore[no-any-return]
    command_id = _id_of(text)
    if command_id is None:
        reason = f"must be a string of 1 to {MAX_ID} characters"
        raise Misunderstood(Invalid(f"id {reason}", fields={"id": reason}))
    return Asked(command_id, said)


def welcome(view: View, actor: Actor, *, resumed: bool, clock: str, heartbeat_ms: int, rev: int) -> str:
    return _text(
        {
            "type": "welcome",
            "epoch": view.room.epoch,
            "rev": rev,
            "resumed": resumed,
            "you": {"id": actor.id, "name": actor.name, "guest": actor.guest},
            "room": {"id": view.room.id, "code": view.room.code},
            "now": view.now,
            "clock": clock,
            "heartbeat_ms": heartbeat_ms,
        }
    )


def pong(ping: Ping, received: float, sent: float, clock: str) -> str:
    return _text({"type": "pong", "id": ping.id, "c0": ping.c0, "s1": received, "s2": sent, "clock": clock})


def ack(command_id: str, epoch: int, rev: int, level: str = "accepted") -> str:
    return _text({"type": "ack", "id": command_id, "epoch": epoch, "rev": rev, "level": level})


def error(refusal: Refusal, command_id: str | None = None) -> str:
    message: dict[str, Any] = {"type": "error", "code": refusal.code, "message": refusal.message}
    message |= {"retriable": refusal.temporary}
    if command_id is not None:
        message["id"] = command_id
    if refusal.fields:
        message["fields"] = refusal.fields
    return _text(message)


def state(view: View) -> str:
    now = view.room
    shown = {
        "id": now.id,
        "code": now.code,
        **msgspec.structs.asdict(now.settings),
        "created_at": now.created_at,
        "owner": now.owner,
        "host": now.host,
        "playback": now.playback,
        "queue": [_entry(now.entries[key], rank) for key, rank in sorted(now.ranks.items(), key=lambda item: item[1])],
        "members": [_member(now, member) for member in now.members.values()],
        "chat": view.chat,
        "rights": {role: sorted(rights_of(now, role)) for role in get_args(Role)},
        "requests": list(now.requests.values()),
        "pending": [_knock(knock) for knock in now.pending.values()],
        "ups": now.ups,
        "skip_votes": sorted(now.skip_votes),
        "skip_needed": votes.needed(now),
        "djs": now.djs,
    }
    return _text({"type": "state", "epoch": now.epoch, "rev": now.rev, "room": shown})


def commit_text(commit: Commit) -> str:
    events = [shown for event in commit.events if (shown := _event(event)) is not None]
    return _text(
        {
            "type": "commit",
            "epoch": commit.epoch,
            "rev": commit.rev,
            "at": commit.at,
            "by": commit.by,
            "by_name": commit.by_name,
            "command": commit.command,
            "events": events,
        }
    )


def _event(event: Event) -> object | None:
    """The event as clients know it: most are told as they are, these are not."""
    shown = _SHOWN.get(type(event))
    return event if shown is None else shown(event)


def _presence(user: str, changes: bool, online: bool) -> object | None:
    """Sockets are told of only where they make somebody come or go."""
    return {"type": "presence", "user": user, "online": online} if changes else None


_SHOWN: Mapping[type[Event], Callable[[Any], object | None]] = {
    EntriesAdded: lambda event: {
        "type": "entries_added",
        "entries": [_entry(entry, event.ranks[entry.id]) for entry in event.entries],
    },
    RoomOpened: lambda event: None,
    door.DoorChanged: lambda event: {"type": "settings_changed", "changes": {"entry_mode": event.entry_mode}},
    door.Knocked: lambda event: {"type": "knocked", "knock": _knock(event.knock)},
    membership.MemberJoined: lambda event: {"type": "member_joined", "member": _joined(event.member)},
    membership.SocketClosed: lambda event: _presence(event.user, event.last, online=False),
    membership.SocketOpened: lambda event: _presence(event.user, event.first, online=True),
    moderation.Banned: lambda event: {"type": "banned", "user": event.keys[0], "name": event.ban.name},
    moderation.Unbanned: lambda event: {"type": "unbanned", "user": event.keys[0]},
}


def _entry(entry: Entry, rank: float) -> Mapping[str, object]:
    return {
        "id": entry.id,
        "rank": rank,
        "by": entry.by,
        "by_name": entry.by_name,
        "added_at": entry.added_at,
        "track": entry.track,
    }


def _knock(knock: Knock) -> Mapping[str, object]:
    return {"id": knock.id, "name": knock.name, "guest": knock.guest, "at": knock.at}


def _joined(member: Member) -> dict[str, object]:
    role = "cohost" if member.cohost else "member"
    return {
        "id": member.id,
        "name": member.name,
        "role": role,
        "guest": member.guest,
        "online": member.online,
        "joined_at": member.joined_at,
        "muted_until": member.muted_until,
    }


def _member(now: Room, member: Member) -> Mapping[str, object]:
    return _joined(member) | {"role": role_of(now, member.id)}


def _id_of(text: str | bytes) -> str | None:
    """The message's `id`, where it is one."""
    try:
        found = _decode_any(text).get("id")
    except (msgspec.DecodeError, RecursionError):
        return None
    return found if isinstance(found, str) and 0 < len(found) <= MAX_ID else None


def _wrong(fault: str) -> Invalid:
    """msgspec says `Expected `float` - at `$.position``; a person is told which field, and what it takes."""
    reason, _, path = fault.partition(" - at `$")
    field = path.rstrip("`").lstrip(".")
    if missing := _MISSING.fullmatch(reason):
        field, reason = f"{field}.{missing[1]}".lstrip("."), "is required"
    if not field or field == "type":
        return Invalid(f"Unknown or missing message type: {reason}." if field else reason)
    return Invalid(f"{field}: {reason}", fields={field: reason})


def _text(message: object) -> str:
    return encode(message).decode()


def _tell(before: Room, commit: Commit, after: Room) -> list[str]:
    return [commit_text(commit)]


NATIVE = Dialect(
    name="native",
    greet=lambda view, actor: [state(view)],
    tell=_tell,
    replay=lambda commit: [commit_text(commit)],
)
