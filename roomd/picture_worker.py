"""A program of its own that turns one untrusted picture into one of ours: `python picture_worker.py square 512`.

The picture comes on standard input, the WebP goes to standard output behind a line `webp`; a picture that will not do
is answered with a line `refused CODE` and a sentence. What crashes a decoder, or wants too much time or memory, ends
this program and nothing else. It imports nothing of roomd, so that it starts in 0.1 s.
"""

import contextlib
import io
import resource
import struct
import sys
from typing import Literal

from PIL import ExifTags, Image, ImageCms, ImageFile

Shape = Literal["square", "whole"]

MAX_BYTES = 8 << 20
#: 40 megapixels: more than phones take, and 160 MB when decoded.
MAX_PIXELS = 40_000_000
#: What this program may use at most. The worst pictures of 40 megapixels take 0.6 GB and 1 s.
MAX_MEMORY = 1_536 << 20
MAX_CPU_S = 10

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Refused(Exception):  # noqa: N818 - an answer
    """`code` is for programs; the text is for whoever sent the picture."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def convert(data: bytes, shape: Shape, side: int) -> bytes:
    """The picture as WebP of `side` pixels at most: upright, in sRGB, its first frame, without anything but pixels.

    `square` cuts the middle out; `whole` keeps the proportions. Raises Refused.
    """
    webp = webp_size(data)
    if webp:
        # Pillow has the canvas of a WebP allocated before it tells its size.
        _check_size(webp)
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except OSError:
        raise Refused("not_a_picture", "that is no picture; JPEG, PNG, WebP, GIF and AVIF are taken") from None
    _check_size(picture.size)
    try:
        return _written(_in_srgb(_small(picture, shape, side)))
    except (OSError, SyntaxError, ValueError, EOFError) as fault:
        raise Refused("not_a_picture", f"that picture is damaged: {str(fault)[:100]}") from None


def webp_size(data: bytes) -> tuple[int, int] | None:
    """Width and height that a WebP's header claims; None for what is none, or has a header that says nothing."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return None
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise Refused(
            "too_large", f"a picture has at most {MAX_PIXELS // 1_000_000} megapixels; this one is {width} × {height}"
        )
    if width < 1 or height < 1:
        raise Refused("not_a_picture", "that picture has no pixels")


def _small(picture: ImageFile.ImageFile, shape: Shape, side: int) -> Image.Image:
    """Decoded, made small before anything else is done with it, and turned upright; still in its own colours."""
    width, height = picture.size
    share = min(1.0, side / (min(width, height) if shape == "square" else max(width, height)))
    # A JPEG is decoded at a half, a quarter or an eighth where that is enough.
    picture.draft(None, (max(1, round(width * share)), max(1, round(height * share))))
    orientation = _orientation(picture)
    plain = _plain(picture)
    width, height = plain.size
    box = (0.0, 0.0, float(width), float(height))
    if shape == "square":
        edge = min(width, height)
        left, top = (width - edge) / 2, (height - edge) / 2
        box = (left, top, left + edge, top + edge)
    across, down = box[2] - box[0], box[3] - box[1]
    share = min(1.0, side / max(across, down))
    size = (max(1, round(across * share)), max(1, round(down * share)))
    small = plain.resize(size, Image.Resampling.LANCZOS, box, reducing_gap=2.0)
    turned = small.transpose(_TURNS[orientation]) if orientation in _TURNS else small
    turned.info = {"icc_profile": picture.info.get("icc_profile")}
    return turned


def _orientation(picture: Image.Image) -> int:
    """EXIF's number for how the camera was held; damaged EXIF says nothing, and harms nobody."""
    try:
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except (OSError, SyntaxError, ValueError, TypeError, struct.error):
        return 1


def _plain(picture: Image.Image) -> Image.Image:
    """In a mode that can be scaled: grey, RGB or CMYK, or with transparency."""
    if picture.mode.startswith("I;16"):
        # Sixteen bits of grey; converting alone would cut off at 255.
        return picture.point(lambda value: value / 256).convert("L")
    if picture.mode in {"L", "RGB", "CMYK", "RGBA"}:
        return picture if "transparency" not in picture.info else picture.convert("RGBA")
    clear = picture.mode in {"LA", "PA", "La", "RGBa"} or "transparency" in picture.info
    return picture.convert("RGBA" if clear else "RGB")


def _in_srgb(picture: Image.Image) -> Image.Image:
    """RGB or RGBA in sRGB. A colour profile that makes no sense is passed over."""
    icc = picture.info.get("icc_profile")
    clear = picture.mode == "RGBA"
    if icc:
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            colours = picture.convert("RGB") if clear else picture
            converted = ImageCms.profileToProfile(colours, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None
        if converted is not None:
            if clear:
                converted.putalpha(picture.getchannel("A"))
            return converted
    return picture if clear else picture.convert("RGB")


def _written(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=82, method=4, exif=b"", icc_profile=None, xmp=b"")
    return out.getvalue()


def main() -> None:
    for limit, most in ((resource.RLIMIT_AS, MAX_MEMORY), (resource.RLIMIT_CPU, MAX_CPU_S)):
        # Not every system takes both.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))
    # The check here comes before decoding and is stricter.
    Image.MAX_IMAGE_PIXELS = None
    shape: Shape = "square" if sys.argv[1] == "square" else "whole"
    try:
        answer = b"webp\n" + convert(sys.stdin.buffer.read(MAX_BYTES + 1), shape, int(sys.argv[2]))
    except Refused as refusal:
        answer = f"refused {refusal.code}\n{refusal}".encode()
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
