"""The server overseen, over HTTP: for admins only, and everything they change is noted."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from msgspec import Meta, Struct

from roomd.domain.actor import Actor
from roomd.domain.ids import UserId, is_uuid
from roomd.domain.refusals import Forbidden, Invalid, NotFound
from roomd.domain.room import Room
from roomd.domain.text import tidy_text
from roomd.handlers.base import ApiHandler
from roomd.handlers.of_room import RoomHandler

MOST = 200
MAX_REASON = 200


class WhyBody(Struct):
    reason: Annotated[str, Meta(max_length=800)] = ""


class PersonBody(Struct):
    admin: bool


class Page(NamedTuple):
    text: str
    limit: int
    offset: int


class AdminHandler(RoomHandler):
    async def admin(self) -> Actor:
        """Who asks. Raises Forbidden for all others."""
        actor = await self.actor()
        if not actor.admin:
            raise Forbidden("This is for admins of this server.", "not_an_admin")
        return actor

    def page(self) -> Page:
        text = self.get_query_argument("q", "")[:100]
        return Page(text, self.limit(50, MOST), self.offset())

    def choice(self, name: str, *allowed: str) -> str:
        """One of these, or "" for all. Raises Invalid."""
        value = self.get_query_argument(name, "")
        if value and value not in allowed:
            raise Invalid(f"{name} is one of {', '.join(allowed)}", fields={name: "is none of these"})
        return value

    def why(self) -> str:
        """Raises Invalid."""
        text = self.body(WhyBody).reason or self.get_query_argument("reason", "")
        return tidy_text("reason", text, MAX_REASON, empty=True)

    @staticmethod
    def user(text: str) -> UserId:
        if not is_uuid(text):
            raise NotFound("there is no such person", "no_such_user")
        return UserId(text.lower())


class OverviewHandler(AdminHandler):
    async def get(self) -> None:
        await self.admin()
        services = self.services
        counts, parts = await asyncio.gather(services.oversight.counts(), services.health.check())
        told = await services.neighbours.gather("health")
        self.answer(
            {
                "counts": counts,
                "stores": {name: {"ok": part.ok, "ms": part.ms} for name, part in parts.items()},
                "sockets": sum(each["sockets"] for each in told.values()),
                "behind": sum(each["behind"] for each in told.values()),
                "processes": {"wanted": services.neighbours.of, "answering": len(told)},
                "catalogues": [
                    {"name": name, "label": label, "down": services.library.catalogue.is_down(name)}
                    for name, label in services.library.catalogue.labels.items()
                ],
                "files": services.folder.found,
            }
        )


class VitalsHandler(AdminHandler):
    async def get(self) -> None:
        await self.admin()
        self.answer(await self.services.oversight.vitals.curves(self._number("hours", 24, 1, 48)))


class AdminRoomsHandler(AdminHandler):
    async def get(self) -> None:
        await self.admin()
        page = self.page()
        state = self.choice("state", "live", "asleep", "closed")
        rooms = await self.services.oversight.rooms(state, *page)
        self.answer({"rooms": [shown(row) | _live(room) for row, room in rooms], "count": len(rooms)})


class AdminRoomHandler(AdminHandler):
    async def delete(self, ref: str) -> None:
        await self.services.oversight.close(await self.admin(), ref, self.why())
        self.set_status(204)


class AdminRoomPeopleHandler(AdminHandler):
    async def delete(self, ref: str, user: str) -> None:
        admin, why = await self.admin(), self.why()
        await self.services.oversight.kick(admin, ref, self.user(user), why, ban=self.flag("ban"))
        self.set_status(204)


class AdminLineHandler(AdminHandler):
    async def delete(self, ref: str, line: str) -> None:
        await self.services.oversight.remove_line(await self.admin(), ref, line, self.why())
        self.set_status(204)


class AdminLinesHandler(AdminHandler):
    async def get(self) -> None:
        await self.admin()
        page = self.page()
        lines = await self.services.oversight.lines(page.text, page.limit)
        self.answer({"messages": lines, "count": len(lines)})


class AdminPeopleHandler(AdminHandler):
    async def get(self) -> None:
        await self.admin()
        page, kind = self.page(), self.choice("kind", "account", "guest")
        rows = await self.services.oversight.look.people(
            page.text, kind, page.limit, page.offset, admins=self.flag("admins"), banned=self.flag("banned")
        )
        self.answer({"people": [shown(row) for row in rows], "count": len(rows)})


class AdminPersonHandler(AdminHandler):
    async def patch(self, user: str) -> None:
        admin, body = await self.admin(), self.body(PersonBody)
        await self.services.oversight.set_admin(admin, self.user(user), on=body.admin)
        self.set_status(204)


class AdminBanHandler(AdminHandler):
    async def put(self, user: str) -> None:
        await self.services.oversight.ban(await self.admin(), self.user(user), self.why())
        self.set_status(204)

    async def delete(self, user: str) -> None:
        await self.services.oversight.unban(await self.admin(), self.user(user))
        self.set_status(204)


class AdminSessionsHandler(AdminHandler):
    async def get(self) -> None:
        await self.admin()
        page, user = self.page(), self.get_query_argument("user", "")
        rows = await self.services.oversight.look.sessions(user, self.services.clock.now(), page.limit, page.offset)
        self.answer({"sessions": [shown(row) for row in rows], "count": len(rows)})


class AdminSessionHandler(AdminHandler):
    async def delete(self, user: str, family: str) -> None:
        admin = await self.admin()
        if not is_uuid(family):
            raise NotFound("there is no such session", "no_such_session")
        await self.services.oversight.end_session(admin, self.user(user), family.lower())
        self.set_status(204)


class AdminActsHandler(AdminHandler):
    async def get(self) -> None:
        await self.admin()
        page = self.page()
        rows = await self.services.oversight.look.acts(page.limit, page.offset)
        self.answer({"acts": [shown(row) for row in rows], "count": len(rows)})


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


_ROOM, _USER = r"/api/admin/rooms/([^/]+)", r"/api/admin/people/([^/]+)"
ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/admin/overview/?", OverviewHandler),
    (r"/api/admin/vitals/?", VitalsHandler),
    (r"/api/admin/rooms/?", AdminRoomsHandler),
    (rf"{_ROOM}/?", AdminRoomHandler),
    (rf"{_ROOM}/members/([^/]+)/?", AdminRoomPeopleHandler),
    (rf"{_ROOM}/messages/([0-9]{{1,15}})/?", AdminLineHandler),
    (r"/api/admin/messages/?", AdminLinesHandler),
    (r"/api/admin/people/?", AdminPeopleHandler),
    (rf"{_USER}/?", AdminPersonHandler),
    (rf"{_USER}/ban/?", AdminBanHandler),
    (rf"{_USER}/sessions/([^/]+)/?", AdminSessionHandler),
    (r"/api/admin/sessions/?", AdminSessionsHandler),
    (r"/api/admin/audit/?", AdminActsHandler),
]
