"""How safe what was done is: said in every acknowledgement, and waited for by nobody else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from archive_world import locked
from byte_proxy import Wire, wire_to
from hub_world import eventually, until
from rooms_world import opened
from serving import Live, Person, Served, serving

from roomd.archived import Level
from roomd.domain.refusals import Limited, Refusal
from roomd.handlers.backlog import MAX_BACKLOG, Backlog
from roomd.keeping import Receipt


@asynccontextmanager
async def far_from_postgres(redis_url: str, database_url: str, data_dir: Path) -> AsyncIterator[tuple[Served, Wire]]:
    """A server that reaches PostgreSQL over a wire of the test's."""
    async with wire_to(database_url) as wire, serving(redis_url, wire.url, data_dir) as served:
        yield served, wire


async def in_a_room(served: Served) -> tuple[Person, str, Live]:
    alice = await served.person("Alice")
    code = await served.room(alice)
    live = await served.enter(alice, code)
    await live.until(type="state")
    return alice, code, live


@pytest.mark.gen_test(timeout=30)
async def test_nobody_waits_for_the_archive_but_the_acknowledgement(served: Served, database_url: str) -> None:
    _, _, live = await in_a_room(served)
    assert (await live.do("say", text="first"))["level"] == "archived"
    async with locked(database_url):
        for n in range(3):
            await live.say(type="say", id=f"w{n}", text=f"waits {n}")
        # Told, all three of them, before the first is acknowledged.
        while sum("waits" in str(m.get("events")) for m in live.heard) < 3:
            message = await live.next()
            assert message
            assert message["type"] != "ack"
        acks = [await live.until(type="ack") for _ in range(3)]
    assert [(ack["id"], ack["level"]) for ack in acks] == [(f"w{n}", "accepted") for n in range(3)]
    # Said again, the same is safer by now.
    assert (await live.do("say", id="w0", text="waits 0"))["level"] == "archived"


@pytest.mark.logs("rooms go on without being archived|Failed to restore the pool")
@pytest.mark.gen_test(timeout=60)
async def test_without_postgres_rooms_go_on_and_readiness_says_so(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with far_from_postgres(redis_url, database_url, data_dir) as (served, wire):
        alice, code, live = await in_a_room(served)
        assert (await served.http.get("/api/health/ready/")).json() == {"status": "ready"}
        await wire.cut()
        assert (await live.do("say", text="without"))["level"] == "accepted"
        answer = await alice.call("POST", f"/api/rooms/{code}/messages/", {"text": "over HTTP"})
        assert (answer.status_code, answer.headers["Roomd-Level"]) == (201, "accepted")
        ready = await served.http.get("/api/health/ready/")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        assert ready.json()["behind"] >= 2
        assert "PostgreSQL" in ready.json()["reason"]
        health = (await served.http.get("/api/health/")).json()
        assert (health["status"], health["behind"]) == ("degraded", ready.json()["behind"])
        await wire.start()

        async def is_ready() -> bool:
            return bool((await served.http.get("/api/health/ready/")).json() == {"status": "ready"})

        await eventually(is_ready, "what waited is archived")
        assert (await live.do("say", text="with"))["level"] == "archived"


@pytest.mark.gen_test(timeout=60)
async def test_every_answer_to_a_change_says_how_safe_it_is(served: Served) -> None:
    alice, bob, carol = [await served.person(name) for name in ("Alice", "Bob", "Carol")]

    async def change(who: Person, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = await who.call(method, path, body)
        assert answer.status_code in {200, 201, 204}, (path, answer.text)
        assert answer.headers.get("Roomd-Level") == "archived", path
        return answer.json() if answer.content else None

    code = (await change(alice, "POST", "/rooms/api/rooms/", {"name": "Friday"}))["code"]
    await change(bob, "POST", "/rooms/api/rooms/join/", {"code": code})
    await change(carol, "POST", "/api/rooms/join/", {"code": code})
    guest = await served.http.post("/api/rooms/join/", json={"code": code, "user_name": "Dave"})
    assert guest.headers["Roomd-Level"] == "archived"
    room = f"/api/rooms/{code}"
    video = {"video_url": "https://media.example/film.mp4", "video_title": "Film"}
    await change(alice, "POST", f"{room}/change-video/", video)
    song = {"url": "https://media.example/a.mp3", "title": "A", "duration": 60, "kind": "audio"}
    entry = (await change(alice, "POST", f"{room}/queue/", song))["entries"][-1]["id"]
    wish = await change(
        bob, "POST", f"{room}/requests/", song | {"action": "add", "url": "https://media.example/b.mp3"}
    )
    await change(alice, "POST", f"{room}/requests/{wish['id']}/approve/")
    for method, path, body in (
        ("POST", "control", {"action": "pause"}),
        ("POST", f"queue/{entry}/vote", None),
        ("DELETE", f"queue/{entry}", None),
        ("POST", "messages", {"text": "hi"}),
        ("PUT", "permissions", {"preset": "everyone_pauses"}),
        ("PUT", "door", {"entry_mode": "approval"}),
        ("PATCH", f"members/{bob.id}", {"role": "cohost"}),
        ("POST", f"members/{carol.id}/mute", {"minutes": 1}),
    ):
        await change(alice, method, f"{room}/{path}/", body)
    erin = await served.person("Erin")
    assert (await change(erin, "POST", "/api/rooms/join/", {"code": code}))["status"] == "PENDING"
    await change(alice, "POST", "/api/rooms/approve/", {"code": code, "user_id": erin.id})
    await change(erin, "POST", f"/rooms/api/rooms/{code}/leave/")
    await change(carol, "DELETE", f"{room}/leave/")
    # What changes nothing says so too; what only looks has nothing to say.
    await change(alice, "PUT", f"{room}/door/", {"entry_mode": "approval"})
    assert "Roomd-Level" not in (await alice.call("GET", f"{room}/")).headers
    assert "Roomd-Level" not in (await bob.call("DELETE", f"{room}/")).headers
    await change(alice, "DELETE", f"{room}/")


class Told:
    """A backlog, and what was told of what came of it."""

    def __init__(self) -> None:
        self.levels: list[Level] = []
        self.refused: list[Refusal] = []
        self.rests = 0
        self.open = True
        self.backlog = Backlog(self)

    def rest(self) -> None:
        self.rests += 1

    def failed(self, fault: BaseException) -> None:
        raise AssertionError(fault)

    def keep(self) -> "asyncio.Future[Level]":
        kept: asyncio.Future[Level] = asyncio.get_running_loop().create_future()
        self.backlog.when_kept(Receipt(opened(), 1, kept), self.levels.append, self.refused.append)
        return kept


@pytest.mark.gen_test(timeout=10)
async def test_what_was_lost_before_anybody_was_told_is_an_error() -> None:
    told = Told()
    kept = [told.keep() for _ in range(3)]
    assert not told.backlog.idle
    kept[1].set_result("lost")
    kept[2].set_result("archived")
    await until(lambda: told.levels)
    assert (told.levels, [(each.code, each.temporary) for each in told.refused]) == (["archived"], [("lost", True)])
    assert (told.backlog.idle, told.rests) == (False, 0)
    kept[0].set_result("accepted")
    await until(lambda: told.backlog.idle)
    assert (told.levels, told.rests) == (["archived", "accepted"], 1)


@pytest.mark.gen_test(timeout=10)
async def test_so_many_may_wait_for_the_archive_and_no_more() -> None:
    told = Told()
    kept = [told.keep() for _ in range(MAX_BACKLOG)]
    done = asyncio.Event()

    async def work() -> None:
        done.set()

    with pytest.raises(Limited):
        told.backlog.add(work, told.refused.append)
    kept[0].set_result("archived")
    await until(lambda: told.levels)
    told.backlog.add(work, told.refused.append)
    await asyncio.wait_for(done.wait(), 5)


@pytest.mark.gen_test(timeout=20)
async def test_what_is_lost_is_503_over_http_and_retriable_over_the_socket(served: Served) -> None:
    """As when a Redis loses what it has accepted, while PostgreSQL is away, before the answer was given."""
    alice, code, live = await in_a_room(served)
    keeper = served.services.engine._keeper
    note = keeper.note

    def lose(room: Any, commit: Any) -> "asyncio.Future[Level]":
        note(room, commit)
        gone: asyncio.Future[Level] = asyncio.get_running_loop().create_future()
        gone.set_result("lost")
        return gone

    keeper.note = lose  # type: ignore[method-assign]
    answer = await alice.call("POST", f"/api/rooms/{code}/messages/", {"text": "gone"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "lost")
    assert answer.headers["Retry-After"]
    assert "Roomd-Level" not in answer.headers
    error = await live.do("say", text="gone too")
    assert (error["type"], error["code"], error["retriable"]) == ("error", "lost", True)
