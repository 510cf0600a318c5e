"""The MusicRoom contract: flat messages with the fields beside `type`, as `docs/musicroom.md` describes them."""

from collections.abc import Iterator
from functools import partial, reduce
from operator import or_

import msgspec
from msgspec import Struct

from roomd.dialects.dialect import Dialect, Heard, Reply, Timely, View, WantAdd
from roomd.dialects.room_object import Shape, participant, song
from roomd.dialects.spoken import (
    Seconds,
    current_changed,
    fault,
    line,
    moved,
    ms,
    played_anew,
    queue_changed,
    queue_told,
    text,
    understand,
)
from roomd.domain.actor import Actor
from roomd.domain.commit import Commit
from roomd.domain.ids import UserId
from roomd.domain.membership import MemberJoined, MemberLeft, SocketClosed, SocketOpened
from roomd.domain.people import may
from roomd.domain.playback import Next, Pause, Play, PlaybackChanged, Previous, Seek, position_at
from roomd.domain.refusals import Invalid, Refusal
from roomd.domain.room import Room
from roomd.domain.wanted import Wanted
from roomd.domain.words import snake

#: Milliseconds by which a host's player may differ from the room before its report moves everybody: a host that
#: reports once a second is behind by the network's and its player's delay each time, and nobody should stumble over it.
TOLERATED_MS = 1_000.0


class _Message(Struct, frozen=True, tag_field="type", tag=snake):
    pass


class TogglePlayback(_Message, frozen=True):
    is_playing: bool | None = None
    position: Seconds | None = None


class AddSong(_Message, frozen=True):
    title: str = ""
    artist: str = ""
    album: str = ""
    url: str = ""
    audio_url: str = ""
    song_url: str = ""
    duration: Seconds | None = None


class NextSong(_Message, frozen=True):
    pass


class PreviousSong(_Message, frozen=True):
    pass


class SyncPlayback(_Message, frozen=True):
    position: Seconds | None = None


MESSAGES: tuple[type[_Message], ...] = (TogglePlayback, AddSong, NextSong, PreviousSong, SyncPlayback)
_decoder = msgspec.json.Decoder(reduce(or_, MESSAGES))


def hear(message: str | bytes, room: Room, actor: Actor) -> Heard:
    match understand(_decoder, message):
        case TogglePlayback(is_playing=wanted, position=position):
            playing = not room.playback.playing if wanted is None else wanted
            return Play(position=ms(position)) if playing else Pause(position=ms(position))
        case AddSong() as song_wanted:
            return WantAdd(_wanted(song_wanted))
        case NextSong():
            return Next()
        case PreviousSong():
            return Previous()
        case SyncPlayback(position=position):
            return Timely(partial(_sync, room, actor, ms(position)))
    raise AssertionError("the decoder knows no other message")


def tell(before: Room, commit: Commit, after: Room) -> list[str]:
    frames = [*_people(before, commit, after)]
    if queue_changed(before, after):
        frames.append(_queue(after))
    changes = [event for event in commit.events if isinstance(event, PlaybackChanged)]
    if changes:
        # What took effect together is told as what came of it.
        frames.append(_playback(changes[-1], before, after, commit.at))
    elif current_changed(before, after):
        frames.append(_synced(after, commit.at))
    return frames


def anew(before: View, after: View) -> list[str]:
    old, new = before.room, after.room
    frames = [*_people_apart(old, new)]
    if queue_told(old) != queue_told(new):
        frames.append(_queue(new))
    if moved(old, new, after.now) or _song(old) != _song(new):
        other = old.playback.entry != new.playback.entry
        kind = "song_paused" if old.playback.playing and not new.playback.playing else "playback_synced"
        began = new.playback.playing and (other or not old.playback.playing)
        frames.append(_state("song_started" if began else kind, new, after.now))
    return frames


def refuse(refusal: Refusal) -> str:
    return text({"type": "error", **fault(refusal)})


def _greet(view: View, actor: Actor) -> list[str]:
    return [_queue(view.room), _synced(view.room, view.now)]


def _sync(room: Room, actor: Actor, position: float | None, now: float) -> Heard:
    """A host's player leads the room; everybody else's asks where the room is."""
    playback = room.playback
    # There may be a line without an entry: what the room watches is nothing that the server knows of.
    idle = playback.entry is None and not playback.playing and playback.position == 0
    if position is None or idle or not may(room, actor.id, "seek"):
        return Reply(_synced(room, now))
    apart = abs(position - position_at(playback, now))
    return Seek(position=position) if apart > TOLERATED_MS else Reply(_synced(room, now))


def _wanted(said: AddSong) -> Wanted:
    url = said.url or said.audio_url or said.song_url
    if not url.strip():
        raise Invalid("A song needs the URL of its audio.", fields={"url": "is required"})
    return Wanted(
        url=url,
        title=said.title,
        artist=said.artist,
        album=said.album,
        duration_ms=ms(said.duration or None),
        kind="audio",
    )


def _people(before: Room, commit: Commit, after: Room) -> Iterator[str]:
    """One message for each person who came or went, however many events that took."""
    told: set[UserId] = set()
    for event in commit.events:
        match event:
            case MemberJoined(member=member) if member.id not in told:
                told.add(member.id)
                yield _person("user_joined", after, after, member.id)
            case SocketOpened(user=user, first=True) if user not in told:
                told.add(user)
                yield _person("user_joined", after, after, user)
            case SocketClosed(user=user, last=True):
                yield _person("user_left", after, after, user)
            case MemberLeft(user=user):
                yield _person("user_left", before, after, user)


def _people_apart(before: Room, after: Room) -> Iterator[str]:
    """Who left or is offline, then who joined or is online."""
    for user, member in before.members.items():
        now = after.members.get(user)
        if now is None or member.online > now.online:
            yield _person("user_left", after if now else before, after, user)
    for user, member in after.members.items():
        was = before.members.get(user)
        if was is None or member.online > was.online:
            yield _person("user_joined", after, after, user)


def _person(kind: str, known: Room, after: Room, user: UserId) -> str:
    member = known.members.get(user)
    return text(
        {
            "type": kind,
            "user": participant(known, member) if member else {"id": user},
            "participant_count": len(after.members),
            "online_count": sum(each.online for each in after.members.values()),
        }
    )


def _queue(room: Room) -> str:
    shown = queue_told(room)
    return text(
        {"type": "queue_updated", "queue": shown["entries"], "count": shown["count"], "current": shown["current"]}
    )


def _playback(event: PlaybackChanged, before: Room, after: Room, at: float) -> str:
    if played_anew(event, before):
        return _state("song_started", after, at)
    if before.playback.playing and not after.playback.playing:
        return _state("song_paused", after, at)
    return _synced(after, at)


def _synced(room: Room, now: float) -> str:
    return _state("playback_synced", room, now)


def _state(kind: str, room: Room, now: float) -> str:
    return text({"type": kind, "song": _song(room), **line(room, now)})


def _song(room: Room) -> Shape | None:
    current = room.entries.get(room.playback.entry) if room.playback.entry else None
    return song(current) if current else None


MUSICROOM = Dialect(name="musicroom", greet=_greet, tell=tell, anew=anew, hear=hear, refuse=refuse)
