"""What people hear, from the commits that say so to PostgreSQL, without anybody waiting for it.

The process that commits notes it in memory, a task of its own moves that into a stream in Redis, and one process at a
time writes the stream into PostgreSQL, each entry once. While PostgreSQL is away the stream waits; while Redis is, what
does not fit in memory is forgotten: rooms go on in any case.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from roomd.domain.commit import Commit
from roomd.domain.heard import Run, heard
from roomd.domain.ids import is_uuid
from roomd.domain.refusals import Unavailable
from roomd.domain.room import Room
from roomd.domain.song import song_from
from roomd.scheduler import Job
from roomd.store.listen_stream import ListenStream, Noted
from roomd.store.listens import DAY_MS, Line, Listens
from roomd.store.songs import Songs

#: Commits kept in memory while Redis does not answer, and moved to it in one go.
MOST_NOTED = 5_000
BATCH = 200
#: Entries of the stream written in one go: with 5 listeners each, 30 ms.
WRITTEN = 200
#: Seconds until Redis is tried again, between two looks at the stream, and that stopping may take.
AGAIN_S = 0.5
LOOK_S = 0.5
STOP_S = 2.0
#: Seconds that somebody who looks at their history waits for what is not written yet.
CATCH_UP_S = 1.0
#: Days for which a history is kept, what is removed in one go, and seconds between two looks for it.
KEPT_DAYS = 730.0
PRUNED = 5_000
PRUNE_S = 3_600.0

log = logging.getLogger(__name__)


class Listening:
    def __init__(self, stream: ListenStream, listens: Listens, songs: Songs, now: Callable[[], float]) -> None:
        self.stream = stream
        self._listens = listens
        #: How far the stream is written, where this process has found that out.
        self._upto: str | None = None
        self._songs = songs
        self._now = now
        self._noted: deque[Noted] = deque(maxlen=MOST_NOTED)
        self._forgotten = 0
        self._wake = asyncio.Event()
        self._moving = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="listening")

    async def stop(self) -> None:
        """Move what is left to Redis, as far as that takes no longer than a moment."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(STOP_S):
                await self._move()

    def note(self, before: Room, commit: Commit, after: Room) -> None:
        """What a commit says of who heard what. Does not wait."""
        runs = heard(before, after, commit)
        if runs:
            if len(self._noted) == MOST_NOTED:
                self._forgotten += 1
            self._noted.append(Noted(room=after.id, epoch=commit.epoch, rev=commit.rev, runs=runs))
            self._wake.set()

    def jobs(self) -> Sequence[Job]:
        return (
            Job("listens", True, self.write),
            Job("listens-age", True, self.prune, int(PRUNE_S * 1_000)),
        )

    async def write(self) -> float:
        """Write a batch of the stream into PostgreSQL; in how many seconds to come again. Raises Unavailable."""
        before = self._upto or await self._listens.upto()
        waiting = await self.stream.after(before, WRITTEN)
        if waiting is None:
            self._upto = before
            return LOOK_S
        # Until it is known to be written, PostgreSQL is asked again.
        self._upto = None
        lines = lines_of(waiting.noted)
        tracks = {run.track for noted in waiting.noted for run in noted.runs}
        await self._songs.keep((song_from(track) for track in tracks), self._now())
        if await self._listens.write(lines, before, waiting.last):
            self._upto = waiting.last
            await self.stream.trim(waiting.last)
        return 0.0

    async def catch_up(self) -> None:
        """Have what this process noted, and what waits in the stream, written now, as far as that is quickly done."""
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(CATCH_UP_S):
                await self._move()
                while await self.write() == 0.0:
                    pass

    async def prune(self) -> float:
        """Remove one batch of what is too old; in how many seconds to come again. Raises DatabaseAway."""
        return 0.0 if await self._listens.prune(self._now() - KEPT_DAYS * DAY_MS, PRUNED) else PRUNE_S

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._move()
            except Unavailable as fault:
                log.info("what is heard waits in memory: %s", fault)
                self._wake.set()
                await asyncio.sleep(AGAIN_S)

    async def _move(self) -> None:
        """Move what was noted to Redis. Raises Unavailable; then it is kept for the next time."""
        async with self._moving:
            while self._noted:
                batch = [self._noted.popleft() for _ in range(min(BATCH, len(self._noted)))]
                try:
                    await self.stream.add(batch)
                except (Unavailable, asyncio.CancelledError):
                    self._put_back(batch)
                    raise
            if self._forgotten:
                log.warning("%d commits were too many to remember; some history is lost", self._forgotten)
                self._forgotten = 0

    def _put_back(self, batch: list[Noted]) -> None:
        room = MOST_NOTED - len(self._noted)
        self._forgotten += max(0, len(batch) - room)
        self._noted.extendleft(reversed(batch[-room:] if room else []))


def lines_of(noted: Iterable[Noted]) -> list[Line]:
    """One line for each person and run: stretches add up, and the one word on how it ended stands."""
    lines: dict[tuple[str, str, str], Line] = {}
    for each in noted:
        for run in each.runs:
            for line in _lines(each, run):
                key = (line.person, line.room, line.play)
                lines[key] = _added(lines[key], line) if key in lines else line
    return sorted(lines.values())


def _lines(noted: Noted, run: Run) -> Iterable[Line]:
    song = song_from(run.track).id
    for stretch in run.stretches:
        if is_uuid(stretch.person):
            yield Line(stretch.person, noted.room, run.play, song, stretch.at, stretch.ms, run.ended, stretch.how)


def _added(one: Line, other: Line) -> Line:
    return one._replace(
        at=min(one.at, other.at),
        ms=one.ms + other.ms,
        ended=one.ended if other.ended == "stopped" else other.ended,
        how="heard" if "heard" in {one.how, other.how} else "known",
    )
