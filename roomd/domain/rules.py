"""The two functions that are the domain: decide what happens, and apply what happened.

`decide` may refuse; `evolve` never fails. Both look the rule up by the type of the command or event, so a new rule is a
function in its subject's file and one line here.
"""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter, is_
from typing import Any

from msgspec import structs

from roomd.domain import (
    abandoned,
    chat,
    door,
    entries,
    listening,
    membership,
    moderation,
    modes,
    permissions,
    personal,
    playback,
    queue,
    radio,
    requests,
    room,
    undo,
    votes,
    waiting,
)
from roomd.domain.actor import Actor
from roomd.domain.commit import Commit
from roomd.domain.moment import Moment
from roomd.domain.refusals import no_such_room
from roomd.domain.room import Room
from roomd.domain.words import Command, Event

#: What can be taken back.
UNDOABLE = frozenset(
    {
        playback.Next,
        playback.PlayEntry,
        playback.Previous,
        queue.Add,
        queue.Clear,
        queue.Load,
        queue.Move,
        queue.Remove,
        queue.Shuffle,
    }
)


class Tick(Command, frozen=True):
    """Time has passed; whatever is due by now happens."""


def _tick(before: Room, command: Tick, actor: Actor, moment: Moment) -> list[Event]:
    return [
        *membership.tick(before, moment),
        *requests.tick(before, moment),
        *playback.tick(before, moment),
        *waiting.tick(before, moment),
    ]


# A rule takes its own kind of command; the table knows which, the type checker cannot.
_DECIDE: Mapping[type[Command], Callable[[Room, Any, Actor, Moment], list[Event]]] = {
    Tick: _tick,
    chat.React: chat.react,
    chat.Say: chat.say,
    door.Admit: door.admit,
    door.SetDoor: door.set_door,
    listening.Listen: listening.listen,
    membership.Attach: membership.attach,
    membership.Detach: membership.detach,
    membership.HandOver: membership.hand_over,
    membership.Join: membership.join,
    membership.Lapse: membership.lapse,
    membership.Leave: membership.leave,
    membership.SetRole: membership.set_role,
    moderation.BanUser: moderation.ban,
    moderation.ClearChat: moderation.clear_chat,
    moderation.DeleteMessage: moderation.delete_message,
    moderation.Kick: moderation.kick,
    moderation.Mute: moderation.mute,
    moderation.Unban: moderation.unban,
    modes.Dj: modes.dj,
    modes.Up: modes.up,
    permissions.Permit: permissions.permit,
    personal.Party: personal.party,
    playback.Next: playback.next_entry,
    playback.Pause: playback.pause,
    playback.Play: playback.play,
    playback.PlayEntry: playback.play_entry,
    playback.Previous: playback.previous,
    playback.Rate: playback.rate,
    playback.Seek: playback.seek,
    queue.Add: queue.add,
    queue.Clear: queue.clear,
    queue.Load: queue.load,
    queue.Measured: queue.measured,
    queue.Move: queue.move,
    queue.Remove: queue.remove,
    queue.Shuffle: queue.shuffle,
    radio.Supply: radio.supply,
    requests.Ask: requests.ask,
    requests.Decide: requests.decide,
    requests.Withdraw: requests.withdraw,
    room.Close: room.close,
    undo.Undo: undo.undo,
    room.Expire: room.expire,
    room.Set: room.set_settings,
    votes.VoteSkip: votes.vote_skip,
    waiting.Ready: waiting.ready,
    waiting.Stalled: waiting.stalled,
}

_EVOLVE: Mapping[type[Event], Callable[[Room, Any], Room]] = {
    chat.Reacted: chat.reacted,
    chat.Said: chat.said,
    door.DoorChanged: door.door_changed,
    door.KnockAnswered: door.knock_answered,
    door.Knocked: door.knocked,
    entries.EntriesAdded: entries.entries_added,
    entries.EntriesRanked: entries.entries_ranked,
    entries.EntriesRemoved: entries.entries_removed,
    entries.EntryMeasured: entries.entry_measured,
    listening.ListeningChanged: listening.listening_changed,
    membership.HostChanged: membership.host_changed,
    membership.MemberJoined: membership.member_joined,
    membership.MemberLeft: membership.member_left,
    membership.MemberRenamed: membership.member_renamed,
    membership.RoleChanged: membership.role_changed,
    membership.SocketClosed: membership.socket_closed,
    membership.SocketOpened: membership.socket_opened,
    moderation.Banned: moderation.banned,
    moderation.ChatCleared: moderation.chat_cleared,
    moderation.MemberMuted: moderation.member_muted,
    moderation.MessageDeleted: moderation.message_deleted,
    moderation.Unbanned: moderation.unbanned,
    modes.DjChanged: modes.dj_changed,
    modes.EntryVoted: modes.entry_voted,
    permissions.RightsChanged: permissions.rights_changed,
    playback.PlaybackChanged: playback.playback_changed,
    requests.RequestDecided: requests.request_decided,
    requests.RequestMade: requests.request_made,
    room.RoomClosed: room.room_closed,
    room.RoomOpened: room.room_opened,
    room.SettingsChanged: room.settings_changed,
    undo.ActNoted: undo.act_noted,
    undo.ActUndone: undo.act_undone,
    votes.SkipVoted: votes.skip_voted,
    waiting.BecameReady: waiting.became_ready,
    waiting.WaitedInVain: waiting.waited_in_vain,
    waiting.WaitingBegan: waiting.waiting_began,
}

#: What the deadline of a room with members depends on.
_TIMELY = attrgetter("entries", "host", "members", "playback", "requests", "waiting")

EVENTS: tuple[type[Event], ...] = tuple(_EVOLVE)


def decide(before: Room, command: Command, actor: Actor, moment: Moment) -> list[Event]:
    """What the command leads to; an empty list when there is nothing to change. Raises a Refusal."""
    return outcome(before, command, actor, moment)[0]


def outcome(before: Room, command: Command, actor: Actor, moment: Moment) -> tuple[list[Event], Room]:
    """As `decide`, with the room as the events leave it, which deciding has to know anyway."""
    if before.closed:
        raise no_such_room()
    events = _DECIDE[type(command)](before, command, actor, moment)
    if not events:
        return [], before
    after = evolve_all(before, events)
    more = _consequences(after, moment)
    whole = waiting.held_back(before, [*events, *more], moment)
    if whole != events:
        after = evolve_all(before, whole)
    rest = waiting.settle(after, moment)
    if type(command) in UNDOABLE:
        rest += undo.note(before, [*whole, *rest], actor, moment)
    return [*whole, *rest], evolve_all(after, rest)


def _consequences(after: Room, moment: Moment) -> list[Event]:
    """What the room's own rules make of what happened: enough votes skip, and the mode orders what is to come."""
    if after.closed:
        return []
    skipped: list[Event] = list(votes.settle(after, moment))
    if after.settings.queue_mode == "host":
        return skipped
    return [*skipped, *modes.arrange(evolve_all(after, skipped))]


def evolve(before: Room, event: Event) -> Room:
    return _EVOLVE[type(event)](before, event)


def evolve_all(before: Room, events: Iterable[Event]) -> Room:
    after = before
    for event in events:
        after = evolve(after, event)
    return after


def apply(before: Room, commit: Commit) -> Room:
    """The room after a commit: its events applied, its number taken on."""
    return numbered(evolve_all(before, commit.events), commit)


def numbered(after: Room, commit: Commit) -> Room:
    """The room as a commit's events have left it, with its number."""
    return structs.replace(after, epoch=commit.epoch, rev=commit.rev, last_activity=commit.at)


def same_deadline(before: Room, after: Room) -> bool:
    """Whether `deadline` is what it was because nothing that it looks at has changed.

    Where nobody is a member it looks at the last activity too, which always changes.
    """
    return bool(after.members) and all(map(is_, _TIMELY(before), _TIMELY(after)))


def deadline(current: Room) -> float | None:
    """The room time of the next thing that time alone will bring about."""
    due = (
        playback.ends_at(current),
        abandoned.abandoned_at(current),
        membership.host_lost_at(current),
        requests.expires_at(current),
        waiting.waits_until(current),
    )
    return min((at for at in due if at is not None), default=None)
