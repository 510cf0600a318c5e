"""What the SyncPlay contract tells: `{type, userId, data}`; people are named by their public ids."""

from typing import Literal, NotRequired, TypedDict

from roomd.openapi.shapes.musicroom import Fault
from roomd.openapi.shapes.rooms import RoomShown


class Envelope(TypedDict):
    """`userId` is empty where the server itself speaks."""

    userId: str


class RoomNow(RoomShown):
    """`userName` and `isHost`: yours, in the answer to `join`."""

    isPlaying: bool
    position: float
    videoUrl: str
    videoTitle: str
    userName: NotRequired[str]
    isHost: NotRequired[bool]


class RoomStateTold(Envelope):
    type: Literal["room_state"]
    data: RoomNow


class At(TypedDict):
    position: float


class PlayTold(Envelope):
    type: Literal["play"]
    data: At


class PauseTold(Envelope):
    type: Literal["pause"]
    data: At


class SeekTold(Envelope):
    type: Literal["seek"]
    data: At


class VideoData(TypedDict):
    videoUrl: str
    videoTitle: str


class VideoChangedTold(Envelope):
    type: Literal["video_changed"]
    data: VideoData


class LineData(TypedDict):
    message: str
    userName: str
    id: str


class ChatTold(Envelope):
    type: Literal["chat"]
    data: LineData


class CameData(TypedDict):
    userName: str
    isHost: bool


class CameTold(Envelope):
    type: Literal["user_joined"]
    data: CameData


class WentData(TypedDict):
    userName: str
    hostId: str


class WentTold(Envelope):
    type: Literal["user_left"]
    data: WentData


class ErrorTold(Envelope):
    type: Literal["error"]
    data: Fault


TOLD = (RoomStateTold, PlayTold, PauseTold, SeekTold, VideoChangedTold, ChatTold, CameTold, WentTold, ErrorTold)
