"""Whatever happens in a room, what its commits tell of listening adds up to what a clock beside it would count."""

from collections import Counter
from random import Random

import pytest
from msgspec import structs
from rooms_world import ALICE, BOB, CAROL, online, opened
from state_world import History, Step

from roomd.domain import chat, membership, moderation, playback, queue, requests
from roomd.domain import room as rooms
from roomd.domain.commit import Commit
from roomd.domain.heard import heard
from roomd.domain.playback import position_at
from roomd.domain.room import Room, RoomClosed

STEPS = 400
#: Mostly what has to do with it; and no lengths that are learned late, which are believed from the beginning.
TASTE = {
    **dict.fromkeys((chat.Say, chat.React, requests.Ask, moderation.BanUser, queue.Measured, rooms.Close), 0.0),
    **dict.fromkeys((playback.Play, playback.Pause, playback.Seek, playback.Rate, playback.Next), 3.0),
    **dict.fromkeys((membership.Attach, membership.Detach), 6.0),
}


def counted(room: Room, since: float, until: float) -> Counter[str]:
    """Milliseconds of the song that each person heard of a room that was left alone meanwhile."""
    entry = room.entries.get(room.playback.entry) if room.playback.entry else None
    if entry is None or not room.playback.playing:
        return Counter()
    end = entry.track.duration_ms if entry.track.duration_ms is not None else float("inf")
    ms = min(position_at(room.playback, until), end) - min(position_at(room.playback, since), end)
    return Counter({member.id: ms for member in room.members.values() if member.online and member.listens})


def since_the_end(step: Step) -> Counter[str]:
    """What follows by itself has been heard since the one before it ended, which was a moment before the commit."""
    causes = [event.cause for event in step.commit.events if isinstance(event, playback.PlaybackChanged)]
    began = step.after.playback.as_of
    return counted(step.after, began, step.commit.at) if "ended" in causes and began < step.commit.at else Counter()


def told(step: Step) -> Counter[str]:
    ms: Counter[str] = Counter()
    for run in heard(step.before, step.after, step.commit):
        for stretch in run.stretches:
            # Those that only add to what was written count too, if anything was.
            ms[stretch.person] += stretch.ms
    return ms


def closing(history: History) -> Step:
    commit = Commit(epoch=1, rev=history.room.rev + 1, at=history.now, events=(RoomClosed(),))
    return Step(rooms.Close(), ALICE, history.room, commit, structs.replace(history.room, closed=True))


@pytest.mark.parametrize("number", range(20))
def test_it_adds_up(number: int) -> None:
    history = History(f"heard-{number}", online(opened(autoplay=True), ALICE, BOB, CAROL), TASTE)
    expected, came, last = Counter[str](), Counter[str](), history.now
    runs = 0
    for step in history.steps(STEPS):
        expected += counted(step.before, last, step.commit.at)
        expected += since_the_end(step)
        came.update(told(step))
        last, runs = step.commit.at, runs + 1
    came.update(told(closing(history)))
    assert runs > 100
    assert sum(expected.values()) > 60_000, "a history in which nothing is heard tells nothing"
    # Less than a millisecond is not told of; in so many steps that is still less than a moment.
    assert came.keys() >= expected.keys()
    assert all(abs(ms - expected[person]) < 50 for person, ms in came.items())


@pytest.mark.parametrize("number", range(10))
def test_whoever_hears_is_told_of_first_and_nobody_else_ever_is(number: int) -> None:
    """What only adds to a run comes after what began it, in a party; so nothing is lost."""
    history = History(f"begun-{number}", online(opened(autoplay=True), ALICE, BOB, CAROL), TASTE)
    begun: set[tuple[str, str]] = set()
    dice = Random(number)
    for step in history.steps(STEPS):
        for run in heard(step.before, step.after, step.commit):
            for stretch in run.stretches:
                assert stretch.how == "heard" or not stretch.ms
                if stretch.how == "heard" and stretch.ms > 1:
                    assert (stretch.person, run.play) in begun
                begun.add((stretch.person, run.play))
        if dice.random() < 0.02:
            history.move()
    assert begun
