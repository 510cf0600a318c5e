"""The MusicRoom contract: `/rooms/api/rooms/…` and `/ws/rooms/{room}/`, as docs/musicroom.md describes them."""

from msgspec import Struct

from roomd.dialects.musicroom import MUSICROOM
from roomd.dialects.room_object import Shape, room_object
from roomd.domain.actor import Actor
from roomd.domain.membership import Leave
from roomd.domain.refusals import Invalid
from roomd.domain.room import MAX_NAME, EntryMode, Room, RoomSettings, Visibility, tidy_settings
from roomd.handlers.base import ApiHandler
from roomd.handlers.described import operation
from roomd.handlers.glance import Glanced
from roomd.handlers.of_room import RoomHandler
from roomd.handlers.rooms import MAX_LISTED
from roomd.handlers.speaking import SpeakingSocket
from roomd.openapi.shapes.accounts import Message
from roomd.openapi.shapes.rooms import MusicRoomJoined, MusicRoomPending, RoomShown


class SettingsBody(Struct, frozen=True):
    theme: str = ""
    visibility: Visibility = "public"
    entry_mode: EntryMode | None = None
    password: str = ""
    chat_enabled: bool = True
    autoplay: bool = True


class CreateBody(Struct):
    name: str
    description: str = ""
    settings: SettingsBody = SettingsBody()


class JoinBody(Struct):
    code: str
    password: str = ""


@operation("get", "Rooms you are in", answer=list[RoomShown])
@operation("post", "Open a room", body=CreateBody, answer=RoomShown, status=201)
class RoomsHandler(RoomHandler):
    counted = ("POST", "room")

    async def get(self) -> None:
        """The rooms that the caller is a member of, the one joined last first."""
        actor = await self.actor()
        rooms = await self.services.listing.rooms_of(actor.id, MAX_LISTED)
        now = self.services.clock.now()
        self.answer([room_object(room, now) for room in rooms])

    async def post(self) -> None:
        actor = await self.actor()
        body = self.body(CreateBody)
        wanted = body.settings
        mode = wanted.entry_mode or ("password" if wanted.password else "public")
        if (mode == "password") != bool(wanted.password):
            reason = "is needed" if mode == "password" else f"has no use in entry mode {mode}"
            raise Invalid(f"The password {reason}.", fields={"settings.password": reason})
        settings = RoomSettings(
            name=body.name[: MAX_NAME * 8],
            description=body.description,
            theme=wanted.theme,
            visibility=wanted.visibility,
            entry_mode=mode,
            chat_enabled=wanted.chat_enabled,
            autoplay=wanted.autoplay,
        )
        tidy_settings(settings)
        hashed = await self.services.doorkeeper.hash(wanted.password) if wanted.password else ""
        room = await self.open_room(settings, actor, hashed)
        self.set_header("Location", f"/rooms/api/rooms/{room.code}/")
        self.answer_room(room, 201)


@operation("get", "A room", answer=RoomShown)
class DetailHandler(Glanced):
    for_anybody = False

    @staticmethod
    def shown(room: Room, actor: Actor | None, now: float) -> Shape:
        return room_object(room, now)


@operation(
    "post",
    "Join a room",
    body=JoinBody,
    answer=MusicRoomJoined | MusicRoomPending,
    errors="password_needed wrong_password banned no_such_room room_full too_many_attempts",
)
class JoinHandler(RoomHandler):
    counted = ("POST", "join")

    async def post(self) -> None:
        actor = await self.actor()
        body = self.body(JoinBody)
        if not body.code.strip():
            raise Invalid("Which room? Give its code.", fields={"code": "must not be empty"})
        room_id = await self.room_id(body.code)
        entered = await self.join_room(room_id, actor, body.password)
        if entered.status == "PENDING":
            # Whoever is not in yet is not told who is.
            settings = entered.room.settings
            self.answer({"status": "PENDING", "id": room_id, "code": entered.room.code, "name": settings.name})
            return
        self.answer(room_object(entered.room, self.services.clock.now()) | {"status": "JOINED"})


@operation("post", "Leave a room", needs="member", answer=Message)
class LeaveHandler(RoomHandler):
    async def post(self, ref: str) -> None:
        await self.command(ref, Leave())
        self.answer({"message": "You left the room."})


class MusicRoomSocket(SpeakingSocket):
    __slots__ = ()

    dialect = MUSICROOM


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/rooms/api/rooms/?", RoomsHandler),
    (r"/rooms/api/rooms/join/?", JoinHandler),
    (r"/rooms/api/rooms/([^/]+)/?", DetailHandler),
    (r"/rooms/api/rooms/([^/]+)/leave/?", LeaveHandler),
]
