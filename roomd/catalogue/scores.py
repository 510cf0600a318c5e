"""Six short pieces, so that the first run has something to play. Pitches count semitones; 60 is middle C."""

from collections.abc import Callable

from msgspec import Struct

from roomd.catalogue import sound
from roomd.catalogue.sound import Band

ALBUM = "First Light"


class Piece(Struct, frozen=True):
    title: str
    artist: str
    seconds: float
    score: Callable[[Band], None]
    #: Hue of the cover, as a part of the colour circle.
    hue: float


def morning_ladder(band: Band) -> None:
    """Broken chords going up and down in eighths, 112 to the minute."""
    step = 60 / 112 / 2
    chords = ((57, 60, 64, 67), (53, 57, 60, 64), (48, 55, 60, 64), (55, 59, 62, 65))
    shape = (0, 1, 2, 3, 4, 3, 2, 1)
    for bar in range(16):
        chord = chords[bar % 4]
        ladder = (*chord, chord[0] + 12 + (bar // 4 % 2) * 3)
        band.play(sound.BASS, chord[0] - 12, bar * 8 * step, 1.6, 0.5)
        for i, rung in enumerate(shape):
            band.play(sound.ARP, ladder[rung] + 12, (bar * 8 + i) * step, 0.9, 0.8 if i % 4 else 1.0)
    band.echo(3 * step, 0.35)


def harbour_fog(band: Band) -> None:
    """Slow chords of a pad, each fading into the next, and a few far notes above them."""
    chords = ((50, 57, 62, 65, 69), (46, 53, 58, 62, 65), (53, 57, 60, 65, 72), (48, 55, 60, 64, 67))
    far = (81, 77, 84, 79, 76, 77, 72, 74)
    for bar in range(8):
        for pitch in chords[bar % 4]:
            band.play(sound.PAD, pitch, bar * 4.5, 5.6, 0.6)
        band.play(sound.MUSIC_BOX, far[bar], bar * 4.5 + 1.4, 2.5, 0.5)
    band.echo(0.62, 0.4)


def paper_waltz(band: Band) -> None:
    """Three beats to the bar at 138, a flute over strings."""
    beat = 60 / 138
    roots = (48, 45, 41, 43, 48, 45, 50, 43) * 2 + (48, 45, 41, 43, 48, 45, 50, 48)
    thirds = (4, 3, 4, 4, 4, 3, 3, 4) * 3
    tune = (76, 72, 77, 74, 79, 76, 77, 74, 84, 81, 81, 79, 76, 72, 74, 71, 72, 76, 77, 79, 79, 76, 74, 72)
    for bar, (root, third) in enumerate(zip(roots, thirds, strict=True)):
        at = bar * 3 * beat
        band.play(sound.BASS, root, at, 0.9, 0.8)
        for beat_number in (1, 2):
            for pitch in (root + 12 + third, root + 19):
                band.play(sound.STRINGS, pitch, at + beat_number * beat, 0.4, 0.3)
        if bar % 4 == 3:
            band.play(sound.FLUTE, tune[bar], at, 3 * beat, 0.7)
        else:
            band.play(sound.FLUTE, tune[bar], at, 2 * beat, 0.7)
            between = (tune[bar] + tune[bar + 1]) // 2
            white = between + (between % 12 in {1, 3, 6, 8, 10})
            band.play(sound.FLUTE, white, at + 2 * beat, beat, 0.6)
    band.echo(0.19, 0.22)


def wooden_rain(band: Band) -> None:
    """Two marimba patterns of different length against each other; they meet again after 60 steps."""
    step = 60 / 126 / 4 * 1.2
    high, low = (72, 0, 76, 79, 0, 74, 81, 0, 79, 76, 0, 84), (48, 0, 55, 0, 60, 52, 0, 57, 0, 55)
    for i in range(240):
        lift = (0, 0, -3, 2)[i // 60]
        if high[i % 12]:
            band.play(sound.MARIMBA, high[i % 12] + lift, i * step, 0.8, 0.6 if i % 3 else 0.9)
        if low[i % 10]:
            band.play(sound.MARIMBA, low[i % 10] + lift, i * step, 1.0, 0.8)
    band.echo(step * 3, 0.25)


def basement_groove(band: Band) -> None:
    """A bass line in sixteenths with drums, 98 to the minute; chords off the beat."""
    step = 60 / 98 / 4
    line = (33, 0, 0, 33, 0, 45, 0, 36, 38, 0, 0, 38, 0, 40, 43, 0)
    for bar in range(14):
        shift = (0, 0, 5, -2)[bar % 4] if bar > 1 else 0
        for i, pitch in enumerate(line):
            at = (bar * 16 + i + (0.12 if i % 2 else 0.0)) * step
            if pitch:
                band.play(sound.BASS, pitch + shift, at, 0.42, 1.0)
            if bar and i % 2 == 0:
                band.drum("hat", at, 0.16 if i % 4 else 0.1)
        for i in (0, 6, 8) if bar else ():
            band.drum("kick", (bar * 16 + i) * step, 1.5)
        for i in (4, 12) if bar else ():
            band.drum("snare", (bar * 16 + i) * step, 0.45)
        for i in (3, 10) if bar > 3 else ():
            for pitch in (57, 60, 64, 67):
                band.play(sound.ARP, pitch + shift, (bar * 16 + i) * step, 0.3, 0.3)


def small_hours(band: Band) -> None:
    """A music box that winds down: every bar a little slower than the one before."""
    tune = ((84, 79, 76, 79), (83, 79, 74, 79), (81, 76, 72, 76), (79, 76, 72, 67), (77, 72, 69, 72), (76, 72, 67, 72))
    at = 0.0
    for bar in range(18):
        pace = 0.36 * 1.012**bar
        for i, pitch in enumerate(tune[bar % 6]):
            band.play(sound.MUSIC_BOX, pitch, at + i * pace, 1.8, 0.9 if i == 0 else 0.6)
        band.play(sound.MUSIC_BOX, tune[bar % 6][3] - 19, at, 2.4, 0.7)
        at += 4 * pace
    band.echo(0.43, 0.3)


PIECES = (
    Piece("Morning Ladder", "Alice and the Oscillators", 36, morning_ladder, 0.09),
    Piece("Harbour Fog", "Bob Lowpass", 40, harbour_fog, 0.56),
    Piece("Paper Waltz", "Carol Triplet", 33, paper_waltz, 0.93),
    Piece("Wooden Rain", "Dave Mallet", 36, wooden_rain, 0.38),
    Piece("Basement Groove", "Erin Subwoofer", 36, basement_groove, 0.76),
    Piece("Small Hours", "Frank Clockwork", 33, small_hours, 0.65),
)
