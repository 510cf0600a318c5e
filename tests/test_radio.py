"""The radio's work: rooms go on before they run dry, once, whoever is away; and silence where nothing is known."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from accounts_world import HandClock
from hub_world import eventually, until
from radio_world import Station, Taste, song, station
from rooms_world import ALICE, BOB

from roomd import radio, suggestions
from roomd.domain.entries import EntriesAdded
from roomd.domain.ids import RoomId, SocketId
from roomd.domain.listening import Listen
from roomd.domain.membership import Attach, Detach
from roomd.domain.playback import Next
from roomd.domain.queue import Clear, Remove
from roomd.domain.refusals import NotFound, Unavailable
from roomd.domain.room import Close, Room, Set
from roomd.domain.rules import Tick
from roomd.domain.song import Pick
from roomd.engine import SYSTEM
from roomd.store.keys import lease

AWAY = Unavailable("the database does not answer; try again in a moment")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried again soon."""
    monkeypatch.setattr(radio, "RETRY_S", (0.02,) * 5)
    monkeypatch.setattr(suggestions, "SOURCE_S", 0.2)


def goes_on(here: Station, room_id: RoomId, *titles: str) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return await here.queue(room_id) == list(titles)

    return look


async def settled(here: Station) -> None:
    """Until nothing is sought any more."""
    await until(lambda: not here.radio._searches, "searches to end")


async def supplies(here: Station, room: Room) -> int:
    """How often the radio has added something."""
    now = await here.now(room.id)
    commits = await here.process.core.store.log(room.id, room.rev, now.rev)
    return sum(each.by is None and any(isinstance(event, EntriesAdded) for event in each.events) for each in commits)


@pytest.mark.gen_test(timeout=20)
async def test_a_queue_that_nears_its_end_is_filled_up(redis_url: str, database_url: str) -> None:
    async with station(redis_url, database_url, picks="UVWXYZ") as here:
        room = await here.room("A", "B")
        await eventually(goes_on(here, room.id, "A", "B", "U", "V"))
        assert here.taste.asked == [([ALICE.id], ["shop:A"], {"shop:A", "shop:B"})]
        filled = await here.now(room.id)
        assert [entry.why for entry in filled.entries.values()] == ["", "", "Like U", "Like V"]
        # Three to come, two to come, then it looks again: not for what is there.
        await here.process.do(room.id, Next())
        await settled(here)
        assert len(here.taste.asked) == 1
        await here.process.do(room.id, Next())
        await eventually(goes_on(here, room.id, "A", "B", "U", "V", "W", "X"))
        assert here.taste.asked[-1][2] >= {"shop:U", "shop:V"}


@pytest.mark.gen_test(timeout=20)
async def test_after_taking_out_and_at_the_end_of_a_track(redis_url: str, database_url: str) -> None:
    clock = HandClock()
    async with station(redis_url, database_url, clock, picks="UVWXYZST") as here:
        room = await here.room("A")
        await eventually(goes_on(here, room.id, "A", "U", "V", "W"))
        ahead = list((await here.now(room.id)).entries)[1:]
        await here.process.do(room.id, Remove(entries=tuple(ahead)))
        # What was taken out does not come again.
        await eventually(goes_on(here, room.id, "A", "X", "Y", "Z"))
        assert here.taste.asked[-1][2] == {"shop:A", "shop:U", "shop:V", "shop:W"}
        for current, last in (("X", "Z"), ("Y", "T")):
            clock.pass_s(61)
            await here.process.do(room.id, Tick(), by=SYSTEM)
            await settled(here)
            now = await here.now(room.id)
            assert now.entries[now.playback.entry].track.title == current  # type: ignore[index]
            assert (await here.queue(room.id))[-1] == last


@pytest.mark.gen_test(timeout=20)
async def test_where_it_is_off_nothing_is_sought(redis_url: str, database_url: str) -> None:
    async with station(redis_url, database_url, picks="UVW") as here:
        room = await here.room("A", radio=False)
        looped = await here.room("A", repeat="all")
        await here.process.do(room.id, Next())
        for each in (room, looped):
            await here.radio.ready(await here.now(each.id))
        assert (await here.now(room.id)).playback.entry is None
        assert here.taste.asked == []
        # Switched on in a room that has run dry, it goes on at once.
        await here.process.do(room.id, Set(radio=True))
        await eventually(goes_on(here, room.id, "A", "U", "V", "W"))
        now = await here.now(room.id)
        assert now.playback.playing
        assert now.entries[now.playback.entry].why == "Like U"  # type: ignore[index]


@pytest.mark.gen_test(timeout=20)
async def test_a_cleared_queue_stays_silent_until_somebody_asks(redis_url: str, database_url: str) -> None:
    async with station(redis_url, database_url, picks="UVWXYZ") as here:
        room = await here.room("A")
        await eventually(goes_on(here, room.id, "A", "U", "V", "W"))
        await here.process.do(room.id, Clear())
        await settled(here)
        assert (await here.queue(room.id), len(here.taste.asked)) == ([], 1)
        await here.radio.ready(await here.now(room.id))
        assert await here.queue(room.id) == ["X", "Y", "Z"]


@pytest.mark.gen_test(timeout=30)
async def test_two_processes_add_once(redis_url: str, database_url: str) -> None:
    async with (
        station(redis_url, database_url, picks="UVWXYZ") as here,
        station(redis_url, database_url, picks="UVWXYZ") as there,
    ):
        for _ in range(5):
            room = await here.room("A", "B", "C")
            now = await here.now(room.id)
            last = (await here.process.core.engine.handle(room.id, Remove(entries=tuple(now.entries)[1:]), ALICE)).room
            await asyncio.gather(here.radio.ready(last), there.radio.ready(last))
            await settled(here)
            await settled(there)
            assert await there.queue(room.id) == ["A", "U", "V", "W"]
            assert await supplies(here, room) == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.gen_test(timeout=20)
async def test_while_another_process_is_at_it(redis_url: str, database_url: str) -> None:
    async with station(redis_url, database_url, picks="UVW") as here:
        room = await here.room()
        await here.process.redis.set(lease(f"radio:{room.id}"), "another", px=60_000)
        await here.add(room.id, "A")
        await settled(here)
        assert (here.taste.asked, await here.queue(room.id)) == ([], ["A"])
        # It dies without having done anything: its lease runs out.
        await here.process.redis.delete(lease(f"radio:{room.id}"))
        await here.process.do(room.id, Listen(on=False))
        await eventually(goes_on(here, room.id, "A", "U", "V", "W"))
        await settled(here)
        assert await here.process.redis.get(lease(f"radio:{room.id}")) is None


@pytest.mark.gen_test(timeout=20)
async def test_after_a_restart_it_goes_on_when_somebody_is_back(redis_url: str, database_url: str) -> None:
    async with station(redis_url, database_url) as before:
        room = await before.room("A")
        await before.process.do(room.id, Next())
        await before.process.do(room.id, Detach(socket=SocketId(f"p.{ALICE.name}")))
        await settled(before)
    async with station(redis_url, database_url, picks="UVW") as here:
        await here.process.do(room.id, Attach(socket=SocketId("q.1")))
        await eventually(goes_on(here, room.id, "A", "U", "V", "W"))
        assert (await here.now(room.id)).playback.playing


@pytest.mark.gen_test(timeout=20)
async def test_whose_taste_counts(redis_url: str, database_url: str) -> None:
    async with station(redis_url, database_url, picks="UVWXYZ") as here:
        room = await here.room(there=False)
        await here.add(room.id, "A")
        await settled(here)
        await here.enter(room.id)
        await here.enter(room.id, BOB)
        await here.process.do(room.id, Next())
        await here.process.do(room.id, Next())
        await settled(here)
        await here.process.do(room.id, Listen(on=False))
        await here.process.do(room.id, Next())
        await here.process.do(room.id, Next())
        await settled(here)
        # Nobody there: the members. Both there: both. Alice with her sound off: Bob.
        assert [people for people, *_ in here.taste.asked] == [[ALICE.id], [ALICE.id, BOB.id], [BOB.id]]


@pytest.mark.parametrize("fault", [AWAY, None])
@pytest.mark.gen_test(timeout=20)
async def test_without_recommendations_what_goes_with_the_last_song(
    redis_url: str, database_url: str, fault: Exception | None
) -> None:
    async with station(redis_url, database_url, shop="ABCD") as here:
        here.taste.fault = fault
        room = await here.room("A")
        await eventually(goes_on(here, room.id, "A", "B", "C", "D"))
        now = await here.now(room.id)
        assert {entry.why for entry in now.entries.values()} == {"", "Goes with what was played"}
        assert here.shop.asked == ["related to shop:A"]


@pytest.mark.gen_test(timeout=20)
async def test_without_anything_that_goes_with_it_what_is_played_here(redis_url: str, database_url: str) -> None:
    async with station(redis_url, database_url, shop="BCD") as here:
        room = await here.room("unheard-of")
        await settled(here)
        assert here.shop.asked == ["related to shop:unheard-of", "top"]
        assert sorted(await here.queue(room.id)) == ["B", "C", "D", "unheard-of"]
        assert [each.why for each in (await here.now(room.id)).entries.values()][1:] == ["From the charts"] * 3


@pytest.mark.parametrize("fault", [AWAY, None])
@pytest.mark.gen_test(timeout=20)
async def test_at_last_anything_of_the_folder(redis_url: str, database_url: str, fault: Exception | None) -> None:
    async with station(redis_url, database_url) as here:
        here.taste.fault = here.shop.fault = fault
        here.shop.folder = [song(name) for name in "ABCDEFGH"]
        room = await here.room("A")
        await settled(here)
        assert len(await here.queue(room.id)) == len(set(await here.queue(room.id))) == 4
        assert [each.why for each in (await here.now(room.id)).entries.values()][1:] == ["From the music folder"] * 3


@pytest.mark.gen_test(timeout=20)
async def test_with_nothing_at_all_there_is_silence_and_no_loop(redis_url: str, database_url: str) -> None:
    clock = HandClock()
    async with station(redis_url, database_url, clock, shop="A") as here:
        room = await here.room("A")
        await settled(here)
        await here.process.say(room.id, *(f"line {n}" for n in range(20)))
        await settled(here)
        assert len(here.taste.asked) == 1
        await here.process.do(room.id, Next())
        await settled(here)
        now = await here.now(room.id)
        assert (now.playback.entry, now.playback.playing, len(here.taste.asked)) == (None, False, 2)
        # A minute later it is worth another look, when something happens.
        clock.pass_s(61)
        here.taste.picks = [Pick(song=song("U"))]
        here.shop.songs.append(song("U"))
        await here.process.say(room.id, "anybody there?")
        await eventually(goes_on(here, room.id, "A", "U"))


@pytest.mark.usefixtures("impatient")
@pytest.mark.gen_test(timeout=20)
async def test_it_is_tried_again_where_nobody_answers(redis_url: str, database_url: str) -> None:
    async with station(redis_url, database_url, picks="UVW") as here:
        here.taste.fault = here.shop.fault = AWAY
        room = await here.room("A")
        await until(lambda: len(here.taste.asked) >= 2, "another try")
        here.taste.fault = None
        await eventually(goes_on(here, room.id, "A", "U", "V", "W"))
        here.taste.fault = AWAY
        await here.process.do(room.id, Remove(entries=tuple((await here.now(room.id)).entries)[1:]))
        await settled(here)
        assert await here.queue(room.id) == ["A"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.gen_test(timeout=20)
async def test_whoever_takes_too_long_is_not_waited_for(redis_url: str, database_url: str) -> None:
    class Slow(Taste):
        async def radio(self, *args: Any, **more: Any) -> list[Pick]:
            await asyncio.Event().wait()
            raise AssertionError("unreachable")

    async with station(redis_url, database_url, shop="ABCD") as here:
        here.radio._suggestions._recommender = Slow()
        room = await here.room("A")
        await eventually(goes_on(here, room.id, "A", "B", "C", "D"))


@pytest.mark.gen_test(timeout=20)
async def test_what_cannot_be_played_is_passed_over(redis_url: str, database_url: str) -> None:
    async with station(redis_url, database_url, picks="UVWXYZ") as here:
        here.shop.songs = [song("U", url=""), *here.shop.songs[2:]]
        room = await here.room("A")
        await eventually(goes_on(here, room.id, "A", "W", "X", "Y"))


@pytest.mark.gen_test(timeout=20)
async def test_a_room_that_is_gone_meanwhile(redis_url: str, database_url: str) -> None:
    async with station(redis_url, database_url, picks="UVW") as here:

        class Closing(Taste):
            async def radio(self, *args: Any, **more: Any) -> list[Pick]:
                await here.process.do(room.id, Close())
                return here.taste.picks

        room = await here.room()
        here.radio._suggestions._recommender = Closing()
        await here.add(room.id, "A")
        await settled(here)
        with pytest.raises(NotFound):
            await here.now(room.id)


@pytest.mark.gen_test(timeout=20)
async def test_a_room_that_has_moved_on_while_something_was_found(redis_url: str, database_url: str) -> None:
    async with station(redis_url, database_url, picks="UVWXYZ") as here:
        asked = asyncio.Event()
        may_answer = asyncio.Event()

        class Thinking(Taste):
            async def radio(self, *args: Any, **more: Any) -> list[Pick]:
                asked.set()
                await may_answer.wait()
                return await here.taste.radio(*args, **more)

        room = await here.room()
        here.radio._suggestions._recommender = Thinking()
        await here.add(room.id, "A")
        await asked.wait()
        # Somebody adds just what will be offered, and plays it.
        here.taste.picks = here.taste.picks[:1]
        await here.add(room.id, "U")
        await here.process.do(room.id, Next())
        here.taste.picks = [Pick(song=song(name)) for name in "UVW"]
        may_answer.set()
        await eventually(goes_on(here, room.id, "A", "U", "V", "W"))
        await settled(here)


@pytest.mark.gen_test(timeout=20)
async def test_few_at_a_time_will_do(redis_url: str, database_url: str) -> None:
    async with station(redis_url, database_url, picks="UVWXYZ") as here:
        here.taste.most = 1
        room = await here.room("A")
        await eventually(goes_on(here, room.id, "A", "U", "V"))
        await settled(here)
        assert len(here.taste.asked) == 2


@pytest.mark.gen_test(timeout=20)
async def test_why_and_radio_come_back_from_the_archive(redis_url: str, database_url: str) -> None:
    async with station(redis_url, database_url, picks="UVW") as here:
        room = await here.room("A")
        await eventually(goes_on(here, room.id, "A", "U", "V", "W"))
        await here.process.settle(room.id)
        before = await here.now(room.id)
        await here.process.redis.flushall()
    async with station(redis_url, database_url) as there:
        after = await there.now(room.id)
        assert (after.epoch > before.epoch, after.settings) == (True, before.settings)
        assert (after.entries, after.ranks) == (before.entries, before.ranks)
        assert [entry.why for entry in after.entries.values()][1:] == ["Like U", "Like V", "Like W"]


@pytest.mark.gen_test(timeout=20)
async def test_a_small_folder_goes_round_and_what_is_being_converted_waits(redis_url: str, database_url: str) -> None:
    async with station(redis_url, database_url) as here:
        here.shop.folder = [song(name) for name in "ABCDEF"]
        here.shop.unready = {song("F").url}
        room = await here.room("A", "B", "C", "D", "E")
        for _ in range(4):
            await here.process.do(room.id, Next())
        # E plays, and F cannot be played yet; C, D and E were the last ones.
        await eventually(goes_on(here, room.id, "A", "B", "C", "D", "E", "A", "B"))
        now = await here.now(room.id)
        assert {each.why for each in list(now.entries.values())[5:]} == {"Not heard for the longest time"}
        here.shop.unready.clear()
        await here.process.do(room.id, Next())
        await eventually(goes_on(here, room.id, "A", "B", "C", "D", "E", "A", "B", "F"))
