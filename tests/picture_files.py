"""Pictures for tests: good ones, and lies of every kind."""

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageCms

Colour = tuple[int, ...]
RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 200, 20), (20, 20, 220), (255, 255, 255)


def halves(width: int = 60, height: int = 40, left: Colour = RED, right: Colour = BLUE) -> Image.Image:
    """A picture whose left half has one colour and whose right half another."""
    picture = Image.new("RGBA" if len(left) == 4 else "RGB", (width, height), left)
    picture.paste(right, (width // 2, 0, width, height))
    return picture


def written(picture: Image.Image, form: str = "PNG", **more: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **more)
    return out.getvalue()


def held(orientation: int, picture: Image.Image | None = None) -> bytes:
    """A JPEG that says how the camera was held, and where, and by whom."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x013B] = "Alice Example"
    exif.get_ifd(0x8825)[1] = "N"
    return written(picture or halves(), "JPEG", exif=exif, quality=95)


def animated(frames: int, form: str = "GIF") -> bytes:
    pictures = [Image.new("RGB", (40, 40), (20, 20, 40 + number % 200)) for number in range(1, frames)]
    return written(Image.new("RGB", (40, 40), RED), form, save_all=True, append_images=pictures, duration=40)


def png_claiming(width: int, height: int, rows: bytes = b"") -> bytes:
    """A PNG whose header says so, whatever is in it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def png_bomb(width: int, height: int) -> bytes:
    """Really that large, and a thousandth of it in bytes."""
    return png_claiming(width, height, (b"\0" + bytes(3 * width)) * height)


def gif_claiming(width: int, height: int) -> bytes:
    data = bytearray(written(Image.new("P", (1, 1)), "GIF"))
    data[6:10] = struct.pack("<HH", width, height)
    return bytes(data)


def webp_claiming(width: int, height: int) -> bytes:
    """An extended WebP with a canvas as large as asked, and a picture of one pixel in it."""
    inner = written(Image.new("RGB", (1, 1)), "WEBP", lossless=True)[12:]
    canvas = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (width - 1).to_bytes(3, "little")
    canvas += (height - 1).to_bytes(3, "little")
    body = b"WEBP" + canvas + inner
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_claiming(width: int, height: int) -> bytes:
    data = bytearray(written(halves(), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def grey_sixteen(side: int = 30) -> bytes:
    """Sixteen bits a pixel: half of full white."""
    return written(Image.frombytes("I;16", (side, side), struct.pack("<H", 32_768) * side * side))


def swapped_profile() -> bytes:
    """A colour profile of our own making, in which what is called red is green: a picture in it must not stay red."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", profile[128:132])[0]
    for number in range(count):
        at = 132 + 12 * number
        swap = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}.get(bytes(profile[at : at + 4]))
        if swap:
            profile[at : at + 4] = swap
    return bytes(profile)


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def near(pixel: Any, colour: Sequence[int], by: int = 30) -> bool:
    return all(abs(have - want) <= by for have, want in zip(pixel, colour, strict=False))
