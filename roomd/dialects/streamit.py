"""The StreamIt contract: flat messages in capitals, people by their names, as `docs/streamit.md` describes it."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from roomd.dialects.comings import comings
from roomd.dialects.dialect import Dialect, Heard, View
from roomd.dialects.room_object import timestamp
from roomd.dialects.spoken import Seconds, ms, text, understand
from roomd.domain.actor import Actor
from roomd.domain.chat import MAX_TEXT, Message, Said, Say
from roomd.domain.commit import Commit
from roomd.domain.membership import HostChanged
from roomd.domain.moderation import ChatCleared
from roomd.domain.people import Right, may
from roomd.domain.playback import Pause, Play, Playback, PlaybackChanged, Seek, position_at
from roomd.domain.refusals import Forbidden, Invalid, Refusal
from roomd.domain.room import Room


class ChatMessage(Struct, frozen=True, tag_field="type", tag="CHAT_MESSAGE"):
    message: Annotated[str, Meta(max_length=MAX_TEXT * 4)]


class PlayMessage(Struct, frozen=True, tag_field="type", tag="PLAY"):
    time: Seconds | None = None


class PauseMessage(Struct, frozen=True, tag_field="type", tag="PAUSE"):
    time: Seconds | None = None


class SeekMessage(Struct, frozen=True, tag_field="type", tag="SEEK"):
    time: Seconds


_decoder = msgspec.json.Decoder(ChatMessage | PlayMessage | PauseMessage | SeekMessage)
_any = msgspec.json.Decoder(dict[str, Any])
#: What each playback message takes.
_TAKES: dict[str, Right] = {"PLAY": "play", "PAUSE": "play", "SEEK": "seek"}


def hear(message: str | bytes, room: Room, actor: Actor) -> Heard:
    kind = understand(_any, message).get("type")
    right = _TAKES.get(kind) if isinstance(kind, str) else None
    if right is not None and not may(room, actor.id, right):
        # Whoever may not steer is passed over in silence, whatever else is wrong with the message.
        return None
    match understand(_decoder, message):
        case ChatMessage(message=said):
            if not may(room, actor.id, "chat"):
                raise Forbidden("You may not chat in this room.", "chat_disabled")
            return Say(text=said)
        case PlayMessage(time=time):
            return Play(position=ms(time), bare=True)
        case PauseMessage(time=time):
            return Pause(position=ms(time), bare=True)
        case SeekMessage(time=time):
            return Seek(position=time * 1_000, bare=True)
    raise AssertionError("the decoder knows no other message")


def tell(before: Room, commit: Commit, after: Room) -> list[str]:
    frames = [_user("USER_JOINED" if came else "USER_LEFT", name) for came, _, name in comings(before, commit, after)]
    for event in commit.events:
        match event:
            case PlaybackChanged(playback=playback, cause=cause):
                frames.append(_playback(playback, cause in {"seek", "rate"}))
            case Said(message=line):
                frames.append(text({"type": "CHAT_MESSAGE", "user": line.by_name, "message": line.text}))
            case HostChanged():
                frames.append(_participants(after))
            case ChatCleared():
                frames.append(_history([]))
    return frames


def refuse(refusal: Refusal) -> str | None:
    # Only playback is refused so (chat is asked for above): the right was lost while the message was under way.
    if isinstance(refusal, Forbidden) and refusal.code == "forbidden":
        return None
    return text({"type": "ERROR", "message": refusal.message})


def speaks(message: str | bytes) -> bool:
    """Whether this is a message of this contract's, which somebody without a token may not send."""
    try:
        understand(_decoder, message)
    except Invalid:
        return False
    return True


def _greet(view: View, actor: Actor) -> list[str]:
    playback = view.room.playback
    state = {
        "type": "PLAYBACK_STATE",
        "is_playing": playback.playing,
        "time": round(position_at(playback, view.now) / 1_000, 3),
    }
    return [_participants(view.room), _history([_line(line) for line in view.chat]), text(state)]


def _participants(room: Room) -> str:
    """Names of those who are there, the longest member first."""
    there = sorted((m for m in room.members.values() if m.online), key=lambda member: (member.joined_at, member.id))
    host = room.members.get(room.host)
    names = [member.name for member in there]
    return text({"type": "ROOM_PARTICIPANTS", "participants": names, "host": host.name if host else ""})


def _history(lines: list[dict[str, object]]) -> str:
    return text({"type": "CHAT_HISTORY", "messages": lines})


def _line(line: Message) -> dict[str, object]:
    return {"user": line.by_name, "message": line.text, "timestamp": timestamp(line.at)}


def _user(kind: str, name: str) -> str:
    return text({"type": kind, "user": name})


def _playback(playback: Playback, moved: bool) -> str:
    kind = "SEEK" if moved else "PLAY" if playback.playing else "PAUSE"
    return text({"type": kind, "time": round(playback.position / 1_000, 3)})


STREAMIT = Dialect(name="streamit", greet=_greet, tell=tell, hear=hear, refuse=refuse)
