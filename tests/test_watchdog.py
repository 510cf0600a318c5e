"""Limits of time that share a timer: what is not over in time is heard of once, and what is over never."""

import asyncio
from typing import Any

import pytest
from hub_world import until

from roomd.store.watchdog import Patience, Watchdog


@pytest.mark.gen_test(timeout=10)
async def test_what_is_over_in_time_is_not_heard_of_and_what_is_not_is_once() -> None:
    late: list[float] = []
    loop = asyncio.get_running_loop()
    began = loop.time()
    watchdog = Watchdog(lambda: late.append(loop.time() - began))
    watchdog.begin(0.02)
    watchdog.over()
    watchdog.begin(0.2)
    await until(lambda: late, "it is heard of")
    assert late[0] >= 0.2
    # A shorter one behind a longer one, whose timer is still there.
    watchdog.begin(30)
    watchdog.over()
    watchdog.begin(0.01)
    await until(lambda: len(late) == 2, "it is heard of in its own time")
    watchdog.begin(0.01)
    watchdog.stop()
    watchdog.begin(0.03)
    watchdog.over()
    later: list[bool] = []
    Watchdog(lambda: later.append(True)).begin(0.06)
    await until(lambda: later, "another one's time is up")
    assert len(late) == 2


@pytest.mark.gen_test(timeout=10)
async def test_answers_that_are_late_are_cancelled_and_those_that_came_are_not() -> None:
    patience, loop = Patience(), asyncio.get_running_loop()
    answers: list[asyncio.Future[Any]] = [loop.create_future() for _ in range(4)]
    for n, answer in enumerate(answers):
        patience.wait(answer, loop.time() + (0.03 if n < 3 else 30))
    answers[1].set_result("came")
    await until(lambda: answers[0].cancelled() and answers[2].cancelled(), "they are late")
    assert answers[1].result() == "came"
    assert not answers[3].done()
    answers[3].set_result("came")
    another: asyncio.Future[Any] = loop.create_future()
    patience.wait(another, loop.time() + 0.01)
    await until(another.cancelled, "the next is looked at in its own time")
