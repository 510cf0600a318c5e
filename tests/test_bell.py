"""The bell on a real Redis: what is subscribed to is heard of, or it is known that it may not have been."""

import asyncio
import time

import pytest
from byte_proxy import wire_to
from hub_world import SETTINGS, house, until
from rooms_world import ALICE, ROOM

from roomd.domain.ids import RoomId
from roomd.domain.refusals import Unavailable
from roomd.store.bell import DEAD_S, Bell
from roomd.store.keys import room_keys
from roomd.store.redis import connect


class Heard:
    """What a bell told its owner."""

    def __init__(self) -> None:
        self.rung: list[tuple[RoomId, bytes]] = []
        self.doubts: list[RoomId] = []

    def bell(self, url: str) -> Bell:
        self.redis = connect(url)
        return Bell(self.redis, lambda room, data: self.rung.append((room, data)), self.doubts.append)

    async def ring(self, url: str, room: RoomId, data: str) -> None:
        """As the commit script does it; returns once this was heard."""
        redis = connect(url)
        await redis.publish(room_keys(room).bell, data)
        await redis.aclose()
        await until(lambda: (room, data.encode()) in self.rung, f"{data} rung")


@pytest.mark.redis("single")  # A server of a cluster counts its own listeners only.
@pytest.mark.gen_test(timeout=20)
async def test_a_bell_is_heard_from_when_subscribed_until_unsubscribed(redis_url: str) -> None:
    heard = Heard()
    bell = heard.bell(redis_url)
    await bell.start()
    rooms = [RoomId(f"room-{n}") for n in range(50)]
    await asyncio.gather(*(bell.subscribe(room) for room in rooms))
    for room in rooms[::10]:
        await heard.ring(redis_url, room, "one")
    await bell.unsubscribe(rooms[0])
    await bell.unsubscribe(RoomId("never"))
    counting = connect(redis_url)
    assert await counting.publish(room_keys(rooms[1]).bell, "there") == 1
    end = time.monotonic() + 10
    while await counting.publish(room_keys(rooms[0]).bell, "gone"):
        assert time.monotonic() < end
    await bell.subscribe(rooms[0])
    await heard.ring(redis_url, rooms[0], "again")
    assert heard.doubts == []
    await bell.stop()
    await counting.aclose()
    await heard.redis.aclose()


@pytest.mark.logs("Exception in callback")
@pytest.mark.gen_test(timeout=20)
async def test_a_fault_with_one_commit_leaves_no_room_behind(redis_url: str) -> None:
    heard = Heard()

    def ring(room: RoomId, data: bytes) -> None:
        if data == b"faulty":
            raise ZeroDivisionError
        heard.rung.append((room, data))

    redis = connect(redis_url)
    bell = Bell(redis, ring, heard.doubts.append)
    await bell.start()
    await bell.subscribe(ROOM)
    await redis.publish(room_keys(ROOM).bell, "faulty")
    await until(lambda: ROOM in heard.doubts, "its log is looked at")
    await heard.ring(redis_url, ROOM, "next")
    await bell.stop()
    await redis.aclose()


@pytest.mark.logs("lost the subscription")
@pytest.mark.gen_test(timeout=20)
async def test_a_new_link_is_doubted_room_by_room_once_it_hears_again(redis_url: str) -> None:
    heard = Heard()
    async with wire_to(redis_url) as wire:
        bell = heard.bell(wire.url)
        await bell.start()
        rooms = [RoomId(f"room-{n}") for n in range(5)]
        await asyncio.gather(*(bell.subscribe(room) for room in rooms))
        await wire.cut()
        # Wanted while there is no link; it comes with the next one.
        late = asyncio.create_task(bell.subscribe(ROOM))
        await until(lambda: bell._pubsub is None)
        await wire.start()
        await late
        await until(lambda: sorted(heard.doubts) == rooms)
        for room in (*rooms, ROOM):
            await heard.ring(redis_url, room, "back")
        await bell.stop()
        await heard.redis.aclose()


@pytest.mark.gen_test(timeout=20)
async def test_who_cannot_be_subscribed_is_told_so_and_can_be_later(redis_url: str) -> None:
    heard = Heard()
    async with wire_to(redis_url) as wire:
        await wire.cut()
        bell = heard.bell(wire.url)
        await bell.start()
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await bell.subscribe(ROOM)
        assert DEAD_S - 0.5 < time.monotonic() - began < DEAD_S + 1
        await wire.start()
        await bell.subscribe(ROOM)
        await heard.ring(redis_url, ROOM, "now")
        await bell.stop()
        await heard.redis.aclose()


@pytest.mark.logs("lost the subscription.*no answer")
@pytest.mark.gen_test(timeout=20)
async def test_a_link_that_swallows_everything_is_noticed_and_nothing_is_lost(redis_url: str) -> None:
    async with wire_to(redis_url) as wire, house(redis_url) as here, house(redis_url, bell_url=wire.url) as there:
        room_id = (await here.engine.open(SETTINGS, ALICE)).id
        ear = await there.listen(room_id)
        await here.say(room_id, "heard")
        await until(lambda: ear.revs == [2])
        wire.clog(new_links_too=False)
        began = time.monotonic()
        last = await here.say(room_id, "one", "two", "three")
        await until(lambda: ear.rev == last)
        assert time.monotonic() - began < DEAD_S + 2.5
        last = await here.say(room_id, "four")
        await until(lambda: ear.rev == last)
        assert ear.revs == list(range(2, last + 1))
