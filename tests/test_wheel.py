"""One timer for all: nobody is looked at too early, or too late, or twice."""

import asyncio
from itertools import pairwise

import pytest
from hub_world import until

from roomd.wheel import SLICE, TICK_S, Wheel


class Watched:
    def __init__(self, *again: float) -> None:
        self.again = list(again)
        self.looks: list[float] = []
        self.dropped = 0

    def look(self, now: float) -> float | None:
        self.looks.append(now)
        return now + self.again.pop(0) if self.again else None

    def drop(self) -> None:
        self.dropped += 1


@pytest.mark.gen_test(timeout=20)
async def test_everybody_has_their_time() -> None:
    wheel, began = Wheel(), asyncio.get_running_loop().time()
    last, first, again = Watched(), Watched(), Watched(0.1, 0.0)
    wheel.watch(last, began + 0.3)
    wheel.watch(first, began + 0.1)
    wheel.watch(again, began)
    await until(lambda: last.looks)
    assert (len(first.looks), len(last.looks), len(again.looks)) == (1, 1, 3)
    for watched, due in ((first, 0.1), (last, 0.3), (again, 0.0)):
        assert watched.looks[0] >= began + due
    assert again.looks[1] >= again.looks[0] + 0.1
    await asyncio.sleep(3 * TICK_S)
    assert len(again.looks) == 3


@pytest.mark.gen_test(timeout=20)
async def test_very_many_at_once_leave_others_their_turn() -> None:
    wheel, loop = Wheel(), asyncio.get_running_loop()
    crowd = [Watched() for _ in range(5 * SLICE)]
    now = loop.time()
    for each in crowd:
        wheel.watch(each, now)
    seen: list[int] = []
    while not seen or seen[-1] < len(crowd):
        await asyncio.sleep(0)
        seen.append(sum(len(each.looks) for each in crowd))
    assert max(after - before for before, after in pairwise([0, *seen])) <= SLICE
    assert {len(each.looks) for each in crowd} == {1}


@pytest.mark.logs("Exception in callback Wheel")
@pytest.mark.gen_test(timeout=20)
async def test_a_fault_stops_nobody_elses_time() -> None:
    class Faulty(Watched):
        def look(self, now: float) -> float | None:
            raise KeyError(now)

    wheel, now, fine = Wheel(), asyncio.get_running_loop().time(), Watched()
    wheel.watch(Faulty(), now)
    wheel.watch(fine, now + 0.1)
    await until(lambda: fine.looks)


@pytest.mark.gen_test(timeout=20)
async def test_at_the_end_everybody_is_let_go_of() -> None:
    wheel, now = Wheel(), asyncio.get_running_loop().time()
    crowd = [Watched() for _ in range(3)]
    for number, each in enumerate(crowd):
        wheel.watch(each, now + number * 0.05)
    wheel.close()
    await asyncio.sleep(4 * TICK_S)
    assert [(each.dropped, each.looks) for each in crowd] == [(1, [])] * 3
