"""The second seed document, word by word: host commands, guest requests, their log, and the state all follow."""

from typing import Any

import pytest
from serving import Live, Person, Served, serving
from test_docs import rows
from test_rooms_http import refused

from roomd.dialects.collab import MESSAGES


def track(title: str, **more: Any) -> dict[str, Any]:
    """One that needs no looking at."""
    return {"title": title, "artist": "Carol", "url": f"https://media.example/{title}.mp3"} | {
        "duration": 60,
        "kind": "audio",
        **more,
    }


async def enter(served: Served, person: Person, code: str) -> Live:
    """The socket, with its greeting heard."""
    live = await served.socket(f"/ws/sessions/{code}/?token={person.token}")
    await live.until(type="playlist_update")
    return live


class Session:
    """Alice who hosts and Bob who is her guest, over sockets and over HTTP."""

    def __init__(self, alice: Person, bob: Person, host: Live, guest: Live, code: str) -> None:
        self.alice, self.bob, self.host, self.guest, self.code = alice, bob, host, guest, code
        self.path = f"/api/rooms/{code}/requests"

    async def command(self, name: str, **data: Any) -> dict[str, Any]:
        """A command of the host's, and the state that the guest hears."""
        await self.host.say(type="playback_command", data={"command": name} | data)
        return dict((await self.guest.until(type="playback_state"))["data"])

    async def ask(self, action: str, **data: Any) -> dict[str, Any]:
        """A request of the guest's, as the host hears of it."""
        await self.guest.say(type="request_playlist_change", data={"action": action} | data)
        return dict((await self.host.until(type="request_update"))["data"])

    async def approve(self, request: str) -> dict[str, Any]:
        answer = await self.alice.call("POST", f"{self.path}/{request}/approve/")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


async def session(served: Served, *titles: str) -> Session:
    """With these tracks queued and none of them playing yet."""
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice, autoplay=False)
    for title in titles:
        await alice.call("POST", f"/api/rooms/{code}/queue/", track(title))
    return Session(alice, bob, await enter(served, alice, code), await enter(served, bob, code), code)


async def ids(session: Session) -> list[str]:
    queue = (await session.alice.call("GET", f"/api/rooms/{session.code}/queue/")).json()
    return [entry["id"] for entry in queue["entries"]]


async def playlist(live: Live) -> list[str]:
    return [entry["title"] for entry in (await live.until(type="playlist_update"))["data"]["entries"]]


# Connecting


@pytest.mark.gen_test(timeout=20)
async def test_connecting_gives_playback_state_and_playlist_update(served: Served) -> None:
    room = await session(served, "one", "two")
    state, queue = room.guest.heard
    assert state == {
        "type": "playback_state",
        "data": state["data"] | {"is_playing": False, "position": 0, "rate": 1, "item": None, "starts_in": 0},
    }
    assert queue["type"] == "playlist_update"
    assert [entry["title"] for entry in queue["data"]["entries"]] == ["one", "two"]
    assert (queue["data"]["count"], queue["data"]["current"]) == (2, None)


@pytest.mark.gen_test(timeout=20)
async def test_an_invalid_token_is_refused(served: Served) -> None:
    room = await session(served)
    live = await served.socket(f"/ws/sessions/{room.code}/?token=nonsense")
    assert (await live.until(type="error"))["data"]["code"] == "token_invalid"
    assert await live.closed() == 4501


# Host commands


@pytest.mark.gen_test(timeout=20)
async def test_playback_command_play_and_pause(served: Served) -> None:
    room = await session(served, "one")
    playing = await room.command("play")
    assert (playing["is_playing"], playing["position"], playing["item"]["title"]) == (True, 0, "one")
    assert playing["item"].keys() >= {"id", "title", "artist", "url", "duration"}
    assert 0 < playing["starts_in"] <= 0.35
    assert abs(playing["server_time"] - served.services.clock.now()) < 5_000
    paused = await room.command("pause", position=7.5)
    assert (paused["is_playing"], paused["position"], paused["starts_in"]) == (False, 7.5, 0)


@pytest.mark.gen_test(timeout=20)
async def test_playback_command_seek_is_in_seconds(served: Served) -> None:
    room = await session(served, "one")
    await room.command("play")
    sought = await room.command("seek", position=12.25)
    assert (sought["is_playing"], sought["position"]) == (True, 12.25)


@pytest.mark.gen_test(timeout=20)
async def test_playback_command_skip_next_and_skip_prev(served: Served) -> None:
    room = await session(served, "one", "two")
    await room.command("play")
    assert (await room.command("skip_next"))["item"]["title"] == "two"
    assert (await room.command("skip_prev"))["item"]["title"] == "one"
    await room.command("skip_next")
    over = await room.command("skip_next")
    assert (over["item"], over["is_playing"]) == (None, False)


@pytest.mark.parametrize("command", ["play", "pause", "seek", "skip_next", "skip_prev"])
@pytest.mark.gen_test(timeout=20)
async def test_a_guests_playback_command_is_an_error(served: Served, command: str) -> None:
    room = await session(served, "one")
    await room.guest.say(type="playback_command", data={"command": command, "position": 3})
    assert (await room.guest.until(type="error"))["data"]["code"] == "forbidden"
    state = await room.command("play")
    assert state["position"] == 0


@pytest.mark.gen_test(timeout=20)
async def test_the_state_can_be_asked_for(served: Served) -> None:
    room = await session(served, "one")
    await room.command("play")
    await room.guest.say(type="request_playback_state", data={"sent_at": 123.5})
    state = (await room.guest.until(type="playback_state"))["data"]
    assert (state["sent_at"], state["is_playing"]) == (123.5, True)
    await room.guest.say(type="request_playback_state")
    assert "sent_at" not in (await room.guest.until(type="playback_state"))["data"]


# Requests over the socket


@pytest.mark.gen_test(timeout=20)
async def test_request_playlist_change_add_waits_for_approval(served: Served) -> None:
    room = await session(served, "one")
    request = await room.ask("add", **track("wish"))
    assert (request["status"], request["who"]) == ("pending", {"id": room.bob.id, "name": "Bob"})
    assert request["what"] == {
        "action": "add",
        "title": "wish",
        "artist": "Carol",
        "url": "https://media.example/wish.mp3",
        "id": None,
        "before": None,
    }
    assert len(await ids(room)) == 1
    decided = await room.approve(request["id"])
    assert (decided["status"], decided["decided_by"]) == ("approved", room.alice.id)
    assert (await room.guest.until(type="request_update"))["data"]["status"] == "pending"
    assert (await room.guest.until(type="request_update"))["data"] == decided
    assert await playlist(room.guest) == ["one", "wish"]


@pytest.mark.gen_test(timeout=20)
async def test_request_playlist_change_remove(served: Served) -> None:
    room = await session(served, "one", "two")
    first, _ = await ids(room)
    request = await room.ask("remove", id=first)
    assert (request["what"]["action"], request["what"]["id"], request["what"]["title"]) == ("remove", first, "one")
    await room.approve(request["id"])
    assert await playlist(room.guest) == ["two"]


@pytest.mark.gen_test(timeout=20)
async def test_request_playlist_change_move(served: Served) -> None:
    room = await session(served, "one", "two", "three")
    first, _, third = await ids(room)
    await room.approve((await room.ask("move", id=third, before=first))["id"])
    assert await playlist(room.guest) == ["three", "one", "two"]
    await room.host.until(type="playlist_update")
    await room.approve((await room.ask("move", id=third))["id"])
    assert await playlist(room.guest) == ["one", "two", "three"]


@pytest.mark.gen_test(timeout=20)
async def test_a_hosts_own_request_is_approved_at_once(served: Served) -> None:
    room = await session(served)
    await room.host.say(type="request_playlist_change", data={"action": "add"} | track("mine"))
    assert (await room.guest.until(type="request_update"))["data"]["status"] == "approved"
    assert await playlist(room.guest) == ["mine"]


# Requests over HTTP


@pytest.mark.gen_test(timeout=20)
async def test_post_requests_makes_one(served: Served) -> None:
    room = await session(served)
    answer = await room.bob.call("POST", f"{room.path}/", {"action": "add"} | track("wish"))
    assert (answer.status_code, answer.json()["status"], answer.json()["what"]["title"]) == (201, "pending", "wish")
    assert (await room.host.until(type="request_update"))["data"] == answer.json()
    refused(await room.bob.call("POST", f"{room.path}/", {"action": "add"} | track("wish")), 409, "duplicate")
    assert "url" in refused(await room.bob.call("POST", f"{room.path}/", {"action": "add"}), 400, "invalid")
    assert "action" in refused(await room.bob.call("POST", f"{room.path}/", {}), 400, "invalid")
    gone = {"action": "remove", "id": "gone"}
    refused(await room.bob.call("POST", f"{room.path}/", gone), 404, "no_such_entry")
    dave = await served.person("Dave")
    refused(await dave.call("POST", f"{room.path}/", {"action": "add"} | track("other")), 403, "not_a_member")
    refused(await served.http.post(f"{room.path}/", json={"action": "add"}), 401, "unauthenticated")


@pytest.mark.gen_test(timeout=20)
async def test_post_requests_twice_under_one_key_makes_one(served: Served) -> None:
    room = await session(served)
    headers = room.bob.headers | {"Idempotency-Key": "wish-1"}
    body = {"action": "add"} | track("wish")
    first = await served.http.post(f"{room.path}/", json=body, headers=headers)
    await room.bob.call("POST", f"{room.path}/", {"action": "add"} | track("other"))
    again = await served.http.post(f"{room.path}/", json=body, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    said = room.bob.headers | {"Idempotency-Key": "hello-1"}
    await served.http.post(f"/api/rooms/{room.code}/messages/", json={"text": "hi"}, headers=said)
    refused(await served.http.post(f"{room.path}/", json=body, headers=said), 400, "invalid")


@pytest.mark.gen_test(timeout=20)
async def test_get_requests_is_the_log_newest_first(served: Served) -> None:
    room = await session(served)
    made = [(await room.ask("add", **track(title)))["id"] for title in ("a", "b", "c")]
    await room.approve(made[0])
    await room.alice.call("POST", f"{room.path}/{made[1]}/reject/", {"reason": "Too loud"})
    log = (await room.bob.call("GET", f"{room.path}/")).json()
    assert ([each["id"] for each in log["requests"]], log["count"]) == (made[::-1], 3)
    assert [each["status"] for each in log["requests"]] == ["pending", "rejected", "approved"]
    assert log["requests"][1]["reason"] == "Too loud"
    assert all(each["decided_at"] for each in log["requests"][1:])
    pending = (await room.bob.call("GET", f"{room.path}/?status=pending")).json()
    assert [each["id"] for each in pending["requests"]] == [made[2]]
    assert (await room.bob.call("GET", f"{room.path}/?limit=1")).json()["count"] == 1
    assert "status" in refused(await room.bob.call("GET", f"{room.path}/?status=odd"), 400, "invalid")
    refused(await (await served.person("Dave")).call("GET", f"{room.path}/"), 403, "not_a_member")
    refused(await served.http.get(f"{room.path}/"), 401, "unauthenticated")


@pytest.mark.gen_test(timeout=20)
async def test_reject_tells_the_reason_and_changes_nothing(served: Served) -> None:
    room = await session(served, "one")
    request = await room.ask("add", **track("wish"))
    await room.guest.until(type="request_update")
    answer = await room.alice.call("POST", f"{room.path}/{request['id']}/reject/", {"reason": "Too loud"})
    assert (answer.status_code, answer.json()["status"]) == (200, "rejected")
    told = (await room.guest.until(type="request_update"))["data"]
    assert (told["status"], told["reason"], told["what"]["title"]) == ("rejected", "Too loud", "wish")
    assert len(await ids(room)) == 1
    refused(await room.alice.call("POST", f"{room.path}/{request['id']}/approve/"), 409, "already_decided")


@pytest.mark.gen_test(timeout=20)
async def test_withdraw_is_the_askers_own(served: Served) -> None:
    room = await session(served)
    request = await room.ask("add", **track("wish"))
    refused(await room.alice.call("POST", f"{room.path}/{request['id']}/withdraw/"), 403, "forbidden")
    answer = await room.bob.call("POST", f"{room.path}/{request['id']}/withdraw/")
    assert (answer.status_code, answer.json()["status"]) == (200, "withdrawn")
    assert (await room.host.until(type="request_update"))["data"]["status"] == "withdrawn"
    refused(await room.bob.call("POST", f"{room.path}/gone/withdraw/"), 404, "no_such_request")


@pytest.mark.gen_test(timeout=20)
async def test_a_guest_decides_nothing(served: Served) -> None:
    room = await session(served)
    request = (await room.ask("add", **track("wish")))["id"]
    for path, body in (
        (f"{request}/approve", {}),
        (f"{request}/reject", {}),
        ("decide", {"requests": [request], "approve": True}),
    ):
        refused(await room.bob.call("POST", f"{room.path}/{path}/", body), 403, "forbidden")
    refused(await room.alice.call("POST", f"{room.path}/gone/approve/"), 404, "no_such_request")


@pytest.mark.gen_test(timeout=20)
async def test_decide_takes_several_or_none(served: Served) -> None:
    room = await session(served)
    made = [(await room.ask("add", **track(title)))["id"] for title in ("a", "b", "c")]
    wrong = {"requests": [made[0], "gone"], "approve": True}
    refused(await room.alice.call("POST", f"{room.path}/decide/", wrong), 404, "no_such_request")
    assert await ids(room) == []
    answer = await room.alice.call("POST", f"{room.path}/decide/", {"requests": made[:2], "approve": True})
    assert [(each["id"], each["status"]) for each in answer.json()["requests"]] == [
        (made[0], "approved"),
        (made[1], "approved"),
    ]
    assert await playlist(room.guest) == ["a", "b"]
    rejected = {"requests": [made[2]], "approve": False, "reason": "Enough"}
    (last,) = (await room.alice.call("POST", f"{room.path}/decide/", rejected)).json()["requests"]
    assert (last["status"], last["reason"]) == ("rejected", "Enough")
    assert "requests" in refused(
        await room.alice.call("POST", f"{room.path}/decide/", {"requests": []}), 400, "invalid"
    )


@pytest.mark.gen_test(timeout=30)
async def test_the_request_log_survives_a_restart(redis_url: str, database_url: str, data_dir: Any) -> None:
    async with serving(redis_url, database_url, data_dir) as served:
        room = await session(served)
        request = await room.ask("add", **track("wish"))
        await room.approve(request["id"])
        before = (await room.alice.call("GET", f"{room.path}/")).json()
    async with serving(redis_url, database_url, data_dir) as served:
        after = (await served.http.get(f"{room.path}/", headers=room.alice.headers)).json()
    assert (after, after["count"]) == (before, 1)


BAD: list[tuple[str | bytes, str, str | None]] = [
    ("not json", "invalid_json", None),
    ("[]", "invalid", None),
    ('{"type": "dance", "data": {}}', "invalid", None),
    ('{"type": "playback_command"}', "invalid", "data"),
    ('{"type": "playback_command", "data": {}}', "invalid", "data.command"),
    ('{"type": "playback_command", "data": {"command": "dance"}}', "invalid", "data.command"),
    ('{"type": "playback_command", "data": {"command": "seek"}}', "invalid", "data.position"),
    ('{"type": "playback_command", "data": {"command": "seek", "position": -1}}', "invalid", "data.position"),
    ('{"type": "request_playlist_change", "data": {"action": "burn"}}', "invalid", "data.action"),
    ('{"type": "request_playlist_change", "data": {"action": "add"}}', "invalid", "data.url"),
    ('{"type": "request_playlist_change", "data": {"action": "remove"}}', "invalid", "data.id"),
    ('{"type": "request_playlist_change", "data": {"action": "remove", "id": "gone"}}', "no_such_entry", None),
    (b"\x00", "invalid", None),
]


@pytest.mark.gen_test(timeout=20)
async def test_bad_input_is_answered_with_an_error_and_changes_nothing(served: Served) -> None:
    room = await session(served, "one")
    for message, wanted, field in BAD:
        await room.host.socket.write_message(message, binary=isinstance(message, bytes))
        error = (await room.host.until(type="error"))["data"]
        assert (error["code"], bool(error["message"])) == (wanted, True), (message, error)
        assert field is None or field in error["fields"], (message, error)
    assert (await room.command("play"))["position"] == 0


def test_the_document_names_every_message_and_no_other() -> None:
    told = {"playback_state", "playlist_update", "request_update", "error"}
    heard = {str(message.__struct_config__.tag) for message in MESSAGES}
    assert {row[0].strip("`") for row in rows("collab.md")} == told | heard
