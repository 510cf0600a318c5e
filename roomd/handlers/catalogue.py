"""PlayPod's catalogue: searching, and what there is to know of an artist, an album, a track."""

from typing import Any

from roomd.catalogue.cache import Answer
from roomd.dialects.playpod import (
    GenreWire,
    album_page_wire,
    artist_page_wire,
    found_wire,
    genre_wire,
    song_wire,
)
from roomd.domain.refusals import Invalid
from roomd.domain.song import full_id
from roomd.handlers.base import ApiHandler
from roomd.handlers.bounded import elsewhere
from roomd.handlers.described import operation
from roomd.handlers.of_room import RoomHandler
from roomd.openapi.operation import limit, offset, text
from roomd.openapi.shapes.library import AlbumResult, ArtistResult, SearchResult, TrackResult

MAX_QUERY = 200
#: Related songs beside a track.
RELATED = 10


class CatalogueHandler(RoomHandler):
    """Waiting for a provider does not count as this server's own slowness: the catalogue bounds it."""

    counted: tuple[str, str] | tuple[()] = ("GET", "search")

    def told(self, answer: Answer[Any], value: dict[str, object]) -> None:
        """`value`, saying which part of it is from before, or is missing."""
        self.answer(value | marks(answer))


@operation(
    "get",
    "Search all catalogues",
    query=(
        text("q", "What to look for; without it, what is on top", most=MAX_QUERY),
        limit(10, 50),
        offset(),
        text("provider", "Only this catalogue"),
    ),
    answer=SearchResult,
    errors="no_such_catalogue provider_down provider_busy",
)
class SearchHandler(CatalogueHandler):
    async def get(self) -> None:
        await self.actor()
        q = self.get_query_argument("q", "")
        if len(q) > MAX_QUERY:
            raise Invalid(f"q has more than {MAX_QUERY} characters", fields={"q": "is too long"})
        limit, offset = self.limit(10, 50), self.offset()
        provider = self.get_query_argument("provider", "")
        catalogue = self.services.library.catalogue
        with elsewhere():
            answer = await catalogue.search(q, limit, provider, offset)
        self.told(answer, {**found_wire(answer.value), "providers": catalogue.labels})


@operation(
    "get", "An artist", answer=ArtistResult, errors="no_such_artist no_such_catalogue provider_down provider_busy"
)
class ArtistHandler(CatalogueHandler):
    async def get(self, artist_id: str) -> None:
        await self.actor()
        with elsewhere():
            answer = await self.services.library.catalogue.artist(full_id(artist_id, "artist id"))
        self.told(answer, {**artist_page_wire(answer.value)})


@operation("get", "An album", answer=AlbumResult, errors="no_such_album no_such_catalogue provider_down provider_busy")
class AlbumHandler(CatalogueHandler):
    async def get(self, album_id: str) -> None:
        await self.actor()
        with elsewhere():
            answer = await self.services.library.catalogue.album(full_id(album_id, "album id"))
        self.told(answer, {**album_page_wire(answer.value)})


@operation("get", "A track", answer=TrackResult, errors="no_such_track provider_down provider_busy")
class TrackHandler(CatalogueHandler):
    async def get(self, track_id: str) -> None:
        """The track is what was asked for: without related ones it is told all the same."""
        await self.actor()
        song_id, catalogue = full_id(track_id, "track id"), self.services.library.catalogue
        with elsewhere():
            answer = await catalogue.song(song_id)
            related = await catalogue.related_if_any(song_id, RELATED)
        more = [song_wire(song) for song in related.value]
        whole = Answer(None, answer.stale or related.stale, related.left_out)
        self.told(whole, {"track": song_wire(answer.value), "related_tracks": more})


@operation("get", "Genres", answer=list[GenreWire], errors="provider_down provider_busy")
class GenresHandler(CatalogueHandler):
    async def get(self) -> None:
        """A plain list, as PlayPod has it: whether it is stale stands in a header."""
        await self.actor()
        with elsewhere():
            answer = await self.services.library.catalogue.genres()
        if answer.stale:
            self.set_header("Roomd-Stale", "true")
        self.answer([genre_wire(genre) for genre in answer.value])


def marks(answer: Answer[Any]) -> dict[str, object]:
    """What an answer says about itself, where there is something to say."""
    said: dict[str, object] = {"stale": True} if answer.stale else {}
    return said | ({"left_out": list(answer.left_out)} if answer.left_out else {})


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/catalogue/search/?", SearchHandler),
    (r"/api/catalogue/artists/([^/]+)/?", ArtistHandler),
    (r"/api/catalogue/albums/([^/]+)/?", AlbumHandler),
    (r"/api/catalogue/tracks/([^/]+)/?", TrackHandler),
    (r"/api/catalogue/genres/?", GenresHandler),
]
