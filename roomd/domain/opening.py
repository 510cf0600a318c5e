"""Opening a room: the one decision that has no room before it."""

from msgspec import structs

from roomd.domain.actor import Actor
from roomd.domain.ids import Code, RoomId
from roomd.domain.moment import Moment
from roomd.domain.people import Member
from roomd.domain.room import Room, RoomSettings, tidy_settings


def open_room(
    room_id: RoomId, code: Code, settings: RoomSettings, actor: Actor, moment: Moment, *, password_hash: str = ""
) -> Room:
    """A new room, its maker its owner, host and only member. Raises Invalid with the field of a setting."""
    host = Member(id=actor.id, name=actor.name, guest=actor.guest, joined_at=moment.now, seen_at=moment.now)
    return Room(
        id=room_id,
        code=code,
        # Time of making tells one history of a room from another.
        epoch=int(moment.now),
        rev=1,
        settings=tidy_settings(structs.replace(settings)),
        owner=actor.id,
        host=actor.id,
        created_at=moment.now,
        last_activity=moment.now,
        members={actor.id: host},
        password_hash=password_hash,
    )
