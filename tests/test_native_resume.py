"""The native WebSocket: coming back with nothing lost and nothing twice, as docs/protocol.md promises."""

import asyncio
from typing import Any

import pytest
from serving import Live, Person, Served


async def in_a_room(served: Served) -> tuple[Person, str, Live]:
    """Alice, her room's code, and her socket after its greeting."""
    alice = await served.person("Alice")
    code = await served.room(alice)
    live = await served.enter(alice, code)
    await live.until(type="state")
    return alice, code, live


async def gone(served: Served, live: Live) -> None:
    """Close from this side, and wait until the server knows."""
    left = len(served.services.hub.sockets()) - 1
    live.socket.close()
    await live.closed()
    while len(served.services.hub.sockets()) > left:  # noqa: ASYNC110 - the hub sets no Event
        await asyncio.sleep(0.002)


def position(live: Live) -> dict[str, int]:
    """Up to where this socket was told everything."""
    last = [m for m in live.heard if m["type"] in {"welcome", "commit"}][-1]
    return {"epoch": last["epoch"], "rev": last["rev"]}


def texts(messages: list[dict[str, Any]]) -> list[str]:
    commits = [event for m in messages if m["type"] == "commit" for event in m["events"]]
    return [event["message"]["text"] for event in commits if event["type"] == "said"]


@pytest.mark.gen_test(timeout=40)
async def test_two_hundred_commits_later(served: Served) -> None:
    alice, code, live = await in_a_room(served)
    bob = await served.person("Bob")
    known = position(live)
    await gone(served, live)
    for n in range(200):
        assert (await bob.call("POST", "/api/rooms/join/", {"code": code})).status_code == 200
        assert (await bob.call("POST", f"/api/rooms/{code}/messages/", {"text": str(n)})).status_code == 201
    back = await served.enter(alice, code, known)
    welcome = await back.next()
    assert welcome and welcome["resumed"]
    commits = []
    while not commits or commits[-1]["rev"] < welcome["rev"]:
        message = await back.next()
        assert message and message["type"] == "commit"
        commits.append(message)
    assert [commit["rev"] for commit in commits] == list(range(known["rev"] + 1, welcome["rev"] + 1))
    assert texts(commits) == [str(n) for n in range(200)]
    assert (await bob.call("POST", f"/api/rooms/{code}/messages/", {"text": "after"})).status_code == 201
    after = await back.until(type="commit")
    assert (after["rev"], texts([after])) == (welcome["rev"] + 1, ["after"])


@pytest.mark.gen_test(timeout=30)
async def test_resuming_where_one_is(served: Served) -> None:
    alice, code, live = await in_a_room(served)
    await live.do("say", text="before")
    while not texts(live.heard):
        await live.next()
    second = await served.enter(alice, code, position(live))
    welcome = await second.next()
    assert welcome and welcome["resumed"]
    # This socket's own opening is the one commit since: seen by no client, but counted.
    only = await second.next()
    assert only and (only["type"], only["rev"], only["events"]) == ("commit", welcome["rev"], [])
    await live.do("say", text="after")
    assert texts([await second.until(type="commit")]) == ["after"]


@pytest.mark.gen_test(timeout=30)
async def test_positions_that_are_none_get_the_state(served: Served) -> None:
    alice, code, live = await in_a_room(served)
    here = position(live)
    for wrong in (
        {"epoch": here["epoch"] - 1, "rev": here["rev"]},
        {"epoch": 10**30, "rev": here["rev"]},
        {"epoch": here["epoch"], "rev": 10**9},
        {"epoch": here["epoch"], "rev": 10**30},
        {"epoch": here["epoch"], "rev": 0},
    ):
        again = await served.enter(alice, code, wrong)
        welcome, state = await again.next(), await again.next()
        assert welcome and state
        assert (welcome["resumed"], state["type"], state["rev"]) == (False, "state", welcome["rev"]), wrong


@pytest.mark.gen_test(timeout=30)
async def test_a_command_sent_again_after_coming_back(served: Served) -> None:
    alice, code, live = await in_a_room(served)
    sent = await live.do("say", id="kept", text="once")
    known = {"epoch": sent["epoch"], "rev": sent["rev"] - 1}
    await gone(served, live)
    back = await served.enter(alice, code, known)
    again = await back.do("say", id="kept", text="once")
    assert (again["type"], again["rev"]) == ("ack", sent["rev"])
    await back.do("say", text="last")
    while "last" not in texts(back.heard):
        await back.next()
    assert texts(back.heard) == ["once", "last"]
    assert [c["command"] for c in back.heard if c["type"] == "commit" and texts([c]) == ["once"]] == ["kept"]


@pytest.mark.gen_test(timeout=30)
async def test_what_a_client_applies_is_what_the_state_says(served: Served) -> None:
    """The table of events is complete: a copy kept by applying them is the room."""
    alice, code, live = await in_a_room(served)
    start = live.heard[-1]["room"]
    bob = await served.person("Bob")
    guest = await served.enter(bob, code)
    tracks = [
        {"url": f"https://media.example/{n}.mp3", "title": n, "duration_ms": 60_000, "kind": "audio"} for n in "ab"
    ]
    await live.do("add", tracks=tracks)
    await live.do("shuffle")
    await live.do("set", name="Saturday", repeat="all")
    await live.do("role", user=bob.id, role="cohost")
    await guest.do("say", text="hi")
    await guest.do("next")
    await gone(served, guest)
    await live.until_event("presence")
    await live.do("hand_over", user=bob.id)
    await live.do("pause")
    fresh = await served.enter(alice, code)
    welcome = await fresh.until(type="welcome")
    shown = (await fresh.until(type="state"))["room"]
    while position(live)["rev"] < welcome["rev"]:
        await live.next()
    copy = start
    for commit in [m for m in live.heard if m["type"] == "commit"]:
        for event in commit["events"]:
            apply(copy, event)
    copy["queue"].sort(key=lambda entry: entry["rank"])
    assert copy == shown


def apply(room: dict[str, Any], event: dict[str, Any]) -> None:
    """What section 4 of the document says each event means."""
    people = {member["id"]: member for member in room["members"]}
    match event["type"]:
        case "settings_changed":
            room |= event["changes"]
        case "member_joined":
            room["members"].append(event["member"])
        case "presence" | "role_changed":
            people[event["user"]] |= {key: event[key] for key in ("online", "role") if key in event}
        case "host_changed":
            people[room["host"]]["role"] = event["former"]
            people[event["host"]]["role"] = "host"
            room |= {"host": event["host"], "owner": event["owner"]}
        case "entries_added":
            room["queue"] += event["entries"]
        case "entries_ranked":
            for entry in room["queue"]:
                entry["rank"] = event["ranks"].get(entry["id"], entry["rank"])
        case "playback_changed":
            room["playback"] = event["playback"]
        case "said" | "act_noted":
            whole, part = {"said": ("chat", "message"), "act_noted": ("acts", "act")}[event["type"]]
            room[whole].append(event[part])
        case _:
            raise AssertionError(event)
