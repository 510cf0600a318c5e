"""What is known about what somebody may like, gathered from everywhere at once within a bounded time.

Whoever has not answered by then is left out: what people here heard is usually enough, and the folder is always there.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from roomd.catalogue.catalogue import Catalogue
from roomd.catalogue.memory import Memory
from roomd.catalogue.scan import LOCAL
from roomd.catalogue.seal import Seal
from roomd.domain.ids import UserId
from roomd.domain.refusals import NotFound, Unavailable
from roomd.domain.song import Song, split_id
from roomd.domain.taste import Facts, Pair, Taste
from roomd.store.listens import TOGETHER_DAYS, Listens
from roomd.store.songs import Songs
from roomd.tasks import Tasks

#: Seconds after which whoever has not answered is left out.
BUDGET_S = 1.0
#: Seeds that catalogues are asked about, artists and genres that are looked into, and songs that each may name.
RELATED = 4
ARTISTS = 3
GENRES = 2
EACH = 30
#: Songs that go together, songs of the charts and the days that these cover, the newest.
PAIRS = 400
POPULAR = 100
POPULAR_DAYS = 30.0
#: Milliseconds for which the charts are good: counting them takes 110 ms out of 400,000 listens.
POPULAR_MS = 120_000.0
NEWEST = 60

log = logging.getLogger(__name__)


@dataclass
class Found:
    songs: dict[str, Song] = field(default_factory=dict)
    seeds: Mapping[str, Song] = field(default_factory=dict)
    pairs: Mapping[str, Sequence[Pair]] = field(default_factory=dict)
    ears: Mapping[str, int] = field(default_factory=dict)
    related: dict[str, Sequence[str]] = field(default_factory=dict)
    popular: Mapping[str, int] = field(default_factory=dict)
    charted: Mapping[str, str] = field(default_factory=dict)
    newest: Sequence[str] = ()

    def add(self, songs: Iterable[Song]) -> list[str]:
        """Their ids."""
        new = {song.id: song for song in songs}
        self.songs |= new
        return list(new)


class Gathering:
    def __init__(
        self, listens: Listens, songs: Songs, catalogue: Catalogue, seal: Seal, *, now: Callable[[], float]
    ) -> None:
        self._listens = listens
        self.songs = songs
        self._catalogue = catalogue
        self._seal = seal
        self._tasks = Tasks(log)
        self._charts: Memory[list[tuple[str, int]]] = Memory(1, now)

    async def facts(self, tastes: Sequence[Taste], seeds: Collection[str], people: Sequence[UserId]) -> Facts:
        """About what goes with these seeds (the most telling first) and these tastes, and can be played."""
        found = Found()
        await self._within(BUDGET_S, self._works(found, tastes, list(seeds), people))
        # What they like themselves is a candidate too, unless it is not there any more.
        found.songs = {song.id: song for taste in tastes for song in taste.known.values()} | found.songs
        now = [await self._now(song) for song in found.songs.values()]
        return Facts(
            songs={song.id: song for song in now if song is not None},
            seeds=found.seeds,
            pairs=found.pairs,
            ears=found.ears,
            related=found.related,
            popular=found.popular,
            charted=found.charted,
            newest=found.newest,
        )

    async def stop(self) -> None:
        await self._tasks.stop()

    async def _within(self, seconds: float, works: Sequence[Coroutine[Any, Any, None]]) -> None:
        """Do all of it at once, as far as there is time; who does not answer, or knows nothing, is passed over."""
        tasks = [self._tasks.start("gathering", work, expected=(NotFound, Unavailable)) for work in works]
        try:
            await asyncio.wait(tasks, timeout=seconds)
        finally:
            # Not waited for: on a link that swallows packets, being cancelled takes its time too.
            for task in tasks:
                task.cancel()

    async def told(self, songs: Iterable[Song]) -> dict[str, Song]:
        """Songs by id, with all that the folder knows of its own: what was queued may say less than that."""
        return {song.id: await self._now(song) or song for song in songs}

    def _works(
        self, found: Found, tastes: Sequence[Taste], seeds: Sequence[str], people: Sequence[UserId]
    ) -> list[Coroutine[Any, Any, None]]:
        artists = _best((taste.artists for taste in tastes), ARTISTS)
        ids = {song.artist.casefold(): song.artist_id for taste in tastes for song in taste.known.values()}
        genres = _best((taste.genres for taste in tastes), GENRES)
        return [
            self._named(found, seeds),
            self._together(found, seeds, people),
            self._popular(found),
            self._newest(found),
            self._of_genres(found, genres),
            *(self._related(found, seed) for seed in seeds[:RELATED]),
            *(self._by(found, ids[name]) for name in artists if ids.get(name)),
        ]

    async def _named(self, found: Found, seeds: Sequence[str]) -> None:
        found.seeds = await self.songs.get(seeds)

    async def _together(self, found: Found, seeds: Sequence[str], people: Sequence[UserId]) -> None:
        pairs = await self._listens.pairs(seeds, people, TOGETHER_DAYS, PAIRS)
        ids = list({pair.song for heard in pairs.values() for pair in heard})
        ears = await self._listens.ears(ids, TOGETHER_DAYS)
        found.add((await self.songs.get(ids)).values())
        found.pairs, found.ears = pairs, ears

    async def _popular(self, found: Found) -> None:
        top = self._charts.get("")
        if top is None:
            top = await self._listens.top("", POPULAR_DAYS, POPULAR)
            self._charts.keep("", top, POPULAR_MS)
        found.add((await self.songs.get([song for song, _ in top])).values())
        found.popular = dict(top)

    async def _newest(self, found: Found) -> None:
        """What is played most in each catalogue; of the folder, what is played most here and then the newest."""
        top = found.add((await self._catalogue.top_songs(NEWEST)).value)
        labels = {song: self._catalogue.labels.get(split_id(song)[0], "") for song in top}
        found.newest = [song for song in top if split_id(song)[0] == LOCAL]
        found.charted = {song: label for song, label in labels.items() if split_id(song)[0] != LOCAL}

    async def _related(self, found: Found, seed: str) -> None:
        found.related[seed] = found.add((await self._catalogue.related(seed, EACH)).value)

    async def _by(self, found: Found, artist_id: str) -> None:
        found.add((await self._catalogue.artist(artist_id)).value.top[:EACH])

    async def _of_genres(self, found: Found, names: Sequence[str]) -> None:
        numbers = {genre.name.casefold(): genre.id for genre in (await self._catalogue.genres()).value}
        for name in names:
            if name in numbers:
                found.add((await self._catalogue.genre_songs(numbers[name], EACH)).value)

    async def _now(self, song: Song) -> Song | None:
        """The song as it is now; None where it cannot be played, or is not for everybody."""
        provider, _ = split_id(song.id)
        if provider == LOCAL:
            with suppress(NotFound, Unavailable):
                return (await self._catalogue.song(song.id)).value
            return None
        # Links that somebody pasted are of no catalogue: they may be meant for one room alone.
        offered = provider in self._catalogue.labels and song.url and not song.live
        return self._seal.on(song) if offered else None


def _best(weights: Iterable[Mapping[str, float]], limit: int) -> list[str]:
    """What several people like the most altogether."""
    total: dict[str, float] = {}
    for each in weights:
        for key, weight in each.items():
            total[key] = total.get(key, 0.0) + weight
    liked = sorted((key for key, weight in total.items() if weight > 0), key=lambda key: (-total[key], key))
    return liked[:limit]
