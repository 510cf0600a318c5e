"""Random histories of rooms, for the tests of "a state and the events after it are the next state"."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

from msgspec import structs
from rooms_world import ALICE, BOB, CAROL, DAVE, ERIN, NOBODY, START
from state_draws import KINDS, Scene, draw

from roomd.dialects.dialect import View
from roomd.domain import chat, door, membership, moderation, queue, radio, requests, rules, votes
from roomd.domain import room as rooms
from roomd.domain.actor import Actor
from roomd.domain.chat import Message
from roomd.domain.commit import Commit
from roomd.domain.moment import Moment
from roomd.domain.refusals import Refusal
from roomd.domain.room import Room
from roomd.domain.words import Command, Event
from roomd.engine import SYSTEM
from roomd.followed import CHAT_SHOWN, Followed
from roomd.store.plain import HASHES

#: Alice hosts at first; the last three are guests, whose bans reach where they came from too.
CAST = (ALICE, BOB, CAROL, *(structs.replace(actor, guest=True) for actor in (DAVE, ERIN, NOBODY)))
#: What time does, or the machine, and no person.
NOBODYS = (rules.Tick, membership.Lapse, radio.Supply, rooms.Expire)
#: Milliseconds between two commands: none, a start's lead, a host's grace, a track, an abandoned room's patience.
PAUSES = (0.0, 0.0, 1.0, 1.0, 40.25, 40.25, 349.5, 349.5, 5_000.0, 5_000.0, 15_000.0, 61_000.0, 400_000.0)

#: How often a command is drawn, against 1 for the others.
Taste = Mapping[type[Command], float]
#: What ends a room or empties it comes seldom, what fills it often; otherwise no history would grow.
USUAL: Taste = {
    chat.React: 2,
    chat.Say: 3,
    door.SetDoor: 0.2,
    membership.Attach: 3,
    membership.Join: 2,
    membership.Lapse: 0.1,
    membership.Leave: 0.1,
    moderation.BanUser: 0.2,
    moderation.ClearChat: 0.05,
    moderation.DeleteMessage: 0.5,
    moderation.Kick: 0.1,
    queue.Add: 2,
    queue.Clear: 0.1,
    queue.Load: 0.2,
    requests.Ask: 4,
    requests.Withdraw: 2,
    rooms.Close: 0.01,
    rooms.Expire: 0.05,
    votes.VoteSkip: 2,
}
#: Refused commands in a row, after which a history has come to its end.
PATIENCE = 500


class Step(NamedTuple):
    """A command that took effect, and what it led to."""

    command: Command
    actor: Actor
    before: Room
    commit: Commit
    after: Room


class History:
    """A room to which random commands are given, as one server has it: warm, with the chat that newcomers are shown."""

    def __init__(self, seed: str, room: Room, taste: Taste) -> None:
        self.seed = seed
        self.dice = Random(seed)
        self.room = room
        self.now = START
        self.taken = 0
        #: All of the chat, whole, and how many lines were taken back since this server has followed the room.
        self.lines: list[Message] = []
        self.deleted = 0
        self.hub = Followed(room, ())
        self._weights = [{**USUAL, **taste}.get(kind, 1.0) for kind in KINDS]

    def steps(self, count: int) -> Iterator[Step]:
        """So many; fewer, where the room is closed or everything is refused."""
        for _ in range(count):
            step = self._step()
            if step is None:
                return
            self.room = self.hub.room = step.after
            self.taken += 1
            self.hub.hear_chat(step.commit)
            for event in step.commit.events:
                self._hear(event)
            yield step
            if step.after.closed:
                return

    def view(self) -> View:
        """What a newcomer is greeted with now."""
        return View(self.room, list(self.hub.chat), self.now)

    def move(self, loaded: Room | None = None) -> None:
        """From now on another server has the room: as `loaded`, or in some order that Redis's hashes may have."""
        moved = loaded or self._shuffled()
        assert moved == self.room
        self.room, self.hub, self.deleted = moved, Followed(moved, self.lines[-CHAT_SHOWN:]), 0

    def _shuffled(self) -> Room:
        parts: dict[str, Any] = {}
        for name in HASHES:
            items = list(getattr(self.room, name).items())
            self.dice.shuffle(items)
            parts[name] = dict(items)
        ranks = dict(sorted(self.room.ranks.items(), key=lambda item: (item[1], item[0])))
        return structs.replace(self.room, **parts, ranks=ranks)

    def _step(self) -> Step | None:
        for _ in range(PATIENCE):
            self.now += self.dice.choice(PAUSES)
            (kind,) = self.dice.choices(KINDS, self._weights)
            actor = SYSTEM if kind in NOBODYS else self._actor()
            command = draw(kind, Scene(self.room, [line.id for line in self.lines[-6:]], actor, self.now, self.dice))
            try:
                events = rules.decide(self.room, command, actor, Moment(self.now, self.dice))
            except Refusal:
                continue
            if events:
                return self._made(command, actor, events)
        return None

    def _made(self, command: Command, actor: Actor, events: list[Event]) -> Step:
        commit = Commit(
            epoch=self.room.epoch,
            rev=self.room.rev + 1,
            at=self.now,
            by=actor.id or None,
            by_name=actor.name if actor.id else "",
            events=tuple(events),
        )
        return Step(command, actor, self.room, commit, rules.apply(self.room, commit))

    def _actor(self) -> Actor:
        """Half of the time the host, who may do everything; now and then under another name than before."""
        actor = self.dice.choice(CAST)
        if self.dice.random() < 0.5:
            host = self.room.members[self.room.host]
            actor = Actor(host.id, host.name, host.guest)
        return (
            structs.replace(actor, name=self.dice.choice(["Alice", "Quiet Otter"]))
            if self.dice.random() < 0.03
            else actor
        )

    def _hear(self, event: Event) -> None:
        match event:
            case chat.Said(message=line):
                self.lines.append(line)
            case moderation.MessageDeleted(message=gone):
                self.deleted += sum(line.id == gone for line in self.lines)
                self.lines = [line for line in self.lines if line.id != gone]
            case moderation.ChatCleared():
                self.lines = []
            case chat.Reacted(message=message):
                self.lines = [_reacted(line, event) if line.id == message else line for line in self.lines]


def _reacted(line: Message, event: chat.Reacted) -> Message:
    users = {*line.reactions.get(event.emoji, ())} - {event.user}
    reactions = {**line.reactions, event.emoji: sorted(users | ({event.user} if event.on else set()))}
    return structs.replace(line, reactions={emoji: users for emoji, users in reactions.items() if users})
