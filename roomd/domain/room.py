"""The room: one value that holds all that a decision can depend on, and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from roomd.domain.actor import Actor
from roomd.domain.entries import Entry
from roomd.domain.ids import Code, EntryId, RoomId, UserId
from roomd.domain.moment import Moment
from roomd.domain.people import Member, demand, demand_owner
from roomd.domain.playback import Playback
from roomd.domain.refusals import Invalid
from roomd.domain.text import tidy_text
from roomd.domain.words import Command, Event

Visibility = Literal["public", "private"]
EntryMode = Literal["public", "password", "approval"]
Repeat = Literal["off", "one", "all"]

MAX_NAME = 80
MAX_DESCRIPTION = 500
MAX_THEME = 40


class RoomSettings(Struct, frozen=True, kw_only=True):
    name: str
    description: str = ""
    theme: str = ""
    visibility: Visibility = "public"
    entry_mode: EntryMode = "public"
    chat_enabled: bool = True
    #: Whether an idle room starts playing what is added to it.
    autoplay: bool = True
    repeat: Repeat = "off"


class Room(Struct, frozen=True, kw_only=True):
    """A room as of (epoch, rev). Times are room time in milliseconds."""

    id: RoomId
    code: Code
    epoch: int
    rev: int
    settings: RoomSettings
    #: Whose room it is. The host stands in for an owner who is not there.
    owner: UserId
    host: UserId
    created_at: float
    last_activity: float
    playback: Playback = Playback()
    members: Mapping[UserId, Member] = {}
    entries: Mapping[EntryId, Entry] = {}
    ranks: Mapping[EntryId, float] = {}
    closed: bool = False


class Set(Command, frozen=True):
    """Change settings: what is given is changed, the rest stays."""

    name: Annotated[str, Meta(max_length=400)] | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=2000)] | UnsetType = UNSET
    theme: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    chat_enabled: bool | UnsetType = UNSET
    autoplay: bool | UnsetType = UNSET
    repeat: Repeat | UnsetType = UNSET


class Close(Command, frozen=True):
    """End the room for everybody."""


class RoomOpened(Event, frozen=True):
    """The first event of every epoch: the room as it then was."""

    room: Room


class SettingsChanged(Event, frozen=True):
    changes: Mapping[str, str | bool]


class RoomClosed(Event, frozen=True):
    pass


def tidy_settings(settings: RoomSettings) -> RoomSettings:
    """Names and descriptions as they may be shown. Raises Invalid with the field."""
    return structs.replace(
        settings,
        name=tidy_text("name", settings.name, MAX_NAME),
        description=tidy_text("description", settings.description, MAX_DESCRIPTION, empty=True, lines=True),
        theme=tidy_text("theme", settings.theme, MAX_THEME, empty=True),
    )


def set_settings(room: Room, command: Set, actor: Actor, moment: Moment) -> list[Event]:
    given = {key: value for key, value in structs.asdict(command).items() if value is not UNSET}
    # Repeat belongs to those who run the music, the rest to those who run the room.
    demand(room, actor, "skip" if set(given) == {"repeat"} else "settings")
    if not given:
        raise Invalid("Name at least one setting to change.")
    after = structs.asdict(tidy_settings(structs.replace(room.settings, **given)))
    before = structs.asdict(room.settings)
    changes = {key: value for key, value in after.items() if value != before[key]}
    return [SettingsChanged(changes=changes)] if changes else []


def close(room: Room, command: Close, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "close")
    demand_owner(room, actor)
    return [RoomClosed()]


def room_opened(room: Room, event: RoomOpened) -> Room:
    return event.room


def settings_changed(room: Room, event: SettingsChanged) -> Room:
    return structs.replace(room, settings=structs.replace(room.settings, **event.changes))


def room_closed(room: Room, event: RoomClosed) -> Room:
    return structs.replace(room, closed=True)
