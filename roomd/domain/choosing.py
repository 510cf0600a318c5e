"""Out of scored songs those that are offered: not one artist after another, now and then a new one, with words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from random import Random

from roomd.domain.song import Pick, Song
from roomd.domain.taste import Facts, Reason, Scored, Taste, artist_of, scores

#: What a song is worth for each one of its artist that was chosen before.
AGAIN = 0.8
#: One in so many is of an artist that nobody asked about has heard, out of the best so many of these.
EXPLORED = 5
UNHEARD = 6
#: What people read where nothing else is left.
HEARD_ALL = "Again, as all there is was heard just now"


def choose(
    scored: Mapping[str, Scored], facts: Facts, tastes: Sequence[Taste], limit: int, dice: Random, *, alone: bool = True
) -> list[Pick]:
    """The best first. `alone`: it is one person who reads the reasons."""
    left = _once(scored, facts.songs)
    strangers = {song for song in left if not any(artist_of(facts.songs[song]) in taste.artists for taste in tastes)}
    chosen: list[str] = []
    many: Counter[str] = Counter()
    while left and len(chosen) < limit:
        last = artist_of(facts.songs[chosen[-1]]) if chosen else None
        others = [song for song in left if artist_of(facts.songs[song]) != last or not last] or left
        new = [song for song in others if song in strangers] if len(chosen) % EXPLORED == EXPLORED - 1 else []
        if new:
            song = dice.choice(new[:UNHEARD])
        else:
            song = max(others, key=lambda each: _worth(scored[each].score, many[artist_of(facts.songs[each])]))
        left.remove(song)
        chosen.append(song)
        many[artist_of(facts.songs[song])] += 1
    voice = Voice(tastes, facts, alone=alone)
    return [Pick(song=facts.songs[song], why=voice.words(scored[song].reason, facts.songs[song])) for song in chosen]


def again(scored: Mapping[str, Scored], facts: Facts, heard: Mapping[str, float], limit: int) -> list[Pick]:
    """Where all of it was just `heard` (when, by song id): what that is the longest ago first, what is refused last.

    The one heard last is not among them while there are others: it may still be playing.
    """
    songs = sorted(_once(scored, facts.songs), key=lambda song: heard.get(song, 0.0))
    kept = songs[:-1] or songs
    kept.sort(key=lambda song: scored[song].score < 0)
    return [Pick(song=facts.songs[song], why=HEARD_ALL) for song in kept[:limit]]


def _once(scored: Mapping[str, Scored], songs: Mapping[str, Song]) -> list[str]:
    """The best first; of one recording in several catalogues, the one that is the best."""
    seen: set[tuple[str, str]] = set()
    once = []
    for song in sorted(scored, key=lambda each: (-scored[each].score, each)):
        name = (songs[song].title.casefold(), artist_of(songs[song]))
        if name not in seen:
            seen.add(name)
            once.append(song)
    return once


def _worth(score: float, before: int) -> float:
    return score * AGAIN**before if score > 0 else score


class Voice:
    """Reasons as people read them. `alone`: one person does."""

    def __init__(self, tastes: Sequence[Taste], facts: Facts, *, alone: bool) -> None:
        self._known = {key: song for taste in tastes for key, song in taste.known.items()} | dict(facts.seeds)
        self._liked = frozenset[str]().union(*(taste.liked for taste in tastes))
        self._labels = facts.charted
        self._who = "you" if alone else "people in this room"
        self._own = "One of yours" if alone else "Somebody here likes it"

    def words(self, reason: Reason, song: Song) -> str:
        seed = self._known.get(reason.seed)
        if seed is not None and reason.seed in self._liked:
            return f"Because {self._who} liked “{seed.title}”"
        title = f"“{seed.title}”" if seed is not None else "the same"
        said = {
            "together": f"People here who heard {title} played this",
            "related": f"Goes with {title}" if seed is not None else "Goes with what was played",
            "artist": f"Because {self._who} listen to {song.artist}",
            "genre": f"Because {self._who} listen to {song.genre}",
            "own": self._own,
            "newest": "New here",
            "charted": f"Popular on {self._labels.get(song.id, '')}",
            "popular": "Popular here",
        }
        return said.get(reason.kind, "") or "Something new"


def alternate(one: Sequence[Song], other: Sequence[Song], limit: int) -> list[Song]:
    """From both by turns as long as there are any, no song twice."""
    turns = (song for pair in zip_longest(one, other) for song in pair if song is not None)
    return list({song.id: song for song in turns}.values())[:limit]


def best_of(songs: Sequence[Song], taste: Taste, limit: int, dice: Random) -> list[Song]:
    """Those of a list that suit a person best, where the list itself begins with its best; not one artist in a row."""
    facts = Facts(songs={song.id: song for song in songs}, newest=[song.id for song in songs])
    return [pick.song for pick in choose(scores(taste, {}, facts), facts, [taste], limit, dice)]
