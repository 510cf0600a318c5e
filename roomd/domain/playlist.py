"""Playlists and favourites: songs that somebody keeps, in an order of their own, for themselves or for everybody."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from random import Random
from typing import Literal

from msgspec import Struct

from roomd.domain.ids import UserId
from roomd.domain.refusals import Conflict, Invalid, NotFound
from roomd.domain.song import Song
from roomd.domain.text import tidy_text

#: own: made by hand; genre: made from a genre; mood: made anew every day.
PlaylistKind = Literal["own", "genre", "mood"]

MAX_NAME = 100
MAX_DESCRIPTION = 500
#: Playlists of one person, moods left out; songs in a playlist; favourites of one person.
MAX_PLAYLISTS = 500
MAX_SONGS = 10_000
MAX_FAVOURITES = 10_000
#: Covers of a playlist's first songs that stand for it when it has none of its own.
COVERS = 4


class Playlist(Struct, frozen=True, kw_only=True):
    """`cover` is its own picture, `covers` are those of its first songs. Times are room time in milliseconds."""

    id: str
    owner: UserId
    owner_name: str
    name: str
    description: str = ""
    cover: str = ""
    covers: tuple[str, ...] = ()
    is_public: bool = False
    kind: PlaylistKind = "own"
    genre: str = ""
    tracks: int = 0
    #: The sum of what is known of its songs' durations.
    duration_ms: float = 0.0
    created_at: float
    updated_at: float


class PlaylistEntry(Struct, frozen=True, kw_only=True):
    """A song in a playlist; the same song may be there twice. `position` counts from 0."""

    id: str
    song: Song
    position: int
    added_at: float


class Favourite(Struct, frozen=True, kw_only=True):
    id: str
    song: Song
    added_at: float


class PlaylistChanges(Struct, frozen=True, kw_only=True):
    """What to change of a playlist; None leaves a thing as it is."""

    name: str | None = None
    description: str | None = None
    is_public: bool | None = None


def tidy_playlist_name(text: str) -> str:
    """Raises Invalid, naming the field."""
    return tidy_text("name", text, MAX_NAME)


def tidy_description(text: str) -> str:
    """Raises Invalid, naming the field."""
    return tidy_text("description", text, MAX_DESCRIPTION, empty=True, lines=True)


def search_key(text: str) -> str:
    """What a name is searched by: people who type "cafe" mean "Café"."""
    parted = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in parted if not unicodedata.combining(letter)).split())


def play_order(count: int, position: int | None, dice: Random | None) -> Sequence[int]:
    """The places of a playlist's songs in the order in which they are to be played, from `position` on.

    With dice all of them are shuffled, the one at `position` first if one is named. Raises Invalid.
    """
    if not count:
        raise Invalid("There is nothing in this playlist.", "empty_playlist")
    if position is not None and not 0 <= position < count:
        raise Invalid(f"position must be 0 to {count - 1}", fields={"position": f"must be 0 to {count - 1}"})
    if dice is None:
        return range(position or 0, count)
    order = [place for place in range(count) if place != position]
    dice.shuffle(order)
    return order if position is None else [position, *order]


def no_such_playlist() -> NotFound:
    """Also for somebody else's private one: nobody is to find out that it is there."""
    return NotFound("There is no such playlist.", "no_such_playlist")


def no_such_entry() -> NotFound:
    return NotFound("That song is not in the playlist (any more).", "no_such_entry")


def too_many_playlists() -> Conflict:
    return Conflict(
        f"You have {MAX_PLAYLISTS} playlists already.", "too_many_playlists", params={"most": MAX_PLAYLISTS}
    )


def playlist_full() -> Conflict:
    return Conflict(f"A playlist holds {MAX_SONGS:,} songs.", "playlist_full", params={"most": MAX_SONGS})


def too_many_favourites() -> Conflict:
    return Conflict(
        f"You have {MAX_FAVOURITES:,} favourites already.", "too_many_favourites", params={"most": MAX_FAVOURITES}
    )
