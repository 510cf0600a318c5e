"""The native WebSocket: `/ws/v1/{room}/`, as docs/protocol.md describes it."""

import logging
from collections.abc import Sequence
from functools import partial
from time import perf_counter

from msgspec import structs

from roomd.dialects import native
from roomd.dialects.dialect import View
from roomd.dialects.native import NATIVE, Asked, Hello, Misunderstood, Ping, Resume, Sync, Token
from roomd.domain.ids import RoomId
from roomd.domain.membership import Leave
from roomd.domain.queue import Add
from roomd.domain.refusals import Forbidden, Invalid, Limited, Refusal, Unauthenticated
from roomd.domain.requests import Ask
from roomd.domain.room import Room
from roomd.domain.wanted import Wanted
from roomd.handlers.bounded import elsewhere
from roomd.handlers.counting import count_links, find_room
from roomd.handlers.sign_on import credential_of
from roomd.handlers.turned_away import close_for
from roomd.handlers.visit import Patience, Visit
from roomd.handlers.wire import Wire
from roomd.keeping import Receipt
from roomd.limits import Bucket
from roomd.services import Services
from roomd.store.rooms import Number

HEARTBEAT_MS = 10_000
#: Commands whose tracks or passwords are looked up before the room is asked.
_LOOKED_UP = (native.Add, native.Ask, native.Door)

log = logging.getLogger(__name__)


class NativeSocket(Wire):
    dialect = NATIVE

    __slots__ = ("_pings", "_reports", "door_of", "greeted")

    def __init__(self, services: Services, visit: Visit, patience: Patience) -> None:
        super().__init__(services, visit, patience)
        self.greeted = False
        #: The room at whose door this client waits.
        self.door_of: RoomId | None = None
        #: How often this client may ask for the time, and report; most never do.
        self._pings: Bucket | None = None
        self._reports: Bucket | None = None

    def on_open(self) -> None:
        self.expect_hello()

    def on_message(self, message: str | bytes) -> None:
        received = self.services.clock.now()
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
            case Sync():
                self._sync(said)
            case Token():
                self._token(said)
            case Asked():
                self._asked(said)

    def on_close(self) -> None:
        super().on_close()
        if self.door_of is not None:
            self.services.hub.forget(self, self.door_of)
        if self.room_id is not None:
            self.services.hub.forget(self, self.room_id)
            self.services.telemetry.pulse.leave(self.room_id, self, self.actor.id)
            if self.attached:
                self.services.presence.detach(self.room_id, self.actor, self.id)

    def _ping(self, ping: Ping, received: float) -> None:
        if self._pings is None:
            self._pings = Bucket(60, 10, self.services.clock.now)
        if self._pings.take():
            clock = self.services.clock
            self.send(native.pong(ping, received, clock.now(), clock.id))

    def _hello(self, hello: Hello) -> None:
        if self.greeted:
            self.send(native.error(Invalid("Hello was said already.", "invalid")))
            return
        self.greeted = True
        self.has_said_hello()
        self.queue(partial(self._enter, hello), self._turn_away)

    def _sync(self, said: Sync) -> None:
        """Pass on what a player says of itself, at most once a second; from whoever has a place in the room."""
        if self._reports is None:
            self._reports = Bucket(2, 1, self.services.clock.now)
        if self.room_id is not None and self._reports.take():
            self.services.telemetry.pulse.report(self.room_id, self, self.actor.id, said)

    def _token(self, said: Token) -> None:
        """Go on by a fresh token. One that is refused takes nothing away: the old one is good until it runs out."""
        if not self.greeted:
            self.send(native.error(Invalid("Say hello first.", "no_hello")))
        elif not self.may_command():
            self.refuse(Limited("Too many messages at once; wait a moment."))
        else:
            self.queue(partial(self._renew, said.token), self.refuse)

    async def _renew(self, token: str) -> None:
        try:
            actor, until = await credential_of(self.services, token)
            if actor.id != self.actor.id:
                raise Unauthenticated("That is somebody else's token.", "token_invalid")
        except Refusal as refusal:
            self.refuse(refusal)
            return
        self.actor = structs.replace(self.actor, session=actor.session, admin=actor.admin)
        self.good_until(until)
        self.send(native.token(self.token_ms))

    def _asked(self, asked: Asked) -> None:
        if not self.greeted:
            self.send(native.error(Invalid("Say hello first.", "no_hello"), asked.id))
        elif not self.may_command():
            self._refuse(asked.id, Limited("Too many commands at once; send it again in a moment."))
        elif self.room_id is not None and self.work.clear and not isinstance(asked.command, _LOOKED_UP):
            self._ask(self.room_id, perf_counter(), asked)
        else:
            self.queue(partial(self._carry_out, perf_counter(), asked), partial(self._refuse, asked.id))

    def _ask(self, room_id: RoomId, began: float, asked: Asked) -> None:
        """Have a command carried out for which nothing is to be looked up before."""
        try:
            self.services.drain.demand_open()
            self.work.demand_place()
        except Refusal as refusal:
            self._refuse(asked.id, refusal)
            return

        def done(receipt: Receipt) -> None:
            self._done(asked.id, receipt, began)

        answer = self.services.engine.ask(room_id, asked.command, self.actor, asked.id)
        self.work.follow(answer, done, partial(self._refuse, asked.id))

    def refuse(self, refusal: Refusal) -> None:
        self.count(refusal)
        self.send(native.error(refusal))

    def _refuse(self, command_id: str, refusal: Refusal) -> None:
        self.count(refusal)
        self.send(native.error(refusal, command_id))

    def _turn_away(self, refusal: Refusal) -> None:
        self.refuse(refusal)
        self.shut(*close_for(refusal))

    def _misunderstood(self, answer: Misunderstood) -> None:
        self.send(native.error(answer.refusal, answer.command_id))
        self.misheard()

    async def _enter(self, hello: Hello) -> None:
        """Find out who this is and let them in, or have them wait until the host does."""
        token = hello.token or self.visit.token
        # It is needed this once, and longer than everything else that is kept of a handshake.
        self.visit = self.visit._replace(token="")

        async def enter() -> None:
            self.actor, until = await credential_of(self.services, token)
            self.good_until(until)
            ref, address = self.visit.ref, self.visit.address
            await self._come_in(await find_room(self.services, ref, self.actor, address), hello)

        try:
            await self.in_turn(enter)
        except Refusal as refusal:
            self._turn_away(refusal)

    async def _come_in(self, room_id: RoomId, hello: Hello) -> None:
        """Membership first, then the past, then everything that happens. Raises a Refusal."""
        address = self.visit.address
        origin = self.services.doorkeeper.origin(room_id, address)
        try:
            entered_at = await self._attach(room_id, origin, hello)
        except Forbidden as refusal:
            if refusal.code not in {"approval_needed", "password_needed"}:
                raise
            entered = await self.services.doorkeeper.join(room_id, self.actor, address, hello.password)
            if entered.status == "PENDING":
                await self._wait(entered.room, hello)
                return
            entered_at = await self._attach(room_id, origin, hello)
        self.room_id, self.attached = room_id, True
        if self.open:
            await self._greet(room_id, entered_at, hello.resume)
            self.services.telemetry.pulse.enter(room_id, self)
        if not self.open:
            # It closed meanwhile: what was done since then is not yet undone.
            self.on_close()

    async def _attach(self, room_id: RoomId, origin: str, hello: Hello) -> Number:
        return await self.services.presence.attach(room_id, self.actor, self.id, origin, reports=hello.reports)

    async def _wait(self, room: Room, hello: Hello) -> None:
        """Stay at the door; whoever goes away meanwhile is asked for all the same, and may come back."""
        self.door_of = room.id
        self.send(native.waiting(room))

        def answered(now: Room) -> None:
            self.queue(partial(self._answered, now, hello), self._turn_away)

        await self.services.hub.wait(self, room.id, (room.epoch, room.rev), answered)
        if not self.open:
            self.on_close()

    async def _answered(self, room: Room, hello: Hello) -> None:
        """The waiting has ended: let in, turned away, or the door is another one now."""
        try:
            refused = room.settings.entry_mode == "approval" and self.actor.id not in room.members
            if refused and self.services.hub.peek(room.id):
                raise Forbidden("The host did not let you in.", "not_admitted")
            await self._come_in(room.id, hello)
        except Refusal as refusal:
            self._turn_away(refusal)

    async def _greet(self, room_id: RoomId, at_least: Number, known: Resume | None) -> None:
        # Rev 0 is before the room began: whoever knows that much knows nothing.
        resume = (known.epoch, known.rev) if known and known.rev else None
        await self.services.hub.enter(self, room_id, at_least, resume, self._welcome)

    def _welcome(self, view: View, resumed: bool, rev: int) -> str:
        clock, left = self.services.clock.id, self.token_ms
        return native.welcome(
            view, self.actor, resumed=resumed, clock=clock, heartbeat_ms=HEARTBEAT_MS, rev=rev, token_ms=left
        )

    async def _carry_out(self, began: float, asked: Asked) -> None:
        try:
            if self.room_id is not None:
                self._done(asked.id, await self._handle(self.room_id, asked), began)
            elif self.door_of is not None:
                await self._at_the_door(self.door_of, asked)
        except Refusal as refusal:
            self._refuse(asked.id, refusal)

    def _done(self, command_id: str, receipt: Receipt, began: float) -> None:
        def acknowledge(level: str) -> None:
            self.services.telemetry.metrics.acks.add(perf_counter() - began, level)
            self.send(native.ack(command_id, receipt.room.epoch, receipt.rev, level))

        self.work.when_kept(receipt, acknowledge, partial(self._refuse, command_id))

    async def _at_the_door(self, room_id: RoomId, asked: Asked) -> None:
        """Whoever waits may only go away."""
        if not isinstance(asked.command, Leave):
            raise Forbidden("The host has not let you in yet.", "waiting")
        await self.services.engine.handle(room_id, Leave(), self.actor, asked.id)
        self.shut(1000, "left")

    async def _handle(self, room_id: RoomId, asked: Asked) -> Receipt:
        """Carry out what was asked for, with tracks and passwords as the room keeps them."""
        command, resolver = asked.command, self.services.resolver
        match command:
            case native.Add(tracks=wanted, at=where):
                await self._count_links(wanted)
                with elsewhere():
                    command = Add(tracks=await resolver.resolve(wanted), at=where)
            case native.Ask(action=action, track=track, entry=entry, before=before):
                wanted = (track,) if track is not None else ()
                await self._count_links(wanted)
                with elsewhere():
                    tracks = await resolver.resolve(wanted)
                command = Ask(action=action, track=next(iter(tracks), None), entry=entry, before=before)
            case native.Door(entry_mode=mode, password=password):
                return await self.services.doorkeeper.set_door(room_id, self.actor, mode, password, asked.id)
        return await self.services.engine.handle(room_id, command, self.actor, asked.id)

    async def _count_links(self, wanted: Sequence[Wanted]) -> None:
        await count_links(self.services, wanted, self.actor, self.visit.address)
