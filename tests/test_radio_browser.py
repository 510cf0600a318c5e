"""Stations as songs without end; mirrors that stand in for each other; and where a station may lead."""

from collections.abc import Mapping

import httpx
import msgspec
import pytest
from providers_world import Ask, Hands, radio, radio_over, refusals
from standins.radio import radio_standin, station_id
from standins.standin import Broken

from roomd.catalogue import leads
from roomd.catalogue.line import open_line
from roomd.catalogue.mirrors import names_in
from roomd.catalogue.provider import Source
from roomd.domain.refusals import NotFound, Unavailable
from roomd.domain.song import Found, genre_number
from roomd.domain.track import url_fault

ALICE, BOB, CAROL = station_id(0), station_id(1), station_id(2)
EVERYTHING: dict[str, Ask] = {
    "search": lambda radio: radio.search("radio", 10),
    "song": lambda radio: radio.song(ALICE),
    "related": lambda radio: radio.related(ALICE, 10),
    "genres": lambda radio: radio.genres(),
    "genre_songs": lambda radio: radio.genre_songs(genre_number("jazz"), 10),
    "top_songs": lambda radio: radio.top_songs(10),
    "source": lambda radio: radio.source(ALICE),
}


@pytest.mark.gen_test(timeout=20)
async def test_a_station_is_a_song_without_end() -> None:
    async with radio_standin() as there, radio(there.url) as stations:
        song = await stations.song(ALICE)
        assert (song.id, song.title, song.url) == (f"radio:{ALICE}", "Radio Alice", f"/media/radio/{ALICE}")
        assert (song.live, song.duration_ms, song.playable_ms, song.mime) == (True, None, None, "audio/mpeg")
        assert (song.genre, song.cover) == ("jazz", leads.picture("radio", f"{there.url}/logo.png"))
        assert await stations.cover(song.cover.rpartition("/")[2]) == Source(url=f"{there.url}/logo.png")
        assert (await stations.song(CAROL)).cover == ""
        bare = await stations.song(station_id(7))
        assert (bare.title, bare.genre, bare.mime) == ("Radio Silence", "", "")


@pytest.mark.gen_test(timeout=20)
async def test_stations_that_browsers_do_not_play_are_in_no_list() -> None:
    async with radio_standin() as there, radio(there.url) as stations:
        assert (await stations.song(station_id(3))).url == ""
        jazz = [song.title for song in await stations.genre_songs(genre_number("Jazz"), 9)]
        assert jazz == ["Radio Alice", "Radio Bob"]
        assert [song.title for song in await stations.top_songs(2)] == ["Radio Alice", "Radio Bob"]
        assert [song.title for song in (await stations.search("alice", 5)).songs] == ["Radio Alice"]


@pytest.mark.gen_test(timeout=20)
async def test_search_genres_and_what_is_alike() -> None:
    async with radio_standin() as there, radio(there.url) as stations:
        found = await stations.search("radio", 3)
        assert len(found.songs) == 3 and (found.artists, found.albums) == ([], [])
        assert await stations.search(" ", 3) == Found()
        genres = await stations.genres()
        assert [(genre.name, genre.id) for genre in genres[:2]] == [
            ("jazz", genre_number("jazz")),
            ("inside", genre_number("inside")),
        ]
        assert [song.id for song in await stations.related(ALICE, 5)] == [f"radio:{BOB}"]
        assert await stations.related(station_id(7), 5) == []
        assert await stations.genre_songs(132, 5) == []
        assert (await stations.new_albums(5), await stations.top_albums(5)) == ([], [])
        for ask, code in ((stations.album, "no_such_album"), (stations.artist, "no_such_artist")):
            with pytest.raises(NotFound) as caught:
                await ask(ALICE)
            assert caught.value.code == code


@pytest.mark.gen_test(timeout=20)
async def test_listening_counts_as_a_click() -> None:
    async with radio_standin() as there, radio(there.url) as stations:
        await stations.song(ALICE)
        assert there.clicks == []
        source = await stations.source(ALICE)
        assert there.clicks == ["Radio Alice"]
        assert (source.url, source.mime) == (f"{there.url}/stream/0", "audio/mpeg")
        assert (source.live, source.public, source.trusted, source.expires_at) == (True, True, False, None)


@pytest.mark.parametrize("number", [5, 6])
@pytest.mark.gen_test(timeout=20)
async def test_a_station_inside_somebodys_network_is_not_played(number: int) -> None:
    async with radio_standin() as there, radio(there.url) as stations:
        with pytest.raises(NotFound) as caught:
            await stations.source(station_id(number))
        assert caught.value.code == "not_playable"


@pytest.mark.parametrize("key", ["", "1", "../tags", ALICE.upper(), ALICE + "/", ALICE[:-1]])
@pytest.mark.gen_test(timeout=20)
async def test_what_is_no_stations_id_is_not_asked_for(key: str) -> None:
    async with radio_standin() as there, radio(there.url) as stations:
        for ask in (stations.song, stations.source):
            with pytest.raises(NotFound):
                await ask(key)
        assert there.requests == []


@pytest.mark.gen_test(timeout=20)
async def test_a_station_that_is_not_there() -> None:
    async with radio_standin() as there, radio(there.url) as stations:
        for ask in (stations.song, stations.source):
            with pytest.raises(NotFound) as caught:
                await ask(station_id(99))
            assert caught.value.code == "no_such_track"


async def codes(base: str) -> Mapping[str, str]:
    hands = Hands()
    return await refusals(EVERYTHING, lambda line: radio_over(line, base, hands=hands))


@pytest.mark.parametrize("broken", ["html", "half", "shape", "deep", "endless_list", "compressed", "cut"])
@pytest.mark.gen_test(timeout=30)
async def test_nonsense_is_no_answer(broken: Broken) -> None:
    async with radio_standin() as there:
        there.broken = broken
        assert await codes(there.url) == dict.fromkeys(EVERYTHING, "provider_down")


@pytest.mark.gen_test(timeout=20)
async def test_being_throttled_is_no_answer() -> None:
    async with radio_standin() as there:
        there.throttled = True
        assert await codes(there.url) == dict.fromkeys(EVERYTHING, "provider_busy")


@pytest.mark.gen_test(timeout=20)
async def test_a_list_that_is_too_long_is_cut() -> None:
    async with radio_standin() as there, radio(there.url) as stations:
        there.broken = "long_list"
        assert len((await stations.search("radio", 7)).songs) == 7


@pytest.mark.gen_test(timeout=30)
async def test_another_mirror_answers_when_one_is_down_and_is_kept_to() -> None:
    async with radio_standin() as first, radio_standin() as second, radio(first.url, second.url) as stations:
        first.down = True
        for _ in range(3):
            assert (await stations.song(ALICE)).title == "Radio Alice"
        assert (len(first.requests), len(second.requests)) == (1, 3)
        second.broken = "html"
        first.down = False
        assert (await stations.song(BOB)).title == "Radio Bob"
        first.down = True
        with pytest.raises(Unavailable) as caught:
            await stations.song(BOB)
        assert caught.value.code == "provider_down"


@pytest.mark.gen_test(timeout=20)
async def test_another_mirror_is_not_asked_when_one_says_it_is_too_much() -> None:
    async with radio_standin() as first, radio_standin() as second, radio(first.url, second.url) as stations:
        first.throttled = 1
        with pytest.raises(Unavailable) as caught:
            await stations.song(ALICE)
        assert caught.value.code == "provider_busy" and second.requests == []


class Elsewhere(httpx.AsyncHTTPTransport):
    """Connects to these addresses where hosts of these names are asked for."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        super().__init__()
        self._addresses = addresses

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = httpx.URL(self._addresses[request.url.host] + request.url.raw_path.decode())
        return await super().handle_async_request(request)


@pytest.mark.gen_test(timeout=20)
async def test_mirrors_are_looked_up_once_a_day_where_one_stands_for_all() -> None:
    hands = Hands()
    async with radio_standin() as central, radio_standin() as mirror:
        central.servers = [{"ip": "192.0.2.1", "name": name} for name in ("de1.radio.example", "evil.example")]
        there = Elsewhere({"all.radio.example": central.url, "de1.radio.example": mirror.url})
        async with open_line(there) as line:
            stations = radio_over(line, "https://all.radio.example", hands=hands)
            for _ in range(3):
                assert (await stations.song(ALICE)).title == "Radio Alice"
            assert [asked.path for asked in central.requests] == ["/json/servers"]
            assert len(mirror.requests) == 3
            mirror.down = True
            assert (await stations.song(ALICE)).title == "Radio Alice"
            assert len(central.asked("/json/stations")) == 1
            hands.ms += 25 * 3_600_000
            central.broken = "html"
            mirror.down = False
            assert (await stations.song(ALICE)).title == "Radio Alice"
            assert len(central.asked("/json/servers")) == 2
            hands.ms += 61_000
            central.broken = ""
            await stations.song(ALICE)
            assert len(central.asked("/json/servers")) == 3


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        (["de1.api.radio.example", "NL1.api.radio.example."], ["de1.api.radio.example", "nl1.api.radio.example"]),
        (["all.api.radio.example", "api.radio.example", "evil.example"], []),
        (["de1.api.radio.example.evil.example", "x@y.api.radio.example", "a/b.api.radio.example", ""], []),
        (["1.2.3.4:80/.api.radio.example", "ä.api.radio.example", "..api.radio.example"], []),
    ],
)
def test_only_names_on_the_operators_domain_are_mirrors(listed: list[str], names: list[str]) -> None:
    body = msgspec.json.encode([{"ip": "192.0.2.1", "name": name} for name in listed])
    assert names_in(body, httpx.URL("https://all.api.radio.example")) == names


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://radio.example/logo.png", True),
        ("http://radio.example:8000/favicon.ico?v=2", True),
        ("https://radio.example/" + "l" * 362, True),
        ("https://radio.example/" + "l" * 363, False),
        ("https://alice:secret@radio.example/logo.png", False),
        ("data:image/png;base64,AAAA", False),
        ("/media/deezer/1", False),
        ("//radio.example/logo.png", False),
        ("javascript:alert(1)", False),
        ("", False),
        ("null", False),
    ],
)
@pytest.mark.gen_test(timeout=20)
async def test_where_a_stations_picture_may_be(url: str, fine: bool) -> None:
    async with radio_standin() as there, radio(there.url) as stations:
        there.twist = lambda said: [each | {"favicon": url} for each in said]
        cover = (await stations.song(ALICE)).cover
        assert bool(cover) is fine
        if fine:
            assert url_fault(cover) == "" and (await stations.cover(cover.rpartition("/")[2])).url == url


@pytest.mark.parametrize("key", ["x", "AAAA", "____", "e" * 5, leads.picture("radio", "ftp://a.example/")[-20:]])
@pytest.mark.gen_test(timeout=20)
async def test_a_key_that_is_no_address_is_no_picture(key: str) -> None:
    async with radio_standin() as there, radio(there.url) as stations:
        with pytest.raises(NotFound) as caught:
            await stations.cover(key)
        assert caught.value.code == "no_such_cover" and not there.requests
