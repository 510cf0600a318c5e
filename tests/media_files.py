"""Media files made byte by byte, as small as they can be and still be what they are."""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

from roomd.catalogue.sound import wav_file

RATE = 8_000
#: A silent frame of MPEG 1 layer III, 44.1 kHz: header, then nothing.
MP3_SAMPLES = 1_152
_MP3_BITRATES = {32: 1, 64: 5, 128: 9, 192: 11, 320: 14}


def wav(seconds: float, title: str = "", artist: str = "", album: str = "") -> bytes:
    tags = [(name, text) for name, text in (("INAM", title), ("IART", artist), ("IPRD", album)) if text]
    return wav_file(bytes(int(seconds * RATE) * 2), RATE, tags)


def mp3_frame(kbps: int = 128) -> bytes:
    header = bytes([0xFF, 0xFB, _MP3_BITRATES[kbps] << 4, 0xC0])
    return header + bytes(144 * kbps * 1_000 // 44_100 - 4)


def mp3(frames: int, kbps: int = 128) -> bytes:
    return mp3_frame(kbps) * frames


def mp3_vbr(frames: int) -> bytes:
    """Frames of changing size behind a table of contents that tells how many there are."""
    body = b"".join(mp3_frame((64, 128, 320)[i % 3]) for i in range(frames))
    first = bytearray(mp3_frame(128))
    first[36:52] = b"Xing" + struct.pack(">III", 3, frames, len(body) + len(first))
    return bytes(first) + body


def id3(title: str, artist: str, album: str, picture: bytes = b"") -> bytes:
    frames = [(name, b"\x03" + text.encode()) for name, text in (("TIT2", title), ("TPE1", artist), ("TALB", album))]
    if picture:
        frames.append(("APIC", b"\x00image/png\x00\x03\x00" + picture))
    data = b"".join(name.encode() + _syncsafe(len(body)) + b"\0\0" + body for name, body in frames)
    return b"ID3\x04\0\0" + _syncsafe(len(data)) + data


def flac(seconds: float, comments: Sequence[str] = ()) -> bytes:
    rate, samples = 44_100, int(seconds * 44_100)
    info = struct.pack(">HH", 4_096, 4_096) + bytes(6) + struct.pack(">Q", rate << 44 | 1 << 41 | 15 << 36 | samples)
    return (
        b"fLaC" + b"\0" + _u24(34) + info + bytes(16) + b"\x84" + _u24(len(_comments(comments))) + _comments(comments)
    )


def opus(seconds: float, comments: Sequence[str] = (), padding: int = 0) -> bytes:
    """Two header pages, `padding` bytes of pages in between, and a last page that tells the length."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 312, 48_000, 0, 0)
    tags = b"OpusTags" + _comments(comments)
    middle = b"".join(ogg_page(960 * i, bytes(4_000)) for i in range(1, 1 + padding // 4_000))
    last = ogg_page(int(seconds * 48_000) + 312, bytes(200), 4)
    return ogg_page(0, head, 2) + ogg_page(0, tags) + middle + last


def ogg_page(granule: int, packet: bytes, flags: int = 0) -> bytes:
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    return b"OggS\0" + struct.pack("<BqIIIB", flags, granule, 7, 0, 0, len(lacing)) + lacing + packet


def mp4(seconds: float, *, video: bool = False, data: int = 0, title: str = "", index_last: bool = True) -> bytes:
    """The index (moov) comes after the data where `index_last`, as cameras and many encoders write it."""
    brand = b"isom" if video else b"M4A "
    mvhd = _atom(b"mvhd", bytes(12) + struct.pack(">II", 1_000, int(seconds * 1_000)) + bytes(80))
    hdlr = _atom(b"hdlr", bytes(8) + (b"vide" if video else b"soun") + bytes(13))
    trak = _atom(b"trak", _atom(b"tkhd", bytes(84)) + _atom(b"mdia", _atom(b"mdhd", bytes(24)) + hdlr))
    name = _atom(b"\xa9nam", _atom(b"data", struct.pack(">II", 1, 0) + title.encode()))
    udta = _atom(b"udta", _atom(b"meta", bytes(4) + _atom(b"ilst", name))) if title else b""
    moov, mdat = _atom(b"moov", mvhd + trak + udta), _atom(b"mdat", bytes(data))
    return _atom(b"ftyp", brand + bytes(4) + b"isom") + (mdat + moov if index_last else moov + mdat)


def webm(seconds: float | None, *, video: bool = True, title: str = "") -> bytes:
    info = _element("2ad7b1", (1_000_000).to_bytes(3, "big"))
    if seconds is not None:
        info += _element("4489", struct.pack(">d", seconds * 1_000))
    info += _element("7ba9", title.encode()) if title else b""
    track = _element("ae", _element("83", b"\x01" if video else b"\x02"))
    body = _element("1549a966", info) + _element("1654ae6b", track) + _element("1f43b675", bytes(500))
    return _element("1a45dfa3", _element("4282", b"webm")) + _element("18538067", body)


def aac(frames: int) -> bytes:
    length = 200
    header = bytes([0xFF, 0xF1, 4 << 2, length >> 11 & 3, length >> 3 & 255, (length & 7) << 5 | 31, 0xFC])
    return (header + bytes(length - 7)) * frames


def png(side: int = 2) -> bytes:
    rows = zlib.compress((b"\0" + bytes(3 * side)) * side)
    parts = ((b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    chunks = (struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _syncsafe(number: int) -> bytes:
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


def _u24(number: int) -> bytes:
    return number.to_bytes(3, "big")


def _comments(comments: Sequence[str]) -> bytes:
    listed = b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in comments)
    return struct.pack("<I", 0) + struct.pack("<I", len(comments)) + listed


def _atom(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + name + data


def _element(name: str, data: bytes) -> bytes:
    return bytes.fromhex(name) + (1 << 56 | len(data)).to_bytes(8, "big") + data
