"""Coming and going: joining, leaving, sockets that open and close, and who hosts when the host does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import structs

from roomd.domain.door import KnockAnswered, demand_entry, knock
from roomd.domain.ids import SocketId, UserId
from roomd.domain.people import Member, demand, demand_member, demand_owner, heir, role_of, with_member
from roomd.domain.refusals import Conflict, NotFound, too_many_sockets
from roomd.domain.room import RoomClosed
from roomd.domain.words import Command, Event

if TYPE_CHECKING:
    from roomd.domain.actor import Actor
    from roomd.domain.moment import Moment
    from roomd.domain.room import Room

#: Milliseconds a host may be out of reach before somebody else hosts: a phone changing networks needs a few seconds.
HOST_GRACE_MS = 10_000.0
#: Members a room keeps, those who are away included; the longest away make room.
MAX_MEMBERS = 1_000
#: Sockets one member may have open at once.
MAX_SOCKETS = 10

Reason = Literal["left", "lost", "returned", "handed_over"]


class Join(Command, frozen=True):
    """`admitted`: the room's password was given and is right. `origin`: where a guest comes from, hashed."""

    admitted: bool = False
    origin: str = ""


class Leave(Command, frozen=True):
    pass


class Attach(Command, frozen=True):
    """A socket of the actor's opens; whoever may enter becomes a member by it."""

    socket: SocketId
    origin: str = ""
    #: Whether a player is behind it that says when it is ready.
    reports: bool = False


class Detach(Command, frozen=True):
    socket: SocketId


class Lapse(Command, frozen=True):
    """A process died: the sockets it held are closed."""

    process: str


class SetRole(Command, frozen=True, tag="role"):
    user: UserId
    role: Literal["cohost", "member"]


class HandOver(Command, frozen=True):
    user: UserId


class MemberJoined(Event, frozen=True):
    member: Member


class MemberRenamed(Event, frozen=True):
    user: UserId
    name: str


class MemberLeft(Event, frozen=True):
    """`away`: they made room for somebody who came, after being away the longest. `name` is who that was."""

    user: UserId
    name: str = ""
    how: Literal["left", "kicked", "banned", "away"] = "left"
    reason: str = ""


class SocketOpened(Event, frozen=True):
    """`first`: the member comes online by it."""

    user: UserId
    socket: SocketId
    first: bool
    at: float = 0.0
    reports: bool = False


class SocketClosed(Event, frozen=True):
    """`last`: the member is offline from now on."""

    user: UserId
    socket: SocketId
    last: bool
    at: float


class RoleChanged(Event, frozen=True):
    user: UserId
    role: Literal["cohost", "member"]


class HostChanged(Event, frozen=True):
    """`former`: the role of the one who hosted, from now on."""

    host: UserId
    owner: UserId
    reason: Reason
    former: Literal["cohost", "member"] = "member"


def join(room: Room, command: Join, actor: Actor, moment: Moment) -> list[Event]:
    member = room.members.get(actor.id)
    if member is not None:
        return [] if actor.name == member.name else [MemberRenamed(user=actor.id, name=actor.name)]
    if room.settings.entry_mode == "approval" and not command.admitted:
        demand_entry(room, actor, command.origin, moment, admitted=True)
        return knock(room, actor, command.origin, moment)
    demand_entry(room, actor, command.origin, moment, admitted=command.admitted)
    return joining(room, actor, command.origin, moment)


def joining(room: Room, actor: Actor, origin: str, moment: Moment) -> list[Event]:
    """What becoming a member brings with it."""
    now = moment.now
    joined = Member(id=actor.id, name=actor.name, guest=actor.guest, joined_at=now, seen_at=now, origin=origin)
    return [*_make_room(room), MemberJoined(member=joined)]


def leave(room: Room, command: Leave, actor: Actor, moment: Moment) -> list[Event]:
    if actor.id in room.pending:
        return [KnockAnswered(user=actor.id, approved=False, by=actor.id)]
    demand_member(room, actor)
    return leaving(room, actor.id)


def leaving(room: Room, user: UserId) -> list[Event]:
    """What a member's going brings with it: a new host if they hosted, the end of the room if they were the last.

    The new host comes first, so that after every single event the host is a member.
    """
    gone = MemberLeft(user=user, name=room.members[user].name)
    successor = heir(room, user, online=False)
    if successor is None:
        return [gone, RoomClosed()]
    if user == room.host:
        owner = successor if user == room.owner else room.owner
        return [_passes(room, host=successor, owner=owner, reason="left"), gone]
    if user == room.owner:
        return [_passes(room, host=room.host, owner=room.host, reason="left"), gone]
    return [gone]


def attach(room: Room, command: Attach, actor: Actor, moment: Moment) -> list[Event]:
    member = room.members.get(actor.id)
    if member is None and room.settings.entry_mode == "approval":
        demand_entry(room, actor, command.origin, moment, admitted=False)
    events = join(room, Join(origin=command.origin), actor, moment)
    if member is not None and command.socket in member.sockets:
        return events
    if member is not None and len(member.sockets) >= MAX_SOCKETS:
        raise too_many_sockets(MAX_SOCKETS)
    first = member is None or not member.online
    now, socket = moment.now, command.socket
    events.append(SocketOpened(user=actor.id, socket=socket, first=first, at=now, reports=command.reports))
    if actor.id == room.owner and actor.id != room.host:
        events.append(_passes(room, host=room.owner, owner=room.owner, reason="returned"))
    return events


def detach(room: Room, command: Detach, actor: Actor, moment: Moment) -> list[Event]:
    member = room.members.get(actor.id)
    if member is None or command.socket not in member.sockets:
        return []
    return _closing(member, (command.socket,), moment)


def lapse(room: Room, command: Lapse, actor: Actor, moment: Moment) -> list[Event]:
    events: list[Event] = []
    for member in room.members.values():
        gone = tuple(socket for socket in member.sockets if socket.partition(".")[0] == command.process)
        events.extend(_closing(member, gone, moment))
    return events


def set_role(room: Room, command: SetRole, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "roles")
    role = _role_of_member(room, command.user)
    if role == "host":
        raise Conflict("The host stays host until they hand over.", "is_host")
    return [] if role == command.role else [RoleChanged(user=command.user, role=command.role)]


def hand_over(room: Room, command: HandOver, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "roles")
    demand_owner(room, actor)
    if _role_of_member(room, command.user) == "host":
        return []
    return [_passes(room, host=command.user, owner=command.user, reason="handed_over")]


def tick(room: Room, moment: Moment) -> list[Event]:
    """A host who has been out of reach for too long is stood in for by somebody who is there."""
    due = host_lost_at(room)
    if due is None or due > moment.now:
        return []
    successor = heir(room, room.host, online=True)
    return [_passes(room, host=successor, owner=room.owner, reason="lost")] if successor else []


def host_lost_at(room: Room) -> float | None:
    """When somebody else is to host, if the host stays away and somebody else is there."""
    host = room.members.get(room.host)
    if host is None or host.online or heir(room, room.host, online=True) is None:
        return None
    return host.seen_at + HOST_GRACE_MS


def member_joined(room: Room, event: MemberJoined) -> Room:
    """Whoever is in does not wait at the door any more, however they came in."""
    pending = {key: each for key, each in room.pending.items() if key != event.member.id}
    return structs.replace(with_member(room, event.member), pending=pending)


def member_renamed(room: Room, event: MemberRenamed) -> Room:
    return with_member(room, structs.replace(room.members[event.user], name=event.name))


def member_left(room: Room, event: MemberLeft) -> Room:
    """Their votes go with them."""
    ups = {entry: users - {event.user} for entry, users in room.ups.items() if users != {event.user}}
    return structs.replace(
        room,
        members={k: m for k, m in room.members.items() if k != event.user},
        skip_votes=room.skip_votes - {event.user},
        djs=tuple(user for user in room.djs if user != event.user),
        ups=ups,
    )


def socket_opened(room: Room, event: SocketOpened) -> Room:
    member = room.members[event.user]
    seen_at = event.at if event.first else member.seen_at
    known = structs.replace(member, seen_at=seen_at, reports=member.reports or event.reports)
    return with_member(room, structs.replace(known, sockets=(*member.sockets, event.socket)))


def socket_closed(room: Room, event: SocketClosed) -> Room:
    member = room.members[event.user]
    sockets = tuple(socket for socket in member.sockets if socket != event.socket)
    seen_at = event.at if event.last else member.seen_at
    left = structs.replace(member, sockets=sockets, seen_at=seen_at, reports=member.reports and not event.last)
    return with_member(room, left)


def role_changed(room: Room, event: RoleChanged) -> Room:
    return with_member(room, structs.replace(room.members[event.user], cohost=event.role == "cohost"))


def host_changed(room: Room, event: HostChanged) -> Room:
    return structs.replace(room, host=event.host, owner=event.owner)


def _passes(room: Room, host: UserId, owner: UserId, reason: Reason) -> HostChanged:
    """The host's role passes on; who was a co-host before they hosted is one again."""
    cohost = room.members[room.host].cohost
    return HostChanged(host=host, owner=owner, reason=reason, former="cohost" if cohost else "member")


def _closing(member: Member, gone: tuple[SocketId, ...], moment: Moment) -> list[Event]:
    left = len(member.sockets) - len(gone)
    last = gone[-1:] if left == 0 else ()
    return [SocketClosed(user=member.id, socket=s, last=s in last, at=moment.now) for s in gone]


def _role_of_member(room: Room, user: UserId) -> str:
    role = role_of(room, user)
    if role is None:
        raise NotFound("That person is not in this room.", "no_such_member")
    return role


def _make_room(room: Room) -> list[Event]:
    """Whoever has been away the longest goes when the list of members is full."""
    if len(room.members) < MAX_MEMBERS:
        return []
    away = [m for m in room.members.values() if not m.online and m.id not in {room.host, room.owner} and not m.cohost]
    if not away:
        raise Conflict(f"The room is full: it holds {MAX_MEMBERS} people.", "room_full", params={"most": MAX_MEMBERS})
    longest = min(away, key=lambda member: member.seen_at)
    return [MemberLeft(user=longest.id, name=longest.name, how="away")]
