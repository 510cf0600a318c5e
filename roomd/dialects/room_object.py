"""The room object of the HTTP contracts: a superset, in which each contract finds its own fields. Spans are seconds."""

from datetime import UTC, datetime
from functools import lru_cache

from roomd.domain.chat import Message
from roomd.domain.entries import Entry, ordered
from roomd.domain.people import Member, role_of
from roomd.domain.playback import position_at
from roomd.domain.room import Room

Shape = dict[str, object]


def room_object(room: Room, now: float) -> Shape:
    """The whole room, for those who may see it."""
    return room_card(room, now) | {"participants": [participant(room, member) for member in room.members.values()]}


def room_card(room: Room, now: float) -> Shape:
    """The room without its people: what a list shows."""
    current = room.entries.get(room.playback.entry) if room.playback.entry else None
    settings = room.settings
    host = room.members.get(room.host)
    return {
        "id": room.id,
        "code": room.code,
        "name": settings.name,
        "description": settings.description,
        "theme": settings.theme,
        "visibility": settings.visibility,
        "entry_mode": settings.entry_mode,
        "chat_enabled": settings.chat_enabled,
        "autoplay": settings.autoplay,
        "repeat": settings.repeat,
        "radio": settings.radio,
        "host": host.name if host else "",
        "host_id": room.host,
        "created_at": timestamp(room.created_at),
        "last_activity": timestamp(room.last_activity),
        "is_playing": room.playback.playing,
        "current_position": round(position_at(room.playback, now) / 1_000, 3),
        "current_song": song(current) if current else None,
        "current_video_url": current.track.url if current else None,
        "current_video_title": current.track.title if current else None,
        "queue_length": len(room.entries),
        "participant_count": len(room.members),
        "online_count": sum(member.online for member in room.members.values()),
    }


def participant(room: Room, member: Member) -> Shape:
    return {
        "id": member.id,
        "name": member.name,
        "role": role_of(room, member.id),
        "is_host": member.id == room.host,
        "is_online": member.online,
        "is_active": True,
        "joined_at": timestamp(member.joined_at),
    }


def song(entry: Entry) -> Shape:
    track = entry.track
    duration = track.duration_ms
    return {
        "id": entry.id,
        "title": track.title,
        "artist": track.artist,
        "album": track.album,
        "url": track.url,
        "cover": track.cover,
        "kind": track.kind,
        "source": track.source,
        "duration": None if duration is None else round(duration / 1_000, 3),
        "added_by": {"id": entry.by, "name": entry.by_name},
        "added_at": timestamp(entry.added_at),
        "why": entry.why,
    }


def queue_object(room: Room) -> Shape:
    """The queue in order; positions count from 0."""
    current = room.playback.entry
    entries = [
        song(room.entries[key]) | {"position": position, "is_current": key == current}
        for position, key in enumerate(ordered(room))
    ]
    return {"entries": entries, "count": len(entries), "current": current}


def message_object(message: Message) -> Shape:
    return {
        "id": message.id,
        "user_id": message.by,
        "user": message.by_name,
        "message_type": "chat",
        "message": message.text,
        "data": {"message": message.text},
        "reply_to": message.reply_to,
        "reactions": message.reactions,
        "timestamp": timestamp(message.at),
    }


@lru_cache(maxsize=1_024)
def timestamp(ms: float) -> str:
    return datetime.fromtimestamp(ms / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
