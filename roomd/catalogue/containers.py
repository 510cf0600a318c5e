"""Small readers for what tinytag does not tell: WebM, the kinds of an MP4's tracks, how long Ogg and AAC streams last.

Each takes a seekable file and reads only headers, so that it works as well on a file of which few pieces were fetched.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from roomd.catalogue.forms import adts_frame_length

#: Elements or atoms looked at on one level; real files have fewer than 20 before their data begins.
MAX_PARTS = 200
#: Where the last page of an Ogg stream begins at the latest: a page has 65,307 bytes at most.
OGG_TAIL = 65_536

_EBML_MASTERS = {0x18538067, 0x1549A966, 0x1654AE6B, 0xAE}  # Segment, Info, Tracks, TrackEntry
_CLUSTER, _TIMECODE_SCALE, _DURATION, _TITLE, _TRACK_TYPE = 0x1F43B675, 0x2AD7B1, 0x4489, 0x7BA9, 0x83
_AAC_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)


def mp4_has_video(file: BinaryIO, size: int) -> bool | None:
    """Whether one of the tracks in an MP4 file shows pictures; None when its index is not there to tell."""
    for atom, begin, end in _atoms(file, 0, size):
        if atom == b"moov":
            return any(
                _handler(file, first, last) == b"vide"
                for kind, first, last in _atoms(file, begin, end)
                if kind == b"trak"
            )
    return None


def mp4_codings(file: BinaryIO, size: int) -> set[bytes]:
    """The four letters of what each track in an MP4 file is coded as, such as `mp4a`, `alac` or `avc1`."""
    return set(_codings(file, 0, size, (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")))


def _codings(file: BinaryIO, begin: int, end: int, way: Sequence[bytes]) -> Iterator[bytes]:
    for atom, first, last in _atoms(file, begin, end):
        if atom != way[0]:
            continue
        if len(way) > 1:
            yield from _codings(file, first, last, way[1:])
        else:
            # A version, flags and a count come before the first entry, which begins with its length and its name.
            file.seek(first + 12)
            yield file.read(4)


def _handler(file: BinaryIO, begin: int, end: int) -> bytes:
    for atom, first, last in _atoms(file, begin, end):
        if atom == b"mdia":
            return _handler(file, first, last)
        if atom == b"hdlr":
            file.seek(first)
            return file.read(12)[8:]
    return b""


def _atoms(file: BinaryIO, position: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    for _ in range(MAX_PARTS):
        file.seek(position)
        header = file.read(16)
        if position + 8 > end or len(header) < 8:
            return
        length, atom, begin = int.from_bytes(header[:4], "big"), header[4:8], position + 8
        if length == 1:
            length, begin = int.from_bytes(header[8:16], "big"), position + 16
        stop = position + length if length else end
        if stop < begin:
            return
        yield atom, begin, min(stop, end)
        position = stop


def webm_facts(file: BinaryIO, size: int) -> tuple[float | None, str, bool]:
    """Seconds (None where they are not written, as in recordings of a browser), title, whether it has pictures."""
    scale, ticks, title, video = 1_000_000, 0.0, "", False
    for name, data in _elements(file, 0, size):
        if name == _TIMECODE_SCALE:
            scale = int.from_bytes(data, "big")
        elif name == _DURATION and len(data) in {4, 8}:
            ticks = struct.unpack(">f" if len(data) == 4 else ">d", data)[0]
        elif name == _TITLE:
            title = data.decode("utf-8", "replace")
        elif name == _TRACK_TYPE:
            video = video or data == b"\x01"
    return (ticks * scale / 1e9 or None), title, video


def _elements(file: BinaryIO, position: int, end: int) -> Iterator[tuple[int, bytes]]:
    """The small elements ahead of the first cluster; those that hold others are gone into."""
    for _ in range(MAX_PARTS):
        file.seek(position)
        header = file.read(12)
        name, first = _ebml_number(header, keep_marker=True)
        length, second = _ebml_number(header[first:], keep_marker=False)
        if position >= end or not first or not second or name == _CLUSTER:
            return
        position += first + second
        if name in _EBML_MASTERS:
            continue
        if length <= 1_024:
            file.seek(position)
            yield name, file.read(length)
        position += length


def _ebml_number(data: bytes, *, keep_marker: bool) -> tuple[int, int]:
    """A number whose own leading zero bits say its length; (0, 0) when there is none."""
    width = 9 - data[0].bit_length() if data and data[0] else 0
    if not width or len(data) < width:
        return 0, 0
    value = int.from_bytes(data[:width], "big")
    return (value if keep_marker else value & ~(1 << 7 * width)), width


def ogg_duration(file: BinaryIO, size: int) -> float | None:
    """Seconds, from the first page's rate and the last page's position; the pages between are not read."""
    file.seek(0)
    head = file.read(256)
    serial, packet = head[14:18], head[27 + head[26] :] if len(head) > 27 else b""
    skipped = 0
    if packet.startswith(b"\x01vorbis") and len(packet) >= 16:
        rate = int.from_bytes(packet[12:16], "little")
    elif packet.startswith(b"OpusHead") and len(packet) >= 12:
        rate, skipped = 48_000, int.from_bytes(packet[10:12], "little")
    elif packet.startswith(b"\x7fFLAC") and len(packet) >= 30:
        rate = int.from_bytes(packet[27:30], "big") >> 4
    else:
        return None
    samples = _last_granule(file, size, serial) - skipped
    return samples / rate if rate and samples > 0 else None


def _last_granule(file: BinaryIO, size: int, serial: bytes) -> int:
    file.seek(max(0, size - OGG_TAIL))
    tail = file.read(OGG_TAIL)
    at = len(tail)
    while (at := tail.rfind(b"OggS\x00", 0, at)) >= 0:
        granule = int.from_bytes(tail[at + 6 : at + 14], "little", signed=True)
        if tail[at + 14 : at + 18] == serial and granule >= 0:
            return granule
    return 0


def aac_duration(file: BinaryIO, size: int) -> float | None:
    """Seconds, estimated from the mean length of the first 200 frames of 1,024 samples."""
    position = frames = rate = 0
    while frames < MAX_PARTS:
        file.seek(position)
        header = file.read(7)
        length = adts_frame_length(header)
        if not length:
            break
        rate = _AAC_RATES[header[2] >> 2 & 15]
        position, frames = position + length, frames + 1
    return size / (position / frames) * 1_024 / rate if frames > 1 else None
