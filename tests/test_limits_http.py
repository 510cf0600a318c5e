"""Limits where people meet them: over HTTP and WebSockets, on a server that has them."""

from collections import Counter
from pathlib import Path
from time import monotonic

import httpx
import pytest
from hub_world import until
from serving import Person, Served, serving
from tornado.httpclient import HTTPClientError
from tornado.web import RequestHandler
from tornado.websocket import websocket_connect

from roomd.app import API_ROUTES
from roomd.crowd import MOST_OPEN
from roomd.handlers.base import counted_as
from roomd.limiting import Who
from roomd.limits import NAMED

#: A twentieth of what the table allows, and one at least.
SCALE = 0.05


def the(name: str, per: str) -> int:
    """The burst that is left of a limit."""
    return max(1, int(next(each.burst for each in NAMED[name] if each.per == per) * SCALE))


async def some(
    served: Served, count: int, method: str, path: str, token: str = "", **more: object
) -> list[httpx.Response]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return [await served.http.request(method, path, headers=headers, **more) for _ in range(count)]  # type: ignore[arg-type]


def test_every_change_is_counted_and_everything_that_is_costly_or_can_be_guessed() -> None:
    refusing = RequestHandler._unimplemented_method
    for pattern, handler in API_ROUTES:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            if getattr(handler, method.lower()) is not refusing:
                assert counted_as(handler, method) in NAMED, (pattern, method)
    said = {counted_as(handler, method) for _, handler in API_ROUTES for method in ("GET", "POST")}
    # What is no request of its own is counted where it happens.
    assert said - {None} == NAMED.keys() - {name for name in NAMED if name.startswith("wrong_")} - {"link", "socket"}


@pytest.mark.gen_test(timeout=60)
async def test_too_often_is_429_with_a_time_to_come_back(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with serving(redis_url, database_url, data_dir, limits=SCALE) as served:
        most = the("guest", "address")
        answers = await some(served, most + 1, "POST", "/api/auth/guest/", json={"name": "Bob"})
        assert [each.status_code for each in answers] == [200] * most + [429]
        last = answers[-1]
        assert last.json()["error"]["code"] == "limited"
        assert 1 <= int(last.headers["Retry-After"]) <= 20
        assert last.headers["X-Content-Type-Options"] == "nosniff"
        tokens = [each.json()["access_token"] for each in answers[:2]]
        # A guest may come about by making a room, too.
        (refused,) = await some(served, 1, "POST", "/api/rooms/create/", json={"name": "Friday", "user_name": "Bob"})
        assert refused.status_code == 429
        # Whoever it is, each has a measure of their own, and a refusal of one is none of another.
        mine = the("room", "user")
        made = await some(served, mine + 1, "POST", "/api/rooms/create/", tokens[0], json={"name": "Friday"})
        assert [each.status_code for each in made] == [201] * mine + [429]
        (others,) = await some(served, 1, "POST", "/api/rooms/create/", tokens[1], json={"name": "Friday"})
        assert others.status_code == 201
        code = others.json()["code"]
        said = await some(served, 6, "POST", f"/api/rooms/{code}/messages/", tokens[1], json={"text": "hi"})
        assert Counter(each.status_code for each in said) == {201: the("command", "user"), 429: 1}
        looked = await some(served, 4, "GET", "/api/catalogue/search/?q=walk", tokens[1])
        assert [each.status_code for each in looked] == [200] * 3 + [429]
        # Looks at rooms are not counted.
        seen = await some(served, 20, "GET", f"/api/rooms/{code}/", tokens[1])
        assert {each.status_code for each in seen} == {200}
        link = {"url": "https://media.example/a.mp3"}
        await served.services.limiter.use("link", Who("127.0.0.1", others.json()["host_id"]), 100)
        (refused,) = await some(served, 1, "POST", f"/api/rooms/{code}/queue/", tokens[1], json=link)
        assert refused.status_code == 429
        await _open_at_once(served, Person(others.json()["host_id"], "Bob", tokens[1], served.http), code)


async def _open_at_once(served: Served, bob: Person, code: str) -> None:
    """However slowly they are opened: so many by one person, and so many from one address."""
    crowd, address = served.services.crowd, "127.0.0.1"
    lives = [await served.enter(bob, code) for _ in range(int(MOST_OPEN["user"] * SCALE))]
    for live in lives:
        await live.until(type="state")
    more = await served.enter(bob, code)
    assert ((await more.until(type="error"))["code"], await more.closed()) == ("too_many_sockets", 4503)
    await until(lambda: crowd.open("address", address) == len(lives), "it has gone")
    for _ in range(int(MOST_OPEN["address"] * SCALE) - len(lives)):
        crowd.came("address", address)
    with pytest.raises(HTTPClientError) as refused:
        await served.socket(f"/ws/v1/{code}/")
    assert refused.value.response is not None
    assert (refused.value.code, refused.value.response.headers["Retry-After"]) == (429, "10")
    # Where one goes, there is a place for another: of the address, and of the person.
    lives[0].socket.close()
    await until(lambda: crowd.open("user", bob.id) == len(lives) - 1, "one has gone")
    await (await served.enter(bob, code)).until(type="state")


@pytest.mark.gen_test(timeout=60)
async def test_a_right_code_after_too_many_wrong_ones_says_nothing(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with serving(redis_url, database_url, data_dir, limits=SCALE) as served:
        alice, bob = await served.person("Alice"), await served.person("Bob")
        code = await served.room(alice)
        secret = await served.room(bob, visibility="private")
        wrong = the("wrong_code", "address")
        # A private room counts as one that is not there, and so do all the ways to ask.
        for path in [f"/api/rooms/{secret}/", "/r/ZZZZZZ", "/api/rooms/ZZZZZZ/queue/"][:wrong]:
            assert (await served.http.get(path)).status_code == 404
        asked = [
            await served.http.get(f"/api/rooms/{code}/"),
            await served.http.get("/api/rooms/ZZZZZY/"),
            await bob.call("GET", f"/api/rooms/{code}/"),
            await bob.call("POST", "/api/rooms/join/", {"code": code}),
        ]
        assert [(each.status_code, each.json()["error"]["code"]) for each in asked] == [(429, "too_many_codes")] * 4
        assert all(int(each.headers["Retry-After"]) > 1 for each in asked)
        page = await served.http.get(f"/r/{code}")
        assert (page.status_code, "Retry-After" in page.headers) == (429, True)
        live = await served.enter(bob, code)
        assert (await live.until(type="error"))["code"] == "too_many_codes"
        assert await live.closed() == 1012
        # Whoever is in, or has the room's id, is not held up.
        seen = await alice.call("GET", f"/api/rooms/{code}/")
        assert seen.status_code == 200
        carol = await served.person("Carol")
        assert (await carol.call("POST", "/api/rooms/join/", {"room_id": seen.json()["id"]})).status_code == 200
        await (await served.enter(carol, code)).until(type="welcome")


@pytest.mark.gen_test(timeout=60)
async def test_handshakes_and_room_passwords_have_their_measure(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with serving(redis_url, database_url, data_dir, limits=SCALE) as served:
        alice, bob = await served.person("Alice"), await served.person("Bob")
        most, codes, began = the("socket", "address"), [], monotonic()
        while 429 not in codes:
            try:
                socket = await websocket_connect(f"ws://127.0.0.1:{served.port}/ws/v1/ZZZZZZ/")
                socket.close()
                assert await socket.read_message() is None
                codes.append(101)
            except HTTPClientError as refused:
                assert refused.response is not None
                codes.append(refused.code)
                assert int(refused.response.headers["Retry-After"]) >= 1
        # One more for every second that it took.
        assert most <= len(codes) - 1 <= most + monotonic() - began
        code = await served.room(alice, password="open sesame")
        room = await served.services.engine.find(code)
        # So many wrong ones came from elsewhere.
        for _ in range(the("wrong_password", "room")):
            await served.services.limiter.use("wrong_password", Who(room=room))
        answer = await bob.call("POST", "/api/rooms/join/", {"code": code, "password": "open sesame"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "limited")


@pytest.mark.gen_test(timeout=60)
async def test_addresses_are_told_apart_as_far_as_proxies_are_ours(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with serving(redis_url, database_url, data_dir, limits=0.001, trusted_hops=1) as served:

        async def guest(*forwarded: str, **headers: str) -> int:
            sent = [("X-Forwarded-For", each) for each in forwarded] + list(headers.items())
            return (await served.http.post("/api/auth/guest/", json={}, headers=sent)).status_code

        assert await guest("192.0.2.1") == 200
        assert await guest("192.0.2.1") == 429
        # What was there before our proxy's own word changes nothing, nor do other headers.
        assert await guest("198.51.100.9, 192.0.2.1") == 429
        assert await guest("198.51.100.9", "192.0.2.1") == 429
        assert await guest("192.0.2.1", **{"X-Real-IP": "198.51.100.9"}) == 429
        assert await guest("192.0.2.1", **{"Forwarded": "for=198.51.100.9"}) == 429
        assert await guest("192.0.2.1", **{"True-Client-IP": "198.51.100.9"}) == 429
        assert await guest("192.0.2.2") == 200
        # One household has 2^64 addresses of IPv6.
        assert await guest("2001:db8:1:2::3") == 200
        assert await guest("2001:db8:1:2:ffff::4") == 429
        assert await guest("2001:db8:1:3::3") == 200
