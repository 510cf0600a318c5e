"""A music server of one's own as a provider: what its answers become, and that credentials stay here."""

import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from providers_world import Ask, Hands, over, refusals, subsonic
from standins.standin import Broken
from standins.subsonic import API_KEY, PASSWORD, PICTURE, SOUND, USER, subsonic_standin

from roomd.catalogue import subsonic_wire as wire
from roomd.catalogue.subsonic import Credentials, Subsonic
from roomd.domain.refusals import NotFound, Unavailable
from roomd.domain.song import Found, genre_number

ALICE = Credentials(user=USER, password=PASSWORD)
HANDS = Hands()
EVERYTHING: dict[str, Ask] = {
    "search": lambda server: server.search("rain", 10),
    "song": lambda server: server.song("tr-111"),
    "album": lambda server: server.album("al-11"),
    "artist": lambda server: server.artist("ar-1"),
    "related": lambda server: server.related("tr-111", 10),
    "genres": lambda server: server.genres(),
    "genre_songs": lambda server: server.genre_songs(genre_number("Jazz"), 10),
    "top_songs": lambda server: server.top_songs(10),
    "new_albums": lambda server: server.new_albums(10),
    "top_albums": lambda server: server.top_albums(10),
    "source": lambda server: server.source("tr-111"),
}


async def codes(base: str, credentials: Credentials = ALICE) -> set[str]:
    found = await refusals(EVERYTHING, lambda line: Subsonic(over(line, base, "Our music", HANDS), credentials))
    return set(found.values())


@pytest.mark.gen_test(timeout=20)
async def test_a_song_is_told_whole_and_played_by_this_server() -> None:
    async with subsonic_standin() as there, subsonic(there.url, ALICE) as server:
        song = await server.song("tr-111")
        assert (song.id, song.title, song.artist, song.album) == (
            "subsonic:tr-111",
            "Rain 11",
            "Alice Example",
            "Album 11",
        )
        assert (song.artist_id, song.album_id, song.url) == (
            "subsonic:ar-1",
            "subsonic:al-11",
            "/media/subsonic/tr-111",
        )
        assert (song.duration_ms, song.playable_ms, song.mime, song.genre) == (101_000, None, "audio/mpeg", "Folk")
        assert (song.number, song.released, song.cover) == (1, "2011", "/media/subsonic/cover/mf-111_5f3a")
        with pytest.raises(NotFound) as caught:
            await server.song("tr-777")
        assert caught.value.code == "no_such_track"


@pytest.mark.gen_test(timeout=20)
async def test_search_finds_songs_artists_and_albums_and_no_films() -> None:
    async with subsonic_standin() as there, subsonic(there.url, ALICE) as server:
        found = await server.search("rain", 3)
        assert [song.id for song in found.songs] == ["subsonic:tr-111", "subsonic:tr-121"]
        assert (found.artists, found.albums) == ([], [])
        bob = await server.search("bob", 2)
        assert [(artist.id, artist.albums) for artist in bob.artists] == [("subsonic:ar-2", 2)]
        assert [album.id for album in bob.albums] == ["subsonic:al-21", "subsonic:al-22"]
        assert await server.search("nobody knows this", 3) == Found()


@pytest.mark.gen_test(timeout=20)
async def test_albums_and_artists() -> None:
    async with subsonic_standin() as there, subsonic(there.url, ALICE) as server:
        page = await server.album("al-12")
        assert (page.album.title, page.album.released, page.album.artist) == ("Album 12", "2012-05-06", "Alice Example")
        assert [(song.id, song.number) for song in page.songs] == [(f"subsonic:tr-12{n}", n) for n in range(1, 5)]
        artist = await server.artist("ar-2")
        assert (artist.artist.name, artist.artist.albums) == ("Bob Example", 2)
        assert [album.id for album in artist.albums] == ["subsonic:al-21", "subsonic:al-22"]
        assert len(artist.top) == 8
        for ask, code in ((server.album, "no_such_album"), (server.artist, "no_such_artist")):
            with pytest.raises(NotFound) as caught:
                await ask("xx-9")
            assert caught.value.code == code


@pytest.mark.parametrize("lonely", [True, "error"])
@pytest.mark.gen_test(timeout=20)
async def test_a_server_that_knows_nobody_to_ask_tells_what_it_has(lonely: bool | str) -> None:
    async with subsonic_standin() as there, subsonic(there.url, ALICE) as server:
        similar = [f"subsonic:tr-{key}" for key in (112, 113, 114, 121, 122, 123)]
        assert [song.id for song in await server.related("tr-111", 6)] == similar
        there.lonely = lonely
        assert [song.id for song in await server.related("tr-211", 9)] == [
            f"subsonic:tr-{key}" for key in (212, 213, 214, 221, 222, 223, 224)
        ]
        assert [song.album for song in (await server.artist("ar-1")).top] == ["Album 11"] * 4 + ["Album 12"] * 4


@pytest.mark.gen_test(timeout=20)
async def test_genres_by_the_numbers_of_their_names() -> None:
    async with subsonic_standin() as there, subsonic(there.url, ALICE) as server:
        rock = genre_number("folk & rock")
        assert [song.id for song in await server.genre_songs(rock, 2)] == ["subsonic:tr-121", "subsonic:tr-122"]
        assert {genre.name: genre.id for genre in await server.genres()}["Folk & Rock"] == rock
        assert await server.genre_songs(132, 5) == []


@pytest.mark.gen_test(timeout=20)
async def test_what_is_played_most_and_what_is_new() -> None:
    async with subsonic_standin() as there, subsonic(there.url, ALICE) as server:
        assert [song.id for song in await server.top_songs(3)] == [f"subsonic:tr-{key}" for key in (214, 114, 213)]
        assert [album.id for album in await server.top_albums(9)] == ["subsonic:al-21", "subsonic:al-11"]
        assert [album.id for album in await server.new_albums(2)] == ["subsonic:al-22", "subsonic:al-21"]
        there.played = []
        assert await server.top_songs(3) == []


@pytest.mark.gen_test(timeout=20)
async def test_servers_that_made_their_json_from_xml() -> None:
    async with subsonic_standin() as there, subsonic(there.url, ALICE) as server:
        there.from_xml = True
        assert [song.id for song in (await server.search("long walk 21", 5)).songs] == ["subsonic:tr-213"]
        assert len((await server.search("bob", 1)).artists) == 1
        assert len((await server.album("al-11")).songs) == 4


@pytest.mark.gen_test(timeout=20)
async def test_sound_and_pictures_are_reached_with_credentials_that_nobody_is_given() -> None:
    async with (
        subsonic_standin() as there,
        subsonic(there.url, ALICE) as server,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        source = await server.source("tr-111")
        assert (source.public, source.trusted, source.mime, source.expires_at) == (False, True, "audio/mpeg", None)
        answer = await http.get(source.url, headers={"Range": "bytes=0-9"})
        assert (answer.status_code, answer.content) == (206, SOUND[:10])
        assert there.requests[-1].query["format"] == "raw"
        odd = await server.source("tr-221", fresh=True)
        assert odd.mime == "audio/mpeg" and parse_qs(urlsplit(odd.url).query)["format"] == ["mp3"]
        cover = await server.cover("mf-111_5f3a")
        assert (cover.public, (await http.get(cover.url)).content) == (False, PICTURE)
        with pytest.raises(NotFound):
            await server.source("tr-777")
        with pytest.raises(NotFound):
            await server.cover("../../getUsers")


@pytest.mark.gen_test(timeout=20)
async def test_the_password_is_never_sent_and_the_salt_is_new_each_time() -> None:
    async with subsonic_standin() as there, subsonic(there.url, ALICE) as server:
        for ask in EVERYTHING.values():
            await ask(server)
        sent = str(there.requests)
        assert PASSWORD not in sent and PASSWORD.encode().hex() not in sent
        assert len({asked.query["s"] for asked in there.requests}) == len(there.requests)
        assert {asked.query["c"] for asked in there.requests} == {"roomd"}


@pytest.mark.gen_test(timeout=20)
async def test_an_api_key_goes_alone() -> None:
    async with subsonic_standin() as there, subsonic(there.url, Credentials(USER, PASSWORD, API_KEY)) as server:
        assert (await server.song("tr-111")).title == "Rain 11"
        assert {"u", "t", "s", "p"}.isdisjoint(there.requests[-1].query)


@pytest.mark.gen_test(timeout=30)
@pytest.mark.logs("does not accept roomd's credentials", "left alone for half a minute")
async def test_credentials_are_in_no_log_and_in_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    wrong = Credentials(user=USER, password="open-barley")
    keyed = Credentials(api_key="key-of-nobody")
    caplog.set_level(logging.DEBUG)
    said: list[str] = [repr(ALICE), str(keyed)]
    async with subsonic_standin() as there:
        for credentials in (ALICE, wrong, keyed):
            async with subsonic(there.url, credentials) as server:
                for name, ask in EVERYTHING.items():
                    try:
                        answer = await ask(server)
                        said.append("" if name == "source" else msgspec.json.encode(answer).decode())
                    except Unavailable as refusal:
                        said.append(f"{refusal!r} {refusal.fields} {refusal.__cause__!r}")
                there.down = True
                with pytest.raises(Unavailable) as caught:
                    await server.song("tr-111")
                said.append(repr(caught.value))
                there.down = False
    secrets = [PASSWORD, "open-barley", "key-of-nobody", "apiKey="]
    secrets += [asked.query[name] for asked in there.requests for name in ("t", "s") if name in asked.query]
    spoken = [f"{record.name} {record.getMessage()} {record.exc_text}" for record in caplog.records]
    assert [secret for secret in secrets if secret in "\n".join(said + spoken)] == []
    assert any("wrong API key" in line for line in spoken) and any("wrong user name" in line for line in spoken)


@pytest.mark.parametrize("code", [40, 41, 42, 43, 44])
@pytest.mark.logs("does not accept roomd's credentials")
@pytest.mark.gen_test(timeout=20)
async def test_wrong_credentials_are_said_once_and_answer_nobody(code: int, caplog: pytest.LogCaptureFixture) -> None:
    async with subsonic_standin() as there, subsonic(there.url, ALICE) as server:
        there.error = {"code": code, "message": "no"}
        for _ in range(2):
            with pytest.raises(Unavailable) as caught:
                await server.song("tr-111")
            assert caught.value.code == "provider_down"
        assert len([record for record in caplog.records if "credentials" in record.getMessage()]) == 1
        there.error = None
        assert (await server.song("tr-111")).title == "Rain 11"


@pytest.mark.parametrize("status", ["failed", "ok"])
@pytest.mark.parametrize("code", [0, 10, 20, 30, 50, 60])
@pytest.mark.gen_test(timeout=20)
async def test_what_the_server_will_not_do_is_no_answer_and_no_outage(code: int, status: str) -> None:
    async with subsonic_standin() as there, subsonic(there.url, ALICE) as server:
        there.error, there.error_status = {"code": code, "message": "no"}, status
        for _ in range(6):
            with pytest.raises(Unavailable) as caught:
                await server.song("tr-111")
            assert f"error {code}" in caught.value.message and caught.value.code == "provider_down"
        there.error = None
        assert (await server.song("tr-111")).title == "Rain 11"


@pytest.mark.parametrize("broken", ["html", "half", "shape", "deep", "endless_list", "compressed", "cut"])
@pytest.mark.gen_test(timeout=30)
async def test_nonsense_is_no_answer(broken: Broken) -> None:
    async with subsonic_standin() as there:
        there.broken = broken
        assert await codes(there.url) == {"provider_down"}


@pytest.mark.gen_test(timeout=20)
async def test_a_proxy_that_is_asked_too_much() -> None:
    async with subsonic_standin() as there:
        there.throttled = True
        assert await codes(there.url) == {"provider_busy"}


@pytest.mark.gen_test(timeout=20)
async def test_a_list_that_is_too_long_is_cut() -> None:
    async with subsonic_standin() as there, subsonic(there.url, ALICE) as server:
        there.broken = "long_list"
        assert len((await server.search("bob", 7)).songs) == 7
        assert len(await server.new_albums(20)) == 20
        assert len((await server.album("al-11")).songs) == 500


@pytest.mark.parametrize("key", ["", "a/b", "..", "a b", "~", "~!", "~_w", "a" * 200, "tr\n1", "a?u=1"])
@pytest.mark.gen_test(timeout=20)
async def test_what_cannot_be_a_key_is_not_asked_for(key: str) -> None:
    async with subsonic_standin() as there, subsonic(there.url, ALICE) as server:
        for ask in (server.song, server.album, server.artist, server.source, server.cover):
            with pytest.raises(NotFound):
                await ask(key)
        assert there.requests == []


@pytest.mark.parametrize("said", ["tr-1", 7, "a/b", "über", "a b", "../x", "~x", "-1", "a&b=c", "x" * 100 + "/"])
def test_any_id_of_a_server_can_stand_in_an_address(said: Any) -> None:
    from roomd.domain.track import url_fault

    key = wire.key_of(said)
    assert url_fault(f"/media/subsonic/{key}") == "" and url_fault(wire.cover_path(said)) == ""
    assert wire.id_of(key) == str(said)
    assert wire.key_of("x" * 200) == wire.key_of(None) == wire.key_of("") == ""
