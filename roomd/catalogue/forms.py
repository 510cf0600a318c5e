"""The forms of media that browsers play, told by their first bytes. A name or a Content-Type is only a claim."""

from typing import Literal

from msgspec import Struct

from roomd.domain.track import Kind

#: `mp4` and `webm` hold sound, or pictures and sound; which one is seen only inside.
Form = Literal["mp3", "mp4", "aac", "ogg", "flac", "wav", "webm"]

#: Enough for every signature, and for the second frame of an MPEG stream (a frame has 1,441 bytes at most).
HEAD = 4_096

_MP3_BITRATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MP3_LOW_BITRATES = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MP3_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


class Extension(Struct, frozen=True):
    form: Form
    mime: str
    kind: Kind


EXTENSIONS = {
    "mp3": Extension("mp3", "audio/mpeg", "audio"),
    "m4a": Extension("mp4", "audio/mp4", "audio"),
    "mp4": Extension("mp4", "video/mp4", "video"),
    "aac": Extension("aac", "audio/aac", "audio"),
    "ogg": Extension("ogg", "audio/ogg", "audio"),
    "oga": Extension("ogg", "audio/ogg", "audio"),
    "opus": Extension("ogg", "audio/ogg", "audio"),
    "flac": Extension("flac", "audio/flac", "audio"),
    "wav": Extension("wav", "audio/wav", "audio"),
    "webm": Extension("webm", "video/webm", "video"),
}


#: Forms that browsers refuse, and ffmpeg reads: such files are found only where there is one to convert them.
FOREIGN = frozenset(
    {
        *("aif", "aifc", "aiff", "ac3", "amr", "ape", "au", "caf", "dff", "dsf", "dts", "mka", "mp2", "mpc", "tak"),
        *("tta", "w64", "wma", "wv"),
    }
)
#: What they are converted to.
CONVERTED = "m4a"


def mime_of(form: Form, kind: Kind) -> str:
    """The type that browsers know a form by."""
    return "audio/mpeg" if form == "mp3" else f"{kind}/{form}"


def form_of(head: bytes) -> Form | None:
    """The form that these first bytes begin, or None."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "webm"
    for magic, form in _MAGIC:
        if head.startswith(magic):
            return form
    return _stream_form(head)


def image_type(head: bytes) -> str | None:
    """The type of a picture that may be shown as a cover. SVG is a program, and no cover."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    # What many stations' sites have, and nothing else.
    if head[:4] == b"\x00\x00\x01\x00" and head[4:6] > b"\x00\x00":
        return "image/x-icon"
    return "image/gif" if head.startswith((b"GIF87a", b"GIF89a")) else None


def mp3_frame_length(header: bytes) -> int:
    """The length of the layer III frame that begins here, or 0 when none does."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    rate_index, bitrate_index = header[2] >> 2 & 3, header[2] >> 4
    if layer != 1 or version == 1 or rate_index == 3 or bitrate_index in {0, 15}:
        return 0
    rate = _MP3_RATES[version][rate_index]
    bitrate = (_MP3_BITRATES if version == 3 else _MP3_LOW_BITRATES)[bitrate_index]
    return (144 if version == 3 else 72) * bitrate * 1_000 // rate + (header[2] >> 1 & 1)


def adts_frame_length(header: bytes) -> int:
    """The length of the AAC frame that begins here, or 0 when none does."""
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return 0
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if length >= 7 else 0


def _stream_form(head: bytes) -> Form | None:
    """MP3 and AAC streams have no signature, only frames: two in a row, as two bytes alone are too easily met."""
    mp3 = mp3_frame_length(head)
    if mp3 and (mp3_frame_length(head[mp3 : mp3 + 4]) or len(head) <= mp3):
        return "mp3"
    aac = adts_frame_length(head)
    if aac and (adts_frame_length(head[aac : aac + 7]) or len(head) <= aac):
        return "aac"
    return None


_MAGIC: tuple[tuple[bytes, Form], ...] = ((b"ID3", "mp3"), (b"OggS", "ogg"), (b"fLaC", "flac"))
