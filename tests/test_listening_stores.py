"""What was noted, on its way to PostgreSQL: stores that are away, come back empty or are late; how long it stays."""

from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from byte_proxy import wire_to
from hub_world import eventually
from listening_world import World, listening_over, started
from rooms_world import ROOM, at
from tornado.ioloop import IOLoop

from roomd.domain.heard import heard
from roomd.domain.ids import UserId, make_uuid
from roomd.domain.song import Song
from roomd.listening import KEPT_DAYS, PRUNE_S
from roomd.store.keys import LISTENS
from roomd.store.listen_stream import Noted
from roomd.store.listens import Line


@pytest.fixture
def world(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[World]:
    stack = AsyncExitStack()
    yield io_loop.run_sync(lambda: stack.enter_async_context(listening_over(redis_url, database_url)))
    io_loop.run_sync(stack.aclose)


@pytest.mark.logs("2 commits were too many to remember")
@pytest.mark.gen_test(timeout=60)
async def test_while_redis_is_away_rooms_go_on_and_the_oldest_is_forgotten(
    redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roomd.listening.MOST_NOTED", 5)
    async with wire_to(redis_url) as wire, listening_over(wire.url, database_url) as world:
        alice = await world.user("Alice")
        await wire.cut()
        for rev in range(2, 9):
            world.listening.note(*started(alice, f"Song {rev}", rev))
        await world.listening.catch_up()
        assert await world.titles(alice) == set()
        await wire.start()

        async def moved() -> bool:
            await world.listening.catch_up()
            return await world.titles(alice) == {f"Song {rev}" for rev in range(4, 9)}

        await eventually(moved, "what was remembered to be written")


@pytest.mark.gen_test(timeout=60)
async def test_what_got_no_answer_is_sent_again_and_counts_once(world: World) -> None:
    alice = await world.user("Alice")
    before, commit, after = started(alice, "Song", 2)
    noted = Noted(room=after.id, epoch=commit.epoch, rev=2, runs=heard(before, after, commit))
    await world.listening.stream.add([noted])
    await world.listening.stream.add([noted, noted])
    waiting = await world.listening.stream.after("0-0", 10)
    assert waiting is not None
    assert waiting.noted == [noted]


@pytest.mark.gen_test(timeout=60)
async def test_a_writer_that_was_overtaken_writes_nothing(world: World) -> None:
    alice = await world.user("Alice")
    await world.songs.keep([Song(id="local:1", title="One")], at().now)
    line = Line(alice, ROOM, "e@1", "local:1", at().now, 1_000.0, "stopped", "heard")
    assert await world.listens.write([line], "0-0", "5-0")
    assert not await world.listens.write([line], "0-0", "5-0")
    assert await world.listens.write([line._replace(ended="ended", how="known")], "5-0", "6-0")
    (listen,), _ = await world.listens.history(alice, 10, 0)
    assert (listen.heard_ms, listen.ended) == (2_000.0, "ended")


@pytest.mark.gen_test(timeout=60)
async def test_what_adds_to_a_run_that_is_not_there_is_not_written(world: World) -> None:
    alice = await world.user("Alice")
    await world.songs.keep([Song(id="local:1", title="One")], at().now)
    line = Line(alice, ROOM, "e@1", "local:1", at().now, 1_000.0, "skipped", "known")
    assert await world.listens.write([line], "0-0", "5-0")
    assert await world.titles(alice) == set()


@pytest.mark.gen_test(timeout=60)
async def test_a_redis_that_was_emptied_with_its_clock_behind_is_read_all_the_same(world: World) -> None:
    alice = await world.user("Alice")
    assert await world.listens.write([], "0-0", "9999999999999-0")
    world.listening.note(*started(alice, "Song", 2))
    await world.listening.catch_up()
    assert await world.titles(alice) == {"Song"}


@pytest.mark.gen_test(timeout=60)
async def test_what_cannot_be_read_and_who_is_gone_do_not_stop_the_rest(world: World) -> None:
    alice, gone = await world.user("Alice"), UserId(make_uuid(at().dice))
    await world.redis.xadd(LISTENS, {"n": b"nonsense"})
    world.listening.note(*started(gone, "Song", 2))
    world.listening.note(*started(alice, "Song", 3))
    await world.listening.catch_up()
    assert await world.titles(alice) == {"Song"}
    assert await world.redis.xlen(LISTENS) == 0


@pytest.mark.gen_test(timeout=60)
async def test_a_history_is_kept_for_two_years(world: World) -> None:
    alice = await world.user("Alice")
    world.clock.ms = at().now
    world.listening.note(*started(alice, "Song", 2))
    await world.listening.catch_up()
    world.clock.pass_s((KEPT_DAYS - 1) * 24 * 3_600)
    assert await world.listening.prune() == PRUNE_S
    assert await world.titles(alice) == {"Song"}
    world.clock.pass_s(2 * 24 * 3_600)
    while await world.listening.prune() != PRUNE_S:
        pass
    assert await world.titles(alice) == set()
