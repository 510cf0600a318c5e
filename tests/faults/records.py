"""What PostgreSQL holds of rooms, and what it comes to: the history that counts, and the room that it makes."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import asyncpg
import msgspec
from msgspec import structs

from roomd.dialects import native_told
from roomd.dialects.dialect import View
from roomd.domain import rules
from roomd.domain.chat import Message, Said
from roomd.domain.commit import Commit
from roomd.domain.room import Room, RoomOpened
from roomd.domain.whole import Whole
from roomd.store import snapshots
from roomd.store.plain import decode_commit

#: Lines of chat that a state shows.
_SHOWN = 50
#: Fields of a state that depend on when it was asked for, or on nothing that commits tell.
_ASIDE = ("skip_needed",)
_UNORDERED = ("members", "requests", "pending")


class Record(NamedTuple):
    """A commit as it is archived; `digest` is that of the text that native clients are told."""

    commit: Commit
    digest: int


class Shelved(NamedTuple):
    """The newest snapshot of a room."""

    epoch: int
    rev: int
    whole: Whole


async def archived(database_url: str) -> dict[str, list[Record]]:
    """Every archived commit of every room, by epoch and rev."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch("SELECT room::text, body FROM room_events ORDER BY room, epoch, rev")
    finally:
        await connection.close()
    found: dict[str, list[Record]] = {}
    for row in rows:
        body = row["body"]
        found.setdefault(row["room"], []).append(
            record(decode_commit(body.encode() if isinstance(body, str) else body))
        )
    return found


async def shelved(database_url: str) -> dict[str, Shelved]:
    """The newest snapshot of each room that has one."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch("SELECT room::text, epoch, rev, body FROM room_snapshots")
    finally:
        await connection.close()
    return {row["room"]: Shelved(row["epoch"], row["rev"], snapshots.decode(row["body"])) for row in rows}


async def reached(database_url: str) -> dict[str, tuple[int, int]]:
    """The newest (epoch, rev) that is archived of each room."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "SELECT DISTINCT ON (room) room::text, epoch, rev FROM room_events ORDER BY room, epoch DESC, rev DESC"
        )
    finally:
        await connection.close()
    return {row["room"]: (row["epoch"], row["rev"]) for row in rows}


def record(commit: Commit) -> Record:
    return Record(commit, hash(native_told.commit_text(commit).encode()))


def begins(records: Iterable[Record]) -> dict[int, int]:
    """The first rev of each epoch: a later epoch supersedes what older ones have from there on."""
    found: dict[int, int] = {}
    for each in records:
        found[each.commit.epoch] = min(each.commit.rev, found.get(each.commit.epoch, each.commit.rev))
    return found


def supersedes(starts: dict[int, int], epoch: int) -> float:
    """The first rev of an epoch that does not count any more."""
    return min((rev for later, rev in starts.items() if later > epoch), default=float("inf"))


def counting(records: Sequence[Record]) -> list[Record]:
    """The history that counts."""
    starts = begins(records)
    return [each for each in records if each.commit.rev < supersedes(starts, each.commit.epoch)]


def fold(
    records: Sequence[Record], wanted: Iterable[int], base: Shelved | None = None
) -> dict[tuple[int, int], object]:
    """The room as a state would show it, by (epoch, rev), for the revs that are wanted.

    Every commit is applied in turn, from the first one on or from a snapshot; where they do not follow on each other,
    that is the end.
    """
    room: Room | None = structs.replace(base.whole.room, epoch=base.epoch, rev=base.rev) if base else None
    chat: deque[Message] = deque(base.whole.chat if base else (), maxlen=_SHOWN)
    asked = set(wanted)
    states: dict[tuple[int, int], object] = {}
    if room is not None and room.rev in asked:
        states[room.epoch, room.rev] = _as_shown(room, chat)
    for commit, _ in records:
        if room is not None and base is not None and commit.rev <= base.rev:
            continue
        opening = next((event.room for event in commit.events if isinstance(event, RoomOpened)), None)
        if opening is not None:
            room = structs.replace(opening, epoch=commit.epoch, rev=commit.rev, last_activity=commit.at)
        elif room is None or (commit.epoch, commit.rev) != (room.epoch, room.rev + 1):
            break
        else:
            room = rules.apply(room, commit)
        chat.extend(event.message for event in commit.events if isinstance(event, Said))
        if commit.rev in asked:
            states[commit.epoch, commit.rev] = _as_shown(room, chat)
    return states


def _as_shown(room: Room, chat: Iterable[Message]) -> object:
    return shown(native_told.state(View(room, list(chat), 0.0)).encode())


def shown(state: bytes) -> object:
    """A `state` message's room, without what is not part of the history, and in one order where there is none."""
    found = msgspec.json.decode(state)["room"]
    for part in _UNORDERED:
        found[part].sort(key=lambda each: each["id"])
    return {key: value for key, value in found.items() if key not in _ASIDE}
