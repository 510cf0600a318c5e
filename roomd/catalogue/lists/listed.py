"""What files of songs have in common: a name, and of each song what the file says of it."""

import math
import re
from pathlib import PureWindowsPath
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from roomd.catalogue.tags import from_name
from roomd.domain.refusals import Invalid
from roomd.domain.song import Song, full_id
from roomd.domain.text import unshowable
from roomd.domain.track import MAX_DURATION_MS, MAX_URL, fit_text

#: Songs read from one file; as many as a playlist holds.
MAX_ENTRIES = 10_000
#: What a file says who `roomd:local:1f0c…` is: an id of ours, as an URI.
SCHEME = "roomd:"

_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)


class Listed(Struct, frozen=True, kw_only=True):
    """A song in a file. `id` is one of a server's own; `location` is an address, or a path on somebody's machine."""

    id: str = ""
    location: str = ""
    title: str = ""
    artist: str = ""
    album: str = ""
    cover: str = ""
    duration_ms: float | None = None


class SongList(Struct, frozen=True, kw_only=True):
    name: str = ""
    description: str = ""
    songs: list[Listed] = []


def listed(
    *,
    id: str = "",
    location: str = "",
    title: str = "",
    artist: str = "",
    album: str = "",
    cover: str = "",
    duration_ms: float | None = None,
) -> Listed:
    """A song as a file has it, made fit: what is too long or makes no sense is left out, for nobody is to be told."""
    location = fit_location(location)
    title, artist = fit_text(title), fit_text(artist)
    if not title and location and not location.startswith(SCHEME):
        artist, title = (artist, stem) if artist and (stem := stem_of(location)) else from_name(stem_of(location))
    if duration_ms is not None and not (math.isfinite(duration_ms) and 0 < duration_ms <= MAX_DURATION_MS):
        duration_ms = None
    return Listed(
        id=own_id(id) or own_id(location),
        location=location,
        title=title,
        artist=artist,
        album=fit_text(album),
        cover=fit_location(cover),
        duration_ms=duration_ms,
    )


def listed_from(song: Song, base: str) -> Listed:
    """A song as it goes into a file; `base` is this server's address. One that cannot be played goes by its id."""
    return Listed(
        id=f"{SCHEME}{song.id}",
        location=_absolute(song.url, base) or f"{SCHEME}{song.id}",
        title=fit_text(song.title),
        artist=fit_text(song.artist),
        album=fit_text(song.album),
        cover=_absolute(song.cover, base),
        duration_ms=song.duration_ms,
    )


def own_id(text: str) -> str:
    """`local:1f0c…` of `roomd:local:1f0c…`; empty for all else."""
    if not text.startswith(SCHEME):
        return ""
    try:
        return full_id(text.removeprefix(SCHEME))
    except Invalid:
        return ""


def path_of(location: str) -> str:
    """The path of a file on somebody's machine, with slashes; empty for what is an address."""
    if location.lower().startswith("file:"):
        try:
            location = unquote(urlsplit(location).path)
        except ValueError:
            return ""
    elif _ABSOLUTE.match(location):
        return ""
    return location.replace("\\", "/")


def stem_of(location: str) -> str:
    """The name of the file that a location leads to, without its extension."""
    path = path_of(location)
    if not path:
        try:
            path = unquote(urlsplit(location).path)
        except ValueError:
            return ""
    return fit_text(PureWindowsPath(path).stem)


def fit_location(text: str) -> str:
    """An address or a path as it is kept; nothing where it could be none."""
    text = text.strip()
    # Nearly all are ASCII; looking at each letter takes half of the time of reading a list.
    plain = text.isascii() and text.isprintable()
    return "" if len(text) > MAX_URL or not (plain or not any(map(unshowable, text))) else text


def not_a_list(why: str) -> Invalid:
    return Invalid(f"This is no list of songs that can be read: {why}.", "not_a_playlist")


def _absolute(url: str, base: str) -> str:
    return f"{base}{url}" if url.startswith("/") else url
