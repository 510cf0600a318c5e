"""What the handlers of a person's own queue have in common: whose it is, what is done to it, what is meant in it."""

from typing import Annotated

from msgspec import Meta, Struct

from roomd.dialects.playpod_queue import current_of, current_wire, position_of, song_id
from roomd.domain.actor import Actor
from roomd.domain.entries import Entry, ordered
from roomd.domain.refusals import Invalid, NotFound, Unavailable
from roomd.domain.room import Room
from roomd.domain.song import Song
from roomd.domain.words import Command
from roomd.handlers.of_room import RoomHandler

#: A place in the queue; beyond any queue's end it is no number of interest.
Position = Annotated[int, Meta(ge=0, le=1_000_000)]


class TrackBody(Struct):
    track_id: str | int


class PositionBody(Struct):
    position: Position


class OwnQueueHandler(RoomHandler):
    asker: Actor

    async def mine(self) -> Room:
        """The caller's queue, made where there is none yet."""
        self.asker = await self.actor()
        return await self.services.library.personal.room(self.asker)

    async def do(self, room: Room, command: Command) -> Room:
        """Carry out a command in the caller's queue; the room after it."""
        return (await self.kept(await self.services.engine.handle(room.id, command, self.asker, self.once()))).room

    def once(self) -> str | None:
        """Under what id the change is known again, if it is sent again."""
        return self.request.headers.get("Idempotency-Key", "")[:64] or None

    async def songs(self, room: Room) -> dict[str, Song]:
        """What is known of the queue's songs. A queue without its artists' ids is better than none."""
        try:
            return await self.services.library.songs.get([song_id(entry) for entry in room.entries.values()])
        except Unavailable:
            return {}

    def answer_current(self, room: Room, **more: object) -> None:
        current = current_of(room)
        shown = current_wire(current) if current else None
        self.answer({"current_track": shown, "position": position_of(room)} | more)


def nearest(room: Room, song: str) -> Entry | None:
    """The song in the queue: what is current or comes next before what was played."""
    order = ordered(room)
    here = position_of(room)
    return next((e for key in [*order[here:], *order[:here]] if song_id(e := room.entries[key]) == song), None)


def demand_position(place: int, count: int, field: str) -> None:
    if place >= count:
        reason = f"must be 0 to {count - 1}" if count else "is in an empty queue"
        raise Invalid(f"{field} {reason}", fields={field: reason})


def nothing_current() -> NotFound:
    return NotFound("Nothing is current: the queue is empty, or was played to its end.", "nothing_current")


def no_such_entry() -> NotFound:
    return NotFound("That track is not in the queue (any more).", "no_such_entry")
