"""What was played in a room, as its log tells it: rooms are played through, and the commits read again."""

from msgspec import structs
from rooms_world import ALICE, at, named, online, opened, track, tracks

from roomd.domain import rules
from roomd.domain.commit import Commit
from roomd.domain.history import SKIMMED_MS, played
from roomd.domain.playback import Next, Pause, Play, Playback, PlaybackChanged, PlayEntry, Previous
from roomd.domain.queue import Add, Clear, Measured, Remove
from roomd.domain.room import Room, RoomOpened, Set
from roomd.domain.rules import Tick
from roomd.domain.words import Command

STAY = SKIMMED_MS + 1
MINUTE = 60_000.0


class Evening:
    """A room, and its log."""

    def __init__(self) -> None:
        self.room: Room = online(opened(), ALICE)
        self.log: list[Commit] = [
            Commit(epoch=self.room.epoch, rev=self.room.rev, at=at().now, events=(RoomOpened(room=self.room),))
        ]
        self.ms = 0.0

    def do(self, command: Command, after_ms: float = 0.0) -> None:
        self.ms += after_ms
        moment = at(self.ms, self.room.rev)
        events = tuple(rules.decide(self.room, command, ALICE, moment))
        if events:
            commit = Commit(epoch=self.room.epoch, rev=self.room.rev + 1, at=moment.now, events=events)
            self.room = rules.apply(self.room, commit)
            self.log.append(commit)

    def play(self, title: str, after_ms: float = STAY) -> None:
        self.do(PlayEntry(entry=named(self.room, title)), after_ms)

    def heard(self) -> str:
        return " ".join(each.title for each in played(self.log, self.room.entries))


def test_in_the_order_in_which_they_were_played() -> None:
    evening = Evening()
    evening.do(tracks("A", "B", "C", "D"))
    assert evening.heard() == ""
    for title in "CABA":
        evening.play(title)
    evening.do(Next(), STAY)
    evening.do(Previous(), STAY)
    assert evening.heard() == "C A B A B A"


def test_what_was_passed_over_at_once_was_not_played() -> None:
    evening = Evening()
    evening.do(tracks("A", "B", "C"))
    evening.play("A")
    evening.do(Next(), SKIMMED_MS - 1)
    evening.do(Next(), SKIMMED_MS)
    assert evening.heard() == "B C"
    evening.do(Clear(), 1)
    assert evening.heard() == "B"


def test_what_has_ended_was_played_however_short() -> None:
    evening = Evening()
    evening.do(Add(tracks=(track("A", 1_000), track("B"))))
    evening.play("A")
    evening.do(Tick(), 1_400)
    assert evening.room.playback.entry == named(evening.room, "B")
    assert evening.heard() == "A B"


def test_pausing_and_repeating_change_nothing() -> None:
    evening = Evening()
    evening.do(tracks("A", "B"))
    evening.play("A")
    evening.do(Pause(), STAY)
    evening.do(Play(), STAY)
    evening.do(Set(repeat="one"))
    for _ in range(3):
        evening.do(Tick(), 2 * MINUTE)
    assert evening.heard() == "A"


def test_what_only_stood_there_was_not_played() -> None:
    evening = Evening()
    evening.do(Add(tracks=(track("A"),), play=True, keep=True))
    evening.do(Pause(), STAY)
    assert not evening.room.playback.playing
    evening.do(tracks("B"))
    following = Playback(named(evening.room, "B"), 0.0, 1.0, False, at(evening.ms).now)
    left = PlaybackChanged(playback=following, cause="abandoned")
    abandoned = structs.replace(evening.log[-1], events=(left,), rev=evening.room.rev + 1)
    assert played([*evening.log, abandoned], evening.room.entries)[-1:] == [track("A")]


def test_entries_that_are_gone_are_known_from_the_log() -> None:
    evening = Evening()
    evening.do(Add(tracks=(track("A", None), track("B"))))
    evening.play("A")
    evening.do(Measured(entry=named(evening.room, "A"), duration_ms=61_000.0))
    gone = named(evening.room, "A")
    evening.play("B")
    evening.do(Remove(entries=(gone,)))
    assert [each.duration_ms for each in played(evening.log, evening.room.entries)] == [61_000.0, 60_000.0]
    # A log that does not reach back to where it was added cannot tell what it was.
    assert [each.title for each in played(evening.log[3:], evening.room.entries)] == ["B"]


def test_a_room_that_was_brought_back_goes_on() -> None:
    """Every return begins with the room as it was; the track that stood there is not played twice."""
    evening = Evening()
    evening.do(tracks("A", "B"))
    evening.play("A")
    back = structs.replace(evening.room, epoch=evening.room.epoch + 1)
    evening.log.append(Commit(epoch=back.epoch, rev=back.rev + 1, at=evening.ms, events=(RoomOpened(room=back),)))
    evening.room = structs.replace(back, rev=back.rev + 1)
    evening.do(Pause(), STAY)
    evening.do(Play(), STAY)
    evening.play("B")
    assert evening.heard() == "A B"
    # What is known of the entries then is enough.
    assert [each.title for each in played(evening.log[-4:], {})] == ["A", "B"]
