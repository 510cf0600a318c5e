"""The Collab contract: `{type, data}` both ways, as `docs/collab.md` describes it."""

from collections.abc import Iterator
from functools import partial
from typing import Literal

import msgspec
from msgspec import Struct

from roomd.dialects.dialect import Dialect, Heard, Reply, Timely, View, WantRequest
from roomd.dialects.room_object import Shape, song, timestamp
from roomd.dialects.spoken import (
    Seconds,
    current_changed,
    fault,
    fields_of,
    line,
    moved,
    ms,
    queue_changed,
    queue_told,
    text,
    understand,
)
from roomd.domain.actor import Actor
from roomd.domain.commit import Commit
from roomd.domain.ids import EntryId
from roomd.domain.playback import Next, Pause, Play, PlaybackChanged, Previous, Seek
from roomd.domain.refusals import Invalid, Refusal
from roomd.domain.requests import Ask, RequestDecided, RequestMade
from roomd.domain.room import Room
from roomd.domain.wanted import Wanted
from roomd.domain.wishes import Action, Request
from roomd.domain.words import snake


class CommandData(Struct, frozen=True):
    command: Literal["play", "pause", "seek", "skip_next", "skip_prev"]
    position: Seconds | None = None


class PlaybackCommand(Struct, frozen=True, tag_field="type", tag=snake):
    data: CommandData


class RequestData(Struct, frozen=True):
    """What is asked for; over HTTP it is the body."""

    action: Action
    url: str = ""
    title: str = ""
    artist: str = ""
    album: str = ""
    duration: Seconds | None = None
    kind: Literal["audio", "video"] | None = None
    id: str | None = None
    before: str | None = None


class RequestPlaylistChange(Struct, frozen=True, tag_field="type", tag=snake):
    data: RequestData


class StateData(Struct, frozen=True):
    sent_at: float | None = None


class RequestPlaybackState(Struct, frozen=True, tag_field="type", tag=snake):
    data: StateData = StateData()


MESSAGES = (PlaybackCommand, RequestPlaylistChange, RequestPlaybackState)
_decoder = msgspec.json.Decoder(PlaybackCommand | RequestPlaylistChange | RequestPlaybackState)


def hear(message: str | bytes, room: Room, actor: Actor) -> Heard:
    match understand(_decoder, message):
        case PlaybackCommand(data=data):
            return _command(data)
        case RequestPlaylistChange(data=data):
            return asked(data)
        case RequestPlaybackState(data=StateData(sent_at=sent_at)):
            return Timely(partial(_answer_state, room, sent_at))
    raise AssertionError("the decoder knows no other message")


def tell(before: Room, commit: Commit, after: Room) -> list[str]:
    frames = [*_decisions(before, commit, after)]
    if queue_changed(before, after):
        frames.append(_playlist(after))
    if current_changed(before, after) or any(isinstance(event, PlaybackChanged) for event in commit.events):
        # What took effect together is told as what came of it.
        frames.append(_state(after, commit.at))
    return frames


def refuse(refusal: Refusal) -> str:
    """Fields are named as they stand in the message, in `data`."""
    told = fault(refusal)
    if refusal.fields:
        told["fields"] = {
            name if name.partition(".")[0] == "data" else f"data.{name}": reason
            for name, reason in fields_of(refusal).items()
        }
    return text({"type": "error", "data": told})


def asked(data: RequestData) -> Ask | WantRequest:
    """The request as the domain takes it. Raises Invalid."""
    if data.action not in {"add", "play_next"}:
        if data.id is None:
            raise Invalid("Which entry? Give its id.", fields={"id": "is required"})
        return Ask(action=data.action, entry=_entry(data.id), before=_entry(data.before))
    if not data.url.strip():
        raise Invalid("Which track? Give its url.", fields={"url": "is required"})
    wanted = Wanted(
        url=data.url,
        title=data.title,
        artist=data.artist,
        album=data.album,
        duration_ms=ms(data.duration or None),
        kind=data.kind,
    )
    return WantRequest(data.action, wanted)


def request_object(request: Request, room: Room) -> Shape:
    """A request as clients know it: who wants what, and what became of it."""
    entry = room.entries.get(request.entry) if request.entry else None
    track = request.track or (entry.track if entry else None)
    return {
        "id": request.id,
        "status": request.status,
        "who": {"id": request.by, "name": request.by_name},
        "what": {
            "action": request.action,
            "title": track.title if track else None,
            "artist": track.artist if track else None,
            "url": track.url if track else None,
            "id": request.entry,
            "before": request.before,
        },
        "reason": request.reason,
        "created_at": timestamp(request.at),
        "decided_at": None if request.decided_at is None else timestamp(request.decided_at),
        "decided_by": request.decided_by,
    }


def anew(before: View, after: View) -> list[str]:
    old, new = before.room, after.room
    changed = [request for key, request in new.requests.items() if old.requests.get(key) != request]
    frames = [text({"type": "request_update", "data": request_object(request, new)}) for request in changed]
    if queue_told(old) != queue_told(new):
        frames.append(_playlist(new))
    if moved(old, new, after.now) or _item(old) != _item(new):
        frames.append(_state(new, after.now))
    return frames


def _greet(view: View, actor: Actor) -> list[str]:
    return [_state(view.room, view.now), _playlist(view.room)]


def _command(data: CommandData) -> Heard:
    position = ms(data.position)
    match data.command:
        case "play":
            return Play(position=position)
        case "pause":
            return Pause(position=position)
        case "skip_next":
            return Next()
        case "skip_prev":
            return Previous()
    if position is None:
        raise Invalid("Where to? Give the position in seconds.", fields={"data.position": "is needed to seek"})
    return Seek(position=position)


def _decisions(before: Room, commit: Commit, after: Room) -> Iterator[str]:
    """Each request that the commit is about, once: as it was left, where it was made and approved in one go."""
    made = {event.request.id: event.request for event in commit.events if isinstance(event, RequestMade)}
    decided = [event.request for event in commit.events if isinstance(event, RequestDecided)]
    for key in dict.fromkeys([*made, *decided]):
        request = after.requests.get(key) or made.get(key)
        if request is not None:
            yield text({"type": "request_update", "data": request_object(request, before)})


def _answer_state(room: Room, sent_at: float | None, now: float) -> Heard:
    return Reply(_state(room, now, {} if sent_at is None else {"sent_at": sent_at}))


def _state(room: Room, now: float, more: Shape | None = None) -> str:
    return text({"type": "playback_state", "data": {**line(room, now), "item": _item(room), **(more or {})}})


def _item(room: Room) -> Shape | None:
    current = room.entries.get(room.playback.entry) if room.playback.entry else None
    return song(current) if current else None


def _playlist(room: Room) -> str:
    return text({"type": "playlist_update", "data": queue_told(room)})


def _entry(key: str | None) -> EntryId | None:
    return None if key is None else EntryId(key)


COLLAB = Dialect(name="collab", greet=_greet, tell=tell, anew=anew, hear=hear, refuse=refuse)
