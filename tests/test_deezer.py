"""Deezer as a provider: what its answers become, and that nothing which is no answer becomes one."""

from typing import Any

import pytest
from providers_world import Ask, Hands, deezer, over, refusals
from standins.deezer import ARTISTS, deezer_standin
from standins.standin import Broken

from roomd.catalogue import leads
from roomd.catalogue.deezer import Deezer
from roomd.domain.refusals import NotFound, Unavailable
from roomd.domain.song import Found, genre_number

HANDS = Hands()
EVERYTHING: dict[str, Ask] = {
    "search": lambda deezer: deezer.search("rain", 10),
    "song": lambda deezer: deezer.song("12201"),
    "album": lambda deezer: deezer.album("122"),
    "artist": lambda deezer: deezer.artist("12"),
    "related": lambda deezer: deezer.related("12201", 10),
    "genres": lambda deezer: deezer.genres(),
    "genre_songs": lambda deezer: deezer.genre_songs(132, 10),
    "top_songs": lambda deezer: deezer.top_songs(10),
    "new_albums": lambda deezer: deezer.new_albums(10),
    "top_albums": lambda deezer: deezer.top_albums(10),
    "source": lambda deezer: deezer.source("12201"),
}


@pytest.mark.gen_test(timeout=20)
async def test_a_song_is_told_with_its_recording_and_its_preview() -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        song = await provider.song("12201")
        assert (song.id, song.title, song.artist, song.album) == (
            "deezer:12201",
            "Rain 122",
            "Bob Example",
            "Bob Example 122",
        )
        assert (song.artist_id, song.album_id, song.url) == ("deezer:12", "deezer:122", "/media/deezer/12201")
        assert (song.duration_ms, song.playable_ms, song.mime, song.live) == (181_000, 30_000, "audio/mpeg", False)
        assert (song.number, song.released) == (1, "2004-05-06")
        picture = await provider.cover(song.cover.removeprefix("/media/deezer/cover/"))
        assert picture.url.startswith(f"{there.url}/images/") and "500x500" in picture.url and picture.trusted
        silent = await provider.song("11105")
        assert (silent.title, silent.url) == ("Harbour 111", "")


@pytest.mark.gen_test(timeout=20)
async def test_pictures_are_where_deezer_has_them_or_nowhere() -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        for place, fine in (
            ("https://cdn-images.dzcdn.net", True),
            ("https://e-cdns-images.dzcdn.net", True),
            ("http://cdn-images.dzcdn.net", False),
            ("https://cdn-images.dzcdn.net.evil.example", False),
            ("http://192.168.1.1", False),
        ):
            there.images_url = place
            cover = (await provider.song("12201")).cover
            assert bool(cover) is fine, place
            key = leads.picture("deezer", f"{place}/images/cover/1/500x500.jpg").rpartition("/")[2]
            if fine:
                said = await provider.cover(key)
                assert (said.url.startswith(f"{place}/images/cover/"), said.trusted) == (True, False)
            else:
                with pytest.raises(NotFound):
                    await provider.cover(key)


@pytest.mark.gen_test(timeout=20)
async def test_search_finds_songs_artists_and_albums() -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        found = await provider.search("bob", 3)
        assert [song.artist for song in found.songs] == ["Bob Example"] * 3
        assert [(artist.id, artist.albums, artist.fans) for artist in found.artists] == [("deezer:12", 2, 12_000)]
        assert [(album.id, album.artist_id) for album in found.albums] == [
            ("deezer:121", "deezer:12"),
            ("deezer:122", "deezer:12"),
        ]
        assert await provider.search("nobody knows this", 3) == Found()
        asked = len(there.requests)
        assert await provider.search("  ", 3) == Found()
        assert len(there.requests) == asked


@pytest.mark.gen_test(timeout=20)
async def test_an_album_has_its_songs_in_order_with_what_they_leave_out() -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        page = await provider.album("122")
        assert (page.album.title, page.album.artist, page.album.released) == (
            "Bob Example 122",
            "Bob Example",
            "2022-05-06",
        )
        assert [(song.id, song.number) for song in page.songs] == [(f"deezer:1220{n}", n) for n in range(1, 6)]
        assert {(song.album, song.album_id, song.genre) for song in page.songs} == {
            ("Bob Example 122", "deezer:122", "Pop")
        }
        assert all(song.cover == page.album.cover for song in page.songs)
        assert len(there.asked("/album")) == 1


@pytest.mark.gen_test(timeout=20)
async def test_a_long_album_is_told_page_by_page() -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        page = await provider.album("149")
        assert [song.title for song in page.songs] == [f"Step {n}" for n in range(1, 131)]
        assert [song.number for song in page.songs] == list(range(1, 131))
        assert [asked.query["index"] for asked in there.asked("/album/149/tracks")] == ["0", "100"]


@pytest.mark.gen_test(timeout=20)
async def test_an_artist_has_albums_and_the_best_songs() -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        page = await provider.artist("14")
        assert (page.artist.name, page.artist.albums, page.artist.fans) == ("Alice & Carol", 3, 14_000)
        assert [(album.id, album.artist) for album in page.albums] == [
            (f"deezer:{key}", "Alice & Carol") for key in (141, 142, 149)
        ]
        assert len(page.top) == 10 and {song.artist_id for song in page.top} == {"deezer:14"}


@pytest.mark.gen_test(timeout=20)
async def test_related_songs_are_the_artists_radio_or_the_best_of_related_artists() -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        related = await provider.related("12101", 6)
        assert len(related) == 6 and "deezer:12101" not in {song.id for song in related}
        assert len({song.artist for song in related}) > 1
        assert not there.asked("/artist/12/related")
        there.no_radio = True
        others = await provider.related("12101", 6)
        assert [song.artist for song in others] == [name for key, name in ARTISTS.items() if key != 12] * 2


@pytest.mark.gen_test(timeout=20)
async def test_genres_and_charts() -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        assert {genre.id: genre.name for genre in await provider.genres()} == {132: "Pop", 152: "Rock", 98: "Classical"}
        songs = await provider.genre_songs(132, 4)
        assert len(songs) == 4 and {song.genre for song in songs} == {"Pop"}
        assert await provider.genre_songs(9_999, 4) == []
        asked = len(there.requests)
        assert await provider.genre_songs(genre_number("Pop"), 4) == []
        assert len(there.requests) == asked
        assert [song.id for song in await provider.top_songs(2)] == ["deezer:11101", "deezer:11102"]
        assert [album.id for album in await provider.new_albums(2)] == ["deezer:149", "deezer:142"]
        assert [album.id for album in await provider.top_albums(2)] == ["deezer:111", "deezer:112"]


@pytest.mark.parametrize("key", ["", "0x10", "-1", "1/top", "../genre", "12201 ", "٣", "1" * 19, "abc", "1?limit=5"])
@pytest.mark.gen_test(timeout=20)
async def test_what_is_no_number_is_not_asked_for(key: str) -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        for ask in (
            provider.song,
            provider.album,
            provider.artist,
            provider.source,
            lambda key: provider.related(key, 5),
        ):
            with pytest.raises(NotFound):
                await ask(key)
        assert there.requests == []


@pytest.mark.gen_test(timeout=20)
async def test_what_is_not_there() -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        for ask, code in (
            (provider.song, "no_such_track"),
            (provider.source, "no_such_track"),
            (provider.album, "no_such_album"),
            (provider.artist, "no_such_artist"),
        ):
            for _ in range(6):  # It is an answer: the breaker stays closed.
                with pytest.raises(NotFound) as caught:
                    await ask("7")
                assert caught.value.code == code
        assert len(there.asked("/track/7")) == 12


@pytest.mark.parametrize("code", [500, 501, 600])
@pytest.mark.gen_test(timeout=20)
async def test_a_question_that_deezer_does_not_understand_finds_nothing(code: int) -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        there.error = {"type": "ParameterException", "message": "Wrong parameter", "code": code}
        assert await provider.search("album:", 5) == Found()
        with pytest.raises(NotFound):
            await provider.song("12201")


async def codes(base: str) -> set[str]:
    return set((await refusals(EVERYTHING, lambda line: Deezer(over(line, base, "Deezer", HANDS), HANDS.now))).values())


@pytest.mark.parametrize(
    "error",
    [
        {"type": "Exception", "message": "Something is wrong"},
        {"type": "Exception", "message": "An unknown one", "code": 200},
        {"type": "Exception", "message": "Mistyped", "code": "four"},
        "a sentence",
        [1, 2],
        True,
    ],
)
@pytest.mark.gen_test(timeout=20)
async def test_an_error_with_status_200_is_no_answer(error: Any) -> None:
    async with deezer_standin() as there:
        there.error = error
        assert await codes(there.url) == {"provider_down"}


@pytest.mark.gen_test(timeout=20)
async def test_being_throttled_is_no_answer() -> None:
    async with deezer_standin() as there:
        there.throttled = True
        assert await codes(there.url) == {"provider_busy"}


@pytest.mark.parametrize("broken", ["html", "half", "shape", "deep", "endless_list", "compressed", "cut"])
@pytest.mark.gen_test(timeout=30)
async def test_nonsense_is_no_answer(broken: Broken) -> None:
    async with deezer_standin() as there:
        there.broken = broken
        assert await codes(there.url) == {"provider_down"}


@pytest.mark.gen_test(timeout=20)
async def test_a_list_that_is_too_long_is_cut() -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        there.broken = "long_list"
        found = await provider.search("bob", 7)
        assert len(found.songs) == 7
        assert len(await provider.top_albums(50)) == 50


@pytest.mark.gen_test(timeout=20)
async def test_one_item_of_nonsense_does_not_spoil_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    async with deezer_standin() as there, deezer(there.url) as provider:
        good = there.track(12201)
        bad = [None, 7, "song", {}, good | {"id": "../x"}, good | {"artist": "Bob"}, good | {"id": None}]
        odd = good | {"id": 5, "title": None, "artist": None, "album": None, "duration": None, "rank": None}
        listed = iter([{"data": [*bad, good, odd]}, {"data": bad}])
        monkeypatch.setattr(there, "_chart", lambda _rest, _asking: there.too_many()._replace(body=next(listed)))
        songs = await provider.top_songs(20)
        assert [song.id for song in songs] == ["deezer:12201", "deezer:5"]
        assert (songs[1].title, songs[1].duration_ms, songs[1].playable_ms) == ("Untitled", None, 30_000)
        with pytest.raises(Unavailable):
            await provider.top_songs(20)
