"""The door: open to whoever has the code, behind a password, or answered by the host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import structs

from roomd.domain.actor import Actor
from roomd.domain.ids import UserId
from roomd.domain.knocks import Knock
from roomd.domain.people import demand
from roomd.domain.refusals import Conflict, Forbidden, Invalid, NotFound, no_such_room
from roomd.domain.words import Command, Event

if TYPE_CHECKING:
    from roomd.domain.moment import Moment
    from roomd.domain.room import EntryMode, Room

#: People who may wait at the door at once.
MAX_PENDING = 100
#: Milliseconds for which a guest's ban reaches other guests from the same address: an evening, and the night behind it.
#: Addresses pass from one household to another; the guest themself stays out.
ADDRESS_BAN_MS = 24 * 3_600_000.0


class SetDoor(Command, frozen=True):
    """Change how people come in. `password_hash` is of the new password, in mode "password"."""

    entry_mode: Literal["public", "password", "approval"]
    password_hash: str = ""


class Admit(Command, frozen=True):
    """Answer somebody who waits at the door."""

    user: UserId
    approve: bool = True


class DoorChanged(Event, frozen=True):
    entry_mode: Literal["public", "password", "approval"]
    password_hash: str = ""


class Knocked(Event, frozen=True):
    knock: Knock


class KnockAnswered(Event, frozen=True):
    """`by` is the one who waited, where they went away."""

    user: UserId
    approved: bool
    by: UserId


def set_door(room: Room, command: SetDoor, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "settings")
    if command.entry_mode == "password" and not (command.password_hash or room.password_hash):
        raise Invalid("A room behind a password needs one.", fields={"password": "must not be empty"})
    if command.entry_mode == room.settings.entry_mode and not command.password_hash:
        return []
    kept = command.password_hash or (room.password_hash if command.entry_mode == "password" else "")
    return [DoorChanged(entry_mode=command.entry_mode, password_hash=kept)]


def demand_entry(room: Room, actor: Actor, origin: str, moment: Moment, *, admitted: bool) -> None:
    """Raise Forbidden unless somebody who is not a member may come in at once; of personal queues nobody knows."""
    if room.settings.personal:
        raise no_such_room()
    if actor.id in room.bans or (actor.guest and _banned_from(room, origin, moment)):
        raise Forbidden("You were banned from this room.", "banned")
    if admitted:
        return
    mode: EntryMode = room.settings.entry_mode
    if mode == "password":
        raise Forbidden("This room asks for a password.", "password_needed")
    if mode == "approval":
        raise Forbidden("The host lets people into this room one by one.", "approval_needed")


def _banned_from(room: Room, origin: str, moment: Moment) -> bool:
    """Whether a guest was banned lately who came from there."""
    ban = room.bans.get(origin)
    return ban is not None and moment.now - ban.at < ADDRESS_BAN_MS


def knock(room: Room, actor: Actor, origin: str, moment: Moment) -> list[Event]:
    """Wait at the door of a room whose host answers it."""
    if actor.id in room.pending:
        return []
    if len(room.pending) >= MAX_PENDING:
        raise Conflict("Too many people wait at the door already.", "door_crowded")
    waiting = Knock(id=actor.id, name=actor.name, guest=actor.guest, at=moment.now, origin=origin)
    return [Knocked(knock=waiting)]


def admit(room: Room, command: Admit, actor: Actor, moment: Moment) -> list[Event]:
    from roomd.domain.membership import joining

    demand(room, actor, "approve")
    waiting = room.pending.get(command.user)
    if waiting is None:
        raise NotFound("That person does not wait at the door (any more).", "no_such_knock")
    answered = KnockAnswered(user=command.user, approved=command.approve, by=actor.id)
    if not command.approve:
        return [answered]
    newcomer = Actor(waiting.id, waiting.name, waiting.guest)
    return [answered, *joining(room, newcomer, waiting.origin, moment)]


def door_changed(room: Room, event: DoorChanged) -> Room:
    settings = structs.replace(room.settings, entry_mode=event.entry_mode)
    return structs.replace(room, settings=settings, password_hash=event.password_hash)


def knocked(room: Room, event: Knocked) -> Room:
    return structs.replace(room, pending={**room.pending, event.knock.id: event.knock})


def knock_answered(room: Room, event: KnockAnswered) -> Room:
    return structs.replace(room, pending={k: v for k, v in room.pending.items() if k != event.user})
