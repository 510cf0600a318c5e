"""The native contract, version 1: everything, as `docs/protocol.md` describes it."""

import re
from functools import reduce
from operator import or_
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Struct

from roomd.dialects import native_told
from roomd.dialects.dialect import Dialect, View
from roomd.domain import (
    chat,
    door,
    listening,
    membership,
    moderation,
    modes,
    permissions,
    playback,
    queue,
    requests,
    room,
    sync,
    undo,
    votes,
)
from roomd.domain import (
    waiting as waits,
)
from roomd.domain.actor import Actor
from roomd.domain.commit import Commit
from roomd.domain.ids import EntryId
from roomd.domain.refusals import Invalid, Refusal
from roomd.domain.room import Room
from roomd.domain.wanted import Wanted
from roomd.domain.wishes import Action
from roomd.domain.words import Command, snake

MAX_ID = 64

_MISSING = re.compile("Object missing required field `(.*)`")


class Resume(Struct, frozen=True):
    epoch: int
    rev: Annotated[int, Meta(ge=0)]


class Hello(Struct, frozen=True, tag_field="type", tag=snake):
    token: str | None = None
    password: Annotated[str, Meta(max_length=256)] = ""
    resume: Resume | None = None
    #: Whether the client has a player that says when it is ready, and so may be waited for.
    reports: bool = False


class Ping(Struct, frozen=True, tag_field="type", tag=snake):
    c0: float
    id: int | str | None = None


class Sync(sync.Report, frozen=True, tag_field="type", tag=snake):
    """How closely this client's player keeps to the line. It changes nothing, and there is no answer."""


class Token(Struct, frozen=True, tag_field="type", tag=snake):
    """A fresh one, before the one that let this client in runs out."""

    token: str


class Add(Command, frozen=True):
    """As the domain's, but of tracks as a client knows them: titles and lengths may be missing."""

    tracks: Annotated[tuple[Wanted, ...], Meta(min_length=1, max_length=queue.MAX_ADDED)]
    at: queue.Where = "end"


class Ask(Command, frozen=True):
    """As the domain's, but of a track as a client knows it."""

    action: Action
    track: Wanted | None = None
    entry: EntryId | None = None
    before: EntryId | None = None


class Door(Command, frozen=True):
    """How people come in; the password is hashed before anybody else sees it."""

    entry_mode: room.EntryMode
    password: Annotated[str, Meta(max_length=256)] = ""


#: What a client may ask for. `type` is the class's name in snake_case, unless the class says otherwise.
COMMANDS: tuple[type[Command], ...] = (
    Add,
    Ask,
    Door,
    chat.React,
    chat.Say,
    door.Admit,
    listening.Listen,
    membership.HandOver,
    membership.Leave,
    membership.SetRole,
    moderation.BanUser,
    moderation.ClearChat,
    moderation.DeleteMessage,
    moderation.Kick,
    moderation.Mute,
    moderation.Unban,
    modes.Dj,
    modes.Up,
    permissions.Permit,
    playback.Next,
    playback.Pause,
    playback.Play,
    playback.PlayEntry,
    playback.Previous,
    playback.Rate,
    playback.Seek,
    queue.Clear,
    queue.Measured,
    queue.Move,
    queue.Remove,
    queue.Shuffle,
    requests.Decide,
    requests.Withdraw,
    room.Close,
    room.Set,
    undo.Undo,
    votes.VoteSkip,
    waits.Ready,
    waits.Stalled,
)

_Wire = reduce(or_, COMMANDS, Hello | Ping | Sync | Token)
_decode = msgspec.json.Decoder(_Wire).decode
_decode_any = msgspec.json.Decoder(dict[str, Any]).decode


class Asked(NamedTuple):
    """A command under the client's own id for it."""

    id: str
    command: Command


class Misunderstood(Exception):  # noqa: N818 - an answer, not a fault
    """A message that is no message: the refusal to send back, and the id it was sent under if that could be read."""

    def __init__(self, refusal: Refusal, command_id: str | None = None) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.command_id = command_id


def hear(text: str | bytes) -> Hello | Ping | Sync | Token | Asked:
    """What a client said. Raises Misunderstood."""
    if isinstance(text, bytes):
        raise Misunderstood(Invalid("Messages are text frames; this one is binary."))
    try:
        said = _decode(text)
    except msgspec.ValidationError as fault:
        raise Misunderstood(_wrong(str(fault)), _id_of(text)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Misunderstood(Invalid("That is not JSON.", "invalid_json")) from None
    if not isinstance(said, Command):
        return said  # type: ignore[no-any-return]
    command_id = _id_of(text)
    if command_id is None:
        reason = f"must be a string of 1 to {MAX_ID} characters"
        raise Misunderstood(Invalid(f"id {reason}", fields={"id": reason}))
    return Asked(command_id, said)


def welcome(
    view: View, actor: Actor, *, resumed: bool, clock: str, heartbeat_ms: int, rev: int, token_ms: float
) -> str:
    return native_told.text(
        {
            "type": "welcome",
            "epoch": view.room.epoch,
            "rev": rev,
            "resumed": resumed,
            "you": {"id": actor.id, "name": actor.name, "guest": actor.guest},
            "room": {"id": view.room.id, "code": view.room.code},
            "now": view.now,
            "clock": clock,
            "heartbeat_ms": heartbeat_ms,
            "token_ms": round(token_ms),
        }
    )


def waiting(room: Room) -> str:
    """The host has been asked whether to let this client in."""
    return native_told.text({"type": "waiting", "room": {"code": room.code, "name": room.settings.name}})


def token(token_ms: float) -> str:
    """The fresh token is taken; it is good for so long."""
    return native_told.text({"type": "token", "token_ms": round(token_ms)})


def pong(ping: Ping, received: float, sent: float, clock: str) -> str:
    return native_told.text({"type": "pong", "id": ping.id, "c0": ping.c0, "s1": received, "s2": sent, "clock": clock})


def pulse(now: sync.Pulse) -> str:
    """How closely everybody keeps to the line; the next one replaces it."""
    return native_told.text({"type": "pulse", **now._asdict()})


def ack(command_id: str, epoch: int, rev: int, level: str) -> str:
    """`level`: "archived" or "accepted"."""
    return native_told.text({"type": "ack", "id": command_id, "epoch": epoch, "rev": rev, "level": level})


def error(refusal: Refusal, command_id: str | None = None) -> str:
    message: dict[str, Any] = {"type": "error", "code": refusal.code, "message": refusal.message}
    message |= {"retriable": refusal.temporary}
    if command_id is not None:
        message["id"] = command_id
    if refusal.fields:
        message["fields"] = refusal.fields
    if refusal.params:
        message["params"] = refusal.params
    return native_told.text(message)


def _id_of(text: str | bytes) -> str | None:
    """The message's `id`, where it is one."""
    try:
        found = _decode_any(text).get("id")
    except (msgspec.DecodeError, RecursionError):
        return None
    return found if isinstance(found, str) and 0 < len(found) <= MAX_ID else None


def _wrong(fault: str) -> Invalid:
    """msgspec says `Expected `float` - at `$.position``; a person is told which field, and what it takes."""
    reason, _, path = fault.partition(" - at `$")
    field = path.rstrip("`").lstrip(".")
    if missing := _MISSING.fullmatch(reason):
        field, reason = f"{field}.{missing[1]}".lstrip("."), "is required"
    if not field or field == "type":
        return Invalid(f"Unknown or missing message type: {reason}." if field else reason)
    return Invalid(f"{field}: {reason}", fields={field: reason})


def _tell(before: Room, commit: Commit, after: Room) -> list[str]:
    return [native_told.commit_text(commit)]


NATIVE = Dialect(
    name="native",
    greet=lambda view, actor: [native_told.state(view)],
    tell=_tell,
    anew=lambda before, after: [native_told.state(after)],
    replay=lambda commit: [native_told.commit_text(commit)],
    greets_alike=True,
)
