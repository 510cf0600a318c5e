"""PlayPod's words for music: the objects of its catalogue, playlists and queue. More fields than its document has.

`duration` is in whole seconds, 0 where nobody could tell. `preview` is where this server plays the song.
"""

from typing import TypedDict

from roomd.domain.song import Album, AlbumPage, Artist, ArtistPage, Found, Genre, Song


class ArtistWire(TypedDict, total=False):
    id: str
    name: str
    picture_medium: str
    picture_xl: str
    nb_album: int
    nb_fan: int


class AlbumWire(TypedDict, total=False):
    id: str
    title: str
    artist: ArtistWire
    cover_medium: str
    cover_xl: str
    release_date: str
    position: int


class SongWire(TypedDict, total=False):
    id: str
    title: str
    artist: ArtistWire
    album: AlbumWire
    duration: int
    duration_ms: float | None
    track_position: int
    preview: str
    url: str
    cover: str
    kind: str
    mime: str
    source: str
    live: bool
    position: int


class FoundWire(TypedDict):
    tracks: list[SongWire]
    artists: list[ArtistWire]
    albums: list[AlbumWire]


class ArtistPageWire(TypedDict):
    artist: ArtistWire
    albums: list[AlbumWire]
    top_tracks: list[SongWire]


class AlbumPageWire(TypedDict):
    album: AlbumWire
    tracks: list[SongWire]


class GenreWire(TypedDict):
    id: int
    name: str
    picture_medium: str


class KeptWire(TypedDict):
    """A song as playlists, favourites, the queue, history and recommendations have it."""

    track_id: str
    track_title: str
    artist_id: str
    artist_name: str
    album_title: str
    album_cover: str
    duration: int


def seconds(ms: float | None) -> int:
    return round((ms or 0.0) / 1_000)


def song_wire(song: Song) -> SongWire:
    return {
        "id": song.id,
        "title": song.title,
        "artist": {"id": song.artist_id, "name": song.artist},
        "album": {"id": song.album_id, "title": song.album, "cover_medium": song.cover},
        "duration": seconds(song.duration_ms),
        "duration_ms": song.playable_ms or song.duration_ms,
        "track_position": song.number,
        "preview": song.url,
        "url": song.url,
        "cover": song.cover,
        "kind": song.kind,
        "mime": song.mime,
        "source": song.id,
        "live": song.live,
    }


def album_wire(album: Album) -> AlbumWire:
    return {
        "id": album.id,
        "title": album.title,
        "artist": {"id": album.artist_id, "name": album.artist},
        "cover_medium": album.cover,
        "cover_xl": album.large or album.cover,
        "release_date": _date(album.released),
    }


def artist_wire(artist: Artist) -> ArtistWire:
    return {
        "id": artist.id,
        "name": artist.name,
        "picture_medium": artist.picture,
        "picture_xl": artist.picture,
        "nb_album": artist.albums,
        "nb_fan": artist.fans,
    }


def found_wire(found: Found) -> FoundWire:
    return {
        "tracks": [song_wire(song) for song in found.songs],
        "artists": [artist_wire(artist) for artist in found.artists],
        "albums": [album_wire(album) for album in found.albums],
    }


def artist_page_wire(page: ArtistPage) -> ArtistPageWire:
    return {
        "artist": artist_wire(page.artist),
        "albums": [album_wire(album) for album in page.albums],
        "top_tracks": [song_wire(song) for song in page.top],
    }


def album_page_wire(page: AlbumPage) -> AlbumPageWire:
    return {"album": album_wire(page.album), "tracks": [song_wire(song) for song in page.songs]}


def genre_wire(genre: Genre) -> GenreWire:
    return {"id": genre.id, "name": genre.name, "picture_medium": genre.picture}


def kept_wire(song: Song) -> KeptWire:
    return {
        "track_id": song.id,
        "track_title": song.title,
        "artist_id": song.artist_id,
        "artist_name": song.artist,
        "album_title": song.album,
        "album_cover": song.cover,
        "duration": seconds(song.duration_ms),
    }


def _date(released: str) -> str:
    """Always a whole date where anything is known, as a client that parses it expects: a year is its first day."""
    return f"{released}-01-01"[:10] if len(released) == 4 else f"{released}-01" if len(released) == 7 else released
