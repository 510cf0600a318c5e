"""A room that is put away: nobody is there, and nothing plays."""

from msgspec import structs

from roomd.domain.playback import current_duration, position_at
from roomd.domain.room import Room
from roomd.domain.track import MAX_DURATION_MS


def at_rest(room: Room, now: float) -> Room:
    """The room without open sockets, whoever had one seen last at room time `now`; what plays stands where it was."""
    members = {
        key: structs.replace(member, sockets=(), seen_at=now) if member.online else member
        for key, member in room.members.items()
    }
    playback = room.playback
    if playback.playing:
        end = current_duration(room) or MAX_DURATION_MS
        playback = structs.replace(playback, position=min(position_at(playback, now), end), playing=False, as_of=now)
    return structs.replace(room, members=members, playback=playback)
