"""The native WebSocket: `/ws/v1/{room}/`, as docs/protocol.md describes it."""

import logging
from functools import partial

from roomd.dialects import native
from roomd.dialects.dialect import View
from roomd.dialects.native import NATIVE, Asked, Hello, Misunderstood, Ping
from roomd.domain.ids import RoomId
from roomd.domain.queue import Add
from roomd.domain.refusals import Forbidden, Invalid, Limited, NotFound, Refusal, Unauthenticated
from roomd.handlers import wire
from roomd.handlers.wire import Wire

#: Seconds a client has to say hello.
HELLO_S = 10
HEARTBEAT_MS = 10_000

log = logging.getLogger(__name__)


class NativeSocket(Wire):
    dialect = NATIVE

    def open(self, ref: str) -> None:
        self.set_nodelay(True)
        self.ref = ref
        self.id = self.services.presence.new_socket()
        self.room_id: RoomId | None = None
        self.greeted = False
        self.attached = False
        self._patience = self.later(HELLO_S, lambda: self.shut(wire.CLOSE_NO_HELLO, "no hello"))

    def on_message(self, message: str | bytes) -> None:
        received = self.services.clock.now()
        if len(message) > wire.MAX_MESSAGE:
            self.send(native.error(Invalid(f"A message has at most {wire.MAX_MESSAGE} bytes.", "too_large")))
            self.shut(wire.CLOSE_TOO_LARGE, "too large")
            return
        try:
            said = native.hear(message)
        except Misunderstood as answer:
            self._misunderstood(answer)
            return
        match said:
            case Ping():
                self._ping(said, received)
            case Hello():
                self._hello(said)
            case Asked():
                self._asked(said)

    def on_close(self) -> None:
        self._patience.cancel()
        if self.room_id is not None:
            self.services.hub.forget(self, self.room_id)
            if self.attached:
                self.services.presence.detach(self.room_id, self.actor, self.id)

    def _ping(self, ping: Ping, received: float) -> None:
        if self.pings.take():
            clock = self.services.clock
            self.send(native.pong(ping, received, clock.now(), clock.id))

    def _hello(self, hello: Hello) -> None:
        if self.greeted:
            self.send(native.error(Invalid("Hello was said already.", "invalid")))
            return
        self.greeted = True
        self._patience.cancel()
        self.queue(partial(self._enter, hello))

    def _asked(self, asked: Asked) -> None:
        if not self.greeted:
            self.send(native.error(Invalid("Say hello first.", "no_hello"), asked.id))
        elif not self.commands.take():
            self.send(native.error(Limited("Too many commands at once; send it again in a moment."), asked.id))
        elif not self.queue(partial(self._carry_out, asked)):
            self.send(native.error(Limited("Too many commands are waiting; send it again in a moment."), asked.id))

    def _misunderstood(self, answer: Misunderstood) -> None:
        self.send(native.error(answer.refusal, answer.command_id))
        if not self.malformed.take():
            self.shut(wire.CLOSE_MALFORMED, "too many malformed messages")

    async def _enter(self, hello: Hello) -> None:
        """Find out who this is and let them in: membership first, then the past, then everything that happens."""
        token = hello.token or self.get_query_argument("token", "")
        try:
            self.actor = await self.services.accounts.authenticate(token)
            room_id = await self.services.engine.find(self.ref)
            await self.services.presence.attach(room_id, self.actor, self.id)
            self.room_id, self.attached = room_id, True
            if self.ws_connection is None:
                self.on_close()
                return
            resume = (hello.resume.epoch, hello.resume.rev) if hello.resume else None
            await self.services.hub.enter(self, room_id, resume, self._welcome)
        except Refusal as refusal:
            self.send(native.error(refusal))
            self.shut(*_close_for(refusal))

    def _welcome(self, view: View, resumed: bool, rev: int) -> str:
        clock = self.services.clock.id
        return native.welcome(view, self.actor, resumed=resumed, clock=clock, heartbeat_ms=HEARTBEAT_MS, rev=rev)

    async def _carry_out(self, asked: Asked) -> None:
        if self.room_id is None:
            return
        try:
            command = asked.command
            if isinstance(command, native.Add):
                tracks = await self.services.resolver.resolve(command.tracks)
                command = Add(tracks=tracks, at=command.at)
            receipt = await self.services.engine.handle(self.room_id, command, self.actor, asked.id)
        except Refusal as refusal:
            self.send(native.error(refusal, asked.id))
        else:
            self.send(native.ack(asked.id, receipt.room.epoch, receipt.rev))


def _close_for(refusal: Refusal) -> tuple[int, str]:
    """The close code that carries the policy: whether, and with what, to come back."""
    match refusal:
        case Unauthenticated():
            return wire.CLOSE_TOKEN, refusal.code
        case Forbidden():
            return wire.CLOSE_FORBIDDEN, refusal.code
        case NotFound():
            return wire.CLOSE_GONE, refusal.code
        case _:
            return wire.CLOSE_RESTART, refusal.code
