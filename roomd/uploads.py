"""Avatars and covers that people upload: judged, kept, shown in the place they are for, and the former one removed.

A picture is stored before anything points to it, and removed only after nothing does. So whatever fails in between, no
address that is given out leads nowhere; at worst a file is left that nobody knows of.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from roomd.domain.ids import UserId
from roomd.domain.refusals import Forbidden, Limited, Unavailable
from roomd.pictures import MIME, Pictures
from roomd.storage import Storage, Stored, is_key, new_key
from roomd.store.accounts import AccountStore
from roomd.store.playlists import Playlists

#: Where what was uploaded is found on this server.
PATH = "/uploads/"
#: Bodies of uploads held at the same time, 8 MiB each.
AT_ONCE = 16

_LOG = logging.getLogger(__name__)


class Uploads:
    def __init__(self, pictures: Pictures, storage: Storage, accounts: AccountStore, playlists: Playlists) -> None:
        self._pictures = pictures
        self._storage = storage
        self._accounts = accounts
        self._playlists = playlists
        self._people: set[UserId] = set()

    @property
    def busy(self) -> int:
        """How many people are sending a picture."""
        return len(self._people)

    @contextmanager
    def place(self, person: UserId) -> Iterator[None]:
        """The right to send one picture. Raises Limited: one person sends one at a time, and all together AT_ONCE."""
        if person in self._people or self.busy >= AT_ONCE:
            raise Limited("pictures are being looked at; try again in a moment", 3.0, "busy")
        self._people.add(person)
        try:
            yield
        finally:
            self._people.discard(person)

    async def avatar(self, person: UserId, data: bytes) -> str:
        """Its address. Raises what `Pictures`, `Storage` and `AccountStore` raise; then nothing has changed."""
        return await self._put(await self._pictures.avatar(data), lambda url: self._accounts.set_avatar(person, url))

    async def cover(self, playlist_id: str, person: UserId, data: bytes) -> str:
        """Its address. Raises NotFound and Forbidden too, before the picture is looked at."""
        if (await self._playlists.get(playlist_id, person)).owner != person:
            raise Forbidden("Only the one whose playlist it is can change it.", "not_your_playlist")
        picture = await self._pictures.cover(data)
        return await self._put(picture, lambda url: self._playlists.set_cover(playlist_id, person, url))

    async def drop_avatar(self, person: UserId) -> None:
        await self.forget(await self._accounts.set_avatar(person, ""))

    async def drop_cover(self, playlist_id: str, person: UserId) -> None:
        """Raises NotFound and Forbidden."""
        await self.forget(await self._playlists.set_cover(playlist_id, person, ""))

    async def get(self, key: str) -> Stored | None:
        return await self._storage.get(key) if is_key(key) else None

    async def forget(self, url: str) -> None:
        """Remove what this address stood for. Other sites' pictures, and none (""), are left alone."""
        key = url.removeprefix(PATH)
        if not url.startswith(PATH) or not is_key(key):
            return
        try:
            await self._storage.delete(key)
        except Unavailable:
            _LOG.warning("the upload %s is not needed any more, but could not be removed", key)

    async def _put(self, picture: bytes, point: Callable[[str], Awaitable[str]]) -> str:
        """Store a picture and have `point` make its address count, which answers the former one."""
        key = new_key()
        url = PATH + key
        await self._storage.put(key, picture, MIME)
        pointed = False
        try:
            former = await point(url)
            pointed = True
        finally:
            if not pointed:
                await self.forget(url)
        await self.forget(former)
        return url
