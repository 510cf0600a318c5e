"""Coming in by turns: in order, so many at a time, and not for ever."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from serving import Served

from roomd import entrance
from roomd.domain.refusals import Limited
from roomd.entrance import Entrance


@pytest.mark.gen_test
async def test_so_many_come_in_at_a_time_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entrance, "AT_ONCE", 2)
    door, leave = Entrance(), asyncio.Semaphore(0)
    came: list[int] = []
    gone: list[int] = []

    async def come(number: int) -> None:
        async with door.turn():
            came.append(number)
            await leave.acquire()
        gone.append(number)

    coming = [asyncio.create_task(come(number)) for number in range(6)]
    while len(gone) < len(coming):
        await asyncio.sleep(0)
        assert len(came) - len(gone) <= 2
        leave.release()
    assert came == gone == list(range(6))
    assert door.waiting == 0


@pytest.mark.gen_test
async def test_whoever_has_waited_for_long_is_told_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entrance, "AT_ONCE", 1)
    monkeypatch.setattr(entrance, "WAIT_S", 0.01)
    door = Entrance()
    async with door.turn():
        with pytest.raises(Limited) as caught:
            await _come(door)
    assert entrance.BACK_S[0] <= caught.value.retry_after_s <= entrance.BACK_S[1]
    await _come(door)


@pytest.mark.gen_test
async def test_the_line_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entrance, "AT_ONCE", 1)
    monkeypatch.setattr(entrance, "LONGEST", 2)
    door = Entrance()
    async with door.turn():
        line = [asyncio.create_task(_come(door)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Limited):
            await _come(door)
        # Whoever goes away leaves the line.
        line[0].cancel()
        await asyncio.gather(line[0], return_exceptions=True)
        assert door.waiting == 1
    await line[1]


@pytest.mark.parametrize("path", ["/ws/v1/{code}/", "/ws/room/{code}/?token={token}"])
@pytest.mark.gen_test(timeout=30)
async def test_a_socket_stands_in_line_and_is_told_when_to_come_back(
    served: Served, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(entrance, "WAIT_S", 0.05)
    alice = await served.person("Alice")
    code = await served.room(alice)
    async with AsyncExitStack() as others:
        for _ in range(entrance.AT_ONCE):
            await others.enter_async_context(served.services.entrance.turn())
        live = await served.socket(path.format(code=code, token=alice.token))
        await live.say(type="hello", token=alice.token)
        assert await live.closed() == 1012
        assert live.socket.close_reason is not None
        assert entrance.BACK_S[0] <= int(live.socket.close_reason) / 1_000 <= entrance.BACK_S[1]
    assert [each["code"] for each in live.heard if each["type"] == "error"] in ([], ["crowded"])
    again = await served.enter(alice, code)
    await again.until(type="state")


@pytest.mark.gen_test(timeout=30)
async def test_whoever_has_gone_when_it_is_their_turn_is_nobody_in_the_room(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    async with AsyncExitStack() as others:
        for _ in range(entrance.AT_ONCE):
            await others.enter_async_context(served.services.entrance.turn())
        live = await served.enter(bob, code)
        while not served.services.entrance.waiting:  # noqa: ASYNC110 - the line sets no Event
            await asyncio.sleep(0.002)
        live.socket.close()
        await live.closed()
    host = await served.enter(alice, code)
    state = await host.until(type="state")
    assert [each["name"] for each in state["room"]["members"]] == ["Alice"]


async def _come(door: Entrance) -> None:
    async with door.turn():
        pass
