"""Rooms that are brought back under people who are in them: everybody is told, in their own words, and goes on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from byte_proxy import wire_to
from hub_world import eventually
from redis.asyncio import Redis
from serving import Live, Person, Served, serving

from roomd.domain.ids import RoomId, UserId
from roomd.store.redis import connect


@asynccontextmanager
async def emptied(redis_url: str) -> AsyncIterator[Redis]:
    redis = connect(redis_url)
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


def said_of(live: Live) -> RoomId:
    """The room that a socket is in."""
    return RoomId(next(m["room"]["id"] for m in live.heard if m["type"] == "welcome"))


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


@pytest.mark.gen_test(timeout=60)
async def test_the_other_contracts_hear_what_is_different_in_their_own_words(served: Served, redis_url: str) -> None:
    _, code, host, _ = await party(served)
    carol = await served.person("Carol")
    paths = {"streamit": "room", "musicroom": "rooms", "collab": "sessions"}
    last = {"streamit": "PLAYBACK_STATE", "musicroom": "playback_synced", "collab": "playlist_update"}
    lives = {name: await served.socket(f"/ws/{path}/{code}/?token={carol.token}") for name, path in paths.items()}
    for name, live in lives.items():
        await live.until(type=last[name])
    await settled(served, code)
    async with emptied(redis_url):
        await host.do("say", text="and on")
        await host.do("pause", position=12_000)
        await lives["streamit"].until(type="PAUSE", time=12)
        await lives["musicroom"].until(type="song_paused", position=12)
        assert (await lives["collab"].until(type="playback_state"))["data"]["position"] == 12
    heard = [message["type"] for message in lives["streamit"].heard]
    assert heard.count("PLAYBACK_STATE") == heard.count("CHAT_HISTORY") == heard.count("ROOM_PARTICIPANTS") == 1
    # Nothing else is different, so nothing else is told.
    greeting = heard.index("PLAYBACK_STATE") + 1
    assert [kind for kind in heard[greeting:] if not kind.startswith("USER")] == ["CHAT_MESSAGE", "PAUSE"]
    assert [m["type"] for m in lives["musicroom"].heard if m["type"] == "queue_updated"] == ["queue_updated"]


@pytest.mark.logs("rooms go on without being archived|Failed to restore the pool|waits: the database")
@pytest.mark.gen_test(timeout=90)
async def test_an_emptied_redis_without_postgres_waits_for_it(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with wire_to(database_url) as wire, serving(redis_url, wire.url, data_dir) as served:
        alice, code, host, guest = await party(served)
        epoch = host.heard[-1]["epoch"]
        await wire.cut()
        async with emptied(redis_url):
            served.services.hub.doubt(said_of(host))
            refused = await guest.do("say", text="nobody there")
            assert (refused["code"], refused["retriable"]) == ("unavailable", True)
            assert (await alice.call("GET", f"/api/rooms/{code}/")).status_code == 503
            await wire.start()
            for live in (host, guest):
                state = await anew(live, epoch)
                assert [line["text"] for line in state["room"]["chat"]] == ["hello"]
            assert (await guest.do("say", text="somebody there"))["level"] == "archived"


@pytest.mark.logs("rooms go on without being archived|Failed to restore the pool|waits: the database")
@pytest.mark.gen_test(timeout=90)
async def test_who_came_in_without_being_archived_comes_again(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    """What was only accepted is lost with its Redis. Those who came in by it come again, and sockets are known anew."""
    async with wire_to(database_url) as wire, serving(redis_url, wire.url, data_dir) as served:
        alice, code, host, _ = await party(served)
        carol = await served.person("Carol")
        epoch = host.heard[-1]["epoch"]
        await wire.cut()
        second = await served.enter(alice, code)
        await second.until(type="state")
        late = await served.enter(carol, code)
        await late.until(type="state")
        assert (await late.do("say", text="lost"))["level"] == "accepted"
        async with emptied(redis_url):
            await wire.start()
            room_id = said_of(host)
            served.services.hub.doubt(room_id)
            state = await anew(second, epoch)
            assert [line["text"] for line in state["room"]["chat"]] == ["hello"]
            assert carol.id not in {member["id"] for member in state["room"]["members"]}
            assert await late.closed() == 1012
            engine = served.services.engine

            async def both_known() -> bool:
                return len((await engine.room(room_id)).members[UserId(alice.id)].sockets) == 2

            await eventually(both_known, "Alice's second socket is hers again")
            back = await served.enter(carol, code, {"epoch": epoch, "rev": 10})
            assert not (await back.until(type="welcome"))["resumed"]


@pytest.mark.gen_test(timeout=60)
async def test_a_room_that_is_gone_says_so(served: Served, redis_url: str, database_url: str) -> None:
    """It was closed elsewhere, and all that Redis knew of that is gone."""
    _, _, host, guest = await party(served)
    room_id = said_of(host)
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE rooms SET state = 'closed' WHERE id = $1", room_id)
    await connection.close()
    async with emptied(redis_url):
        served.services.hub.doubt(room_id)
        assert [await live.closed() for live in (host, guest)] == [4504, 4504]
