"""Lists of songs as files: M3U, XSPF and JSPF, read by what is in them and written as asked for."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from roomd.catalogue.lists import jspf, m3u, xspf
from roomd.catalogue.lists.listed import MAX_ENTRIES, SongList, not_a_list
from roomd.domain.refusals import Invalid

#: Bytes of a file; the server takes 2 MiB at once, with what is around it.
MAX_BYTES = 2_000_000


class Format(NamedTuple):
    mime: str
    extension: str
    write: Callable[[SongList], str]


FORMATS: Mapping[str, Format] = {
    "m3u": Format("audio/x-mpegurl; charset=utf-8", "m3u8", m3u.write),
    "xspf": Format("application/xspf+xml; charset=utf-8", "xspf", xspf.write),
    "jspf": Format("application/jspf+json; charset=utf-8", "jspf", jspf.write),
}


def read(data: bytes) -> SongList:
    """The songs in a file, whichever of the three it is. Raises Invalid."""
    if len(data) > MAX_BYTES:
        raise Invalid(f"a file has at most {MAX_BYTES} bytes", "too_large")
    begins = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if begins == b"<" or data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        found = xspf.read(data)
    elif begins == b"{":
        found = jspf.read(data)
    else:
        found = m3u.read(data)
    if not found.songs:
        raise not_a_list("there is no song in it")
    if len(found.songs) > MAX_ENTRIES:
        raise Invalid(f"a file has at most {MAX_ENTRIES:,} songs", fields={"file": "has too many songs"})
    return found
