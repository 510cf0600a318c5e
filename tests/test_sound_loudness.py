"""What is read out of ffmpeg's words, and how sound becomes a wave to look at; no ffmpeg is run here."""

import math
from array import array

import pytest

from roomd.sound.loudness import BUCKETS, MOST_GAIN_DB, RATE, Loudness, Peaks, gain_of, loudness_of, names_of

#: As ffmpeg 5.1 prints it, shortened: a summary of nothing comes first.
SAID = """Input #0, asf, from 'file:/dev/fd/0':
  Metadata:
    TITLE           : Rain: and fog
    artist          : Älice
                    : Input #1 of nobody
    title           : another
    encoder         : x
  Duration: 00:04:00.00, start: 0.000000, bitrate: 137 kb/s
    album           : not of the file
[Parsed_ebur128_1 @ 0x56079309df00] Summary:

  Integrated loudness:
    I:         -70.0 LUFS
    Threshold:   0.0 LUFS

  True peak:
    Peak:       -inf dBFS
Output #0, null, to 'pipe:':
[Parsed_ebur128_1 @ 0x5607930ad080] Summary:

  Integrated loudness:
    I:         -41.1 LUFS
    Threshold: -51.1 LUFS

  Loudness range:
    LRA:         0.0 LU
    Threshold: -61.1 LUFS

  True peak:
    Peak:       -38.1 dBFS
"""


def test_the_last_summary_counts() -> None:
    assert loudness_of(SAID) == Loudness(-41.1, -38.1)
    assert loudness_of(SAID[: SAID.rindex("[Parsed")]) == Loudness(None, None)
    assert loudness_of("") is None
    assert loudness_of(SAID.replace("Peak:", "Peek:")) is None


def test_only_the_tags_of_the_file_itself_count() -> None:
    assert names_of(SAID) == {"title": "Rain: and fog", "artist": "Älice", "encoder": "x"}
    assert names_of("nonsense") == {}


@pytest.mark.parametrize(
    ("lufs", "peak", "gain"),
    [
        (-14.0, -3.0, 0.0),
        (-8.0, 0.3, -6.0),
        (-20.0, -10.0, 6.0),
        (-20.0, -3.0, 2.0),
        (-16.0, 0.0, -1.0),
        (-50.0, -45.0, MOST_GAIN_DB),
        (10.0, 3.0, -MOST_GAIN_DB),
        (None, None, None),
    ],
)
def test_gain_brings_to_the_target_and_never_clips(lufs: float | None, peak: float | None, gain: float | None) -> None:
    assert gain_of(Loudness(lufs, peak)) == gain


def wave(values: list[int]) -> bytes:
    return array("h", values).tobytes()


def test_a_wave_shows_the_highest_of_its_part() -> None:
    seconds = 20
    ramp = wave([round(32_767 * n / (seconds * RATE)) * (-1) ** n for n in range(seconds * RATE)])
    peaks = Peaks()
    for at in range(0, len(ramp), 7_777):
        peaks.add(ramp[at : at + 7_777])
    shown = peaks.end()
    assert (len(shown), peaks.samples, peaks.duration_ms) == (BUCKETS, seconds * RATE, seconds * 1_000)
    assert all(abs(have - 255 * (n + 1) / BUCKETS) <= 1.01 for n, have in enumerate(shown))


def test_long_sounds_take_no_more_memory_and_lose_no_peak() -> None:
    minutes, spikes = 90, [3, 17, 42, 77]
    peaks = Peaks()
    for minute in range(minutes):
        quiet = bytearray(wave([100]) * (60 * RATE))
        if minute in spikes:
            quiet[60 * RATE : 60 * RATE + 2] = wave([-32_768])
        peaks.add(bytes(quiet))
    shown = peaks.end()
    assert (len(shown), peaks.duration_ms) == (BUCKETS, minutes * 60_000)
    loud = [n for n, have in enumerate(shown) if have > 1]
    assert loud == [math.floor((minute + 0.5) / minutes * BUCKETS) for minute in spikes]
    assert [shown[n] for n in loud] == [255] * len(spikes)


@pytest.mark.parametrize("samples", [0, 1, 39, 40, 41, 4_001])
def test_short_sounds(samples: int) -> None:
    peaks = Peaks()
    peaks.add(wave([-32_768] * samples) + b"\x01")
    assert peaks.end() == b"\xff" * min(BUCKETS, math.ceil(samples / 40))
    assert peaks.samples == samples
