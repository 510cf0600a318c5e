"""A track starts once everybody's player is ready, and after a bound at the latest."""

from collections.abc import Sequence

from msgspec import structs
from rooms_world import ALICE, BOB, CAROL, DAVE, START, after, do, named, online, opened, socket, tracks

from roomd.domain import rules
from roomd.domain.actor import Actor
from roomd.domain.listening import Listen
from roomd.domain.membership import Attach, Detach, Leave
from roomd.domain.moment import START_LEAD_MS
from roomd.domain.playback import SEAMLESS_MS, Next, Pause, Play, PlayEntry, Seek
from roomd.domain.room import Room, Set
from roomd.domain.rules import Tick
from roomd.domain.votes import VoteSkip
from roomd.domain.waiting import DRY_EVERY_MS, DRY_MS, MAX_WAITED, PATIENCE, Ready, Stalled, missing_now
from roomd.domain.words import Event
from roomd.engine import SYSTEM


def reporting(room: Room, *actors: Actor) -> Room:
    for actor in actors:
        room = after(room, Attach(socket=socket(actor), reports=True), actor=actor)
    return room


def party(**settings: object) -> Room:
    """Alice, Bob and Carol are there, and their players say when they are ready. Nothing plays of A, B, C."""
    return after(reporting(opened(**settings), ALICE, BOB, CAROL), tracks("A", "B", "C"))


def kinds(events: Sequence[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_a_start_waits_until_everybody_is_ready_and_then_all_start_together() -> None:
    room, events = do(party(), Play())
    assert kinds(events) == ["PlaybackChanged", "WaitingBegan"]
    assert not room.playback.playing
    assert room.waiting is not None
    assert (room.waiting.missing, room.waiting.until) == (frozenset({ALICE.id, BOB.id, CAROL.id}), START + 3_000)
    entry = named(room, "A")
    for ms, actor in ((200, ALICE), (300, CAROL)):
        room, events = do(room, Ready(entry=entry), actor, ms)
        assert kinds(events) == ["BecameReady"]
        # Said twice is said once.
        assert do(room, Ready(entry=entry), actor, ms)[1] == ()
    assert missing_now(room) == {BOB.id}
    room, events = do(room, Ready(entry=entry), BOB, 800)
    assert kinds(events) == ["BecameReady", "PlaybackChanged"]
    assert (room.waiting, room.playback.playing, room.playback.position) == (None, True, 0.0)
    assert room.playback.as_of == START + 800 + START_LEAD_MS


def test_after_the_bound_it_starts_without_the_slow_and_who_is_always_slow_is_not_waited_for() -> None:
    room = party(wait_s=2)
    for round_ in range(PATIENCE):
        begun = round_ * 10_000.0
        room = after(room, PlayEntry(entry=named(room, "A")), ms=begun)
        for actor in (ALICE, BOB):
            room = after(room, Ready(entry=named(room, "A")), actor=actor, ms=begun + 100)
        assert rules.deadline(room) == START + begun + 2_000
        assert do(room, Tick(), SYSTEM, begun + 1_999)[1] == ()
        room, events = do(room, Tick(), SYSTEM, begun + 2_000)
        assert kinds(events) == ["WaitedInVain", "PlaybackChanged"]
        assert room.playback.as_of == START + begun + 2_000 + START_LEAD_MS
    room = after(room, Next(), ms=50_000)
    assert missing_now(room) == {ALICE.id, BOB.id}
    # Until it is ready once.
    room = after(room, Ready(entry=named(room, "B")), actor=CAROL, ms=50_100)
    assert missing_now(after(room, Next(), ms=60_000)) == {ALICE.id, BOB.id, CAROL.id}


def test_whoever_goes_or_does_not_listen_is_not_waited_for() -> None:
    room = after(party(), Play())
    entry = named(room, "A")
    room = after(room, Listen(on=False), actor=CAROL, ms=100)
    assert missing_now(room) == {ALICE.id, BOB.id}
    room = after(room, Ready(entry=entry), ms=200)
    gone, events = do(room, Detach(socket=socket(BOB)), BOB, 300)
    assert gone.playback.playing
    assert kinds(events) == ["SocketClosed", "PlaybackChanged"]
    assert after(room, Leave(), actor=BOB, ms=300).playback.playing
    assert after(room, Listen(on=False), actor=BOB, ms=300).playback.playing


def test_whoever_may_play_need_not_wait_and_may_stop_waiting() -> None:
    room = after(party(), Play())
    now, _ = do(room, Play(), ms=500)
    assert (now.waiting, now.playback.as_of) == (None, START + 500 + START_LEAD_MS)
    stopped, _ = do(room, Pause(), ms=500)
    assert (stopped.waiting, stopped.playback.playing) == (None, False)
    assert do(stopped, Tick(), SYSTEM, 10_000)[1] == ()
    # What was loaded is not waited for again.
    assert after(stopped, Play(), ms=1_000).playback.playing


def test_a_seek_while_waiting_moves_the_place_and_waits_on() -> None:
    room = after(party(), Play())
    moved = after(room, Seek(position=30_000.0), ms=500)
    assert moved.waiting == room.waiting
    assert (moved.playback.playing, moved.playback.position) == (False, 30_000.0)
    started = after(moved, Tick(), actor=SYSTEM, ms=3_000)
    assert (started.playback.playing, started.playback.position) == (True, 30_000.0)


def test_a_vote_that_skips_waits_too_and_skipping_while_waiting_waits_for_the_next() -> None:
    room = after(after(party(skip_share=0.1), Play()), Next(), ms=500)
    assert room.waiting is not None
    assert (room.waiting.entry, room.waiting.until) == (named(room, "B"), START + 3_500)
    voted = after(room, VoteSkip(), actor=CAROL, ms=600)
    assert voted.waiting is not None
    assert voted.waiting.entry == named(room, "C")


def test_who_has_no_player_that_reports_waits_for_nobody() -> None:
    room = after(online(opened(), ALICE, BOB), tracks("A", "B"))
    assert after(room, Play()).playback.playing
    with_dave = reporting(room, DAVE)
    assert missing_now(after(with_dave, Play())) == {DAVE.id}
    # A player that is closed reports no more.
    again = online(after(with_dave, Detach(socket=socket(DAVE)), actor=DAVE), DAVE)
    assert after(again, Play()).playback.playing
    assert after(party(wait_s=0), Play()).playback.playing


def test_in_a_crowd_somebody_is_always_slow_so_nobody_is_waited_for() -> None:
    room = party()
    crowd = {f"user-{n}": structs.replace(room.members[BOB.id], id=f"user-{n}") for n in range(MAX_WAITED)}
    assert after(structs.replace(room, members={**room.members, **crowd}), Play()).playback.playing


def test_a_track_that_follows_starts_where_the_last_one_ended_and_waits_for_nobody() -> None:
    room = after(party(wait_s=0), Play())
    end = START_LEAD_MS + 60_000
    seamless = after(room, Tick(), actor=SYSTEM, ms=end + 180)
    assert seamless.playback.as_of == START + end
    late = end + SEAMLESS_MS + 1
    assert after(room, Tick(), actor=SYSTEM, ms=late).playback.as_of == START + late + START_LEAD_MS
    waiting_room = structs.replace(room, settings=structs.replace(room.settings, wait_s=3))
    assert after(waiting_room, Tick(), actor=SYSTEM, ms=end).waiting is None


def test_a_room_that_watches_waits_for_who_has_run_dry_but_not_for_ever_nor_often() -> None:
    room = party(wait_s=0)
    entry = named(room, "A")
    room = after(room, Play())
    assert do(room, Stalled(entry=entry), BOB, 10_000)[1] == ()
    room = after(room, Set(wait_buffering=True), ms=10_000)
    dry, events = do(room, Stalled(entry=entry), BOB, 20_000)
    assert kinds(events) == ["PlaybackChanged", "WaitingBegan"]
    assert dry.waiting is not None
    assert (dry.waiting.missing, dry.waiting.until) == (frozenset({BOB.id}), START + 20_000 + DRY_MS)
    assert dry.playback.position == 20_000 - START_LEAD_MS
    back = after(dry, Ready(entry=entry), actor=BOB, ms=22_000)
    assert (back.playback.playing, back.playback.position) == (True, dry.playback.position)
    assert do(back, Stalled(entry=entry), BOB, 40_000)[1] == ()
    assert do(back, Stalled(entry=entry), CAROL, 40_000)[0].waiting is not None
    assert do(back, Stalled(entry=entry), BOB, 20_000 + DRY_EVERY_MS)[0].waiting is not None
    assert do(back, Stalled(entry=named(room, "B")), CAROL, 40_000)[1] == ()
