"""The processes that serve together with this one (`roomd serve --processes`), asked through the one that started them.

A server by itself has none: then `gather` answers for this process alone, and nobody hears `tell`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import msgspec
from msgspec import Raw

from roomd.channel import Answer, Ask, Channel, Gone, News
from roomd.tasks import Tasks

#: Seconds for all answers together; the supervisor waits a little less long for each.
PATIENCE_S = 1.2

log = logging.getLogger(__name__)


class Neighbours:
    """`number` is that of this process, and `of` how many there should be."""

    def __init__(self, channel: Channel | None = None, number: int = 1, of: int = 1) -> None:
        self.number, self.of = number, of
        #: The name that the sockets of this process are known by, and what is done when another process has died.
        self.name = ""
        self.gone: Callable[[str], None] = lambda process: None
        self._channel = channel
        self._answers: dict[str, Callable[[], Any]] = {}
        self._hearers: dict[str, Callable[[], Awaitable[object]]] = {}
        self._unheard: set[str] = set()
        self._turn = asyncio.Lock()
        self._asked: dict[int, asyncio.Future[dict[int, Raw]]] = {}
        self._under_way: dict[str, asyncio.Task[dict[int, Any]]] = {}
        self._numbers = count(1)
        self._tasks = Tasks(log)

    def answer(self, about: str, function: Callable[[], Any]) -> None:
        """What this process answers when it is asked about that."""
        self._answers[about] = function

    def hear(self, about: str, work: Callable[[], Awaitable[object]]) -> None:
        """What is done when another process tells of that; news that come meanwhile have it done once more."""
        self._hearers[about] = work

    def tell(self, about: str) -> None:
        """Have all others do what they do on hearing of that."""
        if self._channel is not None:
            self._channel.send(News(about))

    async def gather(self, about: str) -> dict[int, Any]:
        """Everybody's answer by their number, as JSON has it; whoever does not answer in time is missing.

        Whoever wants to know the same meanwhile has the same answers, so that nobody can make many questions of one.
        """
        if self._channel is None:
            return self._own(about)
        under_way = self._under_way.get(about)
        if under_way is None:
            under_way = self._tasks.start(f"asking for {about}", self._ask(self._channel, about))
            self._under_way[about] = under_way
            under_way.add_done_callback(lambda _: self._under_way.pop(about))
        return await asyncio.shield(under_way)

    def _own(self, about: str) -> dict[int, Any]:
        return {self.number: msgspec.to_builtins(self._answers[about]())}

    async def _ask(self, channel: Channel, about: str) -> dict[int, Any]:
        number, others = next(self._numbers), dict[int, Raw]()
        self._asked[number] = asked = asyncio.get_running_loop().create_future()
        try:
            channel.send(Ask(number, about))
            async with asyncio.timeout(PATIENCE_S):
                others = await asked
        except TimeoutError:
            log.warning("the other processes were not heard of within %.1f s", PATIENCE_S)
        finally:
            del self._asked[number]
        return self._own(about) | {each: msgspec.json.decode(said) for each, said in others.items()}

    async def listen(self) -> None:
        """Answer, and take answers and news in, until the supervisor is gone."""
        assert self._channel is not None
        async for message in self._channel.messages():
            match message:
                case Ask(number=number, about=about) if about in self._answers:
                    said = Raw(msgspec.json.encode(self._answers[about]()))
                    self._channel.send(Answer(number, {self.number: said}))
                case Answer(number=number, of=of) if number in self._asked:
                    if not self._asked[number].done():
                        self._asked[number].set_result(of)
                case Gone(process=process):
                    self.gone(process)
                case News(about=about) if about in self._hearers:
                    self._heard(about)

    async def stop(self) -> None:
        """End what is done on hearing of news."""
        self._hearers.clear()
        await self._tasks.stop()

    def _heard(self, about: str) -> None:
        if about not in self._unheard:
            self._unheard.add(about)
            self._tasks.start(f"news of {about}", self._act(about))

    async def _act(self, about: str) -> None:
        async with self._turn:
            self._unheard.discard(about)
            if about in self._hearers:
                await self._hearers[about]()
