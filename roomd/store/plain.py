"""The one plain form of a room: named fields of text. What `diff` compares is what Redis holds.

A part that a commit did not touch is the same object before and after, so comparing costs what changed,
not what is there.
"""

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from roomd.domain.commit import Commit
from roomd.domain.entries import Entry
from roomd.domain.ids import Code, EntryId, RoomId, UserId
from roomd.domain.people import Member
from roomd.domain.playback import Playback
from roomd.domain.room import Room, RoomSettings
from roomd.domain.rules import EVENTS

_encode = msgspec.json.Encoder(decimal_format="number").encode
_member = msgspec.json.Decoder(Member).decode
_entry = msgspec.json.Decoder(Entry).decode


class Write(NamedTuple):
    """One write of a commit: the part of the room (a field of RoomKeys), and what happens to a field of it."""

    op: str
    part: str
    field: str
    value: bytes = b""


class Meta(Struct, frozen=True):
    """The room without its collections, as the fields of a hash; each is JSON, so a commit writes only what changed."""

    id: str
    code: str
    epoch: int
    rev: int
    owner: str
    host: str
    created_at: float
    last_activity: float
    settings: RoomSettings
    playback: Playback
    closed: bool = False


def diff(before: Room | None, after: Room) -> list[Write]:
    """The writes that turn what is stored of `before` into `after`."""
    return [*_meta_writes(before, after), *_parts_writes(before, after)]


def build(
    meta: Mapping[bytes, bytes],
    members: Mapping[bytes, bytes],
    entries: Mapping[bytes, bytes],
    order: list[tuple[bytes, float]],
) -> Room:
    """The room out of what Redis holds of it."""
    raw = {key.decode(): msgspec.Raw(value) for key, value in meta.items()}
    head = msgspec.json.decode(_encode(raw), type=Meta)
    return Room(
        id=RoomId(head.id),
        code=Code(head.code),
        epoch=head.epoch,
        rev=head.rev,
        settings=head.settings,
        owner=UserId(head.owner),
        host=UserId(head.host),
        created_at=head.created_at,
        last_activity=head.last_activity,
        playback=head.playback,
        members={UserId(key.decode()): _member(value) for key, value in members.items()},
        entries={EntryId(key.decode()): _entry(value) for key, value in entries.items()},
        ranks={EntryId(key.decode()): rank for key, rank in order},
        closed=head.closed,
    )


def encode_commit(commit: Commit) -> bytes:
    return _encode(commit)


class _Stored(Commit, frozen=True, kw_only=True):
    events: tuple[reduce(or_, EVENTS), ...] = ()  # type: ignore[valid-type]


_stored = msgspec.json.Decoder(_Stored).decode


def decode_commit(data: bytes) -> Commit:
    stored = _stored(data)
    return Commit(**{name: getattr(stored, name) for name in Commit.__struct_fields__})


def _meta_writes(before: Room | None, after: Room) -> Iterator[Write]:
    for name in Meta.__struct_fields__:
        value = getattr(after, name)
        if before is None or getattr(before, name) != value:
            yield Write("hset", "meta", name, _encode(value))


def _parts_writes(before: Room | None, after: Room) -> Iterator[Write]:
    yield from _hash_writes("members", before.members if before else {}, after.members)
    yield from _hash_writes("entries", before.entries if before else {}, after.entries)
    old = before.ranks if before else {}
    if old is not after.ranks:
        yield from (Write("zrem", "order", entry) for entry in old if entry not in after.ranks)
        for entry, rank in after.ranks.items():
            if old.get(entry) != rank:
                yield Write("zadd", "order", entry, repr(rank).encode())


def _hash_writes(part: str, old: Mapping[Any, Struct], new: Mapping[Any, Struct]) -> Iterator[Write]:
    if old is new:
        return
    yield from (Write("hdel", part, key) for key in old if key not in new)
    for key, value in new.items():
        if old.get(key) is not value and old.get(key) != value:
            yield Write("hset", part, key, _encode(value))
