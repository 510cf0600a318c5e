"""Playlists over HTTP, in the words of PlayPod (`/api/playlists/playlists/…`)."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from roomd.dialects.playpod_lists import PlaylistWire
from roomd.domain.entries import ordered
from roomd.domain.playlist import MAX_SONGS, PlaylistChanges, play_order
from roomd.domain.queue import MAX_ENTRIES
from roomd.domain.refusals import Invalid, NotFound
from roomd.domain.song import Song, full_id
from roomd.handlers.base import ApiHandler
from roomd.handlers.bounded import elsewhere
from roomd.handlers.described import operation
from roomd.handlers.kept import KeptHandler
from roomd.openapi.operation import flag, limit, offset, text
from roomd.openapi.shapes.library import (
    PlaylistPlayed,
    PlaylistShown,
    TrackAdded,
    TrackMoved,
    TracksAdded,
    TracksRemoved,
)

#: Tracks added in one request, as many as go into a room's queue at once.
MAX_ADDED = 100
#: Playlists in one answer.
USUAL, MAX_LISTED = 100, 500
MAX_QUERY = 200

#: What is too long for a name, or a place beyond any playlist, is refused with a clearer word further on.
Text = Annotated[str, Meta(max_length=4_000)]
Position = Annotated[int, Meta(ge=-MAX_SONGS, le=MAX_SONGS)]
TrackId = str | int


class PlaylistBody(Struct):
    name: Text
    description: Text = ""
    is_public: bool = False


class ChangesBody(Struct):
    name: Text | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    is_public: bool | UnsetType = UNSET


class TrackBody(Struct):
    track_id: TrackId


class TracksBody(Struct):
    tracks: Annotated[list[TrackId], Meta(min_length=1, max_length=MAX_ADDED)]


class MoveBody(Struct):
    """`track` is an entry's id."""

    track: str
    position: Position


class PlayBody(Struct):
    position: Position | None = None
    shuffle: bool = False


class CopyBody(Struct):
    name: Text = ""


@operation(
    "get",
    "Playlists",
    query=(flag("me", "Only your own"), text("q", "In the name"), limit(USUAL, MAX_LISTED), offset()),
    answer=list[PlaylistWire],
)
@operation("post", "Make a playlist", body=PlaylistBody, answer=PlaylistWire, status=201, errors="too_many_playlists")
class PlaylistsHandler(KeptHandler):
    async def get(self) -> None:
        """The public ones and one's own, those changed last first."""
        actor = await self.actor()
        q = self.get_query_argument("q", "")
        if len(q) > MAX_QUERY:
            raise Invalid(f"q has more than {MAX_QUERY} characters", fields={"q": "is too long"})
        mine, limit, offset = self.flag("me"), self.limit(USUAL, MAX_LISTED), self.offset()
        found = await self.services.library.playlists.shown_to(actor.id, mine=mine, q=q, limit=limit, offset=offset)
        self.answer([self.playlist(each) for each in found])

    async def post(self) -> None:
        actor = await self.actor()
        body = self.body(PlaylistBody)
        made = await self.services.library.playlists.add(
            actor.id, body.name, description=body.description, public=body.is_public
        )
        self.answer_made(made)


@operation("get", "A playlist with its songs", query=(limit(MAX_SONGS, MAX_SONGS), offset()), answer=PlaylistShown)
@operation("patch", "Change a playlist", needs="owner", body=ChangesBody, answer=PlaylistWire)
@operation("delete", "Delete a playlist", needs="owner")
class PlaylistHandler(KeptHandler):
    async def get(self, playlist_id: str) -> None:
        """With all its tracks, or with `limit` of them from `offset` on."""
        actor = await self.actor()
        limit, offset = self.limit(MAX_SONGS, MAX_SONGS), self.offset()
        playlist = await self.services.library.playlists.get(playlist_id, actor.id)
        entries = await self.services.library.playlists.songs(playlist.id, limit, offset)
        self.answer({**self.playlist(playlist), "tracks": [self.entry(each) for each in entries]})

    async def patch(self, playlist_id: str) -> None:
        actor = await self.actor()
        body = self.body(ChangesBody)
        changes = PlaylistChanges(
            name=None if body.name is UNSET else body.name,
            description=None if body.description is UNSET else body.description,
            is_public=None if body.is_public is UNSET else body.is_public,
        )
        self.answer(self.playlist(await self.services.library.playlists.update(playlist_id, actor.id, changes)))

    async def delete(self, playlist_id: str) -> None:
        actor = await self.actor()
        library = self.services.library
        cover = await library.playlists.delete(playlist_id, actor.id)
        with elsewhere():
            await library.uploads.forget(cover)
        self.set_status(204)


@operation(
    "post",
    "Add a song to a playlist",
    needs="owner",
    body=TrackBody,
    answer=TrackAdded,
    status=201,
    errors="no_such_track playlist_full provider_down provider_busy",
)
class AddTrackHandler(KeptHandler):
    async def post(self, playlist_id: str) -> None:
        actor = await self.actor()
        song_id = full_id(str(self.body(TrackBody).track_id))
        playlists = self.services.library.playlists
        # Whose it is comes first: of somebody else's nothing is looked up.
        await playlists.demand_owner(playlist_id, actor.id)
        with elsewhere():
            song = (await self.services.library.catalogue.song(song_id)).value
        added = await playlists.append(playlist_id, actor.id, [song])
        told = {"message": "Track added successfully", "track_info": self.entry(added.entries[0])}
        self.answer({**told, "track_count": added.tracks}, 201)


@operation(
    "post",
    "Add songs to a playlist",
    needs="owner",
    body=TracksBody,
    answer=TracksAdded,
    status=201,
    errors="no_such_track playlist_full provider_down provider_busy",
)
class AddTracksHandler(KeptHandler):
    async def post(self, playlist_id: str) -> None:
        """Those that there are; the others are named. Where a catalogue that is needed is away, none."""
        actor = await self.actor()
        wanted = [full_id(str(each), f"tracks[{n}]") for n, each in enumerate(self.body(TracksBody).tracks)]
        playlists = self.services.library.playlists
        await playlists.demand_owner(playlist_id, actor.id)
        with elsewhere():
            known = await self._songs(wanted)
        songs = [known[each] for each in wanted if each in known]
        if not songs:
            raise NotFound("There are no such tracks.", "no_such_track")
        added = await playlists.append(playlist_id, actor.id, songs)
        lacking = [each for each in dict.fromkeys(wanted) if each not in known]
        told = {"added_count": len(songs), "total": len(wanted), "track_count": added.tracks, "not_found": lacking}
        self.answer(told, 201)

    async def _songs(self, wanted: list[str]) -> dict[str, Song]:
        """What is known of them. Raises Unavailable where it cannot be said whether there is one of them."""
        catalogue = self.services.library.catalogue
        known = await catalogue.songs(wanted)
        for song_id in dict.fromkeys(wanted):
            if song_id not in known:
                try:
                    known[song_id] = (await catalogue.song(song_id)).value
                except NotFound:
                    continue
        return known


@operation(
    "delete",
    "Remove a song from a playlist",
    needs="owner",
    query=(text("track_id", "All entries of this song"), text("entry_id", "This entry")),
    answer=TracksRemoved,
    errors="no_such_entry",
)
class RemoveTrackHandler(KeptHandler):
    async def delete(self, playlist_id: str) -> None:
        """One entry by its `entry_id`, or every entry of a track by its `track_id`."""
        actor = await self.actor()
        entry, track = self.get_query_argument("entry_id", ""), self.get_query_argument("track_id", "")
        if not entry and not track:
            raise Invalid("track_id is required", fields={"track_id": "is required"})
        song = "" if entry else full_id(track)
        gone, left = await self.services.library.playlists.remove(playlist_id, actor.id, song=song, entry=entry)
        self.answer({"message": "Track removed successfully", "removed_count": gone, "track_count": left})


@operation("post", "Move a song in a playlist", needs="owner", body=MoveBody, answer=TrackMoved, errors="no_such_entry")
class MoveTrackHandler(KeptHandler):
    async def post(self, playlist_id: str) -> None:
        actor = await self.actor()
        body = self.body(MoveBody)
        tracks = await self.services.library.playlists.move(playlist_id, actor.id, body.track, body.position)
        moved = {"message": "Track moved successfully", "id": body.track, "position": body.position}
        self.answer({**moved, "track_count": tracks})


@operation(
    "post", "Play a playlist in your queue", body=PlayBody, answer=PlaylistPlayed, errors="empty_playlist not_playable"
)
class PlayHandler(KeptHandler):
    async def post(self, playlist_id: str) -> None:
        """The caller's own queue becomes the playlist, from `position` on; what cannot be had now is left out."""
        actor = await self.actor()
        body, library = self.body(PlayBody), self.services.library
        playlist = await library.playlists.get(playlist_id, actor.id)
        songs = await library.playlists.song_ids(playlist.id)
        dice = self.services.clock.moment().dice if body.shuffle else None
        order = [songs[place] for place in play_order(len(songs), body.position, dice)][:MAX_ENTRIES]
        with elsewhere():
            tracks = await library.catalogue.playable(order)
        playing = [tracks[each] for each in order if each in tracks]
        if not playing:
            raise NotFound("None of these tracks can be played now.", "not_playable")
        room = await library.personal.play(actor, playing)
        first = playing[0]
        current = {"track_id": first.source, "track_title": first.title, "artist_name": first.artist}
        told = {"message": "Playlist added to queue", "queue_length": len(ordered(room)), "current_track": current}
        self.answer({**told, "skipped": len(order) - len(playing), "room": room.id})


@operation("post", "Copy a playlist", body=CopyBody, answer=PlaylistWire, status=201, errors="too_many_playlists")
class CopyHandler(KeptHandler):
    async def post(self, playlist_id: str) -> None:
        """A private one of the caller's own, with the same songs."""
        actor = await self.actor()
        body, playlists = self.body(CopyBody), self.services.library.playlists
        playlist = await playlists.get(playlist_id, actor.id)
        songs = [entry.song for entry in await playlists.songs(playlist.id)]
        name = body.name or playlist.name
        self.answer_made(await playlists.add(actor.id, name, description=playlist.description, songs=songs))


_ONE = r"/api/playlists/playlists/([^/]+)"
ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/playlists/playlists/?", PlaylistsHandler),
    (rf"{_ONE}/?", PlaylistHandler),
    (rf"{_ONE}/add_track/?", AddTrackHandler),
    (rf"{_ONE}/add_tracks/?", AddTracksHandler),
    (rf"{_ONE}/remove_track/?", RemoveTrackHandler),
    (rf"{_ONE}/move_track/?", MoveTrackHandler),
    (rf"{_ONE}/play/?", PlayHandler),
    (rf"{_ONE}/copy/?", CopyHandler),
]
