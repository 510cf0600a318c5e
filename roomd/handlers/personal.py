"""A person's own queue over HTTP: PlayPod's `/api/playlists/queue/…`, over a room of theirs; its radio, and parties."""

from msgspec import Struct

from roomd.dialects.playpod_queue import QueuedWire, QueueWire, queue_wire, queued_wires, song_id
from roomd.domain.entries import Entry, ordered
from roomd.domain.ids import EntryId
from roomd.domain.personal import Party
from roomd.domain.playback import PlayEntry
from roomd.domain.queue import Clear, Move, Remove, Shuffle
from roomd.domain.refusals import Invalid
from roomd.domain.room import EntryMode, Room, Set, Visibility
from roomd.domain.song import full_id
from roomd.handlers import personal_playing
from roomd.handlers.base import ApiHandler
from roomd.handlers.described import operation
from roomd.handlers.own_queue import (
    OwnQueueHandler,
    Position,
    PositionBody,
    demand_position,
    nearest,
    no_such_entry,
)
from roomd.openapi.shapes.accounts import Message
from roomd.openapi.shapes.library import Moved, RadioState, Shuffled
from roomd.openapi.shapes.rooms import RoomShown


class UpdateBody(Struct):
    current_track_id: str | int | None = None
    current_position: Position | None = None


class RadioBody(Struct):
    on: bool


class PartyBody(Struct):
    name: str = ""
    visibility: Visibility = "private"
    entry_mode: EntryMode | None = None
    password: str = ""


@operation("get", "Your queue", answer=QueueWire)
@operation("patch", "Move on in your queue", body=UpdateBody, answer=QueueWire, errors="no_such_entry")
class QueueHandler(OwnQueueHandler):
    async def get(self) -> None:
        self.answer(queue_wire(await self.mine()))

    async def patch(self) -> None:
        """Move to a track, a position, or a track that is at that position."""
        room = await self.mine()
        body = self.body(UpdateBody)
        entry = _meant(room, body)
        if entry.id != room.playback.entry:
            room = await self.do(room, PlayEntry(entry=entry.id))
        self.answer(queue_wire(room))


@operation("get", "The songs in your queue", answer=list[QueuedWire])
class TracksHandler(OwnQueueHandler):
    async def get(self) -> None:
        room = await self.mine()
        self.answer(queued_wires(room, await self.songs(room)))


@operation("patch", "Move a song", body=PositionBody, answer=Moved, errors="no_such_entry")
@operation("delete", "Remove a song", errors="no_such_entry")
class TrackHandler(OwnQueueHandler):
    async def patch(self, entry: str) -> None:
        """Move it to a position."""
        room = await self.mine()
        wanted = self.body(PositionBody).position
        order = ordered(room)
        demand_position(wanted, len(order), "position")
        others = [each for each in order if each != entry]
        before = others[wanted] if wanted < len(others) else None
        room = await self.do(room, Move(entry=EntryId(entry), before=before))
        self.answer({"id": entry, "position": ordered(room).index(EntryId(entry))})

    async def delete(self, entry: str) -> None:
        room = await self.mine()
        await self.do(room, Remove(entries=(EntryId(entry),)))
        self.set_status(204)


@operation("post", "Clear your queue", answer=Message)
class ClearHandler(OwnQueueHandler):
    async def post(self) -> None:
        room = await self.mine()
        await self.do(room, Clear())
        self.answer({"message": "Queue cleared"})


@operation("post", "Shuffle your queue", answer=Shuffled)
class ShuffleHandler(OwnQueueHandler):
    async def post(self) -> None:
        room = await self.do(await self.mine(), Shuffle())
        self.answer({"message": "Queue shuffled", "track_count": len(room.entries)})


@operation("post", "Switch the radio", body=RadioBody, answer=RadioState)
class RadioHandler(OwnQueueHandler):
    async def post(self) -> None:
        room = await self.mine()
        room = await self.do(room, Set(radio=self.body(RadioBody).on))
        self.answer({"radio": room.settings.radio})


@operation("post", "Make a party of your queue", body=PartyBody, answer=RoomShown, errors="no_such_room")
class PartyHandler(OwnQueueHandler):
    async def post(self) -> None:
        """Others may come in from now on; nothing that plays or is queued changes."""
        actor = await self.actor()
        body = self.body(PartyBody)
        mode = body.entry_mode or ("password" if body.password else "public")
        if (mode == "password") != bool(body.password):
            reason = "is needed" if mode == "password" else f"has no use in entry mode {mode}"
            raise Invalid(f"The password {reason}.", fields={"password": reason})
        hashed = await self.services.doorkeeper.hash(body.password) if body.password else ""
        name = body.name if body.name.strip() else f"{actor.name}’s party"
        command = Party(name=name[:400], visibility=body.visibility, entry_mode=mode, password_hash=hashed)
        receipt = await self.services.library.personal.party(actor, command, self.once())
        self.answer_room((await self.kept(receipt)).room)


def _meant(room: Room, body: UpdateBody) -> Entry:
    """The entry that a body names. Raises Invalid, or NotFound where its track is not in the queue."""
    order, place = ordered(room), body.current_position
    if place is not None:
        demand_position(place, len(order), "current_position")
    song = None if body.current_track_id is None else full_id(str(body.current_track_id), "current_track_id")
    if place is None and song is None:
        reason = "is needed, or current_track_id"
        raise Invalid(f"current_position {reason}", fields={"current_position": reason})
    entry = nearest(room, song) if song is not None else room.entries[order[place or 0]]
    if entry is None:
        raise no_such_entry()
    if song is None or place is None:
        return entry
    there = room.entries[order[place]]
    if song_id(there) != song:
        reason = f"is not the position of {song}"
        raise Invalid(f"current_position {reason}", fields={"current_position": reason})
    return there


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    *personal_playing.ROUTES,
    (r"/api/playlists/queue/?", QueueHandler),
    (r"/api/playlists/queue/tracks/?", TracksHandler),
    (r"/api/playlists/queue/tracks/([^/]+)/?", TrackHandler),
    (r"/api/playlists/queue/clear/?", ClearHandler),
    (r"/api/playlists/queue/shuffle/?", ShuffleHandler),
    (r"/api/playlists/queue/radio/?", RadioHandler),
    (r"/api/playlists/queue/party/?", PartyHandler),
]
