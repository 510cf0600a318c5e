"""Who listens: whoever is there does, unless they say not. A second screen, or one that only chats, says so.

What nobody hears from a device is not to be waited for, and whoever does not listen has no vote on what is heard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from roomd.domain.ids import UserId
from roomd.domain.people import demand_member, with_member
from roomd.domain.words import Command, Event

if TYPE_CHECKING:
    from roomd.domain.actor import Actor
    from roomd.domain.moment import Moment
    from roomd.domain.room import Room


class Listen(Command, frozen=True):
    """Whether one hears the room now: not with the sound switched off, or not yet allowed by the browser."""

    on: bool


class ListeningChanged(Event, frozen=True):
    user: UserId
    on: bool


def listen(room: Room, command: Listen, actor: Actor, moment: Moment) -> list[Event]:
    demand_member(room, actor)
    if room.members[actor.id].listens == command.on:
        return []
    return [ListeningChanged(user=actor.id, on=command.on)]


def listening_changed(room: Room, event: ListeningChanged) -> Room:
    return with_member(room, structs.replace(room.members[event.user], listens=event.on))
