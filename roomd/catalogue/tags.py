"""What a media file says of itself: title, artist, album, how long it lasts. Files are not trusted: bounds hold."""

import io
import re
from typing import BinaryIO

from msgspec import Struct
from tinytag import TinyTag, TinyTagException

from roomd.catalogue import containers
from roomd.catalogue.forms import EXTENSIONS, HEAD, Form, form_of, image_type
from roomd.domain.track import MAX_DURATION_MS, Kind, fit_text

#: Steps (reads and seeks) that one file may cost; they last 0.05 s. MP3 without a table of contents takes 4,600.
MAX_STEPS = 100_000
#: Bytes that one read may ask for; a cover picture is the largest thing worth reading.
MAX_READ = 16 * 1024 * 1024

_FOREIGN = {b"alac", b"ac-3", b"ec-3"}
_DATE = re.compile(r"[12]\d{3}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?(?!\d)")
_GUESTS = re.compile(r"\s+[(\[]?(?:feat\.?|ft\.?|featuring)\s.*", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"^\d{1,3}(?:-\d{1,3})?[\s._-]+(?=\D)")


class Facts(Struct, frozen=True, kw_only=True):
    form: Form
    kind: Kind
    duration_ms: float | None = None
    title: str = ""
    artist: str = ""
    album: str = ""
    disc: int = 0
    number: int = 0
    genre: str = ""
    #: YYYY-MM-DD, or the beginning of that.
    released: str = ""
    picture: bytes = b""
    #: Coded in a way that few browsers know, though its form is one of theirs.
    foreign: bool = False


class Bounded(io.RawIOBase):
    """A file that ends, for who reads it, after so many steps: a damaged one is stepped through four bytes at a time.

    What a parser knows by then it may keep. One that goes on seeking all the same is stopped with an error.
    """

    def __init__(self, inner: BinaryIO) -> None:
        super().__init__()
        self._inner = inner
        self._steps = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self._count()
        if not 0 <= size <= MAX_READ:
            raise OSError(f"a part of {size} bytes is not read")
        return self._inner.read(size) if self._steps <= MAX_STEPS else b""

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._count()
        return self._inner.seek(offset, whence)

    def tell(self) -> int:
        return self._inner.tell()

    def _count(self) -> None:
        self._steps += 1
        if self._steps > 2 * MAX_STEPS:
            raise OSError("too many steps: the file is damaged")


def read_facts(inner: BinaryIO, extension: str = "", *, picture: bool = False) -> Facts | None:
    """What the file is and says, or None when no browser plays it. Raises OSError when it cannot be read.

    The first bytes decide; `extension` counts only where they say nothing, as with MP3 after rubbish.
    """
    file: BinaryIO = Bounded(inner)  # type: ignore[assignment]
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    form = form_of(file.read(HEAD))
    if form is None:
        form = "mp3" if extension == "mp3" else None
    if form is None or not size:
        return None
    if form == "webm":
        seconds, title, video = containers.webm_facts(file, size)
        duration = _milliseconds(seconds)
        return Facts(form=form, kind="video" if video else "audio", duration_ms=duration, title=fit_text(title))
    return _tagged(file, size, form, picture=picture)


def _tagged(file: BinaryIO, size: int, form: Form, *, picture: bool) -> Facts:
    kind = _mp4_kind(file, size) if form == "mp4" else "audio"
    if form == "aac":
        return Facts(form=form, kind=kind, duration_ms=_milliseconds(containers.aac_duration(file, size)))
    # tinytag walks through every page of an Ogg file to its end for the duration; the last page alone tells it.
    seconds = containers.ogg_duration(file, size) if form == "ogg" else None
    file.seek(0)
    try:
        tag = TinyTag.get(f"x.{form}", file, duration=form != "ogg", image=picture)
    except TinyTagException as fault:
        if isinstance(fault.__cause__, OSError):
            raise fault.__cause__ from None
        return Facts(form=form, kind=kind, duration_ms=_milliseconds(seconds))
    image = tag.images.any if picture else None
    shown = image.data if image is not None and image_type(image.data) else b""
    return Facts(
        form=form,
        kind=kind,
        duration_ms=_milliseconds(seconds if form == "ogg" else tag.duration),
        title=fit_text(tag.title or ""),
        artist=fit_text(tag.artist or tag.albumartist or ""),
        album=fit_text(tag.album or ""),
        disc=_count(tag.disc),
        number=_count(tag.track),
        genre=fit_text(tag.genre or ""),
        released=_date_of(tag.year or ""),
        picture=shown,
        foreign=form == "mp4" and kind == "audio" and not _FOREIGN.isdisjoint(containers.mp4_codings(file, size)),
    )


def _mp4_kind(file: BinaryIO, size: int) -> Kind:
    video = containers.mp4_has_video(file, size)
    if video is None:
        file.seek(8)
        video = file.read(3) not in {b"M4A", b"M4B"}
    return "video" if video else "audio"


def from_name(stem: str) -> tuple[str, str]:
    """Artist and title out of a file's name, without its extension: `03 - Alice - Rain` is Alice's Rain."""
    text = _NUMBER.sub("", stem.replace("_", " ")).strip() or stem
    artist, dash, title = text.partition(" - ")
    if dash and artist.strip() and title.strip():
        return fit_text(artist), fit_text(title)
    return "", fit_text(text)


def main_artist(artist: str) -> str:
    """Without the guests: `Alice feat. Bob` is filed under Alice, with the rest of her album."""
    return _GUESTS.sub("", artist).strip() or artist


def _date_of(text: str) -> str:
    """The date that a tag begins with: `2004`, `2004-05` or `2004-05-06`; "" where there is none."""
    match = _DATE.match(text.strip())
    return match[0] if match else ""


def _count(number: int | None) -> int:
    """A disc's or track's number; what no record has is none."""
    return number if number is not None and 0 < number < 1_000 else 0


def playable(facts: Facts, extension: str) -> bool:
    """Whether a file holds what its extension promises, and something of it. Videos may leave their length unsaid."""
    return facts.form == EXTENSIONS[extension].form and (facts.duration_ms is not None or facts.form in {"mp4", "webm"})


def _milliseconds(seconds: float | None) -> float | None:
    if seconds is None or not 0 < seconds * 1_000 <= MAX_DURATION_MS:
        return None
    return round(seconds * 1_000, 1)
