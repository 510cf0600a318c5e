"""The SyncPlay contract: `{type, userId, data}` both ways, as `docs/syncplay.md` describes it.

Clients send the private `userId` that only they and the server know; what everybody is told names people by their
public ids. Which of the two a message carries is looked at before it comes here (handlers/streamit.py).
"""

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from roomd.dialects.comings import Coming, changes, comings
from roomd.dialects.dialect import Bye, Dialect, Heard, View, WantAdd
from roomd.dialects.room_object import Shape, room_object
from roomd.dialects.spoken import Seconds, fault, moved, ms, new_lines, text, understand
from roomd.domain.actor import LONGEST_NAME, Actor
from roomd.domain.chat import MAX_TEXT, Message, Said, Say
from roomd.domain.commit import Commit
from roomd.domain.ids import EntryId
from roomd.domain.membership import HostChanged
from roomd.domain.people import demand
from roomd.domain.playback import Pause, Play, PlaybackChanged, Seek, position_at
from roomd.domain.refusals import Invalid, Refusal
from roomd.domain.room import Room
from roomd.domain.track import MAX_TEXT as MAX_TITLE
from roomd.domain.track import MAX_URL
from roomd.domain.wanted import Wanted
from roomd.domain.words import Command, snake

_UserId = Annotated[str, Meta(max_length=64)]


class Moved(Struct, frozen=True):
    position: Seconds | None = None


class Sought(Struct, frozen=True):
    position: Seconds


class Named(Struct, frozen=True, rename="camel"):
    user_name: Annotated[str, Meta(max_length=LONGEST_NAME * 4)] | None = None


class Video(Struct, frozen=True, rename="camel"):
    video_url: Annotated[str, Meta(min_length=1, max_length=MAX_URL)]
    video_title: Annotated[str, Meta(max_length=MAX_TITLE)] = ""


class Line(Struct, frozen=True):
    message: Annotated[str, Meta(max_length=MAX_TEXT * 4)]


class _Envelope(Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag=snake):
    user_id: _UserId


class JoinMessage(_Envelope, frozen=True, tag="join"):
    data: Named = Named()


class LeaveMessage(_Envelope, frozen=True, tag="leave"):
    pass


class PlayMessage(_Envelope, frozen=True, tag="play"):
    data: Moved = Moved()


class PauseMessage(_Envelope, frozen=True, tag="pause"):
    data: Moved = Moved()


class SeekMessage(_Envelope, frozen=True, tag="seek"):
    data: Sought


class VideoMessage(_Envelope, frozen=True, tag="video_changed"):
    data: Video


class ChatMessage(_Envelope, frozen=True, tag="chat"):
    data: Line


MESSAGES = (JoinMessage, LeaveMessage, PlayMessage, PauseMessage, SeekMessage, VideoMessage, ChatMessage)
_decoder = msgspec.json.Decoder(reduce(or_, MESSAGES))


class Sender(Struct, frozen=True):
    """Who a message says that it is from; as what they join, if they do."""

    user_id: str
    joins: bool
    name: str | None


def sender(message: str | bytes) -> Sender:
    """Raises Invalid where the message makes no sense, whoever sent it."""
    said = understand(_decoder, message)
    joins = isinstance(said, JoinMessage)
    return Sender(said.user_id, joins, said.data.user_name if joins else None)


def hear(message: str | bytes, room: Room, actor: Actor) -> Heard:
    match understand(_decoder, message):
        case JoinMessage():
            return None
        case LeaveMessage():
            return Bye(leave=True)
        case PlayMessage() | PauseMessage() | SeekMessage() as moving:
            return _moving(moving)
        case VideoMessage(data=Video(video_url=url, video_title=title)):
            demand(room, actor, "skip")
            return WantAdd(video(url, title), play=True)
        case ChatMessage(data=Line(message=said)):
            return Say(text=said)
    raise AssertionError("the decoder knows no other message")


def _moving(said: PlayMessage | PauseMessage | SeekMessage) -> Command:
    match said:
        case PlayMessage(data=Moved(position=position)):
            return Play(position=ms(position), bare=True)
        case PauseMessage(data=Moved(position=position)):
            return Pause(position=ms(position), bare=True)
    return Seek(position=said.data.position * 1_000, bare=True)


def video(url: str, title: str) -> Wanted:
    if not url.strip():
        raise Invalid("Which video? Give its URL.", fields={"video_url": "must not be empty"})
    return Wanted(url=url, title=title, kind="video")


def tell(before: Room, commit: Commit, after: Room) -> list[str]:
    frames = [_person(coming, after) for coming in comings(before, commit, after)]
    for event in commit.events:
        match event:
            case PlaybackChanged():
                frames += _playback(event, before, commit, after)
            case HostChanged():
                frames.append(frame("room_state", commit.by or "", _state(after, commit.at)))
            case Said(message=line):
                frames.append(_line(line))
    return frames


def anew(before: View, after: View) -> list[str]:
    old, new = before.room, after.room
    frames = [_person(coming, new) for coming in changes(old, new)]
    video = _video(new, new.playback.entry)
    if video != _video(old, old.playback.entry):
        frames.append(frame("video_changed", "", video))
    if moved(old, new, after.now):
        same = old.playback.entry == new.playback.entry and old.playback.playing == new.playback.playing
        kind = "seek" if same else "play" if new.playback.playing else "pause"
        frames.append(frame(kind, "", {"position": round(position_at(new.playback, after.now) / 1_000, 3)}))
    if old.host != new.host:
        frames.append(frame("room_state", "", _state(new, after.now)))
    return frames + [_line(line) for line in new_lines(before.chat, after.chat)]


def refuse(refusal: Refusal) -> str:
    return frame("error", "", fault(refusal))


def frame(kind: str, user: str, data: Shape) -> str:
    return text({"type": kind, "userId": user, "data": data})


def _greet(view: View, actor: Actor) -> list[str]:
    you: Shape = {"userName": actor.name, "isHost": actor.id == view.room.host}
    return [frame("room_state", actor.id, _state(view.room, view.now) | you)]


def _state(room: Room, now: float) -> Shape:
    """The room as it is over HTTP, and in the words that messages use."""
    shown = room_object(room, now)
    return shown | {
        "isPlaying": shown["is_playing"],
        "position": shown["current_position"],
        "videoUrl": shown["current_video_url"] or "",
        "videoTitle": shown["current_video_title"] or "",
    }


def _line(line: Message) -> str:
    return frame("chat", line.by, {"message": line.text, "userName": line.by_name, "id": line.id})


def _video(room: Room, key: EntryId | None) -> Shape:
    entry = room.entries.get(key) if key else None
    return {"videoUrl": entry.track.url if entry else "", "videoTitle": entry.track.title if entry else ""}


def _person(coming: Coming, after: Room) -> str:
    if coming.came:
        return frame("user_joined", coming.user, {"userName": coming.name, "isHost": coming.user == after.host})
    return frame("user_left", coming.user, {"userName": coming.name, "hostId": after.host})


def _playback(event: PlaybackChanged, before: Room, commit: Commit, after: Room) -> Iterator[str]:
    """What plays now, where it is another one or the same one anew; then whether, and from where."""
    playback, by = event.playback, commit.by or ""
    if playback.entry != before.playback.entry:
        yield frame("video_changed", by, _video(after, playback.entry))
    kind = "seek" if event.cause in {"seek", "rate"} else "play" if playback.playing else "pause"
    yield frame(kind, by, {"position": round(position_at(playback, commit.at) / 1_000, 3)})


SYNCPLAY = Dialect(name="syncplay", greet=_greet, tell=tell, anew=anew, hear=hear, refuse=refuse)
