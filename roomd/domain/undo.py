"""Undo: the last edits of the queue and the last skips can be taken back.

With each such act its inverse is noted, as events. Undoing applies what of it still can be: what somebody else has
removed meanwhile stays removed, what plays by now from the restored queue plays on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, structs

from roomd.domain.entries import EntriesAdded, EntriesRanked, EntriesRemoved, Entry
from roomd.domain.ids import EntryId, UserId
from roomd.domain.people import demand_member, may
from roomd.domain.playback import PlaybackChanged, position_at
from roomd.domain.queue import removing
from roomd.domain.refusals import Conflict, Forbidden
from roomd.domain.words import Command, Event

if TYPE_CHECKING:
    from roomd.domain.actor import Actor
    from roomd.domain.moment import Moment
    from roomd.domain.room import Room

#: Acts that a room can take back, the last ones.
KEPT = 10

What = Literal["added", "removed", "ordered", "skipped"]


class Act(Struct, frozen=True, kw_only=True):
    """Something that can be taken back. `id` is the number of its commit; `inverse` is what takes it back."""

    id: str
    by: UserId
    by_name: str
    at: float
    what: What
    inverse: tuple[EntriesAdded | EntriesRemoved | EntriesRanked | PlaybackChanged, ...]


class Undo(Command, frozen=True):
    """Take the last act back. `act` guards against taking back another one by mistake."""

    act: str | None = None


class ActNoted(Event, frozen=True):
    act: Act


class ActUndone(Event, frozen=True):
    act: str


def note(before: Room, events: Sequence[Event], actor: Actor, moment: Moment) -> list[Event]:
    """What somebody has just done to the queue, as an act that can be taken back."""
    inverse = _inverse(before, events, moment)
    if not inverse or not actor.id:
        return []
    what: What = "ordered"
    for event in events:
        if isinstance(event, EntriesAdded):
            what = "added"
        elif isinstance(event, EntriesRemoved) and what != "added":
            what = "removed"
        elif isinstance(event, PlaybackChanged) and what == "ordered":
            what = "skipped"
    act = Act(id=str(before.rev + 1), by=actor.id, by_name=actor.name, at=moment.now, what=what, inverse=tuple(inverse))
    return [ActNoted(act=act)]


def undo(room: Room, command: Undo, actor: Actor, moment: Moment) -> list[Event]:
    demand_member(room, actor)
    act = max(room.acts.values(), key=lambda each: int(each.id), default=None)
    if act is None:
        raise Conflict("There is nothing to take back.", "nothing_to_undo")
    if command.act not in {None, act.id}:
        raise Conflict("Something else was done since then.", "outdated")
    if not (may(room, actor.id, "reorder") or (act.by == actor.id and may(room, actor.id, "add"))):
        raise Forbidden("You can only take back what you did yourself.")
    events = _applicable(room, act, moment)
    events += [*_followed(room, events, moment), *_apart(room, events)]
    return [*events, ActUndone(act=act.id)]


def act_noted(room: Room, event: ActNoted) -> Room:
    acts = {**room.acts, event.act.id: event.act}
    for key in sorted(acts, key=int)[:-KEPT]:
        del acts[key]
    return structs.replace(room, acts=acts)


def act_undone(room: Room, event: ActUndone) -> Room:
    return structs.replace(room, acts={key: act for key, act in room.acts.items() if key != event.act})


def _inverse(
    before: Room, events: Sequence[Event], moment: Moment
) -> list[EntriesAdded | EntriesRemoved | EntriesRanked | PlaybackChanged]:
    """What leads from after the events to before them: first what comes back, last what plays."""
    gone: dict[EntryId, Entry] = {}
    added: list[EntryId] = []
    ranked: set[EntryId] = set()
    played = False
    for event in events:
        if isinstance(event, EntriesRemoved):
            gone |= {key: before.entries[key] for key in event.entries if key in before.entries}
        elif isinstance(event, EntriesAdded):
            added += [entry.id for entry in event.entries]
        elif isinstance(event, EntriesRanked):
            ranked |= event.ranks.keys() & before.ranks.keys()
        played = played or isinstance(event, PlaybackChanged)
    found: list[EntriesAdded | EntriesRemoved | EntriesRanked | PlaybackChanged] = []
    if gone:
        found.append(EntriesAdded(entries=tuple(gone.values()), ranks={key: before.ranks[key] for key in gone}))
    if added:
        found.append(EntriesRemoved(entries=tuple(added)))
    if ranked - gone.keys():
        found.append(EntriesRanked(ranks={key: before.ranks[key] for key in ranked - gone.keys()}))
    if played:
        stood = structs.replace(before.playback, position=position_at(before.playback, moment.now))
        found.append(PlaybackChanged(playback=stood, cause="undone"))
    return found


def _applicable(room: Room, act: Act, moment: Moment) -> list[Event]:
    """What of the inverse still fits the room."""
    events: list[Event] = []
    entries = dict(room.entries)
    for event in act.inverse:
        match event:
            case EntriesAdded():
                back = tuple(entry for entry in event.entries if entry.id not in entries)
                events += _some(EntriesAdded(entries=back, ranks=_only(event.ranks, {e.id for e in back})), back)
                entries |= {entry.id: entry for entry in back}
            case EntriesRemoved():
                there = tuple(key for key in event.entries if key in entries)
                events += _some(EntriesRemoved(entries=there), there)
                entries = {key: entry for key, entry in entries.items() if key not in there}
            case EntriesRanked():
                ranks = _only(event.ranks, entries.keys())
                events += _some(EntriesRanked(ranks=ranks), ranks)
            case PlaybackChanged(playback=playback):
                if playback.entry is None or playback.entry in entries:
                    lead = moment.lead if playback.playing else 0.0
                    line = structs.replace(playback, as_of=moment.now + lead)
                    events.append(PlaybackChanged(playback=line, cause="undone"))
    return events


def _followed(room: Room, events: Sequence[Event], moment: Moment) -> list[Event]:
    """What plays instead, where what plays is taken out and what played before it is not there any more either."""
    gone = {key for event in events if isinstance(event, EntriesRemoved) for key in event.entries}
    if room.playback.entry not in gone or any(isinstance(event, PlaybackChanged) for event in events):
        return []
    # As when somebody removes it: what follows is asked from where it stood.
    return [event for event in removing(room, tuple(gone), moment) if isinstance(event, PlaybackChanged)]


def _apart(room: Room, events: Sequence[Event]) -> list[Event]:
    """New ranks for all, where an entry comes back to a rank that another has by now. What comes back goes first."""
    ranks: dict[EntryId, float] = dict(room.ranks)
    back: set[EntryId] = set()
    for event in events:
        if isinstance(event, EntriesAdded | EntriesRanked):
            ranks |= event.ranks
            back |= event.ranks.keys()
        elif isinstance(event, EntriesRemoved):
            ranks = {key: rank for key, rank in ranks.items() if key not in event.entries}
    if len(set(ranks.values())) == len(ranks):
        return []
    order = sorted(ranks, key=lambda key: (ranks[key], key not in back))
    return [EntriesRanked(ranks={key: float(n) for n, key in enumerate(order, 1)})]


def _some(event: Event, of: Sequence[object] | Mapping[EntryId, float]) -> list[Event]:
    return [event] if of else []


def _only(ranks: Mapping[EntryId, float], keys: object) -> dict[EntryId, float]:
    return {key: rank for key, rank in ranks.items() if key in keys}  # type: ignore[operator]
