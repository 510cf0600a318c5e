"""Playing a person's own queue over HTTP: where it stands, and moving on in it."""

from roomd.dialects.playpod import seconds
from roomd.dialects.playpod_queue import QueuedWire, current_of, current_wire, queued_wires, song_id
from roomd.domain.entries import Entry, ordered
from roomd.domain.playback import Next, PlayEntry, Previous
from roomd.domain.queue import Add
from roomd.domain.radio import ran_dry
from roomd.domain.room import Room
from roomd.domain.song import full_id
from roomd.handlers.base import ApiHandler
from roomd.handlers.bounded import elsewhere
from roomd.handlers.described import operation
from roomd.handlers.own_queue import (
    OwnQueueHandler,
    PositionBody,
    TrackBody,
    demand_position,
    nearest,
    no_such_entry,
    nothing_current,
)
from roomd.openapi.shapes.library import Enqueued, GoneOn, Standing, Streamed


@operation(
    "post",
    "Add a song",
    body=TrackBody,
    answer=Enqueued,
    status=201,
    errors="no_such_track not_playable queue_full provider_down provider_busy",
)
class EnqueueHandler(OwnQueueHandler):
    async def post(self) -> None:
        room = await self.mine()
        song = full_id(str(self.body(TrackBody).track_id))
        with elsewhere():
            tracks = await self.services.library.catalogue.tracks([song])
        room = await self.do(room, Add(tracks=tracks))
        entry = _added(room, song)
        info = {"track_id": song_id(entry), "track_title": entry.track.title}
        position = ordered(room).index(entry.id)
        self.answer({"message": "Track added to queue", "position": position, "track_info": info}, 201)


@operation("post", "Play the next song", answer=GoneOn, errors="nothing_current")
class NextHandler(OwnQueueHandler):
    async def post(self) -> None:
        """At the end, the radio goes on, if it is on and knows anything that fits."""
        room = await self.mine()
        before = room.playback.entry
        if room.settings.radio:
            with elsewhere():
                await self.services.library.radio.ready(room)
            room = await self.services.engine.room(room.id)
        if not room.entries:
            raise nothing_current()
        # Where nothing was current, the radio has begun something; or there is silence, and not the queue once more.
        answered = before is None and room.settings.radio and (room.playback.entry is not None or ran_dry(room))
        if not answered:
            room = await self.do(room, Next(entry=before))
        current = current_of(room)
        self.answer_current(room, is_radio_mode=bool(current and current.why))


@operation("post", "Play the previous song", answer=Standing, errors="nothing_current")
class PreviousHandler(OwnQueueHandler):
    async def post(self) -> None:
        room = await self.mine()
        if not room.entries:
            raise nothing_current()
        self.answer_current(await self.do(room, Previous()))


@operation("get", "The current song", answer=QueuedWire, errors="nothing_current")
class CurrentHandler(OwnQueueHandler):
    async def get(self) -> None:
        room = await self.mine()
        if room.playback.entry is None:
            raise nothing_current()
        wires = queued_wires(room, await self.songs(room))
        self.answer(next(wire for wire in wires if wire["is_current"]))


@operation("post", "Play the song at a position", body=PositionBody, answer=Standing)
class PositionHandler(OwnQueueHandler):
    async def post(self) -> None:
        room = await self.mine()
        wanted = self.body(PositionBody).position
        order = ordered(room)
        demand_position(wanted, len(order), "position")
        self.answer_current(await self.do(room, PlayEntry(entry=order[wanted])))


@operation(
    "post",
    "Play this song now",
    body=TrackBody,
    answer=Streamed,
    errors="no_such_track not_playable queue_full provider_down provider_busy",
)
class StreamHandler(OwnQueueHandler):
    async def post(self) -> None:
        """This track plays next to nothing else: found in the queue, or put after what was current."""
        room = await self.mine()
        song = full_id(str(self.body(TrackBody).track_id))
        entry = nearest(room, song)
        found = entry is not None
        if entry is None:
            with elsewhere():
                tracks = await self.services.library.catalogue.tracks([song])
            room = await self.do(room, Add(tracks=tracks, play=True))
            entry = nearest(room, song)
        elif entry.id != room.playback.entry:
            room = await self.do(room, PlayEntry(entry=entry.id))
        if entry is None or entry.id not in room.entries:
            raise no_such_entry()
        info = {**current_wire(entry), "duration": seconds(entry.track.duration_ms)}
        position = ordered(room).index(entry.id)
        self.answer({"stream_url": entry.track.url, "track_info": info, "in_queue": found, "position": position})


def _added(room: Room, song: str) -> Entry:
    """The entry of the song that was added last; the one that is meant where it was sent again under its key."""
    found = [entry for entry in room.entries.values() if song_id(entry) == song]
    if not found:
        raise no_such_entry()
    return max(found, key=lambda entry: entry.added_at)


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/playlists/queue/enqueue/?", EnqueueHandler),
    (r"/api/playlists/queue/next/?", NextHandler),
    (r"/api/playlists/queue/previous/?", PreviousHandler),
    (r"/api/playlists/queue/current/?", CurrentHandler),
    (r"/api/playlists/queue/position/?", PositionHandler),
    (r"/api/playlists/queue/stream/?", StreamHandler),
]
