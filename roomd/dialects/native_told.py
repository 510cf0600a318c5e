"""What the native contract tells: the whole room, and every event, as `docs/protocol.md` describes them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

import msgspec

from roomd.dialects.dialect import View
from roomd.domain import door, membership, moderation, requests, votes
from roomd.domain.commit import Commit
from roomd.domain.entries import EntriesAdded, Entry
from roomd.domain.knocks import Knock
from roomd.domain.people import Member, Role, rights_of, role_of
from roomd.domain.permissions import RightsChanged
from roomd.domain.room import Room, RoomOpened
from roomd.domain.undo import Act, ActNoted
from roomd.domain.waiting import WaitedInVain, Waiting, WaitingBegan
from roomd.domain.wishes import Request
from roomd.domain.words import Event

encode = msgspec.json.Encoder().encode


def text(message: object) -> str:
    return encode(message).decode()


def state(view: View) -> str:
    now = view.room
    shown = {
        "id": now.id,
        "code": now.code,
        **msgspec.structs.asdict(now.settings),
        "created_at": now.created_at,
        "owner": now.owner,
        "host": now.host,
        "playback": now.playback,
        "waiting": now.waiting and _waiting(now.waiting),
        "queue": [_entry(now.entries[key], rank) for key, rank in sorted(now.ranks.items(), key=lambda item: item[1])],
        "members": [_member(now, member) for member in now.members.values()],
        "chat": view.chat,
        "rights": {role: sorted(rights_of(now, role)) for role in get_args(Role)},
        "requests": [_request(request) for request in now.requests.values()],
        "pending": [_knock(knock) for knock in now.pending.values()],
        "ups": {entry: sorted(users) for entry, users in now.ups.items()},
        "skip_votes": sorted(now.skip_votes),
        "skip_needed": votes.needed(now),
        "djs": now.djs,
        "acts": [_act(now.acts[key]) for key in sorted(now.acts, key=int)],
    }
    return text({"type": "state", "epoch": now.epoch, "rev": now.rev, "room": shown})


def commit_text(commit: Commit) -> str:
    events = [shown for event in commit.events if (shown := _event(event)) is not None]
    return text(
        {
            "type": "commit",
            "epoch": commit.epoch,
            "rev": commit.rev,
            "at": commit.at,
            "by": commit.by,
            "by_name": commit.by_name,
            "command": commit.command,
            "events": events,
        }
    )


def _event(event: Event) -> object | None:
    """The event as clients know it: most are told as they are, these are not."""
    shown = _SHOWN.get(type(event))
    return event if shown is None else shown(event)


def _presence(user: str, changes: bool, online: bool) -> object | None:
    """Sockets are told of only where they make somebody come or go."""
    return {"type": "presence", "user": user, "online": online} if changes else None


_SHOWN: Mapping[type[Event], Callable[[Any], object | None]] = {
    EntriesAdded: lambda event: {
        "type": "entries_added",
        "entries": [_entry(entry, event.ranks[entry.id]) for entry in event.entries],
    },
    RoomOpened: lambda event: None,
    ActNoted: lambda event: {"type": "act_noted", "act": _act(event.act)},
    door.DoorChanged: lambda event: {"type": "settings_changed", "changes": {"entry_mode": event.entry_mode}},
    door.Knocked: lambda event: {"type": "knocked", "knock": _knock(event.knock)},
    membership.MemberJoined: lambda event: {"type": "member_joined", "member": _joined(event.member)},
    membership.SocketClosed: lambda event: _presence(event.user, event.last, online=False),
    membership.SocketOpened: lambda event: _presence(event.user, event.first, online=True),
    requests.RequestMade: lambda event: {"type": "request_made", "request": _request(event.request)},
    RightsChanged: lambda event: {
        "type": "rights_changed",
        "rights": {role: sorted(rights) for role, rights in event.rights.items()},
    },
    WaitedInVain: lambda event: None,
    WaitingBegan: lambda event: {"type": "waiting_began", "waiting": _waiting(event.waiting)},
    moderation.Banned: lambda event: {"type": "banned", "user": event.keys[0], "name": event.ban.name},
    moderation.Unbanned: lambda event: _unbanned(event.keys),
}


def _unbanned(keys: Sequence[str]) -> object | None:
    """By the user's id: the keys are in no order, and where a guest came from is told to nobody."""
    users = [key for key in keys if not key.startswith("origin:")]
    return {"type": "unbanned", "user": users[0]} if users else None


def _entry(entry: Entry, rank: float) -> Mapping[str, object]:
    return {
        "id": entry.id,
        "rank": rank,
        "by": entry.by,
        "by_name": entry.by_name,
        "added_at": entry.added_at,
        "why": entry.why,
        "track": entry.track,
    }


def _waiting(waiting: Waiting) -> Mapping[str, object]:
    return msgspec.structs.asdict(waiting) | {"missing": sorted(waiting.missing)}


def _act(act: Act) -> Mapping[str, object]:
    return {"id": act.id, "by": act.by, "by_name": act.by_name, "what": act.what, "at": act.at}


def _knock(knock: Knock) -> Mapping[str, object]:
    return {"id": knock.id, "name": knock.name, "guest": knock.guest, "at": knock.at}


def _request(request: Request) -> Mapping[str, object]:
    """With the fields that say nothing yet, which the stored form leaves out."""
    return msgspec.structs.asdict(request)


def _joined(member: Member) -> dict[str, object]:
    role = "cohost" if member.cohost else "member"
    return {
        "id": member.id,
        "name": member.name,
        "role": role,
        "guest": member.guest,
        "online": member.online,
        "joined_at": member.joined_at,
        "muted_until": member.muted_until,
        "listens": member.listens,
    }


def _member(now: Room, member: Member) -> Mapping[str, object]:
    return _joined(member) | {"role": role_of(now, member.id)}
