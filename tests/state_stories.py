"""The kinds of histories there are: the room that each begins with, and what is done in it more or less than usual."""

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import NamedTuple, get_args

from msgspec import structs
from rooms_world import ALICE, BOB, CAROL, DAVE, ERIN, START, after, online, opened, person, track
from state_world import History, Taste

from roomd.domain import (
    chat,
    door,
    listening,
    membership,
    moderation,
    permissions,
    personal,
    radio,
    requests,
    room,
    rules,
    votes,
)
from roomd.domain.ids import UserId
from roomd.domain.people import Member
from roomd.domain.playback import Next, PlayEntry
from roomd.domain.queue import MAX_ENTRIES, Add, Load, Move, Remove, Shuffle
from roomd.domain.undo import Undo


class Story(NamedTuple):
    """`room` is given the number of the history; one has at most `length` steps, all together `steps`."""

    room: Callable[[int], room.Room]
    taste: Taste
    length: int
    steps: int


def histories(name: str, share: float = 1.0) -> Iterator[tuple[History, int]]:
    """Rooms, each with the steps that are to be taken in it; of the story's steps, this share."""
    story, left = STORIES[name], round(STORIES[name].steps * share)
    for number in count():
        history = History(f"{name}-{number}", story.room(number), story.taste)
        yield history, min(left, story.length)
        left -= history.taken
        if left <= 0:
            return


def _evening(number: int) -> room.Room:
    modes, repeats = get_args(room.QueueMode), get_args(room.Repeat)
    return opened(autoplay=True, queue_mode=modes[number % len(modes)], repeat=repeats[number % len(repeats)])


def _petitioners(number: int) -> room.Room:
    """Everybody asks, Alice decides."""
    return online(opened(requests_each=100), ALICE, BOB, CAROL, DAVE, ERIN)


def _crowd(number: int) -> room.Room:
    """More than are counted one by one; a third of their sockets are at each of three processes."""
    gathered = online(opened(autoplay=True), ALICE)
    for n in range(40):
        gathered = online(gathered, person(f"Member{n}"), process="pqr"[n % 3])
    return after(gathered, Add(tracks=(track("A"), track("B"))))


def _full(number: int) -> room.Room:
    """As many members as a room keeps; but for Alice they are away."""
    away = {
        UserId(f"user-{n}"): Member(id=UserId(f"user-{n}"), name=f"M{n}", joined_at=START, seen_at=START + n)
        for n in range(membership.MAX_MEMBERS - 1)
    }
    return structs.replace(opened(), members={**opened().members, **away})


def _long(number: int) -> room.Room:
    """A queue that is all but full, in the middle of which something plays."""
    tracks = tuple(track(f"T{n}") for n in range(99))
    filled = opened(autoplay=True)
    for _ in range(MAX_ENTRIES // 100):
        filled = after(filled, Add(tracks=tracks))
    middle = list(filled.entries)[250]
    return after(filled, PlayEntry(entry=middle))


_STILL: Taste = dict.fromkeys(
    (
        door.SetDoor,
        membership.HandOver,
        membership.Leave,
        moderation.BanUser,
        moderation.ClearChat,
        moderation.Kick,
        permissions.Permit,
        room.Close,
        room.Set,
    ),
    0.0,
)

STORIES: Mapping[str, Story] = {
    "evening": Story(_evening, {}, 400, 4_800),
    "requests": Story(
        _petitioners,
        {**_STILL, requests.Ask: 30, requests.Decide: 15, requests.Withdraw: 15, chat.Say: 0.5},
        900,
        1_800,
    ),
    "door": Story(
        lambda number: opened(entry_mode="approval"),
        {
            door.Admit: 15,
            membership.Attach: 8,
            membership.Join: 15,
            membership.Leave: 0.4,
            moderation.BanUser: 5,
            moderation.Kick: 1,
            moderation.Unban: 8,
        },
        300,
        1_200,
    ),
    "chat": Story(
        lambda number: online(opened(), ALICE, BOB, CAROL),
        {**_STILL, chat.Say: 60, chat.React: 60, moderation.DeleteMessage: 15, moderation.ClearChat: 0.2},
        500,
        1_500,
    ),
    "crowd": Story(_crowd, {membership.Lapse: 1, listening.Listen: 10, votes.VoteSkip: 10}, 100, 400),
    "idle": Story(
        lambda number: online(opened(autoplay=True), ALICE, BOB),
        {membership.Detach: 40, membership.Lapse: 10, rules.Tick: 10, room.Expire: 10, room.Close: 1},
        40,
        200,
    ),
    "undo": Story(
        lambda number: online(opened(autoplay=True), ALICE, BOB),
        {**_STILL, Add: 15, Remove: 10, Shuffle: 3, Move: 10, requests.Ask: 10, rules.Tick: 30, Undo: 40},
        150,
        750,
    ),
    "radio": Story(
        lambda number: online(opened(autoplay=True, radio=True), ALICE, BOB),
        {**_STILL, radio.Supply: 40, Next: 20, Remove: 5, rules.Tick: 20, room.Set: 1},
        200,
        600,
    ),
    "own": Story(
        lambda number: online(opened(visibility="private", personal=True, radio=True), ALICE),
        {personal.Party: 1, radio.Supply: 10, Load: 5, Next: 10, membership.Detach: 10, room.Close: 0.1},
        100,
        400,
    ),
    "full": Story(_full, {membership.Join: 40, membership.Attach: 40}, 25, 25),
    "long": Story(_long, {Add: 40, Shuffle: 10}, 40, 40),
}
