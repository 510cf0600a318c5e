"""What people hear in real rooms gets into PostgreSQL: once, whichever process saw it, whatever was away meanwhile."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from archive_world import locked
from byte_proxy import wire_to
from hub_world import eventually
from serving import Live, Person, Served, serving

from roomd.domain.heard import Listen
from roomd.domain.ids import UserId
from roomd.domain.refusals import Unavailable

#: Nothing here has a length, unless it says so: it plays until somebody goes on.
SONG = {"url": "https://media.example/one.mp3", "title": "One", "artist": "Carol", "kind": "audio"}
OTHER = {"url": "https://media.example/two.mp3", "title": "Two", "kind": "audio"}
MINUTE = {"url": "https://media.example/minute.mp3", "title": "Minute", "duration": 60, "kind": "audio"}


async def history(served: Served, person: Person) -> list[Listen]:
    await served.services.library.listening.catch_up()
    listens, count = await served.services.library.listens.history(UserId(person.id), 100, 0)
    assert count == len(listens)
    return listens


async def titles(served: Served, person: Person) -> list[tuple[str, str]]:
    return [(listen.song.title, listen.ended) for listen in await history(served, person)]


async def here(served: Served, person: Person, code: str) -> Live:
    live = await served.enter(person, code)
    await live.until(type="state")
    return live


async def do(live: Live, kind: str, **fields: object) -> None:
    answer = await live.do(kind, **fields)
    assert answer["type"] == "ack", answer


async def party(served: Served) -> tuple[Person, Live, Person, Live, str]:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    return alice, await here(served, alice, code), bob, await here(served, bob, code), code


@pytest.mark.gen_test(timeout=60)
async def test_what_plays_is_in_everybodys_history_at_once_and_how_it_ended_follows(served: Served) -> None:
    alice, host, bob, _, code = await party(served)
    await do(host, "add", tracks=[SONG, OTHER])
    for person in (alice, bob):
        (listen,) = await history(served, person)
        assert (listen.song.title, listen.song.artist, listen.ended) == ("One", "Carol", "stopped")
    await do(host, "next")
    assert await titles(served, bob) == [("Two", "stopped"), ("One", "skipped")]
    assert (await history(served, bob))[0].room == await served.services.engine.find(code)


@pytest.mark.gen_test(timeout=60)
async def test_a_song_that_plays_to_its_end_is_heard_whole(served: Served) -> None:
    alice, host, bob, _, _ = await party(served)
    short = (await alice.call("GET", "/api/catalogue/search/?q=Short")).json()["tracks"][0]
    await do(host, "add", tracks=[{key: short[key] for key in ("url", "title", "duration", "source")}])
    await host.until_event("playback_changed")

    async def ended() -> bool:
        return [listen.ended for listen in await history(served, bob)] == ["ended"]

    await eventually(ended, "the song to end")
    (listen,) = await history(served, alice)
    assert abs(listen.heard_ms - 1_000) < 1
    assert listen.song.id == short["id"]


@pytest.mark.gen_test(timeout=60)
async def test_who_was_not_there_has_heard_nothing(served: Served) -> None:
    alice, host, bob, guest, code = await party(served)
    guest.socket.close()
    await guest.closed()
    room_id = await served.services.engine.find(code)

    async def gone() -> bool:
        return not (await served.services.engine.room(room_id)).members[UserId(bob.id)].online

    await eventually(gone, "Bob to be gone")
    await do(host, "add", tracks=[SONG])
    assert await titles(served, alice) == [("One", "stopped")]
    assert await titles(served, bob) == []


@pytest.mark.gen_test(timeout=60)
async def test_a_room_that_nobody_is_in_is_in_nobodys_history(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    added = await alice.call("POST", f"/api/rooms/{code}/queue/", {"tracks": [SONG]})
    assert added.status_code == 201, added.text
    assert await history(served, alice) == []


@pytest.mark.gen_test(timeout=60)
async def test_two_processes_write_it_once(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with (
        serving(redis_url, database_url, data_dir) as one,
        serving(redis_url, database_url, data_dir) as other,
    ):
        alice, bob = await one.person("Alice"), await other.person("Bob")
        code = await one.room(alice)
        host, guest = await here(one, alice, code), await here(other, bob, code)
        await do(host, "role", user=bob.id, role="cohost")
        await do(host, "add", tracks=[MINUTE, OTHER, SONG])
        await do(guest, "seek", position=30_000)
        await asyncio.gather(*(each.services.library.listening.catch_up() for each in (one, other)))
        await do(guest, "next")
        await do(host, "next")
        await asyncio.gather(*(each.services.library.listening.catch_up() for each in (one, other, one, other)))
        for served, person in ((one, alice), (other, bob)):
            wanted = [("One", "stopped"), ("Two", "skipped"), ("Minute", "skipped")]
            assert await titles(served, person) == wanted
            assert (await history(served, person))[-1].heard_ms < 15_000


@pytest.mark.gen_test(timeout=60)
async def test_what_was_noted_before_a_restart_is_written_after_it(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with locked(database_url, "listens"), serving(redis_url, database_url, data_dir) as served:
        alice = await served.person("Alice")
        host = await here(served, alice, await served.room(alice))
        await do(host, "add", tracks=[SONG])
    async with serving(redis_url, database_url, data_dir) as again:
        # Ending the server closed her socket, which is in her history too.
        (listen,) = await history(again, alice)
        assert (listen.song.title, listen.ended) == ("One", "stopped")


@pytest.mark.logs("rooms go on without being archived|Failed to restore the pool|waits: the database")
@pytest.mark.gen_test(timeout=90)
async def test_while_postgres_is_away_it_waits(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with wire_to(database_url) as wire, serving(redis_url, wire.url, data_dir) as served:
        alice, host, bob, _, _ = await party(served)
        stream = served.services.library.listening.stream
        await wire.cut()
        await do(host, "add", tracks=[SONG, OTHER])
        await do(host, "next")

        async def waits() -> bool:
            waiting = await stream.after("0-0", 100)
            return waiting is not None and sum(len(noted.runs) for noted in waiting.noted) == 3

        await eventually(waits, "what is heard to wait in Redis")
        await wire.start()
        wanted = [("Two", "stopped"), ("One", "skipped")]

        async def written() -> bool:
            with suppress(Unavailable):
                listens, _ = await served.services.library.listens.history(UserId(bob.id), 10, 0)
                return [(listen.song.title, listen.ended) for listen in listens] == wanted
            return False

        await eventually(written, "what waited to be written without anybody asking")
        assert await titles(served, alice) == wanted
        assert await stream.after("0-0", 100) is None
