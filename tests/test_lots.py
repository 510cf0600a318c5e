"""Lots of commands, committed at once: every kind of answer in one of them, on a real Redis."""

import asyncio

import pytest
from hub_world import SETTINGS, Ear, house, until
from rooms_world import ALICE, BOB, CAROL, tracks

from roomd.domain.chat import React, Say
from roomd.domain.ids import RoomId
from roomd.domain.membership import Join, Leave
from roomd.domain.moderation import ClearChat
from roomd.domain.playback import Pause, Play
from roomd.domain.refusals import Forbidden, NotFound, Refusal
from roomd.domain.room import Close, Set
from roomd.engine import Engine
from roomd.keeping import Receipt


@pytest.mark.redis("single", "cluster")
@pytest.mark.gen_test(timeout=30)
async def test_the_index_hears_of_everybody_in_a_lot(redis_url: str) -> None:
    async with house(redis_url) as here:
        room_id = (await here.engine.open(SETTINGS, ALICE)).id
        commands = [(Join(), BOB), (Join(), CAROL), (Leave(), BOB)]
        await asyncio.gather(*(here.engine.handle(room_id, command, actor) for command, actor in commands))
        assert await here.index.rooms_of(BOB.id, 9) == []
        assert await here.index.rooms_of(CAROL.id, 9) == [room_id]
        await here.engine.handle(room_id, Set(visibility="private"), ALICE)
        assert await here.index.active(9) == []


async def settled(engine: Engine, room_id: RoomId) -> int:
    return (await engine.room(room_id)).rev


@pytest.mark.gen_test(timeout=30)
async def test_changes_refusals_and_what_changes_nothing_in_one_lot(redis_url: str) -> None:
    async with house(redis_url) as here, house(redis_url) as there:
        room_id = (await here.engine.open(SETTINGS, ALICE)).id
        await here.engine.handle(room_id, tracks("A"), ALICE)
        ear = await there.listen(room_id)
        rev = await settled(here.engine, room_id)
        said = await asyncio.gather(
            here.engine.handle(room_id, Say(text="one"), ALICE, "1"),
            here.engine.handle(room_id, Say(text="not in"), BOB, "2"),
            here.engine.handle(room_id, Join(), BOB, "3"),
            here.engine.handle(room_id, Say(text="in"), BOB, "4"),
            here.engine.handle(room_id, Pause(), ALICE, "5"),
            here.engine.handle(room_id, Play(), ALICE, "6"),
            return_exceptions=True,
        )
        assert [each.rev if isinstance(each, Receipt) else type(each) for each in said] == [
            rev + 1,
            Forbidden,
            rev + 2,
            rev + 3,
            rev + 3,
            rev + 4,
        ]
        assert await there.engine.room(room_id) == await here.store.load(room_id)
        await heard(ear, rev + 4)
        # Each is known by its id, also what changed nothing; the refused one is not.
        again = [await there.engine.handle(room_id, Say(text="again"), ALICE, number) for number in ("1", "5", "6")]
        assert [receipt.rev for receipt in again] == [rev + 1, rev + 3, rev + 4]
        assert (await there.engine.handle(room_id, Say(text="not in"), BOB, "2")).rev == rev + 5


@pytest.mark.gen_test(timeout=30)
async def test_the_order_within_a_lot_is_kept_in_chat_too(redis_url: str) -> None:
    async with house(redis_url) as here:
        room_id = (await here.engine.open(SETTINGS, ALICE)).id
        rev = await settled(here.engine, room_id)
        words = [Say(text="gone"), ClearChat(), Say(text="stays"), React(message=str(rev + 3), emoji="👍")]
        await asyncio.gather(*(here.engine.handle(room_id, word, ALICE) for word in words))
        (line,) = await here.store.chat(room_id, 10)
        assert (line.id, line.text, line.reactions) == (str(rev + 3), "stays", {"👍": [ALICE.id]})
        assert [len(each.events) for each in await here.store.audit(room_id, 10)] == [1]


@pytest.mark.gen_test(timeout=30)
async def test_one_that_took_effect_before_does_not_hold_up_the_others(redis_url: str) -> None:
    async with house(redis_url) as here, house(redis_url) as there:
        room_id = (await here.engine.open(SETTINGS, ALICE)).id
        known = (await there.engine.handle(room_id, Say(text="known"), ALICE, "k")).rev
        said = await asyncio.gather(
            *(here.engine.handle(room_id, Say(text=name), ALICE, name) for name in ("a", "k", "b"))
        )
        assert [receipt.rev for receipt in said] == [known + 1, known, known + 2]
        assert [line.text for line in await here.store.chat(room_id, 10)] == ["known", "a", "b"]


@pytest.mark.gen_test(timeout=30)
async def test_behind_the_end_of_a_room_there_is_nothing(redis_url: str) -> None:
    async with house(redis_url) as here:
        room_id = (await here.engine.open(SETTINGS, ALICE)).id
        await here.engine.handle(room_id, Join(), CAROL)
        said = await asyncio.gather(
            here.engine.handle(room_id, Leave(), CAROL),
            here.engine.handle(room_id, Close(), ALICE),
            here.engine.handle(room_id, Say(text="too late"), ALICE),
            return_exceptions=True,
        )
        assert isinstance(said[0], Receipt) and isinstance(said[1], Receipt) and isinstance(said[2], NotFound)


@pytest.mark.gen_test(timeout=60)
async def test_hundreds_at_once_through_two_processes_are_in_one_order(redis_url: str) -> None:
    async with house(redis_url) as here, house(redis_url) as there:
        room_id = (await here.engine.open(SETTINGS, ALICE)).id
        ears = [await here.listen(room_id), await there.listen(room_id)]
        rev = await settled(here.engine, room_id)

        async def say(engine: Engine, name: str) -> int:
            while True:
                try:
                    return (await engine.handle(room_id, Say(text=name), ALICE, name)).rev
                except Refusal as refusal:
                    # Too busy, on a machine with other work; repeated under its id, it takes effect once.
                    assert refusal.temporary

        names = [f"{n}-{place}" for n in range(150) for place in (0, 1)]
        revs = await asyncio.gather(*(say((here, there)[int(name[-1])].engine, name) for name in names))
        assert sorted(revs) == list(range(rev + 1, rev + 301))
        for ear in ears:
            await heard(ear, rev + 300)
        first, second = ([(each["rev"], each["command"]) for each in ear.told("commit")] for ear in ears)
        assert first[-300:] == second[-300:]
        assert {name: at for at, name in first[-300:]} == dict(zip(names, revs, strict=True))


async def heard(ear: Ear, rev: int) -> None:
    await until(lambda: ear.rev >= rev, f"rev {rev}")
    assert ear.revs == sorted(set(ear.revs))
