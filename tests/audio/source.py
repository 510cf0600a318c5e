"""Sound whose every instant can be told from every other: band-limited noise, never repeated, under a slow tremolo."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

#: Samples a second, of the files, the sinks and the recording; so nothing on the way resamples.
RATE = 48_000
#: Hz. A quarter of the rate's samples still hold all of it, which is what the search over a whole programme looks
#: through; and where a player runs 0.5 % fast, 0.2 s of it still resemble the source.
_LOW, _HIGH = 150.0, 3_000.0
#: Root mean square, of full scale: 20 dB below it, so that no peak is clipped.
_LEVEL = 0.1


def noise(seconds: float, seed: int) -> Samples:
    """So many seconds of it, mono, from -1 to 1; always the same for the same seed."""
    count = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    frequencies = np.fft.rfftfreq(count, 1 / RATE)
    spectrum[(frequencies < _LOW) | (frequencies > _HIGH)] = 0
    flat = np.fft.irfft(spectrum, count)
    time = np.arange(count) / RATE
    # Neither period divides the other, and it never falls silent.
    tremolo = 1 + 0.3 * np.sin(2 * np.pi * 0.31 * time) + 0.2 * np.sin(2 * np.pi * 0.127 * time)
    return np.asarray(flat / flat.std() * tremolo * _LEVEL, dtype=np.float32)


def write_wav(path: Path, samples: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes())
