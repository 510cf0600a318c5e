"""The first seed document, word by word: its addresses, its messages and fields, and how it refuses."""

from typing import Any

import pytest
from serving import SECRET, Live, Person, Served
from test_docs import rows
from test_rooms_http import refused

from roomd.dialects.musicroom import MESSAGES
from roomd.tokens import TokenRing

HTTP = "/rooms/api/rooms"


def song(title: str, **more: Any) -> dict[str, Any]:
    """With a length it needs no looking at."""
    return {"title": title, "artist": "Carol", "url": f"https://media.example/{title}.mp3", "duration": 60} | more


async def create(person: Person, **body: Any) -> dict[str, Any]:
    answer = await person.call("POST", f"{HTTP}/", {"name": "Friday"} | body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def enter(served: Served, person: Person, code: str) -> Live:
    """The socket, with its greeting heard."""
    live = await served.socket(f"/ws/rooms/{code}/?token={person.token}")
    await live.until(type="playback_synced")
    return live


async def party(served: Served, *titles: str) -> tuple[Live, Live, str]:
    """Alice who hosts and Bob who listens, in a room with these songs, the first of which is playing."""
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = (await create(alice))["code"]
    host = await enter(served, alice, code)
    guest = await enter(served, bob, code)
    for title in titles:
        await host.say(type="add_song", **song(title))
        for live in (host, guest):
            await live.until(type="queue_updated" if title != titles[0] else "song_started")
    return host, guest, code


# The addresses


@pytest.mark.gen_test(timeout=20)
async def test_post_rooms_creates_a_room_with_name_description_and_settings(served: Served) -> None:
    alice = await served.person("Alice")
    settings = {"theme": "ocean", "visibility": "private", "chat_enabled": False, "autoplay": False}
    room = await create(alice, description="Party", settings=settings)
    assert (room["name"], room["description"], room["host"], len(room["code"])) == ("Friday", "Party", "Alice", 6)
    assert {key: room[key] for key in settings} == settings
    assert (room["is_playing"], room["current_song"], room["participant_count"]) == (False, None, 1)
    assert [person["role"] for person in room["participants"]] == ["host"]


@pytest.mark.gen_test(timeout=20)
async def test_post_rooms_refuses_bad_details_and_makes_nothing(served: Served) -> None:
    alice = await served.person("Alice")
    assert refused(await alice.call("POST", f"{HTTP}/", {}), 400, "invalid") == {"name": "is required"}
    assert "name" in refused(await alice.call("POST", f"{HTTP}/", {"name": " "}), 400, "invalid")
    short = {"name": "Vault", "settings": {"entry_mode": "password", "password": "x"}}
    assert "password" in refused(await alice.call("POST", f"{HTTP}/", short), 400, "invalid")
    assert (await alice.call("GET", f"{HTTP}/")).json() == []


@pytest.mark.gen_test(timeout=20)
async def test_get_rooms_lists_the_users_own_rooms_only(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    first, second = await create(alice, name="First"), await create(alice, name="Second")
    await create(bob, name="Bob's")
    names = [room["name"] for room in (await alice.call("GET", f"{HTTP}/")).json()]
    assert sorted(names) == ["First", "Second"]
    await bob.call("POST", f"{HTTP}/join/", {"code": first["code"]})
    assert len((await bob.call("GET", HTTP)).json()) == 2
    await alice.call("POST", f"{HTTP}/{second['code']}/leave/")
    assert [room["name"] for room in (await alice.call("GET", f"{HTTP}/")).json()] == ["First"]


@pytest.mark.gen_test(timeout=20)
async def test_get_room_by_code_gives_its_details(served: Served) -> None:
    alice = await served.person("Alice")
    room = await create(alice)
    shown = (await alice.call("GET", f"{HTTP}/{room['code'].lower()}/")).json()
    assert shown["id"] == room["id"]
    assert {"code", "name", "host", "current_song", "is_playing", "participants"} <= shown.keys()
    refused(await alice.call("GET", f"{HTTP}/ZZZZZZ/"), 404, "no_such_room")
    hidden = await create(alice, settings={"visibility": "private"})
    refused(await (await served.person("Bob")).call("GET", f"{HTTP}/{hidden['code']}/"), 404, "no_such_room")


@pytest.mark.gen_test(timeout=20)
async def test_post_join_joins_by_code_in_any_case(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    room = await create(alice)
    joined = await bob.call("POST", f"{HTTP}/join/", {"code": room["code"].lower()})
    assert (joined.status_code, joined.json()["status"], joined.json()["id"]) == (200, "JOINED", room["id"])
    assert {person["name"]: person["role"] for person in joined.json()["participants"]} == {
        "Alice": "host",
        "Bob": "member",
    }
    refused(await bob.call("POST", f"{HTTP}/join/", {"code": "ZZZZZZ"}), 404, "no_such_room")
    assert "code" in refused(await bob.call("POST", f"{HTTP}/join/", {"code": ""}), 400, "invalid")
    assert "code" in refused(await bob.call("POST", f"{HTTP}/join/", {}), 400, "invalid")


@pytest.mark.gen_test(timeout=20)
async def test_post_join_knows_passwords_and_approval(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    vault = await create(alice, settings={"entry_mode": "password", "password": "open sesame"})
    refused(await bob.call("POST", f"{HTTP}/join/", {"code": vault["code"]}), 403, "password_needed")
    wrong = {"code": vault["code"], "password": "open barley"}
    refused(await bob.call("POST", f"{HTTP}/join/", wrong), 403, "wrong_password")
    joined = await bob.call("POST", f"{HTTP}/join/", wrong | {"password": "open sesame"})
    assert joined.json()["status"] == "JOINED"
    club = await create(alice, settings={"entry_mode": "approval"})
    waiting = (await bob.call("POST", f"{HTTP}/join/", {"code": club["code"]})).json()
    assert waiting == {"status": "PENDING", "id": club["id"], "code": club["code"], "name": "Friday"}


@pytest.mark.gen_test(timeout=20)
async def test_post_leave_leaves_the_room(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = (await create(alice))["code"]
    refused(await bob.call("POST", f"{HTTP}/{code}/leave/"), 403, "not_a_member")
    await bob.call("POST", f"{HTTP}/join/", {"code": code})
    assert (await bob.call("POST", f"{HTTP}/{code}/leave/")).status_code == 200
    assert (await alice.call("GET", f"{HTTP}/{code}/")).json()["participant_count"] == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("POST", "/"), ("GET", "/ABCDEF/"), ("POST", "/join/"), ("POST", "/ABCDEF/leave/")],
)
@pytest.mark.gen_test(timeout=20)
async def test_every_address_needs_a_token(served: Served, method: str, path: str) -> None:
    refused(await served.http.request(method, f"{HTTP}{path}", json={"code": "ABCDEF"}), 401, "unauthenticated")
    bad = {"Authorization": "Bearer nonsense"}
    refused(await served.http.request(method, f"{HTTP}{path}", json={}, headers=bad), 401, "token_invalid")


# Connecting


@pytest.mark.gen_test(timeout=20)
async def test_connecting_gives_the_queue_then_the_playback_state(served: Served) -> None:
    _, _, code = await party(served, "one")
    late = await served.socket(f"/ws/rooms/{code.lower()}/?token={(await served.person('Dave')).token}")
    queue, state = await late.next(), await late.next()
    assert queue and state
    assert (queue["type"], [each["title"] for each in queue["queue"]], queue["count"]) == ("queue_updated", ["one"], 1)
    assert queue["current"] == queue["queue"][0]["id"]
    assert queue["queue"][0]["is_current"]
    assert (state["type"], state["is_playing"], state["song"]["title"]) == ("playback_synced", True, "one")
    assert state.keys() == {"type", "song", "is_playing", "position", "rate", "server_time", "starts_in"}


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "%ff%fe"])
@pytest.mark.gen_test(timeout=20)
async def test_an_invalid_token_is_disconnected(served: Served, token: str) -> None:
    code = (await create(await served.person("Alice")))["code"]
    live = await served.socket(f"/ws/rooms/{code}/?token={token}")
    assert (await live.until(type="error"))["code"].startswith(("token_", "unauth"))
    assert await live.closed() == 4501


@pytest.mark.gen_test(timeout=20)
async def test_an_expired_token_is_disconnected(served: Served) -> None:
    alice = await served.person("Alice")
    code = (await create(alice))["code"]
    actor = await served.services.accounts.authenticate(alice.token)
    yesterday = TokenRing([SECRET], lambda: served.services.clock.now() - 25 * 3_600_000)
    live = await served.socket(f"/ws/rooms/{code}/?token={yesterday.issue(actor)}")
    assert (await live.until(type="error"))["code"] == "token_expired"
    assert await live.closed() == 4501


@pytest.mark.gen_test(timeout=20)
async def test_an_unknown_room_is_disconnected(served: Served) -> None:
    live = await served.socket(f"/ws/rooms/ZZZZZZ/?token={(await served.person('Alice')).token}")
    assert (await live.until(type="error"))["code"] == "no_such_room"
    assert await live.closed() == 4504


@pytest.mark.gen_test(timeout=20)
async def test_a_room_behind_a_password_is_not_entered_without(served: Served) -> None:
    vault = await create(await served.person("Alice"), settings={"entry_mode": "password", "password": "open sesame"})
    live = await served.socket(f"/ws/rooms/{vault['code']}/?token={(await served.person('Bob')).token}")
    assert (await live.until(type="error"))["code"] == "password_needed"
    assert await live.closed() == 4503


@pytest.mark.gen_test(timeout=30)
async def test_a_huge_queue_is_told_in_part_and_closes_nobody(served: Served) -> None:
    alice = await served.person("Alice")
    code = (await create(alice))["code"]
    host = await enter(served, alice, code)
    for part in range(5):
        far = [f"https://media.example/{part}-{n}.mp3?signature={'x' * 1_900}" for n in range(100)]
        tracks = [{"url": url, "title": f"Song {n}", "duration": 60, "kind": "audio"} for n, url in enumerate(far)]
        assert (await alice.call("POST", f"/api/rooms/{code}/queue/", {"tracks": tracks})).status_code == 201
    for _ in range(15):
        await host.say(type="next_song")
    while (queue := await host.until(type="queue_updated"))["queue"][0]["position"] < 5:
        pass
    assert (queue["count"], len(queue["queue"])) == (500, 40)
    assert queue["queue"][10]["id"] == queue["current"]
    late = await enter(served, await served.person("Bob"), code)
    assert late.heard[0]["count"] == 500


# What clients say, and what all of them hear


@pytest.mark.gen_test(timeout=20)
async def test_toggle_playback_pauses_and_plays_for_everybody(served: Served) -> None:
    host, guest, _ = await party(served, "one")
    await host.say(type="toggle_playback")
    paused = await guest.until(type="song_paused")
    assert (paused["is_playing"], paused["song"]["title"]) == (False, "one")
    assert 0 <= paused["position"] < 10
    await host.say(type="toggle_playback")
    started = await guest.until(type="song_started")
    assert (started["is_playing"], started["position"], started["song"]["title"]) == (True, paused["position"], "one")
    assert started["song"].keys() >= {"id", "title", "artist", "url", "duration"}
    assert 0 < started["starts_in"] <= 0.35
    assert (await host.until(type="song_started")) == started


@pytest.mark.gen_test(timeout=20)
async def test_two_toggles_at_once_end_where_they_began(served: Served) -> None:
    host, guest, _ = await party(served, "one")
    await host.say(type="toggle_playback")
    await host.say(type="toggle_playback")
    await guest.until(type="song_paused")
    assert (await guest.until(type="song_started"))["is_playing"]


@pytest.mark.gen_test(timeout=20)
async def test_toggle_playback_may_say_what_is_wanted_and_where(served: Served) -> None:
    host, guest, _ = await party(served, "one")
    await host.say(type="toggle_playback", is_playing=False, position=12.5)
    assert (await guest.until(type="song_paused"))["position"] == 12.5
    await host.say(type="toggle_playback", is_playing=True, position=20)
    assert (await guest.until(type="song_started"))["position"] == 20


@pytest.mark.gen_test(timeout=20)
async def test_toggle_playback_with_an_empty_queue_is_refused(served: Served) -> None:
    host, _, _ = await party(served)
    await host.say(type="toggle_playback")
    assert (await host.until(type="error"))["code"] == "nothing_to_play"


@pytest.mark.parametrize("name", ["url", "audio_url", "song_url"])
@pytest.mark.gen_test(timeout=20)
async def test_add_song_takes_title_artist_and_audio_url(served: Served, name: str) -> None:
    host, guest, _ = await party(served)
    wanted = song("one")
    wanted[name] = wanted.pop("url")
    await host.say(type="add_song", **wanted)
    queue = await guest.until(type="queue_updated")
    (added,) = queue["queue"]
    assert (added["title"], added["artist"], added["url"]) == ("one", "Carol", "https://media.example/one.mp3")
    assert (added["duration"], added["added_by"]["name"], added["position"]) == (60, "Alice", 0)
    started = await guest.until(type="song_started")
    assert (started["song"]["id"], started["position"]) == (added["id"], 0)


@pytest.mark.gen_test(timeout=20)
async def test_add_song_without_a_length_is_looked_at(served: Served) -> None:
    host, guest, _ = await party(served)
    dave = await served.person("Dave")
    (found,) = (await dave.call("GET", "/api/catalogue/search/?q=Long+Walk")).json()["tracks"]
    await host.say(type="add_song", title="Walk", artist="Carol", url=found["url"])
    assert (await guest.until(type="queue_updated"))["queue"][0]["duration"] == 60


@pytest.mark.gen_test(timeout=20)
async def test_participants_add_to_the_shared_queue_too(served: Served) -> None:
    host, guest, _ = await party(served, "one")
    await guest.say(type="add_song", **song("two"))
    queue = await host.until(type="queue_updated")
    assert [(each["title"], each["added_by"]["name"]) for each in queue["queue"]] == [("one", "Alice"), ("two", "Bob")]


@pytest.mark.gen_test(timeout=20)
async def test_next_song_and_previous_song(served: Served) -> None:
    host, guest, _ = await party(served, "one", "two")
    await host.say(type="next_song")
    queue = await guest.until(type="queue_updated")
    assert [each["is_current"] for each in queue["queue"]] == [False, True]
    started = await guest.until(type="song_started", position=0)
    assert (started["song"]["title"], started["song"]["id"]) == ("two", queue["current"])
    await host.say(type="previous_song")
    assert (await guest.until(type="song_started"))["song"]["title"] == "one"
    await host.say(type="next_song")
    await host.say(type="next_song")
    over = await guest.until(type="song_paused")
    assert (over["song"], over["is_playing"], over["position"]) == (None, False, 0)


@pytest.mark.gen_test(timeout=20)
async def test_a_hosts_sync_playback_moves_everybody(served: Served) -> None:
    host, guest, _ = await party(served, "one")
    await host.say(type="sync_playback", position=42.5)
    synced = await guest.until(type="playback_synced")
    assert (synced["position"], synced["is_playing"], synced["song"]["title"]) == (42.5, True, "one")
    assert abs(synced["server_time"] - served.services.clock.now()) < 5_000


@pytest.mark.gen_test(timeout=20)
async def test_a_hosts_sync_playback_that_fits_disturbs_nobody(served: Served) -> None:
    host, guest, _ = await party(served, "one")
    await host.say(type="toggle_playback", is_playing=False, position=10)
    await guest.until(type="song_paused")
    await host.say(type="sync_playback", position=10.9)
    assert (await host.until(type="playback_synced"))["position"] == 10
    await host.say(type="toggle_playback")
    await guest.until(type="song_started")
    assert [each for each in guest.heard[2:] if each["type"] == "playback_synced"] == []


@pytest.mark.gen_test(timeout=20)
async def test_a_participants_sync_playback_is_answered_to_them_alone(served: Served) -> None:
    host, guest, _ = await party(served, "one")
    await guest.say(type="sync_playback", position=42)
    synced = await guest.until(type="playback_synced")
    assert synced["position"] < 20
    await guest.say(type="sync_playback")
    await guest.until(type="playback_synced")
    await host.say(type="toggle_playback")
    await host.until(type="song_paused")
    assert [each for each in host.heard[2:] if each["type"] == "playback_synced"] == []


@pytest.mark.gen_test(timeout=20)
async def test_user_joined_and_user_left(served: Served) -> None:
    host, guest, code = await party(served)
    seen = await host.until(type="user_joined")
    assert (seen["user"]["name"], seen["user"]["role"], seen["user"]["is_online"]) == ("Bob", "member", True)
    assert (seen["participant_count"], seen["online_count"]) == (2, 2)
    guest.socket.close()
    away = await host.until(type="user_left")
    assert (away["user"]["name"], away["user"]["is_online"]) == ("Bob", False)
    assert (away["participant_count"], away["online_count"]) == (2, 1)
    dave = await served.person("Dave")
    await dave.call("POST", f"{HTTP}/join/", {"code": code})
    assert (await host.until(type="user_joined"))["user"]["name"] == "Dave"
    await dave.call("POST", f"{HTTP}/{code}/leave/")
    gone = await host.until(type="user_left")
    assert (gone["user"]["name"], gone["participant_count"]) == ("Dave", 2)


@pytest.mark.gen_test(timeout=20)
async def test_leaving_ends_the_socket(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = (await create(alice))["code"]
    guest = await enter(served, bob, code)
    await bob.call("POST", f"{HTTP}/{code}/leave/")
    assert await guest.closed() == 1000


@pytest.mark.parametrize(
    "message", [{"type": "toggle_playback"}, {"type": "next_song"}, {"type": "previous_song"}], ids=lambda m: m["type"]
)
@pytest.mark.gen_test(timeout=20)
async def test_only_the_host_controls_playback(served: Served, message: dict[str, Any]) -> None:
    host, guest, _ = await party(served, "one")
    await guest.say(**message)
    error = await guest.until(type="error")
    assert (error["code"], error["retriable"]) == ("forbidden", False)
    await host.say(type="toggle_playback")
    assert (await guest.until(type="song_paused"))["song"]["title"] == "one"


BAD: list[tuple[str | bytes, str, str | None]] = [
    ("not json", "invalid_json", None),
    ("[]", "invalid", None),
    ("{}", "invalid", None),
    ('{"type": "dance"}', "invalid", None),
    ('{"type": "sync_playback", "position": "far"}', "invalid", "position"),
    ('{"type": "sync_playback", "position": -1}', "invalid", "position"),
    ('{"type": "toggle_playback", "is_playing": "yes"}', "invalid", "is_playing"),
    ('{"type": "add_song", "title": "No link"}', "invalid", "url"),
    ('{"type": "add_song", "url": "javascript:alert(1)"}', "invalid", "url"),
    (b"\x00\x01", "invalid", None),
]


@pytest.mark.gen_test(timeout=20)
async def test_bad_input_is_answered_with_an_error_and_changes_nothing(served: Served) -> None:
    host, _, _ = await party(served)
    for message, wanted, field in BAD:
        await host.socket.write_message(message, binary=isinstance(message, bytes))
        error = await host.until(type="error")
        assert (error["code"], bool(error["message"])) == (wanted, True), (message, error)
        assert field is None or field in error["fields"], (message, error)
    await host.say(type="add_song", **song("one"), mood="unknown fields are passed over")
    assert (await host.until(type="queue_updated"))["count"] == 1


@pytest.mark.gen_test(timeout=20)
async def test_who_keeps_sending_nonsense_is_disconnected(served: Served) -> None:
    host, guest, _ = await party(served)
    for _ in range(20):
        await guest.say(type="dance")
        await guest.until(type="error")
    assert await guest.closed() == 4500
    await host.say(type="add_song", **song("one"))
    await host.until(type="song_started")


def test_the_document_names_every_message_and_no_other() -> None:
    told = {"song_started", "song_paused", "playback_synced", "queue_updated", "user_joined", "user_left", "error"}
    heard = {str(message.__struct_config__.tag) for message in MESSAGES}
    documented = {row[0].strip("`") for row in rows("musicroom.md") if row[0].startswith("`") and " " not in row[0]}
    assert documented == told | heard
