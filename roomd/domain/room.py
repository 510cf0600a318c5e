"""The room: one value that holds all that a decision can depend on, and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from roomd.domain.actor import Actor
from roomd.domain.entries import Entry
from roomd.domain.ids import Code, EntryId, RequestId, RoomId, UserId
from roomd.domain.knocks import Ban, Knock
from roomd.domain.moment import Moment
from roomd.domain.people import Member, Right, Role, demand, demand_owner
from roomd.domain.playback import Playback
from roomd.domain.refusals import Conflict, Invalid
from roomd.domain.text import tidy_text
from roomd.domain.theme import tidy_theme
from roomd.domain.undo import Act
from roomd.domain.waiting import Waiting
from roomd.domain.wishes import Request
from roomd.domain.words import Command, Event

Visibility = Literal["public", "private"]
EntryMode = Literal["public", "password", "approval"]
Repeat = Literal["off", "one", "all"]
#: Who comes next: as the host orders, in order of asking, everybody in turn, by votes, or those at the decks in turn.
QueueMode = Literal["host", "fifo", "fair", "votes", "dj"]

MAX_NAME = 80
MAX_DESCRIPTION = 500


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
    queue_mode: QueueMode = "host"
    #: Requests that one person may have waiting; whether requests are approved by themselves.
    requests_each: int = 5
    auto_approve: bool = False
    #: The share of the listeners that skips a track; 0 switches the vote off.
    skip_share: float = 0.5
    #: Tracks, and minutes, that one person may have still to come; minutes before a track may come again. 0: no limit.
    tracks_each: int = 0
    minutes_each: int = 0
    no_repeat_minutes: int = 0
    #: Seconds between two lines of one person's.
    slow_mode_s: int = 0
    #: Whether the radio goes on with related tracks where the queue ends.
    radio: bool = False
    #: Seconds for which a track that starts waits for slow players; 0: nobody is waited for. Whether the room also
    #: waits for one that runs dry in the middle, as people who watch something together like it.
    wait_s: int = 3
    wait_buffering: bool = False
    #: Somebody's own queue: private, and entered by nobody else, until it becomes a party.
    personal: bool = False


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
    #: While the line stands still because somebody's player is not ready.
    waiting: Waiting | None = None
    members: Mapping[UserId, Member] = {}
    entries: Mapping[EntryId, Entry] = {}
    ranks: Mapping[EntryId, float] = {}
    #: What roles may do here, where it differs from people.RIGHTS.
    rights: Mapping[Role, frozenset[Right]] = {}
    #: The hash of the password that lets people in, in entry mode "password". Shown to nobody.
    password_hash: str = ""
    #: Who waits for the host to let them in.
    pending: Mapping[UserId, Knock] = {}
    #: Who may not come in: by user, and for guests by where they came from.
    bans: Mapping[str, Ban] = {}
    requests: Mapping[RequestId, Request] = {}
    #: Who wants the current entry skipped, and who wants which entry sooner.
    skip_votes: frozenset[UserId] = frozenset()
    ups: Mapping[EntryId, frozenset[UserId]] = {}
    #: What was played lately: (url, room time of its start), the latest last.
    played: tuple[tuple[str, float], ...] = ()
    #: What the radio had ready and somebody took out: songs' ids, the latest last.
    declined: tuple[str, ...] = ()
    #: In queue mode "dj": whose turn comes after whose.
    djs: tuple[UserId, ...] = ()
    #: The last acts, which can be taken back.
    acts: Mapping[str, Act] = {}
    closed: bool = False

    def expired(self, before: float) -> bool:
        """Whether nobody is there, and nobody did anything since room time `before`."""
        return self.last_activity < before and not any(member.online for member in self.members.values())

    def disposable(self, before: float) -> bool:
        """Whether it may go because nobody uses it: parties end, somebody's own queue is theirs to keep."""
        return not self.settings.personal and self.expired(before)


class Set(Command, frozen=True):
    """Change settings: what is given is changed, the rest stays."""

    name: Annotated[str, Meta(max_length=400)] | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=2000)] | UnsetType = UNSET
    theme: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    chat_enabled: bool | UnsetType = UNSET
    autoplay: bool | UnsetType = UNSET
    repeat: Repeat | UnsetType = UNSET
    queue_mode: QueueMode | UnsetType = UNSET
    requests_each: Annotated[int, Meta(ge=0, le=100)] | UnsetType = UNSET
    auto_approve: bool | UnsetType = UNSET
    skip_share: Annotated[float, Meta(ge=0, le=1)] | UnsetType = UNSET
    tracks_each: Annotated[int, Meta(ge=0, le=500)] | UnsetType = UNSET
    minutes_each: Annotated[int, Meta(ge=0, le=1_440)] | UnsetType = UNSET
    no_repeat_minutes: Annotated[int, Meta(ge=0, le=1_440)] | UnsetType = UNSET
    slow_mode_s: Annotated[int, Meta(ge=0, le=3_600)] | UnsetType = UNSET
    radio: bool | UnsetType = UNSET
    wait_s: Annotated[int, Meta(ge=0, le=10)] | UnsetType = UNSET
    wait_buffering: bool | UnsetType = UNSET


class Close(Command, frozen=True):
    """End the room for everybody."""


class Expire(Command, frozen=True):
    """Nobody has used the room since room time `before`: it goes."""

    before: float


class RoomOpened(Event, frozen=True):
    """The first event of every epoch: the room as it then was."""

    room: Room


class SettingsChanged(Event, frozen=True):
    changes: Mapping[str, str | bool | int | float]


class RoomClosed(Event, frozen=True):
    pass


def tidy_settings(settings: RoomSettings) -> RoomSettings:
    """Names and descriptions as they may be shown. Raises Invalid with the field."""
    return structs.replace(
        settings,
        name=tidy_text("name", settings.name, MAX_NAME),
        description=tidy_text("description", settings.description, MAX_DESCRIPTION, empty=True, lines=True),
        theme=tidy_theme(settings.theme),
    )


def set_settings(room: Room, command: Set, actor: Actor, moment: Moment) -> list[Event]:
    given = {key: value for key, value in structs.asdict(command).items() if value is not UNSET}
    # Repeat belongs to those who run the music, the rest to those who run the room.
    demand(room, actor, "skip" if set(given) == {"repeat"} else "settings")
    if not given:
        raise Invalid("Name at least one setting to change.")
    if room.settings.personal and given.get("visibility", "private") != "private":
        raise Conflict("This is your own queue; turn it into a party first.", "personal_queue")
    after = structs.asdict(tidy_settings(structs.replace(room.settings, **given)))
    before = structs.asdict(room.settings)
    changes = {key: value for key, value in after.items() if value != before[key]}
    return [SettingsChanged(changes=changes)] if changes else []


def close(room: Room, command: Close, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "close")
    demand_owner(room, actor)
    return [RoomClosed()]


def expire(room: Room, command: Expire, actor: Actor, moment: Moment) -> list[Event]:
    return [RoomClosed()] if room.disposable(command.before) else []


def room_opened(room: Room, event: RoomOpened) -> Room:
    return event.room


def settings_changed(room: Room, event: SettingsChanged) -> Room:
    return structs.replace(room, settings=structs.replace(room.settings, **event.changes))


def room_closed(room: Room, event: RoomClosed) -> Room:
    return structs.replace(room, closed=True)
