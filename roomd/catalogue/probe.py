"""What a pasted link is: music, video, a web page, gone, or nobody knows. Four seconds and one MiB at most.

A parser runs over a file of which only the first block is here; where it misses a block, that block is fetched and the
parser begins again. So an MP4 file whose index lies at the end, or an MP3 file behind a cover picture of a megabyte,
costs two or three requests of 64 KiB and not a download. Parsing again costs less than a millisecond.
"""

import asyncio
import time
from typing import BinaryIO, Literal, cast

from msgspec import Struct

from roomd.catalogue.fetch import Fetched, Fetcher, FetchFailed, FetchRefused
from roomd.catalogue.forms import form_of, image_type, mime_of
from roomd.catalogue.sparse import BLOCK, SparseFile
from roomd.catalogue.tags import Facts, read_facts
from roomd.domain.track import Kind

BUDGET_S = 4.0
BUDGET_BYTES = 1 << 20
#: Read of an answer that ignores our Range: from there, later parts cannot be had.
UNRANGED_BYTES = 4 * BLOCK
#: Blocks fetched together when a parser reads on into the next one, as it does for MP3 without a table of contents.
AHEAD = 4

What = Literal["media", "not_media", "missing", "unknown"]

_PLAYLISTS = {"application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl"}
_HLS = "application/vnd.apple.mpegurl"
_TEXT = (b"<!doctype", b"<html", b"<?xml", b"<svg", b"<head", b"<body", b"{", b"[", b"%pdf", b"pk\x03\x04")
#: These say how long they last in relation to the file's size, so without the size they cannot be judged.
_NEED_SIZE = {"mp3", "aac", "ogg"}


class Probed(Struct, frozen=True, kw_only=True):
    """`unknown`: this server could not tell, and the link may still work for listeners. `reason` is for people."""

    what: What
    kind: Kind = "audio"
    mime: str = ""
    duration_ms: float | None = None
    title: str = ""
    artist: str = ""
    album: str = ""
    reason: str = ""


async def probe(url: str, fetcher: Fetcher, budget_s: float = BUDGET_S) -> Probed:
    """Look at a link. Never raises for what the other side does."""
    until = time.monotonic() + budget_s
    try:
        first = await fetcher.get(
            url, span=(0, BLOCK - 1), max_bytes=UNRANGED_BYTES, timeout_s=budget_s, patience_s=budget_s / 2
        )
    except (FetchRefused, FetchFailed) as fault:
        return Probed(what="unknown", reason=str(fault))
    if first.status in {404, 410}:
        return Probed(what="missing", reason=f"the server answers {first.status}: there is nothing at this address")
    if first.status != 200 and _start(first) != 0:
        return Probed(what="unknown", reason=f"the server answers {first.status}")
    return await _judge(first, fetcher, until)


async def _judge(first: Fetched, fetcher: Fetcher, until: float) -> Probed:
    claimed = first.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = form_of(first.body)
    if form is not None:
        facts = await _facts(first, fetcher, until)
        return _media(facts) if facts else Probed(what="media", kind="audio", mime=mime_of(form, "audio"))
    return _other(first.body, claimed)


def _other(body: bytes, claimed: str) -> Probed:
    """What it is when the first bytes are no known media: then the Content-Type may speak."""
    if body.lstrip(b"\xef\xbb\xbf").startswith(b"#EXTM3U"):
        if b"#EXT-X-" in body:
            return Probed(what="media", kind="video", mime=_HLS)
        return Probed(what="not_media", mime=claimed, reason="this is a list of links, not a recording")
    if _is_text(body) or image_type(body) or claimed.startswith(("text/", "image/")):
        return Probed(what="not_media", mime=claimed, reason=f"this is {_name(body, claimed)}, not audio or video")
    if claimed.startswith(("audio/", "video/")) and claimed not in _PLAYLISTS and body:
        return Probed(what="media", kind="video" if claimed.startswith("video/") else "audio", mime=claimed)
    if not body:
        return Probed(what="not_media", mime=claimed, reason="the file is empty")
    return Probed(what="unknown", mime=claimed, reason="this does not look like audio or video that browsers play")


async def _facts(first: Fetched, fetcher: Fetcher, until: float) -> Facts | None:
    size = _size(first)
    file = SparseFile(size or len(first.body), first.body)
    left = BUDGET_BYTES - len(first.body)
    while True:
        # In a thread: a megabyte of rubbish takes a parser 0.2 s.
        facts = await asyncio.to_thread(_read, file)
        if file.wanted is None or file.final:
            break
        if first.status != 206 or left < BLOCK or not (fetched := await _fill(file, first.url, fetcher, until, left)):
            file.final, file.wanted = True, None
            continue
        left -= fetched
    if facts is not None and size is None and facts.form in _NEED_SIZE:
        return Facts(form=facts.form, kind=facts.kind, title=facts.title, artist=facts.artist, album=facts.album)
    return facts


def _read(file: SparseFile) -> Facts | None:
    file.seek(0)
    try:
        return read_facts(cast(BinaryIO, file))
    except OSError:
        return None


async def _fill(file: SparseFile, url: str, fetcher: Fetcher, until: float, left: int) -> int:
    """Fetch what the parser missed. How many bytes came, or 0 when that did not work."""
    number, file.wanted = file.wanted or 0, None
    count = max(1, min(AHEAD if file.has(number - 1) else 1, left // BLOCK))
    span = (number * BLOCK, min((number + count) * BLOCK, file.size) - 1)
    rest = until - time.monotonic()
    if rest <= 0:
        return 0
    try:
        part = await fetcher.get(url, span=span, max_bytes=count * BLOCK, timeout_s=rest)
    except (FetchRefused, FetchFailed):
        return 0
    if _start(part) != span[0]:
        return 0
    file.put(number, part.body)
    return len(part.body) if file.has(number) else 0


def _start(part: Fetched) -> int | None:
    """Where the part of the file that we were sent begins; None when it is no part."""
    first = part.headers.get("content-range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if part.status == 206 and first.isdecimal() and len(first) < 16 else None


def _size(first: Fetched) -> int | None:
    """The whole file's size, when the answer tells."""
    if first.status == 206:
        total = first.headers.get("content-range", "").rpartition("/")[2]
    else:
        total = first.headers.get("content-length", "" if first.cut else str(len(first.body)))
    return int(total) if total.isdecimal() and len(total) < 16 else None


def _media(facts: Facts) -> Probed:
    return Probed(
        what="media",
        kind=facts.kind,
        mime=mime_of(facts.form, facts.kind),
        duration_ms=facts.duration_ms,
        title=facts.title,
        artist=facts.artist,
        album=facts.album,
    )


def _is_text(body: bytes) -> bool:
    return body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_TEXT)


def _name(body: bytes, claimed: str) -> str:
    if image_type(body) or claimed.startswith("image/"):
        return "a picture"
    if b"<html" in body[:1_024].lower() or claimed == "text/html":
        return "a web page"
    return f"a document ({claimed})" if claimed else "a document"
