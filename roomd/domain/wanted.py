"""A track as somebody asks for it: a link, and what they happen to know about it."""

from typing import Annotated

from msgspec import Meta, Struct

from roomd.domain.track import Kind

_Text = Annotated[str, Meta(max_length=2_000)]


class Wanted(Struct, frozen=True, kw_only=True):
    """`subtitles` is where WebVTT (or SRT) for it lies. Instead of `url`, `source` may name a song of a catalogue."""

    url: _Text = ""
    source: _Text = ""
    title: _Text = ""
    artist: _Text = ""
    album: _Text = ""
    cover: _Text = ""
    subtitles: _Text = ""
    duration_ms: Annotated[float, Meta(gt=0)] | None = None
    kind: Kind | None = None
