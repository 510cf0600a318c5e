"""Favourites over HTTP, in the words of PlayPod (`/api/playlists/favorites/…`)."""

from msgspec import Struct

from roomd.dialects.playpod_lists import FavouriteWire
from roomd.domain.playlist import MAX_FAVOURITES
from roomd.domain.refusals import Invalid
from roomd.domain.song import full_id
from roomd.handlers.base import ApiHandler
from roomd.handlers.bounded import elsewhere
from roomd.handlers.described import operation
from roomd.handlers.kept import KeptHandler
from roomd.openapi.operation import limit, offset, text
from roomd.openapi.shapes.accounts import Message
from roomd.openapi.shapes.library import FavouriteAdded, FavouriteIds

USUAL = 100


class FavouriteBody(Struct):
    track_id: str | int


@operation("get", "Your favourites", query=(limit(USUAL, MAX_FAVOURITES), offset()), answer=list[FavouriteWire])
class FavouritesHandler(KeptHandler):
    async def get(self) -> None:
        """The newest first."""
        actor = await self.actor()
        limit, offset = self.limit(USUAL, MAX_FAVOURITES), self.offset()
        found = await self.services.library.favourites.songs(actor.id, limit, offset)
        self.answer([self.favourite(each) for each in found])


@operation("get", "Ids of your favourites", answer=FavouriteIds)
class FavouriteIdsHandler(KeptHandler):
    async def get(self) -> None:
        """All of them, for a page that marks them wherever they are shown."""
        actor = await self.actor()
        found = (await self.services.library.favourites.ids([actor.id])).get(actor.id, set())
        self.answer({"track_ids": sorted(found), "count": len(found)})


@operation(
    "post",
    "Add a favourite",
    body=FavouriteBody,
    answer=FavouriteAdded,
    status=201,
    also={200: FavouriteAdded},
    errors="no_such_track too_many_favourites provider_down provider_busy",
    about="200 where it was one already.",
)
class AddFavouriteHandler(KeptHandler):
    async def post(self) -> None:
        """201; and 200 where it was one already."""
        actor = await self.actor()
        song_id = full_id(str(self.body(FavouriteBody).track_id))
        with elsewhere():
            song = (await self.services.library.catalogue.song(song_id)).value
        fresh = await self.services.library.favourites.add(actor.id, song)
        await self.services.library.recommender.forget(actor.id)
        shown = {"track_id": song.id, "track_title": song.title, "artist_name": song.artist}
        message = "Track added to favorites" if fresh else "Track is among the favorites already"
        self.answer({"message": message, "track_info": shown}, 201 if fresh else 200)


@operation(
    "delete",
    "Remove a favourite",
    query=(text("track_id", "The song", required=True),),
    answer=Message,
    errors="no_such_favourite",
)
class RemoveFavouriteHandler(KeptHandler):
    async def delete(self) -> None:
        actor = await self.actor()
        track = self.get_query_argument("track_id", "")
        if not track:
            raise Invalid("track_id is required", fields={"track_id": "is required"})
        await self.services.library.favourites.remove(actor.id, full_id(track))
        await self.services.library.recommender.forget(actor.id)
        self.answer({"message": "Track removed from favorites"})


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/playlists/favorites/?", FavouritesHandler),
    (r"/api/playlists/favorites/ids/?", FavouriteIdsHandler),
    (r"/api/playlists/favorites/add/?", AddFavouriteHandler),
    (r"/api/playlists/favorites/remove/?", RemoveFavouriteHandler),
]
