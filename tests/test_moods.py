"""Playlists of the day: for whom they are made, of what, how often, and by whom."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from archive_world import locked
from listening_world import song
from recommender_world import Shop, shop
from tornado.ioloop import IOLoop

from roomd import moods
from roomd.domain.ids import UserId
from roomd.domain.playlist import Playlist
from roomd.domain.refusals import Unavailable
from roomd.domain.song import Song
from roomd.moods import AT_ONCE, HEARD, LONG, NAME, ROUND_S


@pytest.fixture
def made(io_loop: IOLoop, redis_url: str, database_url: str, tmp_path: Path) -> Iterator[Shop]:
    stack = AsyncExitStack()
    yield io_loop.run_sync(lambda: stack.enter_async_context(shop(redis_url, database_url, tmp_path)))
    io_loop.run_sync(stack.aclose)


def records(genre: str, first: int, count: int) -> list[Song]:
    return [song(number, f"{genre} {number % 5}", genre) for number in range(first, first + count)]


async def listener(made: Shop, *songs: Song) -> UserId:
    alice = await made.world.user("Alice")
    made.records.has(*songs)
    await made.world.hear(alice, songs)
    return alice


async def mine(made: Shop, person: UserId) -> dict[str, Playlist]:
    found = await made.playlists.shown_to(person, mine=True)
    return {each.name: each for each in found}


async def titles(made: Shop, playlist: Playlist) -> list[str]:
    return [entry.song.title for entry in await made.playlists.songs(playlist.id)]


@pytest.mark.gen_test(timeout=60)
async def test_what_somebody_likes_and_may_like_by_turns(made: Shop) -> None:
    rock, more = records("Rock", 0, 8), records("Rock", 100, 8)
    made.records.has(*more)
    await made.crowd(3, *rock, *more)
    alice = await listener(made, *rock)
    assert await made.moods.run() == ROUND_S
    mood = (await mine(made, alice))[NAME]
    assert (mood.kind, mood.is_public, mood.description) == ("mood", False, "What you like, and what goes with it.")
    own = {each.title for each in rock}
    told = await titles(made, mood)
    assert [title in own for title in told] == [True, False] * 8


@pytest.mark.gen_test(timeout=60)
async def test_two_more_of_the_genres_they_like_best(made: Shop) -> None:
    every = [*records("Rock", 0, 12), *records("Jazz", 100, 9), *records("Folk", 200, 7), *records("Polka", 300, 2)]
    alice = await listener(made, *every)
    await made.moods.run()
    found = await mine(made, alice)
    assert {name: each.description for name, each in found.items()} == {
        NAME: "What you like, and what goes with it.",
        f"{NAME} 2": "Rock, as you like it.",
        f"{NAME} 3": "Jazz, as you like it.",
    }
    assert found[NAME].tracks == LONG
    assert set(await titles(made, found[f"{NAME} 3"])) == {f"Song {n}" for n in range(100, 109)}


@pytest.mark.gen_test(timeout=60)
async def test_not_what_was_just_heard(made: Shop) -> None:
    alice = await listener(made, *records("", 0, 10))
    await made.world.hear(alice, records("", 0, 2), hours_ago=1)
    await made.moods.run()
    assert set(await titles(made, (await mine(made, alice))[NAME])) == {f"Song {number}" for number in range(2, 10)}


@pytest.mark.gen_test(timeout=60)
async def test_only_those_who_listened_lately_and_to_enough(made: Shop) -> None:
    few, long_ago, skipping = [await made.world.user(name) for name in ("Alice", "Bob", "Carol")]
    songs = records("", 0, 12)
    await made.world.hear(few, songs[: HEARD - 1])
    await made.world.hear(long_ago, songs, hours_ago=24 * 8)
    await made.world.hear(skipping, songs, "skipped")
    await made.moods.run()
    for person in (few, long_ago, skipping):
        assert await mine(made, person) == {}


@pytest.mark.gen_test(timeout=60)
async def test_once_a_day_whichever_process_comes_and_anew_on_the_next(
    made: Shop, redis_url: str, database_url: str, tmp_path: Path
) -> None:
    songs = records("", 0, 12)
    alice = await listener(made, *songs)
    async with shop(redis_url, database_url, tmp_path) as other:
        await asyncio.gather(made.moods.run(), other.moods.run())
        first = (await mine(made, alice))[NAME]
        made.world.clock.ms += 1_000
        await asyncio.gather(made.moods.run(), other.moods.run())
        assert (await mine(made, alice))[NAME].updated_at == first.updated_at
        await made.kept.release_moods(alice)
        await made.moods.run()
        second = (await mine(made, alice))[NAME]
        assert (second.id, second.updated_at > first.updated_at) == (first.id, True)


@pytest.mark.gen_test(timeout=90)
async def test_a_few_people_at_a_time(made: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moods, "AT_ONCE", 2)
    people = await made.crowd(5, *records("", 0, 8))
    assert AT_ONCE > 2
    assert [await made.moods.run() for _ in range(4)] == [1.0, 1.0, ROUND_S, 1.0]
    assert all([NAME in await mine(made, person) for person in people])


@pytest.mark.gen_test(timeout=60)
async def test_what_could_not_be_made_is_made_the_next_time(made: Shop, database_url: str) -> None:
    alice = await listener(made, *records("", 0, 8))
    async with locked(database_url, "playlists"):
        with pytest.raises(Unavailable):
            await made.moods.run()
    assert await made.moods.run() == ROUND_S
    assert NAME in await mine(made, alice)
