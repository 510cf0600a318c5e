"""What every handler of one room needs: who asks, which room that is, and what became of what was asked for."""

from typing import TYPE_CHECKING

from msgspec import Struct

from roomd.accounts import Caller
from roomd.dialects.room_object import room_object
from roomd.domain.actor import Actor
from roomd.domain.ids import RoomId
from roomd.domain.refusals import Forbidden, Invalid, Unauthenticated
from roomd.domain.room import Room, RoomSettings
from roomd.domain.words import Command
from roomd.handlers.base import ApiHandler, M
from roomd.handlers.counting import find_room, visible_room
from roomd.keeping import Receipt
from roomd.limiting import Who

if TYPE_CHECKING:
    from roomd.doorkeeper import Entered

#: Bytes of a body: 100 tracks, every field of them as long as it may be, have 0.5 MB. The server itself reads twice
#: as much, so that this can be said; beyond that it hangs up.
MAX_BODY = 1 << 20
#: Beyond what any list holds that is paged through.
MAX_OFFSET = 1_000_000


class UserIdBody(Struct):
    """What a client without a token says of itself."""

    user_id: str = ""


class RoomHandler(ApiHandler):
    #: Whether `user_id`, in the body or the query, says who asks where no token does.
    takes_user_id = False

    async def actor_or_none(self) -> Actor | None:
        private = self.private_id()
        if private is None:
            return await super().actor_or_none()
        actor = await self.services.capabilities.actor(private)
        if actor is None:
            raise Unauthenticated("this user_id is not one that create or join gave out", "token_invalid")
        return actor

    def private_id(self) -> str | None:
        """The private id that says who asks; None where a token does, or nothing."""
        if not self.takes_user_id or "Authorization" in self.request.headers:
            return None
        return self.get_query_argument("user_id", "") or self.body(UserIdBody).user_id or None

    def body(self, model: type[M]) -> M:
        if len(self.request.body) > MAX_BODY:
            raise Invalid(f"a body has at most {MAX_BODY} bytes", "too_large")
        return super().body(model)

    async def room_id(self, ref: str, actor: Actor | None = None) -> RoomId:
        return await find_room(self.services, ref, actor, self.client_address())

    async def visible_room(self, ref: str, actor: Actor | None) -> Room:
        """The room, if the asker may know of it: absent and forbidden look the same."""
        return await visible_room(self.services, ref, actor, self.client_address())

    async def command(self, ref: str, command: Command) -> Receipt:
        """Carry out a command by whoever asks; `Idempotency-Key` makes repeating it safe."""
        actor = await self.actor()
        once = self.request.headers.get("Idempotency-Key", "")[:64] or None
        try:
            receipt = await self.services.engine.handle(await self.room_id(ref, actor), command, actor, once)
        except Forbidden as refusal:
            if refusal.code == "not_a_member":
                await self.visible_room(ref, actor)
            raise
        return await self.kept(receipt)

    async def kept(self, receipt: Receipt) -> Receipt:
        """Say in the answer how safe a change is. Raises Unavailable where it was lost."""
        self.set_header("Roomd-Level", await self.services.engine.kept(receipt))
        return receipt

    async def open_room(self, settings: RoomSettings, actor: Actor, password_hash: str) -> Room:
        room = await self.services.engine.open(settings, actor, password_hash)
        return (await self.kept(self.services.engine.receipt(room, room.rev))).room

    async def join_room(self, room_id: RoomId, actor: Actor, password: str) -> "Entered":
        entered = await self.services.doorkeeper.join(room_id, actor, self.client_address(), password)
        await self.kept(entered.receipt)
        return entered

    def limit(self, usual: int, most: int) -> int:
        """The `limit` of the query. Raises Invalid."""
        return self._number("limit", usual, 1, most)

    def offset(self) -> int:
        """The `offset` of the query, 0 where there is none. Raises Invalid."""
        return self._number("offset", 0, 0, MAX_OFFSET)

    def flag(self, name: str) -> bool:
        """Whether the query says that something is so. Raises Invalid."""
        text = self.get_query_argument(name, "").lower()
        if text not in {"", "0", "1", "false", "true"}:
            raise Invalid(f"{name} must be true or false", fields={name: "must be true or false"})
        return text in {"1", "true"}

    def _number(self, name: str, usual: int, least: int, most: int) -> int:
        text = self.get_query_argument(name, str(usual))
        if len(text) > 9 or not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
            raise Invalid(f"{name} must be {least} to {most}", fields={name: f"must be {least} to {most}"})
        return int(text)

    def answer_room(self, room: Room, status: int = 200, **more: object) -> None:
        self.answer(room_object(room, self.services.clock.now()) | more, status)

    async def actor_or_guest(self, name: str) -> tuple[Actor, dict[str, object]]:
        """Whoever asks; somebody without a token becomes a guest by their name.

        Then the answer carries their tokens, and the private id that stands for them where only a `user_id` is given.
        """
        actor = await self.actor_or_none()
        if actor is not None:
            private = self.private_id()
            return actor, {"user_id": private, "public_id": actor.id} if private else {}
        if not name.strip():
            reason = "is needed without an access token"
            raise Invalid(f"user_name {reason}", fields={"user_name": reason})
        await self.services.limiter.use("guest", Who(self.client_address()))
        caller = Caller(self.client_address(), self.request.headers.get("User-Agent", ""))
        signed_in = await self.services.accounts.guest(name, caller)
        guest = await self.services.accounts.authenticate(signed_in.access)
        private = await self.services.capabilities.issue(guest)
        tokens = {"access_token": signed_in.access, "refresh_token": signed_in.refresh}
        return guest, {"user_id": private, "public_id": guest.id, **tokens}
