"""The songs that people marked as favourites, in PostgreSQL."""

from collections.abc import Callable, Sequence

from roomd.domain.ids import UserId, make_uuid
from roomd.domain.moment import Moment
from roomd.domain.playlist import MAX_FAVOURITES, Favourite, too_many_favourites
from roomd.domain.refusals import NotFound, Unauthenticated
from roomd.domain.song import Song
from roomd.store.accounts import timestamp
from roomd.store.playlist_rows import PERSON
from roomd.store.postgres import PostgresPool, acquired
from roomd.store.songs import Songs, song_of

_ADD = """
    INSERT INTO favourites (person, song, id, added_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING true
"""
_LIST = """
    SELECT f.id::text, s.facts, f.added_at FROM favourites f JOIN songs s ON s.id = f.song
    WHERE f.person = $1 ORDER BY f.added_at DESC, f.id LIMIT $2 OFFSET $3
"""
_IDS = "SELECT person::text, array_agg(song) AS songs FROM favourites WHERE person = ANY($1::uuid[]) GROUP BY person"


class Favourites:
    def __init__(self, pool: PostgresPool, songs: Songs, moment: Callable[[], Moment]) -> None:
        self._pool = pool
        self._songs = songs
        self._moment = moment

    async def add(self, person: UserId, song: Song) -> bool:
        """False when it was one already. Raises Conflict when there are too many."""
        moment = self._moment()
        await self._songs.keep([song], moment.now)
        async with acquired(self._pool) as connection, connection.transaction():
            # Held, so that two at once do not both find room for the last one.
            if await connection.fetchval(PERSON, person) is None:
                raise Unauthenticated("the user of this token is gone; sign in again", "token_invalid")
            given = (person, song.id, make_uuid(moment.dice), timestamp(moment.now))
            if not await connection.fetchval(_ADD, *given):
                return False
            if await connection.fetchval("SELECT count(*) FROM favourites WHERE person = $1", person) > MAX_FAVOURITES:
                raise too_many_favourites()
        return True

    async def remove(self, person: UserId, song_id: str) -> None:
        """Raises NotFound when it was none."""
        async with acquired(self._pool) as connection:
            query = "DELETE FROM favourites WHERE person = $1 AND song = $2 RETURNING true"
            if not await connection.fetchval(query, person, song_id):
                raise NotFound("That song is not among your favourites (any more).", "no_such_favourite")

    async def songs(self, person: UserId, limit: int, offset: int = 0) -> list[Favourite]:
        """The newest first."""
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(_LIST, person, limit, offset)
        return [
            Favourite(id=row["id"], song=song_of(row["facts"]), added_at=1_000 * row["added_at"].timestamp())
            for row in rows
        ]

    async def ids(self, people: Sequence[UserId]) -> dict[UserId, set[str]]:
        """The full ids of what each of these people likes; those who like nothing are not in it."""
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(_IDS, list(people))
        return {UserId(row["person"]): set(row["songs"]) for row in rows}
