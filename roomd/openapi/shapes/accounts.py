"""Answers about accounts, health and the server itself."""

from typing import Literal, NotRequired, TypedDict


class Message(TypedDict):
    message: str


class Registered(TypedDict):
    id: str
    username: str
    email: str


class Tokens(TypedDict):
    access: str
    refresh: str


class SocketTicket(TypedDict):
    ticket: str
    expires_in: float


class Profile(TypedDict):
    id: str
    username: str
    email: str
    name: str
    bio: str
    avatar: str


class SignedInUser(TypedDict):
    """`is_admin`: there, and true, of an admin of the server."""

    id: str
    name: str
    username: str
    email: str
    is_guest: bool
    is_admin: NotRequired[bool]


class SignedIn(TypedDict):
    """`expires_in`: seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    user: SignedInUser


class Upgraded(TypedDict):
    """As SignedIn; the refresh token that a guest had goes on."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    user: SignedInUser


class Session(TypedDict):
    """`device`: in words. `current`: the one that asks."""

    id: str
    device: str
    browser: str
    system: str
    address: str
    created_at: str
    last_used: str
    current: bool


class Sessions(TypedDict):
    sessions: list[Session]
    count: int


class Ended(TypedDict):
    """How many sessions."""

    ended: int


class Part(TypedDict):
    ok: bool
    ms: float


class Processes(TypedDict):
    wanted: int
    answering: int


class Health(TypedDict):
    """`behind`: commits that wait to be archived. `processes`: where there are several."""

    status: Literal["ok", "degraded", "unavailable"]
    redis: Part
    postgres: Part
    sockets: int
    behind: int
    processes: NotRequired[Processes]


class Ready(TypedDict):
    status: Literal["ready", "degraded", "unavailable", "draining"]
    reason: NotRequired[str]
    behind: NotRequired[int]


class Live(TypedDict):
    status: Literal["live"]


class Avatar(TypedDict):
    avatar_url: str


class Fault(TypedDict):
    """`fields`: what is wrong with which field. `params`: figures and names in the sentence."""

    code: str
    message: str
    fields: NotRequired[dict[str, str]]
    params: NotRequired[dict[str, str | int]]


class Error(TypedDict):
    """Every refusal. The sentence stands there three times, for readers that expect one string."""

    error: Fault
    message: str
    detail: str
