"""What SyncPlay's documents name beside rooms and control: changing the video, and who is connected."""

from typing import Annotated

from msgspec import Meta, Struct

from roomd.catalogue.resolve import Resolver, title_of
from roomd.dialects.room_object import Shape, timestamp
from roomd.dialects.syncplay import video
from roomd.domain.people import Member, demand
from roomd.domain.queue import Add
from roomd.domain.refusals import Invalid
from roomd.domain.room import Room
from roomd.domain.track import MAX_URL, Track, check_track
from roomd.domain.wanted import Wanted
from roomd.handlers.base import ApiHandler
from roomd.handlers.bounded import elsewhere
from roomd.handlers.counting import count_links
from roomd.handlers.described import operation
from roomd.handlers.of_room import RoomHandler
from roomd.openapi.shapes.rooms import RoomShown, Sessions


class VideoBody(Struct):
    video_url: Annotated[str, Meta(max_length=MAX_URL)]
    video_title: str = ""


@operation("post", "Change the video", needs="skip", body=VideoBody, answer=RoomShown, errors="no_such_track")
class ChangeVideoHandler(RoomHandler):
    takes_user_id = True

    async def post(self, ref: str) -> None:
        """Another video at its start, playing if the room plays; what was queued stays queued behind it."""
        body = self.body(VideoBody)
        actor = await self.actor()
        demand(await self.visible_room(ref, actor), actor, "skip")
        wanted = video(body.video_url, body.video_title)
        await count_links(self.services, [wanted], actor, self.client_address())
        with elsewhere():
            track = await watchable(self.services.resolver, wanted)
        receipt = await self.command(ref, Add(tracks=(track,), play=True, keep=True))
        self.answer_room(receipt.room)


@operation("get", "Open connections", needs="moderate", answer=Sessions)
class SessionsHandler(RoomHandler):
    takes_user_id = True

    async def get(self, ref: str) -> None:
        """Who is connected, for those who run the room."""
        actor = await self.actor()
        room = await self.visible_room(ref, actor)
        if not actor.admin:
            demand(room, actor, "moderate")
        sessions = _sessions(room, self.services.clock.now())
        self.answer({"sessions": sessions, "count": len(sessions)})


async def watchable(resolver: Resolver, wanted: Wanted) -> Track:
    """The video as a track. This contract's clients play what they are told, so a link that cannot be looked at from
    here, or behind which nothing is found, is taken at its word. Raises Invalid where it is no link at all.
    """
    try:
        (track,) = await resolver.resolve([wanted])
    except Invalid as refusal:
        if refusal.code != "not_media":
            fields = {name.replace("tracks[0].", "video_"): reason for name, reason in refusal.fields.items()}
            raise Invalid(refusal.message, refusal.code, fields) from None
        return check_track(title=wanted.title.strip() or title_of(wanted.url), url=wanted.url, kind="video")
    return track


def _sessions(room: Room, now: float) -> list[Shape]:
    """One for each open socket. A connection that is silent for 40 s is closed, so whoever is there was active now."""
    return [_session(room, member, socket, now) for member in room.members.values() for socket in member.sockets]


def _session(room: Room, member: Member, socket: str, now: float) -> Shape:
    return {
        "room": room.id,
        "user_id": member.id,
        "name": member.name,
        "channel_name": socket,
        "connected_at": timestamp(member.seen_at),
        "last_activity": timestamp(now),
    }


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/rooms/([^/]+)/change-video/?", ChangeVideoHandler),
    (r"/api/rooms/([^/]+)/sessions/?", SessionsHandler),
]
