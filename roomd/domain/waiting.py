"""Waiting for one another: a track starts once everybody's player is ready for it, and at the latest after a bound.

While the room waits its line stands still, so clients that know nothing of this see a pause and then a start. Whoever
listens with a player that says when it is ready (`Member.reports`) is waited for. One that was waited for in vain twice
in a row is not any more, until it says so once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, structs

from roomd.domain.ids import EntryId, UserId
from roomd.domain.people import Member, demand_member, with_member
from roomd.domain.playback import Playback, PlaybackChanged, position_at
from roomd.domain.words import Command, Event

if TYPE_CHECKING:
    from roomd.domain.actor import Actor
    from roomd.domain.moment import Moment
    from roomd.domain.room import Room

#: Beyond so many players, somebody's is always slow; and each of their answers is a commit that everybody hears of.
MAX_WAITED = 50
#: Times in a row for which a player is waited for in vain.
PATIENCE = 2
#: Milliseconds that a room waits for one who has run dry, and between two such waits for the same person.
DRY_MS = 10_000.0
DRY_EVERY_MS = 60_000.0
#: What begins a run of an entry, and so finds players that may not have loaded it. (What follows by itself they have.)
_BEGINS = frozenset({"play", "started", "skipped"})
#: What changes the line of a room that waits, and is no reason to go without waiting.
_GOES_ON = frozenset({"seek", "rate"})

Why = Literal["load", "buffering"]


class Waiting(Struct, frozen=True):
    """Whom a room waits for to play `entry`, and until when at most (room time, ms)."""

    entry: EntryId
    why: Why
    since: float
    until: float
    missing: frozenset[UserId]


class Ready(Command, frozen=True):
    """The actor's player has loaded the entry: it can start at any instant."""

    entry: EntryId


class Stalled(Command, frozen=True):
    """The actor's player has run dry in the middle of the entry."""

    entry: EntryId


class WaitingBegan(Event, frozen=True):
    """Any later `playback_changed` ends it."""

    waiting: Waiting


class BecameReady(Event, frozen=True):
    user: UserId


class WaitedInVain(Event, frozen=True):
    users: frozenset[UserId]


def ready(room: Room, command: Ready, actor: Actor, moment: Moment) -> list[Event]:
    demand_member(room, actor)
    waited = room.waiting is not None and room.waiting.entry == command.entry and actor.id in room.waiting.missing
    if waited or room.members[actor.id].in_vain:
        return [BecameReady(user=actor.id)]
    return []


def stalled(room: Room, command: Stalled, actor: Actor, moment: Moment) -> list[Event]:
    demand_member(room, actor)
    playback, member = room.playback, room.members[actor.id]
    if not room.settings.wait_buffering or not playback.playing or playback.entry != command.entry:
        return []
    if not _waited_for(member) or moment.now < max(playback.as_of, member.dry_at + DRY_EVERY_MS):
        return []
    still = structs.replace(playback, position=position_at(playback, moment.now), playing=False, as_of=moment.now)
    waiting = Waiting(command.entry, "buffering", moment.now, moment.now + DRY_MS, frozenset({actor.id}))
    return [PlaybackChanged(playback=still, cause="buffering"), WaitingBegan(waiting=waiting)]


def held_back(room: Room, events: Sequence[Event], moment: Moment) -> list[Event]:
    """The events with the last start of an entry among them turned into a wait for whoever is to hear it."""
    place = max((n for n, event in enumerate(events) if type(event) is PlaybackChanged), default=None)
    change = events[place] if place is not None else None
    if place is None or not isinstance(change, PlaybackChanged) or change.playback.entry is None:
        return list(events)
    playback, before = change.playback, room.playback
    if room.waiting is not None and change.cause in _GOES_ON and playback.entry == before.entry:
        return [*events, WaitingBegan(waiting=room.waiting)]
    anew = playback.entry != before.entry or change.cause != "play"
    missing = _attending(room)
    if not (playback.playing and change.cause in _BEGINS and anew and missing and room.settings.wait_s):
        return list(events)
    still = PlaybackChanged(playback=_still(playback, moment), cause=change.cause)
    until = moment.now + room.settings.wait_s * 1_000
    waiting = Waiting(change.playback.entry, "load", moment.now, until, missing)
    return [*events[:place], still, *events[place + 1 :], WaitingBegan(waiting=waiting)]


def settle(room: Room, moment: Moment) -> list[Event]:
    """The start, once nobody is missing any more."""
    return _started(room, moment) if room.waiting is not None and not missing_now(room) else []


def tick(room: Room, moment: Moment) -> list[Event]:
    if room.waiting is None or room.waiting.until > moment.now:
        return []
    late = missing_now(room)
    return [*([WaitedInVain(users=late)] if late else []), *_started(room, moment)]


def waits_until(room: Room) -> float | None:
    return room.waiting.until if room.waiting is not None else None


def missing_now(room: Room) -> frozenset[UserId]:
    """Who is still waited for: whoever has gone, or does not listen any more, is not."""
    missing = room.waiting.missing if room.waiting is not None else frozenset()
    return frozenset(
        user for user in missing if (member := room.members.get(user)) and member.online and member.listens
    )


def waiting_began(room: Room, event: WaitingBegan) -> Room:
    after = structs.replace(room, waiting=event.waiting)
    if event.waiting.why != "buffering":
        return after
    for user in event.waiting.missing & room.members.keys():
        after = with_member(after, structs.replace(after.members[user], dry_at=event.waiting.since))
    return after


def became_ready(room: Room, event: BecameReady) -> Room:
    after = with_member(room, structs.replace(room.members[event.user], in_vain=0))
    if room.waiting is None:
        return after
    missing = room.waiting.missing - {event.user}
    return structs.replace(after, waiting=structs.replace(room.waiting, missing=missing))


def waited_in_vain(room: Room, event: WaitedInVain) -> Room:
    after = room
    for user in event.users & room.members.keys():
        member = after.members[user]
        after = with_member(after, structs.replace(member, in_vain=member.in_vain + 1))
    return after


def _attending(room: Room) -> frozenset[UserId]:
    found = frozenset(member.id for member in room.members.values() if _waited_for(member))
    return found if len(found) <= MAX_WAITED else frozenset()


def _waited_for(member: Member) -> bool:
    return member.online and member.listens and member.reports and member.in_vain < PATIENCE


def _started(room: Room, moment: Moment) -> list[Event]:
    line = structs.replace(room.playback, playing=True, as_of=moment.now + moment.lead)
    return [PlaybackChanged(playback=line, cause="ready")]


def _still(playback: Playback, moment: Moment) -> Playback:
    return structs.replace(playback, playing=False, as_of=moment.now)
