"""Rooms that play to nobody: for a while, in case somebody comes back, and not for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from roomd.domain.room import Room

#: Milliseconds for which a room plays on with nobody there.
ABANDONED_MS = 5 * 60_000.0


def abandoned_at(room: Room) -> float | None:
    """When a room that plays to nobody is to stop: not before what was started without a socket has had its time."""
    if not room.playback.playing or any(member.online for member in room.members.values()):
        return None
    return max(_last_seen(room), room.playback.as_of) + ABANDONED_MS


def _last_seen(room: Room) -> float:
    return max((member.seen_at for member in room.members.values()), default=room.last_activity)


def unheard_for(room: Room, now: float) -> float:
    """For how long nobody has been there."""
    return 0.0 if any(member.online for member in room.members.values()) else now - _last_seen(room)
