"""How closely people keep together: of a room, for its members; of the server, for whoever watches over it."""

import hmac

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from roomd.address import is_near
from roomd.domain.people import demand_member
from roomd.domain.refusals import NotFound
from roomd.handlers.base import ApiHandler
from roomd.handlers.described import operation
from roomd.handlers.of_room import RoomHandler
from roomd.openapi.shapes.rooms import Pulse

#: Headers by which a proxy tells that it asks for somebody else, who may be anybody.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


@operation("get", "How closely players are in step", needs="member", answer=Pulse)
class SyncHandler(RoomHandler):
    async def get(self, ref: str) -> None:
        """The room's latest pulse, as it goes over the native WebSocket."""
        actor = await self.actor()
        room = await self.visible_room(ref, actor)
        demand_member(room, actor)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.write(await self.services.telemetry.pulse.latest(room.id))


@operation("get", "What is counted, for Prometheus", who="open", answer=str, mime=("text/plain",), errors="not_found")
class MetricsHandler(ApiHandler):
    async def get(self) -> None:
        """Everything that is counted, as Prometheus reads it. To strangers there is nothing at this address."""
        if not self._near() and not self._known():
            raise NotFound("there is nothing at this address")
        self.set_header("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)
        self.write(await self._metrics())

    async def _metrics(self) -> bytes:
        """Of this process; where it is one of several, of all that answer."""
        await self.services.census.look()
        neighbours, own = self.services.neighbours, self.services.telemetry.metrics
        if neighbours.of == 1:
            return own.text()
        return own.merged(await neighbours.gather("metrics"), neighbours.of)

    def _near(self) -> bool:
        """Whether this machine or its own network asks, and not a proxy for somebody else."""
        proxied = any(name in self.request.headers for name in _FORWARDED)
        return not proxied and is_near(self.request.remote_ip or "")

    def _known(self) -> bool:
        wanted = self.services.settings.metrics_token
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        given = token.strip().encode()
        return wanted is not None and scheme.lower() == "bearer" and hmac.compare_digest(given, wanted.encode())


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/rooms/([^/]+)/sync/?", SyncHandler),
    (r"/metrics/?", MetricsHandler),
]
