"""Copies of rooms between commands: bounded by what they weigh, the one that was longest of no use goes first."""

import pytest
from msgspec.structs import replace
from rooms_world import opened

from roomd import warm
from roomd.domain.ids import Code, RoomId
from roomd.domain.room import Room
from roomd.warm import Warm


def room(number: int, rev: int = 1) -> Room:
    return replace(opened(), id=RoomId(f"room {number}"), code=Code(f"CODE{number}"), rev=rev)


def test_what_was_longest_of_no_use_goes_when_all_weigh_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    each = warm.ITSELF + len(room(0).members)
    monkeypatch.setattr(warm, "MOST", 3 * each)
    kept = Warm()
    for number in range(3):
        kept.keep(room(number))
    kept.keep(room(0, rev=2))
    kept.keep(room(3))
    assert [RoomId(f"room {n}") in kept for n in range(4)] == [True, False, True, True]
    assert (kept.find(Code("CODE1")), kept.find(Code("CODE3"))) == (None, RoomId("room 3"))


def test_a_room_that_grew_weighs_more_and_what_was_dropped_weighs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    each = warm.ITSELF + len(room(0).members)
    monkeypatch.setattr(warm, "MOST", 3 * each)
    kept = Warm()
    for number in range(3):
        kept.keep(room(number))
    kept.drop(RoomId("room 0"))
    kept.drop(RoomId("room 0"))
    kept.keep(room(4))
    assert len(kept) == 3
    grown = room(4, rev=2)
    kept.keep(replace(grown, members={f"user {n}": next(iter(grown.members.values())) for n in range(2 * each)}))
    assert len(kept) == 1, "the room that is in use stays, whatever it weighs"
