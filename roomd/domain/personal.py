"""A person's own queue: a room that nobody else enters, until its owner makes a party of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, structs

from roomd.domain.door import DoorChanged
from roomd.domain.people import demand, demand_owner
from roomd.domain.refusals import Conflict, Invalid
from roomd.domain.room import EntryMode, SettingsChanged, Visibility, tidy_settings
from roomd.domain.words import Command, Event

if TYPE_CHECKING:
    from roomd.domain.actor import Actor
    from roomd.domain.moment import Moment
    from roomd.domain.room import Room


class Party(Command, frozen=True):
    """One's own queue becomes a room for others too. `password_hash` is of the password, in mode "password"."""

    name: Annotated[str, Meta(max_length=400)]
    visibility: Visibility = "private"
    entry_mode: EntryMode = "public"
    password_hash: str = ""


def party(room: Room, command: Party, actor: Actor, moment: Moment) -> list[Event]:
    """Queue, playback and radio stay as they are; from now on an idle room starts with what is added, as rooms do."""
    demand(room, actor, "settings")
    demand_owner(room, actor)
    if not room.settings.personal:
        raise Conflict("This is a party already.", "party_already")
    if command.entry_mode == "password" and not command.password_hash:
        raise Invalid("A room behind a password needs one.", fields={"password": "must not be empty"})
    wanted = structs.replace(
        room.settings, name=command.name, visibility=command.visibility, autoplay=True, personal=False
    )
    before, after = structs.asdict(room.settings), structs.asdict(tidy_settings(wanted))
    events: list[Event] = [SettingsChanged(changes={key: after[key] for key in after if after[key] != before[key]})]
    if command.entry_mode != room.settings.entry_mode or command.password_hash:
        events.append(DoorChanged(entry_mode=command.entry_mode, password_hash=command.password_hash))
    return events
