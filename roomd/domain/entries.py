"""The queue's entries: what was played, what plays, what comes; ordered by rank.

A rank is a number between its neighbours', so that moving one entry writes one number, not five hundred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from roomd.domain.ids import EntryId, UserId
from roomd.domain.song import song_from
from roomd.domain.track import Track
from roomd.domain.words import Event

if TYPE_CHECKING:
    from roomd.domain.room import Room

#: Below this distance two ranks are too close to put another between them, and all are numbered afresh.
MIN_GAP = 1e-6
#: Songs that are remembered for having been taken out.
DECLINED = 50


class Entry(Struct, frozen=True, kw_only=True):
    """A track somebody put into the queue. The same track may be there twice.

    `why` says why it was chosen, where no person did: by the radio (then `by` is empty), or as going with another.
    """

    id: EntryId
    track: Track
    by: UserId
    by_name: str
    added_at: float
    why: str = ""


class EntriesAdded(Event, frozen=True):
    entries: tuple[Entry, ...]
    ranks: Mapping[EntryId, float]


class EntriesRemoved(Event, frozen=True):
    entries: tuple[EntryId, ...]


class EntriesRanked(Event, frozen=True):
    ranks: Mapping[EntryId, float]


class EntryMeasured(Event, frozen=True):
    entry: EntryId
    duration_ms: float


def ordered(room: Room) -> list[EntryId]:
    """The queue's entries, first to last."""
    return sorted(room.ranks, key=room.ranks.__getitem__)


def place(room: Room, order: Sequence[EntryId]) -> int:
    """Where in the order the current entry stands; -1 when nothing is current."""
    current = room.playback.entry
    return order.index(current) if current is not None and current in room.ranks else -1


def entries_added(room: Room, event: EntriesAdded) -> Room:
    entries = {**room.entries, **{entry.id: entry for entry in event.entries}}
    return structs.replace(room, entries=entries, ranks={**room.ranks, **event.ranks})


def entries_removed(room: Room, event: EntriesRemoved) -> Room:
    gone = set(event.entries)
    return structs.replace(
        room,
        declined=_declined(room, event.entries),
        entries={key: entry for key, entry in room.entries.items() if key not in gone},
        ranks={key: rank for key, rank in room.ranks.items() if key not in gone},
        ups={key: users for key, users in room.ups.items() if key not in gone},
    )


def _declined(room: Room, gone: Sequence[EntryId]) -> tuple[str, ...]:
    """With what the radio had ready of them, and nobody has heard: it is not to come back at once."""
    ready = [room.entries[key] for key in gone if key in room.entries and not room.entries[key].by]
    if not ready:
        return room.declined
    begun = {url for url, _ in room.played}
    return (*room.declined, *(song_from(entry.track).id for entry in ready if entry.track.url not in begun))[-DECLINED:]


def entries_ranked(room: Room, event: EntriesRanked) -> Room:
    return structs.replace(room, ranks={**room.ranks, **event.ranks})


def entry_measured(room: Room, event: EntryMeasured) -> Room:
    entry = room.entries[event.entry]
    longer = structs.replace(entry, track=structs.replace(entry.track, duration_ms=event.duration_ms))
    return structs.replace(room, entries={**room.entries, entry.id: longer})


def ranks_between(
    ranks: Mapping[EntryId, float], order: Sequence[EntryId], index: int, count: int
) -> list[float] | None:
    """`count` ranks for entries put at `index`, or None where the neighbours are too close together."""
    low = ranks[order[index - 1]] if index > 0 else None
    high = ranks[order[index]] if index < len(order) else None
    if high is None:
        first = 0.0 if low is None else float(int(low))
        return [first + n for n in range(1, count + 1)]
    if low is None:
        return [high - count + n for n in range(count)]
    step = (high - low) / (count + 1)
    return None if step < MIN_GAP else [low + step * n for n in range(1, count + 1)]
