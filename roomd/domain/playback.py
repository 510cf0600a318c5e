"""Playback: a line through time, not a position that ticks.

A room plays `entry` from `position` at `rate` since `as_of`. Nothing is stored or sent while a track just plays, and
`position_at` is the only arithmetic. `as_of` may lie in the future: everybody starts at that instant.

A line may also be *bare*, without an entry: a room whose people watch something that this server knows nothing of. It
is there while it plays or stands anywhere but at its start; whatever is started from the queue takes its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct, structs

from roomd.domain.abandoned import ABANDONED_MS, abandoned_at, unheard_for
from roomd.domain.entries import ordered, place
from roomd.domain.ids import EntryId
from roomd.domain.people import demand
from roomd.domain.refusals import Conflict, NotFound
from roomd.domain.track import MAX_DURATION_MS
from roomd.domain.words import Command, Event

if TYPE_CHECKING:
    from roomd.domain.actor import Actor
    from roomd.domain.moment import Moment
    from roomd.domain.room import Room

#: A track that follows within so many milliseconds of the last one's end starts at exactly that end: players that have
#: loaded it go over without a gap. One that comes later starts like any other.
SEAMLESS_MS = 1_000.0
#: Starts of tracks that are remembered.
PLAYED_KEPT = 100

Position = Annotated[float, Meta(ge=0, le=MAX_DURATION_MS)]
#: Causes by which what plays goes on, so that the votes about it stand. (Repeated, it is played anew.)
_SAME_RUN = frozenset({"play", "pause", "seek", "rate", "abandoned", "ready", "buffering"})
Cause = Literal[
    "play",
    "pause",
    "seek",
    "rate",
    "started",
    "skipped",
    "ended",
    "emptied",
    "abandoned",
    "undone",
    "ready",
    "buffering",
]


class Playback(Struct, frozen=True):
    """What a room plays. Times are milliseconds; `as_of` is room time."""

    entry: EntryId | None = None
    position: float = 0.0
    rate: float = 1.0
    playing: bool = False
    as_of: float = 0.0


class Play(Command, frozen=True):
    """`bare`, here and below: an empty queue will do, and everybody is told even when nothing changes by it."""

    position: Position | None = None
    bare: bool = False


class Pause(Command, frozen=True):
    position: Position | None = None
    bare: bool = False


class Seek(Command, frozen=True):
    position: Position
    bare: bool = False


class Rate(Command, frozen=True):
    rate: Annotated[float, Meta(ge=0.25, le=4)]


class Next(Command, frozen=True):
    entry: EntryId | None = None


class Previous(Command, frozen=True):
    entry: EntryId | None = None


class PlayEntry(Command, frozen=True):
    entry: EntryId
    position: Position = 0.0


class PlaybackChanged(Event, frozen=True):
    playback: Playback
    cause: Cause


def position_at(playback: Playback, now: float) -> float:
    """Where the room is, in milliseconds into the entry, at room time `now`."""
    if not playback.playing:
        return playback.position
    return playback.position + playback.rate * max(0.0, now - playback.as_of)


def ends_at(room: Room) -> float | None:
    """The room time at which the current entry will have played to its end, if that is known."""
    playback = room.playback
    duration = current_duration(room)
    if not playback.playing or duration is None:
        return None
    return playback.as_of + max(0.0, duration - playback.position) / playback.rate


def current_duration(room: Room) -> float | None:
    entry = room.entries.get(room.playback.entry) if room.playback.entry else None
    return entry.track.duration_ms if entry else None


def play(room: Room, command: Play, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "play")
    before = room.playback
    entry = before.entry or next(iter(ordered(room)), None)
    if entry is None and not (command.bare or _is_bare(before)):
        raise Conflict("There is nothing to play: the queue is empty.", "nothing_to_play")
    if before.playing and before.entry == entry and command.position is None:
        return [_changed(before, "play")] if command.bare else []
    here = position_at(before, moment.now) if before.entry == entry else 0.0
    position = _within(room, entry, here if command.position is None else command.position)
    return [_changed(Playback(entry, position, before.rate, True, moment.now + moment.lead), "play")]


def pause(room: Room, command: Pause, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "play")
    before = room.playback
    if (
        not before.playing
        and room.waiting is None
        and not command.bare
        and (before.entry is None or command.position in {None, before.position})
    ):
        return []
    position = position_at(before, moment.now) if command.position is None else command.position
    return [_changed(_still(room, position, moment), "pause")]


def seek(room: Room, command: Seek, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "seek")
    entry = room.playback.entry
    if entry is None and not (command.bare or _is_bare(room.playback)):
        raise Conflict("Nothing is playing.", "nothing_to_play")
    lead = moment.lead if room.playback.playing else 0.0
    # Beyond the end is the end: what follows comes next.
    position = min(command.position, current_duration(room) or command.position)
    return [_changed(structs.replace(room.playback, position=position, as_of=moment.now + lead), "seek")]


def rate(room: Room, command: Rate, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "seek")
    if command.rate == room.playback.rate:
        return []
    here = position_at(room.playback, moment.now)
    as_of = max(moment.now, room.playback.as_of) if room.playback.playing else moment.now
    return [_changed(structs.replace(room.playback, rate=command.rate, position=here, as_of=as_of), "rate")]


def next_entry(room: Room, command: Next, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "skip")
    if command.entry is not None and command.entry != room.playback.entry:
        return []
    if room.playback.entry is None and not room.entries:
        raise Conflict("There is nothing to skip to: the queue is empty.", "nothing_to_play")
    return [advance(room, moment, "skipped")]


def previous(room: Room, command: Previous, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "skip")
    if command.entry is not None and command.entry != room.playback.entry:
        return []
    order = ordered(room)
    if not order:
        raise Conflict("There is nothing to go back to: the queue is empty.", "nothing_to_play")
    here = place(room, order)
    before = order[max(0, here - 1)] if here >= 0 else order[-1]
    return [start(room, before, moment, "skipped")]


def play_entry(room: Room, command: PlayEntry, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "skip")
    if command.entry not in room.entries:
        raise NotFound("That entry is not in the queue any more.", "no_such_entry")
    position = _within(room, command.entry, command.position)
    return [start(room, command.entry, moment, "started", position)]


def advance(room: Room, moment: Moment, cause: Cause) -> PlaybackChanged:
    """What follows the current entry: the next one, by the rule of repeat; or silence."""
    order = ordered(room)
    repeat = room.settings.repeat
    index = place(room, order) + 1
    if cause == "ended" and repeat == "one" and index > 0:
        index -= 1
    if index >= len(order) and repeat == "all":
        index = 0
    if index >= len(order):
        return silence(room, moment, cause)
    return start(room, order[index], moment, cause)


def start(room: Room, entry: EntryId, moment: Moment, cause: Cause, position: float = 0.0) -> PlaybackChanged:
    # What ends goes on, lest a page that reconnects finds its queue standing still.
    playing = cause == "ended" or not paced_elsewhere(room)
    as_of = _from(room, moment, cause) if playing else moment.now
    return _changed(Playback(entry, position, room.playback.rate, playing, as_of), cause)


def _from(room: Room, moment: Moment, cause: Cause) -> float:
    """The room time at which a track starts."""
    end = ends_at(room) if cause == "ended" else None
    return end if end is not None and moment.now - end <= SEAMLESS_MS else moment.now + moment.lead


def paced_elsewhere(room: Room) -> bool:
    """Whether it is somebody's own queue, and no socket of theirs is open.

    Then a client may play it that only moves the pointer, over HTTP, and the clock is not started behind its back.
    """
    return room.settings.personal and not any(member.online for member in room.members.values())


def paused(change: PlaybackChanged) -> PlaybackChanged:
    """The same, but standing still."""
    return structs.replace(change, playback=structs.replace(change.playback, playing=False))


def silence(room: Room, moment: Moment, cause: Cause) -> PlaybackChanged:
    return _changed(Playback(None, 0.0, room.playback.rate, False, moment.now), cause)


def tick(room: Room, moment: Moment) -> list[Event]:
    """What time alone brings about: a track has ended, or a room has played to nobody for long."""
    end, abandoned = ends_at(room), abandoned_at(room)
    if end is not None and end <= moment.now:
        following = advance(room, moment, "ended")
        if following.playback.playing and unheard_for(room, moment.now) >= ABANDONED_MS:
            return [_changed(paused(following).playback, "abandoned")]
        return [following]
    if abandoned is not None and abandoned <= moment.now:
        return [_changed(_still(room, position_at(room.playback, moment.now), moment), "abandoned")]
    return []


def playback_changed(room: Room, event: PlaybackChanged) -> Room:
    """With another entry, or the same one again, votes begin anew; what starts is remembered, lest it come too soon."""
    entry = event.playback.entry
    if entry == room.playback.entry and event.cause in _SAME_RUN:
        return structs.replace(room, playback=event.playback, waiting=None)
    played = room.played
    if entry is not None and entry in room.entries:
        played = (*played, (room.entries[entry].track.url, event.playback.as_of))[-PLAYED_KEPT:]
    ups = {key: users for key, users in room.ups.items() if key != entry}
    return structs.replace(room, playback=event.playback, waiting=None, played=played, skip_votes=frozenset(), ups=ups)


def _is_bare(playback: Playback) -> bool:
    """Whether there is a line without an entry."""
    return playback.entry is None and (playback.playing or playback.position > 0)


def _within(room: Room, entry: EntryId | None, position: float) -> float:
    """Not beyond the entry's end; at the very end there is nothing left to play, so from the start."""
    duration = room.entries[entry].track.duration_ms if entry is not None else None
    return position if duration is None or position < duration else 0.0


def _still(room: Room, position: float, moment: Moment) -> Playback:
    return structs.replace(room.playback, position=min(position, MAX_DURATION_MS), playing=False, as_of=moment.now)


def _changed(playback: Playback, cause: Cause) -> PlaybackChanged:
    return PlaybackChanged(playback=playback, cause=cause)
