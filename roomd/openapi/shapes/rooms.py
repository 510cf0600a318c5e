"""Answers about rooms. Positions and durations are seconds, times are ISO 8601 in UTC."""

from typing import Annotated, Literal, NotRequired, TypedDict

from msgspec import Meta

from roomd.domain.people import Right, Role
from roomd.domain.room import EntryMode, Repeat, Visibility
from roomd.domain.sync import Player, State
from roomd.domain.wishes import Action, Status

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class Person(TypedDict):
    id: str
    name: str


class RoomSong(TypedDict):
    """A song in a room's queue. `why`: why the radio added it, or empty."""

    id: str
    title: str
    artist: str
    album: str
    url: str
    cover: str
    kind: Literal["audio", "video"]
    source: str
    duration: float | None
    added_by: Person
    added_at: Time
    why: str


class QueuedSong(RoomSong):
    position: int
    is_current: bool


class RoomQueue(TypedDict):
    """`current`: an entry's id."""

    entries: list[QueuedSong]
    count: int
    current: str | None


class Participant(TypedDict):
    id: str
    name: str
    role: Role
    is_host: bool
    is_online: bool
    is_active: bool
    joined_at: Time


class RoomCard(TypedDict):
    """A room without its people."""

    id: str
    code: str
    name: str
    description: str
    theme: str
    visibility: Visibility
    entry_mode: EntryMode
    chat_enabled: bool
    autoplay: bool
    repeat: Repeat
    radio: bool
    host: str
    host_id: str
    created_at: Time
    last_activity: Time
    is_playing: bool
    current_position: float
    current_song: RoomSong | None
    current_video_url: str | None
    current_video_title: str | None
    queue_length: int
    participant_count: int
    online_count: int


class RoomShown(RoomCard):
    participants: list[Participant]


class Waiting(TypedDict):
    user_id: str
    name: str
    requested_at: Time


class RoomSeen(RoomShown):
    """`pending`: for those who answer the door, where `entry_mode` is `approval`."""

    pending: NotRequired[list[Waiting]]


class RoomMade(RoomShown):
    """What whoever had no token needs from now on is there for them alone. `user_id` is as secret as a token."""

    room_id: str
    user_id: NotRequired[str]
    public_id: NotRequired[str]
    access_token: NotRequired[str]
    refresh_token: NotRequired[str]


class RoomJoined(RoomMade):
    status: Literal["JOINED"]


class RoomPending(TypedDict):
    """The host has to answer first."""

    status: Literal["PENDING"]
    id: str
    room_id: str
    code: str
    name: str
    user_id: NotRequired[str]
    public_id: NotRequired[str]
    access_token: NotRequired[str]
    refresh_token: NotRequired[str]


class MusicRoomJoined(RoomShown):
    status: Literal["JOINED"]


class MusicRoomPending(TypedDict):
    status: Literal["PENDING"]
    id: str
    code: str
    name: str


class Rooms(TypedDict):
    rooms: list[RoomCard]
    count: int


class Answered(TypedDict):
    user_id: str
    status: Literal["APPROVED", "REJECTED"]


class Knocking(TypedDict):
    user_id: str
    name: str
    is_guest: bool
    at: Time


class Pending(TypedDict):
    pending: list[Knocking]
    count: int


class Ban(TypedDict):
    user_id: str
    name: str
    banned_by: str
    at: Time
    reason: str


class Bans(TypedDict):
    bans: list[Ban]
    count: int


class AuditLine(TypedDict):
    """`user_id` is null where the server itself acted."""

    at: Time
    user_id: str | None
    user: str
    action: str


class Audit(TypedDict):
    audit: list[AuditLine]
    count: int


class Rights(TypedDict):
    rights: dict[Role, list[Right]]


class Votes(TypedDict):
    votes: int
    needed: int
    skipped: bool


class EntryVotes(TypedDict):
    votes: int


class Djs(TypedDict):
    djs: list[Person]


class ChatData(TypedDict):
    message: str


class ChatLine(TypedDict):
    """`reactions`: emoji → ids of those who reacted so."""

    id: str
    user_id: str
    user: str
    message_type: Literal["chat"]
    message: str
    data: ChatData
    reply_to: str | None
    reactions: dict[str, list[str]]
    timestamp: Time


class Chat(TypedDict):
    messages: list[ChatLine]
    count: int


class Rev(TypedDict):
    """The number of the commit that it led to."""

    rev: int


class RoomSession(TypedDict):
    room: str
    user_id: str
    name: str
    channel_name: str
    connected_at: Time
    last_activity: Time


class Sessions(TypedDict):
    sessions: list[RoomSession]
    count: int


class What(TypedDict):
    action: Action
    title: str | None
    artist: str | None
    url: str | None
    id: str | None
    before: str | None


class Request(TypedDict):
    """`decided_by`: an id; null when nobody did, or not yet."""

    id: str
    status: Status
    who: Person
    what: What
    reason: str
    created_at: Time
    decided_at: Time | None
    decided_by: str | None


class Requests(TypedDict):
    requests: list[Request]
    count: int


class Listener(TypedDict):
    state: State
    player: Player | None
    error: float | None
    p95: float | None
    uncertainty: float | None
    at: float


class Pulse(TypedDict):
    """How closely players keep to the line: milliseconds."""

    type: Literal["pulse"]
    at: float
    listeners: int
    p50: float | None
    p95: float | None
    members: dict[str, Listener]
