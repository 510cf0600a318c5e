"""Where in the programme a recorded channel is, window by window, by correlation with the source.

The programme is all tracks one after the other, without a gap between them; so a gapless change of tracks is a position
that just goes on. Positions and times are milliseconds.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audio.source import RATE, Samples

Floats = NDArray[np.float64]

#: Seconds of a window, and between the beginnings of two. In 0.4 s a player that runs 0.5 % fast strays by 2 ms, six
#: periods of the highest tone, and nothing resembles the source any more; in 0.2 s it does.
WINDOW_S, EVERY_S = 0.2, 0.1
#: Normalised correlation below which a window says nothing. Unrelated noise reaches 0.15 in a search over minutes.
ENOUGH = 0.35
#: Root mean square below which a window is silence; the quietest of the source is 0.05.
SILENT = 0.002
#: As good as zero, for a single sample: 20 steps of 16 bits.
_ZERO = 20 / 32_768
#: How fast it may play: 3 % either way. Half way between two of these a window still resembles the source by 0.45.
_PER_CENT = (0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
_RATES = (1.0, *(1 + sign * each / 100 for each in _PER_CENT for sign in (1, -1)))
#: Samples to each side of where a window is expected, which is where the one before leads to.
_NEAR = RATE * 3 // 20
#: Seconds of a window's middle that are looked for everywhere: so short that 1 % of speed blurs them little.
_GLANCE_S = 0.05
_GLANCE_RATES = (1.0, 1.03, 0.97, 1.01, 0.99, 1.02, 0.98)
#: Every so many samples are enough for a search over everything, since the source ends at 3 kHz.
_COARSE = 4


@dataclass(frozen=True)
class Trace:
    """One channel. All arrays have one number for each window."""

    #: The middle of the window, from the beginning of the recording.
    time: Floats
    #: The programme's position at that time; nan where it could not be told.
    position: Floats
    #: The best normalised correlation; nan for silence.
    score: Floats

    @property
    def lag(self) -> Floats:
        """Time minus position: it stays while the channel plays on, grows over a gap, and falls over a skip."""
        return np.asarray(self.time - self.position)

    @property
    def silent(self) -> NDArray[np.bool_]:
        return np.asarray(np.isnan(self.score))


class _Found(NamedTuple):
    """The sample of the programme in the middle of a window, how fast it plays there, and how sure that is."""

    middle: float
    rate: float
    score: float


_NOTHING = _Found(0.0, 1.0, 0.0)


def _better(one: _Found, other: _Found) -> _Found:
    return other if other.score > one.score else one


class Programme:
    def __init__(self, *tracks: Samples) -> None:
        self.samples = np.concatenate(tracks)
        self._energy = np.concatenate([[0.0], np.cumsum(np.square(self.samples, dtype=np.float64))])
        coarse = self.samples[::_COARSE]
        self._size = _quick(len(coarse))
        self._spectrum = np.fft.rfft(coarse, self._size)

    def trace(self, channel: Samples) -> Trace:
        """Follow one channel of a recording, from -1 to 1."""
        length, every = round(WINDOW_S * RATE), round(EVERY_S * RATE)
        middles = np.arange(0, max(0, len(channel) - length + 1), every) + length / 2
        windows = [channel[round(middle - length / 2) :][:length] for middle in middles]
        loud = [bool(np.sqrt(np.mean(np.square(window))) >= SILENT) for window in windows]
        found = [_NOTHING] * len(windows)
        lost = 0
        #: The lag and the rate of the latest that was found.
        last: tuple[float, float] | None = None
        for n, window in enumerate(windows):
            if not loud[n]:
                continue
            if last is not None:
                found[n] = self._follow(window, middles[n] - last[0], last[1])
            if found[n].score < ENOUGH:
                # One rate for each window, so that being lost for long costs no more than 0.2 s for each.
                found[n] = _better(found[n], self._anywhere(window, _GLANCE_RATES[lost % len(_GLANCE_RATES)]))
                lost += 1
            if found[n].score >= ENOUGH:
                last, lost = (middles[n] - found[n].middle, found[n].rate), 0
        self._look_back(windows, middles, loud, found)
        known = np.array([each.middle if each.score >= ENOUGH else np.nan for each in found])
        scores = np.array([each.score if heard else np.nan for each, heard in zip(found, loud, strict=True)])
        return Trace(middles / RATE * 1e3, known / RATE * 1e3, scores)

    def _look_back(
        self, windows: list[Samples], middles: NDArray[np.floating], loud: list[bool], found: list[_Found]
    ) -> None:
        """What was lost may be near what was found after it."""
        for n in range(len(windows) - 2, -1, -1):
            after = found[n + 1]
            if loud[n] and found[n].score < ENOUGH <= after.score:
                lag = middles[n + 1] - after.middle
                found[n] = _better(found[n], self._follow(windows[n], middles[n] - lag, after.rate))

    def _follow(self, window: Samples, expected: float, rate: float) -> _Found:
        """Near where it is expected: at the rate as before, or at any."""
        best = _NOTHING
        for each in (rate, *(other for other in _RATES if other != rate)):
            best = _better(best, self._near(window, expected, each))
            if best.score > 2 * ENOUGH:
                break
        return best

    def _near(self, window: Samples, expected: float, rate: float) -> _Found:
        played = _stretched(window, rate)
        length = len(played)
        first = max(0, round(expected - length / 2) - _NEAR)
        stretch = self.samples[first : first + length + 2 * _NEAR]
        if len(stretch) <= length:
            return _NOTHING
        size = _quick(len(stretch))
        products = np.fft.irfft(np.fft.rfft(stretch, size) * np.conj(np.fft.rfft(played, size)), size)
        products = products[: len(stretch) - length + 1]
        begins = first + np.arange(len(products))
        scores = products / np.sqrt((self._energy[begins + length] - self._energy[begins]) * np.sum(np.square(played)))
        best = int(np.argmax(scores))
        return _Found(first + best + _top(scores, best) + length / 2, rate, float(scores[best]))

    def _anywhere(self, window: Samples, rate: float) -> _Found:
        """Wherever the middle of it is most like; then the whole of it has to be like what is there."""
        side = (len(window) - round(_GLANCE_S * RATE)) // 2
        played = _stretched(window[side : len(window) - side], rate)
        products = np.fft.irfft(self._spectrum * np.conj(np.fft.rfft(played[::_COARSE], self._size)), self._size)
        last = (len(self.samples) - len(played)) // _COARSE
        begins = np.arange(last + 1) * _COARSE
        energy = self._energy[begins + len(played)] - self._energy[begins]
        best = int(np.argmax(products[: last + 1] / np.sqrt(energy)))
        return self._follow(window, best * _COARSE + len(played) / 2, rate)


def longest_silence(channel: Samples) -> float:
    """Milliseconds of the longest stretch that is as good as zero; the source has none longer than a crossing of it."""
    zero = np.concatenate([[False], np.abs(channel) < _ZERO, [False]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(zero))
    return float(np.max(edges[1::2] - edges[::2], initial=0) / RATE * 1_000)


def silence_at(channel: Samples, trace: Trace, boundary: float) -> float:
    """The longest silence in the second before and after that position of the programme; nan where it was not heard."""
    near = np.flatnonzero(np.abs(trace.position - boundary) < 1_000)
    if not near.size:
        return float("nan")
    middle = round((boundary + float(np.median(trace.lag[near]))) * RATE / 1_000)
    return longest_silence(channel[max(0, middle - RATE) : middle + RATE])


def _stretched(window: Samples, rate: float) -> Samples:
    """A window that was played so fast, as it is in the source."""
    if rate == 1.0:
        return window
    at = np.arange(int(len(window) * rate)) / rate
    return np.interp(at, np.arange(len(window)), window).astype(np.float32)


def _quick(count: int) -> int:
    """A size for a Fourier transform of so many samples at least."""
    power = 1 << (count - 1).bit_length()
    return power * 3 // 4 if power * 3 // 4 >= count else power


def _top(scores: Floats, best: int) -> float:
    """How far from the best sample the top of the parabola through it and its neighbours is."""
    if not 0 < best < len(scores) - 1:
        return 0.0
    before, top, after = scores[best - 1 : best + 2]
    return float(0.5 * (before - after) / (before - 2 * top + after))
