"""Who is told of a room's history, and whether what they hold is what a newcomer is told; if not, where they differ.

`begin`, `take` and `moved` of each: it comes in, hears of a step, and its server gives the room to another.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from rooms_world import ALICE, BOB
from state_dialects import Listener, Timed
from state_reducer import Client, Wire
from state_world import History, Step

from roomd.dialects.collab import request_object
from roomd.dialects.dialect import View
from roomd.dialects.native import NATIVE
from roomd.dialects.spoken import AUDIBLE_MS
from roomd.domain.chat import Message, Said
from roomd.domain.room import Room
from roomd.followed import CHAT_SHOWN

#: Milliseconds after which positions are compared again: everything that is to start has started.
LATER_MS = 5_000.0

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_decode_list = msgspec.json.Decoder(list[Wire]).decode


class Audience(Protocol):
    def begin(self, history: History) -> None: ...
    def take(self, history: History, step: Step) -> None: ...
    def moved(self, history: History) -> None: ...


class Reducer(Protocol):
    """Makes the next room out of a room and the events of a commit."""

    def begin(self, room: Wire) -> Wire: ...
    def take(self, events: Sequence[Wire]) -> Wire: ...


class Follower:
    """A client of the native contract that was told a state once, and commits since then."""

    def __init__(self, reducer: Reducer, deaf_to: str = "") -> None:
        self._reducer = reducer
        self._deaf_to = deaf_to
        self._room: Wire = {}
        #: Ids of the lines of chat that it was told.
        self._lines: set[str] = set()

    def begin(self, history: History) -> None:
        state = _state(history)
        self._lines = {line["id"] for line in state["chat"]}
        self._room = self._reducer.begin(state)
        if isinstance(self._reducer, Client):
            self._reducer.banned = _banned(history.room)
        found = self._difference(history)
        assert not found, f"on beginning anew, {found}\nseed {history.seed!r}, rev {history.room.rev}"

    def take(self, history: History, step: Step) -> None:
        """Raise AssertionError where what is held by now is not what a newcomer is told."""
        (text,) = NATIVE.tell(step.before, step.commit, step.after)
        # Whoever resumes is told the same.
        assert NATIVE.replay
        assert NATIVE.replay(step.commit) == [text]
        told: list[Wire] = _decode(text)["events"]
        self._lines |= {event["message"]["id"] for event in told if event["type"] == "said"}
        try:
            self._room = self._reducer.take([event for event in told if event["type"] != self._deaf_to])
        except LookupError as fault:
            raise AssertionError(f"told of what is not there: {fault!r}\n{report(history, step, told)}") from fault
        found = "" if step.after.closed else self._difference(history)
        assert not found, f"{found}\n{report(history, step, told)}"

    def moved(self, history: History) -> None:
        """It resumes."""

    def _difference(self, history: History) -> str:
        lines = [line for line in history.lines if line.id in self._lines]
        found = difference(canonical(self._room), canonical(_state(history)))
        found = found or difference(_chat(self._room["chat"]), _chat(_wire(lines)), "chat")
        if not found and isinstance(self._reducer, Client):
            found = difference(self._reducer.banned, _banned(history.room), "banned")
        return found


class Hearer:
    """A client of a contract that knows no resuming: when its server goes, it connects anew."""

    def __init__(self, kind: type[Listener], deaf_to: str = "") -> None:
        self._kind = kind
        self._deaf_to = deaf_to
        self._client = kind()
        #: Ids of the lines of chat that it was told; how many of all lines had been taken back by then.
        self._lines: set[str] = set()
        self._deleted = 0

    def begin(self, history: History) -> None:
        self._client, self._deleted = greeted(self._kind, history.view()), history.deleted
        self._lines = {line.id for line in history.hub.chat}

    moved = begin

    def take(self, history: History, step: Step) -> None:
        """Raise AssertionError where what is held by now is not what a newcomer is told."""
        told = [_decode(text) for text in self._kind.dialect.tell(step.before, step.commit, step.after)]
        self._lines |= {event.message.id for event in step.commit.events if isinstance(event, Said)}
        for frame in told:
            if frame["type"] != self._deaf_to:
                self._client.take(frame, history.now)
        found = "" if step.after.closed else self._difference(history)
        assert not found, f"{self._kind.__name__}: {found}\n{report(history, step, told)}"

    def _difference(self, history: History) -> str:
        mine, theirs = self._client, greeted(self._kind, history.view())
        found = _held_difference(mine, theirs) or _position_difference(mine, theirs, history.view())
        return found or (self._chat_difference(mine, theirs, history) if mine.chats else "")

    def _chat_difference(self, mine: Listener, theirs: Listener, history: History) -> str:
        """A single line that is taken back is not told."""
        wanted = [(line.by_name, line.text) for line in history.lines if line.id in self._lines]
        shown = [(line.by_name, line.text) for line in history.hub.chat]
        held = iter(mine.chat)
        same = all(line in held for line in wanted) and theirs.chat == shown
        same = same and len(mine.chat) <= len(wanted) + history.deleted - self._deleted
        return "" if same else f"chat: {mine.chat[-5:]}, where there is {wanted[-5:]}"


def greeted(kind: type[Listener], view: View) -> Listener:
    """A newcomer, who has also looked at the log of requests, where the contract tells of them."""
    client = kind()
    for text in kind.dialect.greet(view, BOB):
        client.take(_decode(text), view.now)
    for request in view.room.requests.values() if client.asks else ():
        client.know(_decode(_encode(request_object(request, view.room))))
    return client


def difference_after_leap(kind: type[Listener], before: View, after: View) -> str:
    """Where somebody greeted before, and then told what is different, differs from a newcomer. `now` is one."""
    mine, theirs = greeted(kind, before), greeted(kind, after)
    for text in kind.dialect.anew(before, after):
        mine.take(_decode(text), after.now)
    found = _held_difference(mine, theirs) or _position_difference(mine, theirs, after, AUDIBLE_MS / 1_000)
    return found or difference(mine.chat[len(mine.chat) - len(theirs.chat) :], theirs.chat, "chat")


def _held_difference(mine: Listener, theirs: Listener) -> str:
    mine.log = {key: request for key, request in mine.log.items() if key in theirs.log}
    return difference(mine.held(), theirs.held(), "held") or difference(mine.log, theirs.log, "log")


def _position_difference(mine: Listener, theirs: Listener, view: View, slack_s: float = 0.0) -> str:
    """Two contracts have no word for speed: at another one, a position of theirs is right when it is told."""
    plain = isinstance(mine, Timed) or view.room.playback.rate == 1
    if not plain and mine.playing and mine.told_at < view.now:
        return ""
    later = view.now + (LATER_MS if plain else 0)
    here, there = mine.position(later), theirs.position(later)
    same = abs(here - there) <= mine.tolerance_s + slack_s
    return "" if same else f"position: {here}, and a newcomer's is {there}"


def difference(mine: object, theirs: object, path: str = "room") -> str:
    """Where the two differ first, and how; empty where they do not."""
    if mine == theirs:
        return ""
    pairs: list[tuple[str, object, object]] = []
    if isinstance(mine, dict) and isinstance(theirs, dict):
        pairs = [(f"{path}.{key}", mine.get(key), theirs.get(key)) for key in sorted({*mine, *theirs})]
    elif isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        pairs = [(f"{path}[{n}]", *both) for n, both in enumerate(zip(mine, theirs, strict=True))]
    inner = (difference(left, right, place) for place, left, right in pairs)
    return next((found for found in inner if found), f"{path}: {mine!r}, and a newcomer is told {theirs!r}")


def report(history: History, step: Step, told: Sequence[Wire] = ()) -> str:
    """Of the step after which it was so."""
    what = f"after {step.command}\nby {step.actor}\nwhich was told as {_encode(told).decode()}"
    return f"{what}\nseed {history.seed!r}, rev {step.after.rev}"


def _state(history: History) -> Wire:
    """What a newcomer is told. Of the chat, that is as many of the last lines as it should be."""
    (text,) = NATIVE.greet(history.view(), ALICE)
    room: Wire = _decode(text)["room"]
    whole, shown = _chat(_wire(history.lines)), _chat(room["chat"])
    assert shown == whole[len(whole) - len(shown) :]
    # A server that follows a room does not look for older lines in the place of those that were taken back.
    assert min(CHAT_SHOWN, len(whole)) - history.deleted <= len(shown) <= CHAT_SHOWN
    return room


def _wire(lines: Sequence[Message]) -> list[Wire]:
    return _decode_list(_encode(lines))


def _banned(room: Room) -> dict[str, str]:
    """As the list of bans has them: where guests came from is kept to oneself."""
    return {user: ban.name for user, ban in room.bans.items() if not user.startswith("origin:")}


def canonical(room: Wire) -> Wire:
    """Without the order of what is in none, and without the chat."""
    shown = {name: value for name, value in room.items() if name != "chat"}
    for name in ("members", "pending", "requests"):
        shown[name] = {each["id"]: each for each in room[name]}
        assert len(shown[name]) == len(room[name]), f"somebody or something is among the {name} twice"
    shown |= {name: {key: sorted(each) for key, each in room[name].items()} for name in ("rights", "ups")}
    return shown | {"skip_votes": sorted(room["skip_votes"])}


def _chat(lines: Sequence[Wire]) -> list[Wire]:
    """Reactions are in no order, and one that nobody has any more is none."""
    return [
        line | {"reactions": {emoji: sorted(users) for emoji, users in line.get("reactions", {}).items() if users}}
        for line in lines
    ]
