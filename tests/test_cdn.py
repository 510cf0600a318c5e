"""Links to a content delivery network: who may make them, how long they hold, and what they are honoured for."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import media_files
import picture_files
import pytest
from hub_world import until
from jukebox import behind as behind_server
from serving import Served, leave, serving
from stand_in import StandIn
from test_stream import SOUND, Hall
from tornado.ioloop import IOLoop

from roomd.catalogue import lanes
from roomd.catalogue.cdn import LIFE_S, STEP_S, Cdn
from roomd.catalogue.provider import Source
from roomd.domain.refusals import Unavailable
from roomd.handlers.by_cdn import KEEP_S

BASE = "https://cdn.example/party"
SECRET = "only-the-server-knows-this-and-nobody-else"
PATH = "/media/" + "a1" * 16 + ".mp3"
#: The beginning of an hour, in milliseconds.
HOUR = 1_795_000_000 // STEP_S * STEP_S * 1_000.0


def parts(link: str) -> tuple[str, str, str]:
    """The path, `exp` and `sig` of a link."""
    split = urlsplit(link)
    query = parse_qs(split.query)
    assert sorted(query) == ["exp", "sig"]
    return split.path, query["exp"][0], query["sig"][0]


def test_links_hold_for_an_hour_at_least_and_two_at_most() -> None:
    for made in (HOUR, HOUR + 1, HOUR + STEP_S * 1_000 - 1):
        link = Cdn(BASE, SECRET, lambda: made).link(PATH)  # noqa: B023 - called in the same turn
        path, expires, signature = parts(link)
        assert path == "/party" + PATH and link.startswith(BASE)
        for now, good in (
            (made, True),
            (made + STEP_S * 1_000, True),
            (HOUR + LIFE_S * 1_000, True),
            (HOUR + LIFE_S * 1_000 + 1, False),
        ):
            assert Cdn(BASE, SECRET, lambda: now).good(PATH, expires, signature) is good  # noqa: B023


def test_links_of_one_hour_are_the_same_and_of_the_next_are_others() -> None:
    links = {Cdn(BASE + "/", SECRET, lambda: HOUR + ms).link(PATH) for ms in (0, 1, 3_599_999)}  # noqa: B023
    assert len(links) == 1
    assert Cdn(BASE, SECRET, lambda: HOUR + 3_600_000).link(PATH) not in links


def test_nothing_but_what_was_signed_is_good() -> None:
    cdn = Cdn(BASE, SECRET, lambda: HOUR)
    _, expires, signature = parts(cdn.link(PATH))
    assert cdn.good(PATH, expires, signature)
    later = str(int(expires) + 1)
    flipped = ("0" if signature[0] != "0" else "1") + signature[1:]
    for path, exp, sig in (
        (PATH.replace("a1", "a2"), expires, signature),
        (PATH + "/", expires, signature),
        (PATH, later, signature),
        (PATH, "", signature),
        (PATH, "-1", signature),
        (PATH, "9" * 400, signature),
        (PATH, "٣٣", signature),
        (PATH, expires, flipped),
        (PATH, expires, ""),
        (PATH, expires, signature[:-1]),
        (PATH, expires, signature.upper()),
        (PATH, expires, "ü" * 32),
    ):
        assert not cdn.good(path, exp, sig), (path, exp, sig)
    assert not Cdn(BASE, SECRET + "x", lambda: HOUR).good(PATH, expires, signature)


@pytest.fixture
def behind(io_loop: IOLoop, redis_url: str, database_url: str, data_dir: Path) -> Iterator[Served]:
    music = data_dir / "music"
    media_files.put(music / "Rain.mp3", media_files.id3("Rain", "Alice", "", media_files.png()) + media_files.mp3(99))
    running = serving(redis_url, database_url, data_dir, cdn_url=BASE)
    yield io_loop.run_sync(running.__aenter__)
    leave(io_loop, running)


@pytest.mark.gen_test(timeout=60)
async def test_who_asks_here_is_sent_there_and_the_network_is_served(behind: Served) -> None:
    track = behind.services.folder.search("rain", 1).tracks[0].track
    for path in (track.url, track.cover):
        sent = await behind.http.get(path)
        assert (sent.status_code, sent.headers["Cache-Control"]) == (302, "private, max-age=600")
        assert sent.headers["Access-Control-Allow-Origin"] == "*"
        link = sent.headers["Location"]
        assert link.startswith(f"{BASE}{path}?")
        assert (await behind.http.head(path)).headers["Location"] == link
        inner = link.removeprefix(BASE)
        served = await behind.http.get(inner)
        assert (served.status_code, len(served.content) > 60) == (200, True)
        part = await behind.http.get(inner, headers={"Range": "bytes=0-9"})
        assert part.content == served.content[: 10 if path == track.url else None]
        wrong = await behind.http.get(inner[:-1] + ("0" if inner[-1] != "0" else "1"))
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (403, "link_expired")
        assert (await behind.http.get(path + "?exp=1&sig=" + "0" * 32)).status_code == 403
    assert (await behind.http.options(track.url)).status_code == 204
    # Pages decode what they play, so they may read what is there.
    policy = (await behind.http.get("/")).headers["Content-Security-Policy"]
    assert "; connect-src 'self' https://cdn.example ws: wss:; " in policy


@pytest.mark.gen_test(timeout=60)
async def test_uploads_go_the_same_way(behind: Served) -> None:
    alice = await behind.person("Alice")
    sent = {"avatar": ("me.png", picture_files.written(picture_files.halves()), "image/png")}
    url = (await behind.http.post("/api/accounts/upload-avatar/", files=sent, headers=alice.headers)).json()[
        "avatar_url"
    ]
    assert url.startswith("/uploads/")
    link = (await behind.http.get(url)).headers["Location"]
    assert link.startswith(f"{BASE}{url}?")
    served = await behind.http.get(link.removeprefix(BASE))
    assert (served.status_code, served.headers["Content-Type"]) == (200, "image/webp")
    wrong = await behind.http.get(link.removeprefix(BASE) + "0")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (403, "link_expired")


@pytest.mark.gen_test(timeout=60)
async def test_without_a_network_a_signature_means_nothing(served: Served) -> None:
    url = served.services.folder.search("walk", 1).tracks[0].track.url
    assert (await served.http.get(url)).status_code == 200
    assert (await served.http.get(url + "?exp=1&sig=0")).status_code == 200


@asynccontextmanager
async def beside(redis_url: str, database_url: str, data_dir: Path) -> AsyncIterator[Hall]:
    """A server with a jukebox behind a network."""
    standin = StandIn({"song.mp3": SOUND, "cover.png": media_files.png()})
    async with (
        behind_server(standin) as root,
        serving(redis_url, database_url, data_dir, cdn_url=BASE) as served,
    ):
        yield Hall(served, standin, root)


def kept_s(answer: httpx.Response) -> int:
    """For how many seconds the network keeps it."""
    public, _, seconds = answer.headers["Cache-Control"].partition(", max-age=")
    assert public == "public"
    return int(seconds)


@pytest.mark.gen_test(timeout=60)
async def test_what_the_network_fetched_it_may_keep_and_nobody_else(behind: Served) -> None:
    track = behind.services.folder.search("rain", 1).tracks[0].track
    for path in (track.url, track.cover):
        inner = (await behind.http.get(path)).headers["Location"].removeprefix(BASE)
        assert kept_s(await behind.http.get(inner)) == KEEP_S
        wrong = await behind.http.get(f"{path}?exp=1&sig={'0' * 32}")
        assert wrong.headers["Cache-Control"] == "no-store"


def test_no_copy_is_kept_for_longer_than_its_link_is_good() -> None:
    now = HOUR
    cdn = Cdn(BASE, SECRET, lambda: now)
    _, expires, signature = parts(cdn.link(PATH))
    for later_s, kept in ((0, KEEP_S), (STEP_S, KEEP_S), (LIFE_S - 10.5, 10), (LIFE_S, 0)):
        now = HOUR + later_s * 1_000
        assert cdn.good(PATH, expires, signature) and min(KEEP_S, cdn.left_s(expires)) == kept


@pytest.mark.gen_test(timeout=60)
async def test_other_catalogues_sound_and_pictures_go_the_same_way(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with beside(redis_url, database_url, data_dir) as made:
        seal = made.served.services.library.seal
        made.box.covers["c"] = Source(url=f"{made.root}/file/cover.png", trusted=True)
        for url, whole in (
            (made.put("song", "/file/song.mp3"), SOUND),
            (seal.path("/media/jukebox/cover/c"), media_files.png()),
        ):
            sent = await made.get(url)
            assert (sent.status_code, sent.headers["Cache-Control"]) == (302, "private, max-age=600")
            link = sent.headers["Location"]
            assert link.startswith(f"{BASE}{url.partition('?')[0]}?exp=")
            assert (await made.served.http.head(url)).headers["Location"] == link
            assert not made.standin.requests, "nobody is asked before somebody listens"
            inner = link.removeprefix(BASE)
            fetched = await made.get(inner)
            assert (fetched.status_code, fetched.content, kept_s(fetched)) == (200, whole, KEEP_S)
            assert fetched.headers["Access-Control-Allow-Origin"] == "*"
            bare = inner.partition("?")[0]
            for wrong in (f"{inner}0", inner.replace("exp=", "exp=1"), f"{url}&exp=1&sig={'0' * 32}"):
                refused = await made.get(wrong)
                assert (refused.status_code, refused.json()["error"]["code"]) == (403, "link_expired")
            for wrong in (bare, f"{bare}?s={'0' * 16}"):
                assert (await made.get(wrong)).status_code == 404
            made.standin.requests.clear()


@pytest.mark.gen_test(timeout=60)
async def test_what_has_no_end_or_an_address_that_runs_out_goes_to_nobody_else(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with beside(redis_url, database_url, data_dir) as made:
        station = made.put("station", "/endless", live=True)
        async with made.served.http.stream("GET", station) as answer:
            assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        preview = made.put("preview", "/file/song.mp3", expires_at=made.served.services.clock.now() + 600_000)
        for url in (preview, f"{made.put('open', '/file/song.mp3', public=True)}&redirect=1"):
            answer = await made.get(url)
            assert BASE not in answer.headers.get("Location", "")
        assert (await made.get(preview)).content == SOUND
        assert (await made.get(preview)).headers["Cache-Control"] == "private, max-age=3600"
        secret = await made.get(f"{made.put('secret', '/file/song.mp3')}&redirect=1")
        assert secret.headers["Location"].startswith(BASE)


@pytest.mark.gen_test(timeout=60)
async def test_the_network_has_a_share_of_its_own(
    redis_url: str, database_url: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "MOST_EACH", 0)
    monkeypatch.setattr(lanes, "MOST_CDN", 1)
    async with beside(redis_url, database_url, data_dir) as made:
        inner = (await made.get(made.put("song", "/drip/song.mp3"))).headers["Location"].removeprefix(BASE)
        async with made.served.http.stream("GET", inner) as answer:
            assert answer.status_code == 200, "no listener's share counts for it"
            full = await made.get(inner)
            assert (full.status_code, full.json()["error"]["code"]) == (503, "streams_full")
            assert full.headers["Cache-Control"] == "no-store" and full.headers["Retry-After"]
        await until(lambda: made.open == 0, "the lane is free")
        preview = made.put("preview", "/file/song.mp3", expires_at=made.served.services.clock.now() + 600_000)
        assert (await made.get(preview)).json()["error"]["code"] == "too_many_streams"


def test_of_all_that_passes_the_network_leaves_something_to_others() -> None:
    assert lanes.MOST_EACH <= lanes.MOST - lanes.MOST_CDN and lanes.RATE_EACH <= lanes.RATE_ALL - lanes.RATE_CDN
    made = lanes.Lanes(lambda: 0.0)
    with ExitStack() as stack:
        for _ in range(lanes.MOST_CDN):
            stack.enter_context(made.lane(lanes.CDN, live=False))
        with pytest.raises(Unavailable), made.lane(lanes.CDN, live=False):
            pass
        for number in range(lanes.MOST - lanes.MOST_CDN):
            stack.enter_context(made.lane(f"10.0.0.{number % 2}", live=False))
        with pytest.raises(Unavailable), made.lane("10.0.0.3", live=False):
            pass
    assert made.open == 0
