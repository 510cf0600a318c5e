"""What people may like, and what goes on after a song: their listening, others', and what catalogues say, in one list.

`domain/taste.py` and `domain/choosing.py` say how; here it is fetched, and kept for some minutes.
"""

import asyncio
import logging
from collections.abc import Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

from msgspec import structs

from roomd.clock import Clock
from roomd.domain.choosing import again, choose
from roomd.domain.ids import UserId
from roomd.domain.refusals import Unavailable
from roomd.domain.song import Pick
from roomd.domain.taste import MOST_WEIGHT, SEEDS, Facts, Scored, Taste, scores, shared, taste_of
from roomd.gathering import Gathering
from roomd.store.favourites import Favourites
from roomd.store.listens import Listens
from roomd.store.picks import KeptPicks
from roomd.tasks import Tasks

#: Seconds that somebody waits.
PATIENCE_S = 1.5
#: Picks that are kept of each person, and for how many seconds.
KEPT = 80
KEPT_S = 300
#: Runs of songs and favourites by which a taste is known; of several people fewer of each.
LISTENS = 400
LISTENS_TOGETHER = 2_400
LIKED = 300
#: Of a crowd, so many are asked, drawn anew each time.
CROWD = 12
#: Milliseconds for which nothing comes again that somebody heard; and in a library so small that nothing is left then.
REST_MS = 4 * 3_600_000.0
LEAST_REST_MS = 30 * 60_000.0
#: What a song that was just played weighs, as much as the best loved; and how many of everybody's own go with them.
SEED = MOST_WEIGHT
OWN = 3

log = logging.getLogger(__name__)


class Recommender:
    def __init__(
        self, listens: Listens, favourites: Favourites, gathering: Gathering, *, kept: KeptPicks, clock: Clock
    ) -> None:
        self._listens = listens
        self._favourites = favourites
        self._gathering = gathering
        self._kept = kept
        self._clock = clock
        self._tasks = Tasks(log)

    async def for_person(self, person: UserId, limit: int, *, avoid: Collection[str] = ()) -> list[Pick]:
        """What somebody may like, rather what is new to them; where they have just heard all there is, that again.

        Raises Unavailable where nobody can say in time.
        """
        try:
            return await self._in_time(self._for_person(person, limit, avoid))
        except Unavailable:
            known: list[Pick] | None = None
            with suppress(Unavailable):
                known = await self._kept.get(person)
            if not known:
                raise
            return [pick for pick in known if pick.song.id not in avoid][:limit]

    async def radio(
        self, people: Sequence[UserId], seeds: Sequence[str], avoid: Collection[str], limit: int
    ) -> list[Pick]:
        """What goes on after the seeds, the last one first, for all of these people. Raises Unavailable."""
        asked = list(people)
        if len(asked) > CROWD:
            asked = self._clock.moment().dice.sample(asked, CROWD)
        return await self._in_time(self._radio(asked, seeds, {*avoid, *seeds}, limit))

    async def stop(self) -> None:
        await self._tasks.stop()

    async def _in_time(self, work: Coroutine[Any, Any, list[Pick]]) -> list[Pick]:
        """What comes late is not waited for, and not broken off: it is kept for the next time. Raises Unavailable."""
        task = self._tasks.start("recommending", work, expected=(Unavailable,))
        done, _ = await asyncio.wait({task}, timeout=PATIENCE_S)
        if not done:
            raise Unavailable("That takes too long just now. Try again in a moment.")
        return task.result()

    async def _for_person(self, person: UserId, limit: int, avoid: Collection[str]) -> list[Pick]:
        known: list[Pick] | None = None
        with suppress(Unavailable):
            known = await self._kept.get(person)
        if known is not None:
            resting = await self._listens.since([person], self._clock.now() - REST_MS)
            fresh = [pick for pick in known if pick.song.id not in resting and pick.song.id not in avoid]
            if len(fresh) >= min(limit, len(known)):
                return fresh[:limit]
        (taste,) = await self.tastes([person])
        picks = await self._chosen([person], [taste], taste.seeds(), (), max(limit, KEPT), new=True)
        with suppress(Unavailable):
            await self._kept.keep(person, picks, KEPT_S)
        return [pick for pick in picks if pick.song.id not in avoid][:limit]

    async def _radio(
        self, people: Sequence[UserId], seeds: Sequence[str], avoid: Collection[str], limit: int
    ) -> list[Pick]:
        tastes = await self.tastes(people)
        own = {song: weight for taste in tastes for song, weight in taste.seeds(OWN).items()}
        told = own | {seed: SEED / (1 + 0.3 * place) for place, seed in enumerate(seeds)}
        ordered = dict(sorted(told.items(), key=lambda each: -each[1])[:SEEDS])
        return await self._chosen(people, tastes or [Taste()], ordered, avoid, limit)

    async def forget(self, person: UserId) -> None:
        """What they heard is gone, or told otherwise: what was chosen by it goes too."""
        with suppress(Unavailable):
            await self._kept.drop(person)

    async def tastes(self, people: Sequence[UserId]) -> list[Taste]:
        """Of each of these people. Raises DatabaseAway."""
        if not people:
            return []
        heard = await self._listens.of(people, min(LISTENS, LISTENS_TOGETHER // len(people)))
        liked = await self._favourites.ids(people)
        wanted = sorted({song for ids in liked.values() for song in sorted(ids)[:LIKED]})
        known = await self._gathering.songs.get(wanted)
        known |= {listen.song.id: listen.song for listens in heard.values() for listen in listens}
        told = await self._gathering.told(known.values())
        now = self._clock.now()
        return [
            taste_of(
                (structs.replace(listen, song=told[listen.song.id]) for listen in heard.get(person, ())),
                (told[song] for song in liked.get(person, ()) if song in told),
                now,
            )
            for person in people
        ]

    async def _chosen(
        self,
        people: Sequence[UserId],
        tastes: Sequence[Taste],
        seeds: Mapping[str, float],
        avoid: Collection[str],
        limit: int,
        *,
        new: bool = False,
    ) -> list[Pick]:
        facts = await self._gathering.facts(tastes, list(seeds), people)
        # Some 5 ms for each person and 500 songs: not in the way of rooms.
        scored = await asyncio.to_thread(_scored, tastes, seeds, facts, new)
        dice = self._clock.moment().dice
        resting: Mapping[str, float] = {}
        for rest in (REST_MS, LEAST_REST_MS):
            resting = await self._listens.since(people, self._clock.now() - rest)
            left = {song: score for song, score in scored.items() if song not in resting and song not in avoid}
            if left:
                return choose(left, facts, tastes, limit, dice, alone=len(people) < 2)
        # What a radio goes on with then, its room's own history says: see suggestions.py.
        return again({song: scored[song] for song in scored if song not in avoid}, facts, resting, limit) if new else []


def _scored(tastes: Sequence[Taste], seeds: Mapping[str, float], facts: Facts, new: bool) -> dict[str, Scored]:
    return shared([scores(taste, seeds, facts, new=new) for taste in tastes])
