"""The radio: where a room's queue ends, it goes on with tracks that go with what was played, and says why each.

Which tracks those are is found out elsewhere and takes a while; whether they still fit is decided here, on the room as
it then is. So it does no harm when two processes offer tracks at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from roomd.domain.actor import Actor
from roomd.domain.entries import Entry, entries_added, ordered
from roomd.domain.ids import UserId
from roomd.domain.modes import coming
from roomd.domain.playback import paused, start
from roomd.domain.queue import placing
from roomd.domain.refusals import Conflict
from roomd.domain.song import song_from
from roomd.domain.track import Track
from roomd.domain.words import Command, Event

if TYPE_CHECKING:
    from roomd.domain.moment import Moment
    from roomd.domain.room import Room

#: With fewer tracks than this to come the radio adds some, until so many are.
LOW = 2
FULL = 3
#: Milliseconds for which the radio does not bring again what was played, at the least: whoever recommends has longer
#: rests for those with much music, and ten songs are to be a radio too.
REST_MS = 30 * 60_000.0
#: Of those that were played last, so many are not repeated even where there is nothing else.
LAST = 3
#: Tracks that it goes on from.
SEEDS = 5
#: Milliseconds of a track whose length nobody knows, that have to be heard lest it counts as skipped.
HEARD_MS = 30_000.0
#: In whose name it adds.
RADIO = Actor(UserId(""), "Radio")
#: Why, where nobody said.
WHY = "Goes with what was played"


class Offer(Struct, frozen=True, kw_only=True):
    """`again`: it was played lately, but everything else was played later."""

    track: Track
    why: str = ""
    again: bool = False


class Supply(Command, frozen=True):
    """Tracks that the radio may go on with, the best first; as many are added as are missing."""

    offers: Annotated[tuple[Offer, ...], Meta(min_length=1, max_length=50)]
    #: Whether somebody asked for music; then an empty queue will do too.
    asked: bool = False


def supply(room: Room, command: Supply, actor: Actor, moment: Moment) -> list[Event]:
    wanted = missing(room, asked=command.asked)
    if not wanted:
        raise Conflict("The radio has nothing to add here (any more).", "outdated")
    lately, spent = unwanted(room, moment.now), unavailable(room)
    offers = [offer for offer in command.offers if is_new(offer.track, spent if offer.again else lately)]
    fresh = {offer.track.url: offer for offer in reversed(offers)}
    chosen = list(reversed(fresh.values()))[:wanted]
    if not chosen:
        raise Conflict("All of that is in the queue, or was played lately.", "played_lately")
    tracks, why = [offer.track for offer in chosen], [offer.why.strip() or WHY for offer in chosen]
    events, added = placing(room, tracks, "end", RADIO, moment, why=why)
    if room.playback.entry is None:
        first = start(entries_added(room, added), added.entries[0].id, moment, "started")
        heard = any(member.online for member in room.members.values())
        events.append(first if heard else paused(first))
    return events


def missing(room: Room, *, asked: bool = False) -> int:
    """How many tracks the radio is to add; 0 where it is off, where enough is to come, or where nothing was begun.

    Where somebody has asked for music, it need not go on from anything.
    """
    if room.closed or not room.settings.radio or room.settings.repeat != "off":
        return 0
    if room.playback.entry is None:
        return FULL if ran_dry(room) or (asked and not room.entries) else 0
    there = len(coming(room))
    return FULL - there if there < LOW else 0


def ran_dry(room: Room) -> bool:
    """Whether the queue was played to its end, and nothing was begun since."""
    if room.playback.entry is not None or room.playback.playing or not room.entries or not room.played:
        return False
    return room.entries[ordered(room)[-1]].track.url == room.played[-1][0]


def unwanted(room: Room, now: float) -> set[str]:
    """The URLs of what plays, is to come, or was played lately; and the songs' ids of what was taken out."""
    return _there(room) | {url for url, at in room.played if at > now - REST_MS}


def unavailable(room: Room) -> set[str]:
    """As `unwanted`, where it must not matter that most was played lately, because there is nothing else."""
    return _there(room) | {url for url, _ in room.played[-LAST:]}


def _there(room: Room) -> set[str]:
    current = room.entries.get(room.playback.entry) if room.playback.entry else None
    queued = [] if ran_dry(room) else coming(room)
    return {entry.track.url for entry in [*queued, *([current] if current else [])]} | {*room.declined}


def unwanted_songs(room: Room, now: float) -> set[str]:
    """The same by the songs' ids, as far as the queue knows them."""
    known = unwanted(room, now)
    return {song_from(entry.track).id for entry in room.entries.values() if entry.track.url in known} | {*room.declined}


def is_new(track: Track, known: Collection[str]) -> bool:
    """Whether none of these, as `unwanted` has them, is the track."""
    return track.url not in known and song_from(track).id not in known


def seeds(room: Room) -> list[str]:
    """The songs' ids of what began last, and of what was played before it and not skipped, the latest first."""
    by_url = {entry.track.url: entry for entry in room.entries.values()}
    starts = [(by_url[url], at) for url, at in room.played if url in by_url]
    ends = [at for _, at in starts[1:]]
    heard = [entry for (entry, at), end in zip(starts, ends, strict=False) if end - at >= _enough(entry)]
    # Whether the last one is skipped nobody knows yet.
    return _ids([entry for entry, _ in starts[-1:]] + heard[::-1])


def _enough(entry: Entry) -> float:
    length = entry.track.duration_ms
    return HEARD_MS if length is None else length / 2


def _ids(entries: Sequence[Entry]) -> list[str]:
    return list(dict.fromkeys(song_from(entry.track).id for entry in entries))[:SEEDS]
