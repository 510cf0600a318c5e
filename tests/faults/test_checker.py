"""The checker finds what it is there to find: each test spoils one thing in a run that went well."""

import time
from collections.abc import Sequence
from random import Random

import pytest
from msgspec import structs

from faults.checker import Evidence, Snapshot, Verdict, check
from faults.ledger import Line
from faults.records import Record, Shelved, record
from faults.told import Told
from roomd.dialects import native_told
from roomd.dialects.dialect import View
from roomd.domain import rules
from roomd.domain.actor import Actor
from roomd.domain.chat import Message, Said, Say
from roomd.domain.commit import Commit
from roomd.domain.ids import Code, RoomId, UserId
from roomd.domain.moment import Moment
from roomd.domain.opening import open_room
from roomd.domain.queue import Add
from roomd.domain.room import Room, RoomOpened, RoomSettings
from roomd.domain.track import Track
from roomd.domain.whole import Whole
from roomd.domain.words import Command

ALICE = Actor(UserId("user-alice"), "Alice")
START = 1_795_000_000_000.0


def _commit(room: Room, command: Command, name: str) -> tuple[Room, Commit]:
    moment = Moment(START + room.rev, Random(room.rev))
    events = tuple(rules.decide(room, command, ALICE, moment))
    made = Commit(epoch=room.epoch, rev=room.rev + 1, at=moment.now, by=ALICE.id, command=name, events=events)
    return rules.apply(room, made), made


def _opened(room: Room, epoch: int, rev: int) -> Commit:
    return Commit(epoch=epoch, rev=rev, at=START, events=(RoomOpened(room=room),))


def _run() -> Evidence:
    """Ten commands, all of them acknowledged; Redis was wiped after the fifth, so there are two epochs."""
    room = open_room(RoomId("room"), Code("Q7K2MX"), RoomSettings(name="Friday"), ALICE, Moment(START, Random(0)))
    commits = [_opened(room, room.epoch, 1)]
    for number in range(10):
        if number == 5:
            room = structs.replace(room, epoch=room.epoch + 1, rev=room.rev + 1, last_activity=START)
            commits.append(_opened(room, room.epoch, room.rev))
        track = Track(title=f"Number {number}", url="https://music.example/1.mp3", duration_ms=60_000.0)
        command = Say(text=f"line {number}") if number % 2 else Add(tracks=(track,))
        room, made = _commit(room, command, f"c{number}")
        commits.append(made)
    records = [record(commit) for commit in commits]
    chat = [event.message for commit in commits for event in commit.events if isinstance(event, Said)]
    state = native_told.state(View(room, chat, 0.0)).encode()
    shots = [Snapshot(name, room.epoch, room.rev, state) for name in ("server0", "server1")]
    return Evidence("room", _lines(records), {"Bob": _story(records)}, records, shots)


def _lines(records: Sequence[Record]) -> list[Line]:
    return [
        Line(
            id=each.commit.command,
            by=ALICE.id,
            room="room",
            kind="say",
            must=True,
            sent_at=time.monotonic(),
            acks=[("archived", each.commit.epoch, each.commit.rev)],
        )
        for each in records
        if each.commit.command is not None
    ]


def _story(records: Sequence[Record]) -> list[Told]:
    """As somebody was told who was there all the time: each epoch begins with a state."""
    told: list[Told] = []
    for (epoch, rev), digest in ((_number(each), each.digest) for each in records):
        fresh = not told or told[-1].epoch != epoch
        told.append(Told("state", epoch, rev) if fresh else Told("commit", epoch, rev, ALICE.id, "c", digest))
    return told


def _number(each: Record) -> tuple[int, int]:
    return each.commit.epoch, each.commit.rev


def _fold(records: Sequence[Record]) -> tuple[Room, tuple[Message, ...]]:
    room = next(event.room for event in records[0].commit.events if isinstance(event, RoomOpened))
    for commit, _ in records[1:]:
        room = rules.apply(room, commit)
    return room, tuple(event.message for each in records for event in each.commit.events if isinstance(event, Said))


def _without(evidence: Evidence, index: int) -> Evidence:
    """As if this commit had never been archived, nor told."""
    records = [each for n, each in enumerate(evidence.records) if n != index]
    return evidence._replace(records=records)


@pytest.fixture
def good() -> Evidence:
    return _run()


def test_a_good_run_is_good(good: Evidence) -> None:
    assert check(good) == Verdict(acks=10)


def test_a_lost_id_is_found(good: Evidence) -> None:
    # The last commit of all, so that nothing else is amiss.
    verdict = check(_without(good, 11)._replace(stories={}, snapshots=[]))
    assert (verdict.lost, verdict.duplicated, verdict.reordered, verdict.disagreed) == (1, 0, 0, 0)
    assert "is lost" in verdict.faults[0]


def test_an_id_that_a_later_epoch_superseded_is_lost(good: Evidence) -> None:
    """Redis was wiped, and the room was taken from the archive while the last commit was still on its way there."""
    began = good.records[6]
    early = record(structs.replace(began.commit, rev=began.commit.rev - 1))
    after = [record(structs.replace(each.commit, rev=each.commit.rev - 1)) for each in good.records[7:]]
    verdict = check(good._replace(records=[*good.records[:6], early, *after], stories={}, snapshots=[]))
    assert verdict.lost == 1
    assert "c4" in verdict.faults[0]


def test_what_was_only_accepted_may_go_with_both_stores_and_not_otherwise(good: Evidence) -> None:
    good.lines[-1].acks = [("accepted", *good.lines[-1].acks[0][1:])]
    shorter = _without(good, 11)._replace(stories={}, snapshots=[])
    assert check(shorter).lost == 1
    spared = check(shorter._replace(wiped_while_away=True))
    assert (spared.lost, spared.given_up, spared.faults) == (0, 1, [])


def test_a_doubled_id_is_found(good: Evidence) -> None:
    last = good.records[-1].commit
    again = record(structs.replace(last, rev=last.rev + 1))
    verdict = check(good._replace(records=[*good.records, again], snapshots=[]))
    assert verdict.duplicated == 1
    assert "took effect 2 times" in verdict.faults[0]


def test_a_refused_command_that_took_effect_is_found(good: Evidence) -> None:
    good.lines[0].acks, good.lines[0].refused = [], "forbidden"
    verdict = check(good)
    assert verdict.duplicated == 1
    assert "was refused" in verdict.faults[0]


def test_an_answer_with_another_number_is_found(good: Evidence) -> None:
    good.lines[0].acks.append(("archived", good.lines[0].acks[0][1], 9))
    assert check(good).disagreed == 1


def test_a_hole_in_the_archive_is_found(good: Evidence) -> None:
    verdict = check(_without(good, 3)._replace(snapshots=[]))
    assert (verdict.lost, verdict.holes, len(verdict.faults)) == (0, 1, 1)
    assert "has no commits 4 to 4" in verdict.faults[0]


def test_what_was_told_and_is_not_archived_is_found(good: Evidence) -> None:
    verdict = check(_without(good, 11)._replace(lines=[], snapshots=[]))
    assert verdict.lost == 1
    assert "was told, and is not in the archive" in verdict.faults[0]


def test_behind_a_hole_the_snapshot_counts(good: Evidence) -> None:
    holed = _without(good, 3)
    assert check(holed).disagreed == 2
    room, chat = _fold(good.records[:9])
    shelf = Shelved(room.epoch, room.rev, Whole(room=room, chat=chat))
    assert check(holed._replace(shelf=shelf)).disagreed == 0
    assert check(good._replace(shelf=shelf)) == Verdict(acks=10)
    other = shelf._replace(whole=Whole(room=room, chat=chat[1:]))
    assert check(good._replace(shelf=other)).disagreed == 1


@pytest.mark.parametrize(("times", "unshown", "duplicated"), [(1, 0, 0), (0, 1, 0), (2, 0, 1)])
def test_what_was_said_is_shown_once(good: Evidence, times: int, unshown: int, duplicated: int) -> None:
    shown = {line.id: 1 for line in good.lines} | {good.lines[0].id: times}
    verdict = check(good._replace(chat=shown))
    assert (verdict.unshown, verdict.duplicated, len(verdict.faults)) == (unshown, duplicated, unshown + duplicated)


def test_what_is_neither_archived_nor_shown_is_lost(good: Evidence) -> None:
    """A hole in the archive may be made up for by a snapshot; then the chat has the line."""
    holed = _without(good, 3)._replace(snapshots=[])
    shown = {line.id: 1 for line in good.lines}
    assert check(holed._replace(chat=shown)).lost == 0
    assert good.records[3].commit.command == good.lines[2].id
    assert check(holed._replace(chat=shown | {good.lines[2].id: 0})).lost == 1


def test_what_was_refused_is_not_shown(good: Evidence) -> None:
    refused = Line("c99", ALICE.id, "room", "say", must=True, sent_at=0.0, refused="forbidden")
    chat = {line.id: 1 for line in good.lines} | {"c99": 1}
    assert check(good._replace(lines=[*good.lines, refused], chat=chat)).duplicated == 1


@pytest.mark.parametrize("spoil", ["gap", "reordering", "doubling", "silent epoch"])
def test_what_a_client_should_not_be_told_is_found(good: Evidence, spoil: str) -> None:
    story = list(good.stories["Bob"])
    match spoil:
        case "gap":
            del story[3]
        case "reordering":
            story[3], story[4] = story[4], story[3]
        case "doubling":
            story.insert(3, story[3])
        case _:
            story[6] = story[6]._replace(kind="commit", digest=good.records[6].digest)
    verdict = check(good._replace(stories={"Bob": story}))
    assert verdict.reordered >= 1
    assert verdict.lost == verdict.disagreed == 0


def test_a_welcome_to_what_was_not_known_is_found(good: Evidence) -> None:
    story = list(good.stories["Bob"])
    story.insert(4, Told("welcome", story[3].epoch + 1, story[3].rev))
    assert check(good._replace(stories={"Bob": story})).reordered == 1


def test_two_commits_under_one_number_are_found(good: Evidence) -> None:
    story = list(good.stories["Bob"])
    story[3] = story[3]._replace(digest=1)
    verdict = check(good._replace(stories=dict(good.stories) | {"Carol": story}))
    assert verdict.disagreed == 1
    assert "another commit" in verdict.faults[0]


def test_a_server_that_shows_something_else_is_found(good: Evidence) -> None:
    other = good.snapshots[1]._replace(state=good.snapshots[1].state.replace(b"Number 4", b"Number 5"))
    verdict = check(good._replace(snapshots=[good.snapshots[0], other]))
    assert verdict.disagreed == 1
    assert "with another ['queue']" in verdict.faults[0]


def test_a_server_that_is_where_nobody_else_was_is_found(good: Evidence) -> None:
    ahead = good.snapshots[1]._replace(rev=good.snapshots[1].rev + 1)
    verdict = check(good._replace(snapshots=[ahead]))
    assert verdict.disagreed == 1
    assert "does not lead" in verdict.faults[0]
