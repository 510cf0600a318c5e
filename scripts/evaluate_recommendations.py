"""How good recommendations are: python scripts/evaluate_recommendations.py [--people N] [--seed N]

Listeners with known tastes are made up (nobody real is in here): each likes two or three genres and some of their
artists, hears what is popular and now and then anything, and skips what does not suit them. The last fifth of what each
heard is held out; a hit is a listener of whom at least one song that they heard to the end there, for the first time,
is among the ten that were recommended out of the rest. Uses the same domain/taste.py and domain/choosing.py as the
server.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from math import sqrt
from random import Random
from typing import NamedTuple

from roomd.domain.choosing import choose
from roomd.domain.heard import Listen
from roomd.domain.ids import RoomId
from roomd.domain.song import Song
from roomd.domain.taste import DAY_MS, Facts, Pair, Taste, artist_of, scores, shared, taste_of

GENRES, ARTISTS, SONGS = 10, 14, 12
PLAYS = 120
HELD_OUT = 0.2
DAYS = 90
TEN = 10
NOW = 1_800_000_000_000.0
LENGTH_MS = 200_000.0
#: Out of 100 plays: by one's own taste, what is popular, anything.
BY_TASTE, BY_CHARTS = 65, 25
#: Out of 100 songs that suit somebody, and that do not: heard to the end.
FITTING, UNFITTING = 88, 40


class Person(NamedTuple):
    """A made-up listener: what they heard, and what was held out of it."""

    heard: list[Listen]
    wanted: set[str]


class World(NamedTuple):
    songs: dict[str, Song]
    people: list[Person]
    #: What a catalogue would say goes with each song: others of its artist, and of those next to that one.
    related: dict[str, list[str]]


class Result(NamedTuple):
    name: str
    hits: int
    people: int
    found: float
    covered: float

    @property
    def rate(self) -> float:
        return self.hits / self.people

    @property
    def error(self) -> float:
        """The standard error of the rate."""
        return sqrt(self.rate * (1 - self.rate) / self.people)


def falling(count: int) -> list[float]:
    """Weights of a popularity that falls off: the n-th is 1/n of the first, summed up."""
    return list(accumulate(1 / (n + 1) for n in range(count)))


def make_songs() -> dict[str, Song]:
    songs = {}
    for genre in range(GENRES):
        for artist in range(ARTISTS):
            for number in range(SONGS):
                key = f"made:{genre}.{artist}.{number}"
                name = f"Artist {genre}.{artist}"
                songs[key] = Song(
                    id=key, title=f"Song {genre}.{artist}.{number}", artist=name, genre=f"Genre {genre}", url=key,
                    duration_ms=LENGTH_MS,
                )  # fmt: skip
    return songs


def relate(songs: Mapping[str, Song], dice: Random) -> dict[str, list[str]]:
    related = {}
    for key in songs:
        genre, artist, _ = (int(part) for part in key.removeprefix("made:").split("."))
        near = [artist, (artist + 1) % ARTISTS, (artist - 1) % ARTISTS]
        numbers = dice.choices(range(SONGS), cum_weights=falling(SONGS), k=15)
        others = [f"made:{genre}.{dice.choice(near)}.{number}" for number in numbers]
        related[key] = [other for other in dict.fromkeys(others) if other != key]
    return related


def make_person(songs: Mapping[str, Song], dice: Random) -> Person:
    genres = dice.sample(range(GENRES), dice.choice((2, 3)))
    # Tastes within a genre are of neighbourhoods: who likes one artist likes those next to it.
    loved = {
        (genre, (start + n) % ARTISTS) for genre in genres for start in [dice.randrange(ARTISTS)] for n in range(4)
    }
    artists, numbers = falling(ARTISTS), falling(SONGS)

    def one() -> str:
        kind = dice.randrange(100)
        if kind < BY_TASTE:
            genre, artist = dice.choice(sorted(loved))
        else:
            genre = dice.randrange(GENRES)
            popular = dice.choices(range(ARTISTS), cum_weights=artists)[0]
            artist = popular if kind < BY_TASTE + BY_CHARTS else dice.randrange(ARTISTS)
        return f"made:{genre}.{artist}.{dice.choices(range(SONGS), cum_weights=numbers)[0]}"

    runs = []
    for place in range(PLAYS):
        key = one()
        genre, artist, _ = (int(part) for part in key.removeprefix("made:").split("."))
        to_the_end = dice.randrange(100) < (FITTING if (genre, artist) in loved else UNFITTING)
        share = 1.0 if to_the_end else dice.uniform(0.02, 0.5)
        runs.append(
            Listen(
                id=str(place), song=songs[key], room=RoomId(""), at=NOW - DAYS * DAY_MS * (1 - place / PLAYS),
                heard_ms=share * LENGTH_MS, ended="ended" if to_the_end else "skipped",
            )
        )  # fmt: skip
    cut = int(PLAYS * (1 - HELD_OUT))
    before = {run.song.id for run in runs[:cut]}
    wanted = {run.song.id for run in runs[cut:] if run.ended == "ended" and run.song.id not in before}
    return Person(runs[:cut], wanted)


def make_world(people: int, seed: int) -> World:
    dice = Random(seed)
    songs = make_songs()
    return World(songs, [make_person(songs, dice) for _ in range(people)], relate(songs, dice))


class Listening:
    """What all of them heard, counted as the server's database would."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.plays = Counter(run.song.id for person in world.people for run in person.heard)
        self.liked = [{run.song.id for run in person.heard if run.ended == "ended"} for person in world.people]
        self.who: defaultdict[str, set[int]] = defaultdict(set)
        for number, songs in enumerate(self.liked):
            for song in songs:
                self.who[song].add(number)

    def pairs(self, seed: str, without: int) -> list[Pair]:
        ears = sorted(self.who[seed] - {without})[:50]
        both = Counter(song for person in ears for song in self.liked[person] if song != seed)
        return [Pair(song, count, len(ears)) for song, count in both.items()]


Recommend = Callable[[int, Random], list[str]]


def by_taste(listening: Listening, *, together: bool = True, related: bool = True) -> Recommend:
    """As the server does it; without others' listening, or without what catalogues relate, to see what these bring."""
    world = listening.world
    popular = dict(listening.plays.most_common(100))
    ears = {song: len(who) for song, who in listening.who.items()}

    def recommend(number: int, dice: Random) -> list[str]:
        heard = world.people[number].heard
        taste = taste_of(heard, (), NOW)
        seeds = taste.seeds()
        pairs = {seed: listening.pairs(seed, number) for seed in seeds} if together else {}
        relations = {seed: world.related[seed] for seed in list(seeds)[:4]} if related else {}
        known = {run.song.id for run in heard}
        candidates = {*popular, *(pair.song for each in pairs.values() for pair in each)} | set(kin(world, taste))
        candidates |= {song for each in relations.values() for song in each}
        facts = Facts(
            songs={song: world.songs[song] for song in sorted(candidates - known)},
            pairs=pairs,
            ears=ears,
            related=relations,
            popular=popular,
        )
        picks = choose(shared([scores(taste, seeds, facts, new=True)]), facts, [taste], TEN, dice)
        return [pick.song.id for pick in picks]

    return recommend


def kin(world: World, taste: Taste) -> Sequence[str]:
    """Songs of the best three artists and the best two genres, as catalogues list them."""
    artists = sorted(taste.artists, key=lambda each: -taste.artists[each])[:3]
    genres = sorted(taste.genres, key=lambda each: -taste.genres[each])[:2]
    of_genre: Counter[str] = Counter()
    found = []
    for key, song in world.songs.items():
        genre = song.genre.casefold()
        if artist_of(song) in artists:
            found.append(key)
        elif genre in genres and of_genre[genre] < 30:
            of_genre[genre] += 1
            found.append(key)
    return found


def by_popularity(listening: Listening) -> Recommend:
    ranked = [song for song, _ in listening.plays.most_common()]

    def recommend(number: int, dice: Random) -> list[str]:
        known = {run.song.id for run in listening.world.people[number].heard}
        return [song for song in ranked if song not in known][:TEN]

    return recommend


def at_random(listening: Listening) -> Recommend:
    every = sorted(listening.world.songs)

    def recommend(number: int, dice: Random) -> list[str]:
        known = {run.song.id for run in listening.world.people[number].heard}
        return dice.sample([song for song in every if song not in known], TEN)

    return recommend


def judge(name: str, recommend: Recommend, world: World, seed: int) -> Result:
    dice, hits, found, told, people = Random(seed), 0, 0, set[str](), 0
    for number, person in enumerate(world.people):
        if person.wanted:
            people += 1
            chosen = recommend(number, dice)
            told |= set(chosen)
            right = len(person.wanted & set(chosen))
            hits, found = hits + bool(right), found + right
    return Result(name, hits, people, found / people / TEN, len(told) / len(world.songs))


def evaluate(people: int, seed: int, *, parts: bool = True) -> list[Result]:
    """The results, ours last; with `parts` also what it is without some of what it knows."""
    world = make_world(people, seed)
    listening = Listening(world)
    methods = {"random": at_random(listening), "popular here": by_popularity(listening)}
    if parts:
        methods["without what others here hear"] = by_taste(listening, together=False)
        methods["without what catalogues relate"] = by_taste(listening, related=False)
    methods["roomd"] = by_taste(listening)
    return [judge(name, recommend, world, seed) for name, recommend in methods.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description="recommendations against baselines, on made-up listeners")
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print("| method | hit rate at 10 | right among ten | share of the catalogue |")
    print("|---|---|---|---|")
    for result in evaluate(given.people, given.seed):
        rate = f"{result.rate:.1%} ± {result.error:.1%}"
        print(f"| {result.name} | {rate} | {result.found:.1%} | {result.covered:.0%} |")


if __name__ == "__main__":
    main()
