"""What the native contract tells. Times are room time, and all spans milliseconds."""

from typing import Any, Literal, NotRequired, TypedDict

import msgspec

from roomd.domain.chat import Message
from roomd.domain.people import Right, Role
from roomd.domain.playback import Playback
from roomd.domain.room import RoomSettings
from roomd.domain.sync import Shown
from roomd.domain.track import Track
from roomd.domain.wishes import Request


class You(TypedDict):
    id: str
    name: str
    guest: bool


class WelcomeRoom(TypedDict):
    id: str
    code: str


class Welcome(TypedDict):
    type: Literal["welcome"]
    epoch: int
    rev: int
    resumed: bool
    you: You
    room: WelcomeRoom
    now: float
    clock: str
    heartbeat_ms: int
    #: For how much longer the token that let this client in is good.
    token_ms: int


class TokenTaken(TypedDict):
    """A fresh token is taken; it is good for so long."""

    type: Literal["token"]
    token_ms: int


class WaitingRoom(TypedDict):
    code: str
    name: str


class AtTheDoor(TypedDict):
    """The host has been asked whether to let this client in."""

    type: Literal["waiting"]
    room: WaitingRoom


class Pong(TypedDict):
    """`c0` as it came; `s1` and `s2`: when the server received and answered."""

    type: Literal["pong"]
    id: int | str | None
    c0: float
    s1: float
    s2: float
    clock: str


class PulseTold(TypedDict):
    """How closely players keep to the line; the next one replaces it."""

    type: Literal["pulse"]
    at: float
    listeners: int
    p50: float | None
    p95: float | None
    members: dict[str, Shown]


class Ack(TypedDict):
    type: Literal["ack"]
    id: str
    epoch: int
    rev: int
    level: Literal["archived", "accepted"]


class Refused(TypedDict):
    """`id`: of the command that was refused, where it had one. `retriable`: the very same may succeed later."""

    type: Literal["error"]
    code: str
    message: str
    retriable: bool
    id: NotRequired[str]
    fields: NotRequired[dict[str, str]]
    params: NotRequired[dict[str, str | int]]


class NativeEntry(TypedDict):
    id: str
    rank: float
    by: str
    by_name: str
    added_at: float
    why: str
    track: Track


class NativeMember(TypedDict):
    id: str
    name: str
    role: Role
    guest: bool
    online: bool
    joined_at: float
    muted_until: float
    listens: bool


class NativeKnock(TypedDict):
    id: str
    name: str
    guest: bool
    at: float


class NativeAct(TypedDict):
    id: str
    by: str
    by_name: str
    what: Literal["added", "removed", "ordered", "skipped"]
    at: float


class NativeWaiting(TypedDict):
    entry: str
    why: Literal["load", "buffering"]
    since: float
    until: float
    missing: list[str]


#: Beside the settings, what a state holds.
_STATE: list[tuple[str, Any]] = [
    ("id", str),
    ("code", str),
    ("created_at", float),
    ("owner", str),
    ("host", str),
    ("playback", Playback),
    ("waiting", NativeWaiting | None),
    ("queue", list[NativeEntry]),
    ("members", list[NativeMember]),
    ("chat", list[Message]),
    ("rights", dict[Role, list[Right]]),
    ("requests", list[Request]),
    ("pending", list[NativeKnock]),
    ("ups", dict[str, list[str]]),
    ("skip_votes", list[str]),
    ("skip_needed", int),
    ("djs", list[str]),
    ("acts", list[NativeAct]),
]
RoomState = msgspec.defstruct(
    "RoomState", [*((field.name, field.type) for field in msgspec.structs.fields(RoomSettings)), *_STATE]
)


class State(TypedDict):
    """The whole room as of `rev`."""

    type: Literal["state"]
    epoch: int
    rev: int
    room: RoomState  # type: ignore[valid-type]


class Committed(TypedDict):
    """`by` is null where the server itself acted; `command` is the sender's id for it."""

    type: Literal["commit"]
    epoch: int
    rev: int
    at: float
    by: str | None
    by_name: str
    command: str | None
    events: list[dict[str, Any]]


class EntriesAddedTold(TypedDict):
    type: Literal["entries_added"]
    entries: list[NativeEntry]


class ActNotedTold(TypedDict):
    type: Literal["act_noted"]
    act: NativeAct


class KnockedTold(TypedDict):
    type: Literal["knocked"]
    knock: NativeKnock


class MemberJoinedTold(TypedDict):
    type: Literal["member_joined"]
    member: NativeMember


class Presence(TypedDict):
    type: Literal["presence"]
    user: str
    online: bool


class RequestMadeTold(TypedDict):
    type: Literal["request_made"]
    request: Request


class RightsChangedTold(TypedDict):
    type: Literal["rights_changed"]
    rights: dict[Role, list[Right]]


class WaitingBeganTold(TypedDict):
    type: Literal["waiting_began"]
    waiting: NativeWaiting


class BannedTold(TypedDict):
    type: Literal["banned"]
    user: str
    name: str


class UnbannedTold(TypedDict):
    type: Literal["unbanned"]
    user: str


#: What a server says, beside commits.
TOLD = (Welcome, TokenTaken, AtTheDoor, Pong, PulseTold, Ack, Refused, State, Committed)
#: Events that are told otherwise than they are kept, in the shape that clients know.
EVENTS_TOLD = (
    EntriesAddedTold,
    ActNotedTold,
    KnockedTold,
    MemberJoinedTold,
    Presence,
    RequestMadeTold,
    RightsChangedTold,
    WaitingBeganTold,
    BannedTold,
    UnbannedTold,
)
