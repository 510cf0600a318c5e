"""What somebody heard, what they may like, and music made of that, in the words of PlayPod."""

from typing import Annotated

from msgspec import Meta, Struct

from roomd.dialects.playpod_heard import listen_wire, pick_wire
from roomd.dialects.playpod_lists import PlaylistWire, playlist_wire
from roomd.domain.choosing import best_of
from roomd.domain.ids import UserId
from roomd.domain.refusals import Conflict, Invalid, NotFound
from roomd.domain.song import Genre, Song, full_id
from roomd.handlers.base import ApiHandler
from roomd.handlers.bounded import elsewhere
from roomd.handlers.described import operation
from roomd.handlers.of_room import RoomHandler
from roomd.openapi.operation import limit, offset
from roomd.openapi.shapes.library import History, RecommendationPlayed, Recommendations

#: Runs of songs told at once.
MOST_HISTORY = 200
MOST_PICKS = 50
#: Similar songs that follow a recommended one: more than the catalogue asks its providers about one by one.
SIMILAR = 24
#: Songs in a playlist made of a genre, those it is chosen from, and with fewer than so many there is none.
OF_GENRE = 30
CHOSEN_FROM = 100
LEAST = 3


class TrackBody(Struct):
    track_id: str | int


class GenreBody(Struct):
    """Either will do; a number that was given decides."""

    genre: Annotated[str, Meta(max_length=200)] = ""
    genre_id: Annotated[int, Meta(ge=0, lt=2**53)] | None = None
    name: Annotated[str, Meta(max_length=4_000)] = ""


@operation("get", "What you heard", query=(limit(50, MOST_HISTORY), offset()), answer=History)
@operation("delete", "Forget what you heard")
class HistoryHandler(RoomHandler):
    async def get(self) -> None:
        """The latest first, what plays now among it."""
        actor = await self.actor()
        limit, offset = self.limit(50, MOST_HISTORY), self.offset()
        await self.services.library.listening.catch_up()
        listens, count = await self.services.library.listens.history(actor.id, limit, offset)
        self.answer({"history": [listen_wire(each) for each in listens], "count": count})

    async def delete(self) -> None:
        """One's own, all of it; what is chosen by it from now on forgets it too."""
        actor = await self.actor()
        await self.services.library.listening.catch_up()
        await self.services.library.listens.forget(actor.id)
        await self.services.library.recommender.forget(actor.id)
        self.set_status(204)


@operation("get", "What you may like", query=(limit(10, MOST_PICKS),), answer=Recommendations)
class RecommendationsHandler(RoomHandler):
    counted = ("GET", "search")

    async def get(self) -> None:
        actor = await self.actor()
        limit = self.limit(10, MOST_PICKS)
        await self.services.library.listening.catch_up()
        with elsewhere():
            picks = await self.services.library.recommender.for_person(actor.id, limit)
        self.answer({"recommendations": [pick_wire(each) for each in picks]})


@operation(
    "post",
    "Play a recommendation",
    body=TrackBody,
    answer=RecommendationPlayed,
    errors="no_such_track not_playable provider_down provider_busy",
)
class PlayHandler(RoomHandler):
    async def post(self) -> None:
        """One's own queue becomes this track and similar ones, in one step."""
        actor = await self.actor()
        song_id = full_id(str(self.body(TrackBody).track_id))
        library = self.services.library
        await library.listening.catch_up()
        with elsewhere():
            (track,) = await library.catalogue.tracks([song_id])
            picks = await library.recommender.radio([actor.id], [track.source or song_id], {song_id}, SIMILAR)
            playable = await library.catalogue.playable([pick.song.id for pick in picks])
        why = {pick.song.id: pick.why for pick in picks if pick.song.id in playable}
        room = await library.personal.play(actor, [track, *(playable[song] for song in why)], why=why)
        shown = {"track_id": song_id, "track_title": track.title, "artist_name": track.artist}
        message = "Radio mode started with recommended track"
        self.answer({"message": message, "current_track": shown, "queue_length": len(room.entries)})


@operation(
    "post",
    "Make a playlist of a genre",
    body=GenreBody,
    answer=PlaylistWire,
    status=201,
    errors="no_such_genre too_few_songs too_many_playlists",
)
class GenerateHandler(RoomHandler):
    counted = ("POST", "search")

    async def post(self) -> None:
        """A playlist of a genre: what the caller likes of it before what they do not know."""
        actor = await self.actor()
        body = self.body(GenreBody)
        if not body.genre.strip() and body.genre_id is None:
            raise Invalid("genre is required", fields={"genre": "is required"})
        with elsewhere():
            genre = await self._genre(body)
            songs = await self._songs(actor.id, genre)
        if len(songs) < LEAST:
            raise Conflict(
                f"There is too little {genre.name} here for a playlist.", "too_few_songs", params={"genre": genre.name}
            )
        made = await self.services.library.playlists.add(
            actor.id,
            body.name if body.name.strip() else f"{genre.name} Mix",
            description=f"Made of {genre.name}.",
            kind="genre",
            genre=genre.name,
            songs=songs,
        )
        self.set_header("Location", f"/api/playlists/playlists/{made.id}/")
        self.answer(playlist_wire(made), 201)

    async def _genre(self, body: GenreBody) -> Genre:
        catalogue = self.services.library.catalogue
        if body.genre_id is not None:
            genre = await catalogue.genre(body.genre_id)
        else:
            named = " ".join(body.genre.casefold().split())
            genres = (await catalogue.genres()).value
            genre = next((each for each in genres if " ".join(each.name.casefold().split()) == named), None)
        if genre is None:
            raise NotFound("There is no such genre here.", "no_such_genre")
        return genre

    async def _songs(self, person: UserId, genre: Genre) -> list[Song]:
        library = self.services.library
        found = (await library.catalogue.genre_songs(genre.id, CHOSEN_FROM)).value
        (taste,) = await library.recommender.tastes([person])
        return best_of([song for song in found if song.url], taste, OF_GENRE, self.services.clock.moment().dice)


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/playlists/queue/history/?", HistoryHandler),
    (r"/api/playlists/recommendations/?", RecommendationsHandler),
    (r"/api/playlists/play-recommendation/?", PlayHandler),
    (r"/api/playlists/generate/?", GenerateHandler),
]
