"""Rooms in a real Redis: a commit is made whole, once, or not at all."""

from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from redis_cluster import keys_of
from rooms_world import ALICE, BOB, CAROL, CODE, DAVE, ERIN, ROOM, START, do, named, opened, party, tracks
from tornado.ioloop import IOLoop

from roomd.domain.chat import Message, React, Say
from roomd.domain.commit import Commit
from roomd.domain.door import Admit, SetDoor
from roomd.domain.ids import Code, MessageId, RoomId
from roomd.domain.knocks import Knock
from roomd.domain.membership import Join
from roomd.domain.moderation import BanUser, ClearChat, DeleteMessage
from roomd.domain.modes import Up
from roomd.domain.playback import Play
from roomd.domain.refusals import Conflict
from roomd.domain.requests import Ask
from roomd.domain.room import Room, RoomOpened, Set
from roomd.domain.words import Command
from roomd.store.commit_script import REMEMBER_MS, Done, Outcome, Seen, Stale
from roomd.store.index import Index
from roomd.store.keys import code_claim, room_keys
from roomd.store.life import Life
from roomd.store.moves import Moves
from roomd.store.plain import diff
from roomd.store.redis import connect
from roomd.store.rooms import RoomStore

pytestmark = pytest.mark.redis("single", "cluster")

KEYS = room_keys(ROOM)


@pytest.fixture
def redis(io_loop: IOLoop, redis_url: str) -> Iterator[Redis]:
    client = connect(redis_url)
    yield client
    io_loop.run_sync(client.aclose)


@pytest.fixture
def store(redis: Redis) -> RoomStore:
    return RoomStore(redis)


async def opened_in(store: RoomStore, room: Room) -> Room:
    commit = Commit(epoch=room.epoch, rev=room.rev, at=START, events=(RoomOpened(room=room),))
    assert await store.commit(None, room, commit) == Done()
    return room


async def commit(
    store: RoomStore, room: Room, command: Command, once: str = "", ms: float = 0.0, seed: int = 1
) -> tuple[Room, Outcome]:
    after, events = do(room, command, ms=ms, seed=seed)
    made = Commit(epoch=after.epoch, rev=after.rev, at=START + ms, by=ALICE.id, events=tuple(events))
    return after, await store.commit(room, after, made, once)


@pytest.mark.gen_test(timeout=20)
async def test_what_was_committed_is_what_is_loaded(store: RoomStore) -> None:
    assert await store.load(ROOM) is None
    assert await store.at(ROOM) == (None, None)
    room = await opened_in(store, party())
    for command in (Play(), tracks("D", "E"), Set(name="Saturday"), Say(text="hi")):
        room, outcome = await commit(store, room, command, seed=room.rev)
        assert outcome == Done()
        assert await store.load(ROOM) == room
    assert await store.at(ROOM) == ((room.epoch, room.rev), None)


@pytest.mark.gen_test(timeout=20)
async def test_a_decision_made_on_an_older_room_is_stale(store: RoomStore) -> None:
    room = await opened_in(store, opened())
    newer, _ = await commit(store, room, Set(name="One"))
    assert (await commit(store, room, Set(name="Two")))[1] == Stale(2)
    other = msgspec.structs.replace(newer, epoch=newer.epoch + 1)
    assert (await commit(store, other, Set(name="Two")))[1] == Stale(2)
    assert (await store.commit(None, room, Commit(epoch=room.epoch, rev=1, at=START))) == Stale(2)
    assert await store.load(ROOM) == newer
    assert len(await store.log(ROOM, 0, 10)) == 2


@pytest.mark.gen_test(timeout=20)
async def test_a_command_takes_effect_once_until_its_id_is_forgotten(store: RoomStore, redis: Redis) -> None:
    room = await opened_in(store, opened())
    room, outcome = await commit(store, room, Set(name="One"), once="alice:c-1")
    assert outcome == Done()
    assert (await commit(store, room, Set(name="Two"), once="alice:c-1"))[1] == Seen(2)
    assert await store.at(ROOM, "alice:c-1") == ((room.epoch, 2), 2)
    assert (await store.at(ROOM, "bob:c-1"))[1] is None
    room, _ = await commit(store, room, Set(name="Three"), once="alice:c-2", ms=REMEMBER_MS - 1)
    assert (await store.at(ROOM, "alice:c-1"))[1] == 2
    room, _ = await commit(store, room, Set(name="Four"), once="alice:c-3", ms=REMEMBER_MS + 1)
    # Those of ten minutes are forgotten together, ten minutes after the last of them came.
    assert (await commit(store, room, Set(name="Five"), once="alice:c-1", ms=2 * REMEMBER_MS))[1] == Seen(2)
    assert (await store.at(ROOM, "alice:c-2"))[1] == 3
    assert await store.unchanged(room, "alice:c-4", START + 2 * REMEMBER_MS) == ((room.epoch, 4), None)
    assert await store.unchanged(room, "alice:c-5", START + 2 * REMEMBER_MS + 2) == ((room.epoch, 4), None)
    found = [(await store.at(ROOM, f"alice:c-{n}"))[1] for n in range(1, 6)]
    assert found == [None, None, 4, 4, 4]
    assert await redis.hkeys(KEYS.commands) == [b"alice:c-5", b"since"]
    room, _ = await commit(store, room, Set(name="Six"), once="alice:c-6", ms=3 * REMEMBER_MS + 3)
    found = [(await store.at(ROOM, f"alice:c-{n}"))[1] for n in range(3, 7)]
    assert found == [None, None, 4, 5]
    await redis.hset(KEYS.commands, "since", "soon")
    before = await whole(redis)
    with pytest.raises(ResponseError, match="ROOMD malformed time"):
        await commit(store, room, Set(name="Seven"), once="alice:c-7")
    assert await whole(redis) == before


@pytest.mark.gen_test(timeout=20)
async def test_the_log_is_read_by_number(store: RoomStore) -> None:
    room = await opened_in(store, opened())
    for number in range(2, 12):
        room, _ = await commit(store, room, Set(name=f"n{number}"))
    assert [each.rev for each in await store.log(ROOM, 3, 7)] == [4, 5, 6, 7]
    assert await store.log(ROOM, 11, 11) == []
    at, commits = await store.since(ROOM, 9)
    assert (at, [each.rev for each in commits]) == ((room.epoch, 11), [10, 11])
    assert await store.since(ROOM, 11) == ((room.epoch, 11), [])
    assert await store.since(RoomId("absent"), 0) == (None, [])


@pytest.mark.gen_test(timeout=20)
async def test_chat_is_paged(store: RoomStore) -> None:
    room = await opened_in(store, opened())
    for number in range(230):
        room, _ = await commit(store, room, Say(text=f"line {number}"), seed=number)

    def said(lines: list[Message]) -> list[int]:
        return [int(line.text.removeprefix("line ")) for line in lines]

    last = await store.chat(ROOM, 50)
    assert said(last) == list(range(180, 230))
    assert said(await store.chat(ROOM, 150, before=last[0].id)) == list(range(30, 180))
    first = await store.chat(ROOM, 500)
    assert said(first) == list(range(230))
    assert await store.chat(ROOM, 5, before=first[0].id) == []
    for wrong in ("unheard of", "", "-1", "1e3", "9" * 40, "٣"):
        assert await store.chat(ROOM, 5, before=wrong) == []
    # Page by page, however far back.
    pages = [await store.chat(ROOM, 30)]
    while pages[-1]:
        pages.append(await store.chat(ROOM, 30, before=pages[-1][0].id))
    assert [number for page in reversed(pages) for number in said(page)] == said(await store.chat(ROOM, 1_000))
    assert said(await store.chat(ROOM, 3, upto=room.rev - 10)) == [217, 218, 219]


@pytest.mark.gen_test(timeout=20)
async def test_codes_are_claimed_kept_and_let_go_only_by_their_room(store: RoomStore, redis: Redis) -> None:
    assert await store.claim_code(CODE, ROOM)
    assert not await store.claim_code(CODE, RoomId("other"))
    assert await store.find_code(CODE) == ROOM
    assert 0 < await redis.ttl(code_claim(CODE)) <= 60
    await store.keep_code(CODE)
    assert await redis.ttl(code_claim(CODE)) == -1
    assert await store.find_code(Code("ZZZZZZ")) is None
    moves = Moves(redis, Life())
    room = await opened_in(store, opened())
    other = await opened_in(store, msgspec.structs.replace(opened(), id=RoomId("other")))
    assert await moves.forget(other)
    assert await store.find_code(CODE) == ROOM
    assert await moves.forget(room)
    assert await store.find_code(CODE) is None


@pytest.mark.gen_test(timeout=20)
async def test_a_forgotten_room_leaves_nothing(store: RoomStore, redis: Redis) -> None:
    await store.claim_code(CODE, ROOM)
    room = await opened_in(store, party())
    room = msgspec.structs.replace(room, pending={DAVE.id: Knock(id=DAVE.id, name="Dave", guest=True, at=START)})
    commands: tuple[Command, ...] = (
        Say(text="hi"),
        tracks("D"),
        Play(),
        React(message="1", emoji="👍"),
        Ask(action="remove", entry=named(room, "A")),
        Up(entry=named(room, "B")),
        BanUser(user=CAROL.id),
        Admit(user=DAVE.id, approve=False),
        SetDoor(entry_mode="approval"),
    )
    for command in commands:
        room, outcome = await commit(store, room, command, once=f"alice:{room.rev}")
        assert outcome == Done()
    room, _ = await commit(store, room, Set(name="Late"), once="alice:late", ms=REMEMBER_MS + 1)
    room, _ = do(room, Join(), ERIN)
    commits = Commit(epoch=room.epoch, rev=room.rev, at=START)
    assert await store.commit(msgspec.structs.replace(room, rev=room.rev - 1, pending={}), room, commits) == Done()
    # A bell is a channel: all other names are keys by now.
    assert {key.decode() for key in await keys_of(redis)} == {*KEYS, code_claim(Code(CODE))} - {KEYS.bell}
    assert await Moves(redis, Life()).forget(room)
    assert await keys_of(redis) == []
    assert await store.load(ROOM) is None


@pytest.mark.gen_test(timeout=20)
async def test_reactions_are_bounded_and_one_too_many_changes_nothing(store: RoomStore, redis: Redis) -> None:
    room = await opened_in(store, party())
    room, _ = await commit(store, room, Say(text="hi"))
    line = str(room.rev)
    await redis.hset(KEYS.reactions, mapping={f"{line} somebody {n}": "1" for n in range(20_000)})
    before = await store.load(ROOM)
    with pytest.raises(Conflict) as caught:
        await commit(store, room, React(message=line, emoji="👍"), once="alice:c-1")
    assert caught.value.code == "too_many_reactions"
    assert (await store.load(ROOM), await store.at(ROOM, "alice:c-1")) == (before, ((room.epoch, room.rev), None))


@pytest.mark.gen_test(timeout=20)
async def test_reactions_are_part_of_history_until_they_are_taken_away(store: RoomStore) -> None:
    room = await opened_in(store, party())
    room, _ = await commit(store, room, Say(text="hi"))
    line = MessageId(str(room.rev))
    for emoji, on in (("👍", True), ("👍", True), ("🎉", True), ("🎉", False)):
        room, outcome = await commit(store, room, React(message=line, emoji=emoji, on=on))
        assert outcome == Done()
    assert [message.reactions for message in await store.chat(ROOM, 10)] == [{"👍": [ALICE.id]}]


@pytest.mark.gen_test(timeout=20)
async def test_lines_are_deleted_one_by_one_and_all_at_once(store: RoomStore) -> None:
    room = await opened_in(store, party())
    for text in ("one", "two", "three"):
        room, _ = await commit(store, room, Say(text=text))
    two = (await store.chat(ROOM, 10))[1]
    room, outcome = await commit(store, room, DeleteMessage(message=two.id))
    assert (outcome, [line.text for line in await store.chat(ROOM, 10)]) == (Done(), ["one", "three"])
    room, outcome = await commit(store, room, DeleteMessage(message=MessageId("999999999999999")))
    assert outcome == Done()
    room, _ = await commit(store, room, ClearChat())
    assert await store.chat(ROOM, 10) == []
    room, _ = await commit(store, room, Say(text="four"))
    assert [line.text for line in await store.chat(ROOM, 10)] == ["four"]


@pytest.mark.gen_test(timeout=20)
async def test_what_people_did_to_others_is_kept_apart_and_nothing_else(store: RoomStore) -> None:
    room = await opened_in(store, party())
    for command in (Say(text="hi"), Play(), BanUser(user=CAROL.id), tracks("D"), Set(name="Other"), ClearChat()):
        room, _ = await commit(store, room, command, seed=room.rev)
    kinds = [[type(event).__name__ for event in each.events] for each in await store.audit(ROOM, 10)]
    assert kinds == [["ChatCleared"], ["SettingsChanged"], ["Banned", "MemberLeft"]]
    assert [each.by for each in await store.audit(ROOM, 1)] == [ALICE.id]
    assert BOB.id in room.members


async def whole(redis: Redis) -> dict[str, Any]:
    """All that the server holds."""
    readers: dict[Any, Callable[[bytes], Any]] = {
        b"hash": redis.hgetall,
        b"zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
        b"stream": redis.xrange,
        b"string": redis.get,
    }
    return {key.decode(): await readers[await redis.type(key)](key) for key in await keys_of(redis)}


#: What the script numbers the parts of a room by.
PARTS = dict(enumerate(KEYS, 1))
OWN = [KEYS.meta, KEYS.events, KEYS.commands, KEYS.older_commands, KEYS.bell]


def call(room: Room, **given: Any) -> tuple[list[str], list[Any]]:
    """The script's keys and arguments for a good commit of a name; or with some of them replaced."""
    after, events = do(room, Set(name="Other"))
    made = Commit(epoch=room.epoch, rev=after.rev, at=START, events=tuple(events))
    every = {"log": 100, "chats": 100, "audits": 100, "remember": REMEMBER_MS, "life": ""}
    usual = {"epoch": room.epoch, "rev": room.rev, "next": after.rev, "at": START, "commits": 1, "ids": 1}
    usual |= {"parts": (), "commit": msgspec.json.encode(made), "once": "alice:c-1", "known": after.rev}
    writes = [*((w.op, 1, w.field, w.value) for w in diff(room, after)), *given.get("writes", [])]
    parts = [part for part in dict.fromkeys(write[1] for write in writes) if part != 1]
    args: list[Any] = []
    for name, value in (usual | given).items():
        if name == "parts":
            args += parts
        elif name in usual:
            args.append(value)
    args += [part for write in writes for part in write]
    keys = [*OWN, *(PARTS.get(part, KEYS.meta) for part in parts)]
    return keys, [*[(every | given)[name] for name in every], len(keys), len(args), *args]


@pytest.mark.parametrize(
    "wrong",
    [
        {"writes": [("set", 1, "name", "x")]},
        {"writes": [("hset", 0, "name", "x")]},
        {"writes": [("hset", 17, "name", "x")]},
        {"writes": [("hset", 9, "name", "x")]},
        {"writes": [("hset", 15, "name", "x")]},
        {"writes": [("xdel", 6, "seven", "")]},
        {"writes": [("xadd", 15, "many", "x")]},
        {"writes": [("xadd", 5, "10", "x")]},
        {"writes": [("del", 5, "", "")]},
        {"writes": [("hset", "1.5", "name", "x")]},
        {"writes": [("hset", 4, "entry", "x")]},
        {"writes": [("hset", 7, "alice:c-9", "1")]},
        {"writes": [("zadd", 2, "entry", "1")]},
        {"writes": [("zrem", 5, "entry", "")]},
        {"writes": [("hset", 1, "name")]},
        {"writes": [("zadd", 4, "entry", text) for text in ("1", "nan")]},
        *({"writes": [("zadd", 4, "entry", text)]} for text in ("inf", "-inf", "0x10", "1e999", "", "one", "1 ")),
        *({"next": text} for text in ("", "x", "-1", "1.5", "0", "1")),
        {"at": "soon"},
        {"log": "many"},
        {"chats": ""},
        {"audits": "-1"},
        {"commits": 0},
        {"commits": 2},
        {"ids": 2},
        {"ids": "many"},
        {"known": "first"},
        {"remember": "nan"},
    ],
    ids=str,
)
@pytest.mark.gen_test(timeout=20)
async def test_a_malformed_commit_is_refused_before_anything_is_written(
    store: RoomStore, redis: Redis, wrong: dict[str, Any]
) -> None:
    room = await opened_in(store, party())
    script = redis.register_script(resources.files("roomd.store").joinpath("scripts/commit.lua").read_text())
    before = await whole(redis)
    keys, args = call(room, **wrong)
    try:
        ((word, said),) = await script(keys=keys, args=args)
    except ResponseError as fault:
        word, said = b"ERROR", str(fault).encode()
    assert word == b"ERROR" and b"ROOMD malformed" in said
    keys, args = call(room)
    for too_few in (keys[:3], keys[:4]):
        with pytest.raises(ResponseError, match="ROOMD malformed call"):
            await script(keys=too_few, args=args)
    assert await whole(redis) == before
    assert await script(keys=keys, args=args) == [[b"OK", str(room.rev + 1).encode()]]


@pytest.mark.parametrize("name", ["meta", "events", "chat", "commands", "older_commands"])
@pytest.mark.gen_test(timeout=20)
async def test_a_key_of_another_type_is_noticed_before_anything_is_written(
    store: RoomStore, redis: Redis, name: str
) -> None:
    room = await opened_in(store, party())
    await redis.delete(getattr(KEYS, name))
    await redis.set(getattr(KEYS, name), "not what it should be")
    before = await whole(redis)
    with pytest.raises(ResponseError, match=f"holds a string|{name}"):
        await commit(store, room, Say(text="hi"), once="alice:c-1")
    assert await whole(redis) == before


@pytest.mark.gen_test(timeout=20)
async def test_a_log_that_is_ahead_of_its_room_is_not_overtaken(store: RoomStore, redis: Redis) -> None:
    room = await opened_in(store, party())
    for stream in (KEYS.events, KEYS.chat):
        await redis.xadd(stream, {"c": "{}"}, id=f"{room.rev + 5}-0")
        before = await whole(redis)
        with pytest.raises(ResponseError, match="ROOMD malformed rev"):
            await commit(store, room, Say(text="hi"))
        assert await whole(redis) == before
        await redis.delete(stream)
    assert (await commit(store, room, Say(text="hi")))[1] == Done()


@pytest.mark.gen_test(timeout=20)
async def test_what_is_planned_is_only_replanned_if_nobody_planned_meanwhile(redis: Redis) -> None:
    index = Index(redis)
    await index.plan(ROOM, 500.0)
    await index.plan(ROOM, 900.0)
    assert await index.due(600.0, 10) == [(ROOM, 500.0)]
    await index.plan(ROOM, 100.0)
    await index.replan(ROOM, None, 500.0)
    assert await index.next_due() == 100.0
    await index.replan(ROOM, 700.5, 100.0)
    assert (await index.due(700.0, 10), await index.next_due()) == ([], 700.5)
    await index.replan(ROOM, None, 700.5)
    assert await index.next_due() is None
