"""Rooms that are committed to by one call: each for itself, whatever becomes of the others."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from byte_proxy import wire_to
from hub_world import SETTINGS, House, house
from redis.exceptions import ResponseError
from rooms_world import ALICE, BOB, CAROL, tracks

from roomd import group_commit
from roomd.domain import chat, rules
from roomd.domain.actor import Actor
from roomd.domain.chat import React, Say
from roomd.domain.ids import RoomId
from roomd.domain.membership import Join, Leave
from roomd.domain.moment import Moment
from roomd.domain.playback import Pause, Play
from roomd.domain.refusals import Conflict, Forbidden
from roomd.domain.room import Close, Room
from roomd.keeping import Receipt
from roomd.store.keys import room_keys

pytestmark = pytest.mark.redis("single", "cluster")

ROOMS = group_commit.CALL


@asynccontextmanager
async def rooms_of(url: str, many: int = ROOMS) -> AsyncIterator[tuple[House, list[RoomId]]]:
    async with house(url) as here:
        yield here, [(await here.engine.open(SETTINGS, ALICE)).id for _ in range(many)]


async def say(here: House, rooms: Sequence[RoomId], command_id: str) -> list[Receipt | BaseException]:
    """The same line in every room at once."""
    asking = (here.engine.handle(room, Say(text=command_id), ALICE, command_id) for room in rooms)
    return await asyncio.gather(*asking, return_exceptions=True)


async def lines(here: House, room: RoomId) -> list[str]:
    return [line.text for line in await here.store.chat(room, 10)]


def revs(answers: Sequence[Receipt | BaseException]) -> list[int | type[BaseException]]:
    return [each.rev if isinstance(each, Receipt) else type(each) for each in answers]


@pytest.mark.redis("single")
@pytest.mark.gen_test(timeout=30)
async def test_many_rooms_share_one_call(redis_url: str) -> None:
    async with rooms_of(redis_url) as (here, rooms):
        await here.redis.config_resetstat()
        assert revs(await say(here, rooms, "c-1")) == [2] * ROOMS
        found: Any = await here.redis.info("commandstats")
        # The first goes ahead, as nothing else is under way; all others go together.
        assert found["cmdstat_evalsha"]["calls"] == 2


@pytest.mark.gen_test(timeout=30)
async def test_whoever_is_answered_that_they_came_in_is_known_to_be_there(redis_url: str) -> None:
    async with rooms_of(redis_url, 8) as (here, rooms):
        coming = (here.engine.handle(room, Join(), each) for room in rooms for each in (BOB, CAROL))
        assert revs(await asyncio.gather(*coming)) == [2, 3] * 8
        for person in (BOB, CAROL):
            assert {*await here.index.rooms_of(person.id, 100)} == {*rooms}
        await asyncio.gather(*(here.engine.handle(room, Leave(), BOB) for room in rooms[:4]))
        assert {*await here.index.rooms_of(BOB.id, 100)} == {*rooms[4:]}


@pytest.mark.gen_test(timeout=30)
async def test_each_room_gets_its_own_answer(redis_url: str) -> None:
    async with rooms_of(redis_url, 9) as (here, rooms), house(redis_url) as there:
        plain, seen, stale, noop, refused, mixed, full, closed, due = rooms
        known = await there.engine.handle(seen, Say(text="before"), ALICE, "c-1")
        await there.engine.handle(stale, Say(text="before"), ALICE, "c-0")
        await here.engine.handle(due, tracks("A"), ALICE)
        await here.redis.hset(room_keys(full).reactions, mapping={f"1 somebody {n}": "1" for n in range(20_000)})
        answers = await asyncio.gather(
            *(here.engine.handle(room, Say(text="now"), ALICE, "c-1") for room in (plain, seen, stale)),
            here.engine.handle(noop, Pause(), ALICE, "c-1"),
            here.engine.handle(refused, Say(text="now"), BOB, "c-1"),
            here.engine.handle(mixed, Say(text="now"), BOB, "c-1"),
            here.engine.handle(mixed, Join(), BOB, "c-2"),
            here.engine.handle(mixed, Say(text="now"), BOB, "c-3"),
            here.engine.handle(full, React(message="1", emoji="👍"), ALICE, "c-1"),
            here.engine.handle(closed, Close(), ALICE, "c-1"),
            here.engine.handle(due, Play(), ALICE, "c-1"),
            return_exceptions=True,
        )
        assert revs(answers) == [2, known.rev, 3, 1, Forbidden, Forbidden, 2, 3, Conflict, 2, 3]
        assert [await lines(here, room) for room in (plain, seen, stale, mixed)] == [
            ["now"],
            ["before"],
            ["before", "now"],
            ["now"],
        ]
        assert [room for room, _ in await here.index.due(float("inf"), 10)] == [due]
        assert await here.index.rooms_of(BOB.id, 10) == [mixed]
        for room in (plain, seen, stale, noop, refused, mixed, full, due):
            assert await here.engine.room(room) == await there.store.load(room)


@pytest.mark.redis("single")
@pytest.mark.gen_test(timeout=30)
async def test_a_redis_that_has_forgotten_the_script_is_told_it(redis_url: str) -> None:
    async with rooms_of(redis_url, 3) as (here, rooms):
        assert revs(await say(here, rooms, "c-0")) == [2] * 3
        await here.redis.script_flush()
        assert revs(await say(here, rooms, "c-1")) == [3] * 3
        assert revs(await say(here, rooms, "c-2")) == [4] * 3
        assert [await lines(here, room) for room in rooms] == [["c-0", "c-1", "c-2"]] * 3


@pytest.mark.gen_test(timeout=30)
async def test_a_room_that_cannot_be_written_spoils_no_other(redis_url: str) -> None:
    async with rooms_of(redis_url, 3) as (here, rooms):
        assert revs(await say(here, rooms, "c-0")) == [2] * 3
        broken, whole = room_keys(rooms[1]), await here.engine.room(rooms[1])
        await here.redis.hset(broken.older_commands, "somebody:c-0", "1")
        for part in (broken.events, broken.chat, broken.commands, broken.older_commands, broken.meta):
            await here.redis.rename(part, broken.pending)
            await here.redis.set(part, "not what it should be")
            answers = await say(here, rooms, part)
            assert [isinstance(each, ResponseError) for each in answers] == [False, True, False]
            await here.redis.delete(part)
            await here.redis.rename(broken.pending, part)
            assert await here.store.load(rooms[1]) == whole
        assert revs(await say(here, rooms, "c-1")) == [8, 3, 8]


@pytest.mark.logs("Exception in callback")
@pytest.mark.redis("single")
@pytest.mark.gen_test(timeout=30)
async def test_a_rule_with_a_fault_is_its_own_rooms_business(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with rooms_of(redis_url, 3) as (here, rooms):

        def faulty(room: Room, command: Say, actor: Actor, moment: Moment) -> object:
            if room.id == rooms[1]:
                raise ZeroDivisionError
            return chat.say(room, command, actor, moment)

        monkeypatch.setitem(rules._DECIDE, Say, faulty)  # type: ignore[arg-type]
        assert revs(await say(here, rooms, "c-1")) == [2, ZeroDivisionError, 2]


@pytest.mark.redis("single")
@pytest.mark.gen_test(timeout=30)
async def test_an_answer_that_was_lost_leads_to_one_effect_in_every_room(redis_url: str) -> None:
    async with wire_to(redis_url) as wire, rooms_of(wire.url, 8) as (here, rooms):
        for number in range(3):
            wire.answers_to_lose = 1
            assert revs(await say(here, rooms, f"c-{number}")) == [number + 2] * 8
            assert wire.lost == number + 1
        for room in rooms:
            assert await lines(here, room) == ["c-0", "c-1", "c-2"]
