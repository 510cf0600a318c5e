"""Somebody’s own queue: nobody else’s, moved through without a clock, until it is a party. And queues loaded."""

from random import Random

import pytest
from msgspec import structs
from rooms_world import (
    ALICE,
    BOB,
    NOBODY,
    ROOM,
    START,
    after,
    at,
    do,
    named,
    online,
    opened,
    socket,
    titles,
    track,
    tracks,
)

from roomd.domain import rules
from roomd.domain.abandoned import ABANDONED_MS
from roomd.domain.chat import Say
from roomd.domain.door import DoorChanged, SetDoor
from roomd.domain.ids import EntryId, SocketId
from roomd.domain.membership import Attach, Detach, Join, Leave
from roomd.domain.moment import Moment
from roomd.domain.personal import Party
from roomd.domain.playback import Next, Play, PlayEntry, Previous
from roomd.domain.queue import MAX_ENTRIES, Load, Remove
from roomd.domain.refusals import Conflict, Forbidden, Invalid, NotFound
from roomd.domain.room import Close, Expire, Room, Set, SettingsChanged
from roomd.domain.undo import Undo
from roomd.engine import SYSTEM

HOURS_MS = 3_600_000.0


def own(*names: str, **settings: object) -> Room:
    """Alice's own queue, with nobody's socket open."""
    room = opened(**{"visibility": "private", "personal": True, "radio": True} | settings)
    return after(room, tracks(*names)) if names else room


def load(*names: str, position: int | None = None, shuffle: bool = False) -> Load:
    return Load(tracks=tuple(track(name) for name in names), position=position, shuffle=shuffle)


def moved(room: Room, ms: float = 0.0) -> list[Room]:
    """After everything that changes the current entry."""
    third = room.entries and list(room.entries)[2]
    commands = (Next(), Previous(), PlayEntry(entry=EntryId(third or "")), load("X", "Y"))
    current = Remove(entries=(room.playback.entry or EntryId(""),))
    return [after(room, command, ms=ms) for command in (*commands, current)]


def test_the_first_track_is_current_and_nothing_sounds() -> None:
    room = own("A", "B")
    assert (titles(room), room.playback.playing) == ("[A] B", False)
    there = after(online(own(), ALICE), tracks("A"))
    assert (titles(there), there.playback.playing) == ("[A]", False)
    eager = after(online(own(autoplay=True), ALICE), tracks("A"))
    assert (titles(eager), eager.playback.playing) == ("[A]", True)
    assert not after(own(autoplay=True), tracks("A")).playback.playing


def test_without_a_socket_the_pointer_moves_and_no_clock_starts() -> None:
    for room in moved(own("A", "B", "C")):
        assert room.playback.entry is not None
        assert (room.playback.playing, rules.deadline(room)) == (False, None)
    playing = [room.playback.playing for room in moved(online(own("A", "B", "C"), ALICE))]
    # Taking the current one out of a queue that stands still leaves it standing.
    assert playing == [True, True, True, True, False]
    others = online(opened(), BOB)
    assert after(after(others, tracks("A", "B")), Next()).playback.playing


def test_whoever_says_play_starts_it_and_what_ends_goes_on() -> None:
    room = after(online(own("A", "B", "C"), ALICE), Play())
    # A page that lost the network for a moment finds its queue playing on.
    gone = after(room, Detach(socket=socket(ALICE)), ms=59_000)
    ended = after(gone, rules.Tick(), actor=SYSTEM, ms=60_400)
    assert (titles(ended), ended.playback.playing) == ("A [B] C", True)
    late = after(ended, rules.Tick(), actor=SYSTEM, ms=59_000 + ABANDONED_MS)
    assert not late.playback.playing
    assert not after(ended, Next(), ms=61_000).playback.playing


def test_nobody_else_gets_in_or_hears_of_it() -> None:
    for mode in ("public", "approval"):
        room = after(own("A"), SetDoor(entry_mode=mode)) if mode != "public" else own("A")
        for command in (Join(), Join(admitted=True), Attach(socket=SocketId("p.1"))):
            with pytest.raises(NotFound) as refused:
                do(room, command, BOB)
            assert refused.value.code == "no_such_room"
    for deed in (Say(text="hi"), Next(), Party(name="Mine now")):
        with pytest.raises(Forbidden):
            do(own("A"), deed, NOBODY)
    with pytest.raises(Conflict) as caught:
        do(own("A"), Set(visibility="public"))
    assert caught.value.code == "personal_queue"
    assert do(own("A"), Set(visibility="private"))[1] == ()
    assert after(own("A"), Set(radio=False, repeat="all")).settings.repeat == "all"


def test_it_is_kept_however_long_nobody_comes_and_ends_with_its_owner() -> None:
    before = START + 900 * HOURS_MS
    assert do(own("A"), Expire(before=before), SYSTEM)[1] == ()
    assert own("A").expired(before)
    assert after(opened(), Expire(before=before), actor=SYSTEM).closed
    assert after(own("A"), Leave()).closed
    assert after(own("A"), Close()).closed


def test_a_party_is_the_same_room() -> None:
    room = after(online(own("A", "B"), ALICE), Next(), ms=1_000)
    party, events = do(room, Party(name="  Alice’s Friday ", visibility="public"), ms=5_000)
    assert events == (
        SettingsChanged(
            changes={"name": "Alice’s Friday", "visibility": "public", "autoplay": True, "personal": False}
        ),
    )
    assert (party.id, party.code, party.playback, titles(party)) == (ROOM, room.code, room.playback, "A [B]")
    assert party.members == room.members
    assert party.settings.radio
    assert online(party, BOB).members.keys() == {ALICE.id, BOB.id}
    with pytest.raises(Conflict) as refused:
        do(party, Party(name="Again"))
    assert refused.value.code == "party_already"
    assert after(party, Expire(before=START + 900 * HOURS_MS), actor=SYSTEM) == party
    assert after(after(party, Set(visibility="private")), Set(visibility="public")).settings.visibility == "public"


def test_a_party_behind_a_door() -> None:
    hidden, events = do(own("A"), Party(name="P", entry_mode="password", password_hash="hash"))
    assert events[1:] == (DoorChanged(entry_mode="password", password_hash="hash"),)
    assert (hidden.settings.entry_mode, hidden.settings.visibility) == ("password", "private")
    with pytest.raises(Forbidden, match="password"):
        do(hidden, Join(), BOB)
    asked = after(after(own("A"), Party(name="P", entry_mode="approval")), Join(), actor=BOB)
    assert asked.pending.keys() == {BOB.id}
    for wrong, field in (
        (Party(name="P", entry_mode="password"), "password"),
        (Party(name=" "), "name"),
        (Party(name="x" * 81), "name"),
    ):
        with pytest.raises(Invalid) as refused:
            do(own("A"), wrong)
        assert refused.value.fields.keys() == {field}


def test_loading_replaces_the_queue_in_one_commit() -> None:
    room = online(own("A", "B"), ALICE)
    loaded, events = do(room, load("X", "Y", "Z", position=1), ms=1_000)
    assert (titles(loaded), loaded.playback.playing, len(events)) == ("X [Y] Z", True, 3)
    assert all(entry.by == ALICE.id and entry.why == "" for entry in loaded.entries.values())
    back = after(loaded, Undo(), ms=2_000)
    assert (titles(back), back.playback.playing) == ("[A] B", False)
    assert titles(after(own(), load("X"))) == "[X]"
    chosen = structs.replace(load("X", "Y", "Z", shuffle=True), why=("", "Like X"))
    why = {entry.track.title: entry.why for entry in after(own("A"), chosen).entries.values()}
    assert why == {"X": "", "Y": "Like X", "Z": ""}


def test_loading_in_any_order() -> None:
    names = [f"T{n}" for n in range(20)]
    room = own("A")
    led = {titles(after(room, load(*names, position=7, shuffle=True), ms=ms)) for ms in range(3)}
    assert all(each.startswith("[T7] ") and sorted(each.split()[1:]) == sorted(set(names) - {"T7"}) for each in led)
    firsts = set()
    for seed in range(30):
        events = rules.decide(room, load(*names, shuffle=True), ALICE, Moment(START, Random(seed)))
        firsts.add(titles(rules.evolve_all(room, events)).split()[0])
    assert len(firsts) > 5


def test_what_cannot_be_loaded() -> None:
    room = own("A")
    for command, field in (
        (load(), "tracks"),
        (load(*("T",) * (MAX_ENTRIES + 1)), "tracks"),
        (load("X", "Y", position=2), "position"),
    ):
        with pytest.raises(Invalid) as refused:
            rules.decide(room, command, ALICE, at())
        assert refused.value.fields.keys() == {field}
    party = online(opened(), BOB)
    with pytest.raises(Forbidden):
        do(party, load("X"), BOB)
    assert named(after(party, load("X")), "X")
