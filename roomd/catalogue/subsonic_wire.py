"""What OpenSubsonic servers say, and what that is to us. They differ: fields are missing, a list of one may be that one
by itself, and ids may be numbers.
"""

import base64
import re
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import Raw, Struct

from roomd.catalogue.breaker import Trouble
from roomd.catalogue.forms import EXTENSIONS
from roomd.catalogue.upstream import sane
from roomd.domain.refusals import NotFound, Unavailable
from roomd.domain.song import Album, Artist, Song
from roomd.domain.track import MAX_DURATION_MS, fit_text

NAME = "subsonic"

#: The codes of errors: who we are is not accepted; there is no such thing.
_WRONG_CREDENTIALS = {
    40: "wrong user name or password",
    41: "it cannot check a salted digest of this user's password; an API key may do",
    42: "it does not know this way of saying who one is; some servers want an API key, others know none",
    43: "it takes either an API key or a user",
    44: "wrong API key",
}
_NOT_THERE = 70
#: Ids that can stand in an address as they are. Others are written in base64 behind a tilde.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}")
_CODED = re.compile(r"~[A-Za-z0-9_-]{1,149}")
_DATE = re.compile(r"[12]\d{3}")
#: How sound is asked for. What browsers do not play as it is comes as MP3, without ranges.
AS_IT_IS: dict[str, str | int] = {"format": "raw"}
TRANSCODED: dict[str, str | int] = {"format": "mp3", "maxBitRate": 192}

Id = str | int


class Refused(Trouble):
    """The server does not accept who we are."""


class Declined(Unavailable):
    """It answers, and will not do this: it was never told how, or the user may not."""


class Form(NamedTuple):
    """The type that a song is sent in, and whether it is transcoded to that: browsers do not play it as it is."""

    mime: str
    transcoded: bool


class ErrorSaid(Struct):
    code: int = 0
    message: str | None = None


class SongSaid(Struct):
    id: Id = ""
    title: str | int | None = None
    artist: str | int | None = None
    artistId: Id | None = None  # noqa: N815 - the contract's name
    album: str | int | None = None
    albumId: Id | None = None  # noqa: N815
    coverArt: Id | None = None  # noqa: N815
    duration: float | None = None
    track: int | None = None
    year: int | None = None
    genre: str | int | None = None
    suffix: str | None = None
    playCount: int | None = None  # noqa: N815
    isVideo: bool = False  # noqa: N815
    isDir: bool = False  # noqa: N815


class DateSaid(Struct):
    year: int = 0
    month: int = 0
    day: int = 0


class AlbumSaid(Struct):
    id: Id = ""
    name: str | int | None = None
    artist: str | int | None = None
    artistId: Id | None = None  # noqa: N815
    coverArt: Id | None = None  # noqa: N815
    year: int | None = None
    releaseDate: DateSaid | None = None  # noqa: N815
    song: Raw = Raw(b"[]")


class ArtistSaid(Struct):
    id: Id = ""
    name: str | int | None = None
    coverArt: Id | None = None  # noqa: N815
    albumCount: int | None = None  # noqa: N815
    album: Raw = Raw(b"[]")


class GenreSaid(Struct):
    value: str | int = ""


class ListSaid(Struct):
    """What holds a list, whichever it is."""

    song: Raw = Raw(b"[]")
    artist: Raw = Raw(b"[]")
    album: Raw = Raw(b"[]")
    genre: Raw = Raw(b"[]")


_envelope = msgspec.json.Decoder(dict[str, dict[str, Raw]]).decode

T = TypeVar("T")


def reader(name: str, kind: type[T], absent: NotFound, label: str) -> Callable[[bytes], T]:
    """What reads the part of an answer that goes by this name; one that is left out is empty.

    It raises `absent`, Refused, Declined or Trouble. The server's own words are not repeated: they might name us.
    """
    decode = msgspec.json.Decoder(kind).decode

    def read(body: bytes) -> T:
        said = _envelope(body).get("subsonic-response")
        if said is None:
            raise Trouble("not the answer of a Subsonic server")
        # Some say "ok" all the same.
        if "error" in said or bytes(said.get("status", b"")) != b'"ok"':
            raise _refusal(bytes(said.get("error", b"{}")), absent, label)
        return decode(said.get(name, b"{}"))

    return read


def _refusal(error: bytes, absent: NotFound, label: str) -> Exception:
    said = msgspec.json.decode(error, type=ErrorSaid)
    if said.code == _NOT_THERE:
        return absent
    if said.code in _WRONG_CREDENTIALS:
        return Refused(_WRONG_CREDENTIALS[said.code])
    return Declined(f"{label} does not do that (error {said.code}).", "provider_down")


def items(raw: Raw, kind: type[T], most: int) -> list[T]:
    """Those of a list that make sense. Raises Trouble when there are some and none does."""
    text = bytes(raw)
    if text == b"null":
        return []
    raws = msgspec.json.decode(text, type=list[Raw])[:most] if text.startswith(b"[") else [raw]
    return sane(raws, kind, lambda said: key_of(getattr(said, "id", "-")))


def key_of(said: Id | None) -> str:
    """An id of the server as we write it; "" where there is none, or it is too long."""
    text = "" if said is None else str(said)
    if not text or _PLAIN.fullmatch(text):
        return text
    coded = "~" + base64.urlsafe_b64encode(text.encode("utf-8", "replace")).rstrip(b"=").decode()
    return coded if _CODED.fullmatch(coded) else ""


def id_of(key: str) -> str | None:
    """The server's own id of a key; None where it is none."""
    if _PLAIN.fullmatch(key):
        return key
    if not _CODED.fullmatch(key):
        return None
    try:
        coded = key[1:]
        return base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode()
    except ValueError:
        return None


def cover_path(said: Id | None) -> str:
    """Where this server gives out a cover of theirs."""
    return f"/media/{NAME}/cover/{key_of(said)}" if key_of(said) else ""


def playable(said: SongSaid) -> bool:
    return not said.isVideo and not said.isDir


def song_of(said: SongSaid) -> Song:
    return Song(
        id=f"{NAME}:{key_of(said.id)}",
        title=_text(said.title) or "Untitled",
        artist=_text(said.artist),
        artist_id=_full(said.artistId),
        album=_text(said.album),
        album_id=_full(said.albumId),
        cover=cover_path(said.coverArt),
        url=f"/media/{NAME}/{key_of(said.id)}",
        duration_ms=_duration_ms(said.duration),
        mime=form_of(said).mime,
        genre=_text(said.genre),
        number=max(0, said.track or 0),
        released=_year(said.year),
    )


def form_of(said: SongSaid) -> Form:
    form = EXTENSIONS.get((said.suffix or "").lower())
    return Form(form.mime, False) if form and form.kind == "audio" else Form("audio/mpeg", True)


def album_of(said: AlbumSaid) -> Album:
    date = said.releaseDate
    whole = date is not None and date.year and 1 <= date.month <= 12 and 1 <= date.day <= 31
    return Album(
        id=f"{NAME}:{key_of(said.id)}",
        title=_text(said.name) or "Untitled",
        artist=_text(said.artist),
        artist_id=_full(said.artistId),
        cover=cover_path(said.coverArt),
        released=f"{date.year:04}-{date.month:02}-{date.day:02}" if date and whole else _year(said.year),
    )


def artist_of(said: ArtistSaid) -> Artist:
    return Artist(
        id=f"{NAME}:{key_of(said.id)}",
        name=_text(said.name) or "Unknown artist",
        picture=cover_path(said.coverArt),
        albums=max(0, said.albumCount or 0),
    )


def _text(said: str | int | None) -> str:
    return fit_text("" if said is None else str(said))


def _full(said: Id | None) -> str:
    return f"{NAME}:{key_of(said)}" if key_of(said) else ""


def _year(said: int | None) -> str:
    return str(said) if said and _DATE.fullmatch(str(said)) else ""


def _duration_ms(said: float | None) -> float | None:
    return said * 1_000 if said and 0 < said * 1_000 <= MAX_DURATION_MS else None
