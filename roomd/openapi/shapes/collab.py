"""What the Collab contract tells: `{type, data}`."""

from typing import Literal, NotRequired, TypedDict

from roomd.openapi.shapes.musicroom import Fault, Line
from roomd.openapi.shapes.rooms import Request, RoomQueue, RoomSong


class StateTold(Line):
    """`sent_at`: as it came in the message that this answers."""

    item: RoomSong | None
    sent_at: NotRequired[float]


class PlaybackState(TypedDict):
    type: Literal["playback_state"]
    data: StateTold


class PlaylistUpdate(TypedDict):
    type: Literal["playlist_update"]
    data: RoomQueue


class RequestUpdate(TypedDict):
    type: Literal["request_update"]
    data: Request


class CollabError(TypedDict):
    type: Literal["error"]
    data: Fault


TOLD = (PlaybackState, PlaylistUpdate, RequestUpdate, CollabError)
