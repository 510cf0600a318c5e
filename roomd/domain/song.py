"""What catalogues know of music: songs, artists, albums and genres, whichever provider they come from.

Ids are `provider:id`, as in `local:1f0c…` or `deezer:3135556`. A bare number is Deezer's.
"""

from __future__ import annotations

import hashlib

from msgspec import Struct

from roomd.domain.refusals import Invalid, NotFound
from roomd.domain.track import MAX_SOURCE, Kind, Track, check_track, fit_text

#: The provider that a bare number belongs to.
NUMBERS = "deezer"


class Song(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A recording. `url` plays it: a path under /media/ of this server, which stays good, or the link itself
    of one that somebody pasted; "" where it cannot be played.

    `duration_ms` is the recording's. `playable_ms` is what `url` plays of it, where that is less: a preview.
    `released` is YYYY-MM-DD, or the beginning of that.
    """

    id: str
    title: str
    artist: str = ""
    artist_id: str = ""
    album: str = ""
    album_id: str = ""
    cover: str = ""
    url: str = ""
    duration_ms: float | None = None
    playable_ms: float | None = None
    kind: Kind = "audio"
    mime: str = ""
    genre: str = ""
    number: int = 0
    released: str = ""
    #: What makes it as loud as others; None where nobody has measured it.
    gain_db: float | None = None
    #: A station: it has no beginning, and everybody hears what it sends now.
    live: bool = False


class Artist(Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str
    name: str
    picture: str = ""
    albums: int = 0
    fans: int = 0


class Album(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`large` is the cover with 1,000 pixels a side, where there is one beside `cover`."""

    id: str
    title: str
    artist: str = ""
    artist_id: str = ""
    cover: str = ""
    large: str = ""
    released: str = ""


class Genre(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`id` is a number, as PlayPod has it: Deezer's own, or one of the name's (`genre_number`)."""

    id: int
    name: str
    picture: str = ""


class Found(Struct, frozen=True, kw_only=True):
    songs: list[Song] = []
    artists: list[Artist] = []
    albums: list[Album] = []


class ArtistPage(Struct, frozen=True, kw_only=True):
    artist: Artist
    albums: list[Album] = []
    top: list[Song] = []


class AlbumPage(Struct, frozen=True, kw_only=True):
    album: Album
    songs: list[Song] = []


def full_id(text: str, field: str = "track_id") -> str:
    """An id as people send it, with its provider. Raises Invalid."""
    text = text.strip()
    if text.isascii() and text.isdecimal():
        text = f"{NUMBERS}:{text}"
    provider, _, rest = text.partition(":")
    fine = text.isascii() and text.isprintable() and " " not in text
    if not provider or not rest or len(text) > MAX_SOURCE or not fine:
        raise Invalid(f"{field} must be like deezer:3135556", fields={field: "is not the id of a track"})
    return text


#: Numbers of genres that are made from names begin here; Deezer's own are far below.
_FIRST_NUMBER = 1_000_000


def genre_number(name: str) -> int:
    """The number that a genre's name goes by where its provider has none: the same everywhere, below 2**31."""
    digest = hashlib.blake2b(" ".join(name.casefold().split()).encode(), digest_size=8).digest()
    return _FIRST_NUMBER + int.from_bytes(digest) % (2**31 - _FIRST_NUMBER)


def split_id(full: str) -> tuple[str, str]:
    """The provider, and the id that it goes by there."""
    provider, _, rest = full.partition(":")
    return provider, rest


def track_of(song: Song) -> Track:
    """A song as it is queued. Raises NotFound where it cannot be played."""
    if not song.url:
        raise NotFound(f"“{song.title}” cannot be played here.", "not_playable", params={"title": song.title})
    return check_track(
        title=fit_text(song.title) or "Untitled",
        artist=fit_text(song.artist),
        album=fit_text(song.album),
        url=song.url,
        duration_ms=song.playable_ms or song.duration_ms or None,
        kind=song.kind,
        cover=song.cover,
        source=song.id,
        mime=song.mime,
        gain_db=song.gain_db,
    )


#: What stands before the ids of links that people pasted: no provider knows them.
LINK = "link"


class Pick(Struct, frozen=True, kw_only=True):
    """A song that somebody may like, and why, in a few words for people to read."""

    song: Song
    why: str = ""


def song_from(track: Track) -> Song:
    """A queued track as a song that can be kept; one that no provider knows goes by its link."""
    digest = hashlib.blake2b(track.url.encode(), digest_size=16).hexdigest()
    return Song(
        id=track.source or f"{LINK}:{digest}",
        title=track.title,
        artist=track.artist,
        album=track.album,
        cover=track.cover,
        url=track.url,
        duration_ms=track.duration_ms,
        kind=track.kind,
        mime=track.mime,
        gain_db=track.gain_db,
    )
