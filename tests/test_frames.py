"""What clients send over a WebSocket, in whatever pieces it arrives: as RFC 6455 has it, or refused as it says."""

import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomd.handlers.frames import (
    BINARY,
    CLOSE,
    CLOSE_NOT_UTF8,
    CLOSE_PROTOCOL,
    CLOSE_TOO_LARGE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Control,
    FrameError,
    Reader,
    closing,
    control,
    unmask,
)

LIMIT = 1_000
Said = str | bytes | tuple[int, bytes] | int


def framed(
    opcode: int, payload: bytes, mask: bytes = b"\x01\x02\x03\xff", *, final: bool = True, odd: int = 0
) -> bytes:
    """A client's frame; `odd` bits are added to its first byte."""
    size = len(payload)
    length = bytes([0x80 | min(size, 125)])
    if size > 125:
        length = b"\xfe" + size.to_bytes(2, "big") if size < 1 << 16 else b"\xff" + size.to_bytes(8, "big")
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return bytes([final << 7 | odd | opcode]) + length + mask + masked


def read(pieces: Sequence[bytes], limit: int = LIMIT) -> list[Said]:
    """What is read, a refusal as its code at the end; parts of messages are left out."""
    reader, said = Reader(limit), list[Said]()
    for piece in pieces:
        if piece:
            reader.add(piece)
        try:
            while (each := reader.next()) is not None:
                if not isinstance(each, Control):
                    said.append(each)
                elif each.opcode != CONTINUATION:
                    said.append((each.opcode, each.payload))
        except FrameError as fault:
            return [*said, fault.code]
    return said


class Head(NamedTuple):
    """The first bytes of a frame. `broken`: they alone are against the rules."""

    opcode: int
    final: bool
    broken: bool
    size: int
    mask_at: int


def head_of(data: bytes) -> Head | None:
    if len(data) < 2:
        return None
    opcode, final, size, digits = data[0] & 15, data[0] > 127, data[1] & 127, 0
    if size > 125:
        digits = 2 if size == 126 else 8
        if len(data) < 2 + digits:
            return None
        size = int.from_bytes(data[2 : 2 + digits], "big")
    broken = [
        data[0] & 0x70,
        data[1] < 128,
        opcode not in {0, 1, 2, 8, 9, 10},
        opcode >= 8 and (size > 125 or not final),
        digits == 2 and size < 126,
        digits == 8 and not 65_536 <= size < 2**63,
    ]
    return Head(opcode, final, any(broken), size, 2 + digits)


def plainly(data: bytes, limit: int = LIMIT) -> Iterator[Said]:
    """The same by a reader that has everything at once and takes one step after another, as the RFC tells them."""
    kind, whole = 0, b""
    while head := head_of(data):
        opcode, final, broken, size, at = head
        if broken or (opcode < 8 and (opcode == 0) != bool(kind)):
            yield 1002
            return
        if opcode < 8 and len(whole) + size > limit:
            yield 1009
            return
        if len(data) < at + 4 + size:
            return
        payload = bytes(data[at + 4 + n] ^ data[at + n % 4] for n in range(size))
        data = data[at + 4 + size :]
        if opcode < 8:
            kind, whole = kind or opcode, whole + payload
            if not final:
                continue
            said, kind, whole = in_words(kind, whole), 0, b""
        else:
            said = (opcode == 8 and refused_closing(payload)) or (opcode, payload)
        yield said
        if isinstance(said, int):
            return


def in_words(kind: int, whole: bytes) -> Said:
    try:
        return whole.decode() if kind == 1 else whole
    except UnicodeDecodeError:
        return 1007


def refused_closing(payload: bytes) -> int:
    if len(payload) == 1:
        return 1002
    if payload:
        code = payload[0] << 8 | payload[1]
        if code < 1000 or 1004 <= code <= 1006 or 1015 <= code < 3000 or code >= 5000:
            return 1002
        try:
            payload[2:].decode()
        except UnicodeDecodeError:
            return 1007
    return 0


def cut(data: bytes, at: Sequence[int]) -> list[bytes]:
    places = [0, *sorted({each % (len(data) + 1) for each in at}), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


a_payload = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=60).map(str.encode),
    st.integers(0, 5_100).map(lambda code: (code & 0xFFFF).to_bytes(2, "big")),
    st.integers(120, LIMIT + 2).map(lambda size: b"x" * size),
)
a_frame = st.builds(
    framed,
    st.sampled_from([TEXT, TEXT, BINARY, CONTINUATION, CONTINUATION, PING, PONG, CLOSE, 3, 11]),
    a_payload,
    mask=st.binary(min_size=4, max_size=4),
    final=st.booleans(),
    odd=st.sampled_from([0, 0, 0, 0, 0, 0x40, 0x10]),
)
a_good_frame = st.builds(framed, st.sampled_from([TEXT, BINARY, PING]), st.text(max_size=30).map(str.encode))
some_bytes = st.lists(st.one_of(a_good_frame, a_good_frame, a_frame, st.binary(max_size=12)), max_size=8).map(b"".join)


@settings(deadline=None, max_examples=400)
@given(some_bytes, st.lists(st.integers(0, 10_000), max_size=30))
def test_whatever_comes_and_however_it_is_cut_it_is_read_as_the_rfc_has_it(data: bytes, places: list[int]) -> None:
    assert read(cut(data, places)) == list(plainly(data))


@settings(deadline=None, max_examples=100)
@given(
    st.text(max_size=300),
    st.lists(st.integers(0, 2_000), max_size=6),
    st.lists(st.integers(0, 4_000), max_size=20),
    st.binary(max_size=125),
)
def test_a_message_in_parts_with_pings_between_is_the_message(
    text: str, parts: list[int], places: list[int], ping: bytes
) -> None:
    payloads = cut(text.encode(), parts)
    frames = [
        framed(CONTINUATION if number else TEXT, payload, final=number == len(payloads) - 1)
        for number, payload in enumerate(payloads)
    ]
    said = read(cut(framed(PING, ping).join(frames), places), limit=1 << 16)
    assert said == [*[(PING, ping)] * (len(frames) - 1), text]


def test_byte_by_byte() -> None:
    data = (
        framed(TEXT, "zwei ü".encode()) + framed(PING, b"?") + framed(BINARY, b"x" * 300) + framed(CLOSE, b"\x03\xe8")
    )
    said = ["zwei ü", (PING, b"?"), b"x" * 300, (CLOSE, b"\x03\xe8")]
    assert read([bytes([byte]) for byte in data]) == read([data]) == said


BROKEN: dict[str, tuple[bytes, int]] = {
    "without a mask": (b"\x81\x01a", CLOSE_PROTOCOL),
    "compressed": (framed(TEXT, b"a", odd=0x40), CLOSE_PROTOCOL),
    "a kind that is none": (framed(3, b"a"), CLOSE_PROTOCOL),
    "a control frame that is none": (framed(11, b"a"), CLOSE_PROTOCOL),
    "a ping in parts": (framed(PING, b"a", final=False), CLOSE_PROTOCOL),
    "a long ping": (framed(PING, b"a" * 126), CLOSE_PROTOCOL),
    "a continuation of nothing": (framed(CONTINUATION, b"a"), CLOSE_PROTOCOL),
    "a message within another": (framed(TEXT, b"a", final=False) + framed(TEXT, b"b"), CLOSE_PROTOCOL),
    "a short length in two bytes": (b"\x81\xfe\x00\x05" + bytes(9), CLOSE_PROTOCOL),
    "a short length in eight": (b"\x81\xff" + (65_535).to_bytes(8, "big"), CLOSE_PROTOCOL),
    "a length beyond all": (b"\x81\xff" + b"\xff" * 8, CLOSE_PROTOCOL),
    "too much, of which only the head is there": (b"\x82\xff" + (1 << 20).to_bytes(8, "big"), CLOSE_TOO_LARGE),
    "too much in parts": (
        framed(BINARY, bytes(LIMIT), final=False) + framed(CONTINUATION, b"", final=False) + framed(CONTINUATION, b"a"),
        CLOSE_TOO_LARGE,
    ),
    "half a character": (framed(TEXT, "ü".encode()[:1]), CLOSE_NOT_UTF8),
    "a surrogate": (framed(TEXT, b"\xed\xa0\x80"), CLOSE_NOT_UTF8),
    "half a code": (framed(CLOSE, b"\x03"), CLOSE_PROTOCOL),
    "a code that is for no frame": (framed(CLOSE, (1006).to_bytes(2, "big")), CLOSE_PROTOCOL),
    "a code that nobody knows": (framed(CLOSE, (2999).to_bytes(2, "big")), CLOSE_PROTOCOL),
    "a reason that is no text": (framed(CLOSE, b"\x03\xe8\xff"), CLOSE_NOT_UTF8),
    "TLS": (bytes.fromhex("16030100a5010000a10303"), CLOSE_PROTOCOL),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", CLOSE_PROTOCOL),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_breaks_the_rules_is_refused_with_the_code_for_it(case: str) -> None:
    data, code = BROKEN[case]
    assert read([data]) == [code]
    assert read([framed(TEXT, b"before"), data, b"behind"]) == ["before", code]


def test_the_largest_message_fits() -> None:
    assert read([framed(TEXT, b"x" * 70_000)], limit=70_000) == ["x" * 70_000]
    assert read([framed(TEXT, b"x" * 70_001)], limit=70_000) == [CLOSE_TOO_LARGE]


def test_nothing_is_kept_of_what_was_taken() -> None:
    reader = Reader(LIMIT)
    reader.add(framed(TEXT, b"a") + framed(TEXT, b"b"))
    assert [reader.next(), reader.begun, reader.next(), reader.begun, reader.next()] == ["a", True, "b", False, None]


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 125, 1_000, 65_536])
def test_masks(size: int) -> None:
    data = os.urandom(size)
    for mask in (b"\0\0\0\0", b"\0\0\0\x01", b"\xff\x01\0\x80"):
        assert unmask(mask, data) == bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))


def test_what_a_server_sends() -> None:
    assert control(PONG, b"?") == b"\x8a\x01?"
    assert closing(4001, "silent") == b"\x88\x08\x0f\xa1silent"
    # A reason is cut between characters.
    long = closing(1000, "ü" * 100)
    assert long[1] == len(long) - 2 <= 125
    assert long[4:].decode() == "ü" * 61
