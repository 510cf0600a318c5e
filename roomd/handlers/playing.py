"""A room's queue, playback and chat over HTTP. Positions and durations are in seconds here, as in the seeds."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from roomd.dialects.room_object import Shape, message_object, queue_object
from roomd.domain.actor import Actor
from roomd.domain.chat import Say
from roomd.domain.ids import EntryId
from roomd.domain.moderation import ClearChat
from roomd.domain.people import demand_member
from roomd.domain.playback import Next, Pause, Play, PlayEntry, Previous, Seek
from roomd.domain.queue import MAX_ADDED, Add, Clear, Measured, Move, Remove, Shuffle, Where
from roomd.domain.refusals import Invalid
from roomd.domain.room import Room
from roomd.domain.track import MAX_DURATION_MS
from roomd.domain.undo import Undo
from roomd.domain.wanted import Wanted
from roomd.domain.words import Command
from roomd.handlers.base import ApiHandler
from roomd.handlers.bounded import elsewhere
from roomd.handlers.counting import count_links
from roomd.handlers.described import operation
from roomd.handlers.glance import Glanced
from roomd.handlers.of_room import RoomHandler
from roomd.openapi.operation import limit, text
from roomd.openapi.shapes.rooms import Chat, Rev, RoomQueue, RoomShown

Seconds = Annotated[float, Meta(ge=0, le=MAX_DURATION_MS / 1_000)]

MAX_MESSAGES = 200


class ControlBody(Struct):
    action: Literal["play", "pause", "seek", "next", "previous"]
    position: Seconds | None = None


class AddBody(Struct):
    """One track, or several as `tracks`."""

    url: str = ""
    source: str = ""
    title: str = ""
    artist: str = ""
    album: str = ""
    cover: str = ""
    subtitles: str = ""
    duration: Seconds | None = None
    kind: Literal["audio", "video"] | None = None
    tracks: Annotated[list["AddBody"], Meta(max_length=MAX_ADDED)] = []
    at: Where = "end"


class EntryBody(Struct):
    duration: Annotated[float, Meta(ge=0.1, le=MAX_DURATION_MS / 1_000)] | None = None
    before: str | None = None
    play: bool = False


class MoveBody(Struct):
    entry: str
    before: str | None = None


class SayBody(Struct):
    text: str = ""
    message: str = ""
    reply_to: Annotated[str, Meta(pattern=r"^[0-9]{1,15}$")] | None = None


@operation(
    "post", "Play, pause, seek, skip", needs="play", body=ControlBody, answer=RoomShown, errors="nothing_to_play"
)
class ControlHandler(RoomHandler):
    takes_user_id = True

    async def post(self, ref: str) -> None:
        body = self.body(ControlBody)
        # Whoever goes by a private id plays what this server need not know of.
        bare = self.private_id() is not None
        receipt = await self.command(ref, _control(body, bare=bare))
        self.answer_room(receipt.room)


@operation("get", "The queue", who="any", answer=RoomQueue)
@operation(
    "post",
    "Add tracks",
    needs="add",
    body=AddBody,
    answer=RoomQueue,
    status=201,
    errors="not_media no_such_track no_such_catalogue not_playable queue_full provider_down provider_busy",
)
class QueueHandler(Glanced):
    @staticmethod
    def shown(room: Room, actor: Actor | None, now: float) -> Shape:
        return queue_object(room)

    async def post(self, ref: str) -> None:
        body = self.body(AddBody)
        wanted = [_wanted(each) for each in body.tracks or [body]]
        actor = await self.actor()
        demand_member(await self.visible_room(ref, actor), actor)
        await count_links(self.services, wanted, actor, self.client_address())
        with elsewhere():
            tracks = await self.services.resolver.resolve(wanted)
        receipt = await self.command(ref, Add(tracks=tracks, at=body.at))
        self.answer(queue_object(receipt.room), 201)


@operation(
    "patch", "Move, measure or play an entry", needs="reorder", body=EntryBody, answer=RoomQueue, errors="no_such_entry"
)
@operation("delete", "Remove an entry", needs="remove", errors="no_such_entry")
class EntryHandler(RoomHandler):
    async def patch(self, ref: str, entry: str) -> None:
        """Move it before another one, tell its length, or play it."""
        body = self.body(EntryBody)
        commands: list[Command] = []
        if body.duration is not None:
            commands.append(Measured(entry=EntryId(entry), duration_ms=body.duration * 1_000))
        if body.before is not None:
            commands.append(Move(entry=EntryId(entry), before=EntryId(body.before)))
        if body.play:
            commands.append(PlayEntry(entry=EntryId(entry)))
        if len(commands) != 1:
            raise Invalid("Give one of duration, before and play.")
        self.answer(queue_object((await self.command(ref, commands[0])).room))

    async def delete(self, ref: str, entry: str) -> None:
        await self.command(ref, Remove(entries=(EntryId(entry),)))
        self.set_status(204)


@operation("post", "Move an entry", needs="reorder", body=MoveBody, answer=RoomQueue, errors="no_such_entry")
class MoveHandler(RoomHandler):
    async def post(self, ref: str) -> None:
        body = self.body(MoveBody)
        before = EntryId(body.before) if body.before is not None else None
        receipt = await self.command(ref, Move(entry=EntryId(body.entry), before=before))
        self.answer(queue_object(receipt.room))


@operation("post", "Shuffle what is to come", needs="reorder", answer=RoomQueue)
class ShuffleHandler(RoomHandler):
    async def post(self, ref: str) -> None:
        self.answer(queue_object((await self.command(ref, Shuffle())).room))


@operation("post", "Clear the queue", needs="remove", answer=RoomQueue)
class ClearHandler(RoomHandler):
    async def post(self, ref: str) -> None:
        self.answer(queue_object((await self.command(ref, Clear())).room))


@operation("post", "Undo the last change", needs="reorder", answer=RoomQueue, errors="nothing_to_undo")
class UndoHandler(RoomHandler):
    async def post(self, ref: str) -> None:
        self.answer(queue_object((await self.command(ref, Undo())).room))


@operation(
    "get",
    "The chat",
    needs="member",
    query=(limit(50, MAX_MESSAGES), text("before", "Lines before this one, by its id")),
    answer=Chat,
)
@operation(
    "post", "Say something", needs="chat", body=SayBody, answer=Rev, status=201, errors="chat_disabled muted slow_mode"
)
@operation("delete", "Clear the chat", needs="moderate")
class MessagesHandler(RoomHandler):
    takes_user_id = True

    async def get(self, ref: str) -> None:
        """The last `limit` lines, newest last; older ones with `before`, the id of the oldest line one has."""
        actor = await self.actor()
        room = await self.visible_room(ref, actor)
        demand_member(room, actor)
        before = self.get_query_argument("before", None)
        lines = await self.services.rooms.chat(room.id, self.limit(50, MAX_MESSAGES), before)
        self.answer({"messages": [message_object(line) for line in lines], "count": len(lines)})

    async def post(self, ref: str) -> None:
        body = self.body(SayBody)
        receipt = await self.command(ref, Say(text=body.text or body.message, reply_to=body.reply_to))
        self.answer({"rev": receipt.rev}, 201)

    async def delete(self, ref: str) -> None:
        """All lines."""
        await self.command(ref, ClearChat())
        self.set_status(204)


def _control(body: ControlBody, *, bare: bool) -> Command:
    position = None if body.position is None else body.position * 1_000
    match body.action:
        case "play":
            return Play(position=position, bare=bare)
        case "pause":
            return Pause(position=position, bare=bare)
        case "next":
            return Next()
        case "previous":
            return Previous()
    if position is None:
        raise Invalid("Where to? Give the position in seconds.", fields={"position": "is needed to seek"})
    return Seek(position=position, bare=bare)


def _wanted(body: AddBody) -> Wanted:
    if not body.url.strip() and not body.source.strip():
        raise Invalid("A track needs a url.", fields={"url": "must not be empty"})
    return Wanted(
        url=body.url,
        source=body.source,
        title=body.title,
        artist=body.artist,
        album=body.album,
        cover=body.cover,
        subtitles=body.subtitles,
        duration_ms=None if body.duration is None else body.duration * 1_000,
        kind=body.kind,
    )


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/rooms/([^/]+)/control/?", ControlHandler),
    (r"/api/rooms/([^/]+)/messages/?", MessagesHandler),
    (r"/api/rooms/([^/]+)/queue/?", QueueHandler),
    (r"/api/rooms/([^/]+)/queue/move/?", MoveHandler),
    (r"/api/rooms/([^/]+)/queue/shuffle/?", ShuffleHandler),
    (r"/api/rooms/([^/]+)/queue/clear/?", ClearHandler),
    (r"/api/rooms/([^/]+)/queue/undo/?", UndoHandler),
    (r"/api/rooms/([^/]+)/queue/([^/]+)/?", EntryHandler),
]
