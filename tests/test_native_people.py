"""The native WebSocket: who is there, who hosts, who leaves, and private rooms."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Live, Person, Served, leave, serving
from tornado.ioloop import IOLoop

from roomd.clock import Clock
from roomd.domain.membership import HOST_GRACE_MS, MAX_SOCKETS


class Ahead(Clock):
    """A clock that can be put forward."""

    ahead_ms = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_ms


@pytest.fixture
def clock() -> Ahead:
    return Ahead()


@pytest.fixture
def served(io_loop: IOLoop, redis_url: str, database_url: str, data_dir: Path, clock: Ahead) -> Iterator[Served]:
    running = serving(redis_url, database_url, data_dir, clock)
    yield io_loop.run_sync(running.__aenter__)
    leave(io_loop, running)


async def party(served: Served) -> tuple[str, tuple[Person, Live], tuple[Person, Live]]:
    """A code, and Alice (who hosts) and Bob with a socket each, all greeted."""
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    host = await served.enter(alice, code)
    await host.until(type="state")
    guest = await served.enter(bob, code)
    await guest.until(type="state")
    await host.until_event("presence")
    return code, (alice, host), (bob, guest)


@pytest.mark.gen_test(timeout=30)
async def test_presence_is_of_people_not_of_sockets(served: Served) -> None:
    code, (_, host), (bob, guest) = await party(served)
    first, second = [m for m in host.heard if m["type"] == "commit"][-1]["events"]
    assert (first["type"], second) == ("member_joined", {"type": "presence", "user": bob.id, "online": True})
    another = await served.enter(bob, code)
    await another.until(type="state")
    assert (await host.until(type="commit"))["events"] == []
    guest.socket.close()
    assert (await host.until(type="commit"))["events"] == []
    another.socket.close()
    gone = await host.until(type="commit")
    assert gone["events"] == [{"type": "presence", "user": bob.id, "online": False}]


@pytest.mark.gen_test(timeout=30)
async def test_a_lost_host_is_stood_in_for_and_comes_back(served: Served, clock: Ahead) -> None:
    code, (alice, host), (bob, guest) = await party(served)
    host.socket.close()
    assert (await guest.until_event("presence"))["user"] == alice.id
    assert (await guest.do("next"))["code"] == "forbidden"
    clock.ahead_ms = HOST_GRACE_MS - 2_000
    assert (await guest.do("next"))["code"] == "forbidden"
    clock.ahead_ms = HOST_GRACE_MS + 1
    lost = await guest.until_event("host_changed")
    assert (lost["host"], lost["owner"], lost["reason"], lost["by"]) == (bob.id, alice.id, "lost", None)
    await served.enter(alice, code)
    back = await guest.until_event("host_changed")
    assert (back["host"], back["reason"]) == (alice.id, "returned")


@pytest.mark.gen_test(timeout=30)
async def test_leaving_closes_all_of_ones_sockets(served: Served) -> None:
    code, (alice, host), (bob, guest) = await party(served)
    other = await served.enter(alice, code)
    await other.until(type="state")
    await host.say(type="leave", id="bye")
    assert (await host.closed(), await other.closed()) == (1000, 1000)
    left = await guest.until(type="commit", command="bye")
    assert left["events"] == [
        {"type": "host_changed", "host": bob.id, "owner": bob.id, "reason": "left", "former": "member"},
        {"type": "member_left", "user": alice.id, "name": "Alice", "how": "left", "reason": ""},
    ]
    again = await served.enter(alice, code)
    members = (await again.until(type="state"))["room"]["members"]
    assert [(member["name"], member["role"]) for member in members] == [("Bob", "host"), ("Alice", "member")]


@pytest.mark.gen_test(timeout=30)
async def test_a_closed_room_is_gone_for_everybody(served: Served) -> None:
    code, (alice, host), (bob, guest) = await party(served)
    await host.say(type="close", id="end")
    assert (await host.closed(), await guest.closed()) == (4504, 4504)
    assert guest.heard[-1]["events"] == [{"type": "room_closed"}]
    for person in (alice, bob):
        again = await served.enter(person, code)
        assert ((await again.until(type="error"))["code"], await again.closed()) == ("no_such_room", 4504)


@pytest.mark.gen_test(timeout=30)
async def test_the_last_one_out_closes_the_room(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    live = await served.enter(alice, code)
    await live.until(type="state")
    await live.say(type="leave", id="bye")
    assert await live.closed() in {1000, 4504}
    assert (await alice.call("GET", f"/api/rooms/{code}/")).status_code == 404


@pytest.mark.gen_test(timeout=30)
async def test_a_private_room_lets_in_who_has_the_code(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice, visibility="private")
    guest = await served.enter(bob, code)
    assert (await guest.until(type="state"))["room"]["visibility"] == "private"
    shown = (await served.http.get("/api/rooms/")).json()["rooms"]
    assert [room["code"] for room in shown] == []


@pytest.mark.gen_test(timeout=30)
async def test_one_person_has_so_many_sockets_and_no_more(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    for _ in range(MAX_SOCKETS):
        await (await served.enter(alice, code)).until(type="state")
    more = await served.enter(alice, code)
    assert ((await more.until(type="error"))["code"], await more.closed()) == ("too_many_sockets", 4503)


@pytest.mark.gen_test(timeout=30)
async def test_a_new_name_is_told(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    live = await served.enter(alice, code)
    await live.until(type="state")
    account = {"username": "bobby", "email": "bob@example.org", "password": "a long walk in the rain"}
    assert (await served.http.post("/api/accounts/register/", json=account)).status_code == 201

    async def bobby() -> Person:
        login = {"email": "bob@example.org", "password": account["password"]}
        answer = (await served.http.post("/api/auth/login/", json=login)).json()
        return Person(answer["user"]["id"], answer["user"]["name"], answer["access_token"], served.http)

    first = await bobby()
    await (await served.enter(first, code)).until(type="state")
    assert (await first.call("PATCH", "/api/accounts/profile/", {"name": "Robert"})).status_code == 200
    await (await served.enter(await bobby(), code)).until(type="state")
    renamed = await live.until_event("member_renamed")
    assert (renamed["user"], renamed["name"]) == (first.id, "Robert")
