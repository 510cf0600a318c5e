"""The server overseen: by admins alone, and with a note of whatever they change."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hub_world import eventually
from serving import GOOD, Person, Served, account, serving, signed_in


async def told(person: Person, path: str) -> Any:
    answer = await person.call("GET", f"/api/admin/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def done(person: Person, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    answer = await person.call(method, f"/api/admin/{path}", body or {})
    assert answer.status_code == 204, answer.text


async def acts(admin: Person) -> list[tuple[str, str, str]]:
    return [(each["act"], each["what"], each["why"]) for each in (await told(admin, "audit/"))["acts"]]


@asynccontextmanager
async def overseen(redis_url: str, database_url: str, data_dir: Path) -> AsyncIterator[tuple[Served, Person]]:
    async with serving(redis_url, database_url, data_dir) as served:
        yield served, await account(served, "root", admin=True)


async def nobody_else_may(served: Served, guest: Person, carol: Person) -> None:
    routes = [
        ("GET", "overview/"), ("GET", "vitals/"), ("GET", "rooms/"), ("DELETE", "rooms/AAAAAA/"), ("GET", "people/"),
        ("DELETE", f"rooms/AAAAAA/members/{carol.id}/"), ("DELETE", "rooms/AAAAAA/messages/1/"), ("GET", "messages/"),
        ("GET", "requests/"),
        ("PATCH", f"people/{carol.id}/"), ("PUT", f"people/{carol.id}/ban/"), ("DELETE", f"people/{carol.id}/ban/"),
        ("GET", "sessions/"), ("DELETE", f"people/{carol.id}/sessions/{carol.id}/"), ("GET", "audit/"),
    ]  # fmt: skip
    for method, path in routes:
        for person in (guest, carol):
            answer = await person.call(method, f"/api/admin/{path}", {"admin": True} if method == "PATCH" else None)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_an_admin"), path
        assert (await served.http.request(method, f"/api/admin/{path}")).status_code == 401, path


@pytest.mark.gen_test(timeout=60)
async def test_rooms_are_found_entered_into_by_no_deed_and_closed(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with overseen(redis_url, database_url, data_dir) as (served, root):
        alice, bob = await served.person("Alice"), await served.person("Bob")
        code = await served.room(alice, visibility="private")
        await bob.call("POST", "/api/rooms/join/", {"code": code})
        live = await served.enter(bob, code)
        await live.until(type="state")
        await live.do("say", text='Buy my "Wares"')
        await live.do("ask", action="add", track={"url": "https://media.example/walk.mp3", "title": "Walk"})

        async def listed() -> bool:
            return any(room["code"] == code for room in (await told(root, "rooms/?q=FRI&state=live"))["rooms"])

        await eventually(listed, "the room to be archived")
        (room,) = (await told(root, f"rooms/?q={code}"))["rooms"]
        assert (room["online"], room["host"], room["people"]) == (1, "Alice", 2)

        async def heard() -> bool:
            return (await told(root, "requests/?q=walk"))["count"] == 1

        await eventually(heard, "the line to be archived")
        (request,) = (await told(root, "requests/?q=BOB"))["requests"]
        assert (request["title"], request["status"], request["room_name"]) == ("Walk", "pending", "Friday")
        await alice.call("POST", f"/api/rooms/{code}/requests/{request['id']}/reject/", {"reason": "not today"})
        (request,) = (await told(root, "requests/"))["requests"]
        assert (request["status"], request["reason"]) == ("rejected", "not today")
        assert (await told(root, "requests/?offset=1"))["requests"] == []
        # What is looked for is what people wrote, and not how that is kept.
        assert [(await told(root, f"messages/?q={q}"))["count"] for q in ("by_name", "bob", '"wares', "alice")] == [
            0,
            1,
            1,
            0,
        ]
        (line,) = (await told(root, "messages/?q=wares"))["messages"]
        assert (line["user"], line["room"], line["removed"]) == ("Bob", code, False)
        assert (await told(root, "messages/?q=wares&offset=1"))["messages"] == []
        await done(root, "DELETE", f"rooms/{code}/messages/{line['id']}/", {"reason": "selling"})
        assert (await live.until_event("message_deleted"))["message"] == line["id"]
        assert [each["removed"] for each in (await told(root, "messages/"))["messages"]] == [True]
        await done(root, "DELETE", f"rooms/{code}/members/{bob.id}/?ban=true", {"reason": "sells"})
        assert (await bob.call("POST", "/api/rooms/join/", {"code": code})).json()["error"]["code"] == "banned"
        await done(root, "DELETE", f"rooms/{code}/", {"reason": "that is enough"})
        assert (await alice.call("GET", f"/api/rooms/{code}/")).status_code == 404
        assert await acts(root) == [
            ("close_room", f"Friday ({code})", "that is enough"),
            ("ban_from_room", f"Bob in Friday ({code})", "sells"),
            ("remove_message", f"in Friday ({code})", "selling"),
        ]
        assert (await root.call("DELETE", f"/api/admin/rooms/{code}/", {})).status_code == 404
        found = [
            (await told(root, f"audit/?{q}"))["count"] for q in ("act=kick", "act=close_room", f"q={bob.id}", "q=SELL")
        ]
        assert found == [0, 1, 1, 2]
        assert (await root.call("GET", "/api/admin/audit/?act=dance")).status_code == 400


async def how_the_server_is(served: Served, root: Person) -> None:
    now = await told(root, "overview/")
    assert (now["counts"]["accounts"], now["stores"]["redis"]["ok"], now["files"]) == (1, True, 2)
    assert now["catalogues"] == [{"name": "local", "label": "This server", "down": False, "answers": {}}]
    with served.services.own.exports.place(root.id):
        assert (await root.call("GET", "/api/accounts/export/")).status_code == 429
    now = await told(root, "overview/")
    assert now["limited"] == {"busy": 1}
    assert 0 < now["since"] < served.services.clock.now()
    await served.services.oversight.vitals.note()
    day = await told(root, "vitals/?hours=1")
    assert set(day["curves"]) >= {"sockets", "commands", "lag_ms"}
    assert day["curves"]["sockets"][-1] == 0
    assert (await root.call("GET", "/api/admin/vitals/?hours=999")).status_code == 400


@pytest.mark.gen_test(timeout=60)
async def test_people_are_found_shut_out_and_let_in_again(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with overseen(redis_url, database_url, data_dir) as (served, root):
        await how_the_server_is(served, root)
        carol = await account(served, "carol")
        await served.person("Carla Guest")
        found = (await told(root, "people/?q=CAR&kind=account"))["people"]
        assert [(each["name"], each["guest"], each["email"]) for each in found] == [
            ("carol", False, "carol@example.org")
        ]
        assert (await told(root, "people/?kind=guest"))["count"] == 1
        (session,) = (await told(root, f"sessions/?user={carol.id}"))["sessions"]
        assert (await told(root, "sessions/?q=CAROL@"))["sessions"] == [session]
        assert (session["browser"], session["system"]) == ("", "")
        await done(root, "DELETE", f"people/{carol.id}/sessions/{session['id']}/")
        assert (await carol.call("GET", "/api/accounts/profile/")).json()["error"]["code"] == "token_revoked"

        again = await signed_in(served, "carol")
        await done(root, "PUT", f"people/{carol.id}/ban/", {"reason": "sells"})
        assert (await again.call("GET", "/api/accounts/profile/")).status_code == 401
        wrong = {"email": "carol@example.org", "password": GOOD}
        refused = await served.http.post("/api/auth/login/", json=wrong)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "account_banned")
        assert (await told(root, "people/?banned=true"))["people"][0]["banned_why"] == "sells"
        await done(root, "DELETE", f"people/{carol.id}/ban/", {"reason": "said sorry"})
        assert (await served.http.post("/api/auth/login/", json=wrong)).status_code == 200
        assert await acts(root) == [
            ("unban", "carol", "said sorry"),
            ("ban", "carol", "sells"),
            ("end_session", "carol", ""),
        ]


@pytest.mark.gen_test(timeout=60)
async def test_there_is_always_an_admin_and_nobody_else_may(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with overseen(redis_url, database_url, data_dir) as (served, root):
        carol, guest = await account(served, "carol"), await served.person("Alice")
        await nobody_else_may(served, guest, carol)

        async def refused(method: str, path: str, body: dict[str, Any]) -> str:
            answer = await root.call(method, f"/api/admin/people/{path}", body)
            assert answer.status_code == 409, answer.text
            return str(answer.json()["error"]["code"])

        assert await refused("PATCH", f"{root.id}/", {"admin": False}) == "last_admin"
        assert await refused("PATCH", f"{guest.id}/", {"admin": True}) == "not_an_account"
        await done(root, "PATCH", f"people/{carol.id}/", {"admin": True})
        assert await refused("PUT", f"{carol.id}/ban/", {}) == "is_admin"
        assert (await root.call("PATCH", "/api/admin/people/nobody/", {"admin": True})).status_code == 404
        again = await signed_in(served, "carol")
        await done(again, "PATCH", f"people/{root.id}/", {"admin": False})
        assert (await root.call("GET", "/api/admin/audit/")).status_code == 401
        assert [act for act, _, _ in await acts(again)] == ["demote", "promote"]
