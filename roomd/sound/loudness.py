"""Loudness, peaks and names out of what ffmpeg says of a file. Pure, so that it can be tested without any."""

import re
import sys
from array import array
from collections.abc import Mapping
from itertools import pairwise

from msgspec import Struct

#: What tracks are made to sound like: the level that most streaming services play at.
TARGET_LUFS = -14.0
#: Where the highest peak may come to lie; the rest is for players that change the rate or the format.
CEILING_DB = -1.0
#: More than this is never added or taken: what is that quiet is meant to be, or is hiss.
MOST_GAIN_DB = 15.0
#: What ffmpeg says of silence.
SILENCE_LUFS = -69.9

#: Bars of a waveform.
BUCKETS = 1_000
#: Samples a second that peaks are taken from, and how many of them make one until a file proves long.
RATE = 8_000
FIRST_SPAN = 40
#: Peaks held for one file; from here on neighbours are put together.
MOST_PEAKS = 16 * BUCKETS

_BIG_ENDIAN = sys.byteorder == "big"
_NUMBER = re.compile(r"^\s*(I|Peak):\s+(-?inf|-?[\d.]+) (?:LUFS|dBFS)\s*$", re.MULTILINE)
_NAME = re.compile(r"^ {2,6}(\w+) *: (.+)$")


class Loudness(Struct, frozen=True):
    """Of a whole file. `lufs` and `peak_db` are None where there is nothing but silence."""

    lufs: float | None
    peak_db: float | None


def loudness_of(said: str) -> Loudness | None:
    """What the filter ebur128 found; None where it found nothing. Its last summary counts: the first is of no sound."""
    _, found, summary = said.rpartition("Summary:")
    numbers = dict(_NUMBER.findall(summary)) if found else {}
    if not numbers.keys() >= {"I", "Peak"}:
        return None
    lufs, peak = float(numbers["I"]), float(numbers["Peak"])
    return Loudness(None, None) if lufs <= SILENCE_LUFS or peak == float("-inf") else Loudness(lufs, peak)


def gain_of(loudness: Loudness) -> float | None:
    """Decibels that bring a file to the target, or as near as its peaks let it come; None for silence."""
    if loudness.lufs is None or loudness.peak_db is None:
        return None
    gain = min(TARGET_LUFS - loudness.lufs, CEILING_DB - loudness.peak_db)
    return round(max(-MOST_GAIN_DB, min(MOST_GAIN_DB, gain)), 2)


def names_of(said: str) -> Mapping[str, str]:
    """The tags of the input as ffmpeg lists them, by their names in lower case; the first of each counts."""
    names: dict[str, str] = {}
    _, _, about = said.partition("Input #0")
    for line in about.splitlines():
        if line.startswith("  Duration:"):
            break
        match = _NAME.match(line)
        if match:
            names.setdefault(match[1].lower(), match[2].strip())
    return names


class Peaks:
    """The highest of every few samples, of sound that comes in parts; neighbours are put together as it grows."""

    def __init__(self) -> None:
        self.samples = 0
        self._span = FIRST_SPAN
        self._peaks = array("H")
        self._rest = b""

    def add(self, data: bytes) -> None:
        """16-bit little-endian samples of one channel; a part may end in the middle of one."""
        data = self._rest + data
        at = 0
        while count := min((len(data) - at) // (2 * self._span), MOST_PEAKS - len(self._peaks)):
            end = at + count * 2 * self._span
            self._take(data[at:end])
            at = end
            if len(self._peaks) == MOST_PEAKS:
                self._peaks = array("H", map(max, self._peaks[::2], self._peaks[1::2]))
                self._span *= 2
        self._rest = data[at:]

    def end(self) -> bytes:
        """BUCKETS bytes, 255 for full scale; fewer for a sound of less than 5 s. Nothing may be added afterwards."""
        self._take(self._rest[: len(self._rest) // 2 * 2])
        count = len(self._peaks)
        buckets = min(BUCKETS, count)
        bounds = [number * count // max(1, buckets) for number in range(buckets + 1)]
        return bytes(round(max(self._peaks[begin:end]) * 255 / 32_767) for begin, end in pairwise(bounds))

    def _take(self, data: bytes) -> None:
        samples = array("h", data)
        if _BIG_ENDIAN:
            samples.byteswap()
        self.samples += len(samples)
        for begin in range(0, len(samples), self._span):
            part = samples[begin : begin + self._span]
            highest, lowest = max(part), min(part)
            self._peaks.append(min(32_767, max(highest, -lowest)))

    @property
    def duration_ms(self) -> float:
        return round(self.samples * 1_000 / RATE, 1)
