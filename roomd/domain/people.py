"""People in a room: who is a member, in what role, with which rights, and who is there right now.

A member is *online* while at least one socket of theirs is open, on whichever process. Losing the last one starts a
grace period; only then does a lost host's role pass on, and it comes back to them when they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, get_args

from msgspec import Struct, structs

from roomd.domain.ids import SocketId, UserId
from roomd.domain.refusals import Forbidden

if TYPE_CHECKING:
    from roomd.domain.actor import Actor
    from roomd.domain.room import Room

Role = Literal["host", "cohost", "member"]
Right = Literal[
    "play",
    "seek",
    "skip",
    "add",
    "remove",
    "reorder",
    "request",
    "vote",
    "chat",
    "approve",
    "moderate",
    "settings",
    "roles",
    "close",
]

ALL_RIGHTS: frozenset[Right] = frozenset(get_args(Right))
#: Nobody but the host has these, whatever a room's table says.
HOSTS_OWN: frozenset[Right] = frozenset({"roles", "close"})
#: What a role may do in a room that says nothing else.
RIGHTS: Mapping[Role, frozenset[Right]] = {
    "host": ALL_RIGHTS,
    "cohost": ALL_RIGHTS - HOSTS_OWN,
    "member": frozenset({"add", "request", "vote", "chat"}),
}
#: How a right is called in a sentence that refuses it.
_DEEDS: Mapping[Right, str] = {
    "play": "play and pause",
    "seek": "seek",
    "skip": "skip",
    "add": "add tracks",
    "remove": "remove tracks",
    "reorder": "reorder the queue",
    "request": "ask for changes to the queue",
    "vote": "vote",
    "chat": "chat",
    "approve": "decide about requests",
    "moderate": "moderate",
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
    #: Room time until which they may not chat.
    muted_until: float = 0.0
    #: When they last chatted, for slow mode.
    said_at: float = 0.0
    #: What is known of where a guest came from, hashed; a ban reaches the next guest from there too.
    origin: str = ""
    joined_at: float
    #: While they are online: when they came. Otherwise: when their last socket closed.
    seen_at: float
    sockets: tuple[SocketId, ...] = ()
    #: Whether they hear the room while they are there.
    listens: bool = True
    #: Whether a player of theirs says when it is ready; times in a row that it was waited for in vain; and when the
    #: room last waited because it had run dry.
    reports: bool = False
    in_vain: int = 0
    dry_at: float = 0.0

    @property
    def online(self) -> bool:
        return bool(self.sockets)


def role_of(room: Room, user: UserId) -> Role | None:
    member = room.members.get(user)
    if member is None:
        return None
    return "host" if room.host == user else "cohost" if member.cohost else "member"


def rights_of(room: Room, role: Role) -> frozenset[Right]:
    """What a role may do here. A host is never locked out of their own room."""
    return ALL_RIGHTS if role == "host" else room.rights.get(role, RIGHTS[role])


def may(room: Room, user: UserId, right: Right) -> bool:
    role = role_of(room, user)
    return role is not None and right in rights_of(room, role)


def demand(room: Room, actor: Actor, right: Right) -> None:
    """Raise Forbidden unless the actor is a member whose role has the right, or oversees the server."""
    if actor.overseer:
        return
    role = demand_member(room, actor)
    if right not in rights_of(room, role):
        who = "the host" if right not in rights_of(room, "cohost") else "the host and co-hosts"
        params = {"right": right, "who": "host" if who == "the host" else "cohost"}
        raise Forbidden(f"Only {who} can {_DEEDS[right]} here.", params=params)


def demand_owner(room: Room, actor: Actor) -> None:
    """Raise Forbidden for whoever only stands in for the host: the room is kept for the one whose it is."""
    if actor.id != room.owner and not actor.overseer:
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
