"""Sound out of arithmetic: notes, drums, a mixer, and the WAV file it ends in. Standard library only.

Python computes some 15 million simple list steps a second here, and a minute of sound has 1.3 million samples. So a
steady wave is computed for a few periods and repeated, envelopes are computed once per length, and a note that comes
again is mixed in again without being computed again.
"""

import math
import struct
from array import array
from collections.abc import Sequence
from itertools import accumulate, chain, pairwise, repeat
from operator import add, mul
from random import Random

from msgspec import Struct

RATE = 22_050

Samples = list[float]


class Layer(Struct, frozen=True):
    """One sound within an instrument: `harmonics` are the strengths of 1, 2, 3 … times the pitch."""

    harmonics: tuple[float, ...]
    #: Multiplies the pitch; not quite a whole number makes bells and bars, not quite 1 makes a chorus.
    ratio: float = 1.0
    level: float = 1.0
    attack_s: float = 0.005
    #: Seconds until a third is left; 0 holds the tone.
    decay_s: float = 0.0


Instrument = tuple[Layer, ...]

ARP: Instrument = (Layer((1, 0.4, 0.25, 0.12, 0.06), decay_s=0.35), Layer((1, 0.3), 2.003, 0.15, decay_s=0.15))
PAD: Instrument = tuple(
    Layer((1, 0.5, 0.22, 0.16, 0.08, 0.05), ratio, 0.5, attack_s=0.9) for ratio in (0.9965, 1.0035, 2.001)
)
STRINGS: Instrument = tuple(Layer((1, 0.55, 0.3, 0.2, 0.1), ratio, 0.5, attack_s=0.12) for ratio in (0.998, 1.003))
FLUTE: Instrument = (Layer((1, 0.12, 0.1, 0.02), attack_s=0.06, decay_s=1.6), Layer((1,), 1.004, 0.2, attack_s=0.1))
MARIMBA: Instrument = (
    Layer((1,), decay_s=0.4),
    Layer((1,), 3.93, 0.35, 0.002, decay_s=0.09),
    Layer((1,), 9.2, 0.12, 0.001, decay_s=0.03),
)
BASS: Instrument = (Layer((1, 0.6, 0.35, 0.2, 0.12, 0.06), decay_s=0.3), Layer((1,), 1.0, 0.7, decay_s=0.6))
MUSIC_BOX: Instrument = (
    Layer((1, 0.1), decay_s=0.9),
    Layer((1,), 2.98, 0.3, 0.001, decay_s=0.35),
    Layer((1,), 6.27, 0.16, 0.001, decay_s=0.12),
)


class Band:
    """A mixer of one channel with the notes it has played so far."""

    def __init__(self, seconds: float, seed: int) -> None:
        self._mix: Samples = [0.0] * int(seconds * RATE)
        self._notes: dict[tuple[Instrument, float, float], Samples] = {}
        self._envelopes: dict[tuple[int, float, float], Samples] = {}
        self._noise = Random(seed)  # noqa: S311 - the hiss of a drum
        self._drums: dict[str, Samples] = {}

    def play(self, instrument: Instrument, pitch: float, at_s: float, seconds: float, level: float = 1.0) -> None:
        """One note; `pitch` counts semitones, 69 is 440 Hz."""
        key = (instrument, pitch, seconds)
        if key not in self._notes:
            self._notes[key] = self._note(instrument, pitch, seconds)
        self._add(self._notes[key], at_s, level)

    def drum(self, name: str, at_s: float, level: float = 1.0) -> None:
        """`kick`, `snare` or `hat`."""
        if name not in self._drums:
            self._drums[name] = self._hit(name)
        self._add(self._drums[name], at_s, level)

    def echo(self, delay_s: float, level: float) -> None:
        step, mix = int(delay_s * RATE), self._mix
        for begin in range(step, len(mix), step):
            late = mix[begin - step : begin]
            mix[begin : begin + step] = [
                now + level * then for now, then in zip(mix[begin : begin + step], late, strict=False)
            ]

    def wav(self, title: str, artist: str, album: str) -> bytes:
        """The mix as a 16-bit WAV file, at three quarters of full scale, with its names in a LIST/INFO chunk."""
        fade = int(1.5 * RATE)
        tail = len(self._mix) - fade
        self._mix[tail:] = [sample * (1 - i / fade) for i, sample in enumerate(self._mix[tail:])]
        gain = 24_500 / (max(map(abs, self._mix)) or 1.0)
        samples = array("h", [int(sample * gain) for sample in self._mix])
        if struct.pack("=h", 1) != struct.pack("<h", 1):
            samples.byteswap()
        return wav_file(samples.tobytes(), RATE, (("INAM", title), ("IART", artist), ("IPRD", album)))

    def _add(self, note: Samples, at_s: float, level: float) -> None:
        begin = int(at_s * RATE)
        end = min(begin + len(note), len(self._mix))
        scaled = note if level == 1.0 else map(mul, note, repeat(level))
        self._mix[begin:end] = list(map(add, self._mix[begin:end], scaled))

    def _note(self, instrument: Instrument, pitch: float, seconds: float) -> Samples:
        size = int(seconds * RATE)
        frequency = 440.0 * 2 ** ((pitch - 69) / 12)
        total = [0.0] * size
        for layer in instrument:
            key = (size, layer.attack_s, layer.decay_s)
            if key not in self._envelopes:
                self._envelopes[key] = envelope(*key)
            wave = steady(frequency * layer.ratio, layer.harmonics, layer.level, size)
            total = list(map(add, total, map(mul, wave, self._envelopes[key])))
        return total

    def _hit(self, name: str) -> Samples:
        size = int((0.3 if name == "kick" else 0.16 if name == "snare" else 0.06) * RATE)
        if name == "kick":  # A tone that falls from 130 to 45 Hz.
            phases = accumulate((45 + 85 * math.exp(-i / 620)) / RATE * math.tau for i in range(size))
            return list(map(mul, map(math.sin, phases), envelope(size, 0.001, 0.11)))
        hiss = [self._noise.uniform(-1, 1) for _ in range(size + 1)]
        bright = [b - a for a, b in pairwise(hiss)]
        body = steady(190, (1, 0.3), 0.6, size) if name == "snare" else repeat(0.0, size)
        return list(map(mul, map(add, bright, body), envelope(size, 0.001, 0.05 if name == "snare" else 0.018)))


def steady(frequency: float, harmonics: Sequence[float], level: float, size: int) -> Samples:
    """A tone that does not change, out of as few periods as come out within 0.2 cents of a whole number of samples."""
    period = RATE / frequency
    count = min(range(1, 60), key=lambda n: (abs(n * period - round(n * period)) / (n * period) > 1e-4, n))
    length = round(count * period)
    step = math.tau * count / length
    sine = [level * math.sin(step * i) for i in range(length)]
    periods = [0.0] * length
    for k, strength in enumerate(harmonics, start=1):
        if k * frequency < 0.45 * RATE:  # The k-th harmonic is every k-th sample of the first, going round.
            periods = list(map(add, periods, map(mul, (sine * k)[::k], repeat(strength))))
    return (periods * (size // length + 1))[:size]


def envelope(size: int, attack_s: float, decay_s: float) -> Samples:
    """Up in a straight line, away exponentially, and a short way down to zero at the end, so that nothing clicks."""
    shape = (
        list(accumulate(repeat(math.exp(-1 / (decay_s * RATE)), size - 1), mul, initial=1.0))
        if decay_s
        else [1.0] * size
    )
    rise = min(int(attack_s * RATE), size // 2)
    shape[:rise] = [shape[i] * i / rise for i in range(rise)]
    fall = min(max(rise // 2, RATE // 50), size // 2)
    shape[size - fall :] = [value * (1 - i / fall) for i, value in enumerate(shape[size - fall :])]
    return shape


def wav_file(samples: bytes, rate: int, tags: Sequence[tuple[str, str]], channels: int = 1) -> bytes:
    """A RIFF file of 16-bit samples. The tags come first, so that the beginning of the file tells its name."""
    width = 2 * channels
    form = _chunk(b"fmt ", struct.pack("<HHIIHH", 1, channels, rate, rate * width, width, 16))
    info = b"INFO" + b"".join(_chunk(name.encode("ascii"), text.encode() + b"\0") for name, text in tags)
    return _chunk(b"RIFF", b"".join(chain((b"WAVE", form), (_chunk(b"LIST", info),), (_chunk(b"data", samples),))))


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
