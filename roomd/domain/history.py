"""What was played in a room, one after the other, as its log tells it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec import structs

from roomd.domain.commit import Commit
from roomd.domain.entries import EntriesAdded, Entry, EntryMeasured
from roomd.domain.ids import EntryId
from roomd.domain.playback import PlaybackChanged
from roomd.domain.room import RoomOpened
from roomd.domain.track import Track
from roomd.domain.words import Event

#: Milliseconds after which a track counts as played, though somebody went on to another one.
SKIMMED_MS = 5_000.0


class _Run(NamedTuple):
    """From when an entry is current until it is not. `began` is None while it only stands there."""

    entry: EntryId
    began: float | None


def played(commits: Iterable[Commit], known: Mapping[EntryId, Entry]) -> list[Track]:
    """The tracks in the order in which they were played; one that came again at once, repeated, is there once.

    `known` are the entries that the room has now: of others only the log can tell, and it may not reach back so far.
    """
    tracks = {key: entry.track for key, entry in known.items()}
    over: list[_Run] = []
    run: _Run | None = None
    for commit in commits:
        for event in commit.events:
            _learn(tracks, event)
            if not isinstance(event, PlaybackChanged):
                continue
            if run is None or run.entry != event.playback.entry:
                if run is not None and not _skimmed(run, event, commit.at):
                    over.append(run)
                run = _Run(event.playback.entry, None) if event.playback.entry else None
            if run is not None and run.began is None and _begins(event):
                run = run._replace(began=commit.at)
    told: list[Track] = []
    for each in (*over, *([run] if run else [])):
        track = tracks.get(each.entry)
        if each.began is not None and track is not None and not (told and told[-1].url == track.url):
            told.append(track)
    return told


def _learn(tracks: dict[EntryId, Track], event: Event) -> None:
    """What an event says of entries."""
    match event:
        case RoomOpened(room=room):
            tracks |= {key: entry.track for key, entry in room.entries.items()}
        case EntriesAdded(entries=entries):
            tracks |= {entry.id: entry.track for entry in entries}
        case EntryMeasured(entry=key, duration_ms=duration) if key in tracks:
            tracks[key] = structs.replace(tracks[key], duration_ms=duration)


def _begins(event: PlaybackChanged) -> bool:
    """Not where a room goes on to the next track only to stand still, because nobody is there."""
    return event.playback.playing or event.cause in {"started", "skipped"}


def _skimmed(run: _Run, event: PlaybackChanged, at: float) -> bool:
    """Whether somebody went on at once; what has played to its end never is, however short."""
    return event.cause != "ended" and run.began is not None and at - run.began < SKIMMED_MS
