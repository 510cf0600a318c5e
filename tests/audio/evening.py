"""What happens in the room while it is recorded: a start, somebody late, a steady stretch, a group seek, a pause, and a
change of tracks."""

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from browser_world import Roomd
from playwright.async_api import async_playwright

from audio.listeners import opened
from audio.pulse import Pulse, Recording, pulse, recording
from audio.room import Room
from audio.source import Samples, noise, write_wav
from audio.tracking import Programme, Trace, silence_at

#: Seconds: from anything that happened to the steady stretch; after a seek, a pause and a change of tracks; of silence.
SETTLE_S, AFTER_S, PAUSE_S = 5.0, 6.0, 2.0
#: The group seek goes to so long before the end of the first track: what follows it there takes less.
BEFORE_END_S = 30.0
#: Seconds of the first track before the steady stretch and after it, and of the second track.
_SPARE_S, _SECOND_S = 90.0, 40.0
#: Made to stumble, the first begins on the line, the second so far ahead of it, the third twice as far.
STUMBLE_MS = 60.0


class Listener(NamedTuple):
    #: "chromium" or "firefox".
    engine: str
    #: The page's preference: "webaudio" or "element".
    player: str


@dataclass(frozen=True)
class Plan:
    #: The last one comes late.
    listeners: tuple[Listener, ...]
    steady_s: float = 60.0
    #: Whether pages correct anything once they play.
    controlled: bool = True
    #: Whether everybody is made to begin a different distance from the line, so that there is something to correct.
    stumbling: bool = False

    @property
    def first_s(self) -> float:
        """Length of the first track."""
        return self.steady_s + _SPARE_S


@dataclass
class Evening:
    plan: Plan
    #: When what happened, in milliseconds of the recording.
    marks: dict[str, float] = field(default_factory=dict)
    #: What each page noted of itself in the steady stretch.
    noted: list[list[dict[str, Any]]] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    #: For each browser, the longest silence in milliseconds around the change of tracks.
    silences: list[float] = field(default_factory=list)


async def spend(plan: Plan) -> Evening:
    """Everything, from the first process to what was heard. Takes `steady_s` and about a minute."""
    tracks = [noise(plan.first_s, 1), noise(_SECOND_S, 2)]
    evening = Evening(plan)
    with _folder() as folder:
        heard = folder / "heard.raw"
        with _server(folder, tracks) as roomd:
            async with pulse(folder / "pulse") as sound, recording(sound, heard) as running:
                await _Script(evening, running, roomd.url).play(sound, folder)
        _listen(evening, Recording(heard), Programme(*tracks))
    return evening


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="roomd-audio-", dir="/tmp") as temporary:
        # The embedded PostgreSQL may run as somebody else.
        Path(temporary).chmod(0o755)
        yield Path(temporary)


@contextlib.contextmanager
def _server(folder: Path, tracks: list[Samples]) -> Iterator[Roomd]:
    music = folder / "music"
    music.mkdir()
    for n, track in enumerate(tracks):
        write_wav(music / f"Carol Example - Noise {n + 1}.wav", track)
    roomd = Roomd(folder / "data", music)
    roomd.data_dir.mkdir()
    try:
        roomd.start()
        yield roomd
    finally:
        roomd.end(signal.SIGTERM)


@dataclass
class _Script:
    evening: Evening
    running: Recording
    url: str

    async def play(self, sound: Pulse, folder: Path) -> None:
        plan = self.evening.plan
        stumble = STUMBLE_MS if plan.stumbling else 0.0
        async with async_playwright() as playwright, AsyncExitStack() as stack:
            room = Room(self.url, plan.controlled, stumble)

            # A browser that is being started takes a core for itself and delays the sound of all others; listeners
            # have machines of their own. So all of them run before anything is heard.
            browsers = [opened(each.engine, ear, playwright, sound, folder) for ear, each in enumerate(plan.listeners)]
            tabs = [await stack.enter_async_context(browser) for browser in browsers]
            *first, late = zip(tabs, (each.player for each in plan.listeners), strict=True)
            for tab, player in first:
                await room.enter(tab, player)
            await self._start(room)
            self.mark("late")
            await room.enter(*late)
            await room.all_play()
            await self._steady(room)
            await self._seek(room)
            await self._pause(room)
            await self._change(room)

    def mark(self, name: str) -> None:
        self.evening.marks[name] = self.running.now

    async def _start(self, room: Room) -> None:
        self.mark("start")
        await room.add_all()
        await room.all_play()
        await asyncio.sleep(SETTLE_S)

    async def _steady(self, room: Room) -> None:
        await asyncio.sleep(SETTLE_S)
        await room.noted()
        self.mark("steady")
        await asyncio.sleep(self.evening.plan.steady_s)
        self.mark("steady_end")
        self.evening.noted = await room.noted()

    async def _seek(self, room: Room) -> None:
        self.mark("seek")
        await room.host("seek", position=1_000 * (self.evening.plan.first_s - BEFORE_END_S))
        await asyncio.sleep(AFTER_S)

    async def _pause(self, room: Room) -> None:
        self.mark("pause")
        await room.host("pause")
        await asyncio.sleep(PAUSE_S)
        self.mark("play")
        await room.host("play")
        await asyncio.sleep(AFTER_S)

    async def _change(self, room: Room) -> None:
        self.mark("change")
        await room.all_play(entry=1)
        await asyncio.sleep(AFTER_S)
        self.mark("end")


def _listen(evening: Evening, heard: Recording, programme: Programme) -> None:
    boundary = evening.plan.first_s * 1_000
    for ear in range(len(evening.plan.listeners)):
        channel = heard.channel(ear)
        trace = programme.trace(channel)
        evening.traces.append(trace)
        evening.silences.append(silence_at(channel, trace, boundary))
