"""What providers answered, in three levels: this process's memory, Redis, PostgreSQL. Nobody is asked twice.

In memory and in Redis is what is fresh. When neither has it the provider is asked: once for all who want to know, in
this process and, by a short lease, in the others. When it does not answer at once, or was in trouble the last time,
what PostgreSQL has from before is the answer, marked as stale, and the asking goes on behind it. A failure is never
kept; that something is not there is, for ten minutes.
"""

import asyncio
import contextlib
import hashlib
import itertools
import logging
import secrets
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from roomd.catalogue.memory import Memory
from roomd.domain.refusals import NotFound, Unavailable
from roomd.store.answers import LastingAnswers, RecentAnswers
from roomd.tally import Tally
from roomd.tasks import Tasks

T = TypeVar("T")

MEMORY_MS = 60_000.0
#: Answers in memory; of 50 songs each they would be some 100 MB, and most are a single song.
MOST = 2_000
MISSING_MS = 600_000.0
#: What is stale is told again without a look into PostgreSQL for so long.
STALE_MS = 2_000.0
#: Seconds for which what there is from before waits for something newer.
PATIENCE_S = 0.3
#: Questions put at once to a provider in trouble when there are answers from before: to see whether it is back.
PROBES = 4
#: Seconds after which asking is given up, whatever the provider's own limits are.
ASKING_S = 8.0
#: Milliseconds for which one process asks for all; and how often, in seconds, the others look.
LEASE_MS = 5_000
LOOK_S = 0.05
#: Answers that wait to be written to PostgreSQL at most (more are not kept there), and that are written in one go.
MOST_WRITES = 2_000
WRITE = 100
#: Days for which PostgreSQL keeps an answer, how many at most (some 2 KB each), and how many go in one turn.
KEEP_MS = 30 * 24 * 3_600_000.0
MOST_KEPT = 200_000
BATCH = 5_000
#: How far the times for which answers are fresh differ, so that they do not all end at once.
JITTER = 0.1

log = logging.getLogger(__name__)


class Answer(Struct, Generic[T], frozen=True):
    """`stale`: from before, and nobody could be asked. `left_out`: providers whose part is missing."""

    value: T
    stale: bool = False
    left_out: tuple[str, ...] = ()


class Question(NamedTuple, Generic[T]):
    """What can be asked of a provider: its name in keys, what the answer is, and for how long that is fresh."""

    name: str
    kind: type[T]
    fresh_ms: float


class _Missing(Struct, frozen=True):
    message: str
    code: str


class _Record(Struct):
    """As it is kept, compressed: JSON of 20 songs has 9 KB, and 1.3 KB compressed, which takes 0.1 ms."""

    until: float
    missing: _Missing | None = None
    value: msgspec.Raw = msgspec.Raw(b"null")


class _Known(NamedTuple):
    value: Any
    missing: _Missing | None = None
    stale: bool = False

    def told(self) -> Answer[Any]:
        """Raises NotFound."""
        if self.missing is not None:
            raise NotFound(self.missing.message, self.missing.code)
        return Answer(self.value, self.stale)


class Cache:
    """`now` is room time in ms."""

    def __init__(
        self, recent: RecentAnswers, lasting: LastingAnswers, now: Callable[[], float], dice: Random | None = None
    ) -> None:
        self._recent = recent
        self._lasting = lasting
        self._now = now
        self._dice = dice or Random(secrets.randbits(64))  # noqa: S311 - when answers grow old
        self._memory: Memory[_Known] = Memory(MOST, now)
        self._asked: dict[str, asyncio.Task[_Known]] = {}
        self._running: Counter[str] = Counter()
        self._troubled: set[str] = set()
        self._tasks = Tasks(log)
        self._unwritten: dict[str, bytes | None] = {}
        self._writing = False
        #: Answers by where they came from.
        self.answers = Tally("roomd_catalogue_answers", "What catalogues were asked, by who answered", "provider", "by")

    async def stop(self) -> None:
        await self._tasks.stop()

    async def forget(self) -> int:
        """Remove a batch of what PostgreSQL has kept for long enough; how many there were. Raises Unavailable."""
        return await self._lasting.forget(self._now() - KEEP_MS, MOST_KEPT, BATCH)

    async def ask(
        self, question: Question[T], provider: str, about: str, work: Callable[[], Awaitable[T]]
    ) -> Answer[T]:
        """The answer to `question` about something. Raises NotFound, or Unavailable when nobody has ever said."""
        key = f"{provider}:{question.name}:{hashlib.blake2b(about.encode(), digest_size=12).hexdigest()}"
        known = self._memory.get(key)
        if known is not None:
            self.answers.add(provider, "memory")
            return known.told()
        known = await self._lately(key, question) or self._memory.get(key)
        if known is not None:
            self.answers.add(provider, "redis")
            return known.told()
        asking = None
        if provider not in self._troubled:
            asking = self._begin(key, question, provider, work)
            await asyncio.wait({asking}, timeout=PATIENCE_S)
            if _has_answer(asking):
                self.answers.add(provider, "provider")
                return asking.result().told()
            self._troubled.add(provider)
        before = await self._before(key, question)
        if before is None:
            self.answers.add(provider, "provider")
            return (await asyncio.shield(asking or self._begin(key, question, provider, work))).told()
        self.answers.add(provider, "postgresql")
        # It may have been answered while PostgreSQL was looked into.
        known = self._memory.get(key)
        if known is not None:
            return known.told()
        if asking is None and self._running[provider] < PROBES:
            self._begin(key, question, provider, work)
        self._memory.keep(key, before, STALE_MS)
        return before.told()

    def _begin(
        self, key: str, question: Question[T], provider: str, work: Callable[[], Awaitable[T]]
    ) -> asyncio.Task[_Known]:
        """Begin to ask; whoever wants to know the same meanwhile waits for the same answer."""
        if key in self._asked:
            return self._asked[key]
        began = asyncio.get_running_loop().time()

        def ended(task: asyncio.Task[_Known]) -> None:
            self._asked.pop(key, None)
            self._running[provider] -= 1
            slow = asyncio.get_running_loop().time() - began > PATIENCE_S
            if task.cancelled() or task.exception() is not None or slow:
                self._troubled.add(provider)
            else:
                self._troubled.discard(provider)

        task = self._tasks.start(f"ask {key}", self._turn(key, question, work), expected=(Unavailable,))
        self._asked[key] = task
        self._running[provider] += 1
        task.add_done_callback(ended)
        return task

    async def _turn(self, key: str, question: Question[T], work: Callable[[], Awaitable[T]]) -> _Known:
        """Ask when it is our turn; or hear what another process was answered."""
        who, clock = secrets.token_hex(8), asyncio.get_running_loop().time
        end = clock() + LEASE_MS / 1_000
        while not await self._leased(key, who) and clock() < end:
            await asyncio.sleep(LOOK_S)
            known = await self._lately(key, question)
            if known is not None:
                return known
        try:
            return await self._answered(key, question, work)
        finally:
            with contextlib.suppress(Unavailable):
                await self._recent.give_back(key, who)

    async def _leased(self, key: str, who: str) -> bool:
        try:
            return await self._recent.take(key, who, LEASE_MS)
        except Unavailable:
            return True

    async def _answered(self, key: str, question: Question[T], work: Callable[[], Awaitable[T]]) -> _Known:
        """Ask the provider, and keep what it says. Raises Unavailable."""
        try:
            async with asyncio.timeout(ASKING_S):
                known = _Known(await work())
        except NotFound as refusal:
            known = _Known(None, _Missing(refusal.message, refusal.code))
        except TimeoutError:
            raise Unavailable("The catalogue does not answer. Try again in a moment.", "provider_down") from None
        fresh_ms = MISSING_MS if known.missing else question.fresh_ms
        fresh_ms *= self._dice.uniform(1 - JITTER, 1 + JITTER)
        record = _Record(self._now() + fresh_ms, known.missing, msgspec.Raw(msgspec.json.encode(known.value)))
        body = zlib.compress(msgspec.json.encode(record), 1)
        self._memory.keep(key, known, min(MEMORY_MS, fresh_ms))
        with contextlib.suppress(Unavailable):
            await self._recent.keep(key, body, fresh_ms)
        self._last(key, None if known.missing else body)
        return known

    def _last(self, key: str, body: bytes | None) -> None:
        """Into PostgreSQL when there is time, and out of it what is not there any more."""
        if len(self._unwritten) < MOST_WRITES:
            self._unwritten[key] = body
        if not self._writing:
            self._writing = True
            self._tasks.start("write answers", self._write(), expected=(Unavailable,))

    async def _write(self) -> None:
        """What has gathered, in turns; what PostgreSQL does not take is not kept there."""
        try:
            while self._unwritten:
                turn = dict(itertools.islice(self._unwritten.items(), WRITE))
                for key in turn:
                    del self._unwritten[key]
                gone = [key for key, body in turn.items() if body is None]
                if gone:
                    await self._lasting.drop(gone)
                answers = {key: body for key, body in turn.items() if body is not None}
                if answers:
                    await self._lasting.keep(answers, self._now())
        finally:
            self._writing = False

    async def _lately(self, key: str, question: Question[T]) -> _Known | None:
        """What Redis has."""
        try:
            read = _read(await self._recent.get(key), question)
        except Unavailable:
            return None
        if read is None:
            return None
        until, known = read
        left = until - self._now()
        if left <= 0:
            return None
        self._memory.keep(key, known, min(MEMORY_MS, left))
        return known

    async def _before(self, key: str, question: Question[T]) -> _Known | None:
        """What PostgreSQL has, from whenever."""
        try:
            read = _read(await self._lasting.get(key), question)
        except Unavailable:
            return None
        return read[1]._replace(stale=True) if read else None


def _has_answer(asking: asyncio.Task[_Known]) -> bool:
    return asking.done() and not asking.cancelled() and asking.exception() is None


def _read(body: bytes | None, question: Question[Any]) -> tuple[float, _Known] | None:
    """Until when it is fresh, and what was answered; None for what another version of this program wrote."""
    if body is None:
        return None
    try:
        record = msgspec.json.decode(zlib.decompress(body), type=_Record)
        value = None if record.missing else msgspec.json.decode(record.value, type=question.kind)
    except (msgspec.DecodeError, zlib.error):
        return None
    return record.until, _Known(value, record.missing)
