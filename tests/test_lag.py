"""How late the event loop is."""

import asyncio
import time

import pytest
from hub_world import until

from roomd.lag import EVERY_S, Lag


@pytest.mark.gen_test(timeout=20)
async def test_a_loop_that_was_held_up_is_noticed_once() -> None:
    noted: list[float] = []
    lag = Lag(noted.append)
    lag.start()
    await until(lambda: noted)
    before = len(noted)
    # The loop itself stands still, which is what is measured.
    time.sleep(EVERY_S + 0.3)  # noqa: ASYNC251
    await until(lambda: len(noted) > before + 1)
    assert max(noted[before:]) >= 300
    assert min(noted) >= 0
    await lag.stop()
    count = len(noted)
    await asyncio.sleep(2 * EVERY_S)
    assert len(noted) == count
