"""Rooms wanted at the same moment are brought together, and nobody is left waiting."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from roomd.domain.ids import RoomId
from roomd.domain.refusals import Unavailable
from roomd.domain.room import Room
from roomd.together import GROUP, GROUPS, Together

IDS = [RoomId(f"room {n}") for n in range(120)]


class Stores:
    """Brings what has an even number, once it is let."""

    def __init__(self) -> None:
        self.groups: list[list[RoomId]] = []
        self.let = asyncio.Event()
        self.away = False

    async def bring(self, group: Sequence[RoomId]) -> dict[RoomId, Room]:
        self.groups.append(list(group))
        await self.let.wait()
        if self.away:
            raise Unavailable("away")
        return {each: cast("Room", each) for each in group if int(each.split()[1]) % 2 == 0}


@pytest.mark.gen_test(timeout=10)
async def test_what_is_wanted_meanwhile_goes_in_groups() -> None:
    stores = Stores()
    together = Together(stores.bring)
    asking = [asyncio.create_task(together.bring(each)) for each in (*IDS, *IDS)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(stores.groups) == GROUPS
    stores.let.set()
    came = await asyncio.gather(*asking)
    assert came == [each if int(each.split()[1]) % 2 == 0 else None for each in (*IDS, *IDS)]
    assert max(len(group) for group in stores.groups) <= GROUP
    assert sorted(each for group in stores.groups for each in group) == sorted(IDS)
    assert await together.bring(IDS[0]) == cast("Room", IDS[0])


@pytest.mark.gen_test(timeout=10)
async def test_a_store_that_is_away_is_told_to_all_of_them() -> None:
    stores = Stores()
    together = Together(stores.bring)
    stores.away = True
    stores.let.set()
    faults = await asyncio.gather(*(together.bring(each) for each in IDS), return_exceptions=True)
    assert all(isinstance(each, Unavailable) for each in faults)
    stores.away = False
    assert await together.bring(IDS[2]) is not None


@pytest.mark.gen_test(timeout=10)
async def test_whoever_gives_up_does_not_stop_the_others() -> None:
    stores = Stores()
    together = Together(stores.bring)
    one, other = (asyncio.create_task(together.bring(IDS[0])) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    await asyncio.gather(one, return_exceptions=True)
    stores.let.set()
    assert await other is not None


@pytest.mark.gen_test(timeout=10)
async def test_a_room_on_its_way_is_waited_for_instead_of_brought_again() -> None:
    stores = Stores()
    together = Together(stores.bring)
    first = asyncio.create_task(together.bring(IDS[0]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = asyncio.create_task(together.bring(IDS[0]))
    await asyncio.sleep(0)
    assert stores.groups == [[IDS[0]]]
    stores.let.set()
    assert await first == await second == cast("Room", IDS[0])
    assert stores.groups == [[IDS[0]]]
    # What is wanted later is brought anew.
    await together.bring(IDS[0])
    assert stores.groups == [[IDS[0]], [IDS[0]]]
