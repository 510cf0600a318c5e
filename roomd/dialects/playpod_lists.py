"""PlayPod's words for playlists and favourites, with more fields than its document has."""

from typing import TypedDict

from roomd.dialects.playpod import KeptWire, kept_wire, seconds
from roomd.dialects.room_object import timestamp
from roomd.domain.playlist import Favourite, Playlist, PlaylistEntry, PlaylistKind


class PlaylistWire(TypedDict):
    """`cover_image` is its own picture or its first song's; `covers` are its first songs'."""

    id: str
    name: str
    description: str
    cover_image: str
    covers: tuple[str, ...]
    is_public: bool
    kind: PlaylistKind
    genre: str
    track_count: int
    duration: int
    owner: str
    owner_name: str
    created_at: str
    updated_at: str


class EntryWire(KeptWire):
    """`playable`: there is something to hear, as far as is known."""

    id: str
    position: int
    playable: bool
    added_at: str


class FavouriteWire(KeptWire):
    id: str
    playable: bool
    added_at: str


def playlist_wire(playlist: Playlist) -> PlaylistWire:
    return {
        "id": playlist.id,
        "name": playlist.name,
        "description": playlist.description,
        "cover_image": playlist.cover or next(iter(playlist.covers), ""),
        "covers": playlist.covers,
        "is_public": playlist.is_public,
        "kind": playlist.kind,
        "genre": playlist.genre,
        "track_count": playlist.tracks,
        "duration": seconds(playlist.duration_ms),
        "owner": playlist.owner,
        "owner_name": playlist.owner_name,
        "created_at": timestamp(playlist.created_at),
        "updated_at": timestamp(playlist.updated_at),
    }


def entry_wire(entry: PlaylistEntry) -> EntryWire:
    return {
        **kept_wire(entry.song),
        "id": entry.id,
        "position": entry.position,
        "playable": bool(entry.song.url),
        "added_at": timestamp(entry.added_at),
    }


def favourite_wire(favourite: Favourite) -> FavouriteWire:
    song = favourite.song
    return {
        **kept_wire(song),
        "id": favourite.id,
        "playable": bool(song.url),
        "added_at": timestamp(favourite.added_at),
    }
