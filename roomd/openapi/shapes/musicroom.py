"""What the MusicRoom contract tells. Spans are seconds, `server_time` is room time in milliseconds."""

from typing import Any, Literal, NotRequired, TypedDict

from roomd.openapi.shapes.rooms import Participant, QueuedSong, RoomSong


class Line(TypedDict):
    """At `position` when the room's clock shows `server_time`, and on from there; `starts_in`: seconds until then."""

    is_playing: bool
    position: float
    rate: float
    server_time: float
    starts_in: float


class Playing(Line):
    song: RoomSong | None


class SongStarted(Playing):
    type: Literal["song_started"]


class SongPaused(Playing):
    type: Literal["song_paused"]


class PlaybackSynced(Playing):
    type: Literal["playback_synced"]


class QueueUpdated(TypedDict):
    type: Literal["queue_updated"]
    queue: list[QueuedSong]
    count: int
    current: str | None


class UserJoined(TypedDict):
    type: Literal["user_joined"]
    user: Participant
    participant_count: int
    online_count: int


class UserLeft(TypedDict):
    """Of whoever is no participant any more, `user` may be the id alone."""

    type: Literal["user_left"]
    user: dict[str, Any]
    participant_count: int
    online_count: int


class Fault(TypedDict):
    code: str
    message: str
    retriable: bool
    fields: NotRequired[dict[str, str]]


class Error(Fault):
    type: Literal["error"]


TOLD = (SongStarted, SongPaused, PlaybackSynced, QueueUpdated, UserJoined, UserLeft, Error)
