"""Links to a content delivery network: who may make them, how long they hold, and what they are honoured for."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import media_files
import picture_files
import pytest
from serving import Served, serving
from tornado.ioloop import IOLoop

from roomd.catalogue.cdn import LIFE_S, STEP_S, Cdn

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
    io_loop.run_sync(lambda: running.__aexit__(None, None, None))


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
