"""Songs by their ids: what their providers say of them, and what is still known where those do not answer."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence

from msgspec import structs

from roomd.catalogue.cache import Answer
from roomd.catalogue.scan import LOCAL
from roomd.catalogue.seal import Seal
from roomd.domain.refusals import NotFound, Refusal, Unavailable
from roomd.domain.song import Song, split_id, track_of
from roomd.domain.track import MEDIA_PATH, Track
from roomd.store.songs import Songs
from roomd.tasks import Tasks

#: Songs asked for at the same time.
AT_ONCE = 8
#: Of so many songs at once each is asked for; of more, what is known of a song already is enough.
FEW = 20
#: Seconds that finding all of them may take; those that are not there by then are taken for unavailable.
PATIENCE_S = 6.0

log = logging.getLogger(__name__)


class Finder:
    """`ask` says what a song's provider, one of `names`, or the cache knows of it. Of songs of all others (links that
    people pasted, providers that are switched off) the table knows what was known once.
    """

    def __init__(
        self,
        names: Collection[str],
        songs: Songs,
        ask: Callable[[str], Awaitable[Answer[Song]]],
        seal: Seal,
        now: Callable[[], float],
    ) -> None:
        self._names = names
        self._songs = songs
        self._ask = ask
        self._seal = seal
        self._now = now
        self._tasks = Tasks(log)

    async def stop(self) -> None:
        await self._tasks.stop()

    async def song(self, song_id: str) -> Answer[Song]:
        """Raises NotFound, or Unavailable where nothing was ever known of it."""
        if split_id(song_id)[0] not in self._names:
            kept = await self._kept([song_id])
            if song_id not in kept:
                raise _missing()
            return Answer(kept[song_id])
        try:
            return await self._ask(song_id)
        except Unavailable:
            kept = {}
            with contextlib.suppress(Unavailable):
                kept = await self._kept([song_id])
            if song_id not in kept:
                raise
            return Answer(kept[song_id], stale=True)

    async def songs(self, ids: Sequence[str]) -> dict[str, Song]:
        """Those that are known; a file that has gone from the folder is, as it was. Raises Unavailable."""
        kept = await self._kept(ids)
        found, _ = await self._find(ids, kept)
        await self._songs.keep((song for song in found.values() if song != kept.get(song.id)), self._now())
        return {song_id: found.get(song_id) or kept[song_id] for song_id in ids if song_id in found or song_id in kept}

    async def tracks(self, ids: Sequence[str]) -> tuple[Track, ...]:
        """Raises NotFound or Unavailable for the first that cannot be had."""
        kept: dict[str, Song] = {}
        with contextlib.suppress(Unavailable):
            kept = await self._kept(ids)
        found, faults = await self._find(ids, kept)
        for song_id in ids:
            if song_id in faults:
                raise faults[song_id]
        fresh = [song for song in found.values() if song != kept.get(song.id)]
        if fresh:
            self._tasks.start("keep songs", self._songs.keep(fresh, self._now()), expected=(Unavailable,))
        return tuple(track_of(self._playable(found[song_id])) for song_id in ids)

    def _playable(self, song: Song) -> Song:
        """Without an address where its provider is switched off, so that this server cannot play it."""
        off = split_id(song.id)[0] not in self._names and song.url.startswith(MEDIA_PATH)
        return structs.replace(song, url="") if off else song

    async def playable(self, ids: Sequence[str]) -> dict[str, Track]:
        """As `tracks`, without those that cannot be had now."""
        kept: dict[str, Song] = {}
        with contextlib.suppress(Unavailable):
            kept = await self._kept(ids)
        found, _ = await self._find(ids, kept)
        playable = {}
        for song_id, song in found.items():
            with contextlib.suppress(NotFound):
                playable[song_id] = track_of(self._playable(song))
        return playable

    async def _kept(self, ids: Sequence[str]) -> dict[str, Song]:
        """What the table has, with today's seals: the server's secret may be another than it was then."""
        kept = await self._songs.get(ids)
        return {key: song if split_id(key)[0] == LOCAL else self._seal.on(song) for key, song in kept.items()}

    async def _find(self, ids: Sequence[str], kept: dict[str, Song]) -> tuple[dict[str, Song], dict[str, Refusal]]:
        """What is known of each, and why nothing is of the others."""
        found: dict[str, Song] = {}
        faults: dict[str, Refusal] = {}
        wanted = list(dict.fromkeys(ids))
        turns = asyncio.Semaphore(AT_ONCE)

        async def find(song_id: str) -> None:
            provider = split_id(song_id)[0]
            known = kept.get(song_id)
            if known is not None and (provider not in self._names or (provider != LOCAL and len(wanted) > FEW)):
                found[song_id] = known
                return
            try:
                if provider not in self._names:
                    raise _missing()
                async with turns:
                    found[song_id] = (await self.song(song_id)).value
            except Refusal as refusal:
                faults[song_id] = refusal

        asking = [asyncio.create_task(find(song_id)) for song_id in wanted]
        try:
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.gather(*asking)
        except TimeoutError:
            late = Unavailable("The catalogue does not answer in time. Try again in a moment.", "provider_down")
            faults |= {song_id: late for song_id in wanted if song_id not in found and song_id not in faults}
        finally:
            for task in asking:
                task.cancel()
        return found, faults


def _missing() -> NotFound:
    return NotFound("There is no such track.", "no_such_track")
