"""Lists of several catalogues made one: in turns, the first of each first, and one song not twice."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from typing import Protocol, TypeVar

from roomd.catalogue.words import fold
from roomd.domain.song import Genre, Song, split_id

#: Recordings of one title by one artist that differ by less are taken for the same.
SAME_MS = 5_000.0


class Named(Protocol):
    """Whatever has an id with its provider in it."""

    @property
    def id(self) -> str: ...


N = TypeVar("N", bound=Named)


def in_turns(lists: Iterable[Sequence[N]], limit: int) -> list[N]:
    """The first of each list, then the second, and so on; what has one id only once."""
    return list({each.id: each for each in _turns(lists)}.values())[:limit]


def merge_songs(lists: Iterable[Sequence[Song]], limit: int) -> list[Song]:
    """As `in_turns`; of a song that two catalogues have, the one that plays more of it stands where the first stood."""
    chosen: list[Song] = []
    places: dict[tuple[str, str], list[int]] = {}
    for song in in_turns(lists, limit * 8):
        alike = places.setdefault((fold(song.title), fold(song.artist)), [])
        place = next((place for place in alike if _same(chosen[place], song)), None)
        if place is None:
            alike.append(len(chosen))
            chosen.append(song)
        elif _plays(song) > _plays(chosen[place]):
            chosen[place] = song
    return chosen[:limit]


def merge_genres(lists: Iterable[tuple[str, Sequence[Genre]]]) -> list[tuple[Genre, dict[str, int]]]:
    """By name: each with the number that it goes by at every provider that has it. The smallest number is its own."""
    found: dict[str, tuple[Genre, dict[str, int]]] = {}
    for provider, genres in lists:
        for genre in genres:
            name = fold(genre.name)
            first, numbers = found.get(name, (genre, {}))
            numbers[provider] = genre.id
            found[name] = (min(first, genre, key=lambda each: each.id), numbers)
    return [found[name] for name in sorted(found)]


def _turns(lists: Iterable[Sequence[N]]) -> Iterator[N]:
    return (each for each in chain.from_iterable(zip_longest(*lists)) if each is not None)


def _same(one: Song, other: Song) -> bool:
    """Of two catalogues, and as far as their lengths tell the same recording."""
    if split_id(one.id)[0] == split_id(other.id)[0] or not one.artist:
        return False
    return not one.duration_ms or not other.duration_ms or abs(one.duration_ms - other.duration_ms) < SAME_MS


def _plays(song: Song) -> int:
    """How much of it can be heard: nothing, a part, all."""
    return 0 if not song.url else 1 if song.playable_ms else 2
