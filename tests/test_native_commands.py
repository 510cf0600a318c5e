"""The native WebSocket, sections 4 and 5 of docs/protocol.md: every command, its answer, and the events it leads to."""

from typing import Any

import pytest
from serving import Live, Served

LINK = "https://media.example/"


def track(title: str, seconds: float = 60) -> dict[str, Any]:
    """One that needs no looking at: all that matters about it is said."""
    return {"url": f"{LINK}{title}.mp3", "title": title, "duration_ms": seconds * 1_000, "kind": "audio"}


async def events(live: Live, kind: str, **fields: Any) -> list[dict[str, Any]]:
    """Send a command, and wait for its ack and for the commit that it names: that commit's events."""
    ack = await live.do(kind, **fields)
    assert ack["type"] == "ack", ack
    assert ack.keys() == {"type", "id", "epoch", "rev", "level"}
    assert ack["level"] == "archived"
    while not (found := [m for m in live.heard if m["type"] == "commit" and m["rev"] == ack["rev"]]):
        await live.next()
    commit = found[0]
    assert commit.keys() == {"type", "epoch", "rev", "at", "by", "by_name", "command", "events"}
    assert (commit["command"], commit["epoch"]) == (ack["id"], ack["epoch"])
    # The note by which an act can be taken back comes with every edit; test_undo_is_told looks at it.
    return [event for event in commit["events"] if event["type"] != "act_noted"]


async def room_with(served: Served, *titles: str) -> tuple[Live, str, list[str]]:
    """Alice's socket in a room of hers that plays nothing yet, its code, and the ids of what is queued."""
    alice = await served.person("Alice")
    code = await served.room(alice, autoplay=False)
    live = await served.enter(alice, code)
    await live.until(type="state")
    if not titles:
        return live, code, []
    [added] = await events(live, "add", tracks=[track(title) for title in titles])
    return live, code, [entry["id"] for entry in added["entries"]]


@pytest.mark.gen_test(timeout=30)
async def test_playback_is_a_line(served: Served) -> None:
    live, _, (first, second) = await room_with(served, "one", "two")
    [play] = await events(live, "play")
    now = served.services.clock.now()
    assert play.keys() == {"type", "playback", "cause"}
    assert (play["type"], play["cause"]) == ("playback_changed", "play")
    line = play["playback"]
    assert {k: line[k] for k in ("entry", "position", "rate", "playing")} == {
        "entry": first,
        "position": 0,
        "rate": 1,
        "playing": True,
    }
    assert now - 5_000 < line["as_of"] < now + 1_000
    [seek] = await events(live, "seek", position=12_000)
    assert (seek["cause"], seek["playback"]["position"]) == ("seek", 12_000)
    [rate] = await events(live, "rate", rate=2)
    assert (rate["cause"], rate["playback"]["rate"]) == ("rate", 2)
    [pause] = await events(live, "pause", position=30_000)
    assert (pause["cause"], pause["playback"]["playing"], pause["playback"]["position"]) == ("pause", False, 30_000)
    [again] = await events(live, "play", position=1_000)
    assert (again["playback"]["position"], again["playback"]["playing"]) == (1_000, True)
    [skip] = await events(live, "next", entry=first)
    assert (skip["cause"], skip["playback"]["entry"], skip["playback"]["position"]) == ("skipped", second, 0)
    [back] = await events(live, "previous", entry=second)
    assert (back["cause"], back["playback"]["entry"]) == ("skipped", first)
    assert (await live.do("previous", entry=second))["rev"] == live.heard[-2]["rev"]
    [from_start] = await events(live, "previous")
    assert (from_start["playback"]["entry"], from_start["playback"]["position"]) == (first, 0)
    [chosen] = await events(live, "play_entry", entry=second, position=5_000)
    assert (chosen["cause"], chosen["playback"]["position"]) == ("started", 5_000)
    [over] = await events(live, "next")
    assert (over["playback"]["entry"], over["playback"]["playing"]) == (None, False)
    [last] = await events(live, "previous")
    assert last["playback"]["entry"] == second


@pytest.mark.gen_test(timeout=30)
async def test_what_changes_nothing_is_acknowledged_at_the_current_number(served: Served) -> None:
    live, _, (first, _) = await room_with(served, "one", "two")
    await events(live, "play")
    rev = live.heard[-1]["rev"]
    for kind, fields in (
        ("play", {}),
        ("next", {"entry": "gone"}),
        ("rate", {"rate": 1}),
        ("move", {"entry": first, "before": first}),
    ):
        ack = await live.do(kind, **fields)
        assert (ack["type"], ack["rev"]) == ("ack", rev), kind


@pytest.mark.gen_test(timeout=30)
async def test_the_queue(served: Served) -> None:
    live, _, (a, b, c) = await room_with(served, "a", "b", "c")
    [ranked] = await events(live, "move", entry=c, before=a)
    assert ranked["type"] == "entries_ranked"
    assert ranked["ranks"].keys() == {c}
    [to_end] = await events(live, "move", entry=c)
    assert to_end["ranks"][c] > ranked["ranks"][c]
    await events(live, "play_entry", entry=a)
    [added] = await events(live, "add", tracks=[track("next")], at="next")
    assert added["type"] == "entries_added"
    assert set(added["entries"][0]) == {"id", "rank", "by", "by_name", "added_at", "why", "track"}
    assert added["entries"][0]["rank"] < to_end["ranks"][c]
    [shuffled] = await events(live, "shuffle")
    assert a not in shuffled["ranks"]
    [removed] = await events(live, "remove", entries=[b, b])
    assert (removed["type"], removed["entries"]) == ("entries_removed", [b])
    removed, line = await events(live, "remove", entries=[a])
    assert (line["cause"], line["playback"]["playing"]) == ("skipped", True)
    [measured] = await events(live, "add", tracks=[{"url": f"{LINK}x.mp3", "title": "x", "kind": "audio"}])
    entry = measured["entries"][0]["id"]
    [length] = await events(live, "measured", entry=entry, duration_ms=61_500)
    assert length == {"type": "entry_measured", "entry": entry, "duration_ms": 61_500}
    cleared, silence = await events(live, "clear")
    assert (len(cleared["entries"]), silence["cause"], silence["playback"]["entry"]) == (3, "emptied", None)


@pytest.mark.gen_test(timeout=30)
async def test_an_idle_room_starts_what_is_added_to_it(served: Served) -> None:
    alice = await served.person("Alice")
    live = await served.enter(alice, await served.room(alice))
    added, started = await events(live, "add", tracks=[track("short", 0.2), track("long")])
    assert (started["cause"], started["playback"]["entry"]) == ("started", added["entries"][0]["id"])
    ended = await live.until_event("playback_changed")
    assert (ended["cause"], ended["by"], ended["command"]) == ("ended", None, None)
    assert ended["playback"]["entry"] == added["entries"][1]["id"]


@pytest.mark.gen_test(timeout=30)
async def test_settings_chat_and_roles(served: Served) -> None:
    live, code, _ = await room_with(served)
    bob = await served.person("Bob")
    guest = await served.enter(bob, code)
    joined = await live.until_event("member_joined")
    assert joined["member"].keys() == {"id", "name", "role", "guest", "online", "joined_at", "muted_until", "listens"}
    changes = {"name": "Saturday", "description": "d", "theme": "rose", "visibility": "private", "repeat": "all"}
    [changed] = await events(live, "set", **changes, chat_enabled=True)
    assert (changed["type"], changed["changes"]) == ("settings_changed", changes)
    [said] = await events(live, "say", text=" Grüße 🎵\r\nzwei ")
    assert said["type"] == "said"
    assert said["message"].keys() == {"id", "by", "by_name", "text", "at"}
    assert said["message"]["text"] == "Grüße 🎵\nzwei"
    [role] = await events(live, "role", user=bob.id, role="cohost")
    assert role == {"type": "role_changed", "user": bob.id, "role": "cohost"}
    [by_guest] = await events(guest, "set", repeat="off")
    assert by_guest["changes"] == {"repeat": "off"}
    [handed] = await events(live, "hand_over", user=bob.id)
    assert handed["former"] == "member"
    assert (handed["type"], handed["host"], handed["owner"]) == ("host_changed", bob.id, bob.id)
    assert handed["reason"] == "handed_over"
    assert (await live.do("set", name="Mine"))["code"] == "forbidden"


REFUSED = [
    ("play", {}, "nothing_to_play"),
    ("seek", {"position": 1}, "nothing_to_play"),
    ("next", {}, "nothing_to_play"),
    ("previous", {}, "nothing_to_play"),
    ("play_entry", {"entry": "gone"}, "no_such_entry"),
    ("remove", {"entries": ["gone"]}, "no_such_entry"),
    ("move", {"entry": "gone"}, "no_such_entry"),
    ("measured", {"entry": "gone", "duration_ms": 1_000}, "no_such_entry"),
    ("say", {"text": "  "}, "invalid"),
    ("say", {"text": "x" * 2_001}, "invalid"),
    ("set", {}, "invalid"),
    ("set", {"name": ""}, "invalid"),
    ("role", {"user": "nobody", "role": "cohost"}, "no_such_member"),
    ("hand_over", {"user": "nobody"}, "no_such_member"),
    ("rate", {"rate": 5}, "invalid"),
    ("seek", {"position": -1}, "invalid"),
    ("add", {"tracks": []}, "invalid"),
]


@pytest.mark.gen_test(timeout=40)
async def test_refusals_change_nothing(served: Served) -> None:
    live, code, _ = await room_with(served)
    bob = await served.person("Bob")
    guest = await served.enter(bob, code)
    joined = (await live.until_event("presence"))["rev"]
    for kind, fields, wanted in REFUSED:
        error = await live.do(kind, **fields)
        assert error["code"] == wanted, (kind, error)
        assert error.keys() - {"fields"} == {"type", "id", "code", "message", "retriable"}
        assert error["retriable"] is False
    for kind, fields in (
        ("play", {}), ("pause", {}), ("seek", {"position": 1}), ("rate", {"rate": 2}), ("next", {}), ("previous", {}),
        ("play_entry", {"entry": "x"}), ("move", {"entry": "x"}), ("shuffle", {}), ("clear", {}),
        ("set", {"name": "x"}),
        ("role", {"user": bob.id, "role": "cohost"}), ("hand_over", {"user": bob.id}), ("close", {}),
    ):  # fmt: skip
        assert (await guest.do(kind, **fields))["code"] == "forbidden", kind
    assert (await live.do("say", text="now"))["rev"] == joined + 1


@pytest.mark.gen_test(timeout=30)
async def test_members_may_undo_their_own_and_nobody_elses(served: Served) -> None:
    live, code, (hosts,) = await room_with(served, "host's")
    bob = await served.enter(await served.person("Bob"), code)
    [added] = await events(bob, "add", tracks=[track("bob's")])
    assert (await bob.do("remove", entries=[hosts]))["code"] == "forbidden"
    assert (await bob.do("remove", entries=[added["entries"][0]["id"], hosts]))["code"] == "forbidden"
    assert (await events(bob, "remove", entries=[added["entries"][0]["id"]]))[0]["type"] == "entries_removed"
    await events(live, "set", chat_enabled=False)
    assert (await bob.do("say", text="psst"))["code"] == "chat_disabled"


@pytest.mark.gen_test(timeout=30)
async def test_the_same_id_takes_effect_once(served: Served) -> None:
    live, code, _ = await room_with(served)
    first = await live.do("say", id="c-17", text="once")
    again = await live.do("say", id="c-17", text="once")
    assert (again["type"], again["rev"]) == ("ack", first["rev"])
    bob = await served.enter(await served.person("Bob"), code)
    assert (await bob.do("say", id="c-17", text="Bob's own"))["rev"] > first["rev"]
    await events(live, "say", text="last")
    texts = [m["events"][0]["message"]["text"] for m in live.heard if m["type"] == "commit" and m["command"]]
    assert texts == ["once", "Bob's own", "last"]


@pytest.mark.gen_test(timeout=30)
async def test_undo_is_told(served: Served) -> None:
    live, _, (first, _) = await room_with(served, "one", "two")
    ack = await live.do("remove", entries=[first])
    while not (removed := [m for m in live.heard if m["type"] == "commit" and m["rev"] == ack["rev"]]):
        await live.next()
    act = removed[0]["events"][-1]["act"]
    assert (act["id"], act["what"], act["by_name"]) == (str(ack["rev"]), "removed", "Alice")
    assert act.keys() == {"id", "by", "by_name", "what", "at"}
    back = await events(live, "undo", act=act["id"])
    assert [event["type"] for event in back] == ["entries_added", "act_undone"]
    assert (back[0]["entries"][0]["id"], back[1]["act"]) == (first, act["id"])
    assert (await live.do("undo", act=act["id"]))["code"] == "outdated"
