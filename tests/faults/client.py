"""A client of the native contract that keeps its word: it resends until it is answered, and resumes wherever it can."""

import asyncio
import time
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, NamedTuple

import msgspec

from faults.ledger import Ledger, Line
from faults.told import Heard, Resume, Told, hear
from faults.websocket import WebSocket, dial

encode = msgspec.json.encode

#: Seconds that an unanswered command is waited for before the connection is given up.
PATIENCE_S = 8.0
#: And until it is let in, as docs/protocol.md says.
WELCOME_S = 12.0
#: Commands sent at once after coming back; a socket takes 20 at once, and 10 a second over time.
_AT_ONCE = 12
_COMMIT = b'{"type":"commit"'


class Person(NamedTuple):
    id: str
    name: str
    token: str


class Backoff(NamedTuple):
    """Seconds to wait before coming back, more or less: the first time, and at most. It doubles each time."""

    first_s: float
    most_s: float


#: As docs/protocol.md asks for; and for whoever is to notice at once that all is well again.
POLITE = Backoff(0.5, 15.0)
HASTY = Backoff(0.08, 0.5)


class Client:
    """Somebody's connection to a room. `doors` gives the ports that may be tried; one is chosen by chance."""

    def __init__(
        self, person: Person, room: str, doors: Callable[[], Iterable[int]], ledger: Ledger, dice: Random
    ) -> None:
        self.person = person
        self.room = room
        self.doors = doors
        self._ledger = ledger
        self._dice = dice
        self.story: list[Told] = []
        self.resumes: list[Resume] = []
        self.closes: list[tuple[int, str]] = []
        #: For what it gave a connection up, because that was not answered: for "hello", or for commands.
        self.given_up: list[str] = []
        #: Codes of errors that were about no command.
        self.complaints: list[str] = []
        self.position: tuple[int, int] | None = None
        self.state: bytes = b""
        self.waiting: dict[str, tuple[Line, bytes]] = {}
        self._sent_at: dict[str, float] = {}
        self.on_commit: Callable[[Heard], None] = lambda heard: None
        self.backoff = HASTY
        self._failures = 0
        #: Until when it does not come back, on the monotonic clock.
        self.away_until = 0.0
        self.resuming = True
        self.answers_pings = True
        #: Whether it takes no notice of commits as long as this connection lasts, which spares the harness much work.
        self.absent_minded = False
        #: Bytes that the kernel keeps for it while it does not read; None: as many as usual.
        self.receive_buffer: int | None = None
        self.patience_s = PATIENCE_S
        self.welcomed = asyncio.Event()
        self.socket: WebSocket | None = None
        self._offered: tuple[int, int] | None = None
        self._hello_at = self._gone_at = 0.0
        self._past: int | None = None
        self._task: asyncio.Task[None] | None = None
        self._clock: asyncio.TimerHandle | None = None

    # -- coming and going

    def start(self) -> None:
        self._task = asyncio.create_task(self._live())

    async def stop(self) -> None:
        """Leave for good, saying goodbye."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self.socket is not None:
            self.socket.close()
        if self._clock is not None:
            self._clock.cancel()

    async def come_back(self) -> None:
        """Come anew, however long it meant to stay away; returns once it is in."""
        await self.stop()
        self.away_until = 0.0
        self.start()
        await self.welcomed.wait()

    def cut(self, away_s: float = 0.0) -> None:
        """Lose the connection without a word; the client comes back by itself, after so many seconds at least."""
        self.away_until = time.monotonic() + away_s
        if self.socket is not None:
            self.socket.vanish()

    @property
    def catching_up(self) -> bool:
        """Whether it is being told the past."""
        return bool(self._past)

    async def _live(self) -> None:
        while True:
            await self._visit()
            wait = self.away_until - time.monotonic()
            pause = min(self.backoff.first_s * 2**self._failures, self.backoff.most_s)
            self._failures += 1
            await asyncio.sleep(max(wait, self._dice.uniform(0.5, 1.5) * pause))

    async def _visit(self) -> None:
        """Be connected for as long as it lasts."""
        doors = list(self.doors())
        if not doors:
            return
        try:
            async with asyncio.timeout(self.patience_s):
                port, path = self._dice.choice(doors), f"/ws/v1/{self.room}/"
                self.socket = await dial(port, path, self, receive_buffer=self.receive_buffer)
        except (OSError, TimeoutError):
            return
        self.socket.answers_pings = self.answers_pings
        self._hello_at = time.monotonic()
        self._offered = self.position if self.resuming else None
        hello: dict[str, Any] = {"type": "hello", "token": self.person.token}
        if self._offered is not None:
            hello["resume"] = {"epoch": self._offered[0], "rev": self._offered[1]}
        self.socket.send(encode(hello))
        self._watch()
        try:
            await self.socket.lost.wait()
        finally:
            self.welcomed.clear()
            if self._clock is not None:
                self._clock.cancel()

    def _watch(self) -> None:
        """Give up a connection over which nothing is answered."""
        now = time.monotonic()
        late = now - self.patience_s
        silent = [self.waiting[key][0].kind for key, at in self._sent_at.items() if at < late and key in self.waiting]
        if not self.welcomed.is_set() and self._hello_at < now - max(WELCOME_S, self.patience_s):
            silent.append("hello")
        if silent:
            self.given_up += silent
            self.cut()
        else:
            self._clock = asyncio.get_running_loop().call_later(0.5, self._watch)

    # -- asking

    def ask(self, kind: str, *, must: bool, **fields: Any) -> Line:
        """Send a command now, or as soon as there is a connection; and again until it is answered."""
        line = Line(f"{self._dice.getrandbits(48):012x}", self.person.id, self.room, kind, must, time.monotonic())
        if kind == "say":
            # By this it is found again in the chat.
            fields["text"] += f" #{line.id}"
        self._ledger.sent(line)
        self.waiting[line.id] = line, encode({"type": kind, "id": line.id} | fields)
        if self.welcomed.is_set():
            self._send(line.id)
        return line

    def repeat(self, line: Line, of: "Client") -> None:
        """Send what another connection of the same person's is asking for, too."""
        if self.socket is not None and line.id in of.waiting:
            self.socket.send(of.waiting[line.id][1])

    def _send(self, command_id: str) -> None:
        if command_id in self.waiting and self.socket is not None and self.socket.open:
            line, text = self.waiting[command_id]
            line.tries += 1
            self._sent_at[command_id] = time.monotonic()
            self.socket.send(text)

    def _send_later(self, command_id: str, delay_s: float) -> None:
        asyncio.get_running_loop().call_later(delay_s, self._send, command_id)

    def _send_all(self) -> None:
        for number, command_id in enumerate(self.waiting):
            if number < _AT_ONCE:
                self._send(command_id)
            else:
                self._send_later(command_id, (number - _AT_ONCE) / 8)

    # -- hearing

    def text(self, data: bytes) -> None:
        if self.absent_minded and data.startswith(_COMMIT):
            return
        heard = hear(data)
        match heard.type:
            case "commit":
                self._commit(heard, data)
            case "ack":
                self._acknowledged(heard)
            case "state":
                self._tell("state", heard, data)
                self.state = data
                self._caught_up(0)
            case "welcome":
                self._welcome(heard)
            case "error":
                self._refused(heard)

    def gone(self, socket: WebSocket, code: int, reason: str) -> None:
        if socket is not self.socket:
            return
        self.closes.append((code, reason))
        self._gone_at = time.monotonic()
        if code == 1012 and reason.isdecimal():
            self.away_until = self._gone_at + int(reason) / 1_000
        self._sent_at.clear()
        self._past = None
        self.absent_minded = False

    def _welcome(self, heard: Heard) -> None:
        if heard.resumed:
            self.story.append(Told("welcome", heard.epoch, heard.rev))
            self._past = heard.rev
            self._caught_up(self.position[1] if self.position else 0)
        else:
            self._past = 0

    def _commit(self, heard: Heard, data: bytes) -> None:
        self._tell("commit", heard, data)
        line = self._ledger.lines.get((self.person.id, heard.command or ""))
        if line is not None and not line.told_at and heard.by == self.person.id:
            line.told_at = time.monotonic()
        self.on_commit(heard)
        if self._past is not None:
            self._caught_up(heard.rev)

    def _tell(self, kind: str, heard: Heard, data: bytes) -> None:
        digest = hash(data) if kind == "commit" else 0
        self.story.append(Told(kind, heard.epoch, heard.rev, heard.by or "", heard.command, digest))
        self.position = (heard.epoch, heard.rev)

    def _caught_up(self, rev: int) -> None:
        """Everything that was missed has come: from now on it is the present."""
        if self._past is None or rev < self._past:
            return
        now = time.monotonic()
        if self._offered is not None:
            upto = self._past or (self.position[1] if self.position else 0)
            away = now - self._gone_at
            self.resumes.append(Resume(*self._offered, bool(self._past), upto, now - self._hello_at, away))
        self._past = None
        self._failures = 0
        self.welcomed.set()
        self._send_all()

    def _acknowledged(self, heard: Heard) -> None:
        found = self._answered(heard)
        if found is not None:
            self._ledger.ok(found, heard.level, heard.epoch, heard.rev)
            self.waiting.pop(found.id, None)

    def _refused(self, heard: Heard) -> None:
        found = self._answered(heard)
        if heard.id is None:
            self.complaints.append(heard.code)
        elif found is not None and heard.retriable:
            self._send_later(found.id, self._dice.uniform(0.1, 0.3))
        elif found is not None:
            self._ledger.fail(found, heard.code)
            self.waiting.pop(found.id, None)

    def _answered(self, heard: Heard) -> Line | None:
        line = self._ledger.lines.get((self.person.id, str(heard.id)))
        sent_at = self._sent_at.pop(str(heard.id), None)
        if line is not None and sent_at is not None:
            line.slowest_answer_s = max(line.slowest_answer_s, time.monotonic() - sent_at)
        return line
