"""Searching a folder's tracks, held in memory. A search looks at every track; docs and tests hold what that costs."""

import heapq
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypedDict

from msgspec import Struct

from roomd.catalogue.scan import LOCAL, Item
from roomd.catalogue.words import words
from roomd.domain.refusals import Invalid

MAX_QUERY = 200
MAX_LIMIT = 50
DEFAULT_LIMIT = 10
#: Words of a query that are looked for; the rest of a pasted paragraph is not.
MAX_WORDS = 12


class Group(Struct):
    """An artist or an album: what tracks have in common."""

    id: str
    name: str
    folded: str
    cover: str
    artist_id: str
    artist: str
    count: int


class Matches(Struct, frozen=True):
    tracks: list[Item]
    artists: list[Group]
    albums: list[Group]


class ArtistWire(TypedDict, total=False):
    id: str
    name: str
    picture_medium: str


class AlbumWire(TypedDict, total=False):
    id: str
    title: str
    artist: ArtistWire
    cover_medium: str


class TrackWire(TypedDict):
    id: str
    title: str
    artist: ArtistWire
    album: AlbumWire
    duration: int
    duration_ms: float | None
    preview: str
    url: str
    cover: str
    kind: str
    mime: str
    source: str


class AnswerWire(TypedDict):
    tracks: list[TrackWire]
    artists: list[ArtistWire]
    albums: list[AlbumWire]


class Searchable(Protocol):
    def search(self, q: str, limit: int) -> Matches: ...


class Index:
    """The tracks by id, and their artists and albums. One thread only: the folder's scan hands its finds over."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}
        self._artists: dict[str, Group] = {}
        self._albums: dict[str, Group] = {}

    def __len__(self) -> int:
        return len(self._items)

    def get(self, media_id: str) -> Item | None:
        return self._items.get(media_id)

    def add(self, item: Item) -> None:
        self.remove(item.id)
        self._items[item.id] = item
        track = item.track
        if item.artist_id:
            found = Group(item.artist_id, track.artist, item.artist_words, track.cover, item.artist_id, track.artist, 0)
            _join(self._artists, found)
        if item.album_id:
            folded = item.album_words + item.artist_words
            _join(self._albums, Group(item.album_id, track.album, folded, track.cover, item.artist_id, track.artist, 0))

    def remove(self, media_id: str) -> None:
        item = self._items.pop(media_id, None)
        if item is not None:
            _part(self._artists, item.artist_id)
            _part(self._albums, item.album_id)

    def search(self, q: str, limit: int) -> Matches:
        """All words must begin a word of the title, artist or album. No words: the newest tracks."""
        wanted = [f" {word}" for word in words(q)[:MAX_WORDS]]
        if not wanted:
            newest = heapq.nsmallest(limit, self._items.values(), key=lambda item: (-item.found.mtime_ns, item.order))
            return Matches(newest, _first(self._artists, limit, bool), _first(self._albums, limit, bool))
        ranked = ((rank, item) for item in self._items.values() if (rank := _rank(item, wanted)) is not None)
        best = heapq.nsmallest(limit, ranked, key=lambda pair: (pair[0], pair[1].order))

        def matches(group: Group) -> bool:
            return all(word in group.folded for word in wanted)

        return Matches(
            [item for _, item in best], _first(self._artists, limit, matches), _first(self._albums, limit, matches)
        )


def _rank(item: Item, wanted: Sequence[str]) -> int | None:
    """The sum over the words: 0 begins the title, 1 is in the title, 2 in the artist, 3 in the album."""
    total = 0
    for word in wanted:
        if word in item.title_words:
            total += 0 if item.title_words.startswith(word) else 1
        elif word in item.artist_words:
            total += 2
        elif word in item.album_words:
            total += 3
        else:
            return None
    return total


def _first(groups: dict[str, Group], limit: int, wanted: Callable[[Group], bool]) -> list[Group]:
    return heapq.nsmallest(limit, (group for group in groups.values() if wanted(group)), key=lambda group: group.folded)


def _join(groups: dict[str, Group], found: Group) -> None:
    group = groups.setdefault(found.id, found)
    group.count += 1
    group.cover = group.cover or found.cover


def _part(groups: dict[str, Group], group_id: str) -> None:
    group = groups.get(group_id)
    if group is not None:
        group.count -= 1
        if not group.count:
            del groups[group_id]


def search_answer(folder: Searchable, q: str, limit: int = DEFAULT_LIMIT) -> AnswerWire:
    """The answer of `GET /api/catalogue/search/`. Raises Invalid."""
    if len(q) > MAX_QUERY:
        raise Invalid(f"q has more than {MAX_QUERY} characters", fields={"q": "is too long"})
    if not 1 <= limit <= MAX_LIMIT:
        raise Invalid(f"limit must be 1 to {MAX_LIMIT}", fields={"limit": f"must be 1 to {MAX_LIMIT}"})
    found = folder.search(q, limit)
    return {
        "tracks": track_wires(found.tracks),
        "artists": [{**_artist(group.id, group.name), "picture_medium": group.cover} for group in found.artists],
        "albums": [
            {**_album(group.id, group.name, group.cover), "artist": _artist(group.artist_id, group.artist)}
            for group in found.albums
        ],
    }


def track_wires(items: Iterable[Item]) -> list[TrackWire]:
    """Tracks as the catalogue tells them. `duration` is in whole seconds, and 0 where nobody could tell."""
    return [
        {
            "id": item.track.source,
            "title": item.track.title,
            "artist": _artist(item.artist_id, item.track.artist),
            "album": _album(item.album_id, item.track.album, item.track.cover),
            "duration": round((item.track.duration_ms or 0) / 1_000),
            "duration_ms": item.track.duration_ms,
            "preview": item.track.url,
            "url": item.track.url,
            "cover": item.track.cover,
            "kind": item.track.kind,
            "mime": item.track.mime,
            "source": item.track.source,
        }
        for item in items
    ]


def _artist(artist_id: str, name: str) -> ArtistWire:
    return {"id": f"{LOCAL}:{artist_id}" if artist_id else "", "name": name}


def _album(album_id: str, title: str, cover: str) -> AlbumWire:
    return {"id": f"{LOCAL}:{album_id}" if album_id else "", "title": title, "cover_medium": cover}
