"""Files of songs, brought in: read, and matched with what is here. Few at a time, for each costs up to a second."""

import asyncio
from typing import NamedTuple

from roomd.catalogue import lists
from roomd.catalogue.lists.listed import SongList
from roomd.catalogue.matching import Files, Findable, Known, Matcher
from roomd.domain.ids import UserId
from roomd.domain.refusals import Limited
from roomd.domain.song import Song

#: Files looked at at the same time; one of a person's.
AT_ONCE = 4


class Brought(NamedTuple):
    """What was in a file, and for each of it the song that it is here, or None."""

    read: SongList
    songs: list[Song | None]


class Importer:
    def __init__(self, catalogue: Findable, known: Known, files: Files) -> None:
        self._matcher = Matcher(catalogue, known, files)
        self._people: set[UserId] = set()

    async def bring(self, person: UserId, data: bytes) -> Brought:
        """Raises Invalid for what is no list, Limited when too many bring one, Unavailable without PostgreSQL."""
        if person in self._people or len(self._people) >= AT_ONCE:
            raise Limited("Other files are being looked at. Try again in a moment.", 3.0, "busy")
        self._people.add(person)
        try:
            # In a thread: 10,000 songs take 0.2 s.
            read = await asyncio.to_thread(lists.read, data)
            return Brought(read, await self._matcher.match(read.songs))
        finally:
            self._people.discard(person)
