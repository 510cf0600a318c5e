"""XSPF: a playlist in XML. Read by expat, with every document type refused, so that no entity is ever expanded."""

import re
from html import escape
from typing import NoReturn
from xml.parsers import expat

from roomd.catalogue.lists.listed import MAX_ENTRIES, SCHEME, Listed, SongList, listed, not_a_list
from roomd.domain.track import fit_text

#: Characters kept of one element's text.
_MAX_TEXT = 4_000
#: Elements inside each other; a playlist has five.
_MAX_DEPTH = 32
_TRACK = ["playlist", "trackList", "track"]
#: What XML 1.0 has no way to write.
_UNWRITABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Reader:
    def __init__(self) -> None:
        self.name = ""
        self.description = ""
        self.songs: list[Listed] = []
        self._path: list[str] = []
        self._text: list[str] = []
        self._size = 0
        self._facts: dict[str, str] = {}
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        self._parser = parser

    def read(self, data: bytes) -> SongList:
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as fault:
            raise not_a_list(f"line {fault.lineno} is not XML: {expat.errors.messages[fault.code]}") from None
        return SongList(name=self.name, description=self.description, songs=self.songs)

    def _doctype(self, *_: object) -> NoReturn:
        raise not_a_list("it has a document type of its own")

    def _start(self, name: str, _: object) -> None:
        local = name.rpartition(" ")[2]
        if not self._path and local != "playlist":
            raise not_a_list(f"it is XML, but of another kind: {fit_text(local, 40)}")
        if len(self._path) == _MAX_DEPTH:
            raise not_a_list("its elements are too deep inside each other")
        self._path.append(local)
        self._text, self._size = [], 0
        if self._path == _TRACK:
            self._facts = {}

    def _data(self, text: str) -> None:
        if self._size < _MAX_TEXT:
            self._text.append(text[: _MAX_TEXT - self._size])
            self._size += len(text)

    def _end(self, _: str) -> None:
        text = "".join(self._text).strip()
        here = self._path
        if here == _TRACK and len(self.songs) <= MAX_ENTRIES:
            self.songs.append(_song(self._facts))
        elif here[:-1] == _TRACK:
            self._take(here[-1], text)
        elif here == ["playlist", "title"]:
            self.name = fit_text(text)
        elif here == ["playlist", "annotation"]:
            self.description = text
        self._path.pop()
        self._text, self._size = [], 0

    def _take(self, field: str, text: str) -> None:
        """The first of each counts; of several identifiers, the first that is one of ours."""
        if field != "identifier" or text.startswith(SCHEME):
            self._facts.setdefault(field, text)


def read(data: bytes) -> SongList:
    """Raises Invalid."""
    return _Reader().read(data)


def write(songs: SongList) -> str:
    """An XSPF document, version 1."""
    head = _element("title", songs.name) + _element("annotation", songs.description)
    tracks = "\n".join(f"    <track>{_track(song)}</track>" for song in songs.songs)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<playlist version="1" xmlns="http://xspf.org/ns/0/">\n'
        f"  {head}\n  <trackList>\n{tracks}\n  </trackList>\n</playlist>\n"
    )


def _track(song: Listed) -> str:
    located = "" if song.location == song.id else song.location
    duration = "" if song.duration_ms is None else str(round(song.duration_ms))
    fields = {
        "location": located,
        "identifier": song.id,
        "title": song.title,
        "creator": song.artist,
        "album": song.album,
        "duration": duration,
        "image": song.cover,
    }
    return "".join(_element(name, text) for name, text in fields.items())


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(_UNWRITABLE.sub('', text), quote=False)}</{name}>" if text else ""


def _song(facts: dict[str, str]) -> Listed:
    duration = facts.get("duration", "")
    return listed(
        id=facts.get("identifier", ""),
        location=facts.get("location", ""),
        title=facts.get("title", ""),
        artist=facts.get("creator", ""),
        album=facts.get("album", ""),
        cover=facts.get("image", ""),
        duration_ms=float(duration) if duration.isascii() and duration.isdecimal() and len(duration) < 16 else None,
    )
