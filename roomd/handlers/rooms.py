"""Rooms over HTTP: making, finding, joining, leaving, changing and closing them."""

from typing import Annotated

from msgspec import Meta, Struct

from roomd.dialects.room_object import Shape, room_card, room_object, timestamp
from roomd.domain.actor import Actor
from roomd.domain.door import Admit
from roomd.domain.ids import UserId
from roomd.domain.knocks import Knock
from roomd.domain.membership import HandOver, Leave, SetRole
from roomd.domain.people import may
from roomd.domain.refusals import Invalid
from roomd.domain.room import MAX_NAME, Close, EntryMode, Room, RoomSettings, Set, Visibility, tidy_settings
from roomd.handlers.base import ApiHandler
from roomd.handlers.described import operation
from roomd.handlers.glance import Glanced
from roomd.handlers.of_room import RoomHandler
from roomd.openapi.shapes.accounts import Message
from roomd.openapi.shapes.rooms import Answered, RoomJoined, RoomMade, RoomPending, Rooms, RoomSeen, RoomShown

MAX_LISTED = 100


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


class RoleBody(Struct):
    role: Annotated[str, Meta(pattern="^(cohost|member)$")]


class HostBody(Struct):
    user_id: str


@operation("post", "Open a room", who="guest", body=CreateBody, answer=RoomMade, status=201)
class CreateHandler(RoomHandler):
    counted = ("POST", "room")
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


@operation(
    "post",
    "Join a room",
    who="guest",
    body=JoinBody,
    answer=RoomJoined | RoomPending,
    errors="password_needed wrong_password banned no_such_room room_full door_crowded too_many_attempts",
)
class JoinHandler(RoomHandler):
    counted = ("POST", "join")
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


@operation(
    "post", "Let somebody in, or not", needs="approve", body=ApproveBody, answer=Answered, errors="no_such_knock"
)
class ApproveHandler(RoomHandler):
    async def post(self) -> None:
        """Let somebody in who waits at the door, or turn them away."""
        body = self.body(ApproveBody)
        await self.command(_ref(body), Admit(user=UserId(body.user_id), approve=body.approve))
        self.answer({"user_id": body.user_id, "status": "APPROVED" if body.approve else "REJECTED"})


@operation("get", "Public rooms", who="any", answer=Rooms)
class ListHandler(RoomHandler):
    async def get(self) -> None:
        """Public rooms, the most recently active first."""
        await self.actor_or_none()
        rooms = await self.services.engine.public_rooms(MAX_LISTED)
        now = self.services.clock.now()
        self.answer({"rooms": [room_card(room, now) for room in rooms], "count": len(rooms)})


@operation("get", "A room", who="any", answer=RoomSeen)
@operation("patch", "Change a room", needs="settings", body=Set, answer=RoomShown, errors="personal_queue")
@operation("delete", "Close a room", needs="close")
class DetailHandler(Glanced):
    takes_user_id = True

    @staticmethod
    def shown(room: Room, actor: Actor | None, now: float) -> Shape:
        """The room; for those who answer the door with `pending`, the people who wait there."""
        answers = actor is not None and may(room, actor.id, "approve") and room.settings.entry_mode == "approval"
        waiting: Shape = {"pending": [_waiting(knock) for knock in room.pending.values()]} if answers else {}
        return room_object(room, now) | waiting

    async def patch(self, ref: str) -> None:
        receipt = await self.command(ref, self.body(Set))
        self.answer_room(receipt.room)

    async def delete(self, ref: str) -> None:
        await self.command(ref, Close())
        self.set_status(204)


@operation("post", "Leave a room", needs="member", answer=Message)
@operation("delete", "Leave a room", needs="member", answer=Message)
class LeaveHandler(RoomHandler):
    takes_user_id = True

    async def post(self, ref: str) -> None:
        await self.command(ref, Leave())
        self.answer({"message": "You left the room."})

    delete = post


@operation(
    "patch", "Change a member's role", needs="roles", body=RoleBody, answer=RoomShown, errors="no_such_member is_host"
)
class MemberHandler(RoomHandler):
    async def patch(self, ref: str, user: str) -> None:
        role = self.body(RoleBody).role
        receipt = await self.command(ref, SetRole(user=UserId(user), role="cohost" if role == "cohost" else "member"))
        self.answer_room(receipt.room)


@operation("post", "Hand a room over", needs="roles", body=HostBody, answer=RoomShown, errors="no_such_member")
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
