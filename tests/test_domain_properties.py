"""What holds for every command in every room: random histories, the same ones on every run.

The values that a command is given are drawn from its own field types, so a new command or field is covered without a
word here. Ids are drawn from what is in the room, and now and then from what is not.
"""

from collections.abc import Mapping
from random import Random
from typing import Any, get_args

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import UNSET, inspect
from rooms_world import ALICE, BOB, CAROL, DAVE, NOBODY, START, opened

from roomd.dialects import native_told
from roomd.dialects.dialect import View
from roomd.dialects.room_object import queue_object, room_object
from roomd.domain import modes, rules, votes
from roomd.domain.actor import Actor
from roomd.domain.commit import Commit
from roomd.domain.membership import Lapse
from roomd.domain.moment import Moment
from roomd.domain.playback import position_at
from roomd.domain.radio import Supply
from roomd.domain.refusals import Refusal
from roomd.domain.room import QueueMode, Room, RoomOpened
from roomd.domain.rules import Tick
from roomd.domain.words import Command
from roomd.engine import SYSTEM
from roomd.store.plain import HASHES, NUMBERED, Write, build, decode_commit, diff, encode_commit, numbered

KINDS = tuple(rules._DECIDE)
PEOPLE = (ALICE, BOB, CAROL, DAVE, NOBODY)
#: Milliseconds between two commands: none, a start's lead, a host's grace, a track, an abandoned room's patience.
STEPS = (0.0, 1.0, 349.5, 5_000.0, 15_000.0, 61_000.0, 400_000.0)


def pool(room: Room, field: str) -> list[str]:
    """Ids that a field of this name may hold."""
    entries = [*list(room.entries)[:6], "gone"]
    requests = [*list(room.requests)[:6], "gone"]
    lines = ["1", "7", "999999"]
    pools: dict[str, list[str]] = {
        "user": [actor.id for actor in PEOPLE],
        **dict.fromkeys(("entry", "entries", "before"), entries),
        **dict.fromkeys(("request", "requests"), requests),
        **dict.fromkeys(("message", "reply_to"), lines),
        "emoji": ["👍", "🎉", ":)"],
        "origin": ["", "origin:x", "origin:y"],
        "socket": ["p.1", "p.2", "q.1"],
        "process": ["p", "q", "r"],
    }
    return pools.get(field, [])


def value(room: Room, field: str, kind: inspect.Type) -> st.SearchStrategy[Any]:
    found: st.SearchStrategy[Any]
    match kind:
        case inspect.StrType(max_length=longest):
            ids = pool(room, field)
            found = st.sampled_from(ids) if ids else st.text(max_size=min(longest or 30, 30))
        case inspect.FloatType(ge=low, le=high):
            found = st.floats(low, high, allow_nan=False, allow_infinity=False)
        case inspect.IntType(ge=low, le=high):
            found = st.integers(low, high)
        case inspect.BoolType() | inspect.NoneType():
            found = st.booleans() if isinstance(kind, inspect.BoolType) else st.none()
        case inspect.LiteralType(values=values):
            found = st.sampled_from(values)
        case inspect.UnionType(types=types):
            found = st.one_of(*(value(room, field, each) for each in types))
        case inspect.VarTupleType() | inspect.FrozenSetType():
            found = several(room, field, kind)
        case inspect.StructType():
            found = made(room, kind)
        case _:
            raise AssertionError(f"no values for {kind}")
    return found


def several(room: Room, field: str, kind: inspect.VarTupleType | inspect.FrozenSetType) -> st.SearchStrategy[Any]:
    item = value(room, field, kind.item_type)
    if isinstance(kind, inspect.FrozenSetType):
        return st.frozensets(item, max_size=6)
    return st.lists(item, min_size=kind.min_length or 0, max_size=3).map(tuple)


def made(room: Room, kind: inspect.StructType) -> st.SearchStrategy[Any]:
    return st.builds(kind.cls, **{each.name: field_value(room, each) for each in kind.fields})


def field_value(room: Room, field: inspect.Field) -> st.SearchStrategy[Any]:
    given_value = value(room, field.name, field.type)
    return st.one_of(st.just(UNSET), given_value) if field.default is UNSET else given_value


class Hashes:
    """What Redis would hold: collections of text, written as the commit script writes them."""

    def __init__(self) -> None:
        self.parts: Mapping[str, dict[bytes, bytes]] = {part: {} for part in ("meta", *HASHES)}
        self.order: dict[bytes, float] = {}

    def write(self, write: Write) -> None:
        field = write.field.encode()
        match write.op:
            case "hset":
                self.parts[write.part][field] = write.value
            case "hdel":
                del self.parts[write.part][field]
            case "zadd":
                self.order[field] = float(write.value)
            case "zrem":
                del self.order[field]

    def number(self, room: Room) -> None:
        """What each commit writes, whatever else it does."""
        self.parts["meta"] |= dict(zip((name.encode() for name in NUMBERED), numbered(room), strict=True))

    def room(self) -> Room:
        order = sorted(self.order.items(), key=lambda item: (item[1], item[0]))
        return build(self.parts["meta"], self.parts, order)


def check_whole(room: Room) -> None:
    assert room.entries.keys() == room.ranks.keys()
    assert len(set(room.ranks.values())) == len(room.ranks)
    assert room.playback.entry is None or room.playback.entry in room.entries
    assert room.playback.position >= 0
    assert position_at(room.playback, START) >= 0
    sockets = [socket for member in room.members.values() for socket in member.sockets]
    assert all(len(set(member.sockets)) == len(member.sockets) for member in room.members.values()), sockets


def check_rules(room: Room) -> None:
    """What votes, modes, the door and requests promise of every room, whatever came before."""
    assert room.closed or not room.settings.skip_share or len(votes.votes_of(room)) < votes.needed(room)
    assert room.closed or room.settings.queue_mode == "host" or modes.arrange(room) == []
    assert room.ups.keys() <= room.entries.keys()
    assert all(users and users <= room.members.keys() for users in room.ups.values())
    assert room.skip_votes | set(room.djs) <= room.members.keys()
    assert not room.pending.keys() & room.members.keys()
    assert not room.bans.keys() & room.members.keys()
    assert len(room.djs) == len(set(room.djs))
    # Nobody else gets into somebody's own queue, or to know of it.
    assert not room.settings.personal or (room.settings.visibility, {*room.members} <= {room.owner}) == (
        "private",
        True,
    )


def check_events(before: Room, commit: Commit) -> None:
    """One host, who is a member, after every single event of an open room; all of it can be told and stored."""
    room = before
    for event in commit.events:
        room = rules.evolve(room, event)
        assert room.closed or not room.members or {room.host, room.owner} <= room.members.keys()
    assert decode_commit(encode_commit(commit)) == commit
    assert msgspec.json.decode(native_told.commit_text(commit))["rev"] == commit.rev


def step(room: Room, hashes: Hashes, command: Command, actor: Actor, moment: Moment) -> Room:
    try:
        events, led_to = rules.outcome(room, command, actor, moment)
    except Refusal as refusal:
        assert refusal.message
        assert refusal.code not in {"", "refused"}
        return room
    if not events:
        return room
    commit = Commit(epoch=room.epoch, rev=room.rev + 1, at=moment.now, by=actor.id or None, events=tuple(events))
    check_events(room, commit)
    after = rules.apply(room, commit)
    assert rules.numbered(led_to, commit) == after
    for write in diff(room, after):
        hashes.write(write)
    hashes.number(after)
    assert hashes.room() == after
    check_whole(after)
    check_rules(after)
    assert not rules.same_deadline(room, after) or rules.deadline(room) == rules.deadline(after)
    if isinstance(command, Tick):
        due = rules.deadline(after)
        assert after.closed or due is None or due > moment.now, "time would be told for ever that something is due"
    return after


@settings(max_examples=80, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_every_history_keeps_the_room_whole(data: st.DataObject) -> None:
    repeat = data.draw(st.sampled_from(["off", "one", "all"]), label="repeat")
    mode = data.draw(st.sampled_from(get_args(QueueMode)), label="mode")
    own = data.draw(st.booleans(), label="own")
    kinds: dict[str, Any] = {"personal": own, "radio": own, "visibility": "private" if own else "public"}
    room, hashes, now = opened(autoplay=True, repeat=repeat, queue_mode=mode, **kinds), Hashes(), START
    for write in diff(None, room):
        hashes.write(write)
    hashes.number(room)
    assert hashes.room() == room
    for number in range(data.draw(st.integers(5, 40), label="commands")):
        kind = data.draw(st.sampled_from(KINDS), label="kind")
        shape = inspect.type_info(kind)
        assert isinstance(shape, inspect.StructType)
        command = data.draw(made(room, shape), label="command")
        actor = SYSTEM if kind in {Tick, Lapse, Supply} else data.draw(st.sampled_from(PEOPLE), label="actor")
        now += data.draw(st.sampled_from(STEPS), label="ms")
        room = step(room, hashes, command, actor, Moment(now, Random(number)))
        if room.closed:
            break
    opening = Commit(epoch=room.epoch, rev=room.rev, at=now, events=(RoomOpened(room=room),))
    assert decode_commit(encode_commit(opening)) == opening
    assert msgspec.json.decode(native_told.state(View(room, [], now)))["rev"] == room.rev
    assert msgspec.json.encode([room_object(room, now), queue_object(room)])
