"""The one written form of a whole room: what PostgreSQL keeps and files carry."""

import zlib

import msgspec
from msgspec import Struct

from roomd.domain.chat import Message
from roomd.domain.room import Room
from roomd.domain.whole import Whole
from roomd.store import plain

#: Raised when the form changes in a way that an older roomd would misread.
FORMAT = 1
#: Fast rather than small: a room with a queue of 500 takes 3 ms at this level and 12 at the usual one.
_LEVEL = 1


class _Written(Struct, frozen=True, kw_only=True):
    format: int
    room: Room
    chat: tuple[Message, ...] = ()
    audit: tuple[msgspec.Raw, ...] = ()


class _Form(Struct, frozen=True):
    format: int = 0


class _JustTheRoom(Struct, frozen=True, kw_only=True):
    format: int
    room: Room


class SnapshotError(ValueError):
    """A snapshot that cannot be read; the message says why."""


_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode
_decode = msgspec.json.Decoder(_Written).decode
_decode_form = msgspec.json.Decoder(_Form).decode
_decode_room = msgspec.json.Decoder(_JustTheRoom).decode


def to_json(whole: Whole) -> bytes:
    """The whole room as JSON: equal rooms give equal bytes."""
    audit = tuple(msgspec.Raw(plain.encode_commit(commit)) for commit in whole.audit)
    return _encode(_Written(format=FORMAT, room=whole.room, chat=whole.chat, audit=audit))


def from_json(data: bytes) -> Whole:
    """Raises SnapshotError."""
    try:
        _demand_known(data)
        written = _decode(data)
        audit = tuple(plain.decode_commit(bytes(raw)) for raw in written.audit)
    except msgspec.DecodeError as fault:
        raise _unreadable(fault) from None
    return Whole(room=written.room, chat=written.chat, audit=audit)


def encode(whole: Whole) -> bytes:
    return compress(to_json(whole))


def compress(text: bytes) -> bytes:
    """What `to_json` answered, as it is kept."""
    return zlib.compress(text, _LEVEL)


def decode(data: bytes) -> Whole:
    """Raises SnapshotError."""
    return from_json(_decompress(data))


def decode_room(data: bytes) -> Room:
    """The room without its chat and audit log, in a quarter of the time that `decode` takes. Raises SnapshotError."""
    text = _decompress(data)
    try:
        _demand_known(text)
        return _decode_room(text).room
    except msgspec.DecodeError as fault:
        raise _unreadable(fault) from None


def _decompress(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error as fault:
        raise SnapshotError(f"damaged: {fault}") from None


def _unreadable(fault: msgspec.DecodeError) -> SnapshotError:
    return SnapshotError(f"not a snapshot of a room that this roomd can read: {fault}")


def _demand_known(text: bytes) -> None:
    form = _decode_form(text).format
    if form > FORMAT:
        raise SnapshotError(f"written by a newer roomd (form {form}; this one reads up to {FORMAT})")
