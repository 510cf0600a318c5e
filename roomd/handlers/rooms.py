"""Rooms over HTTP: making, finding, joining, leaving, changing and closing them."""

from typing import Annotated

from msgspec import Meta, Struct

from roomd.accounts import Caller
from roomd.dialects.room_object import room_card, room_object
from roomd.domain.actor import Actor
from roomd.domain.ids import RoomId, UserId
from roomd.domain.membership import HandOver, Join, Leave, SetRole
from roomd.domain.people import role_of
from roomd.domain.refusals import Forbidden, Invalid
from roomd.domain.room import MAX_NAME, Close, EntryMode, Room, RoomSettings, Set, Visibility, tidy_settings
from roomd.domain.words import Command
from roomd.engine import Receipt, no_such_room
from roomd.handlers.base import ApiHandler, M

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
    entry_mode: EntryMode = "public"
    chat_enabled: bool = True
    autoplay: bool = True


class JoinBody(Struct):
    room_id: str = ""
    room_code: str = ""
    code: str = ""
    user_name: str = ""


class RoleBody(Struct):
    role: Annotated[str, Meta(pattern="^(cohost|member)$")]


class HostBody(Struct):
    user_id: str


class RoomHandler(ApiHandler):
    """What every handler of one room needs."""

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
            return await self.services.engine.handle(await self.room_id(ref), command, actor, once)
        except Forbidden as refusal:
            if refusal.code == "not_a_member":
                await self.visible_room(ref, actor)
            raise

    def limit(self, usual: int, most: int) -> int:
        """The `limit` of the query. Raises Invalid."""
        text = self.get_query_argument("limit", str(usual))
        if len(text) > 9 or not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= most:
            raise Invalid(f"limit must be 1 to {most}", fields={"limit": f"must be 1 to {most}"})
        return int(text)

    def answer_room(self, room: Room, status: int = 200, **more: object) -> None:
        self.answer(room_object(room, self.services.clock.now()) | more, status)

    async def actor_or_guest(self, name: str) -> tuple[Actor, dict[str, object]]:
        """Whoever asks; somebody without a token becomes a guest by their name, and the answer carries their tokens."""
        actor = await self.actor_or_none()
        if actor is not None:
            return actor, {}
        if not name.strip():
            reason = "is needed without an access token"
            raise Invalid(f"user_name {reason}", fields={"user_name": reason})
        caller = Caller(self.client_address(), self.request.headers.get("User-Agent", ""))
        signed_in = await self.services.accounts.guest(name, caller)
        guest = await self.services.accounts.authenticate(signed_in.access)
        return guest, {"access_token": signed_in.access, "refresh_token": signed_in.refresh}


class CreateHandler(RoomHandler):
    async def post(self) -> None:
        body = self.body(CreateBody)
        name = body.name or body.room_name
        if not name.strip():
            raise Invalid("A room needs a name.", fields={"name": "must not be empty"})
        if body.entry_mode != "public":
            raise Invalid("Rooms are open to whoever has the code.", fields={"entry_mode": "must be public"})
        settings = RoomSettings(
            name=name[: MAX_NAME * 8],
            description=body.description,
            theme=body.theme,
            visibility=body.visibility,
            chat_enabled=body.chat_enabled,
            autoplay=body.autoplay,
        )
        # Nobody becomes a guest for a room that cannot be.
        tidy_settings(settings)
        actor, tokens = await self.actor_or_guest(body.user_name)
        room = await self.services.engine.open(settings, actor)
        self.set_header("Location", f"/api/rooms/{room.code}/")
        self.answer_room(room, 201, room_id=room.id, **tokens)


class JoinHandler(RoomHandler):
    async def post(self) -> None:
        body = self.body(JoinBody)
        ref = body.room_id or body.room_code or body.code
        if not ref.strip():
            raise Invalid("Which room? Give its code.", fields={"code": "must not be empty"})
        room_id = await self.room_id(ref)
        await self.services.engine.room(room_id)
        actor, tokens = await self.actor_or_guest(body.user_name)
        receipt = await self.services.engine.handle(room_id, Join(), actor)
        self.answer(
            room_object(receipt.room, self.services.clock.now()) | tokens | {"room_id": room_id, "status": "JOINED"}
        )


class ListHandler(RoomHandler):
    async def get(self) -> None:
        """Public rooms, the most recently active first."""
        await self.actor_or_none()
        rooms = await self.services.engine.public_rooms(MAX_LISTED)
        now = self.services.clock.now()
        self.answer({"rooms": [room_card(room, now) for room in rooms], "count": len(rooms)})


class DetailHandler(RoomHandler):
    async def get(self, ref: str) -> None:
        self.answer_room(await self.visible_room(ref, await self.actor_or_none()))

    async def patch(self, ref: str) -> None:
        receipt = await self.command(ref, self.body(Set))
        self.answer_room(receipt.room)

    async def delete(self, ref: str) -> None:
        await self.command(ref, Close())
        self.set_status(204)


class LeaveHandler(RoomHandler):
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


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/rooms/?", ListHandler),
    (r"/api/rooms/create/?", CreateHandler),
    (r"/api/rooms/join/?", JoinHandler),
    (r"/api/rooms/([^/]+)/?", DetailHandler),
    (r"/api/rooms/([^/]+)/leave/?", LeaveHandler),
    (r"/api/rooms/([^/]+)/host/?", HostHandler),
    (r"/api/rooms/([^/]+)/members/([^/]+)/?", MemberHandler),
]
