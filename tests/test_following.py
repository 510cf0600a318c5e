"""Rooms that are about to be followed: what happens while the copy is made is not missed."""

import asyncio
from typing import Any

import pytest
from hub_world import SETTINGS, house, until
from rooms_world import ALICE

from roomd.domain.refusals import NotFound
from roomd.domain.room import Close

pytestmark = pytest.mark.redis("single", "cluster")


@pytest.mark.gen_test(timeout=20)
async def test_what_is_rung_while_the_copy_is_made_is_told(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(redis_url) as here, house(redis_url) as there:
        room_id = (await here.engine.open(SETTINGS, ALICE)).id
        chat, heard, said = there.store.chat, asyncio.Event(), []

        def ring(rung: Any, data: bytes) -> None:
            there.hub.ring(rung, data)
            heard.set()

        async def slow(*args: Any, **named: Any) -> Any:
            lines = await chat(*args, **named)
            said.append(await here.say(room_id, "meanwhile"))
            await heard.wait()
            return lines

        monkeypatch.setattr(there.bell, "_on_ring", ring)
        monkeypatch.setattr(there.store, "chat", slow)
        ear = await there.listen(room_id)
        await until(lambda: ear.revs == said)
        assert not there.hub._following._missed


@pytest.mark.gen_test(timeout=20)
async def test_nobody_is_let_into_a_copy_of_a_room_that_was_closed(redis_url: str) -> None:
    async with house(redis_url) as here, house(redis_url) as there:
        room_id = (await here.engine.open(SETTINGS, ALICE)).id
        ear = await there.listen(room_id)
        await here.engine.handle(room_id, Close(), ALICE)
        await until(lambda: ear.closed)
        # Whether or not it is gone from Redis by now.
        assert room_id not in there.engine._warm
        with pytest.raises(NotFound):
            await there.engine.room(room_id)
