"""Deezer away, in every way: what was seen before still answers, what was not says so, and nobody asks twice."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from catalogue_world import DAY, HOUR, Shop, shop
from hub_world import eventually, until
from standins.deezer import DeezerStandin, deezer_standin

from roomd.catalogue.cache import Answer
from roomd.catalogue.catalogue import Catalogue
from roomd.domain.refusals import NotFound, Unavailable
from roomd.domain.song import song_from
from roomd.domain.track import Track

Ask = Callable[[Catalogue], Awaitable[Answer[Any]]]

#: Everything that can be asked, of things that there are.
QUESTIONS: dict[str, Ask] = {
    "search": lambda catalogue: catalogue.search("rain", 10, "deezer"),
    "song": lambda catalogue: catalogue.song("deezer:11101"),
    "album": lambda catalogue: catalogue.album("deezer:111"),
    "artist": lambda catalogue: catalogue.artist("deezer:11"),
    "related": lambda catalogue: catalogue.related("deezer:11101", 5),
    "genres": lambda catalogue: catalogue.genres(),
    "genre_songs": lambda catalogue: catalogue.genre_songs(132, 10),
    "top_songs": lambda catalogue: catalogue.top_songs(10),
    "new_albums": lambda catalogue: catalogue.new_albums(10),
    "top_albums": lambda catalogue: catalogue.top_albums(10),
}
OPENS = pytest.mark.logs("does not answer, and is left alone")


async def silenced(standin: DeezerStandin) -> None:
    standin.broken = "silent"


async def down(standin: DeezerStandin) -> None:
    standin.down = True


async def vanished(standin: DeezerStandin) -> None:
    await standin.vanish()


async def a_page(standin: DeezerStandin) -> None:
    standin.broken = "html"


async def throttled(standin: DeezerStandin) -> None:
    standin.throttled = True


async def an_error(standin: DeezerStandin) -> None:
    standin.error = {"type": "Exception", "message": "An unknown error", "code": 0}


async def seen(made: Shop) -> dict[str, Any]:
    """Everything is asked once; then two days go by. What was answered."""
    first = {name: await ask(made.catalogue) for name, ask in QUESTIONS.items()}
    assert not any(answer.stale or answer.left_out for answer in first.values())

    async def all_kept() -> bool:
        return await made.kept() == len(QUESTIONS)

    await eventually(all_kept, "all answers in PostgreSQL")
    made.hands.ms += 2 * DAY
    return {name: answer.value for name, answer in first.items()}


@pytest.mark.gen_test(timeout=60)
@pytest.mark.parametrize(
    "fail",
    [
        pytest.param(silenced, marks=OPENS),
        pytest.param(down, marks=OPENS),
        pytest.param(vanished, marks=OPENS),
        pytest.param(a_page, marks=OPENS),
        pytest.param(an_error, marks=OPENS),
        throttled,
    ],
)
async def test_what_was_seen_before_still_answers(
    redis_url: str, database_url: str, tmp_path: Path, fail: Callable[[DeezerStandin], Awaitable[None]]
) -> None:
    async with deezer_standin() as standin, shop(redis_url, database_url, tmp_path, standin) as made:
        known = await seen(made)
        await fail(standin)
        standin.requests.clear()
        for catalogue in (made.catalogue, made.again()):
            for _ in range(3):
                for name, ask in QUESTIONS.items():
                    answer = await ask(catalogue)
                    assert (answer.value, answer.stale, answer.left_out) == (known[name], True, ()), name
        # What is asked behind it ends with the breaker, or the throttle: far from one request for each of 60 questions.
        assert len(standin.requests) < 30
        await until(lambda: standin.at_once == 0, "the requests that nobody waits for are given up")


@pytest.mark.gen_test(timeout=60)
@OPENS
async def test_what_was_never_seen_says_so_and_leaves_the_others(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    async with deezer_standin() as standin, shop(redis_url, database_url, tmp_path, standin) as made:
        standin.down = True
        for name in ("search", "song", "album", "artist", "related"):
            for _ in range(2):
                with pytest.raises(Unavailable) as refusal:
                    await QUESTIONS[name](made.catalogue)
                assert refusal.value.code == "provider_down"
        found = await made.catalogue.search("rain", 10)
        assert [song.title for song in found.value.songs] == ["Rain"]
        assert (found.stale, found.left_out) == (False, ("deezer",))
        top = await made.catalogue.top_songs(10)
        assert len(top.value) == 1 and top.left_out == ("deezer",)
        with pytest.raises(Unavailable):
            await made.catalogue.genre_songs(132, 5)
        assert await made.kept() == 0, "a failure is no answer"
        standin.down = False
        made.hands.ms += HOUR
        # One request is let through to see whether it is back, and a search is three.
        await made.catalogue.search("rain", 10)
        whole = await made.catalogue.search("rain", 10)
        assert len(whole.value.songs) > 1 and not whole.left_out and not whole.stale


@pytest.mark.gen_test(timeout=60)
@OPENS
async def test_when_it_is_back_it_is_heard(redis_url: str, database_url: str, tmp_path: Path) -> None:
    async with deezer_standin() as standin, shop(redis_url, database_url, tmp_path, standin) as made:
        await seen(made)
        standin.down = True
        for ask in QUESTIONS.values():
            assert (await ask(made.catalogue)).stale
        standin.down = False
        made.hands.ms += HOUR

        async def fresh() -> bool:
            made.hands.ms += 5_000
            return not any([(await ask(made.catalogue)).stale for ask in QUESTIONS.values()])

        await eventually(fresh, "fresh answers to everything")


@pytest.mark.gen_test(timeout=60)
async def test_a_search_reaches_deezer_once(redis_url: str, database_url: str, tmp_path: Path) -> None:
    async with deezer_standin() as standin, shop(redis_url, database_url, tmp_path, standin) as made:
        await made.catalogue.search("Long Walk", 10)
        asked = len(standin.requests)
        other = made.again()
        for words, limit in (("Long Walk", 10), ("  long   WALK ", 10), ("long walk", 3), ("long walk", 20)):
            for catalogue in (made.catalogue, other):
                answer = await catalogue.search(words, limit)
                assert answer.value.songs and len(answer.value.songs) <= limit
        assert len(standin.requests) == asked
        await made.catalogue.search("long walk", 21)
        assert len(standin.requests) > asked


@pytest.mark.gen_test(timeout=60)
async def test_what_deezer_does_not_have_is_asked_for_once(redis_url: str, database_url: str, tmp_path: Path) -> None:
    async with deezer_standin() as standin, shop(redis_url, database_url, tmp_path, standin) as made:
        for ask, code in (
            (made.catalogue.song, "no_such_track"),
            (made.catalogue.album, "no_such_album"),
            (made.catalogue.artist, "no_such_artist"),
        ):
            standin.requests.clear()
            for _ in range(3):
                with pytest.raises(NotFound) as refusal:
                    await ask("deezer:99")
                assert refusal.value.code == code
            assert 1 <= len(standin.requests) <= 3
            for odd in ("deezer:6a0e4f1c-0a57-4a6e-9d9b-0f8c1c9a2b11", "deezer:-1", "deezer:../chart"):
                standin.requests.clear()
                with pytest.raises(NotFound):
                    await ask(odd)
                assert not standin.requests


@pytest.mark.gen_test(timeout=60)
async def test_songs_for_lists_are_kept_and_known_without_deezer(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    async with deezer_standin() as standin, shop(redis_url, database_url, tmp_path, standin) as made:
        (own,) = (await made.catalogue.search("alice own", 1)).value.songs
        ids = [own.id, "deezer:11101", "deezer:99", "elsewhere:1", "deezer:12201", "deezer:11101"]
        known = await made.catalogue.songs(ids)
        assert list(known) == [own.id, "deezer:11101", "deezer:12201"]
        assert set(await made.songs.get(ids)) == set(known)
        await made.redis.flushall()
        await made.pool.execute("DELETE FROM catalogue_answers")
        standin.throttled = True
        fresh = made.again()
        assert await fresh.songs(ids) == known
        answer = await fresh.song("deezer:11101")
        assert (answer.value, answer.stale) == (known["deezer:11101"], True)


@pytest.mark.gen_test(timeout=60)
async def test_tracks_to_be_queued(redis_url: str, database_url: str, tmp_path: Path) -> None:
    async with deezer_standin() as standin, shop(redis_url, database_url, tmp_path, standin) as made:
        (own,) = (await made.catalogue.search("alice own", 1)).value.songs
        tracks = await made.catalogue.tracks(["deezer:11101", own.id, "deezer:11101"])
        assert [track.source for track in tracks] == ["deezer:11101", own.id, "deezer:11101"]
        assert tracks[0].duration_ms == 30_000 and tracks[0].url == made.seal.path("/media/deezer/11101")
        for bad, code in (
            ("deezer:99", "no_such_track"),
            ("deezer:11105", "not_playable"),
            ("elsewhere:1", "no_such_track"),
            ("local:" + "0" * 32, "no_such_track"),
        ):
            with pytest.raises(NotFound) as refusal:
                await made.catalogue.tracks(["deezer:11101", bad])
            assert refusal.value.code == code
        await made.pool.close()
        assert len(await made.catalogue.tracks([own.id, "deezer:11101"])) == 2, "the database is not needed"
        with pytest.raises(Unavailable):
            await made.catalogue.songs([own.id])


@pytest.mark.gen_test(timeout=60)
async def test_many_songs_are_not_asked_for_one_by_one(redis_url: str, database_url: str, tmp_path: Path) -> None:
    async with deezer_standin() as standin, shop(redis_url, database_url, tmp_path, standin) as made:
        ids = [song.id for song in (await made.catalogue.album("deezer:149")).value.songs][:15]
        await made.catalogue.songs(ids)
        ids += [f"deezer:{artist}{album}0{n}" for artist in (11, 12, 13) for album in (1, 2) for n in (1, 2)]
        await made.catalogue.songs(ids[15:])
        made.hands.ms += 2 * DAY
        standin.requests.clear()
        assert len(await made.catalogue.songs(ids)) == len(ids) > 20
        assert len(await made.catalogue.tracks(ids)) == len(ids)
        assert not standin.requests


@pytest.mark.gen_test(timeout=60)
async def test_a_link_that_somebody_pasted(redis_url: str, database_url: str, tmp_path: Path) -> None:
    async with deezer_standin() as standin, shop(redis_url, database_url, tmp_path, standin) as made:
        film = song_from(Track(title="Film", url="https://films.example/1.mp4", kind="video"))
        clip = song_from(Track(title="Clip", url="https://youtu.example/watch", source="youtube:abc"))
        gone = song_from(Track(title="Gone", url="/media/alice/7?s=0123456789abcdef", source="alice:7"))
        await made.songs.keep([film, clip, gone], made.hands.now())
        assert (await made.catalogue.song(film.id)).value == film
        assert [track.url for track in await made.catalogue.tracks([film.id, clip.id])] == [film.url, clip.url]
        assert set(await made.catalogue.songs([film.id, clip.id, gone.id, "link:none"])) == {film.id, clip.id, gone.id}
        with pytest.raises(NotFound) as refusal:
            await made.catalogue.tracks([gone.id])
        assert refusal.value.code == "not_playable", "its catalogue is switched off"
        with pytest.raises(NotFound):
            await made.catalogue.song("link:none")
        assert (await made.catalogue.related(film.id, 5)).value == []
        assert not standin.requests


@pytest.mark.gen_test(timeout=60)
async def test_genres_of_several_catalogues_meet(redis_url: str, database_url: str, tmp_path: Path) -> None:
    async with deezer_standin() as standin, shop(redis_url, database_url, tmp_path, standin) as made:
        genres = {genre.name: genre.id for genre in (await made.catalogue.genres()).value}
        assert genres["Rock"] == 152
        own = (await made.providers[0].genres())[0].id
        for number in (152, own):
            genre = await made.catalogue.genre(number)
            assert genre is not None and genre.name == "Rock"
            songs = (await made.catalogue.genre_songs(number, 10)).value
            assert {song.id.partition(":")[0] for song in songs} == {"local", "deezer"}
        assert standin.asked("/chart/152/") and await made.catalogue.genre(5) is None
