"""Avatars and covers over HTTP: what PlayPod promises, whose they are, and everything that is no picture."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import picture_files as files
import pytest
from hub_world import until
from PIL import Image
from s3_world import speaking_s3
from serving import SECRET, Person, Served, leave, serving
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port

from roomd.handlers.uploads import HARD_MAX, MAX_BODY
from roomd.pictures import MAX_BYTES
from roomd.serve import _server
from roomd.store.playlists import Playlists

AVATAR = "/api/accounts/upload-avatar/"
PICTURE = files.written(files.halves(800, 600))


async def send(person: Person, data: bytes = PICTURE, path: str = AVATAR, field: str = "avatar") -> httpx.Response:
    """As a browser sends a form; what the client claims of the file is a lie, and must not matter."""
    sent = {field: ("../../etc/passwd.html", data, "text/html")}
    return await person.http.post(path, files=sent, headers=person.headers, timeout=30)


async def avatar_of(person: Person) -> str:
    return str((await person.call("GET", "/api/accounts/profile/")).json()["avatar"])


async def playlist(served: Served, owner: Person, *, public: bool = True) -> str:
    playlists: Playlists = served.services.library.playlists
    return (await playlists.add(owner.id, "Friday", public=public)).id  # type: ignore[arg-type]


def kept(data_dir: Path) -> set[str]:
    folder = data_dir / "uploads"
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["error"]["code"])


@pytest.mark.gen_test(timeout=60)
async def test_an_avatar_is_shown_fetched_replaced_and_taken_away(served: Served, data_dir: Path) -> None:
    alice = await served.person("Alice")
    answer = await send(alice)
    assert answer.status_code == 200, answer.text
    url = answer.json()["avatar_url"]
    assert answer.json() == {"avatar_url": url} and url.startswith("/uploads/") and "passwd" not in url
    assert await avatar_of(alice) == url
    fetched = await served.http.get(url)
    assert files.opened(fetched.content).size == (512, 512)
    said = {name: fetched.headers[name] for name in ("Content-Type", "X-Content-Type-Options", "Cache-Control")}
    assert said == {
        "Content-Type": "image/webp",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "public, max-age=31536000, immutable",
    }
    assert "sandbox" in fetched.headers["Content-Security-Policy"]
    head = await served.http.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(fetched.content))

    other = (await send(alice, files.written(files.halves(90, 90)))).json()["avatar_url"]
    assert other != url
    assert code(await served.http.get(url)) == (404, "not_found")
    assert kept(data_dir) == {other.removeprefix("/uploads/")}

    gone = await alice.call("DELETE", AVATAR)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await avatar_of(alice), kept(data_dir)) == ("", set())
    assert (await alice.call("DELETE", AVATAR)).status_code == 204


@pytest.mark.gen_test(timeout=60)
async def test_the_same_picture_of_two_people_is_two(served: Served, data_dir: Path) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    ours = (await send(alice)).json()["avatar_url"]
    theirs = (await send(bob)).json()["avatar_url"]
    await alice.call("DELETE", AVATAR)
    assert (await served.http.get(theirs)).status_code == 200
    assert (await served.http.get(ours)).status_code == 404
    again = (await send(bob)).json()["avatar_url"]
    assert (await served.http.get(again)).status_code == 200
    assert len(kept(data_dir)) == 1


@pytest.mark.gen_test(timeout=60)
async def test_covers_are_their_owners(served: Served, data_dir: Path) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    mine = await playlist(served, alice)
    hidden = await playlist(served, alice, public=False)
    path = f"/api/playlists/playlists/{mine}/upload-cover/"
    answer = await send(alice, files.written(files.halves(3_000, 1_500)), path, "cover_image")
    assert answer.status_code == 200, answer.text
    url = answer.json()["cover_url"]
    assert files.opened((await served.http.get(url)).content).size == (1_000, 500)
    assert (await served.services.library.playlists.get(mine, alice.id)).cover == url  # type: ignore[arg-type]

    for sent in (PICTURE, b"no picture at all"):
        assert code(await send(bob, sent, path, "cover_image")) == (403, "not_your_playlist")
    assert code(await bob.call("DELETE", path)) == (403, "not_your_playlist")
    for nothing in (hidden, "7b0d7e1c-0000-4000-8000-000000000009", "12", "%2e%2e"):
        there = f"/api/playlists/playlists/{nothing}/upload-cover/"
        assert code(await send(bob, PICTURE, there, "cover_image")) == (404, "no_such_playlist")
        assert code(await bob.call("DELETE", there)) == (404, "no_such_playlist")
    assert kept(data_dir) == {url.removeprefix("/uploads/")}

    assert (await send(alice, PICTURE, path, "cover_image")).status_code == 200
    assert (await served.http.get(url)).status_code == 404
    assert (await alice.call("DELETE", path)).status_code == 204
    assert kept(data_dir) == set()


@pytest.mark.gen_test(timeout=60)
async def test_what_is_refused(served: Served, data_dir: Path) -> None:
    alice = await served.person("Alice")
    before = (await send(alice)).json()["avatar_url"]
    nobody = Person("", "", "nonsense", served.http)
    assert code(await send(nobody)) == (401, "token_invalid")
    assert code(await served.http.post(AVATAR, files={"avatar": PICTURE})) == (401, "unauthenticated")
    assert code(await served.http.delete(AVATAR)) == (401, "unauthenticated")
    for lie in (
        b"",
        b"<html><script>alert(1)</script>",
        PICTURE[:500],
        b"%PDF-1.7",
        files.written(files.halves(), "BMP"),
    ):
        assert code(await send(alice, lie)) == (415, "not_a_picture")
    for bomb in (files.png_bomb(8_000, 8_000), files.png_claiming(60_000, 60_000)):
        assert code(await send(alice, bomb)) == (413, "too_large")
    assert code(await send(alice, PICTURE, field="cover_image")) == (400, "invalid")
    empty = await alice.http.post(AVATAR, headers=alice.headers)
    assert empty.json()["error"]["fields"] == {"avatar": "is required, as a file"}
    text = await alice.http.post(AVATAR, data={"avatar": "x"}, files={"x": b"y"}, headers=alice.headers)
    assert (text.status_code, list(text.json()["error"]["fields"])) == (400, ["avatar"])
    assert code(await alice.call("POST", AVATAR, {"avatar": "aGVsbG8="})) == (415, "unsupported_media_type")
    plain = alice.headers | {"Content-Type": "image/png"}
    assert code(await alice.http.post(AVATAR, content=PICTURE, headers=plain)) == (415, "unsupported_media_type")
    form = alice.headers | {"Content-Type": "multipart/form-data; boundary=x"}
    assert code(await alice.http.post(AVATAR, content=b"--y\r\nhello", headers=form)) == (400, "invalid_form")
    assert code(await alice.call("GET", AVATAR)) == (405, "method_not_allowed")
    assert (await avatar_of(alice), kept(data_dir)) == (before, {before.removeprefix("/uploads/")})


@pytest.mark.gen_test(timeout=60)
async def test_too_much_is_refused_in_words_however_it_comes(served: Served) -> None:
    alice = await served.person("Alice")
    assert code(await send(alice, bytes(MAX_BYTES + 1))) == (413, "too_large")
    assert code(await send(alice, bytes(MAX_BODY))) == (413, "too_large")
    nobody = Person("", "", "nonsense", served.http)
    assert code(await send(nobody, bytes(MAX_BODY))) == (401, "token_invalid")

    async def chunks() -> Any:
        for _ in range(MAX_BODY // 100_000 + 2):
            yield bytes(100_000)

    form = alice.headers | {"Content-Type": "multipart/form-data; boundary=x"}
    assert code(await alice.http.post(AVATAR, content=chunks(), headers=form)) == (413, "too_large")
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    head = f"POST {AVATAR} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {alice.token}\r\n"
    writer.write((head + f"Content-Length: {HARD_MAX + 1}\r\n\r\n").encode())
    assert b" 413 " in await asyncio.wait_for(reader.readline(), 15)
    # One answer, however large the body is said to be.
    assert b"HTTP/1.1" not in await asyncio.wait_for(reader.read(), 15)
    writer.close()
    assert (await send(alice)).status_code == 200


@pytest.mark.gen_test(timeout=60)
async def test_pictures_may_be_larger_than_other_bodies_on_a_server_as_it_is_run(served: Served) -> None:
    noise = files.written(Image.effect_noise((2_000, 2_000), 100))
    assert 3 << 20 < len(noise) < MAX_BYTES
    server = _server(served.services)
    socket, port = bind_unused_port()
    server.add_socket(socket)
    alice = await served.person("Alice")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        there = Person(alice.id, alice.name, alice.token, http)
        assert (await send(there, noise)).status_code == 200
        assert code(await send(there, bytes(MAX_BYTES + 1))) == (413, "too_large")
    server.stop()
    await server.close_all_connections()


@pytest.mark.gen_test(timeout=60)
async def test_one_picture_of_a_person_at_a_time_and_who_hangs_up_gives_way(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    head = f"POST {AVATAR} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write((head + f"Authorization: Bearer {alice.token}\r\nContent-Length: 5000\r\n\r\n--x").encode())
    uploads = served.services.library.uploads
    await until(lambda: uploads.busy == 1)
    assert code(await send(alice)) == (429, "busy")
    assert (await send(bob)).status_code == 200
    writer.close()
    await until(lambda: not uploads.busy)
    assert (await send(alice)).status_code == 200


@pytest.mark.gen_test(timeout=60)
async def test_addresses_that_are_none(served: Served, data_dir: Path) -> None:
    (data_dir / "uploads").mkdir()
    (data_dir / "uploads" / "note.txt").write_text("not for you")
    for key in ("note.txt", "%2e%2e%2fsecret", "0" * 32 + ".webp", "0" * 32 + ".svg", ".webp", "x" * 500):
        assert (await served.http.get(f"/uploads/{key}")).status_code == 404, key


@pytest.mark.gen_test(timeout=60)
async def test_a_user_who_is_gone_leaves_nothing(served: Served, data_dir: Path) -> None:
    from roomd.domain.actor import Actor
    from roomd.domain.ids import UserId
    from roomd.tokens import TokenRing

    ghost = Actor(UserId("7b0d7e1c-0000-4000-8000-000000000007"), "Nobody")
    token = TokenRing([SECRET], served.services.clock.now).issue(ghost)
    assert code(await send(Person(ghost.id, "Nobody", token, served.http))) == (401, "token_invalid")
    assert kept(data_dir) == set()


@pytest.fixture
def with_bucket(io_loop: IOLoop, redis_url: str, database_url: str, data_dir: Path) -> Iterator[tuple[Served, Any]]:
    with speaking_s3() as s3:
        running = serving(redis_url, database_url, data_dir, **s3.settings())
        yield io_loop.run_sync(running.__aenter__), s3
        leave(io_loop, running)


@pytest.mark.logs("the bucket does not answer", "is not needed any more")
@pytest.mark.gen_test(timeout=120)
async def test_pictures_in_a_bucket(with_bucket: tuple[Served, Any], data_dir: Path) -> None:
    served, s3 = with_bucket
    alice = await served.person("Alice")
    url = (await send(alice)).json()["avatar_url"]
    assert s3.objects() == {url.lstrip("/"): "image/webp"}
    assert files.opened((await served.http.get(url)).content).size == (512, 512)
    other = (await send(alice)).json()["avatar_url"]
    assert list(s3.objects()) == [other.lstrip("/")]
    assert kept(data_dir) == set()
    s3.process.kill()
    s3.process.wait()
    assert code(await send(alice)) == (503, "storage_down")
    assert code(await served.http.get(other, timeout=30)) == (503, "storage_down")
    assert await avatar_of(alice) == other
    # What nothing points to any more may stay behind; the person is not kept waiting for the bucket's return.
    assert (await alice.http.delete(AVATAR, headers=alice.headers, timeout=30)).status_code == 204
    assert await avatar_of(alice) == ""


@pytest.fixture
def on_a_dyno(io_loop: IOLoop, redis_url: str, database_url: str, data_dir: Path) -> Iterator[Served]:
    running = serving(redis_url, database_url, data_dir, dyno="web.1")
    yield io_loop.run_sync(running.__aenter__)
    leave(io_loop, running)


@pytest.mark.gen_test(timeout=60)
async def test_a_dyno_without_a_bucket_takes_no_pictures(on_a_dyno: Served, data_dir: Path) -> None:
    alice = await on_a_dyno.person("Alice")
    assert code(await send(alice)) == (503, "no_storage")
    assert (await avatar_of(alice), kept(data_dir)) == ("", set())
    assert (await on_a_dyno.http.get("/uploads/" + "0" * 32 + ".webp")).status_code == 404
