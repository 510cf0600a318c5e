"""What somebody likes, as far as their listening says, and which songs go with that: pure arithmetic, with reasons.

A song's weight for a person comes from how its runs ended, and fades with time. Candidates have kinds of evidence:
people here who heard the same, catalogues that say what is related, the same artist or genre, what many hear. Each
kind is scaled to 0..1 and weighed; what counted most is the reason that people read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import log1p
from typing import Literal, NamedTuple

from msgspec import Struct

from roomd.domain.heard import Listen
from roomd.domain.song import Song

DAY_MS = 24 * 3_600_000.0
#: Days after which a run of a song says half as much.
HALF_LIFE_DAYS = 45.0
#: What a run to the end, one skipped at its very beginning, and a favourite say.
TO_THE_END = 1.0
SKIPPED = -1.0
LIKED = 2.0
#: One song's weight stays within this, however often it is heard.
MOST_WEIGHT = 4.0
#: A song of unknown length counts as heard after so long.
_USUAL_MS = 180_000.0
#: People who heard both before two songs are taken to go together: one alone says little.
_DAMPING = 2.0
#: Songs of somebody's that stand for their taste where others' listening and catalogues are asked.
SEEDS = 8

Kind = Literal["together", "related", "artist", "genre", "popular", "charted", "newest", "own", "chance"]
#: Found with scripts/evaluate_recommendations.py; docs/library.md has the figures.
WEIGHTS: Mapping[Kind, float] = {
    "together": 1.0,
    "related": 0.35,
    "artist": 0.6,
    "genre": 0.3,
    "popular": 0.1,
    "charted": 0.04,
    "newest": 0.02,
    "own": 0.3,
    "chance": 0.0,
}
#: How much more than its own weight a song counts that was refused; and what a known one is worth where new ones are
#: wanted.
REFUSED = 4.0
KNOWN = 0.4


class Pair(NamedTuple):
    """Of those who heard a song (`ears` of them were asked), `both` heard this other one too."""

    song: str
    both: int
    ears: int


class Taste(Struct, frozen=True, kw_only=True):
    """One person's. `songs`: weights, below 0 for what they skip; `artists` (by name) and `genres`: from -1 to 1."""

    songs: Mapping[str, float] = {}
    artists: Mapping[str, float] = {}
    genres: Mapping[str, float] = {}
    liked: frozenset[str] = frozenset()
    #: The songs behind the weights.
    known: Mapping[str, Song] = {}

    def seeds(self, limit: int = SEEDS) -> dict[str, float]:
        """The songs that stand for it, the best first, with their weights."""
        ranked = sorted(((weight, song) for song, weight in self.songs.items() if weight > 0), reverse=True)
        return {song: weight for weight, song in ranked[:limit]}


class Facts(Struct, frozen=True, kw_only=True):
    """What is known about what could be chosen. `songs` holds every candidate; all else is by song id.

    `seeds`: the songs that were asked about, as far as they are known; `ears`: by how many people each was heard;
    `popular`: how often each was played lately; `charted`: what catalogues play most, the first of it first, with what
    people call the catalogue; `newest`: the newest first.
    """

    songs: Mapping[str, Song]
    seeds: Mapping[str, Song] = {}
    pairs: Mapping[str, Sequence[Pair]] = {}
    ears: Mapping[str, int] = {}
    related: Mapping[str, Sequence[str]] = {}
    popular: Mapping[str, int] = {}
    charted: Mapping[str, str] = {}
    newest: Sequence[str] = ()


class Reason(NamedTuple):
    """Why, and the id of the song that is behind it, if one is."""

    kind: Kind
    seed: str = ""


class Scored(NamedTuple):
    score: float
    reason: Reason


def taste_of(listens: Iterable[Listen], liked: Iterable[Song], now: float) -> Taste:
    songs: defaultdict[str, float] = defaultdict(float)
    known: dict[str, Song] = {}
    for listen in listens:
        fading = 0.5 ** (max(0.0, now - listen.at) / DAY_MS / HALF_LIFE_DAYS)
        songs[listen.song.id] += _said(listen) * fading
        known[listen.song.id] = listen.song
    favourites = {song.id: song for song in liked}
    for song_id in favourites:
        songs[song_id] += LIKED
    known |= favourites
    weights = {key: max(-MOST_WEIGHT, min(MOST_WEIGHT, weight)) for key, weight in songs.items()}
    artists: defaultdict[str, float] = defaultdict(float)
    genres: defaultdict[str, float] = defaultdict(float)
    for song_id, weight in weights.items():
        song = known[song_id]
        if song.artist:
            artists[artist_of(song)] += weight
        if song.genre:
            genres[song.genre.casefold()] += weight
    return Taste(
        songs=weights,
        artists=_squashed(artists, 2.0),
        genres=_squashed(genres, 4.0),
        liked=frozenset(favourites),
        known=known,
    )


def _said(listen: Listen) -> float:
    """What one run says of a song, from -1 to 1."""
    share = min(1.0, max(0.0, listen.heard_ms / (listen.song.playable_ms or listen.song.duration_ms or _USUAL_MS)))
    if listen.ended == "ended":
        return TO_THE_END
    if listen.ended == "skipped":
        # Somebody who came late to a song that is skipped, or had heard most of it, has not refused it.
        return SKIPPED * (1.0 - share) + 0.5 * share
    return 0.8 * share


def _squashed(weights: Mapping[str, float], half: float) -> dict[str, float]:
    """To -1..1; `half` is what becomes a half."""
    return {key: weight / (abs(weight) + half) for key, weight in weights.items()}


def artist_of(song: Song) -> str:
    """What tells artists apart, across providers."""
    return song.artist.casefold()


def similarity(pair: Pair, ears: int) -> float:
    """How much two songs go together: damped for what everybody hears, and where few people speak for it."""
    damped: float = max(ears, pair.both) ** 0.5
    return pair.both / pair.ears / damped * pair.both / (pair.both + _DAMPING)


def scores(taste: Taste, seeds: Mapping[str, float], facts: Facts, *, new: bool = False) -> dict[str, Scored]:
    """How well each candidate goes with the seeds (song ids with weights above 0), and suits the person.

    `new`: rather what they have not heard yet.
    """
    together, related = _scaled(_together(seeds, facts)), _scaled(_related(seeds, facts))
    plays = log1p(max(facts.popular.values(), default=1))
    charted, newest = _falling(list(facts.charted)), _falling(facts.newest)
    found = {}
    for song_id, song in facts.songs.items():
        weight = taste.songs.get(song_id, 0.0)
        known = new and weight > 0
        parts = [
            Scored(taste.artists.get(artist_of(song), 0.0), Reason("artist")),
            Scored(taste.genres.get(song.genre.casefold(), 0.0), Reason("genre")),
            Scored(log1p(facts.popular.get(song_id, 0)) / plays, Reason("popular")),
            Scored(charted.get(song_id, 0.0), Reason("charted")),
            Scored(newest.get(song_id, 0.0), Reason("newest")),
            Scored(0.0 if known else weight / MOST_WEIGHT * (1.0 if weight > 0 else REFUSED), Reason("own")),
            *(kind[song_id] for kind in (together, related) if song_id in kind),
        ]
        weighed = [Scored(part.score * WEIGHTS[part.reason.kind], part.reason) for part in parts]
        total, most = sum(part.score for part in weighed), max(weighed)
        found[song_id] = Scored(total * (KNOWN if known else 1.0), most.reason if most.score > 0 else Reason("chance"))
    return found


def _falling(songs: Sequence[str]) -> dict[str, float]:
    """From 1 for the first of them down to almost 0 for the last."""
    return {song: 1.0 - place / len(songs) for place, song in enumerate(songs)}


def _scaled(found: Mapping[str, Scored]) -> dict[str, Scored]:
    """To 0..1."""
    most = max((each.score for each in found.values()), default=1.0)
    return {song: Scored(each.score / most, each.reason) for song, each in found.items()}


def _together(seeds: Mapping[str, float], facts: Facts) -> dict[str, Scored]:
    """What those who heard the seeds heard too."""
    found = _Sums()
    for seed, weight in seeds.items():
        for pair in facts.pairs.get(seed, ()):
            found.add(pair.song, weight * similarity(pair, facts.ears.get(pair.song, 0)), Reason("together", seed))
    return found.scored()


def _related(seeds: Mapping[str, float], facts: Facts) -> dict[str, Scored]:
    """What catalogues say goes with the seeds, the first of each list the most."""
    found = _Sums()
    for seed, weight in seeds.items():
        for place, song in enumerate(facts.related.get(seed, ())):
            found.add(song, weight / (1.0 + 0.2 * place), Reason("related", seed))
    return found.scored()


class _Sums:
    """Sums with what added the most."""

    def __init__(self) -> None:
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._most: dict[str, Scored] = {}

    def add(self, song: str, amount: float, reason: Reason) -> None:
        self._sums[song] += amount
        self._most[song] = max(self._most.get(song, Scored(0.0, reason)), Scored(amount, reason))

    def scored(self) -> dict[str, Scored]:
        return {song: Scored(total, self._most[song].reason) for song, total in self._sums.items()}


def shared(each: Sequence[Mapping[str, Scored]]) -> dict[str, Scored]:
    """For several people: half the average, half what the one it suits least says. All have the same songs."""
    if len(each) == 1:
        return dict(each[0])
    tops = [max((one.score for one in person.values()), default=0.0) or 1.0 for person in each]
    found = {}
    for song in each[0] if each else ():
        all_of_it = [
            Scored(person[song].score / top, person[song].reason) for person, top in zip(each, tops, strict=True)
        ]
        least = min(one.score for one in all_of_it)
        average = sum(one.score for one in all_of_it) / len(all_of_it)
        found[song] = Scored((least + average) / 2, max(all_of_it).reason)
    return found
