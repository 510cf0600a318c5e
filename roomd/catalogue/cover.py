"""Covers for the pieces: a gradient sky, discs and hills, written as PNG with nothing but zlib."""

import colorsys
import math
import struct
import zlib
from collections.abc import Sequence
from random import Random

SIDE = 400

Colour = tuple[float, float, float]


def draw(hue: float, seed: int) -> bytes:
    """A square picture of 400 pixels; the same hue and seed give the same bytes."""
    dice = Random(seed)  # noqa: S311 - where shapes lie
    top, bottom = colorsys.hsv_to_rgb(hue, 0.75, 0.35), colorsys.hsv_to_rgb((hue + 0.12) % 1, 0.45, 0.98)
    discs = [_disc(dice, hue) for _ in range(5)]
    shapes = sorted((dice.uniform(0.62, 0.88), dice.uniform(4, 12), dice.uniform(0, 6)) for _ in range(3))
    hills = [
        [SIDE * (base + 0.046 * math.sin(phase + waves * x / SIDE)) for x in range(SIDE)]
        for base, waves, phase in shapes
    ]
    rows = []
    for y in range(SIDE):
        share = y / SIDE
        sky = [a + (b - a) * share for a, b in zip(top, bottom, strict=True)]
        row = [(sky[0], sky[1], sky[2])] * SIDE
        for x, height, radius, colour in discs:
            half = math.sqrt(max(0.0, radius**2 - (y - height) ** 2))
            _blend(row, x - half, x + half, colour, 0.32)
        for depth, tops in enumerate(hills):
            if y >= min(tops):
                _hill(row, y, tops, colorsys.hsv_to_rgb(hue, 0.7, 0.42 - 0.12 * depth))
        rows.append(b"\0" + bytes(int(255 * part) for pixel in row for part in pixel))
    return _png(b"".join(rows))


def _disc(dice: Random, hue: float) -> tuple[float, float, float, Colour]:
    colour = colorsys.hsv_to_rgb((hue + dice.uniform(-0.1, 0.22)) % 1, dice.uniform(0.2, 0.6), 1.0)
    return dice.uniform(0, SIDE), dice.uniform(0, 0.7 * SIDE), dice.uniform(30, 150), colour


def _blend(row: list[Colour], left: float, right: float, colour: Colour, strength: float) -> None:
    """Colour from `left` to `right`; pixels at the ends take their share, so that edges look smooth."""
    for x in range(max(0, int(left)), min(SIDE, int(right) + 1)):
        share = strength * min(1.0, x + 1 - left, right - x) if right > left else 0.0
        if share > 0:
            row[x] = _mix(row[x], colour, share)


def _hill(row: list[Colour], y: int, tops: Sequence[float], colour: Colour) -> None:
    for x, top in enumerate(tops):
        if y > top:
            share = min(1.0, y - top)
            row[x] = _mix(row[x], colour, share) if share < 1 else colour


def _mix(old: Colour, new: Colour, share: float) -> Colour:
    (r, g, b), (red, green, blue) = old, new
    return r + (red - r) * share, g + (green - g) * share, b + (blue - b) * share


def _png(rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
