"""Answers to admins of the server. Times are ms since 1970."""

from typing import Literal, NotRequired, TypedDict

from roomd.openapi.shapes.accounts import Part, Processes


class Catalogue(TypedDict):
    """`answers`: how often it was asked, by whom that was answered (memory, redis, provider, postgresql)."""

    name: str
    label: str
    down: bool
    answers: dict[str, int]


class Overview(TypedDict):
    """`counts`: what is in PostgreSQL, by kind. `behind`: commits that wait to be archived. `limited`: what was refused
    for being too much or too often, by code. What is counted is since the processes started, the first at `since`.
    """

    counts: dict[str, int]
    stores: dict[str, Part]
    sockets: int
    behind: int
    processes: Processes
    catalogues: list[Catalogue]
    limited: dict[str, int]
    since: float
    files: int


#: Of a stretch of the time that is shown; None where nothing was noted.
Point = float | None
Vitals = TypedDict("Vitals", {"from": float, "to": float, "curves": dict[str, list[Point]]})


class OverseenMember(TypedDict):
    id: str
    name: str
    online: bool


class OverseenRoom(TypedDict):
    """What a live room has more: `online`, how many; the host's name; the song's title."""

    id: str
    code: str
    name: str
    state: Literal["live", "asleep", "closed"]
    listed: bool
    personal: bool
    people: int
    tracks: int
    last_activity: float
    online: NotRequired[int]
    members: NotRequired[list[OverseenMember]]
    host: NotRequired[str]
    playing: NotRequired[str]
    is_playing: NotRequired[bool]


class OverseenRooms(TypedDict):
    rooms: list[OverseenRoom]
    count: int


class OverseenLine(TypedDict):
    """`room`: its code. `removed`: it is in no chat any more."""

    id: str
    text: str
    user_id: str
    user: str
    room: str
    room_name: str
    at: float
    removed: bool


class OverseenLines(TypedDict):
    messages: list[OverseenLine]
    count: int


class OverseenRequest(TypedDict):
    """`room`: its code. `title` and `url` are empty where a song of the queue is to be moved or removed."""

    id: str
    action: Literal["add", "play_next", "remove", "move"]
    title: str
    url: str
    user_id: str
    user: str
    room: str
    room_name: str
    room_state: Literal["live", "asleep", "closed"]
    status: Literal["pending", "approved", "rejected", "withdrawn", "expired"]
    reason: str
    at: float


class OverseenRequests(TypedDict):
    requests: list[OverseenRequest]
    count: int


class OverseenPerson(TypedDict):
    id: str
    name: str
    username: str | None
    email: str | None
    guest: bool
    is_admin: bool
    created_at: float
    last_seen: float
    banned_at: float | None
    banned_why: str


class OverseenPeople(TypedDict):
    people: list[OverseenPerson]
    count: int


class OverseenSession(TypedDict):
    id: str
    user_id: str
    name: str
    user_agent: str
    browser: str
    system: str
    created_at: float
    last_used: float
    expires_at: float


class OverseenSessions(TypedDict):
    sessions: list[OverseenSession]
    count: int


class Act(TypedDict):
    """`about`: an id. `what`: what that was called."""

    id: int
    at: float
    admin: str | None
    name: str
    act: str
    about: str
    what: str
    why: str


class Acts(TypedDict):
    acts: list[Act]
    count: int
