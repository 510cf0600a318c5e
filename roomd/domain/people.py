"""People in a room: who is a member, in what role, with which rights, and who is there right now.

A member is *online* while at least one socket of theirs is open, on whichever process. Losing the last one starts a
grace period; only then does a lost host's role pass on, and it comes back to them when they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, structs

from roomd.domain.ids import SocketId, UserId
from roomd.domain.refusals import Forbidden

if TYPE_CHECKING:
    from roomd.domain.actor import Actor
    from roomd.domain.room import Room

Role = Literal["host", "cohost", "member"]
Right = Literal["play", "seek", "skip", "add", "remove", "reorder", "chat", "settings", "roles", "close"]

RIGHTS: Mapping[Role, frozenset[Right]] = {
    "host": frozenset({"play", "seek", "skip", "add", "remove", "reorder", "chat", "settings", "roles", "close"}),
    "cohost": frozenset({"play", "seek", "skip", "add", "remove", "reorder", "chat", "settings"}),
    "member": frozenset({"add", "chat"}),
}
#: How a right is called in a sentence that refuses it.
_DEEDS: Mapping[Right, str] = {
    "play": "play and pause",
    "seek": "seek",
    "skip": "skip",
    "add": "add tracks",
    "remove": "remove tracks",
    "reorder": "reorder the queue",
    "chat": "chat",
    "settings": "change the room's settings",
    "roles": "change roles",
    "close": "close the room",
}


class Member(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who belongs to the room. Times are room time in milliseconds."""

    id: UserId
    name: str
    guest: bool = False
    cohost: bool = False
    joined_at: float
    #: When their last socket closed; of no meaning while they are online.
    seen_at: float
    sockets: tuple[SocketId, ...] = ()

    @property
    def online(self) -> bool:
        return bool(self.sockets)


def role_of(room: Room, user: UserId) -> Role | None:
    member = room.members.get(user)
    if member is None:
        return None
    return "host" if room.host == user else "cohost" if member.cohost else "member"


def may(room: Room, user: UserId, right: Right) -> bool:
    role = role_of(room, user)
    return role is not None and right in RIGHTS[role]


def demand(room: Room, actor: Actor, right: Right) -> None:
    """Raise Forbidden unless the actor is a member whose role has the right."""
    role = demand_member(room, actor)
    if right not in RIGHTS[role]:
        who = "the host" if right not in RIGHTS["cohost"] else "the host and co-hosts"
        raise Forbidden(f"Only {who} can {_DEEDS[right]} here.")


def demand_owner(room: Room, actor: Actor) -> None:
    """Raise Forbidden for whoever only stands in for the host: the room is kept for the one whose it is."""
    if actor.id != room.owner:
        raise Forbidden("Only the one whose room it is can do that; you are standing in for them.", "not_the_owner")


def demand_member(room: Room, actor: Actor) -> Role:
    role = role_of(room, actor.id)
    if role is None:
        raise Forbidden("You are not in this room. Join it first.", "not_a_member")
    return role


def with_member(room: Room, member: Member) -> Room:
    return structs.replace(room, members={**room.members, member.id: member})


def heir(room: Room, without: UserId, *, online: bool) -> UserId | None:
    """Who hosts when `without` does not: those who are there first, co-hosts before members, the longest here first.

    With `online`, only somebody who is there.
    """
    others = [member for key, member in room.members.items() if key != without and (member.online or not online)]
    ranked = sorted(others, key=lambda member: (not member.online, not member.cohost, member.joined_at, member.id))
    return ranked[0].id if ranked else None
