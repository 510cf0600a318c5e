"""What is recommended, and what the radio goes on with: on real stores, with catalogues that answer, or do not."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from byte_proxy import wire_to
from listening_world import song
from msgspec import structs
from recommender_world import Shop, shop
from tornado.ioloop import IOLoop

from roomd import gathering
from roomd.domain.choosing import HEARD_ALL
from roomd.domain.heard import Ended
from roomd.domain.refusals import Unavailable
from roomd.domain.song import Song
from roomd.recommender import CROWD, PATIENCE_S, REST_MS

A, B, C, D = song(1, "Ann"), song(2, "Ben"), song(3, "Cleo"), song(4, "Dora")


@pytest.fixture
def made(io_loop: IOLoop, redis_url: str, database_url: str, tmp_path: Path) -> Iterator[Shop]:
    stack = AsyncExitStack()
    yield io_loop.run_sync(lambda: stack.enter_async_context(shop(redis_url, database_url, tmp_path)))
    io_loop.run_sync(stack.aclose)


@pytest.mark.gen_test(timeout=60)
async def test_people_who_heard_the_same_tell_what_else_there_is(made: Shop) -> None:
    alice = await made.world.user("Alice")
    made.records.has(A, B, C, D)
    await made.crowd(4, A, B)
    await made.crowd(4, C, D)
    await made.world.hear(alice, [A])
    picks = await made.picks(alice)
    assert next(iter(picks)) == "Song 2"
    assert picks["Song 2"] == "People here who heard “Song 1” played this"
    assert picks["Song 3"] == "Popular here"


@pytest.mark.gen_test(timeout=60)
async def test_what_catalogues_relate_to_what_somebody_likes(made: Shop) -> None:
    alice = await made.world.user("Alice")
    made.records.has(A, B)
    made.records.related_to["1"] = [B]
    await made.favourites.add(alice, A)
    assert (await made.picks(alice))["Song 2"] == "Because you liked “Song 1”"


@pytest.mark.gen_test(timeout=60)
async def test_somebody_of_whom_nothing_is_known_gets_what_is_popular_here_then_what_is_new(made: Shop) -> None:
    alice = await made.world.user("Alice")
    local = await made.files(("Rain", "Ann", ""), ("Fog", "Ben", ""))
    made.records.charts = [A]
    await made.crowd(3, local["Fog"])
    assert await made.picks(alice) == {"Fog": "Popular here", "Song 1": "Popular on Records", "Rain": "New here"}


@pytest.mark.gen_test(timeout=60)
async def test_the_folder_says_of_its_own_songs_what_the_queue_did_not(made: Shop) -> None:
    alice = await made.world.user("Alice")
    local = await made.files(("Rain", "Ann", "Rock"), ("Gate", "Ben", "Rock"), ("Walk", "Cleo", "Jazz"))
    await made.world.hear(alice, [structs.replace(local["Rain"], genre="", artist_id="")])
    assert (await made.picks(alice))["Gate"] in {"Because you listen to Rock", "Goes with “Rain”"}


@pytest.mark.gen_test(timeout=60)
async def test_what_was_just_heard_does_not_come_until_it_has_rested(made: Shop) -> None:
    alice = await made.world.user("Alice")
    local = await made.files(*((f"Song {number}", f"Artist {number}", "") for number in range(6)))
    await made.world.hear(alice, [local["Song 0"]], hours_ago=1)
    assert "Song 0" not in await made.picks(alice)
    assert set(await made.picks(alice, avoid=[local["Song 1"].id])) == {f"Song {number}" for number in range(2, 6)}
    made.world.clock.ms += REST_MS
    await made.recommender.forget(alice)
    assert "Song 0" in await made.picks(alice)


@pytest.mark.gen_test(timeout=60)
async def test_in_a_library_so_small_that_all_of_it_was_heard_the_latest_still_rests(made: Shop) -> None:
    alice = await made.world.user("Alice")
    local = await made.files(("Rain", "Ann", ""), ("Fog", "Ben", ""))
    await made.world.hear(alice, [local["Rain"]], hours_ago=2)
    await made.world.hear(alice, [local["Fog"]], hours_ago=0.1)
    assert list(await made.picks(alice)) == ["Rain"]


@pytest.mark.gen_test(timeout=60)
async def test_where_all_there_is_was_just_heard_it_comes_again_the_oldest_first(made: Shop) -> None:
    alice, bob = await made.world.user("Alice"), await made.world.user("Bob")
    titles = [f"Song {number}" for number in range(6)]
    local = await made.files(*((title, f"Artist {title}", "") for title in titles))
    for place, title in enumerate(titles):
        ended: Ended = "skipped" if title == "Song 1" else "ended"
        await made.world.hear(alice, [local[title]], ended, hours_ago=0.4 - 0.05 * place)
    picks = await made.picks(alice)
    assert list(picks) == ["Song 0", "Song 2", "Song 3", "Song 4", "Song 1"], "not what may still be playing"
    assert set(picks.values()) == {HEARD_ALL}
    assert list(await made.picks(alice, 2)) == ["Song 0", "Song 2"]
    assert list(await made.picks(alice, avoid=[local["Song 0"].id])) == ["Song 2", "Song 3", "Song 4", "Song 1"]
    # The radio does not repeat what was just played, and nobody else is told of it.
    assert await made.recommender.radio([alice], [local["Song 5"].id], [], 5) == []
    assert HEARD_ALL not in (await made.picks(bob)).values()
    await made.files(("Brand new", "Zoe", ""))
    assert list(await made.picks(alice)) == ["Brand new"]


@pytest.mark.gen_test(timeout=60)
async def test_of_one_song_there_is_that_one(made: Shop) -> None:
    alice = await made.world.user("Alice")
    local = await made.files(("Rain", "Ann", ""))
    await made.world.hear(alice, [local["Rain"]], hours_ago=0.1)
    assert await made.picks(alice) == {"Rain": HEARD_ALL}


@pytest.mark.gen_test(timeout=60)
async def test_what_was_chosen_is_kept_for_some_minutes(made: Shop) -> None:
    alice = await made.world.user("Alice")
    local = await made.files(*((f"Song {number}", f"Artist {number}", "") for number in range(6)))
    first = await made.picks(alice)
    await made.files(("Brand new", "Zoe", ""))
    assert await made.picks(alice) == first
    await made.world.hear(alice, [local["Song 3"]], hours_ago=0)
    assert "Song 3" not in await made.picks(alice, 5)
    await made.recommender.forget(alice)
    assert "Brand new" in await made.picks(alice)


@pytest.mark.gen_test(timeout=60)
async def test_nobody_waits_for_a_catalogue_that_does_not_answer(made: Shop) -> None:
    alice = await made.world.user("Alice")
    made.records.has(A, B)
    await made.crowd(3, A, B)
    await made.favourites.add(alice, A)
    made.records.mute = True
    began = asyncio.get_running_loop().time()
    assert "Song 2" in await made.picks(alice)
    assert asyncio.get_running_loop().time() - began < gathering.BUDGET_S + 0.5


@pytest.mark.gen_test(timeout=60)
async def test_a_catalogue_that_is_down_is_done_without(made: Shop) -> None:
    alice = await made.world.user("Alice")
    made.records.down = True
    local = await made.files(("Rain", "Ann", ""))
    await made.crowd(3, A, B)
    await made.world.hear(alice, [A])
    assert list(await made.picks(alice)) == ["Song 2", "Rain", "Song 1"]
    assert local


@pytest.mark.gen_test(timeout=60)
async def test_what_cannot_be_played_and_what_is_not_for_everybody_is_not_offered(made: Shop) -> None:
    alice = await made.world.user("Alice")
    gone = song(5, provider="local")
    link = Song(id="link:abc", title="Pasted", url="https://media.example/secret.mp3")
    station, silent = structs.replace(C, live=True), structs.replace(D, url="")
    off = song(6, provider="elsewhere")
    await made.crowd(3, A, gone, link, station, silent, off, B)
    await made.world.hear(alice, [A])
    assert set(await made.picks(alice)) == {"Song 1", "Song 2"}


@pytest.mark.gen_test(timeout=60)
async def test_without_redis_nothing_is_kept_and_all_is_told(redis_url: str, database_url: str, tmp_path: Path) -> None:
    async with wire_to(redis_url) as wire, shop(wire.url, database_url, tmp_path) as made:
        alice = await made.world.user("Alice")
        await made.files(("Rain", "Ann", ""))
        await wire.cut()
        assert await made.picks(alice) == {"Rain": "New here"}


@pytest.mark.logs("Failed to restore the pool")
@pytest.mark.gen_test(timeout=60)
async def test_without_postgres_it_is_said_so(redis_url: str, database_url: str, tmp_path: Path) -> None:
    async with wire_to(database_url) as wire, shop(redis_url, wire.url, tmp_path) as made:
        alice = await made.world.user("Alice")
        await wire.cut()
        with pytest.raises(Unavailable):
            await made.picks(alice)
        with pytest.raises(Unavailable):
            await made.recommender.radio([alice], [A.id], [], 5)


@pytest.mark.gen_test(timeout=60)
async def test_the_radio_goes_on_from_what_was_played_last(made: Shop) -> None:
    alice = await made.world.user("Alice")
    made.records.has(A, B, C, D)
    made.records.related_to |= {"1": [B, C], "4": [song(7)]}
    await made.world.songs.keep([A], made.world.clock.now())
    picks = await made.recommender.radio([alice], [A.id], [B.id], 5)
    assert [(pick.song.id, pick.why) for pick in picks] == [(C.id, "Goes with “Song 1”")]


@pytest.mark.gen_test(timeout=60)
async def test_the_radio_of_several_people_brings_what_none_of_them_skips(made: Shop) -> None:
    alice, bob = await made.world.user("Alice"), await made.world.user("Bob")
    made.records.has(A, B, C, D)
    made.records.related_to["1"] = [B, C]
    await made.world.songs.keep([A], made.world.clock.now())
    await made.favourites.add(alice, B)
    assert (await made.recommender.radio([alice], [A.id], [], 2))[0].song.id == B.id
    await made.world.hear(bob, [B, song(8, "Ben")], "skipped")
    together = await made.recommender.radio([alice, bob], [A.id], [], 2)
    assert [pick.song.id for pick in together] == [C.id, B.id]
    assert together[0].why == "Goes with “Song 1”"


@pytest.mark.gen_test(timeout=60)
async def test_the_radio_of_a_crowd_asks_some_of_them_and_of_nobody_what_goes_together(made: Shop) -> None:
    local = await made.files(("Rain", "Ann", "Rock"), ("Gate", "Ben", "Rock"))
    people = await made.crowd(CROWD + 3, local["Rain"])
    assert [pick.song.title for pick in await made.recommender.radio(people, [local["Rain"].id], [], 3)] == ["Gate"]
    assert [pick.song.title for pick in await made.recommender.radio([], [local["Rain"].id], [], 3)] == ["Gate"]


@pytest.mark.gen_test(timeout=60)
async def test_charts_and_what_goes_together_count_what_was_really_heard(made: Shop) -> None:
    listens = made.world.listens
    await made.crowd(3, A, B)
    await made.crowd(2, A, C)
    (bob,) = await made.crowd(1, song(1, provider="local"))
    await made.world.hear(bob, [D, D, D, D, D, D], "skipped")
    assert await listens.top("", 30, 10) == [(A.id, 5), (B.id, 3), (C.id, 2), ("local:1", 1)]
    assert await listens.top("local", 30, 10) == [("local:1", 1)]
    assert await listens.together(A.id, 10) == [B.id, C.id]
    assert await listens.together(D.id, 10) == []
    assert await listens.top("", 0.5, 10) == []


@pytest.mark.gen_test(timeout=60)
async def test_nobody_waits_for_a_silent_postgres(redis_url: str, database_url: str, tmp_path: Path) -> None:
    async with wire_to(database_url) as wire, shop(redis_url, wire.url, tmp_path) as made:
        alice, bob = await made.world.user("Alice"), await made.world.user("Bob")
        await made.files(("Rain", "Ann", ""))
        first = await made.picks(alice)
        assert first == {"Rain": "New here"}
        wire.clog()
        began = asyncio.get_running_loop().time()
        assert await made.picks(alice) == first
        for work in (made.picks(bob), made.recommender.radio([bob], [A.id], [], 5)):
            with pytest.raises(Unavailable):
                await work
        assert asyncio.get_running_loop().time() - began < 3 * PATIENCE_S + 1.0
        wire.clear()
