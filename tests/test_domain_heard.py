"""Who heard what: the stretches that commits tell of, added up as they are written."""

from collections import defaultdict
from typing import NamedTuple

from msgspec import structs
from rooms_world import ALICE, BOB, CAROL, at, named, online, opened, socket, track, tracks
from rooms_world import after as done

from roomd.domain import rules
from roomd.domain.actor import Actor
from roomd.domain.chat import Say
from roomd.domain.commit import Commit
from roomd.domain.heard import heard
from roomd.domain.listening import Listen
from roomd.domain.membership import Attach, Detach
from roomd.domain.moderation import Kick
from roomd.domain.moment import START_LEAD_MS
from roomd.domain.playback import Next, Pause, Play, PlayEntry, Rate, Seek
from roomd.domain.queue import Add, Clear, Load
from roomd.domain.room import Close, Room
from roomd.domain.rules import Tick
from roomd.domain.words import Command
from roomd.engine import SYSTEM

LEAD = START_LEAD_MS


class Row(NamedTuple):
    ms: float
    ended: str


class Story:
    """A room, and what is written of it, by (person, title): rows that only `known` stretches name are not there."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.rows: dict[tuple[str, str], Row] = {}
        self.plays: defaultdict[str, set[str]] = defaultdict(set)

    def do(self, command: Command, ms: float, actor: Actor = ALICE) -> "Story":
        moment = at(ms, seed=self.room.rev)
        events = tuple(rules.decide(self.room, command, actor, moment))
        assert events, f"{command} changed nothing"
        commit = Commit(epoch=1, rev=self.room.rev + 1, at=moment.now, by=actor.id or None, events=events)
        before, self.room = self.room, rules.apply(self.room, commit)
        for run in heard(before, self.room, commit):
            self.plays[run.track.title].add(run.play)
            for stretch in run.stretches:
                key = (stretch.person.removeprefix("user-"), run.track.title)
                if stretch.how == "heard" or key in self.rows:
                    row = self.rows.get(key, Row(0.0, "stopped"))
                    self.rows[key] = Row(row.ms + stretch.ms, row.ended if run.ended == "stopped" else run.ended)
        return self


def party(**settings: object) -> Story:
    """Alice and Bob are there; nothing plays of A, B and C, each a minute long."""
    return Story(done(online(opened(**settings), ALICE, BOB), tracks("A", "B", "C")))


def test_what_is_heard_to_the_end_and_what_is_skipped() -> None:
    story = party().do(Play(), 0)
    assert story.rows == {("alice", "A"): Row(0, "stopped"), ("bob", "A"): Row(0, "stopped")}
    story.do(Tick(), LEAD + 60_200, SYSTEM)
    assert story.rows[("bob", "A")] == Row(60_000, "ended")
    assert story.rows[("bob", "B")] == Row(0, "stopped")
    # What follows starts where the last one ended, though that was noticed 200 ms later.
    story.do(Next(), LEAD + 60_000 + 10_000)
    assert story.rows[("alice", "B")] == Row(10_000, "skipped")
    assert story.rows[("alice", "C")] == Row(0, "stopped")


def test_going_on_just_before_the_end_is_having_heard_it() -> None:
    story = party().do(Play(), 0).do(Next(), LEAD + 58_000)
    assert story.rows[("alice", "A")] == Row(58_000, "ended")


def test_pauses_seeks_and_rates_count_what_was_heard_of_the_song() -> None:
    story = party().do(Play(), 0).do(Pause(), LEAD + 10_000)
    story.do(Play(), 500_000).do(Seek(position=50_000), 500_000 + LEAD + 5_000)
    assert story.rows[("alice", "A")] == Row(15_000, "stopped")
    began = 500_000 + LEAD + 5_000 + LEAD
    story.do(Rate(rate=2.0), began + 1_000).do(Tick(), began + 9_000, SYSTEM)
    assert story.rows[("alice", "A")] == Row(15_000 + 10_000, "ended")
    assert len(story.plays["A"]) == 1


def test_who_comes_late_or_goes_early_has_heard_what_they_were_there_for() -> None:
    story = party().do(Play(), 0)
    story.do(Attach(socket=socket(CAROL)), LEAD + 20_000, CAROL)
    assert story.rows[("carol", "A")] == Row(0, "stopped")
    story.do(Detach(socket=socket(BOB)), LEAD + 30_000, BOB)
    assert story.rows[("bob", "A")] == Row(30_000, "stopped")
    story.do(Attach(socket=socket(BOB)), LEAD + 40_000, BOB).do(Next(), LEAD + 45_000)
    assert story.rows[("alice", "A")] == Row(45_000, "skipped")
    assert story.rows[("bob", "A")] == Row(35_000, "skipped")
    assert story.rows[("carol", "A")] == Row(25_000, "skipped")


def test_who_was_put_out_has_heard_it_until_then() -> None:
    story = party().do(Play(), 0).do(Kick(user=BOB.id), LEAD + 7_000).do(Next(), LEAD + 9_000)
    assert story.rows[("bob", "A")] == Row(7_000, "stopped")


def test_a_second_socket_changes_nothing() -> None:
    story = party().do(Play(), 0).do(Attach(socket=socket(BOB, number=2)), LEAD + 5_000, BOB)
    story.do(Detach(socket=socket(BOB, number=1)), LEAD + 6_000, BOB)
    assert story.rows[("bob", "A")] == Row(0, "stopped")
    assert story.do(Next(), LEAD + 8_000).rows[("bob", "A")] == Row(8_000, "skipped")


def test_who_does_not_listen_hears_nothing() -> None:
    story = party().do(Play(), 0).do(Listen(on=False), LEAD + 4_000, BOB)
    assert story.rows[("bob", "A")] == Row(4_000, "stopped")
    story.do(Listen(on=True), LEAD + 30_000, BOB).do(Tick(), LEAD + 60_000, SYSTEM)
    assert story.rows[("bob", "A")] == Row(34_000, "ended")
    assert story.rows[("alice", "A")] == Row(60_000, "ended")


def test_what_stood_still_when_it_was_skipped_was_skipped() -> None:
    story = party().do(Play(), 0).do(Pause(), LEAD + 10_000)
    story.do(Attach(socket=socket(CAROL)), LEAD + 11_000, CAROL).do(PlayEntry(entry=named(story.room, "C")), 90_000)
    assert story.rows[("bob", "A")] == Row(10_000, "skipped")
    assert ("carol", "A") not in story.rows
    assert story.rows[("carol", "C")] == Row(0, "stopped")


def test_the_same_song_again_is_another_run() -> None:
    story = party(repeat="one").do(Play(), 0).do(Tick(), LEAD + 60_000, SYSTEM)
    assert len(story.plays["A"]) == 2


def test_clearing_and_closing_stop_it() -> None:
    assert party().do(Play(), 0).do(Clear(), LEAD + 5_000).rows[("bob", "A")] == Row(5_000, "stopped")
    assert party().do(Play(), 0).do(Close(), LEAD + 6_000).rows[("bob", "A")] == Row(6_000, "stopped")


def test_without_anybody_there_nobody_hears_anything() -> None:
    story = Story(done(opened(), tracks("A", "B"))).do(Play(), 0).do(Tick(), LEAD + 60_000, SYSTEM)
    assert story.rows == {}


def test_what_has_nothing_to_do_with_it_is_told_at_no_cost() -> None:
    story = party().do(Play(), 0)
    before = dict(story.rows)
    assert story.do(Say(text="hello"), LEAD + 5_000).do(Add(tracks=(track("D"),)), LEAD + 6_000).rows == before


def own_queue() -> Story:
    room = done(opened(personal=True, visibility="private"), tracks("A", "B"))
    return Story(structs.replace(room, playback=structs.replace(room.playback, entry=None)))


def load(*titles: str) -> Load:
    return Load(tracks=tuple(track(title) for title in titles))


def test_a_queue_of_ones_own_that_is_moved_from_elsewhere() -> None:
    story = own_queue().do(load("A", "B", "C"), 0)
    assert story.rows == {("alice", "A"): Row(0, "stopped")}
    story.do(Next(), 20_000)
    assert story.rows[("alice", "A")] == Row(20_000, "skipped")
    story.do(Next(), 20_000 + 300_000)
    assert story.rows[("alice", "B")] == Row(60_000, "ended")


def test_a_queue_of_ones_own_that_is_left_playing_is_not_heard_any_more() -> None:
    story = Story(online(own_queue().room, ALICE)).do(load("A", "B", "C"), 0)
    story.do(Detach(socket=socket(ALICE)), LEAD + 30_000).do(Tick(), LEAD + 60_000, SYSTEM)
    assert story.rows == {("alice", "A"): Row(30_000, "stopped")}
    story.do(Attach(socket=socket(ALICE)), LEAD + 70_000)
    assert story.rows[("alice", "B")] == Row(0, "stopped")
    assert story.do(Next(), LEAD + 75_000).rows[("alice", "B")] == Row(5_000, "skipped")


def test_a_party_that_is_moved_from_elsewhere_is_heard_by_nobody() -> None:
    assert Story(opened()).do(load("A", "B"), 0).do(Next(), 20_000).rows == {}
