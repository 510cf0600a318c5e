"""The server overseen, over HTTP: for admins only, and everything they change is noted."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from roomd.domain.actor import Actor
from roomd.domain.ids import UserId, is_uuid
from roomd.domain.refusals import Forbidden, Invalid, NotFound
from roomd.domain.room import Room
from roomd.domain.text import tidy_text
from roomd.handlers.base import ApiHandler
from roomd.handlers.described import operation
from roomd.handlers.of_room import RoomHandler
from roomd.metrics import counted_of
from roomd.openapi.operation import Parameter, flag, limit, offset, text
from roomd.openapi.shapes.admin import OverseenLines, OverseenRequests, OverseenRooms, Overview, Vitals

MOST = 200
MAX_REASON = 200


class WhyBody(Struct):
    reason: Annotated[str, Meta(max_length=800)] = ""


#: As `why` and `span` read them, and the words that are looked for.
REASON = text("reason", "Why, where it does not stand in the body", most=MAX_REASON)
SPAN = (limit(50, MOST), offset())
SOUGHT = text("q", "What to look for; of more than 100 characters the first 100 count")


class AdminHandler(RoomHandler):
    async def admin(self) -> Actor:
        """Who asks. Raises Forbidden for all others."""
        actor = await self.actor()
        if not actor.admin:
            raise Forbidden("This is for admins of this server.", "not_an_admin")
        return actor

    def sought(self) -> str:
        return self.get_query_argument("q", "")[:100]

    def span(self) -> tuple[int, int]:
        """How many, and after how many. Raises Invalid."""
        return self.limit(50, MOST), self.offset()

    def choice(self, name: str, *allowed: str) -> str:
        """One of these, or "" for all. Raises Invalid."""
        value = self.get_query_argument(name, "")
        if value and value not in allowed:
            raise Invalid(f"{name} is one of {', '.join(allowed)}", fields={name: "is none of these"})
        return value

    def why(self) -> str:
        """Raises Invalid."""
        given = self.body(WhyBody).reason or self.get_query_argument("reason", "")
        return tidy_text("reason", given, MAX_REASON, empty=True)

    @staticmethod
    def user(text: str) -> UserId:
        if not is_uuid(text):
            raise NotFound("there is no such person", "no_such_user")
        return UserId(text.lower())


@operation("get", "How the server is now", who="admin", answer=Overview)
class OverviewHandler(AdminHandler):
    async def get(self) -> None:
        await self.admin()
        services = self.services
        counts, parts = await asyncio.gather(services.oversight.counts(), services.health.check())
        told = await services.neighbours.gather("health")
        counted = counted_of(await services.neighbours.gather("metrics"))
        self.answer(
            {
                "counts": counts,
                "stores": {name: {"ok": part.ok, "ms": part.ms} for name, part in parts.items()},
                "sockets": sum(each["sockets"] for each in told.values()),
                "behind": sum(each["behind"] for each in told.values()),
                "processes": {"wanted": services.neighbours.of, "answering": len(told)},
                "catalogues": [
                    {
                        "name": name,
                        "label": label,
                        "down": services.library.catalogue.is_down(name),
                        "answers": counted.answers.get(name, {}),
                    }
                    for name, label in services.library.catalogue.labels.items()
                ],
                "limited": counted.limited,
                "since": counted.since_ms,
                "files": services.folder.found,
            }
        )


@operation(
    "get",
    "Curves of how it was",
    who="admin",
    query=(Parameter("hours", Annotated[int, Meta(ge=1, le=48)], "Of how many hours", 24),),
    answer=Vitals,
)
class VitalsHandler(AdminHandler):
    async def get(self) -> None:
        await self.admin()
        self.answer(await self.services.oversight.vitals.curves(self._number("hours", 24, 1, 48)))


@operation(
    "get",
    "All rooms, the last used first",
    who="admin",
    query=(SOUGHT, Parameter("state", Literal["", "live", "asleep", "closed"], "Only these", ""), *SPAN),
    answer=OverseenRooms,
    about="By name, code or id. None is woken by it.",
)
class AdminRoomsHandler(AdminHandler):
    async def get(self) -> None:
        await self.admin()
        state = self.choice("state", "live", "asleep", "closed")
        rooms = await self.services.oversight.rooms(state, self.sought(), *self.span())
        self.answer({"rooms": [shown(row) | _live(room) for row, room in rooms], "count": len(rooms)})


@operation("delete", "Close a room for everybody", who="admin", body=WhyBody, query=(REASON,))
class AdminRoomHandler(AdminHandler):
    async def delete(self, ref: str) -> None:
        await self.services.oversight.close(await self.admin(), ref, self.why())
        self.set_status(204)


@operation(
    "delete",
    "Send somebody out of a room",
    who="admin",
    body=WhyBody,
    query=(flag("ban", "Whether they stay out"), REASON),
    errors="no_such_user no_such_member too_many_bans",
)
class AdminRoomPeopleHandler(AdminHandler):
    async def delete(self, ref: str, user: str) -> None:
        admin, why = await self.admin(), self.why()
        await self.services.oversight.kick(admin, ref, self.user(user), why, ban=self.flag("ban"))
        self.set_status(204)


@operation("delete", "Remove a line of chat", who="admin", body=WhyBody, query=(REASON,))
class AdminLineHandler(AdminHandler):
    async def delete(self, ref: str, line: str) -> None:
        await self.services.oversight.remove_line(await self.admin(), ref, line, self.why())
        self.set_status(204)


@operation(
    "get",
    "Lines of the last seven days, the latest first",
    who="admin",
    query=(SOUGHT, *SPAN),
    answer=OverseenLines,
    about="By words or by who said them, as far as they are archived; those that were removed since, too.",
)
class AdminLinesHandler(AdminHandler):
    async def get(self) -> None:
        await self.admin()
        lines = await self.services.oversight.heard.lines(self.sought(), *self.span())
        self.answer({"messages": lines, "count": len(lines)})


@operation(
    "get",
    "Requests of the last seven days, the latest first",
    who="admin",
    query=(SOUGHT, *SPAN),
    answer=OverseenRequests,
    about="By song or by who asked, as far as they are archived.",
)
class AdminRequestsHandler(AdminHandler):
    async def get(self) -> None:
        await self.admin()
        requests = await self.services.oversight.heard.requests(self.sought(), *self.span())
        self.answer({"requests": requests, "count": len(requests)})


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as it is told: times in ms."""
    return {key: value.timestamp() * 1_000 if isinstance(value, datetime) else value for key, value in row.items()}


def _live(room: Room | None) -> dict[str, object]:
    if room is None:
        return {}
    online = [member.name for member in room.members.values() if member.online]
    entry = room.entries.get(room.playback.entry) if room.playback.entry else None
    return {
        "name": room.settings.name,
        "people": len(room.members),
        "tracks": len(room.entries),
        "last_activity": room.last_activity,
        "online": len(online),
        "members": [{"id": m.id, "name": m.name, "online": m.online} for m in room.members.values()],
        "host": room.members[room.host].name if room.host in room.members else "",
        "playing": entry.track.title if entry else "",
        "is_playing": room.playback.playing,
    }


_ROOM = r"/api/admin/rooms/([^/]+)"
ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/admin/overview/?", OverviewHandler),
    (r"/api/admin/vitals/?", VitalsHandler),
    (r"/api/admin/rooms/?", AdminRoomsHandler),
    (rf"{_ROOM}/?", AdminRoomHandler),
    (rf"{_ROOM}/members/([^/]+)/?", AdminRoomPeopleHandler),
    (rf"{_ROOM}/messages/([0-9]{{1,15}})/?", AdminLineHandler),
    (r"/api/admin/messages/?", AdminLinesHandler),
    (r"/api/admin/requests/?", AdminRequestsHandler),
]
