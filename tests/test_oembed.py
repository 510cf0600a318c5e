"""What providers say of their recordings; and that a link can be added when they say nothing, or nonsense."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import make_wav
from stand_in import StandIn
from tornado.ioloop import IOLoop
from tornado.web import Application

from roomd.catalogue.fetch import Fetcher
from roomd.catalogue.local import LocalFolder
from roomd.catalogue.oembed import Card, OEmbed
from roomd.catalogue.resolve import Resolver
from roomd.catalogue.subtitles import Subtitles, as_webvtt
from roomd.domain.links import Provider, parse_link
from roomd.domain.refusals import Invalid, NotFound, Unavailable
from roomd.domain.wanted import Wanted

FILM = "https://youtu.be/dQw4w9WgXcQ"
SRT = b"\xef\xbb\xbf1\r\n00:00:01,000 --> 00:00:02,500\r\nHello, geese\r\n"
ANSWERS = {
    "good.json": {
        "title": "Geese\u202e at <b>dawn</b>",
        "author_name": "Carol Example",
        "thumbnail_url": "https://pictures.example.org/geese.jpg",
        "duration": 61.5,
        "html": "<script>alert(1)</script>",
    },
    "insecure.json": {"title": "Geese", "thumbnail_url": "http://169.254.169.254/geese.jpg"},
    "wrong.json": {"title": 7},
    "list.json": [1, 2],
}


@pytest.fixture
def server(io_loop: object) -> StandIn:
    files = {name: json.dumps(answer).encode() for name, answer in ANSWERS.items()}
    files |= {"page.html": b"<html>Sorry</html>", "half.json": b'{"title": "Gee', "geese.srt": SRT, "not.vtt": b"Hello"}
    return StandIn(files)


@pytest.fixture
def app(server: StandIn) -> Application:
    return server.app()


@pytest.fixture
def root(http_server: object, http_port: int) -> str:
    return f"http://127.0.0.1:{http_port}"


@pytest.fixture
def folder(io_loop: IOLoop, tmp_path: Path) -> Iterator[LocalFolder]:
    make_wav(tmp_path / "Carol - Long Walk.wav", 1.0)
    local = LocalFolder(tmp_path, b"a key of this test's own")
    yield local
    io_loop.run_sync(local.close)


def asking(root: str, path: str) -> OEmbed:
    endpoints: dict[Provider, str] = dict.fromkeys(("youtube", "vimeo", "soundcloud", "spotify"), f"{root}{path}?url=")
    return OEmbed(Fetcher(["127.0.0.1"]), endpoints)


async def card(root: str, path: str) -> Card:
    link = parse_link(FILM)
    assert link is not None
    return await asking(root, path).card(link)


@pytest.mark.gen_test(timeout=20)
async def test_title_author_picture_and_length_are_taken_and_nothing_else(root: str, server: StandIn) -> None:
    found = await card(root, "/file/good.json")
    assert found == Card("Geese at <b>dawn</b>", "Carol Example", "https://pictures.example.org/geese.jpg", 61_500)
    assert server.requests[0][0] == "/file/good.json"


@pytest.mark.parametrize("name", ["wrong.json", "list.json", "half.json", "page.html"])
@pytest.mark.gen_test(timeout=20)
async def test_nonsense_is_no_answer(root: str, name: str) -> None:
    assert await card(root, f"/file/{name}") == Card()


@pytest.mark.gen_test(timeout=20)
async def test_a_picture_comes_over_https_or_not_at_all(root: str) -> None:
    assert (await card(root, "/file/insecure.json")) == Card("Geese")


@pytest.mark.parametrize("path", ["/status/404", "/status/418", "/endless", "/circle"])
@pytest.mark.gen_test(timeout=20)
async def test_a_provider_in_trouble_is_no_answer(root: str, path: str) -> None:
    assert await card(root, path) == Card()


@pytest.mark.gen_test(timeout=20)
async def test_a_link_is_added_with_what_is_known_and_without_it(root: str, folder: LocalFolder) -> None:
    fetcher = Fetcher(["127.0.0.1"])
    subtitles = Subtitles(fetcher, "a secret of this test's own")
    (track,) = await Resolver(folder, fetcher, asking(root, "/file/good.json"), subtitles).resolve([Wanted(url=FILM)])
    assert (track.title, track.artist, track.kind) == ("Geese at <b>dawn</b>", "Carol Example", "video")
    assert (track.source, track.url) == ("youtube:dQw4w9WgXcQ", "https://www.youtube.com/watch?v=dQw4w9WgXcQ")
    assert (track.duration_ms, track.cover) == (61_500, "https://pictures.example.org/geese.jpg")
    silent = Resolver(folder, fetcher, asking(root, "/status/404"), subtitles)
    song = "spotify:track:4aawyAB9vmqN3uQ7FjRGTy"
    bare, named = await silent.resolve([Wanted(url=FILM), Wanted(url=song, title="Ours")])
    assert (bare.title, bare.loose) == ("youtube dQw4w9WgXcQ", False)
    assert (named.title, named.loose, named.kind) == ("Ours", True, "audio")


@pytest.mark.gen_test(timeout=20)
async def test_subtitles_come_through_this_server_and_only_those_it_was_given(root: str) -> None:
    subtitles = Subtitles(Fetcher(["127.0.0.1"]), "a secret of this test's own")
    signature, name = subtitles.path(f"{root}/file/geese.srt").rsplit("/", 2)[1:]
    assert await subtitles.fetch(signature, name) == "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.500\nHello, geese\n"
    other = Subtitles(Fetcher(["127.0.0.1"]), "another secret").path(f"{root}/file/geese.srt").rsplit("/", 2)[1:]
    with pytest.raises(NotFound):
        await subtitles.fetch(*other)
    for path, kind in (("/file/not.vtt", Invalid), ("/status/404", NotFound)):
        with pytest.raises(kind):
            await subtitles.fetch(*subtitles.path(root + path).rsplit("/", 2)[1:])
    closed = Subtitles(Fetcher(), "a secret of this test's own")
    with pytest.raises(Unavailable):
        await closed.fetch(*closed.path(f"{root}/file/geese.srt").rsplit("/", 2)[1:])


def test_webvtt_stays_as_it_is_and_needs_a_timing() -> None:
    text = "WEBVTT - geese\n\n00:01.000 --> 00:02.000\nHello"
    assert as_webvtt(text.encode()) == text
    with pytest.raises(Invalid):
        as_webvtt(b"WEBVTT\n\nnothing")
