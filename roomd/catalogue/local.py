"""A folder of music files: scanned in the background, searched in memory, served by id.

The index belongs to the event loop's thread. A scan runs in a thread of its own and hands its finds over in batches, so
that no lock is needed and a search sees whatever is there already.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import re
import threading
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from msgspec import Struct

from roomd.catalogue import opening, scan
from roomd.catalogue.forms import FOREIGN, image_type
from roomd.catalogue.search import Index, Matches
from roomd.catalogue.tags import read_facts
from roomd.domain.track import Track
from roomd.sound.notes import Heard, Notes, Told

#: Files after which the finds go to the event loop; adding one takes some 2 µs.
BATCH = 200
MAX_PICTURE = 8 * 1024 * 1024

_ID = re.compile(r"[0-9a-f]{32}")
_LOG = logging.getLogger(__name__)


class Media(Struct, frozen=True):
    """An open file and what to say of it. Whoever receives it closes `file`."""

    file: BinaryIO
    size: int
    etag: str
    mime: str


class Picture(Struct, frozen=True):
    data: bytes
    mime: str
    etag: str


class Sound(Protocol):
    """What listens to files and converts them; see roomd/sound."""

    async def converted(self, found: scan.Found) -> BinaryIO | None:
        """What was made of a file that browsers refuse; None when nothing can be. Raises Unavailable meanwhile."""
        ...

    async def tell(self, item: scan.Item) -> Told: ...


#: Seconds between looks for new files; one over 4,000 unchanged ones takes 0.14 s of a thread.
RESCAN_S = 120.0


class LocalFolder:
    """One folder tree. `key` makes the ids unguessable; it must stay the same for URLs to stay the same.

    With `notes`, files that browsers refuse are found too, once they were listened to; `sound` is then to be set.
    """

    def __init__(self, root: Path, key: bytes, notes: Notes | None = None) -> None:
        self.root = root
        self.scanned = 0
        self.done = False
        self.fault = ""
        self.sound: Sound | None = None
        #: Set whenever something is found or goes, for whoever clears it.
        self.changed = asyncio.Event()
        #: Called when a scan has found other files than there were.
        self.on_news: Callable[[], None] = lambda: None
        self._notes = notes
        #: Files of which nothing can be said before they were listened to.
        self._unheard: list[scan.Found] = []
        self._key = hashlib.blake2b(key, digest_size=32).digest()
        self._index = Index()
        self._by_path: dict[str, scan.Item] = {}
        self._turn = asyncio.Lock()
        self._stopping = threading.Event()
        self._closing = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None

    @property
    def index(self) -> Index:
        """What was found so far."""
        return self._index

    @property
    def found(self) -> int:
        return len(self._index)

    def start(self, every_s: float = RESCAN_S) -> None:
        """Scan in the background, and look again every so often for what was added meanwhile."""
        self._watch = asyncio.get_running_loop().create_task(self._watching(every_s), name="music folder")

    async def close(self) -> None:
        """Stop a scan that is under way and wait until it has."""
        self._stopping.set()
        self._closing.set()
        if self._watch is not None:
            await self._watch
        async with self._turn:
            pass

    async def rescan(self) -> None:
        """Look for new, changed and vanished files. Only files whose size or time differ are read again.

        When the folder itself cannot be read (a disk not plugged in), what was known stays, and `fault` says so.
        """
        async with self._turn:
            before, self.scanned, self.fault = self.fault, 0, ""
            loop = asyncio.get_running_loop()
            known, unheard = dict(self._by_path), self._unheard
            try:
                present = await loop.run_in_executor(None, self._scan, loop, known)
            except OSError as fault:
                self.fault = f"the music folder cannot be read: {fault.strerror or fault}"
                if self.fault != before:
                    _LOG.warning("%s", self.fault)
            else:
                for relative in known.keys() - present if present is not None else ():
                    self._drop(relative)
                if present is not None and (present != known.keys() or unheard is not self._unheard):
                    self.on_news()
            self.done = True

    async def _watching(self, every_s: float) -> None:
        while not self._closing.is_set():
            await self.rescan()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), every_s)

    def search(self, q: str, limit: int) -> Matches:
        return self._index.search(q, limit)

    def track(self, source_id: str) -> Track | None:
        """The track of `local:<id>`, or of the bare id."""
        return item.track if (item := self._index.get(source_id.removeprefix(f"{scan.LOCAL}:"))) else None

    def at(self, path: str) -> Track | None:
        """The track that somebody else's path leads to: its last parts are a file's path here.

        A name alone may be anybody's (`01.mp3`), and counts only where no more is given.
        """
        parts = [part for part in path.split("/") if part not in {"", "."}][-scan.MAX_DEPTH :]
        for first in range(max(1, len(parts) - 1)):
            if (item := self._by_path.get("/".join(parts[first:]))) is not None:
                return item.track
        return None

    async def prepared(self, track: Track) -> bool:
        """Whether it can be played right now: a file that browsers refuse has to be converted first."""
        item = self._index.get((track.source or "").removeprefix(f"{scan.LOCAL}:"))
        return (
            item is None or not item.converted or self.sound is None or (await self.sound.tell(item)).status == "ready"
        )

    def files(self) -> list[scan.Found]:
        """Everything to be listened to; first what is not to be found otherwise."""
        return [*self._unheard, *(item.found for item in self._by_path.values())]

    def item_of(self, found: scan.Found) -> scan.Item | None:
        """The track that a file is, if it is one already."""
        return self._by_path.get(found.relative)

    async def listened(self, found: scan.Found, heard: Heard) -> scan.Item | None:
        """Take in what is known now of a file; the track that it is."""
        before = self._by_path.get(found.relative)
        if before is not None and before.found != found:
            return None
        if before is not None and before.track.gain_db == heard.gain_db and not heard.fault:
            return before
        item = await asyncio.get_running_loop().run_in_executor(None, scan.describe, found, self._key, heard)
        if item is not None:
            self._take([item], self.scanned)
        elif found.relative in self._by_path:
            self._drop(found.relative)
        return item

    async def raw(self, found: scan.Found) -> BinaryIO | None:
        """The file as it lies there, open; None when it is gone. Whoever receives it closes it."""
        return await opening.opened(self._checked, found.path)

    def titled(self, titles: Container[str]) -> Iterator[Track]:
        """The tracks whose titles, folded, are among these: one look at each, 10 ms for 100,000."""
        return (item.track for item in self._by_path.values() if item.title_words in titles)

    async def open(self, media_id: str, extension: str) -> Media | None:
        """The file behind a media URL, or None when there is none (any more). Raises Unavailable while it is made."""
        item = self._known(media_id)
        if item is None or scan.extension_of(item.track.url) != extension:
            return None
        loop = asyncio.get_running_loop()
        if item.converted and self.sound is not None:
            made = await self.sound.converted(item.found)
            if made is not None:
                return await loop.run_in_executor(None, _media, made, item)
        if scan.extension_of(item.found.relative) in FOREIGN:
            return None
        return await loop.run_in_executor(None, self._open, item)

    async def picture(self, media_id: str) -> Picture | None:
        """The cover of a track: the picture beside the file, or the one within."""
        item = self._known(media_id)
        if item is None or not item.track.cover:
            return None
        return await asyncio.get_running_loop().run_in_executor(None, self._picture, item)

    def _known(self, media_id: str) -> scan.Item | None:
        return self._index.get(media_id) if _ID.fullmatch(media_id) else None

    def _scan(self, loop: asyncio.AbstractEventLoop, known: Mapping[str, scan.Item]) -> set[str] | None:
        """In a thread: read what is new, and tell which paths are present; None when stopped before the end."""
        present: set[str] = set()
        batch: list[scan.Item] = []
        unheard: list[scan.Found] = []
        count = 0
        for count, found in enumerate(scan.walk(self.root, FOREIGN if self._notes else ()), start=1):
            if self._stopping.is_set():
                return None
            before = known.get(found.relative)
            item = before if before and before.found == found else self._describe(found)
            if item is not None:
                present.add(found.relative)
            elif scan.extension_of(found.relative) in FOREIGN:
                unheard.append(found)
            if item is not None and item is not before:
                batch.append(item)
            if count % BATCH == 0:
                loop.call_soon_threadsafe(self._take, batch, count)
                batch = []
        loop.call_soon_threadsafe(self._take, batch, count, unheard)
        return present

    def _describe(self, found: scan.Found) -> scan.Item | None:
        return scan.describe(found, self._key, self._notes.read(found) if self._notes else None)

    def _take(self, batch: list[scan.Item], scanned: int, unheard: list[scan.Found] | None = None) -> None:
        self.scanned = scanned
        if unheard is not None and unheard != self._unheard:
            self._unheard = unheard
            self.changed.set()
        if batch:
            self.changed.set()
        for item in batch:
            self._by_path[item.found.relative] = item
            self._index.add(item)

    def _drop(self, relative: str) -> None:
        self._index.remove(self._by_path.pop(relative).id)
        self.changed.set()

    def _checked(self, path: Path) -> BinaryIO | None:
        """Open a file if it still lies under the root: somebody may have put a link in its place since the scan."""
        with suppress(OSError):
            real = scan.inside(self.root.resolve(strict=True), path)
            if real is not None and real.is_file():
                return os.fdopen(os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
        return None

    def _open(self, item: scan.Item) -> Media | None:
        file = self._checked(item.found.path)
        return _media(file, item) if file is not None else None

    def _picture(self, item: scan.Item) -> Picture | None:
        file = self._checked(item.found.picture or item.found.path)
        if file is None:
            return None
        with file, suppress(OSError):
            if item.found.picture is not None:
                data = file.read(MAX_PICTURE + 1)
            else:
                facts = read_facts(file, scan.extension_of(item.found.relative), picture=True)
                data = facts.picture if facts else b""
            mime = image_type(data)
            if mime and len(data) <= MAX_PICTURE:
                return Picture(data, mime, _etag(os.fstat(file.fileno()), "cover"))
        return None


def etag_of(data: bytes) -> str:
    return f'"{hashlib.blake2b(data, digest_size=12).hexdigest()}"'


def _media(file: BinaryIO, item: scan.Item) -> Media:
    status = os.fstat(file.fileno())
    return Media(file, status.st_size, _etag(status, item.id), item.track.mime)


def _etag(status: os.stat_result, salt: str) -> str:
    return etag_of(f"{salt}:{status.st_size}:{status.st_mtime_ns}".encode())
