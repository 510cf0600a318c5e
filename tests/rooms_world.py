"""Rooms made by hand, for the tests of the core: people, tracks, moments, and what commands do to a room."""

from collections.abc import Sequence
from random import Random

from roomd.domain import rules
from roomd.domain.actor import Actor
from roomd.domain.commit import Commit
from roomd.domain.entries import ordered
from roomd.domain.ids import Code, EntryId, RoomId, SocketId, UserId
from roomd.domain.membership import Attach, SetRole
from roomd.domain.moment import Moment
from roomd.domain.opening import open_room
from roomd.domain.queue import Add
from roomd.domain.room import Room, RoomSettings
from roomd.domain.track import Track
from roomd.domain.undo import ActNoted
from roomd.domain.words import Command, Event

START = 1_795_000_000_000.0
ROOM = RoomId("7b0d7e1c-0000-4000-8000-000000000001")
CODE = Code("Q7K2MX")


def person(name: str) -> Actor:
    return Actor(UserId(f"user-{name.lower()}"), name)


ALICE, BOB, CAROL, DAVE, ERIN, NOBODY = (person(name) for name in ("Alice", "Bob", "Carol", "Dave", "Erin", "Nobody"))


def at(ms: float = 0.0, seed: int = 1) -> Moment:
    """So many milliseconds after the room was opened."""
    return Moment(START + ms, Random(seed))


def track(title: str = "One", duration_ms: float | None = 60_000.0) -> Track:
    return Track(title=title, url=f"https://music.example/{title}", duration_ms=duration_ms)


def tracks(*titles: str) -> Add:
    return Add(tracks=tuple(track(title) for title in titles))


def opened(**settings: object) -> Room:
    """Alice's room, nobody's socket open."""
    given = {"name": "Friday", "autoplay": False} | settings
    return open_room(ROOM, CODE, RoomSettings(**given), ALICE, at())  # type: ignore[arg-type]


def do(
    room: Room, command: Command, actor: Actor = ALICE, ms: float = 0.0, seed: int = 1
) -> tuple[Room, Sequence[Event]]:
    """The room after a command, and the events that it led to, but for the note by which it can be taken back."""
    moment = at(ms, seed)
    events = tuple(rules.decide(room, command, actor, moment))
    if not events:
        return room, events
    after = rules.apply(room, Commit(epoch=room.epoch, rev=room.rev + 1, at=moment.now, events=events))
    return after, tuple(event for event in events if not isinstance(event, ActNoted))


def after(room: Room, *commands: Command, actor: Actor = ALICE, ms: float = 0.0) -> Room:
    for number, command in enumerate(commands):
        room, _ = do(room, command, actor, ms, seed=room.rev * 100 + number)
    return room


def socket(actor: Actor, process: str = "p", number: int = 1) -> SocketId:
    return SocketId(f"{process}.{actor.name}{number}")


def online(room: Room, *actors: Actor, ms: float = 0.0, process: str = "p") -> Room:
    """With a socket of each open; whoever was no member becomes one."""
    for actor in actors:
        room = after(room, Attach(socket=socket(actor, process)), actor=actor, ms=ms)
    return room


def party() -> Room:
    """Alice hosts, Bob is her co-host, Carol a member; all are there. Three tracks wait: A, B, C."""
    room = online(opened(), ALICE, BOB, CAROL)
    return after(room, SetRole(user=BOB.id, role="cohost"), tracks("A", "B", "C"))


def named(room: Room, title: str) -> EntryId:
    """The entry of the track with this title."""
    return next(key for key, entry in room.entries.items() if entry.track.title == title)


def titles(room: Room) -> str:
    """The queue's titles in order, the current one in brackets."""
    return " ".join(
        f"[{room.entries[key].track.title}]" if key == room.playback.entry else room.entries[key].track.title
        for key in ordered(room)
    )
