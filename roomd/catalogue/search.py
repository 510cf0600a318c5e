"""Searching a folder's tracks, held in memory. A search looks at every track; docs and tests hold what that costs."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from roomd.catalogue.scan import Item
from roomd.catalogue.tags import main_artist
from roomd.catalogue.words import fold, words
from roomd.domain.song import genre_number

#: Words of a query that are looked for; the rest of a pasted paragraph is not.
MAX_WORDS = 12


class Group(Struct):
    """An artist, an album or a genre: what tracks have in common."""

    id: str
    name: str
    folded: str
    artist_id: str = ""
    artist: str = ""
    #: By their ids.
    items: dict[str, Item] = {}

    @property
    def count(self) -> int:
        return len(self.items)

    @property
    def cover(self) -> str:
        return next((item.track.cover for item in self.items.values() if item.track.cover), "")

    @property
    def newest(self) -> int:
        """When the newest of its files was written, in ns."""
        return max(item.found.mtime_ns for item in self.items.values())

    def ordered(self) -> list[Item]:
        """By artist, album, disc and track."""
        return sorted(self.items.values(), key=lambda item: item.order)


class Matches(Struct, frozen=True):
    tracks: list[Item]
    artists: list[Group]
    albums: list[Group]


class Index:
    """The tracks by id, and what they have in common. One thread only: the folder's scan hands its finds over."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}
        self._artists: dict[str, Group] = {}
        self._albums: dict[str, Group] = {}
        self._genres: dict[str, Group] = {}

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    def get(self, media_id: str) -> Item | None:
        return self._items.get(media_id)

    def artist(self, artist_id: str) -> Group | None:
        return self._artists.get(artist_id)

    def album(self, album_id: str) -> Group | None:
        return self._albums.get(album_id)

    def genre(self, number: int) -> Group | None:
        return self._genres.get(str(number))

    def genre_of(self, item: Item) -> Group | None:
        return self.genre(genre_number(item.genre)) if item.genre else None

    def albums(self, of: Iterable[Item] | None = None) -> list[Group]:
        """The albums that these tracks are on; of all tracks when none are given."""
        if of is None:
            return list(self._albums.values())
        return [self._albums[key] for key in dict.fromkeys(item.album_id for item in of if item.album_id)]

    def genres(self) -> list[Group]:
        """By name."""
        return _first(self._genres, len(self._genres), bool)

    def newest(self, limit: int) -> list[Item]:
        return heapq.nsmallest(limit, self._items.values(), key=lambda item: (-item.found.mtime_ns, item.order))

    def add(self, item: Item) -> None:
        self.remove(item.id)
        self._items[item.id] = item
        track = item.track
        if item.artist_id:
            main = main_artist(track.artist)
            _join(self._artists, item, item.artist_id, main, fold(main))
        if item.album_id:
            _join(self._albums, item, item.album_id, track.album, item.album_words + item.artist_words)
        if item.genre:
            _join(self._genres, item, str(genre_number(item.genre)), item.genre, fold(item.genre))

    def remove(self, media_id: str) -> None:
        item = self._items.pop(media_id, None)
        if item is not None:
            _part(self._artists, item, item.artist_id)
            _part(self._albums, item, item.album_id)
            _part(self._genres, item, str(genre_number(item.genre)))

    def search(self, q: str, limit: int) -> Matches:
        """All words must begin a word of the title, artist or album. No words: the newest tracks."""
        wanted = [f" {word}" for word in words(q)[:MAX_WORDS]]
        if not wanted:
            return Matches(self.newest(limit), _first(self._artists, limit, bool), _first(self._albums, limit, bool))
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


def _join(groups: dict[str, Group], item: Item, group_id: str, name: str, folded: str) -> None:
    if group_id not in groups:
        groups[group_id] = Group(group_id, name, folded, item.artist_id, main_artist(item.track.artist), {})
    groups[group_id].items[item.id] = item


def _part(groups: dict[str, Group], item: Item, group_id: str) -> None:
    group = groups.get(group_id)
    if group is not None:
        group.items.pop(item.id, None)
        if not group.items:
            del groups[group_id]
