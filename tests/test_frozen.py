"""A Redis that is there and does not answer: whoever asks is told so in time, and all goes on when it does."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hub_world import eventually
from redis.asyncio import Redis
from serving import Live, Person, Served, serving

from roomd.embedded import stores
from roomd.settings import Settings

#: Seconds within which everything is answered, and until all is well again: 3 and 2, and what a machine busy with
#: other tests adds. `make faults` measures.
ANSWER_S = 3.0 + 5.0
BACK_S = 2.0 + 5.0


@asynccontextmanager
async def with_its_own_redis(database_url: str, data_dir: Path, other: Path) -> AsyncIterator[tuple[Served, int]]:
    """A server, and the process of its Redis."""
    lost: list[str] = []
    async with stores(Settings(data_dir=data_dir, database_url=database_url), lost.append) as urls:
        redis = Redis.from_url(urls.redis_url)
        pid = int((await redis.info("server"))["process_id"])
        await redis.aclose()
        async with serving(urls.redis_url, database_url, other) as served:
            yield served, pid
    assert not lost


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


class Answer(NamedTuple):
    what: str
    status: int
    took_s: float
    retry: bool


async def asked(served: Served, who: Person, method: str, path: str, body: Any = None) -> Answer:
    began = time.monotonic()
    answer = await served.http.request(method, path, json=body, headers=who.headers, timeout=30)
    return Answer(f"{method} {path}", answer.status_code, time.monotonic() - began, "Retry-After" in answer.headers)


async def turned_away(served: Served, who: Person, code: str) -> Answer:
    """Somebody who comes meanwhile is told to come back."""
    began = time.monotonic()
    live = await served.enter(who, code)
    error = await live.until(type="error")
    assert (error["code"], error["retriable"]) == ("unavailable", True)
    assert await live.closed() == 1012
    return Answer("a new socket", 503, time.monotonic() - began, True)


async def refused(live: Live, count: int) -> list[Answer]:
    """So many commands at once: each is answered."""
    began = time.monotonic()
    for n in range(count):
        await live.say(type="say", id=f"frozen-{n}", text=f"frozen {n}")
    answers = []
    for n in range(count):
        error = await live.until(type="error")
        assert (error["id"], error["retriable"]) == (f"frozen-{n}", True)
        answers.append(Answer(f"command {n}", 503, time.monotonic() - began, True))
    return answers


async def passed_over(live: Live) -> Answer:
    """A message of a contract without acknowledgements."""
    began = time.monotonic()
    await live.say(type="CHAT_MESSAGE", message="frozen")
    await live.until(type="ERROR")
    return Answer("a message", 503, time.monotonic() - began, True)


def paths(code: str) -> list[tuple[str, str, Any]]:
    return [
        ("GET", "/", None),
        ("GET", f"/r/{code}", None),
        ("GET", "/api/rooms/", None),
        ("GET", f"/api/rooms/{code}/", None),
        ("GET", f"/api/rooms/{code}/messages/", None),
        ("GET", "/rooms/api/rooms/", None),
        ("GET", f"/api/rooms/{code}/qr.svg", None),
        ("POST", f"/api/rooms/{code}/messages/", {"text": "over HTTP"}),
        ("POST", "/api/rooms/create/", {"name": "Saturday"}),
        ("POST", "/api/rooms/join/", {"code": code}),
        ("GET", "/api/health/", None),
        ("GET", "/api/health/ready/", None),
    ]


async def gathered(work: list[Awaitable[Any]]) -> list[Answer]:
    found: list[Answer] = []
    for each in await asyncio.gather(*work):
        found += each if isinstance(each, list) else [each]
    return found


@pytest.mark.logs("lost the subscription|job .* waits|could not archive")
@pytest.mark.gen_test(timeout=120)
async def test_a_frozen_redis_is_said_in_time_and_forgotten_at_once(
    database_url: str, data_dir: Path, tmp_path: Path
) -> None:
    async with with_its_own_redis(database_url, data_dir, tmp_path) as (served, pid):
        alice, bob = await served.person("Alice"), await served.person("Bob")
        code = await served.room(alice)
        host, guest = await served.enter(alice, code), await served.enter(bob, code)
        for live in (host, guest):
            await live.until(type="state")
        watching = await served.socket(f"/ws/room/{code}/?token={bob.token}")
        await watching.until(type="PLAYBACK_STATE")
        tasks = len(asyncio.all_tasks())
        with frozen(pid):
            for round_ in range(2):
                # More at once than there are connections to Redis.
                work: list[Awaitable[Any]] = [asked(served, alice, *path) for path in paths(code) for _ in range(4)]
                work += [turned_away(served, bob, code) for _ in range(3)]
                work += [refused(host, 15), passed_over(watching)] if round_ == 0 else []
                answers = await gathered(work)
                assert {each.status for each in answers} == {503}
                assert all(each.retry for each in answers if "health/" not in each.what[-8:])
                late = [each for each in answers if each.took_s > ANSWER_S]
                assert not late, late
            assert len(asyncio.all_tasks()) < tasks + 60
        began = time.monotonic()
        await until_acknowledged(guest, "back")
        assert time.monotonic() - began < BACK_S
        while "back" not in str(host.heard[-1]):
            assert await host.next()
        await nobody_is_left_over(served, code)


async def until_acknowledged(live: Live, text: str) -> None:
    async def acknowledged() -> bool:
        return bool((await live.do("say", id="again", text=text))["type"] == "ack")

    await eventually(acknowledged, text)


async def nobody_is_left_over(served: Served, code: str) -> None:
    """Sockets that were turned away while nobody knew whether they were in are not in."""
    engine = served.services.engine
    room_id = await engine.find(code)

    async def as_there_are() -> bool:
        members = (await engine.room(room_id)).members
        return sorted(len(member.sockets) for member in members.values()) == [1, 2]

    await eventually(as_there_are, "as many sockets as there are")
