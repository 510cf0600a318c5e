"""Songs in PostgreSQL: what was known of each when it was last seen, whichever provider it is of."""

from collections.abc import Iterable, Sequence

import msgspec

from roomd.domain.song import Song, split_id
from roomd.store.accounts import timestamp
from roomd.store.postgres import PostgresPool, postgres_needed

#: In one order, so that two who keep the same songs do not wait for each other. What a list says of a song is often
#: less than what the song itself does: words that are known are not taken back.
_KEEP = """
    INSERT INTO songs AS s (id, provider, artist_id, genre, facts, seen_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]), (SELECT $6::timestamptz) AS t(at)
    ORDER BY 1
    ON CONFLICT (id) DO UPDATE SET
        artist_id = coalesce(nullif(excluded.artist_id, ''), s.artist_id),
        genre = coalesce(nullif(excluded.genre, ''), s.genre),
        facts = CASE WHEN length(excluded.facts) >= length(s.facts) OR s.seen_at < excluded.seen_at - interval '30 days'
                     THEN excluded.facts ELSE s.facts END,
        seen_at = excluded.seen_at
    WHERE s.facts <> excluded.facts OR s.seen_at < excluded.seen_at - interval '1 day'
"""


class Songs:
    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def keep(self, songs: Iterable[Song], now_ms: float) -> None:
        """Remember these, so that playlists, favourites and listens may name them."""
        known = list({song.id: song for song in songs}.values())
        if not known:
            return
        columns = (
            [song.id for song in known],
            [split_id(song.id)[0] for song in known],
            [song.artist_id for song in known],
            [song.genre for song in known],
            [msgspec.json.encode(song).decode() for song in known],
        )
        with postgres_needed():
            await self._pool.execute(_KEEP, *columns, timestamp(now_ms))

    async def get(self, ids: Sequence[str]) -> dict[str, Song]:
        """Those that are known, by id."""
        if not ids:
            return {}
        with postgres_needed():
            rows = await self._pool.fetch("SELECT id, facts FROM songs WHERE id = ANY($1::text[])", list(ids))
        return {row["id"]: song_of(row["facts"]) for row in rows}


def song_of(facts: str) -> Song:
    """A song out of its row."""
    return msgspec.json.decode(facts, type=Song)
