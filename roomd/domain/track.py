"""A track: what can be queued and played, wherever it comes from. And the check that turns outside input into one."""

import math
import unicodedata
from typing import Literal, cast, get_args
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from roomd.domain.refusals import Invalid
from roomd.domain.text import unshowable

Kind = Literal["audio", "video"]

MAX_TEXT = 300
MAX_URL = 2_000
MAX_SOURCE = 200
#: A week. Longer than any recording; what claims more is a damaged header or a joke.
MAX_DURATION_MS = 7 * 24 * 3_600_000.0
#: Decibels; more is no correction but a joke.
MAX_GAIN_DB = 60.0
#: Where this server's own media live; no other path of it can be queued.
MEDIA_PATH = "/media/"


class Track(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`source` is `provider:id` where a catalogue or provider knows it; `duration_ms` is None where nobody could tell.

    `subtitles` is the path of WebVTT on this server. `loose`: its provider's player cannot be kept to the instant.
    `gain_db`, where it is known, makes it as loud as others when it is added.
    """

    title: str
    artist: str = ""
    album: str = ""
    url: str
    duration_ms: float | None = None
    kind: Kind = "audio"
    cover: str = ""
    source: str = ""
    mime: str = ""
    subtitles: str = ""
    loose: bool = False
    gain_db: float | None = None


def check_track(
    *,
    title: str,
    url: str,
    artist: str = "",
    album: str = "",
    duration_ms: float | None = None,
    kind: str = "audio",
    cover: str = "",
    source: str = "",
    mime: str = "",
    subtitles: str = "",
    loose: bool = False,
    gain_db: float | None = None,
) -> Track:
    """A track out of what somebody sent. Raises Invalid, naming every field that is wrong."""
    texts = {"title": title, "artist": artist, "album": album, "source": source, "mime": mime}
    clean = {name: unicodedata.normalize("NFC", text).strip() for name, text in texts.items()}
    faults = {
        name: text_fault(text, MAX_SOURCE if name in {"source", "mime"} else MAX_TEXT) for name, text in clean.items()
    }
    if not clean["title"]:
        faults["title"] = "is empty"
    faults["url"] = url_fault(url.strip())
    faults["cover"] = url_fault(cover.strip()) if cover.strip() else ""
    if kind not in get_args(Kind):
        faults["kind"] = "must be audio or video"
    if duration_ms is not None and not (math.isfinite(duration_ms) and 0 < duration_ms <= MAX_DURATION_MS):
        faults["duration_ms"] = "must be more than 0 and at most a week"
    if gain_db is not None and not (math.isfinite(gain_db) and abs(gain_db) <= MAX_GAIN_DB):
        faults["gain_db"] = f"must be -{MAX_GAIN_DB:g} to {MAX_GAIN_DB:g}"
    wrong = {name: fault for name, fault in faults.items() if fault}
    if wrong:
        raise Invalid("; ".join(f"{name} {fault}" for name, fault in wrong.items()), fields=wrong)
    return Track(
        **clean,
        url=url.strip(),
        duration_ms=duration_ms,
        kind=cast(Kind, kind),
        cover=cover.strip(),
        subtitles=subtitles,
        loose=loose,
        gain_db=gain_db,
    )


def text_fault(text: str, limit: int) -> str:
    """What is wrong with a line of text, in words that follow the field's name; empty when nothing is."""
    if len(text) > limit:
        return f"has more than {limit} characters"
    if any(unshowable(character) for character in text):
        return "has control characters"
    return ""


def url_fault(url: str) -> str:
    """What is wrong with a media URL, in words that follow the field's name; empty when nothing is."""
    if len(url) > MAX_URL:
        return f"has more than {MAX_URL} characters"
    if any(character.isspace() or character == "\\" or unshowable(character) for character in url):
        return "has spaces, backslashes or control characters"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is not a URL"
    return _own_fault(parts) if url.startswith(MEDIA_PATH) else _absolute_fault(parts, port)


def fit_text(text: str, limit: int = MAX_TEXT) -> str:
    """Text that a file or another server gave, made fit for a track: nobody is there to be told what is wrong."""
    kept = "".join(" " if unshowable(character) else character for character in text[: 4 * limit])
    return " ".join(unicodedata.normalize("NFC", kept).split())[:limit].strip()


def _absolute_fault(parts: SplitResult, port: int | None) -> str:
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        return f"must be an http or https URL, or a path under {MEDIA_PATH}"
    return "must not carry a name or password" if "@" in parts.netloc else ""


def _own_fault(parts: SplitResult) -> str:
    lowered = parts.path.lower()
    segments = lowered.removeprefix(MEDIA_PATH).split("/")
    if "%" in lowered or any(segment in {"", ".", ".."} for segment in segments):
        return f"is not a path under {MEDIA_PATH}"
    return ""
