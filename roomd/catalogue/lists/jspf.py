"""JSPF: XSPF's fields in JSON, as ListenBrainz and others have it."""

from collections.abc import Mapping

import msgspec

from roomd.catalogue.lists.listed import MAX_ENTRIES, SCHEME, Listed, SongList, listed, not_a_list
from roomd.domain.track import fit_text


def read(data: bytes) -> SongList:
    """Whatever in it is not of the kind that it should be is passed over. Raises Invalid."""
    try:
        document = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise not_a_list("it is not valid JSON") from None
    playlist = document.get("playlist") if isinstance(document, dict) else None
    tracks = playlist.get("track") if isinstance(playlist, dict) else None
    if not isinstance(playlist, dict) or not isinstance(tracks, list):
        raise not_a_list("it is JSON, but has no playlist with tracks in it")
    return SongList(
        name=fit_text(_first(playlist, "title")),
        description=_first(playlist, "annotation"),
        songs=[_song(track) for track in tracks[: MAX_ENTRIES + 1] if isinstance(track, dict)],
    )


def write(songs: SongList) -> str:
    playlist: dict[str, object] = {"title": songs.name, "track": [_track(song) for song in songs.songs]}
    if songs.description:
        playlist["annotation"] = songs.description
    return msgspec.json.format(msgspec.json.encode({"playlist": playlist}), indent=1).decode() + "\n"


def _track(song: Listed) -> dict[str, object]:
    fields: dict[str, object] = {
        "location": [] if song.location == song.id else [song.location],
        "identifier": [song.id],
        "title": song.title,
        "creator": song.artist,
        "album": song.album,
        "image": song.cover,
        "duration": None if song.duration_ms is None else round(song.duration_ms),
    }
    return {name: value for name, value in fields.items() if value}


def _song(track: Mapping[str, object]) -> Listed:
    duration = track.get("duration")
    return listed(
        id=_first(track, "identifier", SCHEME),
        location=_first(track, "location"),
        title=_first(track, "title"),
        artist=_first(track, "creator"),
        album=_first(track, "album"),
        cover=_first(track, "image"),
        duration_ms=float(duration) if isinstance(duration, int | float) and abs(duration) < 1e15 else None,
    )


def _first(track: Mapping[str, object], field: str, begins: str = "") -> str:
    """A text, or the first of several, that begins so."""
    value = track.get(field)
    texts = value if isinstance(value, list) else [value]
    return next((text for text in texts if isinstance(text, str) and text.startswith(begins)), "")
