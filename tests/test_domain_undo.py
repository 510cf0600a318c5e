"""Taking back the last edits of the queue and the last skips."""

import pytest
from rooms_world import ALICE, BOB, CAROL, NOBODY, START, after, do, named, party, tracks

from roomd.domain.entries import EntriesRemoved, ordered
from roomd.domain.moment import START_LEAD_MS
from roomd.domain.playback import Next, Pause, Play
from roomd.domain.queue import Clear, Move, Remove, Shuffle
from roomd.domain.refusals import Conflict, Forbidden
from roomd.domain.room import Room
from roomd.domain.undo import KEPT, Undo


def titles(room: Room) -> list[str]:
    return [room.entries[entry].track.title for entry in ordered(room)]


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (lambda room: tracks("D", "E"), "added"),
        (lambda room: Remove(entries=(named(room, "B"), named(room, "A"))), "removed"),
        (lambda room: Clear(), "removed"),
        (lambda room: Move(entry=named(room, "C"), before=named(room, "A")), "ordered"),
        (lambda room: Shuffle(), "ordered"),
        (lambda room: Next(), "skipped"),
    ],
)
def test_an_edit_and_its_undoing_leave_the_queue_as_it_was(edit, what) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    room = after(party(), Play(), ms=1_000)
    edited = after(room, edit(room), ms=11_000)
    assert list(edited.acts.values())[-1].what == what
    back = after(edited, Undo(), ms=15_000)
    assert (back.entries, back.ranks, back.playback.entry) == (room.entries, room.ranks, room.playback.entry)
    assert list(back.acts) == list(room.acts)


def test_a_skip_taken_back_goes_on_where_it_was() -> None:
    room = after(party(), Play(), ms=1_000)
    back = after(after(room, Next(), ms=11_350), Undo(), ms=20_000)
    assert (back.playback.position, back.playback.playing) == (10_000, True)
    assert back.playback.as_of == START + 20_000 + START_LEAD_MS
    paused = after(room, Pause(), ms=6_350)
    again = after(after(paused, Next(), ms=8_000), Undo(), ms=9_000)
    assert (again.playback.position, again.playback.playing) == (5_000, False)


def test_what_changed_meanwhile_stays() -> None:
    room = after(party(), tracks("D", "E"))
    # Somebody else has removed one of the two since; and that cannot be taken back before the adding is.
    removed = after(room, Remove(entries=(named(room, "D"),)))
    both = after(removed, Undo(act=str(removed.rev)), Undo())
    assert titles(both) == ["A", "B", "C"]
    gone = after(after(party(), Clear()), tracks("F"))
    assert titles(after(gone, Undo(), Undo())) == ["A", "B", "C"]


def test_the_last_ten_acts_and_no_more() -> None:
    room = party()
    for number in range(KEPT + 5):
        room = after(room, tracks(f"T{number}"))
    assert len(room.acts) == KEPT
    for _ in range(KEPT):
        room = after(room, Undo())
    assert titles(room)[-1] == "T4"
    with pytest.raises(Conflict) as caught:
        do(room, Undo())
    assert caught.value.code == "nothing_to_undo"


def test_who_may_take_back_what() -> None:
    room = after(party(), tracks("Mine"), actor=CAROL)
    assert titles(after(room, Undo(), actor=CAROL))[-1] == "C"
    assert titles(after(room, Undo(), actor=BOB))[-1] == "C"
    room = after(party(), Clear())
    for actor, code in ((CAROL, "forbidden"), (NOBODY, "not_a_member")):
        with pytest.raises(Forbidden) as caught:
            do(room, Undo(), actor)
        assert caught.value.code == code
    with pytest.raises(Conflict) as outdated:
        do(room, Undo(act="1"), ALICE)
    assert outdated.value.code == "outdated"


def test_taking_back_an_adding_removes_it_for_everybody() -> None:
    room = after(party(), tracks("D"))
    _, events = do(room, Undo())
    assert events[0] == EntriesRemoved(entries=(named(room, "D"),))
