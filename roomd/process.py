"""One of the processes that serve together: a fresh interpreter, and the channel to it."""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from itertools import count

from msgspec import Raw

from roomd.binding import ServeError
from roomd.channel import Answer, Ask, Channel, Failed, Gone, Handed, News, Ready
from roomd.embedded.spawn import tied_to_us
from roomd.tasks import Tasks

#: Seconds that a process has to answer a question: one that hangs holds nobody up for longer.
PATIENCE_S = 1.0

log = logging.getLogger(__name__)


class Process:
    """May be started again whenever it has ended. `asked` and `news` are told what it wants of the others."""

    def __init__(
        self, handed: Handed, asked: Callable[["Process", Ask], None], news: Callable[["Process", News], None]
    ) -> None:
        self.ready = False
        #: The name that its sockets are known by; empty before it first serves.
        self.name = ""
        self._handed = handed
        self._heard_ask, self._heard_news = asked, news
        self._child: asyncio.subprocess.Process | None = None
        self._channel: Channel | None = None
        self._fault = ""
        self._serves = asyncio.Event()
        self._awaited: dict[int, asyncio.Future[Raw]] = {}
        self._numbers = count(1)
        self._tasks = Tasks(log)

    @property
    def number(self) -> int:
        return self._handed.number

    async def start(self) -> None:
        """Start it, and wait until it serves. Raises ServeError when it ends instead, with what it says of it."""
        self._fault, self._serves = "", asyncio.Event()
        try:
            self._child, self._channel = child, channel = await self._spawn()
        except OSError as fault:
            raise ServeError(f"process {self.number} cannot be started: {fault}") from None
        channel.send(self._handed)
        hearing = self._tasks.start(f"hearing process {self.number}", self._hear(channel))
        serves = asyncio.create_task(self._serves.wait())
        try:
            await asyncio.wait({hearing, serves}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            serves.cancel()
        if not self.ready:
            status = await child.wait()
            raise ServeError(self._fault or f"process {self.number} {_ended(status)} while it was starting")
        log.info("process %d serves, as %d", self.number, child.pid)

    async def _spawn(self) -> tuple[asyncio.subprocess.Process, Channel]:
        ours, theirs = socket.socketpair()
        with theirs:
            channel = await Channel.over(ours)
            try:
                child = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "roomd.worker",
                    stdin=theirs.fileno(),
                    # Ctrl-C in a terminal reaches only us; all end when we say so, in order.
                    start_new_session=True,
                    preexec_fn=tied_to_us(signal.SIGKILL) if _kernel_ties() else None,
                )
            except OSError:
                await channel.close()
                raise
        return child, channel

    async def ended(self) -> str:
        """Wait until it has; how, in words."""
        assert self._child is not None
        status = await self._child.wait()
        self.ready = False
        return f"process {self.number} {_ended(status)}"

    def kill(self) -> None:
        assert self._child is not None
        with contextlib.suppress(ProcessLookupError):
            self._child.kill()

    async def stop(self, limit_s: float) -> bool:
        """Have it send everybody away and end, and kill it if that takes too long; whether it ended well."""
        child = self._child
        if child is None:
            return True
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
        served = self.ready
        try:
            status = await asyncio.wait_for(child.wait(), limit_s)
        except TimeoutError:
            log.warning("process %d did not end within %.1f s and is killed", self.number, limit_s)
            self.kill()
            status = await child.wait()
        await self._tasks.stop()
        # Before it serves it may not hear signals yet, and is simply ended by one.
        return status == 0 or not served

    async def ask(self, about: str) -> Raw | None:
        """What it answers; None when it does not in time."""
        number = next(self._numbers)
        answered: asyncio.Future[Raw] = asyncio.get_running_loop().create_future()
        self._awaited[number] = answered
        try:
            if self._channel is None or not self._channel.send(Ask(number, about)):
                return None
            async with asyncio.timeout(PATIENCE_S):
                return await answered
        except TimeoutError:
            return None
        finally:
            del self._awaited[number]

    def tell(self, message: Answer | News | Gone) -> None:
        if self._channel is not None:
            self._channel.send(message)

    async def _hear(self, channel: Channel) -> None:
        """Until it has closed its end, which its death does too."""
        try:
            async for message in channel.messages():
                match message:
                    case Ready(process=name):
                        self.ready, self.name = True, name
                        self._serves.set()
                    case Failed(message=why):
                        self._fault = why
                    case Ask():
                        self._heard_ask(self, message)
                    case News():
                        self._heard_news(self, message)
                    case Answer(number=number, of=of):
                        self._take(number, of)
        finally:
            self.ready = False
            await channel.close()

    def _take(self, number: int, of: dict[int, Raw]) -> None:
        waiting = self._awaited.get(number)
        if waiting is not None and not waiting.done() and self.number in of:
            # What is decoded lazily refers to the whole line.
            waiting.set_result(Raw(bytes(of[self.number])))


def _kernel_ties() -> bool:
    """Whether the kernel ends it when we are killed; elsewhere, and where it stands still, the channel's end does."""
    return sys.platform == "linux" and threading.current_thread() is threading.main_thread()


def _ended(status: int) -> str:
    return f"ended (exit status {status})" if status >= 0 else f"was ended by {signal.Signals(-status).name}"
