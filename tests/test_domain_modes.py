"""Who comes next, given a room: the five modes, and how much one person may have coming."""

import pytest
from rooms_world import ALICE, BOB, CAROL, DAVE, ERIN, NOBODY, after, do, named, online, opened, titles, track, tracks

from roomd.domain.actor import Actor
from roomd.domain.entries import EntriesRanked
from roomd.domain.ids import EntryId
from roomd.domain.membership import Leave
from roomd.domain.modes import MAX_DJS, Dj, DjChanged, EntryVoted, Up
from roomd.domain.permissions import Permit
from roomd.domain.playback import Next
from roomd.domain.queue import Add, Move, Remove
from roomd.domain.refusals import Refusal
from roomd.domain.room import Room, Set
from roomd.domain.words import Command


def hall(**settings: object) -> Room:
    """Alice hosts; Carol, Dave and Erin are members. What is added starts at once."""
    return online(opened(autoplay=True, **settings), ALICE, CAROL, DAVE, ERIN)


def put(room: Room, actor: Actor, *names: str, ms: float) -> Room:
    return after(room, *(tracks(name) for name in names), actor=actor, ms=ms)


def code_of(room: Room, command: Command, actor: Actor, ms: float = 0.0) -> str:
    with pytest.raises(Refusal) as caught:
        do(room, command, actor, ms)
    return caught.value.code


def test_in_turn_three_people_alternate_however_much_one_adds() -> None:
    room = hall(queue_mode="fair")
    for n in range(1, 5):
        room = put(room, CAROL, f"c{n}", ms=n)
    assert titles(room) == "[c1] c2 c3 c4"
    room = put(room, DAVE, "d1", ms=10)
    assert titles(room) == "[c1] d1 c2 c3 c4"
    room = put(room, DAVE, "d2", ms=11)
    room = put(room, ERIN, "e1", ms=12)
    assert titles(room) == "[c1] d1 e1 c2 d2 c3 c4"
    room = after(room, Next(), ms=13)
    assert titles(room) == "c1 [d1] e1 c2 d2 c3 c4"


def test_in_order_of_adding_nobody_jumps_the_queue() -> None:
    room = put(hall(queue_mode="fifo"), CAROL, "a", "b", ms=1)
    room = after(room, Add(tracks=(track("now"),), at="next"), actor=DAVE, ms=2)
    assert titles(room) == "[a] b now"
    assert titles(after(room, Move(entry=named(room, "now"), before=named(room, "b")))) == "[a] b now"


def test_votes_put_forward_and_equal_ones_wait_their_turn() -> None:
    room = hall(queue_mode="votes")
    for n, name in enumerate("abcd"):
        room = put(room, CAROL, name, ms=n)
    d, c = named(room, "d"), named(room, "c")
    room, (voted, ranked) = do(room, Up(entry=d), DAVE)
    assert voted == EntryVoted(entry=d, user=DAVE.id, up=True)
    assert isinstance(ranked, EntriesRanked)
    assert titles(room) == "[a] d b c"
    room = after(room, Up(entry=c), actor=ERIN)
    assert titles(room) == "[a] c d b"
    room = after(room, Up(entry=c), actor=DAVE)
    assert titles(room) == "[a] c d b"
    assert do(room, Up(entry=c), DAVE)[1] == ()
    room = after(room, Up(entry=c, up=False), actor=DAVE)
    assert room.ups[c] == {ERIN.id}
    gone = after(room, Leave(), actor=ERIN)
    assert c not in gone.ups
    assert titles(gone) == "[a] d b c"
    assert d not in after(room, Remove(entries=(d,))).ups
    assert titles(after(room, Next())).startswith("a [")


def test_a_vote_is_over_when_its_entry_plays() -> None:
    room = put(hall(queue_mode="votes"), CAROL, "a", "b", ms=1)
    room = after(room, Up(entry=named(room, "b")), actor=DAVE)
    assert after(room, Next()).ups == {}


def test_at_the_decks_people_play_in_turn() -> None:
    room = after(hall(), Set(queue_mode="dj"))
    assert code_of(room, tracks("x"), CAROL) == "not_a_dj"
    for actor in (CAROL, DAVE, ERIN):
        room, (changed,) = do(room, Dj(on=True), actor)
        assert changed == DjChanged(user=actor.id, on=True)
    assert do(room, Dj(on=True), CAROL)[1] == ()
    room = put(room, CAROL, "c1", "c2", ms=1)
    room = put(room, ERIN, "e1", "e2", ms=2)
    room = put(room, DAVE, "d1", ms=3)
    assert titles(room) == "[c1] d1 e1 c2 e2"
    room = after(room, Next(), ms=4)
    assert titles(room).startswith("c1 [d1] e1 c2")
    room = after(room, Dj(on=False, user=ERIN.id), ms=5)
    assert room.djs == (CAROL.id, DAVE.id)
    assert after(room, Leave(), actor=CAROL).djs == (DAVE.id,)


def test_who_may_step_up_and_step_others_down() -> None:
    room = hall()
    assert code_of(room, Dj(on=True, user=DAVE.id), ALICE) == "forbidden"
    assert code_of(room, Dj(on=False, user=DAVE.id), CAROL) == "forbidden"
    assert code_of(room, Dj(on=True), NOBODY) == "not_a_member"
    assert do(room, Dj(on=False), CAROL)[1] == ()
    muzzled = after(room, Permit(role="member", rights=frozenset()))
    assert code_of(muzzled, Dj(on=True), CAROL) == "forbidden"
    full = room
    for n in range(MAX_DJS):
        guest = Actor(CAROL.id.__class__(f"guest{n}"), f"Guest{n}")
        full = after(online(full, guest), Dj(on=True), actor=guest)
    assert code_of(full, Dj(on=True), CAROL) == "decks_full"


def test_only_what_is_there_is_wanted_sooner() -> None:
    assert code_of(hall(), Up(entry=EntryId("gone")), CAROL) == "no_such_entry"
    assert code_of(hall(), Up(entry=EntryId("gone")), NOBODY) == "not_a_member"
    room = put(hall(), CAROL, "a", "b", ms=1)
    assert do(room, Up(entry=named(room, "b"), up=False), DAVE)[1] == ()
    assert len(do(room, Up(entry=named(room, "b")), DAVE)[1]) == 1


def test_a_limit_of_tracks_counts_what_is_still_to_come() -> None:
    room = put(hall(tracks_each=2), CAROL, "playing", "a", "b", ms=1)
    assert code_of(room, tracks("c"), CAROL) == "too_many_tracks"
    assert do(room, tracks("c"), DAVE)[1]
    assert do(room, tracks("c", "d", "e"), ALICE)[1]
    assert do(after(room, Next()), tracks("c"), CAROL)[1]
    assert code_of(hall(tracks_each=2), tracks("a", "b", "c"), CAROL) == "too_many_tracks"


def test_a_limit_of_minutes() -> None:
    room = put(hall(minutes_each=2), CAROL, "playing", "a", ms=1)
    assert do(room, tracks("b"), CAROL)[1]
    assert code_of(room, tracks("b", "c"), CAROL) == "too_many_minutes"
    assert code_of(room, Add(tracks=(track("long", None),)), CAROL) == "too_many_minutes"


def test_what_was_played_lately_comes_again_later() -> None:
    room = after(put(hall(no_repeat_minutes=10), ALICE, "a", "b", ms=0), Next(), ms=1_000)
    assert code_of(room, tracks("a"), CAROL, ms=60_000) == "played_lately"
    assert code_of(room, tracks("b"), CAROL, ms=60_000) == "played_lately"
    assert do(room, tracks("a"), CAROL, ms=601_000)[1]
    assert do(room, tracks("a"), ALICE, ms=60_000)[1]
    coming = put(room, ALICE, "c", ms=2_000)
    assert code_of(coming, tracks("c"), CAROL, ms=3_600_000) == "played_lately"


def test_the_order_is_told_only_where_it_changes_and_a_new_mode_orders_at_once() -> None:
    room = put(hall(), CAROL, "c1", "c2", "c3", ms=1)
    room = put(room, DAVE, "d1", ms=5)
    assert titles(room) == "[c1] c2 c3 d1"
    room, events = do(room, Set(queue_mode="fair"))
    assert [type(event).__name__ for event in events] == ["SettingsChanged", "EntriesRanked"]
    assert titles(room) == "[c1] d1 c2 c3"
    assert len(do(room, Set(name="Other"))[1]) == 1
    assert titles(after(room, Set(queue_mode="host"))) == "[c1] d1 c2 c3"
    assert BOB.id not in room.members
