"""The WebSockets: where each contract is spoken, and what is said in it both ways."""

from typing import NamedTuple

from roomd.dialects import collab, musicroom, native, streamit, syncplay
from roomd.domain.rules import EVENTS
from roomd.openapi.shapes import collab as collab_told
from roomd.openapi.shapes import musicroom as musicroom_told
from roomd.openapi.shapes import native as native_told
from roomd.openapi.shapes import streamit as streamit_told
from roomd.openapi.shapes import syncplay as syncplay_told

#: Why a socket is closed, and whether to come back.
CLOSINGS: dict[int, tuple[str, str]] = {
    1000: ("you left", "no"),
    1002: ("the client broke the rules of WebSocket", "no"),
    1007: ("a text was not UTF-8", "no"),
    1009: ("a message was too large", "yes"),
    1012: ("the server restarts, or a part of it does not answer", "yes, after the milliseconds of the reason"),
    4000: ("no `hello` in time", "yes"),
    4001: ("silent for 40 s", "yes"),
    4008: ("too slow: more than 1 MiB was waiting to be sent", "yes"),
    4500: ("repeated malformed input", "no"),
    4501: ("the token was refused, has run out, or was revoked", "with a new token"),
    4503: ("you may not enter, or were removed", "no"),
    4504: ("no such room, or it was closed", "no"),
}
#: Events that clients are told otherwise, or not at all: sockets are told as presence, the door as a setting.
_HIDDEN = frozenset({"socket_opened", "socket_closed", "room_opened", "door_changed", "waited_in_vain"})


class Channel(NamedTuple):
    """`hears` is what clients say, `tells` what they are told. `admission`: how a client says who it is."""

    name: str
    title: str
    address: str
    admission: str
    hears: tuple[type, ...]
    tells: tuple[type, ...]
    about: str
    #: What stands in no message's type and goes with it: the id that a command is acknowledged under.
    commands: tuple[type, ...] = ()


def tag_of(kind: type) -> str:
    """The `type` that a message or an event has on the wire."""
    config = getattr(kind, "__struct_config__", None)
    if config is not None:
        return str(config.tag)
    (tag,) = kind.__annotations__["type"].__args__
    return str(tag)


def events_told() -> dict[str, type]:
    """Every event of a native commit by its `type`, in the shape that clients know."""
    shaped = {tag_of(kind): kind for kind in native_told.EVENTS_TOLD}
    kept = {tag_of(kind): kind for kind in EVENTS if tag_of(kind) not in _HIDDEN}
    return dict(sorted((kept | shaped).items()))


CHANNELS = (
    Channel(
        name="native",
        title="Native",
        address="/ws/v1/{room}/",
        admission="in the first message, `hello`; or in the query.",
        hears=(native.Hello, native.Ping, native.Sync, native.Token, *native.COMMANDS),
        tells=native_told.TOLD,
        about="Everything a room can do: commits under numbers, resuming after one, acknowledged commands.",
        commands=native.COMMANDS,
    ),
    Channel(
        name="musicroom",
        title="MusicRoom",
        address="/ws/rooms/{room}/",
        admission="in the query.",
        hears=musicroom.MESSAGES,
        tells=musicroom_told.TOLD,
        about="Host playback and a shared queue, in flat messages.",
    ),
    Channel(
        name="collab",
        title="Collab",
        address="/ws/sessions/{room}/",
        admission="in the query.",
        hears=collab.MESSAGES,
        tells=collab_told.TOLD,
        about="Guests ask for changes, the host approves.",
    ),
    Channel(
        name="syncplay",
        title="SyncPlay",
        address="/ws/room/{room}/",
        admission="none, but the first message is `join` with the private `userId` that create or join gave out.",
        hears=syncplay.MESSAGES,
        tells=syncplay_told.TOLD,
        about="Video in step, by a private user id.",
    ),
    Channel(
        name="streamit",
        title="StreamIt",
        address="/ws/room/{room}/?token=",
        admission="in the query; without one this address speaks SyncPlay.",
        hears=streamit.MESSAGES,
        tells=streamit_told.TOLD,
        about="Presence, chat and one PLAYBACK_STATE on entering.",
    ),
)
