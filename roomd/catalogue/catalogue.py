"""All catalogues as one: who is asked, what is put together, and what is still known when somebody does not answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import NoReturn, TypeVar

from roomd.catalogue.cache import Answer, Cache, Question
from roomd.catalogue.finding import Finder
from roomd.catalogue.merging import in_turns, merge_genres, merge_songs
from roomd.catalogue.provider import Provider
from roomd.catalogue.scan import LOCAL
from roomd.catalogue.seal import Seal
from roomd.domain.refusals import NotFound, Unavailable
from roomd.domain.song import (
    Album,
    AlbumPage,
    ArtistPage,
    Found,
    Genre,
    Song,
    split_id,
)
from roomd.domain.track import Track
from roomd.store.songs import Songs

T = TypeVar("T")

MINUTE_MS = 60_000.0
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

SEARCH = Question("search", Found, 10 * MINUTE_MS)
SONG = Question("song", Song, DAY_MS)
ALBUM = Question("album", AlbumPage, DAY_MS)
ARTIST = Question("artist", ArtistPage, DAY_MS)
RELATED = Question("related", list[Song], DAY_MS)
GENRES = Question("genres", list[Genre], DAY_MS)
GENRE_SONGS = Question("genre_songs", list[Song], HOUR_MS)
TOP_SONGS = Question("top_songs", list[Song], HOUR_MS)
NEW_ALBUMS = Question("new_albums", list[Album], HOUR_MS)
TOP_ALBUMS = Question("top_albums", list[Album], HOUR_MS)

#: Providers are asked for so many at least: whoever wants fewer, or a few more, is answered out of the same.
SIZES = (20, 50, 100, 200, 500)
#: How far a search can be paged through: as many songs as a queue holds.
MOST_FOUND = SIZES[-1]
#: Seconds between two looks whether charts are fresh, and whether answers are too old to be kept.
WARM_S = 300.0
FORGET_S = 3_600.0
#: Seconds for which a list of all catalogues waits for each; who takes longer is left out of it.
PART_S = 2.0

log = logging.getLogger(__name__)


class Catalogue:
    """`providers` in the order in which they are shown; the local folder, which needs no cache, among them."""

    def __init__(
        self, providers: Sequence[Provider], cache: Cache, songs: Songs, seal: Seal, now: Callable[[], float]
    ) -> None:
        self._providers = {provider.name: provider for provider in providers}
        self._cache = cache
        self._seal = seal
        self._finder = Finder(self._providers.keys(), songs, self._fresh, seal, now)

    @property
    def labels(self) -> Mapping[str, str]:
        """What people call each provider."""
        return {name: provider.label for name, provider in self._providers.items()}

    def is_down(self, name: str) -> bool:
        """Whether this process leaves a provider alone at the moment."""
        return self._providers[name].down

    def provider(self, name: str) -> Provider:
        """Raises NotFound."""
        return self._providers.get(name) or _unknown(name)

    async def stop(self) -> None:
        await self._finder.stop()
        await self._cache.stop()

    async def forget(self) -> float:
        """Let go of old answers; in how many seconds to come again. Raises Unavailable."""
        return 0.0 if await self._cache.forget() else FORGET_S

    async def warm(self) -> float:
        """Ask for what everybody looks at first, where it is not fresh any more; in how many seconds to come again."""
        charts = (self.genres(), self.top_songs(SIZES[0]), self.new_albums(SIZES[0]), self.top_albums(SIZES[0]))
        for came in await asyncio.gather(*charts, return_exceptions=True):
            if isinstance(came, BaseException) and not isinstance(came, Unavailable):
                raise came
        return WARM_S

    async def search(self, q: str, limit: int, provider: str = "", offset: int = 0) -> Answer[Found]:
        """What all catalogues, or one, have for these words, of each kind `limit` after the first `offset`. Without
        words: the newest of the folder, or what is on top of the one that was named. Nothing comes after `MOST_FOUND`.
        """
        q, page = " ".join(q.split()), slice(offset, min(offset + limit, MOST_FOUND))
        # A page is cut out of lists that begin at the top: only those are the same whoever is asked how often.
        limit = page.stop
        if provider:
            chosen = self.provider(provider)
            answer = await (self._found(chosen, q, limit) if q or provider == LOCAL else self._topmost(chosen, limit))
            found, stale, left_out = [answer.value], answer.stale, answer.left_out
        else:
            found, stale, left_out = await self._each(
                lambda each: self._found(each, q, limit), only=None if q else LOCAL
            )
        merged = Found(
            songs=merge_songs([each.songs for each in found], limit)[page],
            artists=in_turns([each.artists for each in found], limit)[page],
            albums=in_turns([each.albums for each in found], limit)[page],
        )
        return Answer(merged, stale, left_out)

    async def song(self, song_id: str) -> Answer[Song]:
        """What its provider says; while that is down, what was known of it."""
        return await self._finder.song(song_id)

    async def songs(self, ids: Sequence[str]) -> dict[str, Song]:
        """Those that are known, kept so that lists may name them. Raises Unavailable where they could not be."""
        return await self._finder.songs(ids)

    async def tracks(self, ids: Sequence[str]) -> tuple[Track, ...]:
        """To be queued. Raises NotFound for the first that is not there or cannot be played."""
        return await self._finder.tracks(ids)

    async def playable(self, ids: Sequence[str]) -> dict[str, Track]:
        """As `tracks`, without those that cannot be had now."""
        return await self._finder.playable(ids)

    async def related(self, song_id: str, limit: int) -> Answer[list[Song]]:
        name, key = split_id(song_id)
        provider, size = self._providers.get(name), _size(limit)
        if provider is None:
            return Answer([])
        answer = await self._ask(provider, RELATED, f"{size} {key}", lambda: provider.related(key, size))
        return Answer(answer.value[:limit], answer.stale)

    async def related_if_any(self, song_id: str, limit: int) -> Answer[list[Song]]:
        """As `related`, but nothing where nobody knows; whoever does not answer is left out."""
        try:
            return await _in_time(lambda: self.related(song_id, limit))
        except NotFound:
            return Answer([])
        except (Unavailable, TimeoutError):
            return Answer([], left_out=(split_id(song_id)[0],))

    async def artist(self, artist_id: str) -> Answer[ArtistPage]:
        name, key = split_id(artist_id)
        provider = self.provider(name)
        return await self._ask(provider, ARTIST, key, lambda: provider.artist(key))

    async def album(self, album_id: str) -> Answer[AlbumPage]:
        name, key = split_id(album_id)
        provider = self.provider(name)
        return await self._ask(provider, ALBUM, key, lambda: provider.album(key))

    async def genres(self) -> Answer[list[Genre]]:
        genres, stale, left_out = await self._genres()
        return Answer([genre for genre, _ in genres], stale, left_out)

    async def genre(self, number: int) -> Genre | None:
        genres, _, _ = await self._genres()
        return next((genre for genre, numbers in genres if number in numbers.values()), None)

    async def genre_songs(self, number: int, limit: int) -> Answer[list[Song]]:
        """Of every provider that has a genre of this name, whichever number it has there. Stations are no songs."""
        genres, _, without = await self._genres()
        numbers = next((numbers for _, numbers in genres if number in numbers.values()), None)
        if numbers is None:
            _no_genre(without)
        size = _size(limit)

        async def ask(provider: Provider) -> Answer[list[Song]]:
            if provider.name not in numbers:
                return Answer([])
            theirs = numbers[provider.name]
            about = f"{size} {theirs}"
            return await self._ask(provider, GENRE_SONGS, about, lambda: provider.genre_songs(theirs, size))

        found, stale, left_out = await self._each(ask)
        return Answer(merge_songs([_recorded(each) for each in found], limit), stale, left_out)

    async def top_songs(self, limit: int) -> Answer[list[Song]]:
        found, stale, left_out = await self._each(lambda each: self._top(each, _size(limit)))
        return Answer(merge_songs([_recorded(each) for each in found], limit), stale, left_out)

    async def new_albums(self, limit: int) -> Answer[list[Album]]:
        size = _size(limit)
        found, stale, left_out = await self._each(
            lambda each: self._ask(each, NEW_ALBUMS, f"{size}", lambda: each.new_albums(size))
        )
        return Answer(in_turns(found, limit), stale, left_out)

    async def top_albums(self, limit: int) -> Answer[list[Album]]:
        size = _size(limit)
        found, stale, left_out = await self._each(
            lambda each: self._ask(each, TOP_ALBUMS, f"{size}", lambda: each.top_albums(size))
        )
        return Answer(in_turns(found, limit), stale, left_out)

    async def _fresh(self, song_id: str) -> Answer[Song]:
        name, key = split_id(song_id)
        provider = self.provider(name)
        return await self._ask(provider, SONG, key, lambda: provider.song(key))

    async def _found(self, provider: Provider, q: str, limit: int) -> Answer[Found]:
        size = _size(limit)
        return await self._ask(provider, SEARCH, f"{size} {q.casefold()}", lambda: provider.search(q, size))

    async def _topmost(self, provider: Provider, limit: int) -> Answer[Found]:
        top = await self._top(provider, _size(limit))
        return Answer(Found(songs=top.value), top.stale)

    async def _top(self, provider: Provider, size: int) -> Answer[list[Song]]:
        return await self._ask(provider, TOP_SONGS, f"{size}", lambda: provider.top_songs(size))

    async def _genres(self) -> tuple[list[tuple[Genre, dict[str, int]]], bool, tuple[str, ...]]:
        async def named(each: Provider) -> Answer[tuple[str, list[Genre]]]:
            answer = await self._ask(each, GENRES, "", each.genres)
            return Answer((each.name, answer.value), answer.stale)

        found, stale, left_out = await self._each(named)
        return merge_genres(found), stale, left_out

    async def _ask(
        self, provider: Provider, question: Question[T], about: str, work: Callable[[], Awaitable[T]]
    ) -> Answer[T]:
        if provider.name == LOCAL:
            return Answer(await work())
        answer = await self._cache.ask(question, provider.name, about, work)
        return Answer(self._seal.on(answer.value), answer.stale)

    async def _each(
        self, ask: Callable[[Provider], Awaitable[Answer[T]]], only: str | None = None
    ) -> tuple[list[T], bool, tuple[str, ...]]:
        """What each answers, whether any of it is stale, and who did not answer. Raises Unavailable if none did."""
        asked = [each for name, each in self._providers.items() if only in {None, name}]
        came = await asyncio.gather(*(_in_time(partial(ask, each)) for each in asked), return_exceptions=True)
        answers, left_out = [], []
        for provider, answer in zip(asked, came, strict=True):
            if isinstance(answer, Answer):
                answers.append(answer)
            elif isinstance(answer, Unavailable | TimeoutError):
                left_out.append(provider.name)
            elif not isinstance(answer, NotFound):
                raise answer
        if left_out and not answers:
            raise Unavailable("None of the catalogues answers. Try again in a moment.", "provider_down")
        return [each.value for each in answers], any(each.stale for each in answers), tuple(left_out)


async def _in_time(ask: Callable[[], Awaitable[Answer[T]]]) -> Answer[T]:
    async with asyncio.timeout(PART_S):
        return await ask()


def _size(limit: int) -> int:
    return next((size for size in SIZES if size >= limit), limit)


def _recorded(songs: Sequence[Song]) -> list[Song]:
    return [song for song in songs if not song.live]


def _unknown(name: str) -> NoReturn:
    raise NotFound(f"This server has no catalogue “{name[:40]}”.", "no_such_catalogue")


def _no_genre(left_out: Sequence[str]) -> NoReturn:
    if left_out:
        raise Unavailable("Not all catalogues answer, so this genre is not known. Try again.", "provider_down")
    raise NotFound("There is no such genre.", "no_such_genre")
