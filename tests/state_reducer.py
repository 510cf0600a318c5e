"""A client of the native contract, written from docs/protocol.md alone as another implementer would: no roomd in it."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil, sqrt
from typing import Any

Wire = dict[str, Any]

#: "The last 200 that were approved, rejected, withdrawn or have expired"; "the last 10 things done to the queue".
DECIDED_KEPT = 200
ACTS_KEPT = 10
#: Causes after which votes stand, where the entry is the same.
SAME_RUN = {"play", "pause", "seek", "rate", "abandoned", "ready", "buffering"}


class Client:
    """Holds `room`, shaped like the state's; and by user who is banned, of which events tell and the state does not."""

    def __init__(self) -> None:
        self.room: Wire = {}
        self.banned: dict[str, str] = {}

    def begin(self, room: Wire) -> Wire:
        self.room = room
        return room

    def take(self, events: Sequence[Wire]) -> Wire:
        """The room after a commit."""
        for event in events:
            EVENTS.get(event["type"], _ignored)(self, event)
        self.room["skip_needed"] = _needed(self.room)
        return self.room

    def member(self, user: str) -> Wire:
        return _found(self.room["members"], user)


def _ignored(client: Client, event: Wire) -> None:
    """Unknown types are to be ignored."""


def _needed(room: Wire) -> int:
    there = [each for each in room["members"] if each["online"] and each["listens"]]
    count = sum("vote" in room["rights"][each["role"]] for each in there)
    share: float = room["skip_share"]
    return max(1, ceil(share * (count if count <= 25 else sqrt(25 * count))))


def _found(items: Sequence[Wire], key: str) -> Wire:
    return {item["id"]: item for item in items}[key]


def _without(items: Sequence[Wire], key: str) -> list[Wire]:
    return [item for item in items if item["id"] != key]


def _toggled(users: Sequence[str], user: str, on: bool) -> list[str]:
    others = [each for each in users if each != user]
    return [*others, user] if on else others


def _settings_changed(client: Client, event: Wire) -> None:
    client.room |= event["changes"]


def _knocked(client: Client, event: Wire) -> None:
    client.room["pending"].append(event["knock"])


def _knock_answered(client: Client, event: Wire) -> None:
    client.room["pending"] = _without(client.room["pending"], event["user"])


def _member_joined(client: Client, event: Wire) -> None:
    client.room["members"].append(event["member"])
    client.room["pending"] = _without(client.room["pending"], event["member"]["id"])


def _member_left(client: Client, event: Wire) -> None:
    room, user = client.room, event["user"]
    room["members"] = _without(room["members"], user)
    room["djs"] = _toggled(room["djs"], user, False)
    room["skip_votes"] = _toggled(room["skip_votes"], user, False)
    for entry in list(room["ups"]):
        _up(room, entry, user, False)


def _up(room: Wire, entry: str, user: str, on: bool) -> None:
    room["ups"][entry] = _toggled(room["ups"].get(entry, []), user, on)
    if not room["ups"][entry]:
        del room["ups"][entry]


def _host_changed(client: Client, event: Wire) -> None:
    client.member(client.room["host"])["role"] = event["former"]
    client.member(event["host"])["role"] = "host"
    client.room |= {"host": event["host"], "owner": event["owner"]}


def _entries_added(client: Client, event: Wire) -> None:
    client.room["queue"] = sorted([*client.room["queue"], *event["entries"]], key=lambda entry: entry["rank"])


def _entries_removed(client: Client, event: Wire) -> None:
    for entry in event["entries"]:
        client.room["queue"] = _without(client.room["queue"], entry)
        client.room["ups"].pop(entry, None)


def _entries_ranked(client: Client, event: Wire) -> None:
    for entry in client.room["queue"]:
        entry["rank"] = event["ranks"].get(entry["id"], entry["rank"])
    client.room["queue"].sort(key=lambda entry: entry["rank"])


def _entry_measured(client: Client, event: Wire) -> None:
    _found(client.room["queue"], event["entry"])["track"]["duration_ms"] = event["duration_ms"]


def _skip_voted(client: Client, event: Wire) -> None:
    client.room["skip_votes"] = _toggled(client.room["skip_votes"], event["user"], event["skip"])


def _request_made(client: Client, event: Wire) -> None:
    made = [*client.room["requests"], event["request"]]
    decided = [each for each in made if each["status"] != "pending"]
    decided.sort(key=lambda each: (each["at"], each["id"]))
    gone = [each["id"] for each in decided[: max(0, len(decided) - DECIDED_KEPT)]]
    client.room["requests"] = [each for each in made if each["id"] not in gone]


def _request_decided(client: Client, event: Wire) -> None:
    decided = {"status": event["status"], "reason": event["reason"]}
    request = _found(client.room["requests"], event["request"])
    request |= decided | {"decided_by": event["by"], "decided_at": event["at"]}


def _playback_changed(client: Client, event: Wire) -> None:
    room, line = client.room, event["playback"]
    if line["entry"] != room["playback"]["entry"] or event["cause"] not in SAME_RUN:
        room["skip_votes"] = []
        room["ups"].pop(line["entry"], None)
    room |= {"playback": line, "waiting": None}


def _became_ready(client: Client, event: Wire) -> None:
    waiting = client.room["waiting"]
    if waiting is not None:
        waiting["missing"] = [user for user in waiting["missing"] if user != event["user"]]


def _act_noted(client: Client, event: Wire) -> None:
    client.room["acts"] = [*client.room["acts"], event["act"]][-ACTS_KEPT:]


def _reacted(client: Client, event: Wire) -> None:
    for line in client.room["chat"]:
        if line["id"] == event["message"]:
            reactions = line.setdefault("reactions", {})
            reactions[event["emoji"]] = _toggled(reactions.get(event["emoji"], []), event["user"], event["on"])


def _message_deleted(client: Client, event: Wire) -> None:
    client.room["chat"] = _without(client.room["chat"], event["message"])


#: The table of section 4.
EVENTS: Mapping[str, Callable[[Client, Wire], object]] = {
    "settings_changed": _settings_changed,
    "knocked": _knocked,
    "knock_answered": _knock_answered,
    "member_joined": _member_joined,
    "member_renamed": lambda client, event: client.member(event["user"]).update(name=event["name"]),
    "member_left": _member_left,
    "member_muted": lambda client, event: client.member(event["user"]).update(muted_until=event["until"]),
    "banned": lambda client, event: client.banned.update({event["user"]: event["name"]}),
    "unbanned": lambda client, event: client.banned.pop(event["user"]),
    "rights_changed": lambda client, event: client.room["rights"].update(event["rights"]),
    "presence": lambda client, event: client.member(event["user"]).update(online=event["online"]),
    "listening_changed": lambda client, event: client.member(event["user"]).update(listens=event["on"]),
    "role_changed": lambda client, event: client.member(event["user"]).update(role=event["role"]),
    "host_changed": _host_changed,
    "entries_added": _entries_added,
    "entries_removed": _entries_removed,
    "entries_ranked": _entries_ranked,
    "entry_measured": _entry_measured,
    "entry_voted": lambda client, event: _up(client.room, event["entry"], event["user"], event["up"]),
    "dj_changed": lambda client, event: client.room.update(
        djs=_toggled(client.room["djs"], event["user"], event["on"])
    ),
    "skip_voted": _skip_voted,
    "request_made": _request_made,
    "request_decided": _request_decided,
    "playback_changed": _playback_changed,
    "waiting_began": lambda client, event: client.room.update(waiting=event["waiting"]),
    "became_ready": _became_ready,
    "act_noted": _act_noted,
    "act_undone": lambda client, event: client.room.update(acts=_without(client.room["acts"], event["act"])),
    "said": lambda client, event: client.room["chat"].append(event["message"]),
    "reacted": _reacted,
    "message_deleted": _message_deleted,
    "chat_cleared": lambda client, event: client.room.update(chat=[]),
    "room_closed": lambda client, event: None,
}
