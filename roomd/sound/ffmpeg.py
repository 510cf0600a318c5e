"""Running ffmpeg on files that may be anything: fixed arguments, no shell, one file, little priority, and an end.

The file comes as standard input, opened by whoever knows that it may be read. ffmpeg may open no other: of protocols it
has `file`, for standard input by its name, and of formats only those that hold sound themselves. Playlists and the
like, which name other files, are not among them.
"""

import asyncio
import contextlib
import logging
import os
import resource
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

#: Seconds of CPU time for one file: at 100 times the speed of sound, some 30 hours of music.
MAX_CPU_S = 1_200
#: Seconds for one file on the clock, on a machine that has better things to do.
MAX_S = 3_600.0
MAX_MEMORY = 2 << 30
#: The largest file that is listened to, and the largest that is made.
MAX_SOURCE = 8 << 30
MAX_MADE = 1 << 30
#: Characters kept of what ffmpeg says, from its beginning and from its end.
SAID = 32_768
NICENESS = 19

_FORMATS = (
    "aac,ac3,eac3,aiff,amr,amrnb,ape,asf,au,caf,dsf,dts,flac,iff,matroska,webm,mov,mp4,mp3,mpc,mpc8,ogg,tak,tta,w64,"
    "wav,wv"
)
_READING = (
    *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "info"),
    *("-protocol_whitelist", "file", "-format_whitelist", _FORMATS, "-threads", "1", "-i", "file:/dev/fd/0"),
)
#: Loudness goes to the log, sound of one channel to standard output, for its peaks.
LISTENING = (
    *_READING,
    *("-filter_complex_threads", "1", "-filter_complex"),
    "[0:a:0]asplit=2[all][one];[all]ebur128=peak=true:framelog=verbose[level];"
    "[one]aformat=sample_fmts=s16:sample_rates=8000:channel_layouts=mono[wave]",
    *("-map", "[level]", "-f", "null", "-", "-map", "[wave]", "-c:a", "pcm_s16le", "-f", "s16le", "pipe:1"),
)
#: AAC in MP4, which every browser plays. The fast coder takes half the time, and does as well at this rate.
CONVERTING = (
    *_READING,
    *("-map", "0:a:0", "-map_metadata", "-1", "-map_chapters", "-1", "-threads", "1"),
    *("-af", "aformat=sample_rates=44100|48000:channel_layouts=mono|stereo"),
    *("-c:a", "aac", "-aac_coder", "fast", "-b:a", "192k", "-movflags", "+faststart"),
    *("-fs", str(MAX_MADE), "-progress", "pipe:1", "-f", "mp4", "-y"),
)
#: Signals by which others end programs, and what ffmpeg says when one came, or when the disk is full.
_FROM_OUTSIDE = {signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGTERM}
_NOT_THE_FILE = ("received signal", "No space left on device", "Cannot allocate memory")
_LOG = logging.getLogger(__name__)


class Ended(Struct, frozen=True):
    """How it ended: `fault` is empty where all went well. `again`: the file is not to blame for that."""

    fault: str
    said: str
    again: bool = False


class FfmpegMissing(Exception):  # noqa: N818 - named for what happened
    """It cannot be started (any more); the message says why."""


def find(given: Path | None) -> str | None:
    """The program: the one given, or the one on PATH; None where there is none that could be run."""
    found = shutil.which(str(given) if given else "ffmpeg")
    if given and found is None:
        _LOG.warning("ROOMD_FFMPEG is %s, which is no program that can be run; going on without", given)
    return found


async def run(program: str, arguments: Sequence[str], file: BinaryIO, hear: Callable[[bytes], None]) -> Ended:
    """Run it on a file; `hear` is given its output, in parts and in a thread. Raises FfmpegMissing.

    Whoever gives up waiting ends it.
    """
    if os.fstat(file.fileno()).st_size > MAX_SOURCE:
        return Ended(f"it has more than {MAX_SOURCE >> 30} GiB", "")
    try:
        child = await asyncio.create_subprocess_exec(
            program, *arguments, stdin=file, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
    except OSError as fault:
        raise FfmpegMissing(f"{program} cannot be started: {fault.strerror or fault}") from None
    said = _Said()
    try:
        _restrain(child.pid)
        async with asyncio.timeout(MAX_S):
            await asyncio.gather(_listen(child, hear), _note(child, said))
            await child.wait()
    except TimeoutError:
        return Ended(f"it took more than {MAX_S:g} s", said.text)
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    return _ended(child.returncode or 0, said.text)


def _restrain(pid: int) -> None:
    """From here, as what runs between fork and exec may not be Python. It has begun by then, by some milliseconds."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
    if sys.platform == "linux":
        for limit, most in (
            (resource.RLIMIT_CPU, MAX_CPU_S),
            (resource.RLIMIT_AS, MAX_MEMORY),
            (resource.RLIMIT_FSIZE, 2 * MAX_MADE),
            (resource.RLIMIT_CORE, 0),
        ):
            with contextlib.suppress(OSError, ValueError):
                # At the lower limit of CPU time comes a signal of its own, at the upper one only the usual death.
                resource.prlimit(pid, limit, (most, most + 5))


class _Said:
    """The beginning and the end of what was said: a damaged file is good for a million lines."""

    def __init__(self) -> None:
        self._first = b""
        self._last = b""

    def add(self, part: bytes) -> None:
        room = SAID - len(self._first)
        self._first += part[:room]
        self._last = (self._last + part[room:])[-SAID:] if len(part) > room else self._last

    @property
    def text(self) -> str:
        return (self._first + self._last).decode("utf-8", "replace")


async def _note(child: Process, said: _Said) -> None:
    assert child.stderr is not None
    while part := await child.stderr.read(65_536):
        said.add(part)


async def _listen(child: Process, hear: Callable[[bytes], None]) -> None:
    assert child.stdout is not None
    while part := await child.stdout.read(65_536):
        await asyncio.to_thread(hear, part)


def _ended(code: int, said: str) -> Ended:
    if not code:
        return Ended("", said)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = (lines[-1].removeprefix("file:/dev/fd/0: ") if lines else f"ffmpeg ended with {code}")[:200]
    if code < 0:
        return Ended(f"ffmpeg was ended by signal {-code}", said, -code in _FROM_OUTSIDE)
    return Ended(told, said, any(words in said for words in _NOT_THE_FILE))
