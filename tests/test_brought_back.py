"""Rooms that are brought back under people who are in them: everybody is told, in their own words, and goes on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis
from serving import Live, Person, Served


@asynccontextmanager
async def emptied(redis_url: str) -> AsyncIterator[Redis]:
    redis = Redis.from_url(redis_url)
    try:
        await redis.flushall()
        yield redis
    finally:
        await redis.aclose()


async def settled(served: Served, code: str) -> None:
    """Wait until everything of the room is archived."""
    engine = served.services.engine
    room = await engine.room(await engine.find(code))
    assert await engine.kept(engine.receipt(room, room.rev)) == "archived"


async def party(served: Served) -> tuple[Person, str, Live, Live]:
    """Alice's room with a queue that plays, a line of chat with a reaction, and Bob."""
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    host = await served.enter(alice, code)
    await host.until(type="state")
    guest = await served.enter(bob, code)
    await guest.until(type="state")
    tracks = [
        {"url": f"https://media.example/{n}.mp3", "title": n, "duration_ms": 600_000, "kind": "audio"} for n in "ab"
    ]
    assert (await host.do("add", tracks=tracks))["level"] == "archived"
    await guest.do("say", text="hello")
    await host.do("react", message=(await host.until_event("said"))["message"]["id"], emoji="🎵")
    await settled(served, code)
    return alice, code, host, guest


async def anew(live: Live, epoch: int) -> dict[str, Any]:
    """The state of a later epoch, which has come or is to come."""
    while not (found := [m for m in live.heard if m["type"] == "state" and m["epoch"] > epoch]):
        assert await live.next(), live.socket.close_code
    return found[0]


def said_since(live: Live, epoch: int) -> list[str]:
    """The lines that came as commits of later epochs."""
    events = [event for m in live.heard if m["type"] == "commit" and m["epoch"] > epoch for event in m["events"]]
    return [event["message"]["text"] for event in events if event["type"] == "said"]


def shown(room: dict[str, Any]) -> dict[str, Any]:
    members = sorted(room["members"], key=lambda member: str(member["id"]))
    kept = ("queue", "chat", "playback", "host", "owner", "acts", "rights", "code", "name")
    return {key: room[key] for key in kept} | {"members": members}


@pytest.mark.gen_test(timeout=60)
async def test_an_emptied_redis_is_a_new_state_and_the_room_goes_on(served: Served, redis_url: str) -> None:
    alice, code, host, guest = await party(served)
    newcomer = await served.enter(alice, code)
    before = await newcomer.until(type="state")
    epoch = before["epoch"]
    await settled(served, code)
    async with emptied(redis_url):
        acked = await guest.do("say", text="and on")
        assert (acked["type"], acked["level"]) == ("ack", "archived")
        assert acked["epoch"] > epoch
        for live in (host, guest, newcomer):
            state = await anew(live, epoch)
            after, was = shown(state["room"]), shown(before["room"])
            lines = [line["text"] for line in after["chat"]]
            assert after | {"chat": after["chat"][:1]} == was
            # Numbers go on, so that none means two things.
            assert state["rev"] > before["rev"]
            while lines + said_since(live, epoch) != ["hello", "and on"]:
                assert await live.next()
        rev = (await host.do("next"))["rev"]
        commits = [m for m in host.heard if m["type"] == "commit" and m["epoch"] > epoch]
        while commits[-1]["rev"] < rev:
            message = await host.next()
            assert message
            commits += [message] if message["type"] == "commit" else []
        first = (await anew(host, epoch))["rev"]
        assert [commit["rev"] for commit in commits] == list(range(first + 1, rev + 1))


@pytest.mark.gen_test(timeout=60)
async def test_positions_of_an_earlier_epoch_get_the_state(served: Served, redis_url: str) -> None:
    alice, code, host, _ = await party(served)
    known = {key: host.heard[-1][key] for key in ("epoch", "rev")}
    async with emptied(redis_url):
        again = await served.enter(alice, code, known)
        welcome = await again.until(type="welcome")
        assert not welcome["resumed"]
        assert welcome["epoch"] > known["epoch"]
        state = await again.until(type="state")
        assert (state["epoch"], state["rev"]) == (welcome["epoch"], welcome["rev"])
        here = {"epoch": welcome["epoch"], "rev": welcome["rev"]}
        beyond = await served.enter(alice, code, here | {"rev": 10**6})
        assert not (await beyond.until(type="welcome"))["resumed"]
        resumed = await served.enter(alice, code, here)
        assert (await resumed.until(type="welcome"))["resumed"]
