"""From a link to a track: our own files, links that are looked at, and links that are none."""

from collections.abc import Iterator
from pathlib import Path

import media_files as files
import pytest
from serving import make_wav
from stand_in import StandIn
from tornado.ioloop import IOLoop
from tornado.web import Application

from roomd.catalogue.fetch import Fetcher
from roomd.catalogue.local import LocalFolder
from roomd.catalogue.oembed import OEmbed
from roomd.catalogue.resolve import Resolver, title_of
from roomd.catalogue.subtitles import Subtitles
from roomd.domain.refusals import Invalid, NotFound
from roomd.domain.track import Track
from roomd.domain.wanted import Wanted


def make(folder: LocalFolder, fetcher: Fetcher) -> Resolver:
    return Resolver(folder, fetcher, OEmbed(fetcher), Subtitles(fetcher, "a secret of this test's own"))


@pytest.fixture
def server(io_loop: object) -> StandIn:
    return StandIn(
        {
            "song.mp3": files.id3("Rain", "Alice", "Weather") + files.mp3(2_000),
            "no_tags-at all.wav": files.wav(30),
            "film.mp4": files.mp4(60, video=True, data=900_000, index_last=False),
            "page.html": b"<!doctype html><html><body>Hello</body></html>",
        }
    )


@pytest.fixture
def app(server: StandIn) -> Application:
    return server.app()


@pytest.fixture
def root(http_server: object, http_port: int) -> str:
    return f"http://127.0.0.1:{http_port}"


@pytest.fixture
def folder(io_loop: IOLoop, tmp_path: Path) -> Iterator[LocalFolder]:
    make_wav(tmp_path / "Carol - Long Walk.wav", 2.0)
    local = LocalFolder(tmp_path, b"a key of this test's own")
    io_loop.run_sync(local.rescan)
    yield local
    io_loop.run_sync(local.close)


@pytest.fixture
def resolver(folder: LocalFolder) -> Resolver:
    return make(folder, Fetcher(["127.0.0.1"]))


async def one(resolver: Resolver, url: str, **known: object) -> Track:
    [track] = await resolver.resolve([Wanted(url=url, **known)])  # type: ignore[arg-type]
    return track


@pytest.mark.gen_test(timeout=20)
async def test_our_own_files_are_what_the_index_says(resolver: Resolver, folder: LocalFolder) -> None:
    own = folder.search("walk", 5).tracks[0].track
    assert await one(resolver, own.url) == own
    assert await one(resolver, f" {own.url}?a=b#c ", title="Mine", duration_ms=5.0, kind="video") == own
    stem = own.url.rpartition(".")[0]
    for url in (f"{stem}?x.wav", f"{stem}#x", f"{stem}/cover", "/media/" + "0" * 32 + ".wav", "/media/x"):
        with pytest.raises(NotFound) as refusal:
            await one(resolver, url)
        assert refusal.value.code == "no_such_track", url
    for url in ("/media/", "/media/../secret", "/media/%2e%2e/x", "/media/a//b", "/media", "/other/x.mp3"):
        with pytest.raises(Invalid):
            await one(resolver, url)


@pytest.mark.gen_test(timeout=20)
async def test_links_that_are_none(resolver: Resolver, server: StandIn, root: str) -> None:
    for url in (
        "", "song", "javascript:alert(1)", "file:///etc/passwd", "ftp://files.example/a.mp3", "data:audio/wav,x",
        "//media.example/a.mp3", "http://", "http:///a.mp3", "http://media.example:99999/", "http://media.example:0/",
        "http://[::1", "http://alice:secret@media.example/a.mp3", "http://media.example/a b", "http://media.example\\@x/",
        "http://media.example/\x00", "http://media.example/" + "x" * 2_000,
    ):  # fmt: skip
        with pytest.raises(Invalid) as refusal:
            await resolver.resolve([Wanted(url=f"{root}/file/song.mp3"), Wanted(url=url)])
        assert list(refusal.value.fields) == ["tracks[1].url"], url
    assert server.requests == []


@pytest.mark.gen_test(timeout=20)
async def test_what_is_looked_up(resolver: Resolver, root: str) -> None:
    song = await one(resolver, f"{root}/file/song.mp3")
    assert (song.title, song.artist, song.album, song.kind, song.mime) == (
        "Rain",
        "Alice",
        "Weather",
        "audio",
        "audio/mpeg",
    )
    assert song.duration_ms == pytest.approx(2_000 * 1_152 / 44.1, rel=0.01)
    named = await one(resolver, f"{root}/file/song.mp3", title=" Storm ", artist="Bob", duration_ms=5.0)
    assert (named.title, named.artist, named.album) == ("Storm", "Bob", "Weather")
    assert named.duration_ms == song.duration_ms
    bare = await one(resolver, f"{root}/file/no_tags-at%20all.wav")
    assert (bare.title, bare.duration_ms) == ("no tags-at all", 30_000)
    film = await one(resolver, f"{root}/file/film.mp4", kind="audio")
    assert (film.kind, film.mime) == ("video", "video/mp4")


@pytest.mark.gen_test(timeout=20)
async def test_what_is_certainly_nothing_to_play(resolver: Resolver, root: str) -> None:
    for path, word in (
        ("page", "web page"),
        ("file/page.html", "web page"),
        ("status/404", "404"),
        ("status/410", "410"),
    ):
        with pytest.raises(Invalid) as refusal:
            await one(resolver, f"{root}/{path}")
        assert refusal.value.code == "not_media"
        assert word in refusal.value.fields["tracks[0].url"]


@pytest.mark.gen_test(timeout=20)
async def test_what_nobody_can_tell_is_believed(resolver: Resolver, root: str, unused_port: int) -> None:
    for url in (f"{root}/status/403", f"{root}/status/429", f"http://127.0.0.1:{unused_port}/a.mp3", f"{root}/circle"):
        track = await one(resolver, url)
        assert (track.duration_ms, track.kind, track.url) == (None, "audio", url)
    told = await one(resolver, f"http://127.0.0.1:{unused_port}/clip.mp4", kind="video", duration_ms=9_000.0)
    assert (told.title, told.kind, told.duration_ms) == ("clip", "video", 9_000)


@pytest.mark.gen_test(timeout=20)
async def test_what_is_known_is_not_looked_at(resolver: Resolver, server: StandIn, root: str) -> None:
    track = await one(resolver, f"{root}/page", title="Known", duration_ms=1_000.0, kind="audio")
    assert (track.title, server.requests) == ("Known", [])


@pytest.mark.gen_test(timeout=20)
async def test_private_addresses_are_not_looked_at(folder: LocalFolder, server: StandIn, root: str) -> None:
    track = await one(make(folder, Fetcher()), f"{root}/file/song.mp3")
    assert (track.title, track.duration_ms, server.requests) == ("song", None, [])


@pytest.mark.gen_test(timeout=20)
async def test_many_at_once_keep_their_order(resolver: Resolver, root: str) -> None:
    wanted = [Wanted(url=f"{root}/file/song.mp3", title=str(n)) for n in range(30)]
    assert [track.title for track in await resolver.resolve(wanted)] == [str(n) for n in range(30)]
    wanted[20] = Wanted(url=f"{root}/page")
    with pytest.raises(Invalid) as refusal:
        await resolver.resolve(wanted)
    assert list(refusal.value.fields) == ["tracks[20].url"]
    with pytest.raises(Invalid) as refusal:
        await one(resolver, f"{root}/status/403", title="x" * 301)
    assert list(refusal.value.fields) == ["tracks[0].title"]


def test_names_out_of_links() -> None:
    assert title_of("https://media.example/a/My_Song%20%28live%29.mp3?x=y#z") == "My Song (live)"
    assert title_of("https://media.example/") == "media.example"
    assert title_of("https://media.example/%ff%00.mp3") == "\ufffd"
    assert title_of("/") == "Untitled"


@pytest.fixture
def unused_port() -> int:
    from tornado.testing import bind_unused_port

    socket, port = bind_unused_port()
    socket.close()
    return port
