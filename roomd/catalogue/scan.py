"""Walking a music folder: which files there are, what they say, and which pictures lie beside them. Runs in a thread.

Nothing outside the root is ever read: a symbolic link is followed when what it points to lies under the root, and not
otherwise; a folder reached twice is walked once, so that links cannot make a circle.
"""

import hashlib
import logging
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from roomd.catalogue.forms import CONVERTED, EXTENSIONS, FOREIGN
from roomd.catalogue.tags import Facts, from_name, main_artist, playable, read_facts
from roomd.catalogue.words import fold
from roomd.domain.track import Track, fit_text
from roomd.sound.notes import Heard

#: Files looked at in one folder tree; 100,000 tracks are about 6,000 albums.
MAX_FILES = 100_000
MAX_DEPTH = 32
LOCAL = "local"

_PICTURES = ("cover.jpg", "cover.png", "cover.jpeg", "cover.webp", "folder.jpg", "folder.png")
_LOG = logging.getLogger(__name__)


class Found(Struct, frozen=True):
    """A file on disk that may be music. `picture` is the image beside it that stands for it, if any."""

    relative: str
    path: Path
    size: int
    mtime_ns: int
    picture: Path | None


class Item(Struct, frozen=True, kw_only=True):
    """A track of the folder, as it is searched and served."""

    id: str
    found: Found
    track: Track
    artist_id: str
    album_id: str
    #: Folded text with a space before every word, so that " be" finds the words that begin with "be".
    title_words: str
    artist_words: str
    album_words: str
    order: tuple[str, str, int, str]
    #: On its disc; 0 where nobody says.
    number: int = 0
    genre: str = ""
    released: str = ""
    #: Browsers refuse the file: one that is made of it is played instead.
    converted: bool = False


def walk(root: Path, more: Collection[str] = ()) -> Iterator[Found]:
    """Every file with a known extension, or one of those in `more`, under the root, MAX_FILES at most.

    Raises OSError for an unreadable root.
    """
    known = {*EXTENSIONS, *more}
    base = root.resolve(strict=True)
    seen = {base}
    pending = [(base, "", 0)]
    left = MAX_FILES
    while pending and left > 0:
        folder, prefix, depth = pending.pop()
        files, folders = _listing(base, folder, is_root=depth == 0)
        names = {path.name.lower(): path for _, path in files}
        for name, path in files[:left]:
            if extension_of(name) in known and (found := _look(prefix + name, path, names)):
                yield found
        left -= len(files)
        for name, path in reversed(folders):
            if path not in seen and depth < MAX_DEPTH:
                seen.add(path)
                pending.append((path, f"{prefix}{name}/", depth + 1))
    if left <= 0:
        _LOG.warning("the music folder has %d files or more; the rest is left out", MAX_FILES)


def describe(found: Found, key: bytes, heard: Heard | None = None) -> Item | None:
    """Read one file; None, and a line in the log, when it is damaged or is not what its name says.

    `heard` is what is known of it by listening. Of a file that browsers refuse, only that is known.
    """
    extension = extension_of(found.relative)
    if extension in FOREIGN:
        return _item(found, _facts(heard), CONVERTED, key, heard) if heard and not heard.fault else None
    try:
        with found.path.open("rb") as file:
            facts = read_facts(file, extension, picture=found.picture is None)
    except OSError as fault:
        _LOG.info("skipped %s: %s", found.relative, fault)
        return None
    if facts is None or not playable(facts, extension):
        _LOG.info("skipped %s: damaged, or not %s at all", found.relative, extension)
        return None
    return _item(found, facts, extension, key, heard)


def make_id(key: bytes, *parts: str) -> str:
    """128 bits of hex that nobody can guess without the key: a media URL is a capability."""
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogateescape"), digest_size=16, key=key).hexdigest()


def extension_of(name: str) -> str:
    return name.rpartition(".")[2].lower()


def inside(base: Path, path: Path) -> Path | None:
    """What the path leads to, when that lies under the (resolved) base."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    return real if real.is_relative_to(base) else None


def _listing(base: Path, folder: Path, *, is_root: bool) -> tuple[list[tuple[str, Path]], list[tuple[str, Path]]]:
    files: list[tuple[str, Path]] = []
    folders: list[tuple[str, Path]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                path = inside(base, Path(entry.path)) if entry.is_symlink() else Path(entry.path)
                if path is not None and not entry.name.startswith("."):
                    (folders if path.is_dir() else files).append((entry.name, path))
    except OSError as fault:
        if is_root:
            raise
        _LOG.info("skipped a folder: %s", fault)
    return files, folders


def _look(relative: str, path: Path, names: Mapping[str, Path]) -> Found | None:
    stem = path.stem.lower()
    beside = (f"{stem}.png", f"{stem}.jpg", *_PICTURES)
    try:
        status = path.stat()
    except OSError as fault:
        _LOG.info("skipped %s: %s", relative, fault)
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    picture = next((names[name] for name in beside if name in names), None)
    return Found(relative, path, status.st_size, status.st_mtime_ns, picture)


def _facts(heard: Heard) -> Facts:
    """What a file says that only ffmpeg reads."""
    names = {name: fit_text(text) for name, text in heard.names.items()}
    return Facts(
        form=EXTENSIONS[CONVERTED].form,
        kind="audio",
        duration_ms=heard.duration_ms,
        title=names.get("title", ""),
        artist=names.get("artist") or names.get("album_artist", ""),
        album=names.get("album", ""),
        genre=names.get("genre", ""),
        foreign=True,
    )


def _duration(facts: Facts, heard: Heard | None) -> float | None:
    """What was measured counts where the file does not say, or says something else."""
    said = facts.duration_ms
    if heard is None or heard.fault or (said is not None and abs(said - heard.duration_ms) < 1_000):
        return said
    return heard.duration_ms


def _item(found: Found, facts: Facts, extension: str, key: bytes, heard: Heard | None) -> Item:
    artist, title = from_name(found.path.stem)
    title, artist = (facts.title, facts.artist) if facts.title else (title, facts.artist or artist)
    media_id = make_id(key, found.relative)
    claimed = EXTENSIONS[extension]
    # An .mp4 or .webm file without pictures is sound; the other extensions say by themselves what they hold.
    mime = f"{facts.kind}/{facts.form}" if claimed.kind == "video" else claimed.mime
    track = Track(
        title=title or "Untitled",
        artist=artist,
        album=facts.album,
        url=f"/media/{media_id}.{extension}",
        duration_ms=_duration(facts, heard),
        kind=facts.kind if claimed.kind == "video" else claimed.kind,
        cover=f"/media/{media_id}/cover" if found.picture or facts.picture else "",
        source=f"{LOCAL}:{media_id}",
        mime=mime,
        gain_db=heard.gain_db if heard else None,
    )
    folded = [fold(text) for text in (track.title, track.artist, track.album)]
    main = fold(main_artist(track.artist))
    return Item(
        id=media_id,
        found=found,
        track=track,
        artist_id=make_id(key, "artist", main) if track.artist else "",
        album_id=make_id(key, "album", main, folded[2]) if track.album else "",
        title_words=folded[0],
        artist_words=folded[1],
        album_words=folded[2],
        order=(main, folded[2], 1_000 * facts.disc + facts.number, folded[0] + media_id),
        number=facts.number,
        genre=facts.genre,
        released=facts.released,
        converted=facts.foreign,
    )
