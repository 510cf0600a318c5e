"""Files of rooms: what `roomd snapshot` writes and `roomd restore` reads.

gzip'd lines of JSON. The first says what the file is, the last how many rooms there are between them, and what all
before it adds up to; each room carries its own sum. So whatever was cut off or changed is found before anything is
made of it.

    {"roomd": "snapshot", "version": 1, "made_at": "2026-11-21T13:00:00.000Z", "by": "0.1.0"}
    {"sha256": "…", "at": 1795266000000.0, "room": {…}}
    {"rooms": 1, "sha256": "…"}
"""

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from roomd.domain.whole import Whole
from roomd.store.snapshots import SnapshotError, from_json, to_json

#: Raised when the lines change in a way that an older roomd would misread.
VERSION = 1
#: Characters of a line: the largest room has some 30 million.
LONGEST_LINE = 128 << 20

#: zlib's word for "as gzip writes it".
_GZIP = 31

T = TypeVar("T")

_encode = msgspec.json.encode


class FileError(RuntimeError):
    """A file cannot be written, or is not what it should be; the message says why, and nothing was done."""


class _First(Struct, frozen=True):
    roomd: str
    version: int
    made_at: str = ""
    by: str = ""


class _Room(Struct, frozen=True):
    sha256: str
    at: float
    room: msgspec.Raw


class _Last(Struct, frozen=True):
    rooms: int
    sha256: str


class Saved(NamedTuple):
    """A room out of a file, as it was at room time `at`."""

    whole: Whole
    at: float


class Writer:
    """Writes a file to a stream, room by room."""

    def __init__(self, stream: BinaryIO, made_at_ms: float) -> None:
        self._stream = stream
        self._zip = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
        self._sum = hashlib.sha256()
        self.rooms = 0
        made_at = datetime.fromtimestamp(made_at_ms / 1_000, UTC).isoformat(timespec="milliseconds")
        self._line(_encode(_First("snapshot", VERSION, made_at.replace("+00:00", "Z"), metadata.version("roomd"))))

    def add(self, whole: Whole, at: float) -> None:
        room = to_json(whole)
        self._line(_encode(_Room(hashlib.sha256(room).hexdigest(), at, msgspec.Raw(room))))
        self.rooms += 1

    def end(self) -> None:
        self._line(_encode(_Last(self.rooms, self._sum.hexdigest())))
        self._stream.write(self._zip.flush())

    def _line(self, text: bytes) -> None:
        line = text + b"\n"
        self._sum.update(line)
        self._stream.write(self._zip.compress(line))


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream whose content takes the place of the file when all went well, and otherwise leaves nothing behind.

    Readable by its owner alone. Raises FileError.
    """
    beside = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        beside.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as fault:
        raise FileError(f"cannot write {path}: {fault.strerror or fault}") from None
    finally:
        beside.unlink(missing_ok=True)


def read(stream: BinaryIO) -> Iterator[Saved]:
    """The rooms of a file. What is said holds only once it was read to its end. Raises FileError."""
    lines = _lines(stream)
    total = hashlib.sha256()
    first = next(lines, b"")
    _demand_known(first)
    total.update(first)
    line = next(lines, b"")
    rooms = 0
    for following in lines:
        rooms += 1
        yield _room(line, rooms)
        total.update(line)
        line = following
    last = _decoded(line, _Last, "it was cut off: its end is missing")
    if (last.rooms, last.sha256) != (rooms, total.hexdigest()):
        raise FileError("it was changed: what is in it does not add up to what it says at its end")


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=stream, mode="rb") as unzipped:
            while line := unzipped.readline(LONGEST_LINE):
                if len(line) == LONGEST_LINE:
                    raise FileError("it was changed: no room is as large as what is in it")
                if not line.endswith(b"\n"):
                    raise FileError("it was cut off: its last line is not whole")
                yield line
    except EOFError:
        raise FileError("it was cut off: its end is missing") from None
    except (gzip.BadGzipFile, zlib.error) as fault:
        raise FileError(f"it is damaged, or no file of rooms at all: {fault}") from None
    except OSError as fault:
        raise FileError(f"cannot be read: {fault.strerror or fault}") from None


def _demand_known(line: bytes) -> None:
    first = _decoded(line, _First, "it is no file of rooms that roomd has made")
    if first.roomd != "snapshot":
        raise FileError("it is no file of rooms that roomd has made")
    if first.version > VERSION:
        raise FileError(f"it was made by a newer roomd (form {first.version}; this one reads up to {VERSION})")


def _room(line: bytes, number: int) -> Saved:
    found = _decoded(line, _Room, f"it was changed: room {number} cannot be read")
    if hashlib.sha256(found.room).hexdigest() != found.sha256:
        raise FileError(f"it was changed: room {number} is not what it was when it was written")
    try:
        return Saved(from_json(bytes(found.room)), found.at)
    except SnapshotError as fault:
        raise FileError(f"room {number}: {fault}") from None


def _decoded(line: bytes, kind: type[T], otherwise: str) -> T:
    try:
        return msgspec.json.decode(line, type=kind)
    except msgspec.DecodeError:
        raise FileError(otherwise) from None
