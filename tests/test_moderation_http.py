"""Running a room over HTTP: moderation, rights, votes, the door, and the log of who did what."""

from typing import Any

import pytest
from serving import Person, Served

from roomd.domain.door import Admit


class Hall:
    """Alice's room with Bob in it, and paths within it."""

    def __init__(self, code: str, alice: Person, bob: Person) -> None:
        self.code, self.alice, self.bob = code, alice, bob

    async def call(self, who: Person, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = await who.call(method, f"/api/rooms/{self.code}/{path}", body)
        return answer.status_code, answer.json() if answer.content else None


async def hall(served: Served, **settings: Any) -> Hall:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    made = Hall(await served.room(alice, **settings), alice, bob)
    assert (await bob.call("POST", "/api/rooms/join/", {"code": made.code})).status_code == 200
    return made


def code_in(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


@pytest.mark.gen_test(timeout=30)
async def test_a_member_is_muted_removed_and_banned(served: Served) -> None:
    room = await hall(served)
    alice, bob = room.alice, room.bob
    assert (await room.call(alice, "POST", f"members/{bob.id}/mute/", {"minutes": 5}))[0] == 200
    assert code_in(await room.call(bob, "POST", "messages/", {"text": "hi"})) == (403, "muted")
    assert (await room.call(alice, "POST", f"members/{bob.id}/mute/", {"minutes": 0}))[0] == 200
    assert (await room.call(bob, "POST", "messages/", {"text": "hi"}))[0] == 201
    status, after = await room.call(alice, "POST", f"members/{bob.id}/kick/", {"reason": "Be kind"})
    assert (status, [each["name"] for each in after["participants"]]) == (200, ["Alice"])
    assert (await bob.call("POST", "/api/rooms/join/", {"code": room.code})).status_code == 200
    assert (await room.call(alice, "POST", f"members/{bob.id}/ban/"))[0] == 200
    again = await bob.call("POST", "/api/rooms/join/", {"code": room.code})
    assert (again.status_code, again.json()["error"]["code"]) == (403, "banned")
    _, listed = await room.call(alice, "GET", "bans/")
    assert [(ban["user_id"], ban["name"], ban["banned_by"]) for ban in listed["bans"]] == [(bob.id, "Bob", alice.id)]
    assert code_in(await room.call(bob, "GET", "bans/")) == (403, "not_a_member")
    assert (await room.call(alice, "DELETE", f"bans/{bob.id}/"))[0] == 204
    assert code_in(await room.call(alice, "DELETE", f"bans/{bob.id}/")) == (404, "no_such_ban")
    assert (await bob.call("POST", "/api/rooms/join/", {"code": room.code})).status_code == 200
    assert code_in(await room.call(bob, "POST", f"members/{alice.id}/kick/")) == (403, "forbidden")
    assert code_in(await room.call(bob, "GET", "bans/")) == (403, "forbidden")


@pytest.mark.gen_test(timeout=30)
async def test_lines_are_reacted_to_answered_deleted_and_cleared(served: Served) -> None:
    room = await hall(served)
    line = (await room.call(room.bob, "POST", "messages/", {"text": "hi"}))[1]["rev"]
    await room.call(room.alice, "POST", "messages/", {"text": "hello", "reply_to": str(line)})
    assert (await room.call(room.alice, "POST", f"messages/{line}/reactions/", {"emoji": "👍"}))[0] == 201
    _, said = await room.call(room.bob, "GET", "messages/")
    shown = [(each["message"], each["reply_to"], each["reactions"]) for each in said["messages"]]
    assert shown == [("hi", None, {"👍": [room.alice.id]}), ("hello", str(line), {})]
    assert code_in(await room.call(room.bob, "POST", "messages/9999/reactions/", {"emoji": "👍"})) == (
        404,
        "no_such_message",
    )
    assert code_in(await room.call(room.alice, "DELETE", "messages/x/")) == (404, "no_such_message")
    assert code_in(await room.call(room.bob, "DELETE", f"messages/{line}/")) == (403, "forbidden")
    assert (await room.call(room.alice, "DELETE", f"messages/{line}/"))[0] == 204
    assert (await room.call(room.bob, "GET", "messages/"))[1]["count"] == 1
    assert (await room.call(room.alice, "DELETE", "messages/"))[0] == 204
    assert (await room.call(room.bob, "GET", "messages/"))[1]["count"] == 0


@pytest.mark.gen_test(timeout=30)
async def test_rights_are_read_and_set(served: Served) -> None:
    room = await hall(served)
    _, shown = await room.call(room.bob, "GET", "permissions/")
    assert shown["rights"]["member"] == ["add", "chat", "request", "vote"]
    _, shown = await room.call(room.alice, "PUT", "permissions/", {"preset": "everyone_pauses"})
    assert shown["rights"]["member"] == ["add", "chat", "play", "request", "vote"]
    _, shown = await room.call(room.alice, "PUT", "permissions/", {"member": ["chat"]})
    assert shown["rights"]["member"] == ["chat"]
    _, shown = await room.call(room.alice, "PUT", "permissions/", {"cohost": []})
    assert (shown["rights"]["cohost"], "close" in shown["rights"]["host"]) == ([], True)
    wrong: tuple[dict[str, Any], ...] = ({}, {"member": [], "cohost": []}, {"cohost": ["close"]}, {"member": ["fly"]})
    for body in wrong:
        assert code_in(await room.call(room.alice, "PUT", "permissions/", body)) == (400, "invalid")
    assert code_in(await room.call(room.bob, "PUT", "permissions/", {"preset": "party"})) == (403, "forbidden")


@pytest.mark.gen_test(timeout=30)
async def test_votes_and_decks(served: Served) -> None:
    room = await hall(served)
    for person in (room.alice, room.bob):
        await (await served.enter(person, room.code)).until(type="state")
    await (await served.enter(await served.person("Carol"), room.code)).until(type="state")
    assert code_in(await room.call(room.bob, "POST", "votes/skip/")) == (409, "nothing_to_play")
    tracks = [{"url": f"https://media.example/{n}.mp3", "title": n, "duration": 60, "kind": "audio"} for n in "abc"]
    entries = (await room.call(room.alice, "POST", "queue/", {"tracks": tracks}))[1]["entries"]
    assert await room.call(room.bob, "POST", "votes/skip/") == (200, {"votes": 1, "needed": 2, "skipped": False})
    assert await room.call(room.bob, "DELETE", "votes/skip/") == (200, {"votes": 0, "needed": 2, "skipped": False})
    await room.call(room.bob, "POST", "votes/skip/")
    assert await room.call(room.alice, "POST", "votes/skip/") == (200, {"votes": 0, "needed": 2, "skipped": True})
    assert (await room.call(room.bob, "GET", "queue/"))[1]["current"] == entries[1]["id"]
    vote = f"queue/{entries[2]['id']}/vote/"
    assert await room.call(room.bob, "POST", vote) == (200, {"votes": 1})
    assert await room.call(room.bob, "DELETE", vote) == (200, {"votes": 0})
    assert code_in(await room.call(room.bob, "POST", "queue/gone/vote/")) == (404, "no_such_entry")
    assert await room.call(room.bob, "POST", "djs/") == (200, {"djs": [{"id": room.bob.id, "name": "Bob"}]})
    assert code_in(await room.call(room.bob, "DELETE", "djs/", {"user_id": room.alice.id})) == (403, "forbidden")
    assert await room.call(room.alice, "DELETE", "djs/", {"user_id": room.bob.id}) == (200, {"djs": []})


@pytest.mark.gen_test(timeout=30)
async def test_the_door_and_who_waits(served: Served) -> None:
    room = await hall(served)
    assert code_in(await room.call(room.alice, "PUT", "door/", {"entry_mode": "password"})) == (400, "invalid")
    assert code_in(await room.call(room.bob, "PUT", "door/", {"entry_mode": "approval"})) == (403, "forbidden")
    status, changed = await room.call(room.alice, "PUT", "door/", {"entry_mode": "password", "password": "sesame"})
    assert (status, changed["entry_mode"], "sesame" in str(changed)) == (200, "password", False)
    assert (await room.call(room.alice, "PUT", "door/", {"entry_mode": "approval"}))[0] == 200
    carol = await served.person("Carol")
    live = await served.enter(carol, room.code)
    await live.until(type="waiting")
    _, waiting = await room.call(room.alice, "GET", "pending/")
    assert [(each["user_id"], each["name"], each["is_guest"]) for each in waiting["pending"]] == [
        (carol.id, "Carol", True)
    ]
    assert code_in(await room.call(room.bob, "GET", "pending/")) == (403, "forbidden")


@pytest.mark.gen_test(timeout=30)
async def test_the_log_says_who_did_what_in_words(served: Served) -> None:
    room = await hall(served)
    alice, bob = room.alice, room.bob
    await room.call(alice, "POST", "messages/", {"text": "not in the log"})
    await room.call(alice, "PATCH", f"members/{bob.id}/", {"role": "cohost"})
    status, told = await room.call(alice, "PATCH", "", {"theme": "rose", "name": "Saturday"})
    assert status == 200, told
    await room.call(bob, "PUT", "door/", {"entry_mode": "approval"})
    live = await served.enter(await served.person("Carol"), room.code)
    await live.until(type="waiting")
    carol = (await room.call(bob, "GET", "pending/"))[1]["pending"][0]["user_id"]
    await room.call(alice, "POST", f"members/{bob.id}/mute/")
    await room.call(alice, "PUT", "permissions/", {"member": []})
    await room.call(alice, "POST", f"members/{bob.id}/kick/", {"reason": "Be kind"})
    room_id = await served.services.engine.find(room.code)
    host = await served.services.accounts.authenticate(alice.token)
    await served.services.engine.handle(room_id, Admit(user=carol), host)
    await room.call(alice, "POST", f"members/{carol}/ban/", {"reason": "noise"})
    await room.call(alice, "DELETE", f"bans/{carol}/")
    await room.call(alice, "DELETE", "messages/")
    _, log = await room.call(alice, "GET", "audit/")
    assert [(entry["user"], entry["action"]) for entry in log["audit"]] == [
        ("Alice", "cleared the chat"),
        ("Alice", "lifted the ban of Carol"),
        ("Alice", "banned Carol (noise)"),
        ("Alice", "let in Carol"),
        ("Alice", "removed Bob (Be kind)"),
        ("Alice", "changed rights: members may nothing"),
        ("Alice", "muted Bob"),
        ("Bob", "changed the door to approval"),
        ("Alice", "set name to 'Saturday', theme to 'rose'"),
        ("Alice", "made Bob a cohost"),
    ]
    assert (await room.call(alice, "GET", "audit/?limit=2"))[1]["count"] == 2
    assert code_in(await room.call(alice, "GET", "audit/?limit=0")) == (400, "invalid")
    assert code_in(await room.call(bob, "GET", "audit/")) == (403, "not_a_member")
