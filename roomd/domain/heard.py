"""What a commit says of who heard what: the stretch of a song that each person has heard since the line was last set.

Nothing is remembered between commits. A line says since when it plays, a member since when they are there; so whoever
makes a commit that ends or breaks a stretch can tell how long it was. Stretches of one run of a song add up, in
whatever order they arrive.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct

from roomd.domain.ids import RoomId, UserId
from roomd.domain.listening import ListeningChanged
from roomd.domain.membership import MemberLeft, SocketClosed, SocketOpened
from roomd.domain.playback import Cause, PlaybackChanged, paced_elsewhere, position_at
from roomd.domain.room import Room, RoomClosed
from roomd.domain.song import Song
from roomd.domain.track import Track

if TYPE_CHECKING:
    from roomd.domain.commit import Commit

Ended = Literal["ended", "skipped", "stopped"]
#: known: adds to what was written of this person and this run, if anything was.
How = Literal["heard", "known"]
#: Milliseconds before a song's end from which going on counts as having heard it all: in some contracts the players say
#: that a song is over by asking for the next one, and fade a little before.
NEARLY_MS = 3_000.0
#: Events that may change who hears what.
_TOUCHING = frozenset({ListeningChanged, MemberLeft, PlaybackChanged, RoomClosed, SocketClosed, SocketOpened})
#: Less than this is no change.
_LEAST_MS = 1.0


class Listen(Struct, frozen=True, kw_only=True):
    """One run of a song as somebody heard it, from room time `at` on. `heard_ms` is of the song, whatever the rate."""

    id: str
    song: Song
    room: RoomId
    at: float
    heard_ms: float
    ended: Ended


class Stretch(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be added for one person. `at`: room time at which they began to hear this stretch."""

    person: UserId
    at: float
    ms: float = 0.0
    how: How = "heard"


class Run(Struct, frozen=True, kw_only=True):
    """A song from when it became current until it is not; `play` names it within its room.

    `ended` is "stopped" as long as it is current.
    """

    play: str
    track: Track
    ended: Ended
    stretches: tuple[Stretch, ...]


class _Ear(NamedTuple):
    at: float
    ms: float
    how: How


class _Current(NamedTuple):
    """A room's run, and when it began."""

    play: str
    track: Track
    began: float


def heard(before: Room, after: Room, commit: Commit) -> list[Run]:
    """What is to be written of the runs that the commit ends, goes on with or begins; [] for most commits."""
    touched = _touched(before, commit)
    if touched is not None and not touched:
        return []
    old, new = _current(before), _current(after)
    was, now = _ears(before, old, commit, touched), _ears(after, new, commit, touched)
    if old is not None and new is not None and old.play == new.play:
        runs = [_run(old, "stopped", _went_on(was, now))]
    else:
        runs = []
        if old is not None:
            runs.append(_run(old, ending := _ending(before, old, commit), _over(before, was, ending, commit.at)))
        if new is not None:
            begun = [Stretch(person=p, at=ear.at, how=ear.how) for p, ear in now.items() if ear.how != "known"]
            runs.append(_run(new, "stopped", begun))
    return [run for run in runs if run.stretches]


def _run(current: _Current, ended: Ended, stretches: list[Stretch]) -> Run:
    return Run(play=current.play, track=current.track, ended=ended, stretches=tuple(stretches))


def _touched(before: Room, commit: Commit) -> Collection[UserId] | None:
    """Those whose hearing may have changed; None: everybody's."""
    users: set[UserId] = set()
    for event in commit.events:
        if type(event) not in _TOUCHING:
            continue
        match event:
            case PlaybackChanged() | RoomClosed():
                return None
            case SocketOpened(user=user) | SocketClosed(user=user) | MemberLeft(user=user):
                users |= {user, before.owner}
            case ListeningChanged(user=user):
                users.add(user)
    return users


def _current(room: Room) -> _Current | None:
    entry = room.entries.get(room.playback.entry) if room.playback.entry and not room.closed else None
    if entry is None:
        return None
    # What starts is noted as played at once, so the last of these is the start of what is current.
    began = room.played[-1][1] if room.played and room.played[-1][0] == entry.track.url else entry.added_at
    return _Current(f"{entry.id}@{began:.0f}", entry.track, began)


def _ears(room: Room, current: _Current | None, commit: Commit, only: Collection[UserId] | None) -> dict[UserId, _Ear]:
    """Who hears the room at the time of the commit, since when, and how much of the song since the line was set."""
    if current is None:
        return {}
    if not any(member.online for member in room.members.values()):
        return _remote(room, current, commit)
    if not room.playback.playing:
        return {}
    users = room.members if only is None else [user for user in only if user in room.members]
    members = [room.members[user] for user in users]
    since = {each.id: max(room.playback.as_of, each.seen_at) for each in members if each.online and each.listens}
    # Most have been there since before the line was set: one sum is for all of them.
    ears = {at: _Ear(at, _heard_ms(room, current, at, commit.at), "heard") for at in {*since.values()}}
    return {user: ears[at] for user, at in since.items()}


def _remote(room: Room, current: _Current, commit: Commit) -> dict[UserId, _Ear]:
    """Whose own queue it is, where they move it without a socket: their player is elsewhere, and the line stands still.

    Only where the run began after everybody was gone; and not by itself, in a queue that plays on for a while.
    """
    owner = room.members.get(room.owner) if paced_elsewhere(room) and not room.playback.playing else None
    if owner is None or max(member.seen_at for member in room.members.values()) > current.began:
        return {}
    begins = current.began >= commit.at and "abandoned" not in _causes(commit)
    ms = max(0.0, min(commit.at - room.playback.as_of, _left(room, current)))
    return {owner.id: _Ear(current.began, ms, "heard" if begins else "known")}


def _heard_ms(room: Room, current: _Current, since: float, now: float) -> float:
    """Milliseconds of the song between two instants of a line that plays, not beyond its end."""
    line = room.playback
    played = position_at(line, now) - position_at(line, since)
    beyond = position_at(line, since) - line.position
    return max(0.0, min(played, _left(room, current) - beyond))


def _left(room: Room, current: _Current) -> float:
    """How much of the song came after the line was set."""
    duration = current.track.duration_ms
    return float("inf") if duration is None else max(0.0, duration - room.playback.position)


def _went_on(was: dict[UserId, _Ear], now: dict[UserId, _Ear]) -> list[Stretch]:
    """The same run: what was heard on the line as it was, less what the line as it is says of the same time."""
    stretches = []
    for person in dict.fromkeys((*was, *now)):
        old, new = was.get(person), now.get(person)
        ms = (old.ms if old else 0.0) - (new.ms if new else 0.0)
        ear = new or old
        if ear is not None and ((old is None) != (new is None) or abs(ms) >= _LEAST_MS):
            stretches.append(Stretch(person=person, at=ear.at, ms=ms, how=ear.how))
    return stretches


def _over(before: Room, was: dict[UserId, _Ear], ended: Ended, now: float) -> list[Stretch]:
    """The run is over: also for those who are there, but did not hear it at the end, because it stood still."""
    stretches = [Stretch(person=person, at=ear.at, ms=ear.ms, how=ear.how) for person, ear in was.items()]
    if ended != "stopped":
        there = (member.id for member in before.members.values() if member.online and member.id not in was)
        stretches += [Stretch(person=person, at=now, how="known") for person in there]
    return stretches


def _ending(before: Room, current: _Current, commit: Commit) -> Ended:
    cause = next(_causes(commit), None)
    duration = current.track.duration_ms
    # A line that does not play, in a queue that is moved from elsewhere, says nothing; how long it was current does.
    remote = not any(member.online for member in before.members.values()) and not before.playback.playing
    reached = commit.at - current.began if remote else position_at(before.playback, commit.at)
    if cause in {"ended", "abandoned"} or (duration is not None and reached >= duration - NEARLY_MS):
        return "ended"
    return "skipped" if cause in {"skipped", "started", "undone"} else "stopped"


def _causes(commit: Commit) -> Iterator[Cause]:
    return (event.cause for event in commit.events if isinstance(event, PlaybackChanged))
