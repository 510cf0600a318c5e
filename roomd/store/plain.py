"""The one plain form of a room: named fields of text. What `diff` compares is what Redis holds.

A part that a commit did not touch is the same object before and after, so comparing costs what changed,
not what is there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import attrgetter, or_
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct, structs

from roomd.domain.chat import Message, Reacted, Said
from roomd.domain.commit import Commit
from roomd.domain.entries import Entry
from roomd.domain.ids import Code, EntryId, RoomId, UserId
from roomd.domain.knocks import Ban, Knock
from roomd.domain.moderation import ChatCleared, MessageDeleted
from roomd.domain.people import Member, Right
from roomd.domain.playback import Playback
from roomd.domain.room import Room, RoomSettings
from roomd.domain.rules import EVENTS
from roomd.domain.undo import Act
from roomd.domain.waiting import Waiting
from roomd.domain.whole import audited
from roomd.domain.wishes import Request

_encode = msgspec.json.Encoder(decimal_format="number").encode


class Write(NamedTuple):
    """One write of a commit: the part of the room (a field of RoomKeys), and what happens to a field of it."""

    op: str
    part: str
    field: str
    value: bytes = b""


class Change(NamedTuple):
    """A commit between the room before and after it, and its bytes, which go to the log, the bell and the archive."""

    before: Room | None
    commit: Commit
    after: Room
    body: bytes


class Meta(Struct, frozen=True):
    """The room without its collections, as the fields of a hash; each is JSON, so a commit writes only what changed."""

    id: RoomId
    code: Code
    epoch: int
    rev: int
    owner: UserId
    host: UserId
    created_at: float
    last_activity: float
    settings: RoomSettings
    playback: Playback
    waiting: Waiting | None = None
    closed: bool = False
    rights: dict[Literal["cohost", "member"], frozenset[Right]] = {}
    password_hash: str = ""
    skip_votes: frozenset[UserId] = frozenset()
    played: tuple[tuple[str, float], ...] = ()
    declined: tuple[str, ...] = ()
    djs: tuple[UserId, ...] = ()


#: The parts of a room that are hashes of their own, and what each field of one holds.
HASHES: Mapping[str, Any] = {
    "members": Member,
    "entries": Entry,
    "pending": Knock,
    "bans": Ban,
    "requests": Request,
    "ups": frozenset[UserId],
    "acts": Act,
}
#: The fields of Meta that every commit changes.
NUMBERED = ("rev", "last_activity")
#: Events with writes beside the room's value. (To ask what a Struct is an instance of takes 0.3 us where it is not.)
_BESIDE = frozenset({Said, Reacted, MessageDeleted, ChatCleared})
#: A room's values for the fields of Meta, and its parts; and what they are compared with where there was none before.
_named = tuple(name for name in Meta.__struct_fields__ if name not in NUMBERED)
_meta, _hashes = attrgetter(*_named), attrgetter(*HASHES)
_NOTHING = (object(),) * len(_named)
_decoders = {part: msgspec.json.Decoder(kind).decode for part, kind in HASHES.items()}


def diff(before: Room | None, after: Room) -> list[Write]:
    """The writes that turn what is stored of `before` into `after`, but for NUMBERED, which every commit writes."""
    return [*_meta_writes(before, after), *_parts_writes(before, after)]


def numbered(room: Room) -> tuple[bytes, bytes]:
    """What is stored of NUMBERED: the room's number, and when its last commit was made."""
    return _encode(room.rev), _encode(room.last_activity)


def build(
    meta: Mapping[bytes, bytes], hashes: Mapping[str, Mapping[bytes, bytes]], order: Sequence[tuple[bytes, float]]
) -> Room:
    """The room out of what Redis holds of it: the fields of its meta, of each of HASHES, and the ranks."""
    raw = {key.decode(): msgspec.Raw(value) for key, value in meta.items()}
    head = msgspec.json.decode(_encode(raw), type=Meta)
    parts: dict[str, Any] = {
        part: {key.decode(): _decoders[part](value) for key, value in hashes.get(part, {}).items()} for part in HASHES
    }
    ranks = {EntryId(key.decode()): rank for key, rank in order}
    return Room(**structs.asdict(head), **parts, ranks=ranks)


def change(before: Room | None, commit: Commit, after: Room) -> Change:
    return Change(before, commit, after, encode_commit(commit))


def rung(changes: Sequence[Change]) -> bytes:
    """What the bell brings of them, as the commit script joins it."""
    return changes[0].body if len(changes) == 1 else b"[" + b",".join(each.body for each in changes) + b"]"


def side_writes(commit: Commit, body: bytes) -> list[Write]:
    """The writes beside the room's own value: chat, reactions, and what moderation must answer for."""
    writes: list[Write] = []
    for event in commit.events:
        if type(event) not in _BESIDE:
            continue
        match event:
            case Said(message=message):
                writes.append(Write("xadd", "chat", str(commit.rev), _encode(message)))
            case Reacted(message=message, emoji=emoji, user=user, on=on):
                writes.append(Write("hset" if on else "hdel", "reactions", f"{message} {user} {emoji}", b"1" * on))
            case MessageDeleted(message=message):
                writes.append(Write("xdel", "chat", f"{message}-0"))
            case ChatCleared():
                writes += (Write("del", "chat", ""), Write("del", "reactions", ""))
    if audited(commit):
        writes.append(Write("xadd", "audit", str(commit.rev), body))
    return writes


def with_reactions(lines: Iterable[Message], fields: Iterable[bytes]) -> list[Message]:
    """The lines with who reacted to them: `fields` are those of the hash of reactions."""
    found: dict[str, dict[str, list[UserId]]] = {}
    for field in sorted(fields):
        message, user, emoji = field.decode().split(" ", 2)
        found.setdefault(message, {}).setdefault(emoji, []).append(UserId(user))
    return [
        structs.replace(line, reactions={emoji: found[line.id][emoji] for emoji in sorted(found[line.id])})
        if line.id in found
        else line
        for line in lines
    ]


def encode_commit(commit: Commit) -> bytes:
    return _encode(commit)


class _Stored(Commit, frozen=True, kw_only=True):
    events: tuple[reduce(or_, EVENTS), ...] = ()  # type: ignore[valid-type]


_stored = msgspec.json.Decoder(_Stored).decode


_several = msgspec.json.Decoder(list[_Stored]).decode


def decode_commit(data: bytes) -> Commit:
    return _plain(_stored(data))


def decode_rung(data: bytes) -> list[Commit]:
    """What the bell brings: a commit, or several in a row."""
    return [_plain(each) for each in _several(data)] if data.startswith(b"[") else [decode_commit(data)]


def _plain(stored: _Stored) -> Commit:
    return Commit(**{name: getattr(stored, name) for name in Commit.__struct_fields__})


def _meta_writes(before: Room | None, after: Room) -> Iterator[Write]:
    old = _meta(before) if before is not None else _NOTHING
    for name, was, value in zip(_named, old, _meta(after), strict=True):
        if was is not value and was != value:
            yield Write("hset", "meta", name, _encode(value))


def _parts_writes(before: Room | None, after: Room) -> Iterator[Write]:
    olds = _hashes(before) if before else ({},) * len(HASHES)
    for part, was, now in zip(HASHES, olds, _hashes(after), strict=True):
        if was is not now:
            yield from _hash_writes(part, was, now)
    old = before.ranks if before else {}
    if old is not after.ranks:
        yield from (Write("zrem", "order", entry) for entry in old if entry not in after.ranks)
        for entry, rank in after.ranks.items():
            if old.get(entry) != rank:
                yield Write("zadd", "order", entry, repr(rank).encode())


def _hash_writes(part: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Write]:
    yield from (Write("hdel", part, key) for key in old if key not in new)
    for key, value in new.items():
        if old.get(key) is not value and old.get(key) != value:
            yield Write("hset", part, key, _encode(value))
