"""What Deezer says, and what that is to us. Everything may be missing or null; lists are read item by item, so that one
that makes no sense does not spoil the others.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import Raw, Struct

from roomd.catalogue.breaker import Trouble
from roomd.catalogue.upstream import TooMany, sane
from roomd.domain.refusals import NotFound
from roomd.domain.song import Album, Artist, Genre, Song
from roomd.domain.track import MAX_DURATION_MS, fit_text

NAME = "deezer"
PREVIEW_MS = 30_000.0
#: How long a preview is taken to be good when its address does not say.
UNSIGNED_MS = 600_000.0

_TOO_MANY = frozenset({4, 700})
_NO_DATA = frozenset({500, 501, 600, 800})
_DATE = re.compile(r"(?!0000)\d{4}-\d\d-\d\d")
_EXPIRES = re.compile(r"[?&~=]exp=(\d{9,11})(?!\d)")


class Said(Struct):
    """Deezer's errors come with status 200, in place of what was asked for."""

    error: Raw = Raw(b"")


class Page(Said):
    data: list[Raw] = []
    next: str | None = None


class ArtistSaid(Said):
    id: int | str = 0
    name: str | None = None
    picture_medium: str | None = None
    picture_xl: str | None = None
    nb_album: int | None = None
    nb_fan: int | None = None


class GenreSaid(Said):
    id: int | str = 0
    name: str | None = None
    picture_medium: str | None = None


class AlbumSaid(Said):
    id: int | str = 0
    title: str | None = None
    cover_medium: str | None = None
    cover_big: str | None = None
    cover_xl: str | None = None
    release_date: str | None = None
    artist: ArtistSaid | None = None
    genres: Page | None = None
    nb_tracks: int | None = None
    tracks: Page | None = None


class TrackSaid(Said):
    id: int | str = 0
    title: str | None = None
    duration: float | str | None = None
    preview: str | None = None
    track_position: int | None = None
    release_date: str | None = None
    artist: ArtistSaid | None = None
    album: AlbumSaid | None = None


class _ErrorSaid(Struct):
    code: int = 0
    message: str = ""


class Preview(NamedTuple):
    """`expires_at` is in ms since 1970."""

    url: str
    expires_at: float


S = TypeVar("S", bound=Said)


def reader(kind: type[S], absent: NotFound) -> Callable[[bytes], S]:
    """What reads an answer of that kind. It raises TooMany, `absent` or Trouble where it is an error."""
    decode = msgspec.json.Decoder(kind).decode

    def read(body: bytes) -> S:
        said = decode(body)
        if said.error and bytes(said.error) not in {b"null", b"[]", b"{}"}:
            raise _refusal(bytes(said.error), absent)
        return said

    return read


def _refusal(error: bytes, absent: NotFound) -> Exception:
    try:
        said = msgspec.json.decode(error, type=_ErrorSaid)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        said = _ErrorSaid()
    if said.code in _TOO_MANY:
        return TooMany()
    if said.code in _NO_DATA:
        return absent
    return Trouble(f"error {said.code}: {fit_text(said.message, 100)}")


def items(raws: Sequence[Raw], kind: type[S]) -> list[S]:
    """Those of a list that make sense. Raises Trouble when there are some and none does."""
    return sane(raws, kind, lambda said: key_of(getattr(said, "id", 0)))


def key_of(said: int | str) -> str:
    """An id as Deezer has them; "" where it is none."""
    text = str(said)
    return text if is_key(text) and int(text) else ""


def is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def artist_of(said: ArtistSaid, picture: Callable[[str], str]) -> Artist:
    return Artist(
        id=f"{NAME}:{key_of(said.id)}",
        name=fit_text(said.name or "") or "Unknown artist",
        picture=picture(said.picture_xl or "") or picture(said.picture_medium or ""),
        albums=max(0, said.nb_album or 0),
        fans=max(0, said.nb_fan or 0),
    )


def album_of(said: AlbumSaid, picture: Callable[[str], str], artist: ArtistSaid | None = None) -> Album:
    """`artist`: whose it is, where the album does not say."""
    by = said.artist or artist
    return Album(
        id=f"{NAME}:{key_of(said.id)}",
        title=fit_text(said.title or "") or "Untitled",
        artist=fit_text(by.name or "") if by else "",
        artist_id=_full(by),
        cover=picture(said.cover_big or "") or picture(said.cover_medium or ""),
        large=picture(said.cover_xl or ""),
        released=_date(said.release_date),
    )


def song_of(
    said: TrackSaid, picture: Callable[[str], str], *, playable: bool, album: AlbumSaid | None, genre: str, number: int
) -> Song:
    """`playable`: there is a preview. `album`: the one it was told as part of, which such songs do not name themselves,
    and at which place there (0: at none).
    """
    key, on = key_of(said.id), said.album or album
    duration = _duration_ms(said.duration)
    return Song(
        id=f"{NAME}:{key}",
        title=fit_text(said.title or "") or "Untitled",
        artist=fit_text(said.artist.name or "") if said.artist else "",
        artist_id=_full(said.artist),
        album=fit_text(on.title or "") if on else "",
        album_id=_full(on),
        cover=(picture(on.cover_big or "") or picture(on.cover_medium or "")) if on else "",
        url=f"/media/{NAME}/{key}" if playable else "",
        duration_ms=duration,
        playable_ms=min(PREVIEW_MS, duration or PREVIEW_MS),
        mime="audio/mpeg",
        genre=genre,
        number=max(0, said.track_position or number),
        released=_date(said.release_date) or (_date(on.release_date) if on else ""),
    )


def genre_of(said: GenreSaid, picture: Callable[[str], str]) -> Genre:
    return Genre(id=int(said.id), name=fit_text(said.name or ""), picture=picture(said.picture_medium or ""))


def preview_of(url: str, now: float) -> Preview:
    """A preview's address is signed, and good for some 15 minutes: until `exp`, which is in seconds."""
    match = _EXPIRES.search(url)
    return Preview(url, float(match[1]) * 1_000 if match else now + UNSIGNED_MS)


def _full(said: ArtistSaid | AlbumSaid | None) -> str:
    return f"{NAME}:{key_of(said.id)}" if said and key_of(said.id) else ""


def _date(text: str | None) -> str:
    return text if text and _DATE.fullmatch(text) else ""


def _duration_ms(said: float | str | None) -> float | None:
    seconds = float(said) if isinstance(said, float | int) or (said and is_key(said)) else 0.0
    return seconds * 1_000 if 0 < seconds * 1_000 <= MAX_DURATION_MS else None
