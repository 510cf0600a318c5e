"""Editing the queue: what people may do to its entries, and what that does to what plays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, structs

from roomd.domain import modes
from roomd.domain.entries import (
    EntriesAdded,
    EntriesRanked,
    EntriesRemoved,
    Entry,
    EntryMeasured,
    entries_added,
    entries_removed,
    ordered,
    place,
    ranks_between,
)
from roomd.domain.ids import EntryId, make_short_id
from roomd.domain.people import Right, demand, demand_member, may
from roomd.domain.playback import advance, paused, silence, start
from roomd.domain.refusals import Conflict, Forbidden, Invalid, NotFound
from roomd.domain.track import Track, fit_text
from roomd.domain.words import Command, Event

if TYPE_CHECKING:
    from roomd.domain.actor import Actor
    from roomd.domain.moment import Moment
    from roomd.domain.room import Room

#: Entries a queue holds, those already played included; the oldest played ones make room.
MAX_ENTRIES = 500
#: Tracks that one command may add.
MAX_ADDED = 100


Where = Literal["end", "next"]


class Add(Command, frozen=True):
    """`play`: the first of them at once, which takes the right to skip; with `keep`, paused if the room is paused.

    `why`: why each was chosen, where no person chose it; of those that it does not reach to, somebody did.
    """

    tracks: tuple[Track, ...]
    at: Where = "end"
    play: bool = False
    keep: bool = False
    why: tuple[str, ...] = ()


class Load(Command, frozen=True):
    """The queue becomes these tracks, and starts with the one at `position`.

    `shuffle`: that one is the first, the others follow in any order; without a position any is the first. `why` as
    in Add.
    """

    tracks: tuple[Track, ...]
    position: Annotated[int, Meta(ge=0, lt=MAX_ENTRIES)] | None = None
    shuffle: bool = False
    why: tuple[str, ...] = ()


class Remove(Command, frozen=True):
    entries: Annotated[tuple[EntryId, ...], Meta(min_length=1, max_length=MAX_ENTRIES)]


class Move(Command, frozen=True):
    entry: EntryId
    before: EntryId | None = None


class Shuffle(Command, frozen=True):
    pass


class Clear(Command, frozen=True):
    pass


class Measured(Command, frozen=True):
    entry: EntryId
    duration_ms: Annotated[float, Meta(ge=100, le=86_400_000)]


def add(room: Room, command: Add, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "add")
    if not command.tracks:
        raise Invalid("Name at least one track to add.", fields={"tracks": "must not be empty"})
    modes.demand_measure(room, command.tracks, actor, moment)
    if not command.play:
        return adding(room, command.tracks, command.at, actor, moment, why=command.why)
    demand(room, actor, "skip")
    events, added = placing(room, command.tracks, "next", actor, moment, why=command.why)
    started = start(room, added.entries[0].id, moment, "started")
    if command.keep and not room.playback.playing:
        started = paused(started)
    return [*events, started]


def adding(
    room: Room, tracks: Sequence[Track], at: Where, actor: Actor, moment: Moment, *, why: Sequence[str] = ()
) -> list[Event]:
    """What adding the tracks, in the name of `actor`, brings about."""
    events, added = placing(room, tracks, at, actor, moment, why=why)
    if room.playback.entry is None and (room.settings.autoplay or room.settings.personal):
        first = start(entries_added(room, added), added.entries[0].id, moment, "started")
        # One's own queue has a current track from the first one on; that need not make it sound.
        events.append(first if room.settings.autoplay else paused(first))
    return events


def placing(
    room: Room, tracks: Sequence[Track], at: Where, actor: Actor, moment: Moment, *, why: Sequence[str] = ()
) -> tuple[list[Event], EntriesAdded]:
    """The events that put the tracks into the queue, and the one of them that does."""
    events: list[Event] = list(_make_room(room, len(tracks)))
    for event in events:
        room = entries_removed(room, event) if isinstance(event, EntriesRemoved) else room
    order = ordered(room)
    entries = tuple(_entry(track, actor, moment, reason) for track, reason in zip_longest(tracks, why[: len(tracks)]))
    follows = at == "next" and room.playback.entry in room.ranks
    index = place(room, order) + 1 if follows else _end(room, order, entries)
    ranks = ranks_between(room.ranks, order, index, len(entries))
    if ranks is None:
        fresh = {entry: float(n) for n, entry in enumerate(order, 1)}
        events.append(EntriesRanked(ranks=fresh))
        ranks = ranks_between(fresh, order, index, len(entries)) or []
    added = EntriesAdded(entries=entries, ranks=dict(zip((e.id for e in entries), ranks, strict=True)))
    return [*events, added], added


def load(room: Room, command: Load, actor: Actor, moment: Moment) -> list[Event]:
    rights: tuple[Right, ...] = ("add", "remove", "reorder", "skip")
    for right in rights:
        demand(room, actor, right)
    tracks, first = list(zip_longest(command.tracks, command.why[: len(command.tracks)])), command.position or 0
    if not 0 < len(tracks) <= MAX_ENTRIES:
        raise Invalid(f"Name 1 to {MAX_ENTRIES} tracks.", fields={"tracks": f"must be 1 to {MAX_ENTRIES}"})
    if first >= len(tracks):
        raise Invalid("There are not so many tracks.", fields={"position": f"must be 0 to {len(tracks) - 1}"})
    if command.shuffle:
        lead = [tracks.pop(first)] if command.position is not None else []
        moment.dice.shuffle(tracks)
        tracks, first = [*lead, *tracks], 0
    entries = tuple(_entry(track, actor, moment, reason) for track, reason in tracks)
    added = EntriesAdded(entries=entries, ranks={entry.id: float(n) for n, entry in enumerate(entries, 1)})
    gone: list[Event] = [EntriesRemoved(entries=tuple(ordered(room)))] if room.entries else []
    return [*gone, added, start(room, entries[first].id, moment, "started")]


def remove(room: Room, command: Remove, actor: Actor, moment: Moment) -> list[Event]:
    demand_member(room, actor)
    gone = tuple(dict.fromkeys(command.entries))
    for entry in gone:
        _demand_entry(room, entry, actor, "remove")
    return removing(room, gone, moment)


def removing(room: Room, gone: tuple[EntryId, ...], moment: Moment) -> list[Event]:
    """What taking the entries out brings about. Raises NotFound."""
    for entry in gone:
        if entry not in room.entries:
            raise NotFound("That entry is not in the queue any more.", "no_such_entry")
    events: list[Event] = [EntriesRemoved(entries=gone)]
    if room.playback.entry in gone:
        # Where the current one stood decides what follows it, so what is left is asked from there.
        left = entries_removed(room, EntriesRemoved(entries=tuple(e for e in gone if e != room.playback.entry)))
        after = advance(left, moment, "skipped")
        if after.playback.entry not in gone:
            playback = structs.replace(after.playback, playing=after.playback.playing and room.playback.playing)
            events.append(structs.replace(after, playback=playback))
        else:
            events.append(silence(room, moment, "emptied"))
    return events


def move(room: Room, command: Move, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "reorder")
    return moving(room, command.entry, command.before)


def moving(room: Room, entry: EntryId, before: EntryId | None) -> list[Event]:
    """What putting the entry before another one (None: at the end) brings about. Raises NotFound."""
    for each in (entry, before):
        if each is not None and each not in room.entries:
            raise NotFound("That entry is not in the queue any more.", "no_such_entry")
    if entry == before:
        return []
    was = ordered(room)
    order = [each for each in was if each != entry]
    index = len(order) if before is None else order.index(before)
    if [*order[:index], entry, *order[index:]] == was:
        return []
    ranks = ranks_between(room.ranks, order, index, 1)
    if ranks is not None:
        return [EntriesRanked(ranks={entry: ranks[0]})]
    order.insert(index, entry)
    return [EntriesRanked(ranks={entry: float(n) for n, entry in enumerate(order, 1)})]


def shuffle(room: Room, command: Shuffle, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "reorder")
    order = ordered(room)
    coming = order[place(room, order) + 1 :]
    if len(coming) < 2:
        return []
    slots = [room.ranks[entry] for entry in coming]
    moment.dice.shuffle(coming)
    return [EntriesRanked(ranks=dict(zip(coming, slots, strict=True)))]


def clear(room: Room, command: Clear, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "remove")
    if not room.entries:
        return []
    events: list[Event] = [EntriesRemoved(entries=tuple(ordered(room)))]
    if room.playback.entry is not None:
        events.append(silence(room, moment, "emptied"))
    return events


def measured(room: Room, command: Measured, actor: Actor, moment: Moment) -> list[Event]:
    """Listeners' players learn lengths that the server could not; only those who may skip anyway are believed.

    The first word stands, and so does what the catalogue says: media may change while they play, and players may differ
    about them, but the instant at which a track ends is agreed upon once, and the line does not move for a second one.
    Who knows better skips. A length that the room has passed already ends the track at once.
    """
    demand_member(room, actor)
    _demand_entry(room, command.entry, actor, "skip")
    if room.entries[command.entry].track.duration_ms is not None:
        return []
    return [EntryMeasured(entry=command.entry, duration_ms=command.duration_ms)]


def _demand_entry(room: Room, entry: EntryId, actor: Actor, right: Literal["remove", "skip"]) -> None:
    """The entry is there, and the actor has the right, or put it there and may add."""
    found = room.entries.get(entry)
    if found is None:
        raise NotFound("That entry is not in the queue any more.", "no_such_entry")
    if found.by == actor.id and may(room, actor.id, "add"):
        return
    if not may(room, actor.id, right):
        raise Forbidden("You can only do that with tracks you added yourself.")


def _make_room(room: Room, count: int) -> Sequence[EntriesRemoved]:
    """Which played entries go so that `count` new ones fit."""
    over = len(room.entries) + count - MAX_ENTRIES
    if over <= 0:
        return ()
    order = ordered(room)
    played = order[: max(0, place(room, order))]
    if len(played) < over:
        raise Conflict(f"The queue is full: it holds {MAX_ENTRIES} tracks.", "queue_full", params={"most": MAX_ENTRIES})
    return (EntriesRemoved(entries=tuple(played[:over])),)


def _end(room: Room, order: Sequence[EntryId], added: Sequence[Entry]) -> int:
    """Where the end of the queue is: what somebody chose goes before what the radio has ready."""
    index = len(order)
    if room.playback.entry is None or all(entry.why for entry in added):
        return index
    here = place(room, order)
    while index - 1 > here and room.entries[order[index - 1]].why:
        index -= 1
    return index


def _entry(track: Track, actor: Actor, moment: Moment, why: str | None = None) -> Entry:
    entry, reason = EntryId(make_short_id(moment.dice)), fit_text(why or "")
    return Entry(id=entry, track=track, by=actor.id, by_name=actor.name, added_at=moment.now, why=reason)
