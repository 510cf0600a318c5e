"""M3U: lines of locations, with what is known of each in the comments before it."""

import re

from roomd.catalogue.lists.listed import MAX_ENTRIES, Listed, SongList, listed, not_a_list
from roomd.domain.track import fit_text

#: Duration in seconds (-1: not known), attributes that some players add, and what to show.
_INFO = re.compile(r'\s*(-?\d{1,9}(?:\.\d{1,9})?)?(?:\s+[\w-]+="[^"]*")*\s*,(.*)', re.DOTALL)
_BINARY = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINES = re.compile(r"\r\n|\r|\n")
#: What a line of a list without the heading looks like: an address, or a file with an extension.
_LOCATION = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:\S.*|.*\.\w{2,5}")
_TAGS = {"#EXTART:": "artist", "#EXTALB:": "album", "#EXTIMG:": "cover", "#ROOMD:": "id"}


def read(data: bytes) -> SongList:
    """Raises Invalid."""
    text = _decoded(data)
    headed = text.lstrip().startswith("#EXTM3U")
    name, songs = "", []
    facts: dict[str, str] = {}
    for line in map(str.strip, _LINES.split(text)):
        if line.startswith("#"):
            tag, colon, rest = line.partition(":")
            if tag == "#PLAYLIST":
                name = fit_text(rest)
            elif colon:
                facts[f"{tag}:"] = rest.strip()
        elif line:
            if not headed and not _LOCATION.fullmatch(line):
                raise not_a_list("it is neither XSPF nor JSPF nor M3U")
            songs.append(_song(line, facts))
            facts = {}
            if len(songs) > MAX_ENTRIES:
                break
    return SongList(name=name, songs=songs)


def write(songs: SongList) -> str:
    lines = ["#EXTM3U", f"#PLAYLIST:{fit_text(songs.name)}"]
    for song in songs.songs:
        seconds = -1 if song.duration_ms is None else round(song.duration_ms / 1_000)
        shown = f"{song.artist} - {song.title}" if song.artist else song.title
        lines.append(f"#EXTINF:{seconds},{shown}")
        # An empty artist is said too: the title may have a dash in it, by which artists are told otherwise.
        lines += (
            f"{tag}{getattr(song, field)}" for tag, field in _TAGS.items() if getattr(song, field) or field == "artist"
        )
        lines.append(song.location)
    return "\n".join([*lines, ""])


def _song(location: str, facts: dict[str, str]) -> Listed:
    info = _INFO.fullmatch(facts.get("#EXTINF:", ""))
    shown, seconds = (info[2].strip(), info[1]) if info else ("", None)
    known = {field: facts[tag] for tag, field in _TAGS.items() if tag in facts}
    artist = known.pop("artist", None)
    if artist is None:
        before, dash, after = shown.partition(" - ")
        artist, title = (before, after) if dash and before.strip() and after.strip() else ("", shown)
    else:
        title = shown.removeprefix(f"{artist} - ") if artist else shown
    duration_ms = 1_000 * float(seconds) if seconds else None
    return listed(location=location, title=title, artist=artist, duration_ms=duration_ms, **known)


def _decoded(data: bytes) -> str:
    """UTF-8; and where it is not, what Windows wrote before that."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if _BINARY.search(text):
        raise not_a_list("it is not text")
    return text
