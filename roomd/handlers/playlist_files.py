"""Playlists from elsewhere and to elsewhere: files in and out, and a room's history kept as one."""

import asyncio
from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from msgspec import Meta, Struct

from roomd.catalogue import lists
from roomd.catalogue.lists.listed import Listed, SongList, listed_from
from roomd.dialects.playpod_lists import PlaylistWire
from roomd.domain.history import played
from roomd.domain.people import demand_member
from roomd.domain.playlist import MAX_DESCRIPTION, MAX_NAME, MAX_SONGS, tidy_playlist_name
from roomd.domain.refusals import Invalid, NotFound
from roomd.domain.song import song_from
from roomd.domain.track import fit_text
from roomd.handlers.base import ApiHandler
from roomd.handlers.bodies import FORM, decode_body
from roomd.handlers.bounded import elsewhere
from roomd.handlers.described import operation
from roomd.handlers.kept import KeptHandler
from roomd.handlers.pages import base_url
from roomd.handlers.playlists import Text
from roomd.openapi.operation import Parameter
from roomd.openapi.shapes.library import PlaylistImported

Format = Literal["m3u", "xspf", "jspf"]

MULTIPART = "multipart/form-data"


class ImportBody(Struct):
    """`text` is the file's."""

    text: str
    name: Text = ""
    is_public: bool = False


class FormBody(Struct):
    """What stands beside the file in a form."""

    name: Text = ""
    is_public: bool = False


class FromRoomBody(Struct):
    room: Annotated[str, Meta(max_length=64)]
    name: Text = ""


@operation(
    "get",
    "Save a playlist as a file",
    query=(Parameter("format", Format, "What kind of file", "m3u"),),
    answer=str,
    mime=tuple(form.mime.partition(";")[0] for form in lists.FORMATS.values()),
)
class ExportHandler(KeptHandler):
    counted = ("GET", "export")

    async def get(self, playlist_id: str) -> None:
        actor = await self.actor()
        name = self.get_query_argument("format", "m3u")
        form = lists.FORMATS.get(name)
        if form is None:
            known = " or ".join(lists.FORMATS)
            raise Invalid(f"format must be {known}", fields={"format": f"must be {known}"})
        playlists, base = self.services.library.playlists, base_url(self)
        playlist = await playlists.get(playlist_id, actor.id)
        entries = await playlists.songs(playlist.id)

        def write() -> str:
            songs = [listed_from(self.sealed(entry.song), base) for entry in entries]
            return form.write(SongList(name=playlist.name, description=playlist.description, songs=songs))

        # In a thread: 10,000 songs take 0.5 s.
        text = await asyncio.to_thread(write)
        self.set_header("Content-Type", form.mime)
        file = quote(f"{playlist.name}.{form.extension}", safe="")
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{file}")
        self.write(text)


@operation(
    "post",
    "Make a playlist of a file",
    body=ImportBody,
    file="file",
    answer=PlaylistImported,
    status=201,
    errors="not_a_playlist no_such_track too_many_playlists too_large busy",
)
class ImportHandler(KeptHandler):
    counted = ("POST", "import")

    async def post(self) -> None:
        """What is in the file and is here, in order; the answer names what is not."""
        actor = await self.actor()
        body, data = self._sent()
        name = tidy_playlist_name(body.name) if body.name else ""
        library = self.services.library
        with elsewhere():
            sent, found = await library.importer.bring(actor.id, data)
        songs = [song for song in found if song is not None]
        if not songs:
            raise NotFound(f"None of the {len(found)} tracks in this file is here.", "no_such_track")
        made = await library.playlists.add(
            actor.id,
            name or fit_text(sent.name, MAX_NAME) or "Imported",
            description=fit_text(sent.description, MAX_DESCRIPTION),
            public=body.is_public,
            songs=songs,
        )
        lacking = [_lacking(n, each) for n, (each, song) in enumerate(zip(sent.songs, found, strict=True)) if not song]
        self.answer_made(made, added_count=len(songs), total=len(found), not_found=lacking)

    def _sent(self) -> tuple[FormBody, bytes]:
        """What is to be made, and the file. Raises Invalid."""
        kind = self.request.headers.get("Content-Type", "")
        if kind.partition(";")[0].strip().lower() != MULTIPART:
            body = decode_body(kind, self.request.body, ImportBody)
            return FormBody(body.name, body.is_public), body.text.encode()
        files = self.request.files.get("file")
        if not files:
            raise Invalid("file is required", fields={"file": "is required, as a file"})
        sent = {name: self.get_body_argument(name) for name in ("name", "is_public") if self.get_body_arguments(name)}
        form = decode_body(FORM, urlencode(sent).encode(), FormBody)
        return form, files[0].body


@operation(
    "post",
    "Make a playlist of what a room played",
    body=FromRoomBody,
    answer=PlaylistWire,
    status=201,
    errors="empty_playlist not_a_member no_such_room",
)
class FromRoomHandler(KeptHandler):
    async def post(self) -> None:
        """What was played in a room, in order, as far as its log reaches back; for those who are in it."""
        actor = await self.actor()
        body, library = self.body(FromRoomBody), self.services.library
        room = await self.visible_room(body.room, actor)
        demand_member(room, actor)
        # What was done a moment ago is in the log once it is kept.
        await self.services.engine.kept(self.services.engine.receipt(room, room.rev))
        tracks = played(await library.room_history.played(room.id), room.entries)[-MAX_SONGS:]
        if not tracks:
            raise Invalid("Nothing was played in this room yet.", "empty_playlist")
        songs = [song_from(track) for track in tracks]
        known = await library.songs.get([song.id for song in songs])
        name = body.name or fit_text(room.settings.name, MAX_NAME)
        self.answer_made(
            await library.playlists.add(actor.id, name, songs=[known.get(song.id, song) for song in songs])
        )


def _lacking(position: int, entry: Listed) -> dict[str, object]:
    named = {"title": entry.title, "artist": entry.artist, "album": entry.album, "location": entry.location}
    return {"position": position, **named}


ROUTES: list[tuple[str, type[ApiHandler]]] = [
    (r"/api/playlists/playlists/([^/]+)/export/?", ExportHandler),
    (r"/api/playlists/import/?", ImportHandler),
    (r"/api/playlists/from-room/?", FromRoomHandler),
]
