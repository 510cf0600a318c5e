"""Playback, given a room and a moment: the line through time, and what follows what."""

import pytest
from rooms_world import ALICE, BOB, CAROL, START, after, at, do, named, online, opened, party, titles, track, tracks

from roomd.domain import rules
from roomd.domain.abandoned import ABANDONED_MS
from roomd.domain.ids import EntryId
from roomd.domain.membership import Detach
from roomd.domain.moment import START_LEAD_MS
from roomd.domain.playback import (
    Next,
    Pause,
    Play,
    Playback,
    PlaybackChanged,
    PlayEntry,
    Previous,
    Rate,
    Seek,
    ends_at,
    position_at,
)
from roomd.domain.queue import Add, Clear, Measured
from roomd.domain.refusals import Conflict, NotFound
from roomd.domain.room import Room, Set
from roomd.domain.rules import Tick


def cause(room: Room, command: object, ms: float = 0.0) -> str:
    _, events = do(room, command, ms=ms)  # type: ignore[arg-type]
    (event,) = events
    assert isinstance(event, PlaybackChanged)
    return event.cause


def test_play_starts_the_first_entry_a_little_later_for_all() -> None:
    room = after(party(), Play(), ms=1_000)
    assert room.playback == Playback(named(room, "A"), 0.0, 1.0, True, START + 1_000 + START_LEAD_MS)
    assert position_at(room.playback, START + 1_000) == 0.0
    assert position_at(room.playback, START + 1_000 + START_LEAD_MS + 5_000) == 5_000
    assert ends_at(room) == START + 1_000 + START_LEAD_MS + 60_000


def test_play_from_a_position_and_play_while_playing() -> None:
    room = after(party(), Play(position=20_000.0))
    assert room.playback.position == 20_000
    assert do(room, Play(), ms=10)[1] == ()
    assert after(room, Play(position=5.0), ms=10_000).playback.position == 5.0


def test_play_beyond_the_end_starts_over_even_when_nothing_was_current() -> None:
    assert after(party(), Play(position=60_000.0)).playback.position == 0.0
    room = party()
    assert after(room, PlayEntry(entry=named(room, "C"), position=99_000.0)).playback.position == 0.0


def test_pause_keeps_the_place_and_play_goes_on_from_it() -> None:
    room = after(after(party(), Play()), Pause(), ms=START_LEAD_MS + 7_000)
    assert (room.playback.playing, room.playback.position) == (False, 7_000)
    assert do(room, Pause(), ms=9_000)[1] == ()
    assert do(room, Pause(position=7_000.0), ms=9_000)[1] == ()
    room = after(room, Play(), ms=100_000)
    assert (room.playback.position, room.playback.as_of) == (7_000, START + 100_000 + START_LEAD_MS)


def test_pause_at_a_position_while_the_start_lies_in_the_future() -> None:
    room = after(party(), Play(position=3_000.0))
    assert after(room, Pause(), ms=START_LEAD_MS / 2).playback.position == 3_000
    assert after(room, Pause(position=4_000.0)).playback.position == 4_000
    assert do(opened(), Pause(position=4_000.0))[1] == ()


def test_seek_while_playing_while_paused_and_while_about_to_start() -> None:
    room = after(party(), Play())
    moved = after(room, Seek(position=30_000.0), ms=10)
    assert (moved.playback.position, moved.playback.as_of) == (30_000, START + 10 + START_LEAD_MS)
    still = after(after(room, Pause()), Seek(position=30_000.0), ms=50)
    assert (still.playback.playing, still.playback.position, still.playback.as_of) == (False, 30_000, START + 50)
    assert after(room, Seek(position=99_000.0)).playback.position == 60_000.0
    with pytest.raises(Conflict, match="Nothing is playing"):
        do(party(), Seek(position=1.0))


@pytest.mark.parametrize("speed", [0.25, 0.5, 2.0, 4.0])
def test_a_change_of_rate_bends_the_line_and_does_not_break_it(speed: float) -> None:
    room = after(party(), Play())
    then = START + START_LEAD_MS + 10_000
    faster = after(room, Rate(rate=speed), ms=START_LEAD_MS + 10_000)
    assert position_at(faster.playback, then) == position_at(room.playback, then) == 10_000
    assert position_at(faster.playback, then + 1_000) == 10_000 + 1_000 * speed
    assert ends_at(faster) == then + 50_000 / speed
    assert do(faster, Rate(rate=speed), ms=20_000)[1] == ()


def test_a_change_of_rate_before_the_start_keeps_the_start() -> None:
    room = after(party(), Play(position=1_000.0))
    faster = after(room, Rate(rate=2.0), ms=100)
    assert faster.playback == Playback(room.playback.entry, 1_000, 2.0, True, room.playback.as_of)
    assert after(opened(), Rate(rate=2.0)).playback.rate == 2.0
    assert after(faster, Next(), ms=200).playback.rate == 2.0


def test_an_unknown_length_never_ends() -> None:
    room = after(opened(), Add(tracks=(track("Radio", None),)), Play())
    assert ends_at(room) is None
    assert after(room, Seek(position=9e7)).playback.position == 9e7
    room = after(room, Measured(entry=named(room, "Radio"), duration_ms=1_000.0), ms=500)
    assert ends_at(room) == START + START_LEAD_MS + 1_000
    assert do(room, Measured(entry=named(room, "Radio"), duration_ms=2_000.0))[1] == ()


def test_the_first_word_on_a_length_stands() -> None:
    room = after(opened(), Add(tracks=(track("Link", None), track("Known", 60_000.0))), Play())
    link, known = named(room, "Link"), named(room, "Known")
    room = after(room, Measured(entry=link, duration_ms=90_000.0), ms=500)
    for ms in (60_000.0, 90_000.0, 120_000.0):
        again, events = do(room, Measured(entry=link, duration_ms=ms), ms=10_000)
        assert (events, again.playback, ends_at(again)) == ((), room.playback, ends_at(room))
    # What the catalogue says is no player's to correct.
    assert do(room, Measured(entry=known, duration_ms=10_000.0))[1] == ()
    assert room.entries[known].track.duration_ms == 60_000


def test_a_length_that_the_room_has_passed_ends_the_track_as_ends_go() -> None:
    room = after(opened(), Add(tracks=(track("Link", None), track("Next"))), Play())
    room = after(room, Measured(entry=named(room, "Link"), duration_ms=5_000.0), ms=20_000)
    line = room.playback
    assert (ends_at(room), position_at(line, START + 20_000)) == (START + START_LEAD_MS + 5_000, 20_000 - START_LEAD_MS)
    gone_on, (change,) = do(room, Tick(), ms=20_000)
    assert isinstance(change, PlaybackChanged)
    assert (titles(gone_on), change.cause) == ("Link [Next]", "ended")
    # Not in the past, where nobody was told of it in time.
    assert gone_on.playback.as_of == START + 20_000 + START_LEAD_MS
    # A room that stands is not moved by it at all.
    paused = after(room, Pause(), ms=20_000)
    assert do(paused, Tick(), ms=30_000)[1] == ()


def test_next_goes_on_and_stops_after_the_last() -> None:
    room = after(party(), Play())
    assert titles(after(room, Next())) == "A [B] C"
    room = after(room, Next(), Next(), Next())
    assert (titles(room), room.playback.playing) == ("A B C", False)
    assert titles(after(room, Next())) == "[A] B C"
    with pytest.raises(Conflict, match="queue is empty"):
        do(opened(), Next())


def test_two_presses_skip_once() -> None:
    room = after(party(), Play(), Next())
    seen = named(room, "B")
    assert titles(after(room, Next(entry=seen), Next(entry=seen))) == "A B [C]"
    assert titles(after(room, Previous(entry=seen), Previous(entry=seen))) == "[A] B C"
    assert do(room, Next(entry=EntryId("gone")))[1] == ()


def test_previous_at_the_start_plays_the_first_again_and_from_nothing_the_last() -> None:
    room = after(party(), Play())
    again = after(room, Previous(), ms=9_000)
    assert titles(again) == "[A] B C"
    assert again.playback.as_of == START + 9_000 + START_LEAD_MS
    assert titles(after(room, Next(), Next(), Previous())) == "A [B] C"
    assert titles(after(party(), Previous())) == "A B [C]"
    with pytest.raises(Conflict, match="nothing to go back to"):
        do(opened(), Previous())


def test_play_entry_jumps_and_refuses_what_is_gone() -> None:
    room = after(party(), PlayEntry(entry=named(party(), "C"), position=2_000.0))
    assert (titles(room), room.playback.position) == ("A B [C]", 2_000)
    with pytest.raises(NotFound, match="not in the queue"):
        do(room, PlayEntry(entry=EntryId("gone")))


@pytest.mark.parametrize(
    ("repeat", "playing", "follows"),
    [
        ("off", "A", "A [B] C"),
        ("off", "C", "A B C"),
        ("one", "A", "[A] B C"),
        ("one", "C", "A B [C]"),
        ("all", "A", "A [B] C"),
        ("all", "C", "[A] B C"),
    ],
)
def test_what_follows_a_track_that_ended(repeat: str, playing: str, follows: str) -> None:
    room = party()
    room = after(room, Set(repeat=repeat), PlayEntry(entry=named(room, playing)))  # type: ignore[arg-type]
    end = START_LEAD_MS + 60_000
    assert rules.deadline(room) == START + end
    assert do(room, Tick(), ms=end - 1)[1] == ()
    ended = after(room, Tick(), ms=end)
    assert titles(ended) == follows
    assert ended.playback.playing == ("[" in follows)
    assert cause(room, Tick(), ms=end + 500) == "ended"


def test_somebody_who_skips_is_not_held_by_repeat_one() -> None:
    room = after(party(), Set(repeat="one"), Play(), Next())
    assert titles(room) == "A [B] C"
    assert titles(after(room, Next(), Next())) == "A B C"
    assert titles(after(room, Set(repeat="all"), Next(), Next())) == "[A] B C"


def test_a_paused_track_does_not_end() -> None:
    room = after(after(party(), Play()), Pause(), ms=30_000)
    assert rules.deadline(room) is None
    assert do(room, Tick(), ms=10_000_000)[1] == ()


def test_a_room_that_plays_to_nobody_stops() -> None:
    room = after(party(), Add(tracks=(track("Radio", None),)), PlayEntry(entry=named(party(), "A")))
    room = after(room, PlayEntry(entry=named(room, "Radio")))
    for actor in (ALICE, BOB, CAROL):
        member = room.members[actor.id]
        room = after(room, Detach(socket=member.sockets[0]), actor=actor, ms=1_000)
    stops = START + 1_000 + ABANDONED_MS
    assert rules.deadline(room) == stops
    assert rules.deadline(online(room, CAROL, ms=2_000)) == START + 1_000 + 10_000
    stopped, _ = do(room, Tick(), ms=1_000 + ABANDONED_MS)
    assert (stopped.playback.playing, stopped.playback.entry) == (False, named(room, "Radio"))
    assert cause(room, Tick(), ms=1_000 + ABANDONED_MS) == "abandoned"
    assert rules.deadline(stopped) is None


def test_without_any_socket_what_was_started_has_its_time_and_the_queue_does_not_run_for_ever() -> None:
    late = ABANDONED_MS * 3
    room = after(after(opened(), tracks("A", "B")), Play(), ms=late)
    assert do(room, Tick(), ms=late + 1)[1] == ()
    end = late + START_LEAD_MS + 60_000
    room = after(room, Tick(), ms=end)
    assert (titles(room), room.playback.playing, room.playback.position) == ("A [B]", False, 0.0)


def test_a_bare_line_runs_without_an_entry() -> None:
    """Contracts whose clients bring their own media play, pause and seek in a room with an empty queue."""
    room = after(opened(), Play(position=12_000.0, bare=True))
    assert room.playback == Playback(None, 12_000.0, 1.0, True, START + START_LEAD_MS)
    assert (ends_at(room), rules.deadline(room)) == (None, START + START_LEAD_MS + ABANDONED_MS)
    room = after(room, Seek(position=90_000.0, bare=True), ms=5_000)
    assert room.playback == Playback(None, 90_000.0, 1.0, True, START + 5_000 + START_LEAD_MS)
    room = after(room, Pause(bare=True), ms=5_000 + START_LEAD_MS + 1_000)
    assert (room.playback.playing, room.playback.position) == (False, 91_000)
    paused = after(opened(), Pause(position=4_000.0, bare=True))
    assert (paused.playback.playing, paused.playback.position) == (False, 4_000)


def test_whoever_may_steers_a_bare_line_and_what_is_queued_takes_its_place() -> None:
    room = after(opened(), Play(position=12_000.0, bare=True))
    assert after(room, Seek(position=1.0)).playback.position == 1.0
    paused = after(room, Pause(), ms=START_LEAD_MS + 1_000)
    assert paused.playback.position == 13_000
    assert after(paused, Play(), ms=9_000).playback.position == 13_000
    room = after(room, tracks("A"))
    assert room.playback.entry is None
    room = after(room, Play(), ms=5_000)
    assert (titles(room), room.playback.position) == ("[A]", 0.0)
    assert titles(after(after(opened(autoplay=True), Play(bare=True)), tracks("A"))) == "[A]"


def test_bare_commands_are_told_even_when_they_change_nothing() -> None:
    room = after(party(), Play())
    told, events = do(room, Play(bare=True), ms=10)
    assert (told.playback, len(events)) == (room.playback, 1)
    assert cause(after(room, Pause()), Pause(bare=True), ms=10) == "pause"
    assert do(opened(), Pause())[1] == ()


def test_a_video_that_takes_the_place_of_another_keeps_the_room_paused_or_playing() -> None:
    change = Add(tracks=(track("New"),), play=True, keep=True)
    paused = after(party(), PlayEntry(entry=named(party(), "B")), Pause(position=5_000.0), change)
    assert (titles(paused), paused.playback.playing, paused.playback.position) == ("A B [New] C", False, 0.0)
    playing = after(party(), Play(), change)
    assert (titles(playing), playing.playback.playing) == ("A [New] B C", True)
    assert after(opened(), change).playback.playing is False
    assert after(opened(), Add(tracks=(track("New"),), play=True)).playback.playing is True


def test_a_cleared_queue_is_silent() -> None:
    room = after(party(), Play(), Clear())
    assert room.playback == Playback(None, 0.0, 1.0, False, START)
    with pytest.raises(Conflict, match="queue is empty"):
        do(room, Play())
    assert at().now == START
