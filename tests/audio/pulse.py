"""A PulseAudio of our own, in a private folder: one sink that is recorded, and two of its channels for each browser."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio.source import RATE, Samples

#: Browsers that can be recorded at once.
EARS = 4
_CHANNELS = 2 * EARS
#: Said wherever channels are named: the usual map of eight puts them in another order.
_MAP = ",".join(f"aux{n}" for n in range(_CHANNELS))
_FRAME = _CHANNELS * 2
#: Seconds within which it starts, or ends.
_PATIENCE_S = 20.0


class PulseError(Exception):
    """PulseAudio is missing, or does not do what it should."""


@dataclass(frozen=True)
class Pulse:
    folder: Path

    @property
    def server(self) -> str:
        return f"unix:{self.folder / 'native'}"

    def env(self, ear: int) -> dict[str, str]:
        """What a browser's environment has to say for it to play into that pair of channels."""
        return {"PULSE_SERVER": self.server, "PULSE_SINK": f"ear{ear}", **_alone(self.folder)}


@dataclass
class Recording:
    """A recording that grows. Times are milliseconds from its beginning."""

    path: Path

    @property
    def now(self) -> float:
        return self.path.stat().st_size / _FRAME / RATE * 1_000

    def channel(self, ear: int) -> Samples:
        """What that browser played so far, left, from -1 to 1."""
        frames = self.path.stat().st_size // _FRAME
        whole: NDArray[np.int16] = np.memmap(self.path, dtype="<i2", mode="r", shape=(frames, _CHANNELS))
        return np.asarray(whole[:, 2 * ear] / np.float32(32_768), dtype=np.float32)


@contextlib.asynccontextmanager
async def pulse(folder: Path) -> AsyncIterator[Pulse]:
    """Runs it. Nothing else on the machine hears of it. Raises PulseError."""
    for tool in ("pulseaudio", "pactl", "parec"):
        if not shutil.which(tool):
            raise PulseError(f"{tool} is not there; on Debian: apt install pulseaudio pulseaudio-utils")
    made = Pulse(folder)
    modules = [
        f"module-native-protocol-unix socket={folder / 'native'} auth-anonymous=1",
        f"module-null-sink sink_name=all rate={RATE} format=s16le channels={_CHANNELS} channel_map={_MAP}",
        *(
            f"module-remap-sink sink_name=ear{n} master=all channels=2 channel_map=front-left,front-right "
            f"master_channel_map=aux{2 * n},aux{2 * n + 1} remix=no"
            for n in range(EARS)
        ),
    ]
    command = ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--log-level=error"]
    loads = [argument for module in modules for argument in ("-L", module)]
    _private(folder)
    async with _running(*command, *loads, env=os.environ | _alone(folder), log=folder / "log") as process:
        await _until_it_answers(made, process)
        yield made


@contextlib.asynccontextmanager
async def recording(of: Pulse, path: Path) -> AsyncIterator[Recording]:
    """Everything that is played, into a file, from when this is entered to when it is left.

    It asks for less latency than any browser. A sink's buffer is as short as its most impatient stream wants: with a
    patient recorder each player that came changed it for all others, which a device shared by nobody does not do, and
    what PulseAudio told them of their latency was up to 15 ms off for ten seconds.
    """
    form = ("--raw", "--format=s16le", f"--rate={RATE}", f"--channels={_CHANNELS}", f"--channel-map={_MAP}")
    command = ["parec", "--device=all.monitor", *form, "--no-remix", "--latency-msec=10"]
    env = os.environ | _alone(of.folder) | {"PULSE_SERVER": of.server}
    made = Recording(path)
    async with _running(*command, env=env, log=of.folder / "parec.log", into=path):
        async with asyncio.timeout(_PATIENCE_S):
            while not made.now:  # noqa: ASYNC110 - a file tells nobody that it grew
                await asyncio.sleep(0.05)
        yield made


def _private(folder: Path) -> None:
    folder.mkdir(mode=0o700)


def _alone(folder: Path) -> dict[str, str]:
    """What keeps its files, and its clients', out of the user's home."""
    return {"PULSE_RUNTIME_PATH": str(folder), "PULSE_STATE_PATH": str(folder), "PULSE_COOKIE": str(folder / "cookie")}


@contextlib.asynccontextmanager
async def _running(
    *command: str, env: dict[str, str], log: Path, into: Path | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("ab") as said, (into or log).open("ab") as out:
        process = await asyncio.create_subprocess_exec(*command, env=env, stdout=out, stderr=said)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await asyncio.wait_for(process.wait(), _PATIENCE_S)


async def _until_it_answers(made: Pulse, process: asyncio.subprocess.Process) -> None:
    env = os.environ | made.env(EARS - 1)
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            asked = await asyncio.create_subprocess_exec(
                "pactl",
                "list",
                "short",
                "sinks",
                env=env,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            sinks, _ = await asked.communicate()
            if f"ear{EARS - 1}".encode() in sinks:
                return
            if process.returncode is not None:
                raise PulseError(f"pulseaudio ended: {(made.folder / 'log').read_text(encoding='utf-8')}")
            await asyncio.sleep(0.1)
