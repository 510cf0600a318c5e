"""The fourth seed document, word by word: signing in, and making, entering and answering the door of a room."""

import pytest
from serving import Person, Served
from test_rooms_http import refused
from test_streamit import connect, enter


@pytest.mark.gen_test(timeout=20)
async def test_login_answers_an_access_token_that_opens_the_socket(served: Served) -> None:
    account = {"username": "erin", "email": "erin@mail.example", "password": "a long enough secret"}
    assert (await served.http.post("/api/accounts/register/", json=account)).status_code == 201
    login = {"email": account["email"], "password": account["password"]}
    token = (await served.http.post("/api/auth/login/", json=login)).json()["access_token"]
    erin = Person("", "erin", token, served.http)
    await enter(served, erin, await served.room(erin))


@pytest.mark.gen_test(timeout=20)
async def test_guest_answers_an_access_token_and_logout_ends_it(served: Served) -> None:
    guest = (await served.http.post("/api/auth/guest/")).json()
    person = Person(guest["user"]["id"], guest["user"]["name"], guest["access_token"], served.http)
    code = await served.room(person)
    assert (await person.call("POST", "/api/auth/logout/")).status_code == 200
    live = await connect(served, person, code)
    assert await live.next() == {"type": "ERROR", "message": "this session has ended; sign in again"}
    assert await live.closed() == 4501


@pytest.mark.gen_test(timeout=20)
async def test_create_takes_public_or_private_and_each_entry_mode(served: Served) -> None:
    alice = await served.person("Alice")
    for visibility in ("public", "private"):
        for mode, more in (("public", {}), ("password", {"password": "open sesame"}), ("approval", {})):
            body = {"name": "Film", "visibility": visibility, "entry_mode": mode} | more
            answer = await alice.call("POST", "/api/rooms/create/", body)
            room = answer.json()
            assert (answer.status_code, room["visibility"], room["entry_mode"]) == (201, visibility, mode)
            assert "open sesame" not in answer.text
            assert "password_hash" not in answer.text


@pytest.mark.gen_test(timeout=20)
async def test_join_a_public_room_answers_joined(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    joined = (await bob.call("POST", "/api/rooms/join/", {"room_code": code})).json()
    assert (joined["status"], joined["code"], joined["host"]) == ("JOINED", code, "Alice")


@pytest.mark.gen_test(timeout=20)
async def test_join_a_password_room_takes_its_password(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice, password="open sesame")
    join = "/api/rooms/join/"
    refused(await bob.call("POST", join, {"room_code": code}), 403, "password_needed")
    refused(await bob.call("POST", join, {"room_code": code, "password": "open"}), 403, "wrong_password")
    stranger = {"room_code": code, "user_name": "Dave"}
    refused(await served.http.post(join, json=stranger), 403, "password_needed")
    refused(await served.http.post(join, json=stranger | {"password": "x"}), 403, "wrong_password")
    early = await connect(served, bob, code)
    assert await early.next() == {"type": "ERROR", "message": "This room asks for a password."}
    assert await early.closed() == 4503
    right = await bob.call("POST", join, {"room_code": code, "password": "open sesame"})
    assert (right.status_code, right.json()["status"]) == (200, "JOINED")
    assert (await bob.call("POST", join, {"room_code": code})).json()["status"] == "JOINED"
    assert (await served.http.post(join, json=stranger | {"password": "open sesame"})).json()["status"] == "JOINED"
    await enter(served, bob, code)


@pytest.mark.gen_test(timeout=20)
async def test_join_an_approval_room_is_pending_until_the_host_approves(served: Served) -> None:
    alice, bob, carol = [await served.person(name) for name in ("Alice", "Bob", "Carol")]
    code = await served.room(alice, entry_mode="approval")
    join = await bob.call("POST", "/api/rooms/join/", {"room_code": code})
    room_id = join.json()["room_id"]
    pending = {"status": "PENDING", "id": room_id, "room_id": room_id, "code": code, "name": "Friday"}
    assert (join.status_code, join.json()) == (200, pending)
    early = await connect(served, bob, code)
    assert (await early.next() or {})["type"] == "ERROR"
    assert await early.closed() == 4503
    (waiting,) = (await alice.call("GET", f"/api/rooms/{code}/")).json()["pending"]
    assert (waiting["user_id"], waiting["name"]) == (bob.id, "Bob")
    assert "pending" not in (await bob.call("GET", f"/api/rooms/{code}/")).json()
    approve = {"room_code": code, "user_id": bob.id}
    refused(await carol.call("POST", "/api/rooms/approve/", approve), 403, "not_a_member")
    answer = await alice.call("POST", "/api/rooms/approve/", approve)
    assert (answer.status_code, answer.json()) == (200, {"user_id": bob.id, "status": "APPROVED"})
    assert (await bob.call("POST", "/api/rooms/join/", {"room_code": code})).json()["status"] == "JOINED"
    await enter(served, bob, code)
    refused(await bob.call("POST", "/api/rooms/approve/", approve), 403, "forbidden")
    refused(await alice.call("POST", "/api/rooms/approve/", approve), 404, "no_such_knock")


@pytest.mark.gen_test(timeout=20)
async def test_approve_can_turn_somebody_away(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice, entry_mode="approval")
    await bob.call("POST", "/api/rooms/join/", {"room_code": code})
    no = {"room_code": code, "user_id": bob.id, "approve": False}
    assert (await alice.call("POST", "/api/rooms/approve/", no)).json()["status"] == "REJECTED"
    assert await (await connect(served, bob, code)).closed() == 4503
    assert refused(await alice.call("POST", "/api/rooms/approve/", {"user_id": bob.id}), 400, "invalid") == {
        "code": "must not be empty"
    }
    assert refused(await alice.call("POST", "/api/rooms/approve/", {"code": code}), 400, "invalid").keys() == {
        "user_id"
    }
