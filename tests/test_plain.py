"""The plain form: a commit costs what it changed, and what was written is what is read."""

import msgspec
import pytest
from rooms_world import ALICE, BOB, CAROL, after, do, named, opened, party, tracks

from roomd.domain.chat import Say
from roomd.domain.commit import Commit
from roomd.domain.membership import Leave
from roomd.domain.playback import Play
from roomd.domain.queue import Clear, Move, Remove
from roomd.domain.room import Close, Room, RoomOpened, Set
from roomd.domain.rules import EVENTS
from roomd.domain.words import Command
from roomd.store.plain import HASHES, NUMBERED, Meta, Write, build, decode_commit, diff, encode_commit, numbered


def written(room: Room, command: Command) -> list[tuple[str, str, str]]:
    return sorted((write.op, write.part, write.field) for write in diff(room, do(room, command, ms=5)[0]))


def test_a_commit_writes_what_it_changed() -> None:
    room = party()
    a, b = named(room, "A"), named(room, "B")
    assert written(room, Say(text="hi")) == []
    assert written(room, Play()) == [("hset", "meta", name) for name in ("playback", "played")]
    assert written(room, Set(name="Other")) == [("hset", "meta", "settings")]
    noted = [("hset", "acts", str(room.rev + 1))]
    assert written(room, Move(entry=a)) == sorted([*noted, ("zadd", "order", a)])
    assert written(room, Remove(entries=(a, b))) == sorted(
        [*noted, *((op, part, key) for key in (a, b) for op, part in (("hdel", "entries"), ("zrem", "order")))]
    )
    assert len(written(room, Clear())) == len(noted) + 6
    left = [("hdel", "members", ALICE.id), *(("hset", "meta", name) for name in ("host", "owner"))]
    assert written(room, Leave()) == left
    assert ("hset", "meta", "closed") in written(room, Close())


def all_of(room: Room) -> list[Write]:
    numbers = zip(NUMBERED, numbered(room), strict=True)
    return [*diff(None, room), *(Write("hset", "meta", *each) for each in numbers)]


def test_a_new_room_writes_all_of_it_and_the_same_room_nothing() -> None:
    room, fields = party(), Meta.__struct_fields__
    assert sorted(write.field for write in all_of(room) if write.part == "meta") == sorted(fields)
    assert len(all_of(room)) == len(fields) + len(room.members) + 2 * len(room.entries) + len(room.acts)
    assert diff(room, room) == []
    assert diff(room, decoded(room)) == []


def decoded(room: Room) -> Room:
    return msgspec.json.decode(msgspec.json.encode(room), type=Room)


def test_what_is_built_is_what_was() -> None:
    room = after(party(), Play())
    parts = {
        part: {w.field.encode(): w.value for w in all_of(room) if w.part == part} for part in ("meta", "order", *HASHES)
    }
    order = [(key, float(rank)) for key, rank in parts["order"].items()]
    assert build(parts["meta"], parts, order) == room


@pytest.mark.parametrize("rank", [1.0, -3.5, 1 / 3, 1e-6, 123456.000001, 2.0**-40])
def test_ranks_survive_as_text(rank: float) -> None:
    room = party()
    (entry, *_) = room.ranks
    moved = msgspec.structs.replace(room, ranks={**room.ranks, entry: rank})
    writes = [write for write in diff(room, moved) if write.part == "order"]
    assert writes in ([Write("zadd", "order", entry, repr(rank).encode())], [])
    assert all(float(write.value) == rank for write in writes)


def test_every_event_survives_as_text() -> None:
    seen = set()
    room = opened(autoplay=True)
    for command, actor in (
        (tracks("A"), ALICE),
        (Say(text="Schöne Grüße ☂"), ALICE),
        (Set(name="Other"), ALICE),
        (Close(), ALICE),
    ):
        room, events = do(room, command, actor)
        commit = Commit(epoch=1, rev=room.rev, at=1.5, by=actor.id, by_name="Älice", command="c", events=tuple(events))
        assert decode_commit(encode_commit(commit)) == commit
        seen |= {type(event) for event in events}
    opening = Commit(epoch=1, rev=1, at=2.0, events=(RoomOpened(room=party()),))
    assert decode_commit(encode_commit(opening)) == opening
    assert seen < set(EVENTS)
    assert BOB.id in party().members
    assert CAROL.id in party().members
