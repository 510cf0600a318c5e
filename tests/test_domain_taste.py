"""What a listening history says, which songs go with it, and in what order and words they are offered."""

from itertools import pairwise
from random import Random

import pytest
from listening_world import song

from roomd.domain.choosing import alternate, best_of, choose
from roomd.domain.heard import Ended, Listen
from roomd.domain.ids import RoomId
from roomd.domain.song import Song
from roomd.domain.taste import (
    DAY_MS,
    HALF_LIFE_DAYS,
    MOST_WEIGHT,
    Facts,
    Pair,
    Reason,
    Scored,
    Taste,
    scores,
    shared,
    similarity,
    taste_of,
)

NOW = 1_800_000_000_000.0
A, B, C, D = song(1, "Ann", "Rock"), song(2, "Ben", "Jazz"), song(3, "Cleo", "Rock"), song(4, "Dora")


def run(of: Song, ended: Ended = "ended", share: float = 1.0, days_ago: float = 0.0) -> Listen:
    at, heard = NOW - days_ago * DAY_MS, share * (of.duration_ms or 0.0)
    return Listen(id=of.id, song=of, room=RoomId(""), at=at, heard_ms=heard, ended=ended)


def facts(*songs: Song, **more: object) -> Facts:
    return Facts(songs={each.id: each for each in songs}, **more)  # type: ignore[arg-type]


def offered(taste: Taste, about: Facts, seeds: dict[str, float] | None = None, *, new: bool = False) -> list[str]:
    told = shared([scores(taste, taste.seeds() if seeds is None else seeds, about, new=new)])
    return [pick.song.id for pick in choose(told, about, [taste], 10, Random(1))]


def test_what_is_heard_to_the_end_counts_for_a_song_and_what_is_skipped_against_it() -> None:
    taste = taste_of([run(A), run(B, "skipped", 0.0), run(C, "stopped", 0.5)], [D], NOW)
    assert taste.songs == pytest.approx({A.id: 1.0, B.id: -1.0, C.id: 0.4, D.id: 2.0})
    assert list(taste.seeds()) == [D.id, A.id, C.id]
    assert taste.artists["ann"] > 0 > taste.artists["ben"]
    assert taste.genres["rock"] > 0 > taste.genres["jazz"]
    assert taste.liked == {D.id}


def test_what_was_just_begun_says_nothing_and_what_was_skipped_late_is_not_refused() -> None:
    taste = taste_of([run(A, "stopped", 0.0), run(B, "skipped", 0.9)], [], NOW)
    assert taste.songs[A.id] == 0
    assert taste.songs[B.id] > 0


def test_it_fades_and_one_song_never_counts_without_end() -> None:
    taste = taste_of([run(A, days_ago=HALF_LIFE_DAYS), *[run(B)] * 50], [], NOW)
    assert taste.songs == pytest.approx({A.id: 0.5, B.id: MOST_WEIGHT})


def test_what_everybody_hears_and_what_one_person_heard_tell_less() -> None:
    assert similarity(Pair("x", 10, 20), 20) > similarity(Pair("x", 10, 20), 500)
    assert similarity(Pair("x", 10, 10), 50) > similarity(Pair("x", 1, 1), 50)


def test_what_others_heard_beside_it_comes_first_and_says_so() -> None:
    taste = taste_of([run(A)], [], NOW)
    about = facts(B, C, D, pairs={A.id: [Pair(D.id, 8, 10), Pair(B.id, 1, 10)]}, ears={D.id: 9, B.id: 9})
    told = scores(taste, taste.seeds(), about)
    (first, *_) = choose(told, about, [taste], 3, Random(1))
    assert (first.song.id, first.why) == (D.id, "People here who heard “Song 1” played this")


def test_reasons_name_what_counted_most() -> None:
    liked = taste_of([], [A], NOW)
    about = facts(B, related={A.id: [B.id]})
    assert why(liked, about) == "Because you liked “Song 1”"
    heard = taste_of([run(A)], [], NOW)
    assert why(heard, about) == "Goes with “Song 1”"
    assert why(taste_of([run(song(9, "Cleo"))] * 3, [], NOW), facts(C)) == "Because you listen to Cleo"
    assert why(taste_of([run(song(9, "", "Rock"))] * 3, [], NOW), facts(C)) == "Because you listen to Rock"
    assert why(Taste(), facts(C, popular={C.id: 3})) == "Popular here"
    assert why(Taste(), facts(C, newest=[C.id])) == "New here"
    assert why(Taste(), facts(C, charted={C.id: "Records"})) == "Popular on Records"
    assert why(Taste(), facts(C)) == "Something new"
    assert why(taste_of([run(song(5))], [], NOW), facts(song(5))) == "One of yours"
    assert why(liked, about, alone=False) == "Because people in this room liked “Song 1”"


def why(taste: Taste, about: Facts, *, alone: bool = True) -> str:
    (pick, *_) = choose(scores(taste, taste.seeds(), about), about, [taste], 1, Random(1), alone=alone)
    return pick.why


def test_what_somebody_skips_comes_last_and_its_artist_late() -> None:
    taste = taste_of([run(A, "skipped", 0.0), run(song(8, "Ben"), "skipped", 0.0)], [], NOW)
    assert offered(taste, facts(A, B, D, popular={A.id: 50, B.id: 50, D.id: 1})) == [D.id, B.id, A.id]


def test_new_ones_come_before_known_ones_where_that_is_wanted() -> None:
    taste = taste_of([run(A)] * 3, [], NOW)
    fresh = song(7, "Ann")
    assert offered(taste, facts(A, fresh), new=False) == [A.id, fresh.id]
    assert offered(taste, facts(A, fresh), new=True) == [fresh.id, A.id]


def test_no_artist_twice_in_a_row_while_there_are_others() -> None:
    mine = [song(number, "Ann") for number in range(10, 15)]
    others = [song(number, f"Artist {number}") for number in range(20, 24)]
    taste = taste_of([run(mine[0])] * 3, [], NOW)
    about = facts(*mine[1:], *others)
    chosen = choose(scores(taste, {}, about), about, [taste], 8, Random(1))
    artists = [pick.song.artist for pick in chosen]
    assert len(artists) == 8
    assert all(one != other for one, other in pairwise(artists))
    alone = facts(*mine[1:])
    assert len(choose(scores(taste, {}, alone), alone, [taste], 8, Random(1))) == 4


def test_now_and_then_it_is_an_artist_that_they_have_not_heard() -> None:
    heard = [song(number, f"Known {number % 5}") for number in range(100, 130)]
    strange = [song(number, f"Strange {number}") for number in range(200, 203)]
    taste = taste_of([run(each) for each in heard[:15]], [], NOW)
    about = facts(*heard[15:], *strange)
    chosen = choose(scores(taste, {}, about), about, [taste], 10, Random(3))
    assert [pick.song.artist.startswith("Strange") for pick in chosen] == [False] * 4 + [True] + [False] * 4 + [True]


def test_one_recording_is_offered_once_whichever_catalogue_it_is_in() -> None:
    same = Song(id="other:1", title=A.title, artist=A.artist.upper(), url="/x")
    assert offered(Taste(), facts(A, same, B, popular={same.id: 5})) == [same.id, B.id]


def test_several_people_get_what_none_of_them_minds() -> None:
    def said(**points: float) -> dict[str, Scored]:
        return {key: Scored(value, Reason("popular")) for key, value in points.items()}

    glad, cross = said(loved=1.0, fine=0.7, dull=0.1), said(loved=-1.0, fine=0.7, dull=0.2)
    together = shared([glad, cross, glad])
    assert max(together, key=lambda each: together[each].score) == "fine"
    assert together["loved"].score < together["dull"].score
    assert shared([]) == {}


def test_a_list_is_put_in_an_order_that_suits_somebody() -> None:
    taste = taste_of([run(song(9, "Cleo"))] * 3, [], NOW)
    assert [each.id for each in best_of([A, B, C], taste, 2, Random(1))] == [C.id, A.id]


def test_two_lists_by_turns() -> None:
    assert alternate([A, B], [B, C, D], 10) == [A, B, C, D]
    assert alternate([A], [C, D], 2) == [A, C]
