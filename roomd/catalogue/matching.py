"""Which songs a list from elsewhere means: by our own ids, by where they are, and by what they are called."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol
from urllib.parse import unquote, urlsplit

from roomd.catalogue.cache import Answer
from roomd.catalogue.lists.listed import Listed, path_of
from roomd.catalogue.scan import LOCAL
from roomd.catalogue.words import fold, words
from roomd.domain.links import parse_link
from roomd.domain.refusals import Invalid, Refusal
from roomd.domain.song import LINK, Found, Song, full_id, song_from, split_id
from roomd.domain.track import MEDIA_PATH, Track, check_track

#: Songs that other catalogues are asked for, and titles that are searched there, for one list; and how many at the same
#: time. What they may be asked is shared with everybody who uses this server: Deezer is asked 40 times in 5 seconds.
MAX_ASKED = 500
MAX_SEARCHED = 100
AT_ONCE = 2
#: Seconds that all of it may take; what was not found by then is not.
PATIENCE_S = 20.0
#: Songs looked at of each search, and milliseconds by which the right one may differ from what the list says.
LOOKED_AT = 10
SAME_MS = 10_000.0

_OWN_FILE = re.compile(r"([0-9a-f]{32})\.\w{1,5}")
_DEEZER = re.compile(r"https?://(?:www\.)?deezer\.com/(?:[a-z-]{2,5}/)?track/(\d{1,15})\b")


class Known(Protocol):
    """The songs table."""

    async def get(self, ids: Sequence[str]) -> dict[str, Song]: ...


class Findable(Protocol):
    """The catalogue, as far as lists need it."""

    @property
    def labels(self) -> Mapping[str, str]: ...

    async def songs(self, ids: Sequence[str]) -> dict[str, Song]: ...

    async def search(self, q: str, limit: int, provider: str = "") -> Answer[Found]: ...


class Files(Protocol):
    """The music folder."""

    def at(self, path: str) -> Track | None: ...

    def titled(self, titles: Container[str]) -> Iterable[Track]: ...


class Matcher:
    def __init__(self, catalogue: Findable, known: Known, files: Files) -> None:
        self._catalogue = catalogue
        self._known = known
        self._files = files

    async def match(self, entries: Sequence[Listed]) -> list[Song | None]:
        """The song that each of them means, None where there is none here. Raises Unavailable without PostgreSQL."""
        ids = {entry: self._id(entry) for entry in entries}
        found: dict[str, Song] = await self._known.get(list({key for key in ids.values() if key}))
        called = self._own([entry for entry in entries if ids[entry] not in found])
        ids |= called
        # What a provider takes too long for is a song that was not found, and no reason to find none.
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self._ask([key for key in dict.fromkeys(ids.values()) if key and key not in found], found)
                await self._search([entry for entry, key in ids.items() if key not in found], ids, found)
        return [found.get(ids[entry]) or _linked(entry) for entry in entries]

    def _id(self, entry: Listed) -> str:
        """The full id of a song that the list names without doubt; empty where it does not."""
        path = path_of(entry.location)
        if entry.id or not entry.location:
            return entry.id
        track = self._files.at(path) or self._files.at(unquote(path)) if path else None
        return track.source if track else id_of(entry.location)

    def _own(self, entries: Iterable[Listed]) -> dict[Listed, str]:
        """The ids of those that are in the music folder under their title."""
        wanted: defaultdict[str, list[Listed]] = defaultdict(list)
        for entry in entries:
            wanted[fold(entry.title)].append(entry)
        wanted.pop("", None)
        called: dict[Listed, str] = {}
        for track in self._files.titled(wanted):
            song = song_from(track)
            called |= {entry: song.id for entry in wanted[fold(track.title)] if same(entry, song)}
        return called

    async def _ask(self, ids: Sequence[str], found: dict[str, Song]) -> None:
        """Those that nobody here has seen; in parts, so that some are found though time runs out."""
        own = [key for key in ids if split_id(key)[0] == LOCAL]
        labels = set(self._catalogue.labels) - {LOCAL}
        others = [key for key in ids if split_id(key)[0] in labels][:MAX_ASKED]
        for some in (own, *(others[first : first + 50] for first in range(0, len(others), 50))):
            found |= await self._catalogue.songs(some)

    async def _search(self, entries: Sequence[Listed], ids: dict[Listed, str], found: dict[str, Song]) -> None:
        """By title in the other catalogues."""
        if set(self._catalogue.labels) <= {LOCAL}:
            return
        waiting = iter([entry for entry in entries if words(entry.title)][:MAX_SEARCHED])

        async def work() -> None:
            for entry in waiting:
                song = await self._called(entry)
                if song is not None:
                    ids[entry], found[song.id] = song.id, song

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())

    async def _called(self, entry: Listed) -> Song | None:
        try:
            answer = await self._catalogue.search(f"{entry.artist} {entry.title}".strip(), LOOKED_AT)
        except Refusal:
            return None
        return next((song for song in answer.value.songs if same(entry, song)), None)


def same(entry: Listed, song: Song) -> bool:
    """Whether a song is what the list means: of the same title, and by the same artist or just as long.

    What else is said of both must not be against it.
    """
    if words(entry.title) != words(song.title):
        return False
    one, other = set(words(entry.artist)), set(words(song.artist))
    if entry.duration_ms is not None and song.duration_ms is not None:
        return (one <= other or other <= one) and abs(entry.duration_ms - song.duration_ms) < SAME_MS
    return bool(one and other) and (one <= other or other <= one)


def id_of(location: str) -> str:
    """The full id of the song that plays at an address; empty where that cannot be said."""
    deezer = _DEEZER.match(location)
    if deezer:
        return f"deezer:{deezer[1]}"
    link = parse_link(location)
    if link is not None:
        return link.source
    try:
        path = urlsplit(location).path
    except ValueError:
        return ""
    if path.startswith(MEDIA_PATH):
        own = _OWN_FILE.fullmatch(path.removeprefix(MEDIA_PATH))
        provider, _, key = path.removeprefix(MEDIA_PATH).partition("/")
        return f"local:{own[1]}" if own else _full(f"{provider}:{unquote(key)}")
    track = _track(Listed(location=location, title="-"))
    return song_from(track).id if track else ""


def _full(text: str) -> str:
    try:
        return full_id(text)
    except Invalid:
        return ""


def _linked(entry: Listed) -> Song | None:
    """What is at an address elsewhere, as the list has it: nobody looks whether it is still there."""
    if entry.id and split_id(entry.id)[0] != LINK:
        return None
    link, track = parse_link(entry.location), _track(entry)
    if track is not None and link is not None:
        track = check_track(title=track.title, artist=track.artist, url=link.url, kind=link.kind, source=link.source)
    return song_from(track) if track else None


def _track(entry: Listed) -> Track | None:
    if not entry.location.lower().startswith(("http://", "https://")):
        return None
    try:
        return check_track(
            title=entry.title,
            artist=entry.artist,
            album=entry.album,
            url=entry.location,
            duration_ms=entry.duration_ms,
            cover=entry.cover if entry.cover.startswith("http") else "",
        )
    except Invalid:
        return None
