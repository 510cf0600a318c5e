"""Small answers: health, a room's QR code."""

import asyncio

import segno

from roomd.handlers.base import RETRY_S, ApiHandler
from roomd.handlers.described import operation
from roomd.handlers.of_room import RoomHandler
from roomd.handlers.pages import base_url
from roomd.openapi.shapes.accounts import Health, Live, Ready


@operation("get", "How the server is", who="open", answer=Health, also={503: Health})
class HealthHandler(ApiHandler):
    async def get(self) -> None:
        """200 while Redis answers: without PostgreSQL rooms go on, only signing in does not."""
        neighbours = self.services.neighbours
        parts, counted = await asyncio.gather(self.services.health.check(), neighbours.gather("health"))
        several = {} if neighbours.of == 1 else {"processes": {"wanted": neighbours.of, "answering": len(counted)}}
        down = [name for name, part in parts.items() if not part.ok]
        status = "ok" if not down else "unavailable" if "redis" in down else "degraded"
        self.answer(
            {
                "status": status,
                **{name: {"ok": part.ok, "ms": part.ms} for name, part in parts.items()},
                **{name: sum(each[name] for each in counted.values()) for name in ("sockets", "behind")},
                **several,
            },
            503 if status == "unavailable" else 200,
        )

    head = get


@operation("get", "Whether to send clients here", who="open", answer=Ready, also={503: Ready})
class ReadyHandler(ApiHandler):
    async def get(self) -> None:
        """Whether new clients should be sent here: not before the stores answer, and not when this server ends."""
        if self.services.drain.begun:
            self._answer("draining", 503)
            return
        parts = await self.services.health.check()
        archiver = self.services.archiver
        if not parts["redis"].ok:
            self._answer("unavailable", 503, reason="Redis does not answer")
        elif not parts["postgres"].ok or archiver.away:
            reason = "PostgreSQL does not answer: rooms go on, and are archived when it is back"
            self._answer("degraded", 200, reason=reason, behind=archiver.behind)
        else:
            self._answer("ready", 200)

    head = get

    def _answer(self, status: str, number: int, **more: object) -> None:
        if number == 503:
            self.set_header("Retry-After", str(RETRY_S))
        self.answer({"status": status, **more}, number)


@operation("get", "Whether the process runs", who="open", answer=Live)
class LiveHandler(ApiHandler):
    async def get(self) -> None:
        """Whether the process should be left alone: its loop runs, or it could not answer."""
        self.answer({"status": "live"})

    head = get


@operation("get", "The room's link as a QR code", who="open", answer=str, mime=("image/svg+xml",))
class QrHandler(RoomHandler):
    async def get(self, ref: str) -> None:
        """The link to the room as an SVG; it tells nothing that the code in the address did not."""
        room = await self.services.engine.room(await self.room_id(ref))
        code = segno.make(f"{base_url(self)}/r/{room.code}", error="m")
        self.set_header("Content-Type", "image/svg+xml")
        self.write(code.svg_inline(scale=8, border=2, dark="#000", light="#fff"))


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/health/?", HealthHandler),
    (r"/api/health/live/?", LiveHandler),
    (r"/api/health/ready/?", ReadyHandler),
    (r"/health/?", HealthHandler),
    (r"/api/rooms/([^/]+)/qr\.svg", QrHandler),
]
