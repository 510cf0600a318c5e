"""Somebody who did everything, in every table and under every key: handed out to them, and gone when they are gone."""

import io
import json
import re
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from hub_world import eventually
from picture_files import halves, written
from redis.asyncio import Redis
from serving import GOOD, Person, Served, account, serving

from roomd.departures import NOBODY
from roomd.domain.ids import UserId
from roomd.store.departed import renamed

ADDRESS, AGENT = "203.0.113.77", "Quuxium/7.1 (of Adelheid)"
NAME, USERNAME, EMAIL, BIO = "Adelheid Quux", "adelheid_q", "adelheid.q@example.org", "Collects brooks and ladders."
#: Tables in which somebody is found, and the files of an export that say what stands there.
THEIRS = {
    "users": "profile", "sessions": "sessions", "refresh_tokens": "sessions", "playlists": "playlists",
    "playlist_tracks": "playlists", "favourites": "favourites", "listens": "history", "personal_rooms": "rooms",
    "rooms": "rooms", "room_events": "rooms chat reactions requests bans", "admin_acts": "oversight",
    "room_snapshots": "rooms chat reactions requests bans",
}  # fmt: skip
#: Tables in which there is nothing of anybody, or (private ids) nothing of people with accounts.
NOBODYS = {
    "alembic_version", "catalogue_answers", "deleted_people", "ended_sessions", "listens_upto", "private_ids",
    "room_epochs", "songs", "vitals",
}  # fmt: skip
#: Keys by what they are; those in which somebody may be found when they are gone, by their id alone, end in "!".
KEYS = (
    r"roomd:\{[-0-9a-f]{36}\}:\w+!", r"roomd:user:\S+:rooms", r"roomd:picks:\S+", r"roomd:moods:\S+",
    r"roomd:party:\S+!", r"roomd:\{limits\}:\S+!", r"roomd:\{listens\}\S*!",
    r"roomd:(attempts|code|lease|process|revoked|answer|quota|capability|ticket):.+",
    r"roomd:(rooms|active|due|snapshots|built|processes|ended|time)",
)  # fmt: skip


async def postgres(url: str) -> dict[str, str]:
    """Each table's rows as a text, snapshots unpacked."""
    connection = await asyncpg.connect(url)
    found = {}
    for (name,) in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        rows = [dict(row) for row in await connection.fetch(f'SELECT * FROM "{name}"')]
        for row in rows:
            if name == "room_snapshots":
                row["body"] = zlib.decompress(row["body"]).decode()
        found[name] = "\n".join(map(str, rows))
    await connection.close()
    return found


async def redis(url: str) -> dict[str, str]:
    """What is under each key, and the key itself, as a text."""
    client: Any = Redis.from_url(url, decode_responses=True)
    found = {}
    async for key in client.scan_iter(count=1_000):
        kind = await client.type(key)
        if kind == "none":  # It has run out meanwhile.
            continue
        if kind == "zset":
            said = await client.zrange(key, 0, -1)
        elif kind == "stream":
            said = await client.xrange(key)
        else:
            said = await getattr(client, {"string": "get", "hash": "hgetall", "set": "smembers"}[kind])(key)
        found[key] = f"{key} {said}"
    await client.aclose()
    return found


async def somebody(served: Served, http: httpx.AsyncClient) -> Person:
    """Signed in under the name by which they are called from then on, after a try that failed."""
    given = {"username": USERNAME, "email": EMAIL, "password": GOOD}
    assert (await http.post("/api/accounts/register/", json=given)).status_code == 201
    assert (await http.post("/api/auth/login/", json=given | {"password": "wrong"})).status_code == 401
    first = await signed_in(http)
    await done(first, "PATCH", "accounts/profile/", {"name": NAME, "bio": BIO})
    files = {"avatar": ("face.png", written(halves()), "image/png")}
    assert (await http.post("/api/accounts/upload-avatar/", files=files, headers=first.headers)).is_success
    return await signed_in(http)


async def signed_in(http: httpx.AsyncClient) -> Person:
    answer = (await http.post("/api/auth/login/", json={"email": EMAIL, "password": GOOD})).json()
    return Person(answer["user"]["id"], NAME, answer["access_token"], http)


async def done(person: Person, method: str, path: str, body: Any = None) -> Any:
    answer = await person.call(method, f"/api/{path}", body)
    assert answer.is_success, (path, answer.text)
    return answer.json() if answer.content else None


async def in_rooms(served: Served, ada: Person, bob: Person) -> None:
    """In a room of hers and one of Bob's; thrown out of another, and at the door of one more."""
    mine, his = await served.room(ada, name="Mine"), await served.room(bob, name="His")
    thrown, door = await served.room(bob, name="Third"), await served.room(bob, name="Door", entry_mode="approval")
    (one, two, *_) = (await done(ada, "GET", "catalogue/search/?q=walk"))["tracks"]
    for code in (mine, his, thrown):
        for person in (ada, bob):
            await done(person, "POST", "rooms/join/", {"code": code})
        await done(ada, "POST", f"rooms/{code}/messages/", {"text": f"hello {code}"})
        (line,) = (await done(bob, "GET", f"rooms/{code}/messages/"))["messages"]
        await done(bob, "POST", f"rooms/{code}/messages/", {"text": "you too", "reply_to": line["id"]})
        await done(ada, "POST", f"rooms/{code}/messages/{line['id']}/reactions/", {"emoji": "🎉"})
        await done(ada, "POST", f"rooms/{code}/queue/", {"source": one["id"]})
        await done(
            ada, "POST", f"rooms/{code}/requests/", {"action": "add", "url": f"https://media.example/{two['id']}.mp3"}
        )
    (entry, *_) = (await done(ada, "GET", f"rooms/{his}/queue/"))["entries"]
    await done(ada, "POST", f"rooms/{his}/queue/{entry['id']}/vote/")
    await done(ada, "POST", f"rooms/{his}/djs/")
    await done(bob, "POST", f"rooms/{his}/members/{ada.id}/mute/", {"minutes": 5})
    await done(bob, "POST", f"rooms/{thrown}/members/{ada.id}/ban/", {"reason": "sells"})
    assert (await ada.call("POST", "/api/rooms/join/", {"code": door})).json()["status"] == "PENDING"
    live = await served.enter(ada, mine)
    await live.until(type="state")
    await live.do("play")
    await live.do("next")


async def at_home(ada: Person) -> None:
    """What is hers alone."""
    (one, *_) = (await done(ada, "GET", "catalogue/search/?q=walk"))["tracks"]
    made = await done(ada, "POST", "playlists/playlists/", {"name": "Brooks"})
    await done(ada, "POST", f"playlists/playlists/{made['id']}/add_track/", {"track_id": one["id"]})
    await done(ada, "POST", "playlists/favorites/add/", {"track_id": one["id"]})
    await done(ada, "POST", "playlists/queue/enqueue/", {"track_id": one["id"]})
    await done(ada, "POST", "auth/ticket/")
    party = {"Idempotency-Key": "once"} | ada.headers
    assert (await ada.http.post("/api/playlists/queue/party/", json={"name": "Hers"}, headers=party)).is_success
    await done(ada, "POST", "playlists/queue/enqueue/", {"track_id": one["id"]})
    await done(ada, "GET", "playlists/recommendations/")


async def exported(ada: Person) -> dict[str, Any]:
    content = (await ada.call("GET", "/api/accounts/export/")).content
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name.removesuffix(".json"): json.loads(file.read(name)) for name in file.namelist()}


def test_a_name_goes_from_bans_and_wherever_else_it_stands() -> None:
    """Of a guest a ban stands under where they came from, too."""
    ban = b'{"name":"Ada \\"A\\"","by":"x","at":1.5,"reason":"said }"}'
    text = (
        b'{"bans":{"a-1":%s,"digest":%s,"b-2":{"name":"Bob","by":"a-1","at":1,"reason":""}},"by":"a-1","by_name":"Ada"}'
    )
    gone = b'{"name":"N","by":"x","at":1.5,"reason":"said }"}'
    other = text.replace(b'"by_name":"Ada"', b'"by_name":"N"') % (gone, gone)
    assert renamed(text % (ban, ban), UserId("a-1"), "N") == other
    event = b'{"type":"banned","keys":["a-1","digest"],"ban":%s}'
    assert renamed(event % ban, UserId("a-1"), "N") == event % gone
    assert renamed(text, UserId("c-3"), "N") == text


@pytest.mark.gen_test(timeout=90)
async def test_all_of_somebody_is_handed_out_and_goes_with_them(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with serving(redis_url, database_url, data_dir, trusted_hops=1, limits=1) as served:
        root, bob = await account(served, "root", admin=True), await served.person("Bob")
        headers = {"X-Forwarded-For": ADDRESS, "User-Agent": AGENT}
        async with httpx.AsyncClient(base_url=served.http.base_url, trust_env=False, headers=headers) as http:
            ada = await somebody(served, http)
            await in_rooms(served, ada, bob)
            await at_home(ada)
        await done(root, "PUT", f"admin/people/{ada.id}/ban/", {"reason": "sells wares"})
        await done(root, "DELETE", f"admin/people/{ada.id}/ban/", {"reason": "said sorry"})
    # With its last server's end each room is in PostgreSQL as a snapshot, too.
    async with serving(redis_url, database_url, data_dir, trusted_hops=1, limits=1) as served:
        ada = replace(await signed_in(served.http), http=served.http)
        told = await exported(ada)
        before = await postgres(database_url)
        assert before.keys() == {*THEIRS, *NOBODYS}, "a new table: who is in it, and what becomes of them?"
        for table, text in before.items():
            found = [word for word in (ada.id, NAME, EMAIL, AGENT, ADDRESS) if word in text]
            assert not found or all(told[name] for name in THEIRS[table].split()), table
        assert {each["text"].partition(" ")[0] for each in told["chat"]} == {"hello"}
        assert [len(told[name]) for name in ("chat", "reactions", "requests", "bans", "oversight")] == [3, 3, 3, 1, 2]
        for key in await redis(redis_url):
            assert any(re.fullmatch(kind.rstrip("!"), key) for kind in KEYS), f"a new kind of key: {key}"

        assert (await ada.call("POST", "/api/accounts/delete/", {"password": GOOD})).status_code == 204

        async def seen_off() -> bool:
            return not (await postgres(database_url))["deleted_people"]

        await eventually(seen_off, "all is done that a deletion brings")
    await nothing_is_left(ada, await postgres(database_url), await redis(redis_url))


async def nothing_is_left(ada: Person, tables: dict[str, str], keys: dict[str, str]) -> None:
    """Of her there is her id alone, in rooms' logs, in what admins did, and for minutes where something counts."""
    left = (NAME, USERNAME, EMAIL, BIO, AGENT)
    keys = {key: text for key, text in keys.items() if not key.startswith("roomd:ticket:")}  # Half a minute.
    assert {place: word for place, text in (tables | keys).items() for word in left if word in text} == {}
    assert {name for name, text in tables.items() if ADDRESS in text} == set()
    assert {name for name, text in tables.items() if ada.id in text} == {"room_events", "room_snapshots", "admin_acts"}
    assert NOBODY in tables["room_events"]
    assert "sells wares" in tables["admin_acts"]
    for key, text in keys.items():
        if ada.id in text or ADDRESS in text:
            assert any(re.fullmatch(kind.rstrip("!"), key) for kind in KEYS if kind.endswith("!")), key
