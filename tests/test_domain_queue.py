"""The queue, given a room: what may be put in, moved and taken out, and what that does to what plays."""

from itertools import pairwise
from random import Random

import pytest
from rooms_world import ALICE, BOB, CAROL, NOBODY, START, after, do, named, opened, party, titles, track, tracks

from roomd.domain.entries import MIN_GAP, EntriesRanked, EntriesRemoved, ordered
from roomd.domain.ids import EntryId
from roomd.domain.moment import START_LEAD_MS
from roomd.domain.playback import Next, Pause, Play, PlaybackChanged, PlayEntry
from roomd.domain.queue import MAX_ENTRIES, Add, Clear, Measured, Move, Remove, Shuffle
from roomd.domain.refusals import Conflict, Forbidden, Invalid, NotFound
from roomd.domain.room import Room, Set

GONE = EntryId("gone")


def numbers(first: int, last: int) -> Add:
    return tracks(*(str(number) for number in range(first, last + 1)))


def removal(room: Room, *which: str) -> Remove:
    return Remove(entries=tuple(named(room, title) for title in which))


def test_added_to_the_end_or_next() -> None:
    room = after(party(), Play(), tracks("D"), Add(tracks=(track("E"), track("F")), at="next"))
    assert titles(room) == "[A] E F B C D"
    entry = room.entries[named(room, "E")]
    assert (entry.by, entry.by_name, entry.added_at) == (ALICE.id, "Alice", START)
    assert titles(after(party(), Add(tracks=(track("D"),), at="next"))) == "A B C D"


def test_an_idle_room_starts_what_is_added_if_it_is_to() -> None:
    room = after(opened(autoplay=True), tracks("A", "B"))
    assert titles(room) == "[A] B"
    assert room.playback.as_of == START + START_LEAD_MS
    assert titles(after(room, tracks("C"))) == "[A] B C"
    assert titles(after(room, Next(), Next(), tracks("C"))) == "A B [C]"
    assert not after(opened(autoplay=False), tracks("A")).playback.playing


def test_nothing_to_add() -> None:
    with pytest.raises(Invalid) as caught:
        do(opened(), Add(tracks=()))
    assert caught.value.fields == {"tracks": "must not be empty"}


def test_a_full_queue_drops_what_was_played_longest_ago() -> None:
    room = opened()
    for start in range(1, MAX_ENTRIES, 100):
        room = after(room, numbers(start, start + 99))
    with pytest.raises(Conflict) as caught:
        do(room, tracks("new"))
    assert caught.value.code == "queue_full"
    room = after(room, PlayEntry(entry=named(room, "4")))
    full, events = do(room, numbers(501, 503))
    assert events[0] == EntriesRemoved(entries=tuple(named(room, title) for title in "123"))
    assert (len(full.entries), titles(full)[:7]) == (MAX_ENTRIES, "[4] 5 6")
    with pytest.raises(Conflict, match="holds 500"):
        do(full, tracks("504"))


@pytest.mark.parametrize(
    ("gone", "left"),
    [("A", "[B] C D"), ("B", "[A] C D"), ("AB", "[C] D"), ("ABC", "[D]"), ("ABCD", ""), ("CD", "[A] B")],
)
def test_what_plays_after_a_removal(gone: str, left: str) -> None:
    room = after(party(), tracks("D"), Play())
    room = after(room, removal(room, *gone), ms=5_000)
    assert titles(room) == left
    assert room.playback.playing == bool(left)
    assert room.playback.position == 0.0


@pytest.mark.parametrize(
    ("repeat", "gone", "left"),
    [
        ("off", "D", "A B C"),
        ("off", "CD", "A B"),
        ("all", "D", "[A] B C"),
        ("all", "DA", "[B] C"),
        ("one", "D", "A B C"),
        ("all", "ABCD", ""),
    ],
)
def test_what_follows_when_the_last_one_is_removed(repeat: str, gone: str, left: str) -> None:
    room = after(party(), tracks("D"), Set(repeat=repeat))  # type: ignore[arg-type]
    room = after(room, PlayEntry(entry=named(room, "D")))
    room, events = do(room, removal(room, *gone))
    assert titles(room) == left
    assert (room.playback.entry is None) == ("[" not in left)
    assert isinstance(events[-1], PlaybackChanged)
    assert events[-1].cause == ("emptied" if left == "" else "skipped")


def test_removing_the_current_one_while_paused_stays_paused() -> None:
    room = after(after(party(), Play()), Pause(), ms=10_000)
    room = after(room, removal(room, "A", "A"))
    assert (titles(room), room.playback.playing, room.playback.position) == ("[B] C", False, 0.0)
    room = after(room, removal(room, "C"))
    assert (titles(room), room.playback.playing) == ("[B]", False)


def test_who_may_remove_what() -> None:
    room = after(party(), tracks("D"), actor=CAROL)
    assert titles(after(room, removal(room, "D"), actor=CAROL)) == "A B C"
    assert titles(after(room, removal(room, "D"), actor=BOB)) == "A B C"
    with pytest.raises(Forbidden, match="you added yourself"):
        do(room, removal(room, "D", "A"), CAROL)
    with pytest.raises(Forbidden) as caught:
        do(room, removal(room, "D"), NOBODY)
    assert caught.value.code == "not_a_member"
    with pytest.raises(NotFound) as missing:
        do(room, Remove(entries=(named(room, "A"), GONE)))
    assert missing.value.code == "no_such_entry"


def test_who_is_believed_about_a_length() -> None:
    room = after(after(party(), Add(tracks=(track("D", None),)), actor=CAROL), Add(tracks=(track("E", None),)))
    entry = named(room, "D")
    for actor in (ALICE, BOB, CAROL):
        measured = after(room, Measured(entry=entry, duration_ms=5_000.0), actor=actor)
        assert measured.entries[entry].track.duration_ms == 5_000
    with pytest.raises(Forbidden, match="you added yourself"):
        do(room, Measured(entry=named(room, "E"), duration_ms=5_000.0), CAROL)
    with pytest.raises(Forbidden, match="Join it first"):
        do(room, Measured(entry=entry, duration_ms=5_000.0), NOBODY)
    with pytest.raises(NotFound, match="not in the queue"):
        do(room, Measured(entry=GONE, duration_ms=5_000.0))


@pytest.mark.parametrize(
    ("entry", "before", "order"),
    [
        ("A", None, "B C A"),
        ("C", "A", "C A B"),
        ("A", "C", "B A C"),
        ("A", "B", "A B C"),
        ("B", "B", "A B C"),
        ("C", None, "A B C"),
    ],
)
def test_moves(entry: str, before: str | None, order: str) -> None:
    room = party()
    moved, events = do(room, Move(entry=named(room, entry), before=named(room, before) if before else None))
    assert titles(moved) == order
    assert bool(events) == (order != "A B C")


def test_moves_of_and_before_what_is_gone_are_refused() -> None:
    room = party()
    for move in (Move(entry=GONE), Move(entry=named(room, "A"), before=GONE)):
        with pytest.raises(NotFound, match="not in the queue"):
            do(room, move)


def test_moving_what_plays_does_not_disturb_it() -> None:
    room = after(party(), Play())
    assert after(room, Move(entry=named(room, "A"))).playback == room.playback


def test_neighbours_that_are_too_close_are_numbered_afresh() -> None:
    room, renumbered = party(), 0
    for _ in range(60):
        last = ordered(room)[-1]
        room, events = do(room, Move(entry=last, before=ordered(room)[1]))
        (event,) = events
        assert isinstance(event, EntriesRanked)
        renumbered += len(event.ranks) == 3
    ranks = sorted(room.ranks.values())
    assert renumbered >= 2
    assert min(high - low for low, high in pairwise(ranks)) >= MIN_GAP


def test_adding_between_close_neighbours_numbers_afresh_too() -> None:
    room = after(party(), Play())
    for number in range(40):
        room = after(room, Add(tracks=(track(f"n{number}"),), at="next"))
    assert titles(room).split() == ["[A]", *(f"n{number}" for number in range(39, -1, -1)), "B", "C"]


def test_ten_thousand_random_moves_keep_the_order() -> None:
    dice, room = Random(7), after(opened(), numbers(1, 12))
    model = ordered(room)
    for _ in range(10_000):
        entry, before = dice.choice(model), dice.choice([*model, None])
        room, _ = do(room, Move(entry=entry, before=before))
        if entry != before:
            model.remove(entry)
            model.insert(len(model) if before is None else model.index(before), entry)
        assert ordered(room) == model


def test_shuffle_touches_only_what_comes() -> None:
    room = after(opened(), numbers(1, 30))
    room = after(room, PlayEntry(entry=named(room, "10")))
    shuffled, events = do(room, Shuffle(), seed=5)
    assert titles(shuffled).split()[:10] == titles(room).split()[:10]
    assert titles(shuffled) != titles(room)
    assert sorted(shuffled.ranks.values()) == sorted(room.ranks.values())
    assert do(room, Shuffle(), seed=5)[1] == events
    assert do(after(room, PlayEntry(entry=named(room, "29"))), Shuffle())[1] == ()


def test_clear() -> None:
    room = after(party(), Play(), Clear())
    assert (room.entries, room.ranks, room.playback.entry) == ({}, {}, None)
    assert do(room, Clear())[1] == ()
    assert len(do(party(), Clear())[1]) == 1
