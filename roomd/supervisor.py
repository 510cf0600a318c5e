"""Several processes that serve as one: `roomd serve --processes`.

This process serves nobody. It keeps the port, runs the embedded stores if there are any, starts the others, each a
fresh interpreter that listens on the same port (the kernel deals out connections), starts another for each that dies,
and passes on what they ask each other. What they do together they do through Redis and PostgreSQL, as servers on
several hosts do; so nothing here is between a person and their room.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from msgspec import structs

from roomd.binding import ServeError, announce, reserved
from roomd.channel import ALIVE, Answer, Ask, Gone, Handed, News
from roomd.embedded import Stores, stores
from roomd.embedded.child import Patience
from roomd.process import Process
from roomd.settings import Settings
from roomd.stopping import AMONG_OTHERS, LIMITS, give_up_after, hear, hear_no_more
from roomd.tasks import Tasks

#: Seconds between two starts of a process that cannot be started, while others serve.
AGAIN_S = 5.0
#: Seconds between two questions whether a process still answers, and how many without an answer are too many. With the
#: second that each question waits that is 20 s: after 8 the other processes have given up on it.
ALIVE_S, SILENT = 3.0, 5
#: Seconds that a process gets beyond those in which it ends itself.
GRACE_S = 0.3

log = logging.getLogger(__name__)


async def supervise(settings: Settings, count: int) -> int:
    """Run until SIGTERM or SIGINT; the exit code. Raises ServeError and EmbeddedError."""
    stop, lost = asyncio.Event(), list[str]()

    def on_lost(message: str) -> None:
        lost.append(message)
        stop.set()

    hear(stop)
    ending, well = asyncio.Timeout(None), True
    try:
        with reserved(settings) as port:
            async with ending, stores(settings, on_lost) as urls:
                crew = Crew(structs.replace(settings, port=port), urls, count, on_lost)
                try:
                    if await _before(stop, crew.start()):
                        announce(settings, port)
                        await stop.wait()
                finally:
                    ending.reschedule(asyncio.get_running_loop().time() + LIMITS.stop_s)
                    give_up_after(LIMITS.hard_s)
                    well = await crew.stop()
    except TimeoutError:
        if not ending.expired():
            raise
        log.warning("the stores took too long to end")
    finally:
        hear_no_more()
    for message in lost:
        log.error("stopped: %s", message)
    return 0 if well and not lost else 1


async def _before(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work unless we are told to stop before it is done, which calls it off; whether it is done."""
    working, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
            return True
    finally:
        for task in (working, stopped):
            task.cancel()
        await asyncio.gather(working, stopped, return_exceptions=True)
    return False


class Crew:
    """The processes. `on_lost` is called when none serves any more and none can be started."""

    def __init__(self, settings: Settings, urls: Stores, count: int, on_lost: Callable[[str], None]) -> None:
        self._all = [
            Process(Handed(number, count, settings, urls), self._asked, self._news) for number in range(1, count + 1)
        ]
        self._on_lost = on_lost
        self._tasks = Tasks(log)

    async def start(self) -> None:
        """Start all at once, and keep them running from then on. Raises ServeError when one cannot be started."""
        async with asyncio.TaskGroup() as together:
            tasks = [together.create_task(_outcome(process.start())) for process in self._all]
        for fault in filter(None, (task.result() for task in tasks)):
            raise fault
        for process in self._all:
            self._tasks.start(f"keeping process {process.number}", self._keep(process))
            self._tasks.start(f"watching process {process.number}", self._watch(process))

    async def stop(self) -> bool:
        """End all of them at the same time; whether all ended well."""
        await self._tasks.stop()
        limit_s = AMONG_OTHERS.hard_s + GRACE_S
        well = await asyncio.gather(*(process.stop(limit_s) for process in self._all))
        # Until then they went on asking.
        await self._tasks.stop()
        return all(well)

    async def _keep(self, process: Process) -> None:
        """Start it again whenever it ends; for ever, while others serve."""
        loop, patience = asyncio.get_running_loop(), Patience()
        while True:
            began = loop.time()
            why = await process.ended()
            self._told_of(process)
            pause = patience.pause_after(loop.time() - began)
            while not process.ready:
                if pause is None and not any(other.ready for other in self._all):
                    self._on_lost(why)
                    return
                wait_s = AGAIN_S if pause is None else pause
                log.warning("%s; another is started in %.1f s", why, wait_s)
                await asyncio.sleep(wait_s)
                if (fault := await _outcome(process.start())) is not None:
                    why, pause = str(fault), patience.pause_after(0.0)

    def _told_of(self, dead: Process) -> None:
        """One of the others closes its sockets; if that one dies too, whoever notices that the lease has run out."""
        heir = next((process for process in self._all if process.ready), None)
        if heir is not None and dead.name:
            heir.tell(Gone(dead.name))

    async def _watch(self, process: Process) -> None:
        """End it when it hangs: the kernel would go on giving it connections."""
        silent = 0
        while True:
            await asyncio.sleep(ALIVE_S)
            silent = silent + 1 if process.ready and await process.ask(ALIVE) is None else 0
            if silent == SILENT:
                log.error("process %d does not answer any more, and is killed", process.number)
                process.kill()

    def _asked(self, asker: Process, ask: Ask) -> None:
        self._tasks.start("asking around", self._ask_around(asker, ask))

    async def _ask_around(self, asker: Process, ask: Ask) -> None:
        others = [process for process in self._all if process is not asker and process.ready]
        answers = await asyncio.gather(*(process.ask(ask.about) for process in others))
        found = {process.number: said for process, said in zip(others, answers, strict=True) if said is not None}
        asker.tell(Answer(ask.number, found))

    def _news(self, of: Process, news: News) -> None:
        for process in self._all:
            if process is not of and process.ready:
                process.tell(news)


async def _outcome(work: Coroutine[Any, Any, None]) -> ServeError | None:
    """Why it did not come to be, if it did not."""
    try:
        await work
    except ServeError as fault:
        return fault
    return None
