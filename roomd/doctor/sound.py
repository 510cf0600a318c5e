"""ffmpeg, and whether it was built with what roomd does with it. Everything else works without."""

import asyncio
import contextlib
import re
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from typing import NamedTuple

from roomd.doctor.lines import Line, Lines, fail, ok, warn
from roomd.settings import Settings
from roomd.sound import ffmpeg

GROUP, _CHECK = "sound", "ffmpeg"


class Need(NamedTuple):
    """`kind` is an option of ffmpeg's that lists what it can; each of `names` is to be in it, with this flag before."""

    kind: str
    flag: str
    names: tuple[str, ...]
    #: What does not work where one is missing.
    purpose: str


NEEDS = (
    Need("filters", "", ("asplit", "ebur128", "aformat"), "durations, loudness and waveforms"),
    Need("codecs", "E", ("pcm_s16le",), "waveforms"),
    Need("codecs", "E", ("aac",), "conversion"),
    Need("muxers", "E", ("mp4",), "conversion"),
    Need("muxers", "E", ("s16le", "null"), "durations, loudness and waveforms"),
    Need("codecs", "D", ("mp3", "aac", "flac", "vorbis", "opus", "pcm_s16le"), "listening to files of that form"),
    Need("codecs", "D", ("alac", "wmav2", "ape", "wavpack", "ac3", "dts"), "conversion of files of that form"),
)
#: A line of a list: flags, and a name.
_LISTED = re.compile(r"^ +([A-Z.|]+) +(\w+)\s", re.MULTILINE)


async def look(settings: Settings) -> Lines:
    program = ffmpeg.find(settings.ffmpeg)
    # One that was found by chance is not needed; one that was named is wanted.
    bad = fail if settings.ffmpeg else warn
    if program is None:
        named = f"ROOMD_FFMPEG is {settings.ffmpeg}, which cannot be run" if settings.ffmpeg else "not found on PATH"
        found = f"{named}: no durations of all files, loudness, waveforms, conversion of what browsers refuse"
        return [bad(GROUP, _CHECK, found, "Install ffmpeg with your system's package manager.")]
    kinds = sorted({need.kind for need in NEEDS})
    version, *lists = await asyncio.gather(*(_said(program, f"-{kind}") for kind in ("version", *kinds)))
    number = re.match(r"ffmpeg version (\S+)", version)
    if number is None:
        return [bad(GROUP, _CHECK, f"{program} does not run, or is no ffmpeg", "Set ROOMD_FFMPEG to one that runs.")]
    missing = _missing(dict(zip(kinds, lists, strict=True)))
    return missing or [ok(GROUP, _CHECK, f"{program} {number[1]}, with all that is needed")]


def _missing(lists: Mapping[str, str]) -> list[Line]:
    """`lists` is what it said of each kind."""
    able = {kind: [(flags, name) for flags, name in _LISTED.findall(said)] for kind, said in lists.items()}
    lines = []
    for need in NEEDS:
        names = {name for flags, name in able[need.kind] if need.flag in flags}
        missing = [name for name in need.names if name not in names]
        if missing:
            verb = {"E": "write", "D": "read"}.get(need.flag, "filter with")
            said = f"cannot {verb} {', '.join(missing)}: no {need.purpose}"
            lines.append(warn(GROUP, _CHECK, said, "Install an ffmpeg that was built with it."))
    return lines


async def _said(program: str, option: str) -> str:
    """What it prints; nothing where it cannot be run."""
    try:
        child = await asyncio.create_subprocess_exec(
            program, "-hide_banner", option, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
        )
    except OSError:
        return ""
    try:
        output, _ = await child.communicate()
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    return output.decode("utf-8", "replace")
