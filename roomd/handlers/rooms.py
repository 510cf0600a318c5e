"""Rooms over HTTP: making, finding, joining, leaving, changing and closing them."""

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from roomd.accounts import Caller
from roomd.dialects.room_object import room_card, room_object, timestamp
from roomd.domain.actor import Actor
from roomd.domain.door import Admit
from roomd.domain.ids import RoomId, UserId
from roomd.domain.knocks import Knock
from roomd.domain.membership import HandOver, Leave, SetRole
from roomd.domain.people import may, role_of
from roomd.domain.refusals import Forbidden, Invalid, Unauthenticated
from roomd.domain.room import MAX_NAME, Close, EntryMode, Room, RoomSettings, Set, Visibility, tidy_settings
from roomd.domain.words import Command
from roomd.engine import no_such_room
from roomd.handlers.base import ApiHandler, M
from roomd.keeping import Receipt

if TYPE_CHECKING:
    from roomd.doorkeeper import Entered

MAX_LISTED = 100
#: Bytes of a body: 100 tracks, every field of them as long as it may be, have 0.5 MB. The server itself reads twice
#: as much, so that this can be said; beyond that it hangs up.
MAX_BODY = 1 << 20


class CreateBody(Struct):
    name: str = ""
    room_name: str = ""
    user_name: str = ""
    description: str = ""
    theme: str = ""
    visibility: Visibility = "public"
    entry_mode: EntryMode | None = None
    password: str = ""
    chat_enabled: bool = True
    autoplay: bool = True


class JoinBody(Struct):
    room_id: str = ""
    room_code: str = ""
    code: str = ""
    user_name: str = ""
    password: str = ""


class ApproveBody(Struct):
    user_id: str
    room_id: str = ""
    room_code: str = ""
    code: str = ""
    approve: bool = True


class UserIdBody(Struct):
    """What a client without a token says of itself."""

    user_id: str = ""


class RoleBody(Struct):
    role: Annotated[str, Meta(pattern="^(cohost|member)$")]


class HostBody(Struct):
    user_id: str


class RoomHandler(ApiHandler):
    """What every handler of one room needs."""

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

    async def room_id(self, ref: str) -> RoomId:
        return await self.services.engine.find(ref)

    async def visible_room(self, ref: str, actor: Actor | None) -> Room:
        """The room, if the asker may know of it: absent and forbidden look the same."""
        room = await self.services.engine.room(await self.room_id(ref))
        if room.settings.visibility == "private" and (actor is None or role_of(room, actor.id) is None):
            raise no_such_room()
        return room

    async def command(self, ref: str, command: Command) -> Receipt:
        """Carry out a command by whoever asks; `Idempotency-Key` makes repeating it safe."""
        actor = await self.actor()
        once = self.request.headers.get("Idempotency-Key", "")[:64] or None
        try:
            receipt = await self.services.engine.handle(await self.room_id(ref), command, actor, once)
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
        text = self.get_query_argument("limit", str(usual))
        if len(text) > 9 or not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= most:
            raise Invalid(f"limit must be 1 to {most}", fields={"limit": f"must be 1 to {most}"})
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
        caller = Caller(self.client_address(), self.request.headers.get("User-Agent", ""))
        signed_in = await self.services.accounts.guest(name, caller)
        guest = await self.services.accounts.authenticate(signed_in.access)
        private = await self.services.capabilities.issue(guest)
        tokens = {"access_token": signed_in.access, "refresh_token": signed_in.refresh}
        return guest, {"user_id": private, "public_id": guest.id, **tokens}


class CreateHandler(RoomHandler):
    takes_user_id = True

    async def post(self) -> None:
        body = self.body(CreateBody)
        name = body.name or body.room_name
        if not name.strip():
            raise Invalid("A room needs a name.", fields={"name": "must not be empty"})
        # A room with a password is behind it, unless somebody says that it is not.
        mode = body.entry_mode or ("password" if body.password else "public")
        if (mode == "password") != bool(body.password):
            reason = "is needed" if mode == "password" else f"has no use in entry mode {mode}"
            raise Invalid(f"The password {reason}.", fields={"password": reason})
        settings = RoomSettings(
            name=name[: MAX_NAME * 8],
            description=body.description,
            theme=body.theme,
            visibility=body.visibility,
            entry_mode=mode,
            chat_enabled=body.chat_enabled,
            autoplay=body.autoplay,
        )
        # Nobody becomes a guest for a room that cannot be.
        tidy_settings(settings)
        hashed = await self.services.doorkeeper.hash(body.password) if body.password else ""
        actor, tokens = await self.actor_or_guest(body.user_name)
        room = await self.open_room(settings, actor, hashed)
        self.set_header("Location", f"/api/rooms/{room.code}/")
        self.answer_room(room, 201, room_id=room.id, **tokens)


class JoinHandler(RoomHandler):
    takes_user_id = True

    async def post(self) -> None:
        body = self.body(JoinBody)
        room_id = await self.room_id(_ref(body))
        room, address = await self.services.engine.room(room_id), self.client_address()
        if await self.actor_or_none() is None and room.settings.entry_mode == "password":
            # Nobody becomes a guest for a room that they cannot enter.
            await self.services.doorkeeper.demand_password(room, address, body.password)
        actor, tokens = await self.actor_or_guest(body.user_name)
        entered = await self.join_room(room_id, actor, body.password)
        room, status = entered.room, entered.status
        if status == "JOINED":
            self.answer(room_object(room, self.services.clock.now()) | tokens | {"room_id": room_id, "status": status})
            return
        # Whoever is not in yet is not told who is.
        known = {"id": room_id, "room_id": room_id, "code": room.code, "name": room.settings.name}
        self.answer({"status": status} | known | tokens)


class ApproveHandler(RoomHandler):
    async def post(self) -> None:
        """Let somebody in who waits at the door, or turn them away."""
        body = self.body(ApproveBody)
        await self.command(_ref(body), Admit(user=UserId(body.user_id), approve=body.approve))
        self.answer({"user_id": body.user_id, "status": "APPROVED" if body.approve else "REJECTED"})


class ListHandler(RoomHandler):
    async def get(self) -> None:
        """Public rooms, the most recently active first."""
        await self.actor_or_none()
        rooms = await self.services.engine.public_rooms(MAX_LISTED)
        now = self.services.clock.now()
        self.answer({"rooms": [room_card(room, now) for room in rooms], "count": len(rooms)})


class DetailHandler(RoomHandler):
    takes_user_id = True

    async def get(self, ref: str) -> None:
        """The room; for those who answer the door with `pending`, the people who wait there."""
        actor = await self.actor_or_none()
        room = await self.visible_room(ref, actor)
        answers = actor is not None and may(room, actor.id, "approve") and room.settings.entry_mode == "approval"
        waiting = [_waiting(knock) for knock in room.pending.values()]
        shown = room_object(room, self.services.clock.now())
        self.answer(shown | ({"pending": waiting} if answers else {}))

    async def patch(self, ref: str) -> None:
        receipt = await self.command(ref, self.body(Set))
        self.answer_room(receipt.room)

    async def delete(self, ref: str) -> None:
        await self.command(ref, Close())
        self.set_status(204)


class LeaveHandler(RoomHandler):
    takes_user_id = True

    async def post(self, ref: str) -> None:
        await self.command(ref, Leave())
        self.answer({"message": "You left the room."})

    delete = post


class MemberHandler(RoomHandler):
    async def patch(self, ref: str, user: str) -> None:
        role = self.body(RoleBody).role
        receipt = await self.command(ref, SetRole(user=UserId(user), role="cohost" if role == "cohost" else "member"))
        self.answer_room(receipt.room)


class HostHandler(RoomHandler):
    async def post(self, ref: str) -> None:
        receipt = await self.command(ref, HandOver(user=UserId(self.body(HostBody).user_id)))
        self.answer_room(receipt.room)


def _ref(body: JoinBody | ApproveBody) -> str:
    """The room that a body names. Raises Invalid."""
    ref = body.room_id or body.room_code or body.code
    if not ref.strip():
        raise Invalid("Which room? Give its code.", fields={"code": "must not be empty"})
    return ref


def _waiting(knock: Knock) -> dict[str, object]:
    return {"user_id": knock.id, "name": knock.name, "requested_at": timestamp(knock.at)}


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/rooms/?", ListHandler),
    (r"/api/rooms/create/?", CreateHandler),
    (r"/api/rooms/join/?", JoinHandler),
    (r"/api/rooms/approve/?", ApproveHandler),
    (r"/api/rooms/([^/]+)/?", DetailHandler),
    (r"/api/rooms/([^/]+)/leave/?", LeaveHandler),
    (r"/api/rooms/([^/]+)/host/?", HostHandler),
    (r"/api/rooms/([^/]+)/members/([^/]+)/?", MemberHandler),
]
