"""What takes more than the least to be carried out is answered as the OpenAPI document says, too."""

import re
from typing import Any

import media_files as files
import pytest
from hub_world import eventually
from openapi_world import BY_HAND, DOCUMENT, calls
from serving import GOOD, Person, Served, account

from roomd.app import web_folder
from roomd.handlers.packed import inlined
from roomd.openapi.channels import CHANNELS, tag_of

CALLS = {call.name: call for call in calls()}


class Story:
    """Calls by name; every answer is held against the document."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.told: set[str] = set()

    async def __call__(self, who: Person | None, name: str, body: Any = None, query: Any = None, **values: str) -> Any:
        call = CALLS[name]
        headers = who.headers if who else {}
        path = call.path.format_map(values)
        answer = await self.served.http.request(call.method, path, json=body, headers=headers, params=query)
        assert answer.status_code < 300, f"{name}: {answer.status_code} {answer.text}"
        assert not call.fault(answer)
        self.told.add(name)
        return answer.json() if answer.headers.get("Content-Type", "").startswith("application/json") else answer.text


@pytest.mark.gen_test(timeout=60)
async def test_what_takes_more_is_answered_as_described(served: Served) -> None:
    story = Story(served)
    await documents(story)
    await accounts(story)
    await overseeing(story)
    await music(story)
    await rooms(story)
    assert story.told >= BY_HAND


async def documents(story: Story) -> None:
    """As they are served, to programs and to people."""
    told = await story(None, "GET /api/openapi.json")
    assert told["paths"].keys() == DOCUMENT["paths"].keys()
    assert (await story(None, "GET /api/asyncapi.json"))["channels"].keys() == {channel.name for channel in CHANNELS}
    http = story.served.http
    first = await http.get("/api/openapi.json")
    assert first.headers["Content-Encoding"] == "gzip"
    known = {"If-None-Match": first.headers["ETag"]}
    again = await http.get("/api/openapi.json", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    page = (await http.get("/docs/")).text
    assert set(re.findall(r'data-path="([^"]+)"', page)) == told["paths"].keys()
    ours = inlined(web_folder() / "static", "theme.js").text
    assert not re.search(r"<script(?![^>]*src=)| style=", page.replace(f"<script>{ours}</script>", ""))


async def accounts(story: Story) -> None:
    words = {"username": "dave", "email": "dave@example.org", "password": "a long walk home"}
    await story(None, "POST /api/accounts/register/", words)
    await story(None, "POST /api/auth/login/", {"email": words["email"], "password": words["password"]})
    tokens = await story(None, "POST /api/accounts/token/", {"email": "dave", "password": words["password"]})
    await story(None, "POST /api/accounts/token/refresh/", {"refresh": tokens["refresh"]})
    assert "roomd_" in await story(None, "GET /metrics/")

    mine = {"username": "erin", "email": "erin@example.org", "password": "a long walk home"}
    phone, laptop = await story.served.person("Erin"), await story.served.person("Erin")
    made = await story(phone, "POST /api/accounts/upgrade/", mine)
    assert not made["user"]["is_guest"]
    await story(phone, "POST /api/accounts/password/", {"password": mine["password"], "new_password": "and back again"})
    await story(phone, "POST /api/accounts/delete/", {"password": "and back again"})
    (session,) = (await story(laptop, "GET /api/accounts/sessions/"))["sessions"]
    await story(laptop, "DELETE /api/accounts/sessions/{session}/", session=session["id"])


async def overseeing(story: Story) -> None:
    """With rows in every list, which the roles of test_openapi_roles.py may not leave there."""
    root, dora = await account(story.served, "root", admin=True), await account(story.served, "dora")
    words = {"email": "root", "password": GOOD}
    assert (await story(None, "POST /api/auth/login/", words))["user"]["is_admin"]
    code = await story.served.room(dora)
    live = await story.served.enter(dora, code)
    await live.until(type="welcome")
    await live.do("say", text="a line to be found")

    async def archived() -> bool:
        found = await story(root, "GET /api/admin/messages/", query={"q": "to be found"})
        return bool(found["count"])

    await eventually(archived, "the line to be archived")
    (room,) = (await story(root, "GET /api/admin/rooms/", query={"q": code}))["rooms"]
    assert (room["online"], room["host"]) == (1, "dora")
    (session,) = (await story(root, "GET /api/admin/sessions/", query={"user": dora.id}))["sessions"]
    why = {"reason": "to try it"}
    ends = "DELETE /api/admin/people/{user}/sessions/{session}/"
    await story(root, ends, why, user=dora.id, session=session["id"])
    await story(root, "PATCH /api/admin/people/{user}/", why | {"admin": True}, user=dora.id)
    await story(root, "GET /api/admin/people/", query={"admins": "true"})
    acts = (await story(root, "GET /api/admin/audit/"))["acts"]
    assert [(each["act"], each["why"]) for each in acts] == [("promote", "to try it"), ("end_session", "to try it")]
    await story(root, "GET /api/admin/vitals/")


async def music(story: Story) -> None:
    folder = story.served.services.folder
    for number, title in enumerate(("Rain", "Fog", "Storm"), start=1):
        tags = [f"TITLE={title}", "ARTIST=Bob", "ALBUM=Weather", "GENRE=Ambient", f"TRACKNUMBER={number}"]
        files.put(folder.root / "weather" / f"{title}.flac", files.flac(60, tags))
    await folder.rescan()
    alice = await story.served.person("Alice")
    found = await story(alice, "GET /api/catalogue/search/")
    rain = next(each for each in found["tracks"] if each["artist"]["name"] == "Bob")
    (genre,) = await story(alice, "GET /api/catalogue/genres/")
    await story(alice, "GET /api/catalogue/artists/{id}/", id=rain["artist"]["id"])
    await story(alice, "GET /api/catalogue/albums/{id}/", id=rain["album"]["id"])
    await story(alice, "GET /api/charts/genre/{genre}/", genre=str(genre["id"]))
    made = await story(alice, "POST /api/playlists/generate/", {"genre": "ambient"})
    shown = await story(alice, "GET /api/playlists/playlists/{id}/", id=made["id"])
    move = {"track": shown["tracks"][0]["id"], "position": 2}
    await story(alice, "POST /api/playlists/playlists/{id}/move_track/", move, id=made["id"])
    text = await story(alice, "GET /api/playlists/playlists/{id}/export/", id=made["id"])
    await story(alice, "POST /api/playlists/import/", {"text": text + "/nowhere/Eve - Gone.mp3\n"})
    await story(alice, "POST /api/playlists/playlists/{id}/play/", {}, id=made["id"])
    await story(alice, "PATCH /api/playlists/queue/", {"current_position": 1})
    queued = await story(alice, "GET /api/playlists/queue/tracks/")
    entry = queued[0]["id"]
    await story(alice, "PATCH /api/playlists/queue/tracks/{entry}/", {"position": 1}, entry=entry)
    await story(alice, "DELETE /api/playlists/queue/tracks/{entry}/", entry=entry)


async def rooms(story: Story) -> None:
    alice, bob, carol = [await story.served.person(name) for name in ("Alice", "Bob", "Carol")]
    made = await story(None, "POST /api/rooms/create/", {"name": "Late", "user_name": "Dave"})
    assert made["access_token"]
    code = (await story(alice, "POST /api/rooms/create/", {"name": "Friday"}))["code"]
    await story(alice, "PATCH /api/rooms/{room}/", {"description": "kitchen"}, room=code)
    await story(bob, "POST /api/rooms/join/", {"code": code})
    await story(alice, "PUT /api/rooms/{room}/door/", {"entry_mode": "approval"}, room=code)
    assert (await story(carol, "POST /rooms/api/rooms/join/", {"code": code}))["status"] == "PENDING"
    assert (await story(carol, "POST /api/rooms/join/", {"code": code}))["status"] == "PENDING"
    assert (await story(alice, "GET /api/rooms/{room}/", room=code))["pending"]
    await story(alice, "GET /api/rooms/{room}/pending/", room=code)
    await story(alice, "POST /api/rooms/approve/", {"code": code, "user_id": carol.id})
    film = next(iter(story.served.services.folder.index)).track.url
    await story(alice, "POST /api/rooms/{room}/change-video/", {"video_url": film}, room=code)
    await requests(story, code, alice, bob)
    await sockets(story.served, code, alice, made)
    await story(alice, "POST /api/rooms/{room}/members/{user}/ban/", {}, room=code, user=carol.id)
    assert (await story(alice, "GET /api/rooms/{room}/bans/", room=code))["count"] == 1
    await story(alice, "DELETE /api/rooms/{room}/bans/{user}/", room=code, user=carol.id)
    await story(alice, "POST /api/rooms/{room}/host/", {"user_id": bob.id}, room=code)
    await story(alice, "DELETE /api/rooms/{room}/leave/", room=code)
    await story(bob, "POST /rooms/api/rooms/{room}/leave/", room=code)


async def sockets(served: Served, code: str, person: Person, guest: dict[str, str]) -> None:
    """At each address its contract is spoken."""
    for channel in CHANNELS:
        base = channel.address.removesuffix("?token=").format(room=code)
        if channel.name == "syncplay":
            live = await served.socket(base.replace(code, guest["code"]))
            await live.say(type="join", userId=guest["user_id"])
        else:
            live = await served.socket(f"{base}?token={person.token}")
        if channel.name == "native":
            await live.say(type="hello")
        first = await live.next()
        assert first and first["type"] in {tag_of(kind) for kind in channel.tells}, channel.name


async def requests(story: Story, code: str, host: Person, guest: Person) -> None:
    song = next(iter(story.served.services.folder.index)).track.source
    queue = await story(host, "POST /api/rooms/{room}/queue/", {"tracks": [{"source": song}] * 3}, room=code)
    ends = ("withdraw", "reject", "approve")
    for end, entry in zip(ends, queue["entries"][-3:], strict=True):
        wish = {"action": "remove", "id": entry["id"]}
        asked = await story(guest, "POST /api/rooms/{room}/requests/", wish, room=code)
        who = guest if end == "withdraw" else host
        await story(who, f"POST /api/rooms/{{room}}/requests/{{request}}/{end}/", room=code, request=asked["id"])
    assert (await story(host, "GET /api/rooms/{room}/requests/", room=code))["count"] == 3
