"""What was said and asked for in all rooms in the last days, and what has become of it: for admins.

As far as it is archived; no room is woken by it.
"""

from collections.abc import Sequence

import msgspec

from roomd.clock import Clock
from roomd.domain.chat import Message, Said
from roomd.domain.ids import RoomId
from roomd.domain.moderation import ChatCleared, MessageDeleted
from roomd.domain.requests import RequestDecided, RequestMade
from roomd.domain.wishes import Request
from roomd.store.overheard import Heard, OverheardStore

#: How far back.
DAYS_MS = 7 * 86_400_000.0

_said = msgspec.json.Decoder(Said).decode
_asked = msgspec.json.Decoder(RequestMade).decode


class Overheard:
    def __init__(self, store: OverheardStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def lines(self, text: str, limit: int, offset: int) -> list[dict[str, object]]:
        """Lines of chat that hold the text, or are of somebody whose name does, the latest first."""
        found = await self._store.events("said", text, self._since, limit, offset)
        said = [(heard, _said(heard.event).message) for heard in found]
        gone = await self._removed([heard.room for heard in found])
        return [_line(heard, line, removed=_is_gone(heard, line, gone)) for heard, line in said]

    async def requests(self, text: str, limit: int, offset: int) -> list[dict[str, object]]:
        """Requests for a song, or of somebody, whose name holds the text, the latest first."""
        found = await self._store.events("request_made", text, self._since, limit, offset)
        asked = [(heard, _asked(heard.event).request) for heard in found]
        commits = await self._store.commits({heard.room for heard in found}, ["request_decided"], self._since)
        decided = {
            (room, event.request): event
            for room, commit in commits
            for event in commit.events
            if isinstance(event, RequestDecided)
        }
        return [_request(heard, each, decided.get((heard.room, each.id))) for heard, each in asked]

    @property
    def _since(self) -> float:
        return self._clock.now() - DAYS_MS

    async def _removed(self, rooms: Sequence[RoomId]) -> dict[tuple[RoomId, str], float]:
        """When which lines went; of "", all that there were."""
        commits = await self._store.commits(set(rooms), ["message_deleted", "chat_cleared"], self._since)
        gone = {}
        for room, commit in commits:
            for event in commit.events:
                if isinstance(event, MessageDeleted):
                    gone[room, str(event.message)] = commit.at
                elif isinstance(event, ChatCleared):
                    gone[room, ""] = commit.at
        return gone


def _is_gone(heard: Heard, line: Message, gone: dict[tuple[RoomId, str], float]) -> bool:
    return (heard.room, line.id) in gone or gone.get((heard.room, ""), 0.0) >= line.at or heard.state == "closed"


def _line(heard: Heard, line: Message, *, removed: bool) -> dict[str, object]:
    told = {"id": line.id, "user_id": line.by, "user": line.by_name, "text": line.text, "at": line.at}
    return {"room": heard.code, "room_name": heard.name, **told, "removed": removed}


def _request(heard: Heard, request: Request, decided: RequestDecided | None) -> dict[str, object]:
    track = request.track
    return {
        "room": heard.code,
        "room_name": heard.name,
        "room_state": heard.state,
        "id": request.id,
        "user_id": request.by,
        "user": request.by_name,
        "action": request.action,
        "title": track.title if track else "",
        "url": track.url if track else "",
        "status": decided.status if decided else "pending",
        "reason": decided.reason if decided else "",
        "at": request.at,
    }
