"""`/ws/room/{room}/`: with a token in the address StreamIt is spoken, without one SyncPlay."""

from typing import Any

from msgspec import structs
from tornado.httputil import HTTPServerRequest
from tornado.routing import PathMatches

from roomd.dialects import streamit, syncplay
from roomd.dialects.dialect import Heard, View, WantAdd
from roomd.dialects.streamit import STREAMIT
from roomd.dialects.syncplay import SYNCPLAY
from roomd.domain.actor import tidy_name
from roomd.domain.ids import RoomId
from roomd.domain.queue import Add
from roomd.domain.refusals import Forbidden, Invalid, Refusal, Unauthenticated
from roomd.handlers import wire
from roomd.handlers.bounded import elsewhere
from roomd.handlers.counting import count_links
from roomd.handlers.speaking import SpeakingSocket
from roomd.handlers.syncplay import watchable
from roomd.handlers.visit import Patience, Visit
from roomd.services import Services

PATH = r"/ws/room/([^/]+)/?"


class WithToken(PathMatches):
    """The path, where the query names a token or a ticket, be it a good one or not."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        return super().match(request) if {"token", "ticket"} & request.query_arguments.keys() else None


class StreamItSocket(SpeakingSocket):
    __slots__ = ()

    dialect = STREAMIT


class SyncPlaySocket(SpeakingSocket):
    """Whoever has no token says who they are by `join`, with the private id that only they know."""

    __slots__ = ("private",)

    dialect = SYNCPLAY
    speaks_first = True

    def __init__(self, services: Services, visit: Visit, patience: Patience) -> None:
        super().__init__(services, visit, patience)
        #: The private id that this client joined with.
        self.private = ""

    async def handle(self, message: str | bytes) -> None:
        try:
            said = syncplay.sender(message)
            if said.joins:
                await self._join(said)
                return
            await self._demand_own(said.user_id)
        except Invalid as refusal:
            self._not_understood(message, refusal)
            return
        except Refusal as refusal:
            self.refuse(refusal)
            return
        await super().handle(message)

    async def _join(self, said: syncplay.Sender) -> None:
        if self.known:
            await self._demand_own(said.user_id)
            self._show_again()
            return
        actor = await self.services.capabilities.actor(said.user_id)
        name = tidy_name(said.name) if said.name else None
        self.known = True
        self.has_said_hello()
        if actor is None:
            self._turn_away(Unauthenticated("This userId is not one that a room gave out.", "token_invalid"))
            return
        self.private = said.user_id.lower()
        await self.enter(structs.replace(actor, name=name) if name else actor)

    async def _demand_own(self, user_id: str) -> None:
        """Raise Forbidden where somebody speaks for another, or for nobody known."""
        if not self.private:
            raise Forbidden("Join first: say who you are.", "not_a_member")
        if user_id.lower() in {self.private, self.actor.id}:
            return
        other = await self.services.capabilities.actor(user_id)
        if other is None or other.id != self.actor.id:
            raise Forbidden("That userId is not yours.", "forbidden")

    def _show_again(self) -> None:
        room = self.services.hub.peek(self.room_id) if self.room_id else None
        if room is not None:
            for text in SYNCPLAY.greet(View(room, (), self.services.clock.now()), self.actor):
                self.send(text)

    def _not_understood(self, message: str | bytes, refusal: Invalid) -> None:
        if not self.known and streamit.speaks(message):
            needed = Unauthenticated("This needs an access token in the address: `?token=`.")
            self.send(streamit.refuse(needed) or "")
            self.shut(wire.CLOSE_TOKEN, needed.code)
            return
        self.refuse(refusal)
        self.misheard()

    def out_of_patience(self) -> None:
        self._turn_away(Unauthenticated("This needs a token in the address, or a join with one's userId."))

    async def _carry_out(self, room_id: RoomId, heard: Heard) -> None:
        if not isinstance(heard, WantAdd):
            await super()._carry_out(room_id, heard)
            return
        await count_links(self.services, [heard.wanted], self.actor, self.visit.address)
        with elsewhere():
            track = await watchable(self.services.resolver, heard.wanted)
        await self._do(room_id, Add(tracks=(track,), play=True, keep=True))
