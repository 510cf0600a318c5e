"""Streaming: ranges exact to the byte, tags, covers, and listeners who go away."""

import asyncio
import json
import socket
from pathlib import Path

import media_files as files
import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.web import Application

from roomd.catalogue.local import LocalFolder
from roomd.catalogue.scan import Item
from roomd.handlers.media import media_routes, parse_range

#: Not a multiple of the step, longer than three of them, and every part different.
CONTENT = files.wav(0.1, "Rain") + bytes(i * i % 251 for i in range(900_001))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files.put(tmp_path / "rain.wav", CONTENT)
    files.put(tmp_path / "deep" / "fog.mp3", files.id3("Fog", "Alice", "Weather", files.png()) + files.mp3(9))
    return tmp_path


@pytest.fixture
def folder(io_loop: object, root: Path) -> LocalFolder:
    made = LocalFolder(root, b"k" * 32)
    io_loop.run_sync(made.rescan)  # type: ignore[attr-defined]
    return made


@pytest.fixture
def app(folder: LocalFolder) -> Application:
    return Application(media_routes(folder))


def the(folder: LocalFolder, title: str) -> Item:
    return folder.search(title, 1).tracks[0]


async def ask(client: AsyncHTTPClient, url: str, method: str = "GET", **headers: str) -> HTTPResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.fetch(url, method=method, headers=sent, raise_error=False, decompress_response=False)


@pytest.mark.gen_test(timeout=20)
async def test_the_whole_file(http_client: AsyncHTTPClient, base_url: str, folder: LocalFolder) -> None:
    answer = await ask(http_client, base_url + the(folder, "Rain").track.url)
    assert (answer.code, answer.body) == (200, CONTENT)
    said = {name: answer.headers[name] for name in ("Content-Type", "Accept-Ranges", "Access-Control-Allow-Origin")}
    assert said == {"Content-Type": "audio/wav", "Accept-Ranges": "bytes", "Access-Control-Allow-Origin": "*"}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"].startswith("private, max-age=")
    head = await ask(http_client, base_url + the(folder, "Rain").track.url, "HEAD")
    assert (head.code, head.body, head.headers["Content-Length"]) == (200, b"", str(len(CONTENT)))
    assert head.headers["ETag"] == answer.headers["ETag"]


LAST = len(CONTENT) - 1


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, LAST),
        ("bytes=1000-262143", 1_000, 262_143),
        ("bytes=262143-262145", 262_143, 262_145),
        ("bytes=500000-", 500_000, LAST),
        ("bytes=-1", LAST, LAST),
        ("bytes=-300000", LAST - 299_999, LAST),
        ("bytes=-99999999", 0, LAST),
        ("bytes=5-99999999", 5, LAST),
        (f"bytes={LAST}-", LAST, LAST),
        ("BYTES=7-8", 7, 8),
    ],
)
async def test_ranges(
    http_client: AsyncHTTPClient, base_url: str, folder: LocalFolder, asked: str, first: int, last: int
) -> None:
    answer = await ask(http_client, base_url + the(folder, "Rain").track.url, Range=asked)
    assert (answer.code, answer.body) == (206, CONTENT[first : last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(CONTENT)}"
    assert answer.headers["Content-Length"] == str(last - first + 1)


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=9-3", "bytes=-", "items=0-1", "bytes=a-b", "bytes=" + "9" * 400 + "-"]
)
async def test_ranges_that_are_none_get_everything(
    http_client: AsyncHTTPClient, base_url: str, folder: LocalFolder, asked: str
) -> None:
    answer = await ask(http_client, base_url + the(folder, "Rain").track.url, Range=asked)
    assert (answer.code, answer.body) == (200, CONTENT)


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize("asked", [f"bytes={LAST + 1}-", "bytes=99999999-", "bytes=-0"])
async def test_ranges_beyond_the_end(
    http_client: AsyncHTTPClient, base_url: str, folder: LocalFolder, asked: str
) -> None:
    answer = await ask(http_client, base_url + the(folder, "Rain").track.url, Range=asked)
    assert (answer.code, answer.body, answer.headers["Content-Range"]) == (416, b"", f"bytes */{len(CONTENT)}")


def test_ranges_of_an_empty_file() -> None:
    assert parse_range("bytes=0-", 0) == parse_range("bytes=-5", 0) == ()
    assert parse_range("", 0) is None


@pytest.mark.gen_test(timeout=20)
async def test_tags(http_client: AsyncHTTPClient, base_url: str, folder: LocalFolder, root: Path) -> None:
    url = base_url + the(folder, "Rain").track.url
    tag = (await ask(http_client, url, "HEAD")).headers["ETag"]
    assert (await ask(http_client, url, If_None_Match=f'"x", W/{tag}')).code == 304
    assert (await ask(http_client, url, If_None_Match='"x"')).code == 200
    assert (await ask(http_client, url, If_Range=tag, Range="bytes=0-3")).code == 206
    assert (await ask(http_client, url, If_Range='"older"', Range="bytes=0-3")).body == CONTENT
    (root / "rain.wav").write_bytes(CONTENT + b"more")
    assert (await ask(http_client, url, "HEAD")).headers["ETag"] != tag


@pytest.mark.gen_test(timeout=20)
async def test_covers(http_client: AsyncHTTPClient, base_url: str, folder: LocalFolder) -> None:
    answer = await ask(http_client, base_url + the(folder, "Fog").track.cover)
    assert (answer.code, answer.body, answer.headers["Content-Type"]) == (200, files.png(), "image/png")
    again = await ask(http_client, base_url + the(folder, "Fog").track.cover, If_None_Match=answer.headers["ETag"])
    assert (again.code, again.body) == (304, b"")
    none = await ask(http_client, f"{base_url}/media/{the(folder, 'Rain').id}/cover")
    assert none.code == 404


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize(
    "path",
    [
        "", "x", "{id}", "{id}.mp3", "{id}.wav/", "{id}.wav%00", "{id}.WAV", "{upper}.wav", "0" * 32 + ".wav",
        "../rain.wav",
        "..%2frain.wav", "%2e%2e/rain.wav", "..\\rain.wav", "//host/share.wav", "rain.wav", "{id}/../../etc/passwd",
        "{id}%2fcover", "0" * 32 + "/cover", "{id}.wav.wav", "C:%5crain.wav", "%00",
    ],
)  # fmt: skip
async def test_what_is_not_there(http_client: AsyncHTTPClient, base_url: str, folder: LocalFolder, path: str) -> None:
    media_id = the(folder, "Rain").id
    answer = await ask(
        http_client, f"{base_url}/media/{path}".replace("{id}", media_id).replace("{upper}", media_id.upper())
    )
    assert answer.code == 404
    said = json.loads(answer.body)
    assert said["error"]["code"] == "not_found" and said["message"] == said["detail"] == said["error"]["message"]


@pytest.mark.gen_test(timeout=20)
async def test_a_file_that_went_away_since_the_scan(
    http_client: AsyncHTTPClient, base_url: str, folder: LocalFolder, root: Path
) -> None:
    (root / "rain.wav").unlink()
    assert (await ask(http_client, base_url + the(folder, "Rain").track.url)).code == 404


@pytest.mark.gen_test(timeout=20)
async def test_other_pages_may_ask_first(http_client: AsyncHTTPClient, base_url: str, folder: LocalFolder) -> None:
    url = base_url + the(folder, "Rain").track.url
    answer = await ask(
        http_client, url, "OPTIONS", Origin="http://elsewhere.example", Access_Control_Request_Headers="range"
    )
    assert answer.code == 204 and "Range" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.gen_test(timeout=20)
async def test_reading_stops_when_the_listener_goes(
    http_server: object, http_port: int, folder: LocalFolder, root: Path
) -> None:
    """A listener who takes nothing holds up one step; one who hangs up ends the reading, and the file is closed."""
    big = root / "big.wav"
    files.put(big, files.wav(0.1, "Big") + bytes(1000))
    with big.open("r+b") as file:
        file.truncate(200_000_000)
    await folder.rescan()
    url = the(folder, "Big").track.url
    reader, writer = await asyncio.open_connection("127.0.0.1", http_port)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    writer.write(f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    assert open_files(big) == 1
    writer.transport.abort()
    while open_files(big):  # noqa: ASYNC110 - the kernel tells nobody when a file is closed
        await asyncio.sleep(0.005)


@pytest.mark.gen_test(timeout=20)
async def test_a_file_that_shrinks_breaks_the_connection_off(
    http_server: object, http_port: int, folder: LocalFolder, root: Path
) -> None:
    """The length was promised already, so a broken connection is the only honest end."""
    big = files.put(root / "big.wav", files.wav(0.1, "Big"))
    with big.open("r+b") as file:
        file.truncate(50_000_000)
    await folder.rescan()
    reader, writer = await asyncio.open_connection("127.0.0.1", http_port)
    writer.write(f"GET {the(folder, 'Big').track.url} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    with big.open("r+b") as file:
        file.truncate(1_000)
    rest = await reader.read()
    while more := await reader.read():
        rest += more
    assert len(rest) < 50_000_000
    writer.close()
    assert open_files(big) == 0


def open_files(path: Path) -> int:
    """How many descriptors of this process lead to the file."""
    count = 0
    for link in Path("/proc/self/fd").iterdir():
        try:
            count += link.readlink() == path
        except FileNotFoundError:
            continue
    return count
