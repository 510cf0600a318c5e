"""Who comes next, and how much one person may have coming: the rules that keep a queue fair.

In every mode but `host` the order of what is still to come follows from who added what, when, and who wants it; it is
worked out anew after whatever could change it, and only told when it did.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import structs

from roomd.domain.entries import EntriesRanked, Entry, ordered, place
from roomd.domain.ids import EntryId, UserId
from roomd.domain.people import demand, demand_member, may
from roomd.domain.refusals import Conflict, Forbidden, Limited, NotFound
from roomd.domain.words import Command, Event

if TYPE_CHECKING:
    from roomd.domain.actor import Actor
    from roomd.domain.moment import Moment
    from roomd.domain.room import Room
    from roomd.domain.track import Track

#: People at the decks at once.
MAX_DJS = 50
#: Milliseconds that a track counts for whose length nobody knows.
UNKNOWN_MS = 240_000.0


class Dj(Command, frozen=True):
    """Step up to the decks, or down from them; a host may step somebody else down."""

    on: bool
    user: UserId | None = None


class DjChanged(Event, frozen=True):
    user: UserId
    on: bool


class EntryVoted(Event, frozen=True):
    entry: EntryId
    user: UserId
    up: bool


class Up(Command, frozen=True):
    """Want an entry sooner, or not any more."""

    entry: EntryId
    up: bool = True


def dj(room: Room, command: Dj, actor: Actor, moment: Moment) -> list[Event]:
    demand_member(room, actor)
    user = command.user or actor.id
    if user != actor.id:
        demand(room, actor, "moderate")
        if command.on or user not in room.members:
            raise Forbidden("Nobody is put at the decks by somebody else.")
    if (user in room.djs) == command.on:
        return []
    if command.on:
        demand(room, actor, "request")
        if len(room.djs) >= MAX_DJS:
            raise Conflict(f"There are {MAX_DJS} people at the decks already.", "decks_full", params={"most": MAX_DJS})
    return [DjChanged(user=user, on=command.on)]


def up(room: Room, command: Up, actor: Actor, moment: Moment) -> list[Event]:
    demand(room, actor, "vote")
    if command.entry not in room.entries:
        raise NotFound("That entry is not in the queue any more.", "no_such_entry")
    if (actor.id in room.ups.get(command.entry, frozenset())) == command.up:
        return []
    return [EntryVoted(entry=command.entry, user=actor.id, up=command.up)]


def demand_measure(room: Room, tracks: Sequence[Track], actor: Actor, moment: Moment) -> None:
    """Raise a refusal where adding the tracks would be more than one person's share, or too soon again."""
    settings = room.settings
    if settings.queue_mode == "dj" and actor.id not in room.djs and not may(room, actor.id, "reorder"):
        raise Forbidden("Step up to the decks first; here those at the decks play in turn.", "not_a_dj")
    if may(room, actor.id, "reorder"):
        return
    own = [entry for entry in coming(room) if entry.by == actor.id]
    if settings.tracks_each and len(own) + len(tracks) > settings.tracks_each:
        most = settings.tracks_each
        said = f"You may have {most} tracks coming; wait for one to play."
        raise Limited(said, 60, "too_many_tracks", {"most": most})
    spans = [entry.track.duration_ms or UNKNOWN_MS for entry in own] + [t.duration_ms or UNKNOWN_MS for t in tracks]
    if settings.minutes_each and sum(spans) > settings.minutes_each * 60_000:
        most = settings.minutes_each
        raise Limited(f"You may have {most} minutes coming.", 60, "too_many_minutes", {"most": most})
    if settings.no_repeat_minutes:
        since = moment.now - settings.no_repeat_minutes * 60_000
        lately = {url for url, at in room.played if at >= since} | {entry.track.url for entry in coming(room)}
        if any(track.url in lately for track in tracks):
            minutes = settings.no_repeat_minutes
            said = f"That was played within the last {minutes} minutes."
            raise Conflict(said, "played_lately", params={"minutes": minutes})


def coming(room: Room) -> list[Entry]:
    """What is still to come, in order."""
    order = ordered(room)
    return [room.entries[entry] for entry in order[place(room, order) + 1 :]]


def arrange(room: Room) -> list[Event]:
    """The order that the mode asks for, where it is not the order that is."""
    wanted = _order(room, coming(room))
    before = [entry.id for entry in coming(room)]
    after = [entry.id for entry in wanted]
    if before == after:
        return []
    slots = sorted(room.ranks[entry] for entry in before)
    ranks = {entry: rank for entry, rank in zip(after, slots, strict=True) if room.ranks[entry] != rank}
    return [EntriesRanked(ranks=ranks)]


def _order(room: Room, entries: list[Entry]) -> list[Entry]:
    """What the radio chose has no turn: it follows what people chose, unless votes lift it."""
    mode = room.settings.queue_mode
    if mode == "votes":
        return sorted(entries, key=lambda entry: (-len(room.ups.get(entry.id, ())), entry.why != "", entry.added_at))
    chosen, radio = [entry for entry in entries if not entry.why], [entry for entry in entries if entry.why]
    if mode == "fifo":
        chosen = sorted(chosen, key=lambda entry: entry.added_at)
    elif mode in {"fair", "dj"}:
        chosen = _in_turn(room, chosen, "dj" if mode == "dj" else "fair")
    return [*chosen, *radio]


def _in_turn(room: Room, entries: list[Entry], mode: Literal["fair", "dj"]) -> list[Entry]:
    """Everybody's first, then everybody's second, …; within a round, whoever has waited the longest for a turn."""
    rounds: dict[EntryId, int] = {}
    turns: dict[UserId, int] = {}
    for entry in sorted(entries, key=lambda each: each.added_at):
        rounds[entry.id] = turns.get(entry.by, 0)
        turns[entry.by] = rounds[entry.id] + 1
    seats = _decks(room) if mode == "dj" else _waits(room)
    return sorted(entries, key=lambda each: (rounds[each.id], seats.get(each.by, -1), each.added_at))


def _waits(room: Room) -> dict[UserId, int]:
    """People by when a track of theirs last played, the longest ago first; whoever had none yet is not in it."""
    order = ordered(room)
    return {room.entries[entry].by: n for n, entry in enumerate(order[: place(room, order) + 1])}


def _decks(room: Room) -> dict[UserId, int]:
    """The decks in order of turn. Who stepped down comes after those who stand there."""
    current = room.entries.get(room.playback.entry) if room.playback.entry else None
    row = _from_next(room.djs, current)
    others = {entry.by for entry in room.entries.values()}
    return dict.fromkeys(others, len(row)) | {user: n for n, user in enumerate(row)}


def _from_next(djs: tuple[UserId, ...], current: Entry | None) -> tuple[UserId, ...]:
    """The decks in order of turn: after whoever plays now."""
    if current is None or current.by not in djs:
        return djs
    seat = djs.index(current.by) + 1
    return djs[seat:] + djs[:seat]


def dj_changed(room: Room, event: DjChanged) -> Room:
    others = tuple(user for user in room.djs if user != event.user)
    return structs.replace(room, djs=(*others, event.user) if event.on else others)


def entry_voted(room: Room, event: EntryVoted) -> Room:
    users = room.ups.get(event.entry, frozenset())
    after = users | {event.user} if event.up else users - {event.user}
    ups = {**room.ups, event.entry: after}
    if not after:
        del ups[event.entry]
    return structs.replace(room, ups=ups)
