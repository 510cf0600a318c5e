"""Answers about music: catalogues, charts, playlists, favourites, one's own queue."""

from typing import Literal, NotRequired, TypedDict

from roomd.dialects.playpod import AlbumPageWire, AlbumWire, ArtistPageWire, FoundWire, SongWire
from roomd.dialects.playpod_heard import ListenWire, PickWire
from roomd.dialects.playpod_lists import EntryWire, PlaylistWire
from roomd.dialects.playpod_queue import CurrentWire


class Marks(TypedDict):
    """`stale`: from before, as its catalogue does not answer. `left_out`: catalogues that did not answer at all."""

    stale: NotRequired[bool]
    left_out: NotRequired[list[str]]


class SearchResult(FoundWire, Marks):
    """`providers`: name → what people call it."""

    providers: dict[str, str]


class ArtistResult(ArtistPageWire, Marks):
    pass


class AlbumResult(AlbumPageWire, Marks):
    pass


class TrackResult(Marks):
    track: SongWire
    related_tracks: list[SongWire]


class GenreName(TypedDict):
    id: int
    name: str


class TopResult(Marks):
    tracks: list[SongWire]


class GenreResult(TopResult):
    genre: GenreName


class AlbumsResult(Marks):
    albums: list[AlbumWire]


class Preview(TypedDict):
    """Where this server plays it; that does not run out."""

    preview_url: str
    expires_at: None
    duration: int


class StreamFault(TypedDict):
    """PlayPod's own form. `fallback`: the sound may still be had at `preview_url`."""

    error: str
    preview_url: str
    fallback: bool
    message: str
    detail: str


class PlaylistShown(PlaylistWire):
    tracks: list[EntryWire]


class TrackName(TypedDict):
    track_id: str
    track_title: str
    artist_name: str


class TrackAdded(TypedDict):
    message: str
    track_info: EntryWire
    track_count: int


class TracksAdded(TypedDict):
    added_count: int
    total: int
    track_count: int
    not_found: list[str]


class TracksRemoved(TypedDict):
    message: str
    removed_count: int
    track_count: int


class TrackMoved(TypedDict):
    message: str
    id: str
    position: int
    track_count: int


class PlaylistPlayed(TypedDict):
    message: str
    queue_length: int
    current_track: TrackName
    skipped: int
    room: str


class NotFoundSong(TypedDict):
    position: int
    title: str
    artist: str
    album: str
    location: str


class PlaylistImported(PlaylistWire):
    added_count: int
    total: int
    not_found: list[NotFoundSong]


class FavouriteIds(TypedDict):
    track_ids: list[str]
    count: int


class FavouriteAdded(TypedDict):
    message: str
    track_info: TrackName


class QueuedName(TypedDict):
    track_id: str
    track_title: str


class Enqueued(TypedDict):
    message: str
    position: int
    track_info: QueuedName


class Moved(TypedDict):
    id: str
    position: int


class Standing(TypedDict):
    current_track: CurrentWire | None
    position: int


class GoneOn(Standing):
    is_radio_mode: bool


class Shuffled(TypedDict):
    message: str
    track_count: int


class StreamInfo(CurrentWire):
    duration: int


class Streamed(TypedDict):
    """`in_queue`: whether it was there before."""

    stream_url: str
    track_info: StreamInfo
    in_queue: bool
    position: int


class RadioState(TypedDict):
    radio: bool


class History(TypedDict):
    """`count`: of all of it."""

    history: list[ListenWire]
    count: int


class Recommendations(TypedDict):
    recommendations: list[PickWire]


class RecommendationPlayed(TypedDict):
    message: str
    current_track: TrackName
    queue_length: int


class Cover(TypedDict):
    cover_url: str


class Sound(TypedDict):
    id: str
    status: Literal["off", "waiting", "listening", "converting", "ready", "failed"]
    progress: float
    duration_ms: float | None
    loudness_lufs: float | None
    true_peak_db: float | None
    gain_db: float | None
    peaks_url: str
    converted: bool
    url: str
    fault: str


class Peaks(TypedDict):
    """`peaks`: 0 to 255, each the highest of its part."""

    duration_ms: float
    peaks: list[int]


class LinkPreview(TypedDict):
    """What a page says of itself. `picture`: a data URL."""

    url: str
    site: str
    title: str
    description: str
    picture: str
