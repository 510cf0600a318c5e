"""The native WebSocket at a door: passwords, waiting to be let in, and being shown out."""

import pytest
from serving import Live, Person, Served


async def guarded(served: Served) -> tuple[str, Person, Live]:
    """The code of Alice's room, whose host answers the door; and Alice, who is there."""
    alice = await served.person("Alice")
    code = await served.room(alice)
    host = await served.enter(alice, code)
    await host.until(type="state")
    assert (await host.do("door", entry_mode="approval"))["type"] == "ack"
    return code, alice, host


async def knock(served: Served, code: str, host: Live) -> tuple[Person, Live]:
    """Bob, waiting; the host has been asked."""
    bob = await served.person("Bob")
    guest = await served.enter(bob, code)
    assert await guest.until(type="waiting") == {"type": "waiting", "room": {"code": code, "name": "Friday"}}
    assert (await host.until_event("knocked"))["knock"]["id"] == bob.id
    return bob, guest


@pytest.mark.gen_test(timeout=30)
async def test_who_is_let_in_is_greeted_at_once_and_heard_nothing_before(served: Served) -> None:
    code, _, host = await guarded(served)
    bob, guest = await knock(served, code, host)
    assert (await guest.do("say", text="hi"))["code"] == "waiting"
    await host.do("say", text="a secret")
    assert (await host.do("admit", user=bob.id))["type"] == "ack"
    state = await guest.until(type="state")
    assert [message["type"] for message in guest.heard] == ["waiting", "error", "welcome", "state"]
    assert [member["name"] for member in state["room"]["members"]] == ["Alice", "Bob"]
    assert state["room"]["pending"] == []
    assert (await guest.do("say", text="hi"))["type"] == "ack"
    again = await served.enter(bob, code)
    assert (await again.until(type="welcome"))["you"]["id"] == bob.id


@pytest.mark.gen_test(timeout=30)
async def test_who_is_turned_away_hears_so_on_every_socket(served: Served) -> None:
    code, _, host = await guarded(served)
    bob, guest = await knock(served, code, host)
    other = await served.enter(bob, code)
    await other.until(type="waiting")
    await host.do("admit", user=bob.id, approve=False)
    for live in (guest, other):
        assert ((await live.until(type="error"))["code"], await live.closed()) == ("not_admitted", 4503)
    assert served.services.hub.socket_count == 1


@pytest.mark.gen_test(timeout=30)
async def test_one_may_go_away_or_come_again_and_wait_on(served: Served) -> None:
    code, _, host = await guarded(served)
    bob, guest = await knock(served, code, host)
    guest.socket.close()
    again = await served.enter(bob, code)
    await again.until(type="waiting")
    await again.say(type="leave", id="bye")
    assert await again.closed() == 1000
    answered = await host.until_event("knock_answered")
    assert (answered["user"], answered["approved"], answered["by"]) == (bob.id, False, bob.id)
    third = await served.enter(bob, code)
    await third.until(type="waiting")
    await host.until_event("knocked")
    await host.do("door", entry_mode="public")
    assert (await third.until(type="state"))["room"]["entry_mode"] == "public"


@pytest.mark.gen_test(timeout=30)
async def test_a_room_that_closes_or_is_empty_still_answers(served: Served) -> None:
    code, alice, host = await guarded(served)
    bob, guest = await knock(served, code, host)
    host.socket.close()
    await host.closed()
    # Nobody's socket is open in the room now; the waiting one keeps it followed.
    answer = await alice.call("GET", f"/api/rooms/{code}/pending/")
    assert [each["user_id"] for each in answer.json()["pending"]] == [bob.id]
    assert (await alice.call("DELETE", f"/api/rooms/{code}/")).status_code == 204
    assert ((await guest.until(type="error"))["code"], await guest.closed()) == ("no_such_room", 4504)


@pytest.mark.gen_test(timeout=30)
async def test_a_password_is_said_in_hello(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    host = await served.enter(alice, code)
    await host.until(type="state")
    assert (await host.do("door", entry_mode="password"))["fields"] == {"password": "must not be empty"}
    assert (await host.do("door", entry_mode="password", password="ab"))["code"] == "invalid"
    assert (await host.do("door", entry_mode="password", password="open sesame"))["type"] == "ack"
    for password, code_of in (({}, "password_needed"), ({"password": "wrong"}, "wrong_password")):
        live = await served.socket(f"/ws/v1/{code}/")
        await live.say(type="hello", token=bob.token, **password)
        assert ((await live.until(type="error"))["code"], await live.closed()) == (code_of, 4503)
    live = await served.socket(f"/ws/v1/{code}/")
    await live.say(type="hello", token=bob.token, password="open sesame")
    assert "open sesame" not in str(await live.until(type="state"))
    # A member is not asked again.
    await (await served.enter(bob, code)).until(type="state")


@pytest.mark.gen_test(timeout=30)
async def test_the_removed_and_the_banned_are_shown_out(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    host = await served.enter(alice, code)
    await host.until(type="state")
    guest = await served.enter(bob, code)
    await guest.until(type="state")
    await host.do("kick", user=bob.id, reason="Be kind")
    left = await guest.until_event("member_left")
    assert (left["how"], left["reason"], await guest.closed()) == ("kicked", "Be kind", 4503)
    back = await served.enter(bob, code)
    await back.until(type="state")
    await host.do("ban", user=bob.id)
    banned = await back.until_event("banned")
    assert (banned.keys() - {"rev", "by", "command"}, await back.closed()) == ({"type", "user", "name"}, 4503)
    # The next guest from the same address is the same to us.
    for person in (bob, await served.person("Bobby")):
        live = await served.enter(person, code)
        assert ((await live.until(type="error"))["code"], await live.closed()) == ("banned", 4503)


@pytest.mark.gen_test(timeout=30)
async def test_what_is_asked_for_is_looked_up_and_done_when_it_is_approved(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    host = await served.enter(alice, code)
    await host.until(type="state")
    guest = await served.enter(bob, code)
    await guest.until(type="state")
    wanted = {"url": "https://media.example/a.mp3", "title": "A", "duration_ms": 60_000, "kind": "audio"}
    assert (await guest.do("ask", action="add", track=wanted))["type"] == "ack"
    made = (await host.until_event("request_made"))["request"]
    assert (made["by"], made["status"], made["track"]["title"]) == (bob.id, "pending", "A")
    assert (await guest.do("ask", action="add"))["fields"] == {"track": "is needed"}
    await host.do("decide", requests=[made["id"]], approve=True)
    decided = await guest.until(type="commit", by=alice.id)
    kinds = [event["type"] for event in decided["events"]]
    assert kinds == ["request_decided", "entries_added", "playback_changed"]
    assert (await host.do("decide", requests=[made["id"]], approve=True))["code"] == "already_decided"


@pytest.mark.gen_test(timeout=30)
async def test_newcomers_see_the_chat_as_it_is_now(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice)
    host = await served.enter(alice, code)
    await host.until(type="state")
    first, second = [str((await host.do("say", text=text))["rev"]) for text in ("one", "two")]
    await host.do("react", message=first, emoji="👍")
    await host.do("react", message=second, emoji="👍")
    await host.do("react", message=second, emoji="👍", on=False)
    third = str((await host.do("say", text="three", reply_to=first))["rev"])
    await host.do("delete_message", message=second)
    lines = (await (await served.enter(bob, code)).until(type="state"))["room"]["chat"]
    assert [(line["id"], line.get("reactions")) for line in lines] == [(first, {"👍": [alice.id]}), (third, None)]
    assert lines[1]["reply_to"] == first
    assert (await host.do("delete_message", message="x"))["code"] == "invalid"
    await host.do("clear_chat")
    assert (await (await served.enter(bob, code)).until(type="state"))["room"]["chat"] == []
