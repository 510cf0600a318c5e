"""Stretches that are cut out of music files are, decoded, the very samples of the whole."""

import base64
import io
from collections.abc import Callable

import numpy as np
import pytest
import soundfile
from browser_world import Person, Roomd

pytestmark = pytest.mark.browser

RATE = 44_100
SECONDS = 8
#: Milliseconds into the track.
PLACES = [0, 3_456.7, 7_500]

#: How far the worst sample of each stretch of 2 s is from that of the whole, and how many of them there were.
COMPARE = """async ([file, places, rate]) => {
  const { cut } = await import("/static/js/models/cuts/cut.js");
  const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
  const context = new OfflineAudioContext(2, rate, rate);
  const whole = await context.decodeAudioData(bytes.slice().buffer);
  const told = [];
  for (const place of places) {
    const { bytes: stretch, from } = cut(bytes, place, 2_000);
    const small = stretch.byteLength < bytes.length * 0.35;
    const part = await context.decodeAudioData(stretch);
    const [a, b] = [whole.getChannelData(0), part.getChannelData(0)];
    const [at, offset] = [Math.round((place * rate) / 1_000), Math.round(((place - from) * rate) / 1_000)];
    const count = Math.min(2 * rate, a.length - at, b.length - offset);
    let worst = 0;
    for (let n = 0; n < count; n += 1) worst = Math.max(worst, Math.abs(a[at + n] - b[offset + n]));
    told.push([worst, count, small]);
  }
  return told;
}"""


def sound(kind: str, **how: object) -> bytes:
    """Noise in two channels, so that each sample is told from every other."""
    dice = np.random.default_rng(7)
    made = io.BytesIO()
    soundfile.write(made, dice.uniform(-0.4, 0.4, (RATE * SECONDS, 2)), RATE, format=kind, **how)
    return made.getvalue()


def untabled(mp3: bytes) -> bytes:
    """Without the first frame, which says how long the encoder's delay is."""
    return mp3[mp3.index(b"\xff\xfb", 4) :]


FILES: dict[str, Callable[[], bytes]] = {
    "wav": lambda: sound("WAV"),
    "wav of floats": lambda: sound("WAV", subtype="FLOAT"),
    "flac": lambda: sound("FLAC"),
    "mp3": lambda: sound("MP3", bitrate_mode="CONSTANT"),
    "mp3 of changing rates": lambda: sound("MP3", bitrate_mode="VARIABLE"),
    "mp3 without a table": lambda: untabled(sound("MP3", bitrate_mode="CONSTANT")),
    "mp3 with tags": lambda: b"ID3\x04\x00\x00\x00\x00\x07\x76" + bytes(1_014) + sound("MP3") + b"TAG" + bytes(125),
}


def test_a_stretch_is_sample_for_sample_what_the_whole_is(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice = invite("Alice")
    alice.open(roomd.url)
    for name, made in FILES.items():
        file = base64.b64encode(made()).decode()
        for place, (worst, count, small) in zip(
            PLACES, alice.page.evaluate(COMPARE, [file, PLACES, RATE]), strict=True
        ):
            assert worst == 0, f"{name} at {place} ms: {worst}"
            assert count >= 0.4 * RATE and small, f"{name} at {place} ms: {count}"
