"""The lines that the measurement delays by: as slow as they say, each way, in order."""

import asyncio
from random import Random

import pytest
from sync.delays import FAR, WIRELESS, Line, SlowProxy, Way

PIECES = 30


def test_ways_are_as_slow_as_they_say() -> None:
    dice = Random(5)
    up, down = ([way.draw(dice) for _ in range(5_000)] for way in (FAR.up, FAR.down))
    assert 20 <= min(up) < 21 and 59 < max(up) <= 60
    assert 20 <= min(down) < 21 and 149 < max(down) <= 150
    tail = [WIRELESS.down.draw(dice) for _ in range(5_000)]
    assert min(tail) >= 3
    assert 10.5 < sum(tail) / len(tail) < 11.5


@pytest.mark.gen_test(timeout=30)
async def test_pieces_are_delayed_each_way_and_stay_in_order() -> None:
    """What is said at once comes back whole, and none of it sooner than both ways take at least."""
    loop = asyncio.get_running_loop()
    came: list[float] = []
    ended = asyncio.Event()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.readline():
            came.append(loop.time())
            writer.write(piece)
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    proxy = SlowProxy(lambda: int(server.sockets[0].getsockname()[1]), Random(3))
    proxy.line = Line("", Way(30, 20), Way(60, 20))
    await proxy.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    sent, back = [], []
    for number in range(PIECES):
        sent.append(loop.time())
        writer.write(b"%d\n" % number)
        await writer.drain()
    for number in range(PIECES):
        assert await reader.readline() == b"%d\n" % number
        back.append(loop.time())
    assert all(there - began >= 0.030 for there, began in zip(came, sent, strict=True))
    assert all(here - there >= 0.060 for here, there in zip(back, came, strict=True))
    writer.close()
    await writer.wait_closed()
    await ended.wait()
    await proxy.close()
    server.close()
    await server.wait_closed()
