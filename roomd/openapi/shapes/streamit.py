"""What the StreamIt contract tells: flat messages; people by their names, `time` in seconds."""

from typing import Literal, TypedDict

from roomd.openapi.shapes.rooms import Time


class Said(TypedDict):
    user: str
    message: str
    timestamp: Time


class RoomParticipants(TypedDict):
    type: Literal["ROOM_PARTICIPANTS"]
    participants: list[str]
    host: str


class ChatHistory(TypedDict):
    type: Literal["CHAT_HISTORY"]
    messages: list[Said]


class PlaybackNow(TypedDict):
    type: Literal["PLAYBACK_STATE"]
    is_playing: bool
    time: float


class Came(TypedDict):
    type: Literal["USER_JOINED"]
    user: str


class Went(TypedDict):
    type: Literal["USER_LEFT"]
    user: str


class ChatTold(TypedDict):
    type: Literal["CHAT_MESSAGE"]
    user: str
    message: str


class PlayTold(TypedDict):
    type: Literal["PLAY"]
    time: float


class PauseTold(TypedDict):
    type: Literal["PAUSE"]
    time: float


class SeekTold(TypedDict):
    type: Literal["SEEK"]
    time: float


class ErrorTold(TypedDict):
    type: Literal["ERROR"]
    message: str


TOLD = (
    RoomParticipants,
    ChatHistory,
    PlaybackNow,
    Came,
    Went,
    ChatTold,
    PlayTold,
    PauseTold,
    SeekTold,
    ErrorTold,
)
