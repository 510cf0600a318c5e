"""PlayPod's charts: what is on top, what is new, and what a genre's most heard songs are."""

from roomd.dialects.playpod import album_wire, song_wire
from roomd.domain.refusals import Invalid, NotFound
from roomd.handlers.base import ApiHandler
from roomd.handlers.bounded import elsewhere
from roomd.handlers.catalogue import CatalogueHandler
from roomd.handlers.described import operation
from roomd.openapi.operation import limit
from roomd.openapi.shapes.library import AlbumsResult, GenreResult, TopResult

USUAL = 20
MOST = 100


@operation(
    "get",
    "Most heard of a genre",
    query=(limit(USUAL, MOST),),
    answer=GenreResult,
    errors="no_such_genre provider_down",
)
class GenreHandler(CatalogueHandler):
    async def get(self, number: str) -> None:
        await self.actor()
        limit, catalogue = self.limit(USUAL, MOST), self.services.library.catalogue
        if not (number.isascii() and number.isdecimal() and len(number) <= 15):
            raise Invalid("a genre's id is a number", fields={"genre_id": "must be a whole number"})
        with elsewhere():
            answer = await catalogue.genre_songs(int(number), limit)
            genre = await catalogue.genre(int(number))
        if genre is None:
            raise NotFound("There is no such genre.", "no_such_genre")
        tracks = [song_wire(song) for song in answer.value]
        self.told(answer, {"genre": {"id": int(number), "name": genre.name}, "tracks": tracks})


@operation("get", "Most heard", query=(limit(USUAL, MOST),), answer=TopResult, errors="provider_down")
class TopHandler(CatalogueHandler):
    async def get(self) -> None:
        """Positions count from 1, as charts do."""
        await self.actor()
        limit = self.limit(USUAL, MOST)
        with elsewhere():
            answer = await self.services.library.catalogue.top_songs(limit)
        tracks = [{**song_wire(song), "position": place} for place, song in enumerate(answer.value, start=1)]
        self.told(answer, {"tracks": tracks})


@operation("get", "New albums", query=(limit(USUAL, MOST),), answer=AlbumsResult, errors="provider_down")
class NewReleasesHandler(CatalogueHandler):
    async def get(self) -> None:
        await self.actor()
        limit = self.limit(USUAL, MOST)
        with elsewhere():
            answer = await self.services.library.catalogue.new_albums(limit)
        self.told(answer, {"albums": [album_wire(album) for album in answer.value]})


@operation("get", "Most heard albums", query=(limit(USUAL, MOST),), answer=AlbumsResult, errors="provider_down")
class TopAlbumsHandler(CatalogueHandler):
    async def get(self) -> None:
        await self.actor()
        limit = self.limit(USUAL, MOST)
        with elsewhere():
            answer = await self.services.library.catalogue.top_albums(limit)
        albums = [{**album_wire(album), "position": place} for place, album in enumerate(answer.value, start=1)]
        self.told(answer, {"albums": albums})


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/charts/genre/([^/]+)/?", GenreHandler),
    (r"/api/charts/top/?", TopHandler),
    (r"/api/charts/new-releases/?", NewReleasesHandler),
    (r"/api/charts/top-albums/?", TopAlbumsHandler),
]
