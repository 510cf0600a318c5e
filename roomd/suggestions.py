"""What a room may go on with: asked of whoever knows best first, and of others where those know nothing or are away.

First whoever recommends; then what the catalogue relates to the last songs; then what is played most here; then
anything of the host's own folder, which is always there, and at last what was played there the longest ago.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from roomd.clock import Clock
from roomd.domain import radio
from roomd.domain.ids import UserId
from roomd.domain.refusals import NotFound, Unavailable
from roomd.domain.room import Room
from roomd.domain.song import Pick, Song, song_from
from roomd.domain.track import Track

#: Picks asked for at once: some cannot be played, or were played lately under another id.
PICKS = 12
AT_ONCE = 4
#: Songs of the charts among which one is drawn when nobody can recommend.
CHARTED = 60
#: Songs that the fallback goes on from.
FROM = 2
#: Seconds that each may take.
SOURCE_S = 3.0
#: People whose taste counts at once.
PEOPLE = 50


class Found(Protocol):
    """An answer of the catalogue's."""

    @property
    def value(self) -> list[Song]: ...


class Catalogue(Protocol):
    """What the radio needs of the catalogue; see catalogue/catalogue.py."""

    async def playable(self, ids: Sequence[str]) -> Mapping[str, Track]: ...

    async def related(self, song_id: str, limit: int) -> Found: ...

    async def top_songs(self, limit: int) -> Found: ...


class Recommender(Protocol):
    """What it needs of whoever recommends; see recommender.py."""

    async def radio(
        self, people: Sequence[UserId], seeds: Sequence[str], avoid: Collection[str], limit: int
    ) -> list[Pick]: ...


class Suggestions:
    """`folder` tells the tracks of the host's own music, `prepared` whether one can be played right now."""

    def __init__(
        self,
        clock: Clock,
        recommender: Recommender,
        catalogue: Catalogue,
        folder: Callable[[], Iterable[Track]],
        prepared: Callable[[Track], Awaitable[bool]],
    ) -> None:
        self._clock = clock
        self._recommender = recommender
        self._catalogue = catalogue
        self._folder = folder
        self._prepared = prepared

    async def offers(self, room: Room) -> list[radio.Offer]:
        """What the room may go on with; none where nobody knows anything. Raises Unavailable where nobody can say."""
        away: Unavailable | None = None
        for source in (self._recommended, self._related, self._charted, self._any):
            try:
                async with asyncio.timeout(SOURCE_S):
                    offers = await self._playable(await source(room), room)
            except TimeoutError:
                away = Unavailable("whoever recommends takes too long")
            except Unavailable as fault:
                away = fault
            else:
                if offers:
                    return offers
        if away is not None:
            raise away
        return await self._heard_again(room)

    async def _recommended(self, room: Room) -> list[Pick]:
        avoid = radio.unwanted_songs(room, self._clock.now())
        return await self._recommender.radio(_listeners(room), radio.seeds(room), avoid, PICKS)

    async def _related(self, room: Room) -> list[Pick]:
        """What the catalogue says goes with the last songs."""
        picks: list[Pick] = []
        for seed in radio.seeds(room)[:FROM]:
            with suppress(NotFound):
                found = await self._catalogue.related(seed, PICKS)
                picks += [Pick(song=song, why=radio.WHY) for song in found.value]
        return picks

    async def _charted(self, room: Room) -> list[Pick]:
        """What people play here, in any order: better than silence."""
        songs = list((await self._catalogue.top_songs(CHARTED)).value)
        self._clock.moment().dice.shuffle(songs)
        return [Pick(song=song, why="From the charts") for song in songs]

    async def _any(self, room: Room) -> list[Pick]:
        """Anything of the folder: some 5 ms where it has 20,000 tracks."""
        unwanted = radio.unwanted(room, self._clock.now())
        tracks = [track for track in self._folder() if radio.is_new(track, unwanted)]
        some = self._clock.moment().dice.sample(tracks, min(PICKS, len(tracks)))
        return [Pick(song=song_from(track), why="From the music folder") for track in some]

    async def _heard_again(self, room: Room) -> list[radio.Offer]:
        """What was played the longest ago, where a small folder has nothing else: better than silence."""
        spent, last = radio.unavailable(room), dict(room.played)
        tracks = [track for track in self._folder() if radio.is_new(track, spent)]
        oldest = heapq.nsmallest(PICKS, tracks, key=lambda track: last.get(track.url, 0.0))
        ready = [track for track in oldest if await self._prepared(track)]
        return [radio.Offer(track=track, why="Not heard for the longest time", again=True) for track in ready]

    async def _playable(self, picks: Sequence[Pick], room: Room) -> list[radio.Offer]:
        """Those that can be played and are not unwanted, as many as a room needs at most."""
        unwanted = radio.unwanted(room, self._clock.now())
        # A station never ends.
        fresh = [pick for pick in picks if not pick.song.live and not unwanted & {pick.song.url, pick.song.id}]
        offers: dict[str, radio.Offer] = {}
        # A few at a time, since each may cost a question to its provider; mostly the first ones will do.
        for n in range(0, len(fresh), AT_ONCE):
            some = fresh[n : n + AT_ONCE]
            tracks = await self._catalogue.playable([pick.song.id for pick in some])
            for pick in some:
                track = tracks.get(pick.song.id)
                if track is not None and radio.is_new(track, unwanted) and await self._prepared(track):
                    offers.setdefault(track.url, radio.Offer(track=track, why=pick.why))
            if len(offers) >= radio.FULL:
                break
        return list(offers.values())


def _listeners(room: Room) -> list[UserId]:
    """Whose taste counts: those who hear the room; where nobody does, its members."""
    members = room.members.values()
    there = [member.id for member in members if member.online and member.listens]
    return (there or [member.id for member in members])[:PEOPLE]
