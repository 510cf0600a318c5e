"""How safe what was done is: said in every acknowledgement, and waited for by nobody else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from archive_world import locked
from byte_proxy import Wire, wire_to
from hub_world import eventually, until
from rooms_world import opened
from serving import Live, Served, serving

from roomd.archived import Level
from roomd.domain.refusals import Limited, Refusal, Unavailable
from roomd.handlers.backlog import MAX_BACKLOG, Backlog
from roomd.keeping import Receipt


@asynccontextmanager
async def far_from_postgres(redis_url: str, database_url: str, data_dir: Path) -> AsyncIterator[tuple[Served, Wire]]:
    """A server that reaches PostgreSQL over a wire of the test's."""
    async with wire_to(database_url) as wire, serving(redis_url, wire.url, data_dir) as served:
        yield served, wire


async def in_a_room(served: Served) -> tuple[str, Live]:
    alice = await served.person("Alice")
    code = await served.room(alice)
    live = await served.enter(alice, code)
    await live.until(type="state")
    return code, live


@pytest.mark.gen_test(timeout=30)
async def test_nobody_waits_for_the_archive_but_the_acknowledgement(served: Served, database_url: str) -> None:
    code, live = await in_a_room(served)
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
    assert (await live.do("say", id="w0", text="waits 0"))["level"] == "archived"


@pytest.mark.logs("rooms go on without being archived")
@pytest.mark.gen_test(timeout=60)
async def test_without_postgres_rooms_go_on_and_readiness_says_so(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with far_from_postgres(redis_url, database_url, data_dir) as (served, wire):
        code, live = await in_a_room(served)
        assert (await served.http.get("/api/health/ready/")).json() == {"status": "ready"}
        await wire.cut()
        assert (await live.do("say", text="without"))["level"] == "accepted"
        answer = await served.http.post(
            f"/api/rooms/{code}/messages/", json={"text": "over HTTP"}, headers={"Authorization": f"Bearer {token(live)}"}
        )
        assert (answer.status_code, answer.headers["Roomd-Level"]) == (201, "accepted")
        ready = await served.http.get("/api/health/ready/")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        assert ready.json()["behind"] >= 2
        assert "PostgreSQL" in ready.json()["reason"]
        health = await served.http.get("/api/health/")
        assert (health.json()["status"], health.json()["behind"]) == ("degraded", ready.json()["behind"])
        await wire.start()
        await eventually(lambda: is_ready(served), "the archive has caught up")
        assert (await live.do("say", text="with"))["level"] == "archived"


def token(live: Live) -> str:
    raise NotImplementedError
