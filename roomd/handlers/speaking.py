"""A WebSocket in any dialect that is a table: `/ws/room/…`, `/ws/rooms/…`, `/ws/sessions/…`."""

import logging
from functools import partial

from roomd.dialects.dialect import Bye, Dialect, Heard, Reply, Timely, View, WantAdd, WantRequest
from roomd.domain.actor import Actor
from roomd.domain.ids import RoomId
from roomd.domain.membership import Leave
from roomd.domain.queue import Add
from roomd.domain.refusals import Conflict, Forbidden, Invalid, Limited, NotFound, Refusal, Unauthenticated
from roomd.domain.requests import Ask
from roomd.domain.room import Room
from roomd.domain.words import Command
from roomd.handlers import wire
from roomd.handlers.bounded import elsewhere
from roomd.handlers.counting import count_links, find_room
from roomd.handlers.sign_on import credential_of
from roomd.handlers.visit import Patience, Visit, in_ms
from roomd.handlers.wire import Wire
from roomd.services import Services

#: These contracts have no word for a new token, so an account's 15 minutes would end every party. Their sockets last as
#: long as a guest's token does, unless the session ends first.
DAY_MS = 24 * 3_600_000.0

log = logging.getLogger(__name__)


class SpeakingSocket(Wire):
    """Subclasses name their `dialect`; a token comes in the query."""

    dialect: Dialect
    #: Whether whoever has no token may say who they are in their first message.
    speaks_first = False

    __slots__ = ("done", "known")

    def __init__(self, services: Services, visit: Visit, patience: Patience) -> None:
        super().__init__(services, visit, patience)
        #: The room after this client's last command, which the bell may not have brought yet.
        self.done: Room | None = None
        self.known = False

    def on_open(self) -> None:
        token = self.visit.token
        if token or not self.speaks_first:
            self.known = True
            self.visit = self.visit._replace(token="")
            self.queue(partial(self.enter_by_token, token), self._turn_away)
        else:
            self.expect_hello()

    def on_message(self, message: str | bytes) -> None:
        if not self.may_command():
            self.refuse(Limited("Too many messages at once; wait a moment.", 1.0))
        else:
            self.queue(partial(self.handle, message), self._late)

    def on_close(self) -> None:
        super().on_close()
        if self.room_id is not None:
            self.services.hub.forget(self, self.room_id)
            if self.attached:
                self.services.presence.detach(self.room_id, self.actor, self.id)

    async def handle(self, message: str | bytes) -> None:
        """One message, after those before it. Subclasses may look at it first."""
        told = self.services.hub.peek(self.room_id) if self.room_id else None
        if told is None or self.room_id is None:
            return
        # Of two messages sent at once, the second is about the room that the first one made.
        ahead = self.done is not None and (self.done.epoch, self.done.rev) > (told.epoch, told.rev)
        room = self.done if ahead and self.done is not None else told
        try:
            assert self.dialect.hear is not None
            await self._carry_out(self.room_id, self.dialect.hear(message, room, self.actor))
        except Refusal as refusal:
            self.refuse(refusal)
            if isinstance(refusal, Invalid) and refusal.code in {"invalid", "invalid_json"}:
                self.misheard()

    def refuse(self, refusal: Refusal) -> None:
        self.count(refusal)
        assert self.dialect.refuse is not None
        text = self.dialect.refuse(refusal)
        if text is not None:
            self.send(text)

    def _late(self, refusal: Refusal) -> None:
        """A message was not carried out. Whoever was to be let in by it has to come again."""
        if self.attached or isinstance(refusal, Limited):
            self.refuse(refusal)
        else:
            self._turn_away(refusal)

    async def enter_by_token(self, token: str) -> None:
        try:
            actor, until = await credential_of(self.services, token)
            self.good_until(max(until, self.services.clock.now() + DAY_MS))
        except Refusal as refusal:
            self._turn_away(refusal)
            return
        await self.enter(actor)

    async def enter(self, actor: Actor) -> None:
        """Let somebody in: membership first, then the greeting, then everything that happens."""
        self.actor = actor
        try:
            await self.in_turn(self._come_in)
        except Refusal as refusal:
            self._turn_away(refusal)

    async def _come_in(self) -> None:
        room_id = await find_room(self.services, self.visit.ref, self.actor, self.visit.address)
        origin = self.services.doorkeeper.origin(room_id, self.visit.address)
        entered_at = await self.services.presence.attach(room_id, self.actor, self.id, origin)
        self.room_id, self.attached = room_id, True
        if self.open:
            await self.services.hub.enter(self, room_id, entered_at, None, _no_welcome)
        if not self.open:
            self.on_close()

    def _turn_away(self, refusal: Refusal) -> None:
        self.refuse(refusal)
        code = wire.CLOSE_RESTART
        if isinstance(refusal, Unauthenticated):
            code = wire.CLOSE_TOKEN
        elif isinstance(refusal, Forbidden | Conflict):
            code = wire.CLOSE_FORBIDDEN
        elif isinstance(refusal, NotFound):
            code = wire.CLOSE_GONE
        self.shut(code, in_ms(refusal) if isinstance(refusal, Limited) else refusal.code)

    async def _carry_out(self, room_id: RoomId, heard: Heard) -> None:
        resolver = self.services.resolver
        match heard:
            case None:
                return
            case Command():
                await self._do(room_id, heard)
            case WantAdd(wanted=wanted, play=play):
                await count_links(self.services, [wanted], self.actor, self.visit.address)
                with elsewhere():
                    tracks = await resolver.resolve([wanted])
                await self._do(room_id, Add(tracks=tracks, play=play))
            case WantRequest(action=action, wanted=wanted):
                await count_links(self.services, [wanted], self.actor, self.visit.address)
                with elsewhere():
                    (track,) = await resolver.resolve([wanted])
                await self._do(room_id, Ask(action=action, track=track))
            case Bye(leave=leave):
                if leave:
                    await self._do(room_id, Leave())
                self.shut(1000, "left")
            case Reply(text=text):
                self.send(text)
            case Timely(at=at):
                await self._carry_out(room_id, at(self.services.clock.now()))

    async def _do(self, room_id: RoomId, command: Command) -> None:
        receipt = await self.services.engine.handle(room_id, command, self.actor)
        self.done = receipt.room
        # These contracts have no acknowledgement; only a loss is told.
        self.work.when_kept(receipt, lambda _: None, self.refuse)


def _no_welcome(view: View, resumed: bool, rev: int) -> None:
    return None
