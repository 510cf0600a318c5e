"""What a catalogue provider is: a place that knows music, and how its sound is reached.

A provider takes ids as they are there, and answers with full ones (`name:id`). It raises NotFound for what is not
there, and Unavailable (code `provider_down` or `provider_busy`) where it cannot say; it never answers an error as a
result.
"""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from roomd.domain.song import Album, AlbumPage, ArtistPage, Found, Genre, Song


class Source(Struct, frozen=True, kw_only=True):
    """Where the sound of a song is. `path`: of this server itself; otherwise `url`, asked for with `headers`.

    `expires_at` is room time in ms, None where it stays good. `public`: the URL has no secret in it and may be given to
    a listener. `trusted`: the URL is at the address that the operator configured, which may be a private one.
    """

    path: str = ""
    url: str = ""
    trusted: bool = False
    headers: Mapping[str, str] = {}
    expires_at: float | None = None
    mime: str = ""
    public: bool = False
    live: bool = False

    @property
    def lasts(self) -> bool:
        """Whether a copy may be kept elsewhere for a while: there is an end to it, and its provider sets it none."""
        return not self.live and self.expires_at is None


class Provider(Protocol):
    """Lists hold `limit` at most; what a provider has none of is an empty list."""

    #: What its ids begin with, and what people call it.
    name: str
    label: str

    @property
    def down(self) -> bool:
        """Whether it is left alone for a while, as it did not answer."""
        ...

    async def search(self, q: str, limit: int) -> Found: ...

    async def song(self, key: str) -> Song: ...

    async def album(self, key: str) -> AlbumPage: ...

    async def artist(self, key: str) -> ArtistPage: ...

    async def related(self, key: str, limit: int) -> list[Song]:
        """Songs that go with this one, the best first; not the song itself."""
        ...

    async def genres(self) -> list[Genre]: ...

    async def genre_songs(self, genre: int, limit: int) -> list[Song]: ...

    async def top_songs(self, limit: int) -> list[Song]: ...

    async def new_albums(self, limit: int) -> list[Album]: ...

    async def top_albums(self, limit: int) -> list[Album]: ...

    async def source(self, key: str, *, fresh: bool = False) -> Source:
        """Where its sound is; `fresh`: the last answer did not work."""
        ...


class Plays(Protocol):
    """What was heard on this server, as a provider without charts of its own needs it."""

    async def top(self, provider: str, days: float, limit: int) -> list[tuple[str, int]]:
        """The full ids of the provider's songs heard most here lately, with how often; the most first."""
        ...

    async def together(self, song: str, limit: int) -> list[str]:
        """Full ids of what people who heard this song heard too, the most telling first."""
        ...
