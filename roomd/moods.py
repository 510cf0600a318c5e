"""Everybody's playlists of the day: one of what they like and may like, and up to two more by genre.

Made beside requests, a few people at a time, for those who listened lately.
"""

import logging
from collections.abc import Collection, Sequence
from contextlib import suppress

from roomd.clock import Clock
from roomd.domain.choosing import alternate
from roomd.domain.ids import UserId
from roomd.domain.refusals import Refusal, Unavailable
from roomd.domain.song import Pick, Song
from roomd.domain.taste import Taste
from roomd.recommender import REST_MS, Recommender
from roomd.scheduler import Job
from roomd.store.listens import Listens
from roomd.store.picks import KeptPicks
from roomd.store.playlists import Playlists

NAME = "Your Daily Mood"
#: Songs in one, and with fewer than so many there is none.
LONG = 30
LEAST = 6
#: Playlists a day.
MOST = 3
#: Days in which somebody has to have heard so many songs.
ACTIVE_DAYS = 7.0
HEARD = 5
#: Seconds for which they stand; people looked at in one run, and seconds between two rounds.
DAY_S = 22 * 3_600
AT_ONCE = 10
ROUND_S = 600.0
#: Before everybody.
NOBODY = "00000000-0000-0000-0000-000000000000"

log = logging.getLogger(__name__)


class Moods:
    def __init__(
        self, recommender: Recommender, listens: Listens, playlists: Playlists, kept: KeptPicks, *, clock: Clock
    ) -> None:
        self._recommender = recommender
        self._listens = listens
        self._playlists = playlists
        self._kept = kept
        self._clock = clock
        self._after = NOBODY

    def job(self) -> Job:
        return Job("moods", True, self.run)

    async def run(self) -> float:
        """Look at a few people; in how many seconds to come again. Raises Unavailable."""
        people = await self._listens.active(ACTIVE_DAYS, HEARD, self._after, AT_ONCE)
        for person in people:
            if await self._kept.claim_moods(person, DAY_S):
                await self._make(person)
            self._after = person
        if len(people) == AT_ONCE:
            return 1.0
        self._after = NOBODY
        return ROUND_S

    async def _make(self, person: UserId) -> None:
        try:
            (taste,) = await self._recommender.tastes([person])
            picks = await self._recommender.for_person(person, 2 * LONG)
            resting = await self._listens.since([person], self._clock.now() - REST_MS)
            for number, (description, songs) in enumerate(moods(taste, picks, resting), 1):
                name = NAME if number == 1 else f"{NAME} {number}"
                await self._playlists.replace_mood(person, name, description, songs)
        except Unavailable:
            with suppress(Unavailable):
                await self._kept.release_moods(person)
            raise
        except Refusal as refusal:
            # They have gone meanwhile.
            log.info("no playlists of the day for user %s: %s", person, refusal)


def moods(taste: Taste, picks: Sequence[Pick], resting: Collection[str]) -> list[tuple[str, list[Song]]]:
    """Descriptions and songs: what they like and what they may like by turns, and the same of their best genres."""
    own = [taste.known[song] for song in taste.seeds(3 * LONG) if song not in resting and taste.known[song].url]
    new = [pick.song for pick in picks if pick.song.id not in taste.songs]
    best = sorted((-weight, genre) for genre, weight in taste.genres.items() if weight > 0)
    made = [("What you like, and what goes with it.", alternate(own, new, LONG))]
    for _, genre in best:
        liked, other = ([song for song in part if song.genre.casefold() == genre] for part in (own, new))
        songs = alternate(liked, other, LONG)
        if len(songs) >= LEAST and len(made) < MOST:
            made.append((f"{songs[0].genre}, as you like it.", songs))
    return [(words, songs) for words, songs in made if len(songs) >= LEAST]
