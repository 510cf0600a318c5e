"""A limit on time holds even for what does not let go at once, and leaves other cancelling alone."""

import asyncio

import pytest

from roomd.deadline import Deadline


async def _stubborn(times: int) -> None:
    """Swallows its cancelling so many times."""
    for _ in range(times):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue
    await asyncio.Event().wait()


@pytest.mark.parametrize("times", [0, 1, 3])
@pytest.mark.gen_test(timeout=10)
async def test_what_does_not_let_go_is_cancelled_again(times: int) -> None:
    with pytest.raises(TimeoutError):
        async with Deadline(0.01):
            await _stubborn(times)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


@pytest.mark.gen_test(timeout=10)
async def test_what_is_done_in_time_is_left_alone() -> None:
    async with Deadline(0.02) as deadline:
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)
    assert not deadline.expired


@pytest.mark.gen_test(timeout=10)
async def test_time_can_stand_still() -> None:
    async with Deadline(0.02) as deadline:
        deadline.reschedule(None)
        await asyncio.sleep(0.06)
        deadline.reschedule(asyncio.get_running_loop().time() + 5)
    assert not deadline.expired
    with pytest.raises(TimeoutError):
        async with Deadline(5) as deadline:
            deadline.reschedule(0)
            await asyncio.Event().wait()


@pytest.mark.gen_test(timeout=10)
async def test_cancelling_from_outside_stays_that() -> None:
    async def work() -> None:
        async with Deadline(5):
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.gen_test(timeout=10)
async def test_one_within_another() -> None:
    with pytest.raises(TimeoutError):
        async with Deadline(0.01), Deadline(5):
            await _stubborn(1)
    with pytest.raises(TimeoutError):
        async with Deadline(5) as outer, Deadline(0.01):
            await _stubborn(1)
    assert not outer.expired
