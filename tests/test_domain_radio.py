"""The radio: what it adds, when it does not, what it goes on from; and where it stands beside what people choose."""

from collections.abc import Sequence
from random import Random

import pytest
from msgspec import structs
from rooms_world import ALICE, BOB, CAROL, START, after, at, do, named, online, opened, titles, track, tracks

from roomd.domain import rules
from roomd.domain.entries import EntriesAdded
from roomd.domain.membership import Detach
from roomd.domain.modes import Up
from roomd.domain.moment import Moment
from roomd.domain.playback import Next, Play, PlaybackChanged, PlayEntry
from roomd.domain.queue import Add, Clear, Remove, Shuffle
from roomd.domain.radio import FULL, REST_MS, WHY, Offer, Supply, missing, ran_dry, seeds, unwanted, unwanted_songs
from roomd.domain.refusals import Conflict
from roomd.domain.room import Room, Set
from roomd.domain.song import song_from
from roomd.domain.track import Track
from roomd.domain.undo import ActNoted
from roomd.engine import SYSTEM

MINUTE_MS = 60_000.0


def offers(*names: str, why: str = "Goes with One") -> Supply:
    return Supply(offers=tuple(Offer(track=track(name), why=why) for name in names))


def supplied(room: Room, *names: str, ms: float = 0.0) -> Room:
    return after(room, offers(*names), actor=SYSTEM, ms=ms)


def radio_room(*names: str, **settings: object) -> Room:
    """Alice is there, and the first of these plays."""
    room = online(opened(radio=True, autoplay=True, **settings), ALICE)
    return after(room, tracks(*names)) if names else room


def ids(*names: str) -> set[str]:
    return {song_from(track(name)).id for name in names}


def listed(*names: str) -> list[str]:
    return [song_from(track(name)).id for name in names]


@pytest.mark.parametrize(("queued", "added"), [(["A"], 3), (["A", "B"], 2), (["A", "B", "C"], 0), ([], 0)])
def test_it_fills_up_what_is_to_come(queued: Sequence[str], added: int) -> None:
    room = radio_room(*queued)
    assert missing(room) == added
    if not added:
        with pytest.raises(Conflict, match="nothing to add") as refused:
            do(room, offers("X"), SYSTEM)
        assert refused.value.code == "outdated"
        return
    later, events = do(room, offers("X", "Y", "Z", "W"), SYSTEM)
    assert titles(later) == " ".join(["[A]", *queued[1:], *"XYZ"[:added]])
    assert [type(event) for event in events] == [EntriesAdded]
    assert missing(later) == 0
    with pytest.raises(Conflict):
        do(later, offers("V"), SYSTEM)


def test_what_it_adds_says_why_and_is_nobodys() -> None:
    room = after(radio_room("A"), offers("X", why=" Alice played Carol "), actor=SYSTEM)
    entry = room.entries[named(room, "X")]
    assert (entry.why, entry.by, entry.by_name) == ("Alice played Carol", "", "Radio")
    unsaid = after(radio_room("A"), offers("X", why=""), actor=SYSTEM)
    assert unsaid.entries[named(unsaid, "X")].why == WHY
    assert [room.entries[named(room, "A")].why, room.acts.keys()] == ["", radio_room("A").acts.keys()]
    assert not any(isinstance(event, ActNoted) for event in rules.decide(radio_room("A"), offers("X"), SYSTEM, at()))


@pytest.mark.parametrize("settings", [{"radio": False}, {"repeat": "all"}, {"repeat": "one"}])
def test_it_is_silent_where_it_is_off_or_the_queue_goes_round(settings: dict[str, object]) -> None:
    room = online(opened(**{"radio": True, "autoplay": True} | settings), ALICE)
    room = after(room, tracks("A"))
    assert missing(room) == 0
    with pytest.raises(Conflict):
        do(room, offers("X"), SYSTEM)


def test_nothing_that_is_there_or_was_played_lately() -> None:
    room = after(radio_room("A", "B"), Next(), ms=MINUTE_MS)
    assert unwanted(room, START + MINUTE_MS) == {track("A").url, track("B").url}
    assert unwanted_songs(room, START + MINUTE_MS) == ids("A", "B")
    with pytest.raises(Conflict) as refused:
        do(room, offers("A", "B"), SYSTEM, ms=MINUTE_MS)
    assert refused.value.code == "played_lately"
    assert titles(after(room, offers("A", "X", "B", "X", "Y"), actor=SYSTEM, ms=MINUTE_MS)) == "A [B] X Y"
    # Removed or not, what was played comes again when it has rested.
    gone = after(room, Remove(entries=(named(room, "A"),)), ms=MINUTE_MS)
    with pytest.raises(Conflict):
        do(gone, offers("A"), SYSTEM, ms=REST_MS - 1)
    assert titles(after(gone, offers("A"), actor=SYSTEM, ms=REST_MS + 1_000)) == "[B] A"


def test_where_there_is_nothing_else_what_was_played_longest_ago_comes_again() -> None:
    room = radio_room("A", "B", "C", "D", "E")
    for n in range(1, 5):
        room = after(room, Next(), ms=n * 1_000)
    # E plays; of the last three none is repeated, whoever offers it.
    again = Supply(offers=tuple(structs.replace(each, again=True) for each in offers("C", "D", "E", "A", "B").offers))
    assert titles(after(room, again, actor=SYSTEM, ms=5_000)) == "A B C D [E] A B"
    with pytest.raises(Conflict) as refused:
        do(room, offers("A", "B"), SYSTEM, ms=5_000)
    assert refused.value.code == "played_lately"


def test_what_was_taken_out_does_not_come_back() -> None:
    room = supplied(radio_room("A"), "X", "Y")
    room = after(room, Remove(entries=(named(room, "X"),)))
    assert (room.declined, unwanted_songs(room, START)) == (tuple(listed("X")), ids("A", "X", "Y"))
    assert titles(supplied(room, "X", "Z")) == "[A] Y Z"
    # What was heard has its rest, and no more; what people chose is theirs to choose again.
    heard = after(room, Next(), ms=1_000)
    heard = after(heard, Remove(entries=(named(heard, "A"),)), ms=2_000)
    heard = after(after(heard, tracks("B")), Clear(), ms=3_000)
    assert heard.declined == tuple(listed("X"))
    many = room
    for n in range(60):
        many = supplied(many, f"D{n}-0", f"D{n}-1")
        many = after(many, Remove(entries=tuple(key for key, each in many.entries.items() if not each.by)))
    assert (len(many.declined), many.declined[-2:]) == (50, tuple(listed("D59-0", "D59-1")))


def test_a_queue_that_ran_dry_goes_on() -> None:
    room = radio_room("A")
    dry = after(room, Next(), ms=40_000)
    assert (ran_dry(dry), dry.playback.entry, missing(dry)) == (True, None, FULL)
    later, events = do(dry, offers("X", "Y"), SYSTEM, ms=41_000)
    assert titles(later) == "A [X] Y"
    assert (later.playback.playing, events[-1]) == (True, PlaybackChanged(later.playback, "started"))
    # With nobody there it waits to be played.
    alone = after(dry, Detach(socket=next(iter(dry.members[ALICE.id].sockets))), ms=40_500)
    quiet = supplied(alone, "X", ms=41_000)
    assert (titles(quiet), quiet.playback.playing) == ("A [X]", False)


def test_what_was_never_begun_and_what_was_cleared_stays_silent() -> None:
    waiting = online(opened(radio=True, autoplay=False), ALICE)
    waiting = after(waiting, tracks("A"))
    assert (missing(waiting), ran_dry(waiting)) == (0, False)
    cleared = after(radio_room("A"), Clear())
    assert (missing(cleared), ran_dry(cleared)) == (0, False)
    watching = after(radio_room(), Play(bare=True))
    assert (missing(watching), ran_dry(watching)) == (0, False)
    # But whoever asks for music in an empty queue gets some.
    assert missing(cleared, asked=True) == FULL
    asked = structs.replace(offers("X"), asked=True)
    assert titles(after(cleared, asked, actor=SYSTEM)) == "[X]"
    assert missing(waiting, asked=True) == 0


def test_what_people_add_goes_before_what_the_radio_has_ready() -> None:
    room = supplied(radio_room("A"), "X", "Y")
    assert titles(after(room, tracks("B", "C"))) == "[A] B C X Y"
    assert titles(after(room, tracks("B"), Add(tracks=(track("C"),), at="next"))) == "[A] C B X Y"
    # Once it plays, it is behind like everything else.
    playing = after(room, Next(), Next())
    assert titles(after(playing, tracks("B"))) == "A X [Y] B"
    # Nothing current: the end is the end.
    dry = after(structs.replace(playing, settings=structs.replace(playing.settings, autoplay=False)), Next())
    assert titles(after(dry, tracks("B"))) == "A X Y B"
    assert titles(after(room, Add(tracks=(track("P"),), why=("Liked by Bob",)))) == "[A] X Y P"


@pytest.mark.parametrize(
    ("mode", "order"), [("host", "B C X Y"), ("fifo", "B C X Y"), ("fair", "B C X Y"), ("votes", "Y B C X")]
)
def test_in_every_order_the_radio_comes_last_but_for_votes(mode: str, order: str) -> None:
    room = online(radio_room("A"), BOB, CAROL)
    room = supplied(after(room, Set(queue_mode=mode)), "X", "Y", ms=1)  # type: ignore[arg-type]
    room = after(after(room, tracks("B"), actor=BOB, ms=2), tracks("C"), actor=CAROL, ms=3)
    assert titles(after(room, Up(entry=named(room, "Y")), actor=BOB, ms=4)) == f"[A] {order}"


def test_it_goes_on_from_what_was_heard() -> None:
    room = radio_room("A", "B", "C", "D")
    assert seeds(room) == listed("A")
    room = after(room, Next(), ms=MINUTE_MS)
    # B is left after a moment, C is heard to its half, D plays.
    room = after(room, Next(), ms=MINUTE_MS + 4_000)
    room = after(room, Next(), ms=MINUTE_MS + 36_000)
    assert seeds(room) == listed("D", "C", "A")
    again = after(room, PlayEntry(entry=named(room, "A")), ms=3 * MINUTE_MS)
    assert seeds(again) == listed("A", "D", "C")
    unmeasured = after(radio_room(), Add(tracks=(track("L", None), track("M", None))))
    assert seeds(after(unmeasured, Next(), ms=31_000)) == listed("M", "L")
    assert seeds(after(unmeasured, Next(), ms=29_000)) == listed("M")
    assert seeds(radio_room()) == []


def test_five_seeds_at_most_and_a_song_of_a_catalogue_by_its_id() -> None:
    room = radio_room(*"ABCDEFG")
    for n in range(1, 7):
        room = after(room, Next(), ms=n * MINUTE_MS)
    assert seeds(room) == listed(*"GFEDC")
    song = Track(title="One", url="/media/deezer/7", source="deezer:7", duration_ms=30_000)
    assert seeds(after(radio_room(), Add(tracks=(song,)))) == ["deezer:7"]


def test_of_a_full_queue_what_was_played_makes_room() -> None:
    room = radio_room()
    for n in range(5):
        room = after(room, Add(tracks=tuple(track(f"T{n}-{k}") for k in range(100))))
    room = after(room, PlayEntry(entry=named(room, "T4-99")))
    room = supplied(room, "X", "Y", "Z")
    assert len(room.entries) == 500
    assert titles(room).endswith("[T4-99] X Y Z")
    assert named(room, "T0-3") in room.entries
    assert "T0-2" not in titles(room).split()


def test_shuffling_takes_the_radio_with_it() -> None:
    room = after(supplied(radio_room("A"), "X", "Y", "Z"), tracks("B"))
    moment = Moment(START, Random(5))
    (event, *_) = rules.decide(room, Shuffle(), ALICE, moment)
    assert sorted(titles(rules.evolve(room, event)).split()) == ["B", "X", "Y", "Z", "[A]"]
