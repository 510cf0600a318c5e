"""What links are. Every file is made by the test and looked at through a real server."""

import time

import media_files as files
import pytest
from stand_in import StandIn
from tornado.web import Application

from roomd.catalogue.fetch import Fetcher
from roomd.catalogue.probe import BUDGET_BYTES, Probed, probe

BIG = bytes(700_000)


@pytest.fixture
def server(io_loop: object) -> StandIn:
    return StandIn(
        {
            "cbr.mp3": files.mp3(4_000),
            "tagged.mp3": files.id3("Rain", "Alice", "Weather", files.png() + BIG) + files.mp3(4_000),
            "xing.mp3": files.mp3_vbr(900),
            "vbr.mp3": files.mp3_vbr(900)[417:],
            "song.m4a": files.mp4(200, data=3_000_000, title="Fog"),
            "film.mp4": files.mp4(5_000, video=True, data=2_000_000),
            "fast.mp4": files.mp4(60, video=True, data=900_000, index_last=False),
            "song.opus": files.opus(180, ["TITLE=Snow", "ARTIST=Bob"], padding=2_000_000),
            "song.flac": files.flac(240, ["TITLE=Hail", "ALBUM=Weather"]) + BIG,
            "song.wav": files.wav(30, "Wind", "Carol"),
            "clip.webm": files.webm(12.25, title="Clip") + BIG,
            "sound.webm": files.webm(None, video=False) + BIG,
            "stream.aac": files.aac(2_000),
            "page.html": b"\n<!DOCTYPE html><html><body>Hello</body></html>",
            "api.json": b'{"error": "no"}',
            "cover.png": files.png(),
            "notes.txt": b"Just some words.",
            "live.m3u8": b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:4,\nseg1.ts\n",
            "list.m3u": b"#EXTM3U\nhttp://radio.example/a.mp3\n",
            "odd.ts": b"G" + bytes(187) + b"G" + bytes(5_000),
            "nothing": b"",
            "noise.mp3": bytes(range(128, 250)) * 8_000,
        }
    )


@pytest.fixture
def app(server: StandIn) -> Application:
    return server.app()


@pytest.fixture
def root(http_server: object, http_port: int) -> str:
    return f"http://127.0.0.1:{http_port}"


@pytest.fixture
def fetcher() -> Fetcher:
    return Fetcher(["127.0.0.1"])


FRAME_MS = 1_152 / 44.1

RECORDINGS = {
    "cbr.mp3": ("audio", "audio/mpeg", 4_000 * FRAME_MS, "", 2),
    "tagged.mp3": ("audio", "audio/mpeg", 4_000 * FRAME_MS, "Rain", 3),
    "xing.mp3": ("audio", "audio/mpeg", 900 * FRAME_MS, "", 2),
    "vbr.mp3": ("audio", "audio/mpeg", 900 * FRAME_MS, "", 6),
    "song.m4a": ("audio", "audio/mp4", 200_000, "Fog", 2),
    "film.mp4": ("video", "video/mp4", 5_000_000, "", 2),
    "fast.mp4": ("video", "video/mp4", 60_000, "", 2),
    "song.opus": ("audio", "audio/ogg", 180_000, "Snow", 3),
    "song.flac": ("audio", "audio/flac", 240_000, "Hail", 1),
    "song.wav": ("audio", "audio/wav", 30_000, "Wind", 1),
    "clip.webm": ("video", "video/webm", 12_250, "Clip", 1),
    "sound.webm": ("audio", "audio/webm", None, "", 1),
    "stream.aac": ("audio", "audio/aac", 2_000 * 1_024 / 44.1, "", 1),
}


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize("name", RECORDINGS)
async def test_recordings(root: str, fetcher: Fetcher, server: StandIn, name: str) -> None:
    kind, mime, duration, title, requests = RECORDINGS[name]
    found = await probe(f"{root}/file/{name}", fetcher)
    assert (found.what, found.kind, found.mime, found.title) == ("media", kind, mime, title)
    # An MP3 file of changing bitrate without a table of contents can only be estimated, by its first 30 seconds.
    exact = 0.03 if name == "vbr.mp3" else 0.001
    assert found.duration_ms == (None if duration is None else pytest.approx(duration, rel=exact))
    assert len(server.requests) <= requests
    assert server.sent <= BUDGET_BYTES


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize(
    ("name", "duration"), [("cbr.mp3", 4_000 * FRAME_MS), ("song.wav", 30_000), ("fast.mp4", 60_000)]
)
async def test_servers_without_ranges(root: str, fetcher: Fetcher, name: str, duration: float) -> None:
    found = await probe(f"{root}/whole/{name}", fetcher)
    assert found.what == "media"
    assert found.duration_ms == pytest.approx(duration, rel=0.001)


@pytest.mark.gen_test(timeout=20)
async def test_what_lies_beyond_reach_stays_unknown_and_it_is_media_all_the_same(root: str, fetcher: Fetcher) -> None:
    for name, kind in (("song.m4a", "audio"), ("film.mp4", "video"), ("song.opus", "audio")):
        found = await probe(f"{root}/whole/{name}", fetcher)
        assert (found.what, found.kind, found.duration_ms) == ("media", kind, None)


@pytest.mark.gen_test(timeout=20)
async def test_the_bytes_count_and_not_the_type(root: str, fetcher: Fetcher) -> None:
    async def typed(name: str, mime: str) -> Probed:
        return await probe(f"{root}/typed/{name}?type={mime}", fetcher)

    assert (await typed("song.flac", "text/plain")).mime == "audio/flac"
    assert (await typed("page.html", "audio/mpeg")).what == "not_media"
    assert (await typed("odd.ts", "video/mp2t")).kind == "video"
    assert (await typed("odd.ts", "application/octet-stream")).what == "unknown"


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize(
    ("name", "mime", "says"),
    [
        ("page.html", "text/html", "a web page"),
        ("api.json", "application/json", "application/json"),
        ("cover.png", "image/png", "a picture"),
        ("notes.txt", "text/plain", "text/plain"),
        ("list.m3u", "audio/x-mpegurl", "a list of links"),
        ("nothing", "audio/mpeg", "empty"),
    ],
)
async def test_what_is_no_recording(root: str, fetcher: Fetcher, name: str, mime: str, says: str) -> None:
    found = await probe(f"{root}/typed/{name}?type={mime}", fetcher)
    assert found.what == "not_media" and says in found.reason


@pytest.mark.gen_test(timeout=20)
async def test_hls_is_video_without_a_length(root: str, fetcher: Fetcher) -> None:
    found = await probe(f"{root}/typed/live.m3u8?type=text/plain", fetcher)
    assert (found.what, found.kind, found.mime, found.duration_ms) == (
        "media",
        "video",
        "application/vnd.apple.mpegurl",
        None,
    )


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("status/404", "missing"),
        ("status/410", "missing"),
        ("status/403", "unknown"),
        ("status/429", "unknown"),
        ("page", "not_media"),
        ("jump?to=http://169.254.169.254/", "unknown"),
        ("circle", "unknown"),
        ("bomb", "unknown"),
        ("endless", "unknown"),
    ],
)
async def test_answers_that_are_no_file(root: str, fetcher: Fetcher, path: str, what: str) -> None:
    found = await probe(f"{root}/{path}", fetcher)
    assert found.what == what and found.reason


@pytest.mark.gen_test(timeout=20)
async def test_places_that_are_not_visited(fetcher: Fetcher) -> None:
    for url in ("http://10.0.0.1/a.mp3", "ftp://example.com/a.mp3", "not a url", "http://localhost:6379/"):
        assert (await probe(url, Fetcher())).what == "unknown"


@pytest.mark.gen_test(timeout=20)
async def test_time_is_bounded(root: str, fetcher: Fetcher) -> None:
    begun = time.monotonic()
    assert (await probe(f"{root}/silent", fetcher, budget_s=0.4)).what == "unknown"
    dripped = await probe(f"{root}/drip/cbr.mp3", fetcher, budget_s=0.4)
    assert (dripped.what, dripped.mime) == ("media", "audio/mpeg")
    assert time.monotonic() - begun < 3


@pytest.mark.gen_test(timeout=20)
async def test_rubbish_that_claims_to_be_mp3(root: str, fetcher: Fetcher, server: StandIn) -> None:
    found = await probe(f"{root}/typed/noise.mp3?type=audio/mpeg", fetcher)
    assert (found.what, found.duration_ms) == ("media", None)
    assert server.sent <= BUDGET_BYTES
