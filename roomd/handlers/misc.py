"""Small answers: health, search in the music folder, a room's QR code."""

import segno

from roomd.catalogue.search import search_answer
from roomd.handlers.base import ApiHandler
from roomd.handlers.pages import base_url
from roomd.handlers.rooms import RoomHandler


class HealthHandler(ApiHandler):
    async def get(self) -> None:
        """200 while Redis answers: without PostgreSQL rooms go on, only signing in does not."""
        parts = await self.services.health.check()
        down = [name for name, part in parts.items() if not part.ok]
        status = "ok" if not down else "unavailable" if "redis" in down else "degraded"
        self.answer(
            {
                "status": status,
                **{name: {"ok": part.ok, "ms": part.ms} for name, part in parts.items()},
                "sockets": self.services.hub.socket_count,
            },
            503 if status == "unavailable" else 200,
        )

    head = get


class SearchHandler(RoomHandler):
    async def get(self) -> None:
        await self.actor()
        self.answer(search_answer(self.services.folder, self.get_query_argument("q", ""), self.limit(10, 50)))


class QrHandler(RoomHandler):
    async def get(self, ref: str) -> None:
        """The link to the room as an SVG; it tells nothing that the code in the address did not."""
        room = await self.services.engine.room(await self.room_id(ref))
        code = segno.make(f"{base_url(self)}/r/{room.code}", error="m")
        self.set_header("Content-Type", "image/svg+xml")
        self.write(code.svg_inline(scale=8, border=2, dark="#000", light="#fff"))


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/health/?", HealthHandler),
    (r"/health/?", HealthHandler),
    (r"/api/catalogue/search/?", SearchHandler),
    (r"/api/rooms/([^/]+)/qr\.svg", QrHandler),
]
