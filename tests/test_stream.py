"""Sound of other catalogues, passed on: exact to the byte, as fast as it is taken, and not for longer."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import media_files as files
import pytest
from hub_world import until
from jukebox import Jukebox, behind, install
from serving import Served, serving
from stand_in import StandIn
from standins.deezer import PREVIEW, DeezerStandin, deezer_standin

from roomd.catalogue import lanes as lanes_module
from roomd.catalogue.provider import Source

SOUND = files.mp3(3_000)


class Hall:
    """A server with a jukebox, and what is behind that."""

    def __init__(self, served: Served, standin: StandIn, root: str) -> None:
        self.served = served
        self.standin = standin
        self.root = root
        self.box = Jukebox()
        install(served, self.box)

    def put(self, key: str, path: str, **known: Any) -> str:
        """A song behind that path; the address under which it is passed on."""
        usual: dict[str, Any] = {"url": f"{self.root}{path}", "trusted": True, "mime": "audio/mpeg"}
        self.box.sources[key] = Source(**usual | known)
        return self.served.services.library.seal.path(f"/media/jukebox/{key}")

    async def get(self, path: str, **headers: str) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.served.http.get(path, headers=sent)

    @property
    def open(self) -> int:
        return self.served.services.library.relay.lanes.open


@pytest.fixture
def hall(redis_url: str, database_url: str, data_dir: Path) -> Callable[..., Any]:
    @asynccontextmanager
    async def open_hall(**settings: Any) -> AsyncIterator[Hall]:
        standin = StandIn({"song.mp3": SOUND, "page.html": b"<!doctype html><p>Hello", "cover.png": files.png()})
        async with behind(standin) as root, serving(redis_url, database_url, data_dir, **settings) as served:
            yield Hall(served, standin, root)

    return open_hall


@asynccontextmanager
async def with_deezer(
    redis_url: str, database_url: str, data_dir: Path
) -> AsyncIterator[tuple[Served, DeezerStandin, str]]:
    """A server with Deezer; and the address of a preview there."""
    async with (
        deezer_standin() as standin,
        serving(redis_url, database_url, data_dir, deezer_base_url=standin.url) as served,
    ):
        alice = await served.person("Alice")
        found = (await alice.call("GET", "/api/catalogue/search/?q=rain&provider=deezer")).json()
        (url,) = [track["url"] for track in found["tracks"] if track["id"] == "deezer:11101"]
        yield served, standin, url


@pytest.mark.gen_test(timeout=40)
async def test_a_preview_is_passed_on_with_ranges(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with with_deezer(redis_url, database_url, data_dir) as (served, standin, url):
        assert url.startswith("/media/deezer/11101?s=")
        whole = await served.http.get(url)
        assert (whole.status_code, whole.content, whole.headers["Content-Type"]) == (200, PREVIEW, "audio/mpeg")
        assert whole.headers["Access-Control-Allow-Origin"] == "*" and whole.headers["Accept-Ranges"] == "bytes"
        assert whole.headers["X-Content-Type-Options"] == "nosniff" and "private" in whole.headers["Cache-Control"]
        part = await served.http.get(url, headers={"Range": "bytes=100-299"})
        assert (part.status_code, part.content) == (206, PREVIEW[100:300])
        assert part.headers["Content-Range"] == f"bytes 100-299/{len(PREVIEW)}"
        head = await served.http.head(url)
        assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(PREVIEW)))
        assert len(standin.asked("/stream/")) == 3
        assert not {"Authorization", "Cookie", "Referer"} & set(standin.asked("/stream/")[0].headers)


@pytest.mark.gen_test(timeout=40)
async def test_a_preview_that_has_run_out_is_asked_for_anew_once(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with with_deezer(redis_url, database_url, data_dir) as (served, standin, url):
        assert (await served.http.get(url)).content == PREVIEW
        standin.expire()
        standin.requests.clear()
        again = await served.http.get(url, headers={"Range": "bytes=5-9"})
        assert (again.status_code, again.content) == (206, PREVIEW[5:10])
        assert len(standin.asked("/track/11101")) == 1 and len(standin.asked("/stream/")) == 2
        standin.media_status = 403
        standin.requests.clear()
        refused = await served.http.get(url)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "provider_down")
        assert refused.headers["Retry-After"] == "2"
        assert len(standin.asked("/track/11101")) == 1 and len(standin.asked("/stream/")) == 2
        standin.media_status = 404
        assert (await served.http.get(url)).status_code == 404


@pytest.mark.gen_test(timeout=40)
async def test_only_sealed_addresses_are_answered(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with with_deezer(redis_url, database_url, data_dir) as (served, standin, url):
        standin.requests.clear()
        bare, _, mark = url.partition("?s=")
        for path in (
            bare, f"{bare}?s=", f"{bare}?s={'0' * 16}", f"/media/deezer/11102?s={mark}", f"{bare}/?s={mark}",
            f"/media/deezer/cover/11101?s={mark}", f"/media/deezer/%2e%2e?s={mark}", f"{bare}?s=%ff",
        ):  # fmt: skip
            answer = await served.http.get(path)
            assert answer.status_code in {404, 400}, path
        assert not standin.requests
        other = served.services.library.seal.path("/media/elsewhere/1")
        assert (await served.http.get(other)).json()["error"]["code"] == "no_such_catalogue"
        silent = served.services.library.seal.path("/media/deezer/11105")
        assert (await served.http.get(silent)).json()["error"]["code"] == "not_playable"
        own = served.services.folder.search("Long Walk", 1).tracks[0]
        assert (await served.http.get(own.track.url)).status_code == 200


@pytest.mark.gen_test(timeout=40)
async def test_a_redirect_where_the_address_is_no_secret(
    redis_url: str, database_url: str, data_dir: Path, hall: Callable[..., Any]
) -> None:
    async with with_deezer(redis_url, database_url, data_dir) as (served, standin, url):
        sent = await served.http.get(f"{url}&redirect=1")
        assert sent.status_code == 302 and sent.headers["Location"].startswith(f"{standin.url}/stream/")
        assert sent.headers["Cache-Control"] == "no-store"
        assert not standin.asked("/stream/")
    async with hall() as made:
        secret = made.put("secret", "/file/song.mp3?password=x")
        kept = await made.get(f"{secret}&redirect=1")
        assert (kept.status_code, kept.content) == (200, SOUND) and "Location" not in kept.headers


@pytest.mark.gen_test(timeout=40)
async def test_conditions_pass_through(hall: Callable[..., Any]) -> None:
    async with hall() as made:
        url = made.put("song", "/whole/song.mp3")
        first = await made.get(url)
        assert first.status_code == 200 and first.headers["ETag"]
        same = await made.get(url, If_None_Match=first.headers["ETag"])
        assert (same.status_code, same.content) == (304, b"")
        made.standin.headers = {}
        await made.get(url, If_Modified_Since="Mon, 02 Jan 2023 00:00:00 GMT", Cookie="a=b", If_Range='"x"')
        assert made.standin.headers["If-Modified-Since"] and made.standin.headers["If-Range"] == '"x"'
        assert "Cookie" not in made.standin.headers


@pytest.mark.gen_test(timeout=40)
@pytest.mark.parametrize(
    ("path", "mime", "status"),
    [
        ("/file/page.html?", "audio/mpeg", 200),  # nothing said of its type: the provider knows
        ("/typed/song.mp3?type=audio/ogg", "", 200),
        ("/typed/song.mp3?type=AUDIO/X-Custom%3Bq%3D1", "", 200),
        ("/typed/song.mp3?type=application/ogg", "", 200),
        ("/typed/song.mp3?type=application/octet-stream", "", 503),
        ("/typed/song.mp3?type=text/html", "audio/mpeg", 503),
        ("/typed/song.mp3?type=image/svg%2Bxml", "audio/mpeg", 503),
        ("/typed/song.mp3?type=audio/x-mpegurl", "audio/mpeg", 503),
        ("/typed/song.mp3?type=audio/x-scpls", "audio/mpeg", 503),
        ("/typed/song.mp3?type=audio/%20x%22", "audio/mpeg", 503),
        ("/page", "audio/mpeg", 503),
        ("/bomb", "audio/mpeg", 503),
        ("/status/403", "audio/mpeg", 503),
        ("/status/401", "audio/mpeg", 503),
        ("/status/404", "audio/mpeg", 404),
        ("/status/410", "audio/mpeg", 404),
        ("/status/204", "audio/mpeg", 503),
        ("/circle", "audio/mpeg", 503),
        ("/hops/9", "audio/mpeg", 503),
    ],
)
async def test_only_sound_is_passed_on(hall: Callable[..., Any], path: str, mime: str, status: int) -> None:
    async with hall() as made:
        answer = await made.get(made.put("odd", path, mime=mime))
        assert answer.status_code == status, answer.headers
        if status == 200:
            assert answer.headers["Content-Type"].startswith(("audio/", "application/ogg"))
        else:
            assert "error" in answer.json()
            assert made.box.asked[-1] == ("odd", True), "asked for anew before it was given up"
        assert made.open == 0


@pytest.mark.gen_test(timeout=40)
async def test_too_often_is_not_asked_again(hall: Callable[..., Any]) -> None:
    async with hall() as made:
        answer = await made.get(made.put("odd", "/status/429"))
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "provider_busy")
        assert made.box.asked == [("odd", False)]


@pytest.mark.gen_test(timeout=40)
async def test_a_part_that_is_beyond_the_end(hall: Callable[..., Any]) -> None:
    async with hall() as made:
        url = made.put("song", "/file/song.mp3")
        part = await made.get(url, Range="bytes=10-19")
        assert (part.status_code, part.content) == (206, SOUND[10:20])
        whole = await made.get(made.put("plain", "/whole/song.mp3"), Range="bytes=10-19")
        assert (whole.status_code, whole.content) == (200, SOUND), "it does not do ranges, which a player understands"


@pytest.mark.gen_test(timeout=40)
async def test_redirects_are_judged_and_take_no_secrets_along(hall: Callable[..., Any]) -> None:
    async with hall() as made:
        elsewhere = made.root.replace("127.0.0.1", "localhost")
        secret = {"Authorization": "Bearer of-the-operator"}
        url = made.put("jump", f"/jump?to={elsewhere}/file/song.mp3", headers=secret)
        answer = await made.get(url)
        assert answer.status_code == 503
        assert [path for path, _ in made.standin.requests] == ["/jump", "/jump"], "a private host is not gone to"
        untrusted = made.put("private", "/file/song.mp3", trusted=False)
        assert (await made.get(untrusted)).status_code == 503
        same = made.put("same", "/jump?to=/file/song.mp3", headers=secret)
        assert (await made.get(same)).content == SOUND
        assert made.standin.headers["Authorization"] == secret["Authorization"]
    async with hall(fetch_allow=("localhost",)) as made:
        elsewhere = made.root.replace("127.0.0.1", "localhost")
        url = made.put("jump", f"/jump?to={elsewhere}/file/song.mp3", headers=secret)
        answer = await made.get(url, Range="bytes=3-5")
        assert answer.content == SOUND[3:6]
        assert "Authorization" not in made.standin.headers and made.standin.headers["Range"] == "bytes=3-5"


async def listener(made: Hall, url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Somebody who has read the head of the answer, and reads nothing more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", made.served.port, limit=4_096)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    writer.write(f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in head, head
    return reader, writer


@pytest.mark.gen_test(timeout=40)
@pytest.mark.parametrize("path", ["/drip/song.mp3", "/endless"])
async def test_the_other_server_is_let_go_of_when_the_listener_goes(hall: Callable[..., Any], path: str) -> None:
    async with hall() as made:
        _, writer = await listener(made, made.put("song", path, live=path == "/endless"))
        assert made.open == 1
        writer.transport.abort()
        await asyncio.wait_for(made.standin.closed.wait(), 15)
        await until(lambda: made.open == 0, "the lane is free")


@pytest.mark.gen_test(timeout=40)
async def test_a_slow_listener_slows_the_other_server_down(hall: Callable[..., Any]) -> None:
    async with hall() as made:
        _, writer = await listener(made, made.put("station", "/endless", live=True))
        before = -1
        while before != made.standin.sent:
            before = made.standin.sent
            for _ in range(30):
                assert (await made.served.http.get("/api/health/live")).status_code == 200
        # What is under way is in the buffers of the kernel's four sockets, not in ours.
        assert before < 40_000_000
        writer.transport.abort()
        await asyncio.wait_for(made.standin.closed.wait(), 15)


@pytest.mark.gen_test(timeout=40)
async def test_a_listener_who_takes_nothing_for_long_is_let_go_of(
    hall: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roomd.handlers.stream.STALL_S", 0.2)
    async with hall() as made:
        _, writer = await listener(made, made.put("station", "/endless", live=True))
        await asyncio.wait_for(made.standin.closed.wait(), 15)
        await until(lambda: made.open == 0, "the lane is free")
        writer.transport.abort()


@pytest.mark.gen_test(timeout=40)
async def test_a_station_goes_on_and_has_no_parts(hall: Callable[..., Any]) -> None:
    async with hall() as made:
        url = made.put("station", "/endless", live=True)
        reader, writer = await listener(made, url)
        taken = 0
        while taken < 5_000_000:
            taken += len(await reader.read(65_536))
        writer.transport.abort()
        await asyncio.wait_for(made.standin.closed.wait(), 15)
        async with made.served.http.stream("GET", url, headers={"Range": "bytes=5-9"}) as answer:
            assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
        assert "Range" not in made.standin.headers


@pytest.mark.gen_test(timeout=40)
async def test_there_is_an_end_to_what_is_not_live(hall: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roomd.catalogue.resuming.MAX_BYTES", 2_000_000)
    async with hall() as made:
        with pytest.raises(httpx.RemoteProtocolError):
            await made.get(made.put("endless", "/endless"))
        await asyncio.wait_for(made.standin.closed.wait(), 15)
        await until(lambda: made.open == 0, "the lane is free")


@pytest.mark.gen_test(timeout=40)
async def test_so_many_streams_and_no_more(hall: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes_module, "MOST_EACH", 1)
    async with hall() as made:
        url = made.put("song", "/drip/song.mp3")
        _, writer = await listener(made, url)
        full = await made.get(url)
        assert (full.status_code, full.json()["error"]["code"]) == (429, "too_many_streams")
        assert int(full.headers["Retry-After"]) >= 1
        monkeypatch.setattr(lanes_module, "MOST_EACH", 9)
        monkeypatch.setattr(lanes_module, "MOST", 1)
        over = await made.get(url)
        assert (over.status_code, over.json()["error"]["code"]) == (503, "streams_full")
        writer.transport.abort()
        await until(lambda: made.open == 0, "the lane is free")
        assert (await made.get(made.put("other", "/file/song.mp3"))).content == SOUND


@pytest.mark.gen_test(timeout=40)
async def test_pictures(hall: Callable[..., Any]) -> None:
    async with hall() as made:
        seal = made.served.services.library.seal
        secret = {"X-Secret": "of the operator"}
        for key, path in (
            ("good", "/file/cover.png"), ("page", "/file/page.html"), ("endless", "/endless"), ("gone", "/status/404"),
            ("down", "/status/403"), ("private", "/file/cover.png"),
        ):  # fmt: skip
            made.box.covers[key] = Source(url=f"{made.root}{path}", headers=secret, trusted=key != "private")
        url = seal.path("/media/jukebox/cover/good")
        picture = await made.get(url)
        assert (picture.status_code, picture.content) == (200, files.png())
        assert picture.headers["Content-Type"] == "image/png" and "max-age=86400" in picture.headers["Cache-Control"]
        asked = len(made.standin.requests)
        assert (await made.get(url, If_None_Match=picture.headers["ETag"])).status_code == 304
        assert (await made.served.http.head(url)).status_code == 200
        assert len(made.standin.requests) == asked, "kept for others in the room"
        assert (await made.get(f"{url}0")).status_code == 404
        for key, status, code in (
            ("page", 404, "no_such_cover"), ("gone", 404, "no_such_cover"), ("none", 404, "no_such_cover"),
            ("down", 503, "provider_down"), ("endless", 503, "provider_down"), ("private", 503, "provider_down"),
        ):  # fmt: skip
            answer = await made.get(seal.path(f"/media/jukebox/cover/{key}"))
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), key
        assert (await made.get(seal.path("/media/local/cover/x"))).json()["error"]["code"] == "no_such_cover"
        assert made.open == 0


@pytest.mark.gen_test(timeout=40)
async def test_streaming_by_the_songs_id(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with with_deezer(redis_url, database_url, data_dir) as (served, standin, url):
        alice = await served.person("Alice")
        for text in ("deezer:11101", "11101"):
            whole = await alice.call("GET", f"/api/catalogue/stream/{text}/")
            assert (whole.status_code, whole.content, whole.headers["Content-Type"]) == (200, PREVIEW, "audio/mpeg")
        part = await served.http.get("/api/catalogue/stream/11101/", headers=alice.headers | {"Range": "bytes=1-2"})
        assert (part.status_code, part.content) == (206, PREVIEW[1:3])
        told = (await alice.call("GET", "/api/catalogue/stream/11101/?direct=false")).json()
        assert told["preview_url"] == url and told["expires_at"] is None
        silent = await alice.call("GET", "/api/catalogue/stream/11105/")
        assert (silent.status_code, silent.json()["error"]) == (404, "not_playable")
        standin.media_status = 500
        broken = await alice.call("GET", "/api/catalogue/stream/11101/")
        said = broken.json()
        assert (broken.status_code, said["error"], said["fallback"]) == (503, "provider_down", True)
        assert said["preview_url"].startswith(f"{standin.url}/stream/") and said["message"]


@pytest.mark.gen_test(timeout=40)
async def test_a_catalogues_song_is_queued_by_its_address(redis_url: str, database_url: str, data_dir: Path) -> None:
    """What the catalogue says of it counts, and everybody in the room can play it."""
    async with with_deezer(redis_url, database_url, data_dir) as (served, _, url):
        alice = await served.person("Alice")
        code = await served.room(alice)
        path = f"/api/rooms/{code}/queue/"
        for wanted in (
            {"url": url, "title": "Mine"},
            {"url": "/media/deezer/11101", "title": "Mine"},
            {"source": "11101"},
        ):
            answer = await alice.call("POST", path, wanted)
            assert answer.status_code == 201, answer.text
        for entry in (await alice.call("GET", path)).json()["entries"]:
            said = (entry["title"], entry["url"], entry["source"], entry["duration"])
            assert said == ("Rain 111", url, "deezer:11101", 30)
        for wanted, why in (({"source": "99"}, "no_such_track"), ({"source": "11105"}, "not_playable")):
            answer = await alice.call("POST", path, wanted)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, why)
