"""The StreamIt contract: flat messages in capitals, people by their names, as `docs/streamit.md` describes it."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from roomd.dialects.comings import changes, comings
from roomd.dialects.dialect import Dialect, Heard, View
from roomd.dialects.room_object import timestamp
from roomd.dialects.spoken import Seconds, lines_lost, moved, ms, new_lines, text, understand
from roomd.domain.actor import Actor
from roomd.domain.chat import MAX_TEXT, Message, Said, Say
from roomd.domain.commit import Commit
from roomd.domain.membership import HostChanged, MemberRenamed
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


MESSAGES = (ChatMessage, PlayMessage, PauseMessage, SeekMessage)
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
                frames.append(_playback(playback, position_at(playback, commit.at), cause in {"seek", "rate"}))
            case Said(message=line):
                frames.append(_said(line))
            case HostChanged():
                frames.append(_participants(after))
            case MemberRenamed(user=user) if user == after.host:
                frames.append(_participants(after))
            case ChatCleared():
                frames.append(_history([]))
    return frames


def anew(before: View, after: View) -> list[str]:
    """There is one PLAYBACK_STATE for each connection; so what is different is told as if it had just been done."""
    old, new = before.room, after.room
    frames = [_user("USER_JOINED" if came else "USER_LEFT", name) for came, _, name in changes(old, new)]
    if _host(old) != _host(new):
        frames.append(_participants(new))
    if moved(old, new, after.now):
        same = old.playback.entry == new.playback.entry and old.playback.playing == new.playback.playing
        frames.append(_playback(new.playback, position_at(new.playback, after.now), same))
    if lines_lost(before.chat, after.chat):
        return [*frames, _history([_line(line) for line in after.chat])]
    return frames + [_said(line) for line in new_lines(before.chat, after.chat)]


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
    names = [member.name for member in there]
    return text({"type": "ROOM_PARTICIPANTS", "participants": names, "host": _host(room)})


def _host(room: Room) -> str:
    host = room.members.get(room.host)
    return host.name if host else ""


def _history(lines: list[dict[str, object]]) -> str:
    return text({"type": "CHAT_HISTORY", "messages": lines})


def _line(line: Message) -> dict[str, object]:
    return {"user": line.by_name, "message": line.text, "timestamp": timestamp(line.at)}


def _said(line: Message) -> str:
    return text({"type": "CHAT_MESSAGE", "user": line.by_name, "message": line.text})


def _user(kind: str, name: str) -> str:
    return text({"type": kind, "user": name})


def _playback(playback: Playback, position: float, sought: bool) -> str:
    kind = "SEEK" if sought else "PLAY" if playback.playing else "PAUSE"
    return text({"type": kind, "time": round(position / 1_000, 3)})


STREAMIT = Dialect(name="streamit", greet=_greet, tell=tell, anew=anew, hear=hear, refuse=refuse)
