"""What handlers of songs that people keep have in common."""

from msgspec import structs

from roomd.dialects.playpod_lists import (
    EntryWire,
    FavouriteWire,
    PlaylistWire,
    entry_wire,
    favourite_wire,
    playlist_wire,
)
from roomd.domain.playlist import Favourite, Playlist, PlaylistEntry
from roomd.domain.song import Song
from roomd.handlers.of_room import RoomHandler

#: By this an address is known that this server has sealed, with the secret that it had then.
_SEALED = "?s="


class KeptHandler(RoomHandler):
    """Addresses were sealed when the songs were seen, so they are sealed anew: the secret may be another now."""

    def sealed(self, song: Song) -> Song:
        return self.services.library.seal.on(song) if _SEALED in song.url or _SEALED in song.cover else song

    def entry(self, entry: PlaylistEntry) -> EntryWire:
        return entry_wire(structs.replace(entry, song=self.sealed(entry.song)))

    def favourite(self, favourite: Favourite) -> FavouriteWire:
        return favourite_wire(structs.replace(favourite, song=self.sealed(favourite.song)))

    def playlist(self, playlist: Playlist) -> PlaylistWire:
        seal = self.services.library.seal
        covers = tuple(seal.path(cover) if _SEALED in cover else cover for cover in playlist.covers)
        return playlist_wire(structs.replace(playlist, covers=covers))

    def answer_made(self, made: Playlist, **more: object) -> None:
        self.set_header("Location", f"/api/playlists/playlists/{made.id}/")
        self.answer({**self.playlist(made), **more}, 201)
