"""One's own queue becomes a party once under an id: on whichever server, however often, also at the same time."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from queue_world import QUEUE, ok, with_album
from serving import Person, Served
from test_rooms_http import refused


@pytest.mark.gen_test(timeout=60)
async def test_a_party_is_made_once_under_its_key(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with (
        with_album(redis_url, database_url, data_dir) as here,
        with_album(redis_url, database_url, data_dir) as there,
    ):
        alice, bob = await here.person("Alice"), await here.person("Bob")
        queue = await ok(alice, "GET", "")

        async def party(person: Person, key: str, served: Served, body: Any = None) -> dict[str, Any]:
            headers = person.headers | {"Idempotency-Key": key}
            answer = await served.http.post(f"{QUEUE}/party/", json=body or {}, headers=headers)
            assert answer.status_code == 200, answer.text
            assert answer.headers["Roomd-Level"] in {"archived", "accepted"}
            return dict(answer.json())

        made = await asyncio.gather(*(party(alice, "press-1", served) for served in (here, there, here, there)))
        assert {room["id"] for room in made} == {queue["id"]}
        following = await ok(alice, "GET", "")
        assert following["id"] != queue["id"]
        again = await party(alice, "press-1", there, {"name": "Another name"})
        assert (again["id"], again["name"]) == (queue["id"], "Alice’s party")
        assert (await ok(alice, "GET", ""))["id"] == following["id"], "the queue that followed is left alone"
        assert (await party(bob, "press-1", here))["id"] not in {queue["id"], following["id"]}
        assert (await party(alice, "press-2", there))["id"] == following["id"]
        # What was refused takes effect when it is sent again as it should have been.
        third = await ok(alice, "GET", "")
        headers = alice.headers | {"Idempotency-Key": "press-3"}
        wrong = await here.http.post(
            f"{QUEUE}/party/", json={"name": " " * 300, "password": "", "entry_mode": "password"}, headers=headers
        )
        assert wrong.status_code == 400
        assert (await party(alice, "press-3", here))["id"] == third["id"]
        closed = await alice.call("DELETE", f"/api/rooms/{third['id']}/")
        assert closed.status_code in {200, 204}, closed.text
        gone = await here.http.post(f"{QUEUE}/party/", json={}, headers=headers)
        refused(gone, 404, "no_such_room")
