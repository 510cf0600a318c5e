"""Every operation of the document, tried by everybody who may or may not: who is let through, and what is answered."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from openapi_world import BY_HAND, ELSEWHERE, Call, calls
from serving import Person, Served, account

from roomd.domain.people import RIGHTS

ROLES = ("anonymous", "stranger", "member", "cohost", "host", "admin")
#: What ends, or changes who is who, comes at the end; the rest in the order of the document.
LAST = (
    "DELETE /api/admin/rooms/{room}/messages/{message}/",
    "DELETE /api/admin/rooms/{room}/members/{user}/",
    "DELETE /api/admin/rooms/{room}/",
    "DELETE /api/rooms/{room}/queue/{entry}/",
    "POST /api/rooms/{room}/queue/clear/",
    "DELETE /api/rooms/{room}/messages/{message}/",
    "DELETE /api/rooms/{room}/messages/",
    "PATCH /api/rooms/{room}/members/{user}/",
    "POST /api/rooms/{room}/members/{user}/mute/",
    "POST /api/rooms/{room}/members/{user}/kick/",
    "POST /api/rooms/{room}/members/{user}/ban/",
    "DELETE /api/rooms/{room}/bans/{user}/",
    "PUT /api/rooms/{room}/door/",
    "DELETE /api/playlists/playlists/{id}/",
    "POST /api/rooms/{room}/host/",
    "DELETE /api/rooms/{room}/",
    "POST /api/rooms/{room}/leave/",
    "DELETE /api/rooms/{room}/leave/",
    "POST /rooms/api/rooms/{room}/leave/",
    "POST /api/rooms/join/",
    "POST /rooms/api/rooms/join/",
    "POST /api/auth/logout/",
)
#: What one did oneself, one may take back with the right to have done it.
ONES_OWN = {"POST /api/rooms/{room}/queue/undo/"}
#: Refusals that say who somebody is, or is not.
BARRED = {401, 403}
#: Tried elsewhere: to whoever is near, /metrics/ answers without a token of the usual kind; and whoever has deleted
#: their account can try nothing else.
BY_ITSELF = {"GET /metrics/", "POST /api/accounts/delete/"}


class Stage:
    """A room of its own for one person to try everything in, with something of all that there may be."""

    def __init__(self, served: Served, role: str, who: Person, host: Person) -> None:
        self.served, self.role, self.who, self.host = served, role, who, host
        self.values: dict[str, str] = {}
        self.track = ""
        #: What was carried out, and so looked at whole.
        self.carried_out: set[str] = set()

    async def set_up(self, member: Person) -> None:
        host = self.host
        self.track = next(iter(self.served.services.folder.index)).track.source
        code = await self.served.room(host, visibility="private")
        await self.joined(member, code)
        if self.role in {"member", "cohost"}:
            await self.joined(self.who, code)
        if self.role == "cohost":
            await done(host, "PATCH", f"/api/rooms/{code}/members/{self.who.id}/", {"role": "cohost"})
        for _ in range(2):
            queue = await done(host, "POST", f"/api/rooms/{code}/queue/", {"source": self.track})
        said = await done(host, "POST", f"/api/rooms/{code}/messages/", {"text": "hello"})
        wish = {"action": "remove", "id": queue["entries"][0]["id"]}
        asked = await done(member, "POST", f"/api/rooms/{code}/requests/", wish)
        listed = await done(host, "POST", "/api/playlists/playlists/", {"name": "Mine"})
        await done(host, "POST", f"/api/playlists/playlists/{listed['id']}/add_track/", {"track_id": self.track})
        self.values = {
            "room": code,
            "user": member.id,
            "entry": queue["entries"][1]["id"],
            "message": str(said["rev"]),
            "request": asked["id"],
            "playlist": listed["id"],
            "genre": "1",
            "key": "nothing.webp",
            # Nobody's: whoever ends their own can try nothing else.
            "session": str(UUID(int=1)),
        }

    async def joined(self, person: Person, code: str) -> None:
        await done(person, "POST", "/api/rooms/join/", {"code": code})

    def address(self, call: Call) -> str:
        return call.path.format_map(self.values | {"id": self.id_for(call)})

    def id_for(self, call: Call) -> str:
        return self.values["playlist"] if "/playlists/" in call.path else self.track

    def body(self, call: Call) -> Any:
        """The least that it takes, with names of what there is."""
        given: Mapping[str, Any] = {
            "POST /api/rooms/create/": {"name": "Another", "user_name": "Dave"},
            "POST /api/rooms/join/": {"code": self.values["room"], "user_name": "Dave"},
            "POST /rooms/api/rooms/join/": {"code": self.values["room"]},
            "POST /api/rooms/approve/": {"code": self.values["room"], "user_id": self.values["user"]},
            "POST /api/rooms/{room}/queue/": {"source": self.track},
            "POST /api/rooms/{room}/messages/": {"text": "hello"},
            "POST /api/rooms/{room}/messages/{message}/reactions/": {"emoji": "🎉"},
            "POST /api/rooms/{room}/requests/": {"action": "move", "id": self.values["entry"]},
            "POST /api/rooms/{room}/requests/decide/": {"requests": [self.values["request"]]},
            "PATCH /api/rooms/{room}/queue/{entry}/": {"before": self.values["entry"]},
            "POST /api/rooms/{room}/queue/move/": {"entry": self.values["entry"]},
            "PUT /api/rooms/{room}/permissions/": {"preset": "party"},
            "PUT /api/rooms/{room}/door/": {"entry_mode": "public"},
            "POST /api/rooms/{room}/control/": {"action": "play"},
            "POST /api/rooms/{room}/change-video/": {"video_url": "no link at all"},
            "POST /api/rooms/{room}/host/": {"user_id": self.values["user"]},
            "POST /api/playlists/from-room/": {"room": self.values["room"]},
            "POST /api/playlists/import/": {"text": "#EXTM3U\n/music/Carol/Long Walk.wav\n"},
        }
        if call.name in given:
            return given[call.name]
        body = call.body()
        if isinstance(body, dict):
            known = {"track_id": self.track, "tracks": [self.track], "email": f"{self.role}@example.org"}
            body |= {name: value for name, value in known.items() if name in body}
        return body

    def barred(self, call: Call) -> set[int]:
        """The statuses of which one has to be answered; none where the call is to get through."""
        if call.who in {"token", "admin"} and self.role == "anonymous":
            return {401}
        if call.who == "admin":
            return set() if self.role == "admin" else {403}
        if call.needs in {"", "owner"}:
            # Whose it is has tests of its own: a playlist of the host's is private, so it is not there for others.
            return set()
        # In a room, an admin of the server is what everybody else is.
        if self.role in {"stranger", "admin"}:
            return {403, 404}
        if call.needs == "member" or self.role == "host" or (call.name in ONES_OWN and self.role == "member"):
            return set()
        return set() if call.needs in RIGHTS["cohost" if self.role == "cohost" else "member"] else {403}


async def done(person: Person, method: str, path: str, body: Any) -> Any:
    answer = await person.call(method, path, body)
    assert answer.status_code < 300, answer.text
    return answer.json()


async def tried(stage: Stage, call: Call) -> list[str]:
    """What is wrong with how one call was answered."""
    if call.path == "/uploads/{key}" or call.name in BY_ITSELF:
        return []
    headers = {} if stage.role == "anonymous" else stage.who.headers
    body = stage.body(call)
    query = {"track_id": stage.track} if call.path.endswith(("remove/", "remove_track/")) else {}
    query |= {"url": "http://127.0.0.1:9/"} if call.path.endswith("/preview/") else {}
    answer = await stage.served.http.request(call.method, stage.address(call), json=body, headers=headers, params=query)
    faults = [fault] if (fault := call.fault(answer)) else []
    if answer.status_code < 300:
        stage.carried_out.add(call.name)
    shown = f"{call.name} as {stage.role}: {answer.status_code} {answer.text[:200]}"
    wanted = stage.barred(call)
    if wanted and answer.status_code not in wanted:
        faults.append(f"{shown}, and not one of {wanted}")
    if not wanted and answer.status_code in BARRED and not excused(stage, call):
        faults.append(f"{shown}: barred")
    return faults


def excused(stage: Stage, call: Call) -> bool:
    """Where something else than one's role in the room is in the way."""
    return (
        # Nobody has such a password, or such a refresh token.
        call.path in {"/api/accounts/token/", "/api/accounts/token/refresh/", "/api/auth/login/"}
        # Of a private room, and of what is somebody else's.
        or (stage.role in {"anonymous", "stranger", "admin"} and call.who != "admin")
        or call.needs == "owner"
        or call.path == "/api/playlists/from-room/"
    )


def order(call: Call) -> int:
    return LAST.index(call.name) + 1 if call.name in LAST else 0


@pytest.mark.logs(maybe="catalogue|provider")
@pytest.mark.gen_test(timeout=60)
async def test_everybody_gets_as_far_as_their_role(served: Served) -> None:
    carried_out = set[str]()
    faults = await asyncio.gather(*(played(served, role, carried_out) for role in ROLES))
    assert not any(faults), "\n".join(fault for each in faults for fault in each)
    left = {call.name for call in calls()} - carried_out
    assert left <= BY_HAND | ELSEWHERE


async def staged(served: Served, role: str) -> Stage:
    host, member = await served.person("Alice"), await served.person("Bob")
    if role == "host":
        who = host
    else:
        who = await (account(served, "root", admin=True) if role == "admin" else served.person("Carol"))
    stage = Stage(served, role, who, host)
    await stage.set_up(member)
    return stage


async def played(served: Served, role: str, carried_out: set[str]) -> list[str]:
    stage = await staged(served, role)
    # Where no room is meant, everybody with a token is alike.
    wanted = [call for call in sorted(calls(), key=order) if call.needs or role not in {"member", "cohost"}]
    faults = [fault for call in wanted for fault in await tried(stage, call)]
    carried_out |= stage.carried_out
    return faults
