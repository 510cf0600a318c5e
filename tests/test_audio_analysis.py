"""Recordings with known faults: whether the ear of `make bench-audio` hears them, and how exactly."""

from pathlib import Path

import numpy as np
import pytest
from audio.figures import dropouts, gap_at
from audio.pulse import EARS, PulseError, Recording, pulse
from audio.source import RATE, Samples, noise
from audio.tracking import Programme, Trace, longest_silence, silence_at

FIRST, SECOND = noise(12.0, 1), noise(4.0, 2)
PROGRAMME = Programme(FIRST, SECOND)
#: Milliseconds within which a position is told.
EXACT = 0.1


def played(begin_s: float, seconds: float, rate: float = 1.0) -> Samples:
    """The programme from there on, at that rate: with whole tones between its samples, as a good player has them."""
    at = (begin_s * RATE) + np.arange(round(seconds * RATE)) * rate
    first = int(at[0]) - 64
    piece = PROGRAMME.samples[max(0, first) : int(at[-1]) + 64]
    fine = np.fft.irfft(np.pad(np.fft.rfft(piece), (0, 7 * (len(piece) // 2))), 8 * len(piece)) * 8
    return np.asarray(np.interp((at - max(0, first)) * 8, np.arange(len(fine)), fine), dtype=np.float32)


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), dtype=np.float32)


def off(trace: Trace, lag: float, rate: float = 1.0) -> float:
    """How far from where it should have been the worst of the windows was that were told at all."""
    expected = (trace.time - lag) * rate
    return float(np.nanmax(np.abs(trace.position - expected)))


def test_a_place_is_told_to_a_fraction_of_a_sample() -> None:
    begin = 3.0 + 0.3 / RATE
    trace = PROGRAMME.trace(np.concatenate([quiet(0.5), played(begin, 2.0)]))
    assert trace.silent[:3].all()
    heard = ~np.isnan(trace.position)
    assert heard[5:].all()
    assert off(Trace(trace.time[5:], trace.position[5:], trace.score[5:]), 500 - begin * 1_000) < EXACT / 10


@pytest.mark.parametrize("rate", [1.000_1, 0.997, 1.005, 1.03, 0.975])
def test_a_player_that_runs_fast_or_slow_is_followed(rate: float) -> None:
    trace = PROGRAMME.trace(played(2.0, 3.0, rate))
    assert np.isnan(trace.position).mean() < 0.1
    expected = 2_000 + trace.time * rate
    assert np.nanmax(np.abs(trace.position - expected)) < 5 * EXACT


def test_noise_on_top_does_not_move_it() -> None:
    sound = played(4.0, 2.0)
    hiss = np.random.default_rng(3).normal(0, 0.1, len(sound)).astype(np.float32)
    trace = PROGRAMME.trace(sound + hiss)
    assert not np.isnan(trace.position).any()
    assert off(trace, -4_000) < EXACT


def test_other_sound_is_no_silence_and_no_place() -> None:
    trace = PROGRAMME.trace(noise(2.0, 7))
    assert np.isnan(trace.position).all()
    assert not trace.silent.any()


def test_a_gap_in_the_sound_is_counted_and_measured() -> None:
    recording = np.concatenate([played(2.0, 1.5), quiet(0.04), played(3.5, 1.5)])
    trace = PROGRAMME.trace(recording)
    assert dropouts(trace.lag) == 1
    known = trace.lag[~np.isnan(trace.lag)]
    assert known[-1] - known[0] == pytest.approx(40, abs=EXACT)
    assert longest_silence(recording) == pytest.approx(40, abs=0.2)
    assert longest_silence(played(2.0, 1.5)) < 1


def test_a_jump_to_elsewhere_is_found_and_is_no_gap() -> None:
    trace = PROGRAMME.trace(np.concatenate([played(1.0, 1.5), played(8.0, 1.5)]))
    assert trace.position[-1] == pytest.approx(8_000 + trace.time[-1] - 1_500, abs=EXACT)
    assert dropouts(trace.lag) == 0


@pytest.mark.parametrize("gap_ms", [0.0, 30.0, 120.0])
def test_what_comes_between_two_tracks(gap_ms: float) -> None:
    recording = np.concatenate([played(9.0, 3.0), quiet(gap_ms / 1_000), played(12.0, 2.0), quiet(1.0)])
    trace = PROGRAMME.trace(recording)
    assert gap_at(trace, 12_000) == pytest.approx(gap_ms, abs=EXACT)
    assert silence_at(recording, trace, 12_000) == pytest.approx(gap_ms, abs=0.3)
    assert np.isnan(silence_at(recording, trace, 5_000))


def test_a_track_that_begins_too_early_is_a_negative_gap() -> None:
    trace = PROGRAMME.trace(np.concatenate([played(10.0, 1.98), played(12.0, 2.0)]))
    assert gap_at(trace, 12_000) == pytest.approx(-20, abs=EXACT)


def test_each_browser_has_channels_of_its_own(tmp_path: Path) -> None:
    frames = np.zeros((RATE // 10, 2 * EARS), dtype="<i2")
    frames[:, 2] = 16_384
    # The last frame is still being written.
    (tmp_path / "heard").write_bytes(frames.tobytes() + b"\0\0\0")
    recording = Recording(tmp_path / "heard")
    assert recording.now == pytest.approx(100, abs=0.01)
    assert [float(np.max(recording.channel(ear))) for ear in range(EARS)] == [0.0, 0.5, 0.0, 0.0]


@pytest.mark.gen_test(timeout=10)
async def test_without_pulseaudio_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PulseError, match="apt install pulseaudio"):
        async with pulse(tmp_path / "pulse"):
            pass
