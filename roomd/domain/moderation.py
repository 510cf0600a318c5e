"""Moderation: quieten, remove, keep out. Hosts may do it to everybody, co-hosts to members only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, structs

from roomd.domain.ids import MessageId, UserId
from roomd.domain.knocks import Ban
from roomd.domain.membership import MemberLeft
from roomd.domain.people import Member, demand, role_of, with_member
from roomd.domain.refusals import Conflict, Forbidden, NotFound
from roomd.domain.text import tidy_text
from roomd.domain.words import Command, Event

if TYPE_CHECKING:
    from roomd.domain.actor import Actor
    from roomd.domain.moment import Moment
    from roomd.domain.room import Room

MAX_BANS = 500
MAX_REASON = 200
Reason = Annotated[str, Meta(max_length=MAX_REASON * 4)]


class Mute(Command, frozen=True):
    """For so many minutes; 0 lifts it."""

    user: UserId
    minutes: Annotated[float, Meta(ge=0, le=10_080)] = 10


class Kick(Command, frozen=True):
    user: UserId
    reason: Reason = ""


class BanUser(Command, frozen=True, tag="ban"):
    user: UserId
    reason: Reason = ""


class Unban(Command, frozen=True):
    """`user` is what the list of bans calls them."""

    user: str


class DeleteMessage(Command, frozen=True):
    message: Annotated[MessageId, Meta(pattern=r"^[0-9]{1,15}$")]


class ClearChat(Command, frozen=True):
    pass


class MemberMuted(Event, frozen=True):
    """Until room time `until`; 0: not any more."""

    user: UserId
    until: float


class Banned(Event, frozen=True):
    """`keys`: the user, and for a guest where they came from, unless others in the room did as well."""

    keys: tuple[str, ...]
    ban: Ban


class Unbanned(Event, frozen=True):
    keys: tuple[str, ...]


class MessageDeleted(Event, frozen=True):
    message: MessageId


class ChatCleared(Event, frozen=True):
    pass


def mute(room: Room, command: Mute, actor: Actor, moment: Moment) -> list[Event]:
    member = _demand_over(room, actor, command.user)
    until = moment.now + command.minutes * 60_000 if command.minutes else 0.0
    return [] if until == member.muted_until else [MemberMuted(user=member.id, until=until)]


def kick(room: Room, command: Kick, actor: Actor, moment: Moment) -> list[Event]:
    member = _demand_over(room, actor, command.user)
    reason = tidy_text("reason", command.reason, MAX_REASON, empty=True)
    return [MemberLeft(user=member.id, name=member.name, how="kicked", reason=reason)]


def ban(room: Room, command: BanUser, actor: Actor, moment: Moment) -> list[Event]:
    member = _demand_over(room, actor, command.user)
    if len(room.bans) >= MAX_BANS:
        raise Conflict(f"A room keeps {MAX_BANS} bans; lift some first.", "too_many_bans", params={"most": MAX_BANS})
    reason = tidy_text("reason", command.reason, MAX_REASON, empty=True)
    keys = (member.id, *((member.origin,) if _reaches_address(room, member) else ()))
    noted = Ban(name=member.name, by=actor.id, at=moment.now, reason=reason)
    left = MemberLeft(user=member.id, name=member.name, how="banned", reason=reason)
    return [Banned(keys=keys, ban=noted), left]


def _reaches_address(room: Room, member: Member) -> bool:
    """Whether a ban reaches the next guest from the same address: a guest comes back under another name in no time, but
    where others in the room came from there, it is a home or a phone network, and they and their friends did nothing.
    """
    others = (each.origin for each in room.members.values() if each.id != member.id)
    return member.guest and member.origin != "" and member.origin not in others


def unban(room: Room, command: Unban, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "moderate")
    lifted = room.bans.get(command.user)
    if lifted is None:
        raise NotFound("There is no such ban.", "no_such_ban")
    others = (key for key, each in room.bans.items() if each == lifted and key != command.user)
    return [Unbanned(keys=(command.user, *others))]


def delete_message(room: Room, command: DeleteMessage, actor: Actor, moment: Moment) -> list[Event]:
    """Lines are not part of the room, so whether there is such a line is not known here; removing none is harmless."""
    demand(room, actor, "moderate")
    return [MessageDeleted(message=command.message)]


def clear_chat(room: Room, command: ClearChat, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "moderate")
    return [ChatCleared()]


def member_muted(room: Room, event: MemberMuted) -> Room:
    return with_member(room, structs.replace(room.members[event.user], muted_until=event.until))


def banned(room: Room, event: Banned) -> Room:
    return structs.replace(room, bans={**room.bans, **dict.fromkeys(event.keys, event.ban)})


def unbanned(room: Room, event: Unbanned) -> Room:
    return structs.replace(room, bans={key: each for key, each in room.bans.items() if key not in event.keys})


def message_deleted(room: Room, event: MessageDeleted) -> Room:
    return room


def chat_cleared(room: Room, event: ChatCleared) -> Room:
    return room


def _demand_over(room: Room, actor: Actor, user: UserId) -> Member:
    """The member, if the actor may moderate them."""
    demand(room, actor, "moderate")
    member = room.members.get(user)
    if member is None:
        raise NotFound("That person is not in this room.", "no_such_member")
    if actor.overseer:
        return member
    if role_of(room, user) == "host" or user in {actor.id, room.owner}:
        raise Forbidden("Neither the host nor oneself can be moderated.")
    if role_of(room, user) == "cohost" and role_of(room, actor.id) != "host":
        raise Forbidden("Only the host can moderate a co-host.")
    return member
