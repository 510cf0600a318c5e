"""Listening to the music folder, file by file in the background; and making playable what browsers refuse.

Of all servers on one machine, one listens at a time. What somebody waits for is made at once, beside that.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from typing import BinaryIO

from msgspec import Struct

from roomd.catalogue.local import LocalFolder
from roomd.catalogue.scan import Found, Item
from roomd.domain.refusals import Unavailable
from roomd.filelock import held
from roomd.sound import Kit, ffmpeg
from roomd.sound.ffmpeg import FfmpegMissing
from roomd.sound.loudness import Peaks, loudness_of, names_of
from roomd.sound.notes import Heard, Status, Told, key_of

#: Seconds after a start until listening begins: first everybody comes back.
START_AFTER_S = 15.0
#: Seconds between looks whether there are new files, and whether another server has finished listening.
LOOK_S = 2.0
#: The same where somebody waits for a file that another server may be converting.
SOON_S = 0.1
#: Seconds until the next attempt after the disk could not be used.
AGAIN_S = 300.0
#: Seconds that a player waits for its file; an hour of music is converted in 30 s. It may ask again.
PATIENCE_S = 25.0
#: Files that may wait to be converted because somebody asked for them.
MOST_ASKED = 50
#: Bytes that a second of converted sound takes.
BYTES_A_SECOND = 24_000

_LOG = logging.getLogger(__name__)


class Doing(Struct):
    """What is done with a file right now, and how much of it is."""

    status: Status
    total_ms: float
    done_ms: float = 0.0

    @property
    def progress(self) -> float:
        return min(1.0, self.done_ms / self.total_ms) if self.total_ms else 0.0


class Workshop:
    def __init__(self, kit: Kit, folder: LocalFolder) -> None:
        self._program, self._notes, self._shelf, self._root = kit
        self._folder = folder
        self._finished: set[str] = set()
        self._doing: dict[str, Doing] = {}
        self._making: dict[str, asyncio.Task[bool]] = {}
        self._turn = asyncio.Lock()
        self._closing = asyncio.Event()
        self._working: asyncio.Task[None] | None = None

    def start(self, after_s: float | None = None) -> None:
        wait_s = START_AFTER_S if after_s is None else after_s
        self._working = asyncio.get_running_loop().create_task(self._work(wait_s), name="sound")

    async def close(self) -> None:
        """End what is under way; it is begun anew after the next start."""
        self._closing.set()
        tasks = [*self._making.values(), *([self._working] if self._working else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def tell(self, item: Item) -> Told:
        doing = self._doing.get(key_of(item.found))
        heard = await asyncio.to_thread(self._notes.read, item.found)
        if doing is not None:
            return Told(doing.status, doing.progress, heard)
        if heard is None:
            return Told("waiting", 0.0, None)
        if heard.fault:
            return Told("failed", 0.0, heard)
        made = not item.converted or await asyncio.to_thread(self._shelf.has, key_of(item.found))
        return Told("ready", 1.0, heard) if made else Told("waiting", 0.0, heard)

    async def converted(self, found: Found) -> BinaryIO | None:
        """The file to play instead, made now unless it is there; None when none can be. Raises Unavailable."""
        key = key_of(found)
        ready = await asyncio.to_thread(self._shelf.open, key)
        if ready is not None:
            return ready
        task = self._make(found, key)
        try:
            async with asyncio.timeout(PATIENCE_S):
                made = await asyncio.shield(task)
        except TimeoutError:
            raise Unavailable("this file is being converted; try again in a moment", "converting") from None
        except asyncio.CancelledError:
            if not task.cancelled():
                raise
            raise Unavailable("this server is about to end", "draining") from None
        return await asyncio.to_thread(self._shelf.open, key) if made else None

    def _make(self, found: Found, key: str) -> asyncio.Task[bool]:
        """The one task that makes it, begun now unless it is under way."""
        task = self._making.get(key)
        if task is None:
            if self._closing.is_set() or len(self._making) >= MOST_ASKED:
                raise Unavailable("too many files are being converted; try again later", "converting")
            task = self._making[key] = asyncio.get_running_loop().create_task(self._convert(found, key))
            task.add_done_callback(lambda done: self._made(key, done))
        return task

    def _made(self, key: str, task: asyncio.Task[bool]) -> None:
        """Why it went wrong is for whoever waits, if anybody still does."""
        self._making.pop(key)
        if not task.cancelled():
            task.exception()

    async def _work(self, wait_s: float) -> None:
        """For as long as there is an ffmpeg. A disk that is full, or away, is tried again from time to time."""
        told = ""
        while True:
            await asyncio.sleep(wait_s)
            try:
                await self._look_at_all()
            except FfmpegMissing as fault:
                _LOG.warning("no more files are listened to: %s", fault)
                return
            except OSError as fault:
                why = f"{self._root} cannot be used: {fault.strerror or fault}"
                if why != told:
                    _LOG.warning("files are not listened to for now: %s", why)
                wait_s, told = AGAIN_S, why

    async def _look_at_all(self) -> None:
        """Everything that is there, then whatever comes."""
        await asyncio.to_thread(self._shelf.tidy)
        while True:
            self._folder.changed.clear()
            for found in self._folder.files():
                if key_of(found) not in self._finished:
                    await self._look(found)
            await self._folder.changed.wait()

    async def _look(self, found: Found) -> None:
        """Listen to a file unless somebody has, and make it playable if there is room. Raises OSError."""
        heard = await self._heard(found)
        self._finished.add(key_of(found))
        if heard is None:
            return
        item = await self._folder.listened(found, heard)
        wanted = 2 * BYTES_A_SECOND * heard.duration_ms / 1_000
        if item is not None and item.converted and not heard.fault:
            there = await asyncio.to_thread(self._shelf.has, key_of(found))
            if not there and await asyncio.to_thread(self._shelf.room) > wanted:
                async with self._alone("turn", LOOK_S):
                    with contextlib.suppress(Unavailable):
                        await self._make(found, key_of(found))

    async def _heard(self, found: Found) -> Heard | None:
        """What another server has noted of a file, as soon as it has; or what is noted now, when it is our turn."""
        while True:
            heard = await asyncio.to_thread(self._notes.read, found)
            if heard is not None:
                return heard
            with held(self._root / "turn") as ours:
                if ours:
                    return await asyncio.to_thread(self._notes.read, found) or await self._listen(found)
            await asyncio.sleep(LOOK_S)

    async def _listen(self, found: Found) -> Heard | None:
        """What is to be heard, noted; None when the file is gone, or was not to blame for what went wrong."""
        file = await self._folder.raw(found)
        if file is None:
            return None
        item = self._folder.item_of(found)
        peaks = Peaks()
        with file, self._shown(key_of(found), "listening", (item and item.track.duration_ms) or 0.0) as doing:

            def hear(part: bytes) -> None:
                peaks.add(part)
                doing.done_ms = peaks.duration_ms

            ended = await ffmpeg.run(self._program, ffmpeg.LISTENING, file, hear)
        if ended.fault and ended.again:
            _LOG.info("listening to %s was broken off: %s", found.relative, ended.fault)
            return None
        shown = await asyncio.to_thread(peaks.end)
        loudness = loudness_of(ended.said)
        if ended.fault or loudness is None or not peaks.samples:
            return await self._note(found, Heard(fault=ended.fault or "there is no sound in it"))
        return await self._note(
            found,
            Heard(
                duration_ms=peaks.duration_ms,
                lufs=loudness.lufs,
                peak_db=loudness.peak_db,
                peaks=shown,
                names=names_of(ended.said),
            ),
        )

    async def _convert(self, found: Found, key: str) -> bool:
        """Whether it is on the shelf now; if not, the file is noted to be no use. Raises Unavailable."""
        async with self._turn, self._alone("converting", SOON_S):
            if await asyncio.to_thread(self._shelf.has, key):
                return True
            try:
                fault = await self._write(found, key)
            except (FfmpegMissing, OSError) as why:
                _LOG.warning("%s cannot be converted: %s", found.relative, why)
                raise Unavailable("files cannot be converted at the moment", "converting") from None
        if fault:
            await self._folder.listened(found, await self._note(found, Heard(fault=fault)))
        return not fault

    async def _write(self, found: Found, key: str) -> str:
        """Put it on the shelf; what is wrong with the file, if anything. Raises FfmpegMissing, OSError, Unavailable."""
        file = await self._folder.raw(found)
        if file is None:
            raise Unavailable("the file cannot be read at the moment", "converting")
        item = self._folder.item_of(found)
        with file, self._shown(key, "converting", (item and item.track.duration_ms) or 0.0) as doing:
            part = await asyncio.to_thread(self._shelf.begin, key)
            try:
                ended = await ffmpeg.run(
                    self._program, (*ffmpeg.CONVERTING, f"file:{part}"), file, lambda said: _progress(doing, said)
                )
                if ended.again:
                    raise Unavailable("converting was broken off; try again in a moment", "converting")
                if not ended.fault and part.stat().st_size < ffmpeg.MAX_MADE:
                    await asyncio.to_thread(self._shelf.finish, key, part)
                    return ""
            finally:
                self._shelf.drop(part)
        return ended.fault or "it is too long to be converted"

    async def _note(self, found: Found, heard: Heard) -> Heard:
        if heard.fault:
            _LOG.info("%s is no use: %s", found.relative, heard.fault)
        await asyncio.to_thread(self._notes.write, found, heard)
        return heard

    @contextlib.contextmanager
    def _shown(self, key: str, status: Status, total_ms: float) -> Iterator[Doing]:
        """While it lasts, whoever asks is told."""
        doing = self._doing[key] = Doing(status, total_ms)
        try:
            yield doing
        finally:
            self._doing.pop(key, None)

    @contextlib.asynccontextmanager
    async def _alone(self, name: str, every_s: float) -> AsyncIterator[None]:
        """No other server on this folder does that meanwhile; looked at every so often."""
        while True:
            with held(self._root / name) as ours:
                if ours:
                    yield
                    return
            await asyncio.sleep(every_s)


def _progress(doing: Doing, said: bytes) -> None:
    """Lines such as `out_time_us=1234567`; the last one counts."""
    _, found, rest = said.rpartition(b"out_time_us=")
    number = rest.partition(b"\n")[0]
    if found and number.isdigit():
        doing.done_ms = int(number) / 1_000
