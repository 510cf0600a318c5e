"""PlayPod's words for a person's own queue. Positions are places in the whole queue, from 0."""

from collections.abc import Mapping
from typing import TypedDict

from msgspec import structs

from roomd.dialects.playpod import KeptWire, kept_wire
from roomd.dialects.room_object import timestamp
from roomd.domain.entries import Entry, ordered, place
from roomd.domain.room import Room
from roomd.domain.song import Song, song_from


class CurrentWire(TypedDict):
    """`is_radio`: nobody chose it; `why` says why it is there."""

    track_id: str
    track_title: str
    artist_name: str
    why: str
    is_radio: bool


class QueuedWire(KeptWire):
    id: str
    position: int
    why: str
    is_radio: bool
    is_current: bool
    url: str


class QueueWire(TypedDict):
    """`current_position` is beyond the end where nothing is current."""

    id: str
    code: str
    current_track_id: str | None
    current_position: int
    track_count: int
    is_playing: bool
    radio: bool
    updated_at: str


def song_id(entry: Entry) -> str:
    """The id that its track goes by in catalogues, lists and queues."""
    return song_from(entry.track).id


def current_of(room: Room) -> Entry | None:
    return room.entries.get(room.playback.entry) if room.playback.entry else None


def position_of(room: Room) -> int:
    """Where the current entry stands."""
    order = ordered(room)
    here = place(room, order)
    return here if here >= 0 else len(order)


def queue_wire(room: Room) -> QueueWire:
    current = current_of(room)
    return {
        "id": room.id,
        "code": room.code,
        "current_track_id": song_id(current) if current else None,
        "current_position": position_of(room),
        "track_count": len(room.entries),
        "is_playing": room.playback.playing,
        "radio": room.settings.radio,
        "updated_at": timestamp(room.last_activity),
    }


def current_wire(entry: Entry) -> CurrentWire:
    return {
        "track_id": song_id(entry),
        "track_title": entry.track.title,
        "artist_name": entry.track.artist,
        "why": entry.why,
        "is_radio": bool(entry.why),
    }


def queued_wires(room: Room, known: Mapping[str, Song]) -> list[QueuedWire]:
    """The queue in order. What is `known` of its songs says who their artists are."""
    current = room.playback.entry
    wires: list[QueuedWire] = []
    for position, key in enumerate(ordered(room)):
        entry = room.entries[key]
        song = song_from(entry.track)
        if song.id in known:
            song = structs.replace(song, artist_id=known[song.id].artist_id)
        wires.append(
            {
                **kept_wire(song),
                "id": key,
                "position": position,
                "why": entry.why,
                "is_radio": bool(entry.why),
                "is_current": key == current,
                "url": song.url,
            }
        )
    return wires
