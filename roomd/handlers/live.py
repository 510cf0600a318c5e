"""The native WebSocket: `/ws/v1/{room}/`, as docs/protocol.md describes it."""

import logging
from functools import partial

from roomd.dialects import native
from roomd.dialects.dialect import View
from roomd.dialects.native import NATIVE, Asked, Hello, Misunderstood, Ping, Resume
from roomd.domain.ids import RoomId
from roomd.domain.queue import Add
from roomd.domain.refusals import Conflict, Forbidden, Invalid, Limited, NotFound, Refusal, Unauthenticated
from roomd.handlers import wire
from roomd.handlers.wire import Wire

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
        self._hello_due = self.later(self.patience.hello_s, lambda: self.shut(wire.CLOSE_NO_HELLO, "no hello"))
        self.watch()

    def on_message(self, message: str | bytes) -> None:
        received = self.services.clock.now()
        self.heard()
        if len(message if isinstance(message, bytes) else message.encode()) > wire.MAX_MESSAGE:
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
        super().on_close()
        self._hello_due.cancel()
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
        self._hello_due.cancel()
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
        self.misheard()

    async def _enter(self, hello: Hello) -> None:
        """Find out who this is and let them in: membership first, then the past, then everything that happens."""
        token = hello.token or self.request.query_arguments.get("token", [b""])[-1].decode(errors="replace")
        try:
            self.actor = await self.services.accounts.authenticate(token)
            room_id = await self.services.engine.find(self.ref)
            rev = await self.services.presence.attach(room_id, self.actor, self.id)
            self.room_id, self.attached = room_id, True
            if self.ws_connection is not None:
                await self._greet(room_id, rev, hello.resume)
            if self.ws_connection is None:
                # It closed meanwhile: what was done since then is not yet undone.
                self.on_close()
        except Refusal as refusal:
            self.send(native.error(refusal))
            self.shut(*_close_for(refusal))

    async def _greet(self, room_id: RoomId, rev: int, known: Resume | None) -> None:
        # Rev 0 is before the room began: whoever knows that much knows nothing.
        resume = (known.epoch, known.rev) if known and known.rev else None
        self.greeting = True
        try:
            await self.services.hub.enter(self, room_id, rev, resume, self._welcome)
        finally:
            self.greeting = False

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
        case Forbidden() | Conflict():
            return wire.CLOSE_FORBIDDEN, refusal.code
        case NotFound():
            return wire.CLOSE_GONE, refusal.code
        case _:
            return wire.CLOSE_RESTART, refusal.code
