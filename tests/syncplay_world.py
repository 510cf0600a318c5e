"""People without a token, in a room of the third seed document's kind."""

from dataclasses import dataclass
from typing import Any

from serving import Live, Served

FILM = {"videoUrl": "https://example.com/video.mp4", "videoTitle": "Video Title"}


@dataclass
class Guest:
    """Somebody without a token: their private id, and what others call them."""

    private: str
    public: str
    answer: dict[str, Any]

    def says(self, kind: str, **data: Any) -> dict[str, Any]:
        return {"type": kind, "userId": self.private, "data": data}


async def create(served: Served, **body: Any) -> Guest:
    answer = await served.http.post(
        "/api/rooms/create/", json={"room_name": "Movie Night", "user_name": "Alice"} | body
    )
    assert answer.status_code == 201, answer.text
    return Guest(answer.json()["user_id"], answer.json()["host_id"], answer.json())


async def join(served: Served, room: str, name: str = "Bob", **body: Any) -> Guest:
    answer = await served.http.post("/api/rooms/join/", json={"room_id": room, "user_name": name} | body)
    assert answer.status_code == 200, answer.text
    got = answer.json()
    return Guest(got["user_id"], got["public_id"], got)


async def enter(served: Served, guest: Guest, room: str) -> Live:
    """The socket, with the answer to its join heard."""
    live = await served.socket(f"/ws/room/{room}/")
    await live.say(**guest.says("join"))
    state = await live.next()
    assert state is not None
    assert state["type"] == "room_state", state
    return live


async def pair(served: Served, **body: Any) -> tuple[Live, Live, Guest, Guest, str]:
    """Alice, who hosts, and Bob; neither has anything left to hear."""
    alice = await create(served, **body)
    room = alice.answer["id"]
    bob = await join(served, room)
    host, guest = await enter(served, alice, room), await enter(served, bob, room)
    joined = {"userName": "Bob", "isHost": False}
    assert await host.next() == {"type": "user_joined", "userId": bob.public, "data": joined}
    return host, guest, alice, bob, room


async def both(host: Live, guest: Live, kind: str, sender: Guest, **data: Any) -> None:
    for live in (host, guest):
        assert await live.next() == {"type": kind, "userId": sender.public, "data": data}
