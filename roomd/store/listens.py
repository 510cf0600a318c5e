"""What everybody heard, in PostgreSQL: written in batches, read as a history, as charts, and as what goes together."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from roomd.domain.heard import Ended, How, Listen
from roomd.domain.ids import RoomId, UserId, is_uuid
from roomd.domain.taste import Pair, similarity
from roomd.store.accounts import timestamp
from roomd.store.postgres import PostgresConnection, PostgresPool, acquired, postgres_needed
from roomd.store.songs import song_of

DAY_MS = 24 * 3_600_000.0
#: Days of listening by which it is told what goes together.
TOGETHER_DAYS = 180.0
#: Seconds that writing a batch, or removing one, may take; nobody waits for it.
_PATIENCE_S = 10.0

_WRITE = """
    INSERT INTO listens AS l (id, person, song, room, play, at, heard_ms, ended)
    SELECT gen_random_uuid(), r.person, r.song, r.room, r.play, r.at, r.ms, r.ended
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::float8[], $7::text[], $8::text[])
         AS r(person, room, play, song, at, ms, ended, how)
    WHERE r.how = 'heard'
    ON CONFLICT (person, room, play) DO UPDATE SET
        heard_ms = l.heard_ms + excluded.heard_ms,
        at = least(l.at, excluded.at),
        ended = CASE WHEN excluded.ended = 'stopped' THEN l.ended ELSE excluded.ended END
"""
_ADD = """
    UPDATE listens l SET
        heard_ms = l.heard_ms + r.ms,
        ended = CASE WHEN r.ended = 'stopped' THEN l.ended ELSE r.ended END
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::float8[], $7::text[], $8::text[])
         AS r(person, room, play, song, at, ms, ended, how)
    WHERE r.how = 'known' AND l.person = r.person AND l.room = r.room AND l.play = r.play
"""
#: A run that counts as a play: to the end, or half a minute of it.
_COUNTS = "(l.ended = 'ended' OR l.heard_ms >= 30000)"
_COLUMNS = "l.id::text, l.room::text, l.at, greatest(l.heard_ms, 0) AS heard_ms, l.ended, s.facts"
_TOP = f"""
    SELECT l.song, count(*) AS plays FROM listens l WHERE l.at > $1 AND starts_with(l.song, $2) AND {_COUNTS}
    GROUP BY l.song ORDER BY plays DESC, max(l.at) DESC, l.song LIMIT $3
"""  # noqa: S608 - nothing in it comes from elsewhere
#: For each song its latest listeners, for each of them what they heard last: bounded, however much there is. Eight
#: songs that everybody hears are 32,000 rows, 60 ms.
_TOGETHER = f"""
    WITH ear AS (
        SELECT DISTINCT q.seed, latest.person FROM unnest($1::text[]) AS q(seed), LATERAL (
            SELECT l.person FROM listens l
            WHERE l.song = q.seed AND l.at > $2 AND l.person <> ALL($3::uuid[]) AND l.ended <> 'skipped' AND {_COUNTS}
            ORDER BY l.at DESC LIMIT 50
        ) AS latest
    ), total AS (SELECT seed, count(*) AS ears FROM ear GROUP BY seed)
    SELECT ear.seed, too.song, count(DISTINCT ear.person) AS shared, total.ears
    FROM ear JOIN total USING (seed), LATERAL (
        SELECT l.song FROM listens l
        WHERE l.person = ear.person AND l.at > $2 AND l.song <> ear.seed AND l.ended <> 'skipped' AND {_COUNTS}
        ORDER BY l.at DESC LIMIT 80
    ) AS too
    GROUP BY ear.seed, too.song, total.ears ORDER BY shared DESC, too.song LIMIT $4
"""  # noqa: S608
#: By how many people each was heard, as far as its last 200 plays say: 300 songs take 80 ms.
_EARS = f"""
    SELECT q.song, count(DISTINCT heard.person) AS ears FROM unnest($1::text[]) AS q(song), LATERAL (
        SELECT l.person FROM listens l WHERE l.song = q.song AND l.at > $2 AND {_COUNTS} ORDER BY l.at DESC LIMIT 200
    ) AS heard
    GROUP BY q.song
"""  # noqa: S608


class Line(NamedTuple):
    """A row as it is to be written, or added to what is there."""

    person: UserId
    room: RoomId
    play: str
    song: str
    at: float
    ms: float
    ended: Ended
    how: How


class Listens:
    """Times are room time in ms. Whatever reads or writes raises DatabaseAway."""

    def __init__(self, pool: PostgresPool, now: Callable[[], float]) -> None:
        self._pool = pool
        self._now = now

    async def upto(self) -> str:
        """The entry of the stream up to which everything is written."""
        with postgres_needed():
            return str(await self._pool.fetchval("SELECT id FROM listens_upto"))

    async def write(self, lines: Sequence[Line], before: str, last: str) -> bool:
        """Write what the stream holds after `before` up to `last`; False where somebody else has, meanwhile.

        The lines are at most one for each person, room and play. Users who are gone are passed over.
        """
        async with acquired(self._pool, _PATIENCE_S) as connection, connection.transaction():
            upto = await connection.fetchval("SELECT id FROM listens_upto FOR UPDATE")
            if upto != before:
                return False
            await _write(connection, lines)
            await connection.execute("UPDATE listens_upto SET id = $1", last)
        return True

    async def history(self, person: UserId, limit: int, offset: int) -> tuple[list[Listen], int]:
        """What somebody heard, the latest first; and how much that is altogether."""
        query = f"""
            SELECT {_COLUMNS} FROM listens l JOIN songs s ON s.id = l.song WHERE l.person = $1
            ORDER BY l.at DESC, l.id LIMIT $2 OFFSET $3
        """  # noqa: S608
        with postgres_needed():
            rows = await self._pool.fetch(query, person, limit, offset)
            count = await self._pool.fetchval("SELECT count(*) FROM listens WHERE person = $1", person)
        return [_listen(row) for row in rows], int(count)

    async def of(self, people: Sequence[UserId], each: int) -> dict[UserId, list[Listen]]:
        """What each of them heard last, so many runs of each."""
        query = f"""
            SELECT q.person::text, heard.* FROM unnest($1::uuid[]) AS q(person), LATERAL (
                SELECT {_COLUMNS} FROM listens l JOIN songs s ON s.id = l.song WHERE l.person = q.person
                ORDER BY l.at DESC LIMIT $2
            ) AS heard
        """  # noqa: S608
        found: dict[UserId, list[Listen]] = {person: [] for person in people}
        with postgres_needed():
            rows = await self._pool.fetch(query, [person for person in people if is_uuid(person)], each)
        for row in rows:
            found[UserId(row["person"])].append(_listen(row))
        return found

    async def forget(self, person: UserId) -> int:
        """A person's history goes; how much that was."""
        with postgres_needed():
            done = await self._pool.execute("DELETE FROM listens WHERE person = $1", person)
        return int(done.rpartition(" ")[2])

    async def since(self, people: Sequence[UserId], at: float) -> dict[str, float]:
        """The songs that any of these people heard since, with when one of them last began to."""
        query = "SELECT song, max(at) AS last FROM listens WHERE person = ANY($1::uuid[]) AND at > $2 GROUP BY song"
        with postgres_needed():
            rows = await self._pool.fetch(query, list(people), timestamp(at))
        return {row["song"]: row["last"].timestamp() * 1_000 for row in rows}

    async def top(self, provider: str, days: float, limit: int) -> list[tuple[str, int]]:
        """The songs played most here in the last days, with how often; "" for all providers."""
        prefix = f"{provider}:" if provider else ""
        with postgres_needed():
            rows = await self._pool.fetch(_TOP, self._days_ago(days), prefix, limit)
        return [(row["song"], row["plays"]) for row in rows]

    async def together(self, song: str, limit: int) -> list[str]:
        """What people who heard this song heard too, the most telling first."""
        pairs = (await self.pairs([song], (), TOGETHER_DAYS, 300)).get(song, [])
        ears = await self.ears([pair.song for pair in pairs], TOGETHER_DAYS)
        told = sorted(pairs, key=lambda pair: (-similarity(pair, ears.get(pair.song, 0)), pair.song))
        return [pair.song for pair in told[:limit]]

    async def pairs(
        self, seeds: Sequence[str], without: Collection[UserId], days: float, limit: int
    ) -> dict[str, list[Pair]]:
        """What people, but for those left out, heard beside each of these songs."""
        if not seeds:
            return {}
        people = [user for user in without if is_uuid(user)]
        found: dict[str, list[Pair]] = {}
        with postgres_needed():
            rows = await self._pool.fetch(_TOGETHER, list(seeds), self._days_ago(days), people, limit)
        for row in rows:
            found.setdefault(row["seed"], []).append(Pair(row["song"], row["shared"], row["ears"]))
        return found

    async def ears(self, songs: Sequence[str], days: float) -> Mapping[str, int]:
        """By how many people each was heard."""
        with postgres_needed():
            rows = await self._pool.fetch(_EARS, list(songs), self._days_ago(days))
        return {row["song"]: row["ears"] for row in rows}

    async def active(self, days: float, least: int, after: str, limit: int) -> list[UserId]:
        """People who heard at least so much in the last days, by id, from after this one on."""
        query = f"""
            SELECT l.person::text FROM listens l WHERE l.at > $1 AND l.person > $3 AND {_COUNTS}
            GROUP BY l.person HAVING count(*) >= $2 ORDER BY l.person LIMIT $4
        """  # noqa: S608
        async with acquired(self._pool, _PATIENCE_S) as connection:
            rows = await connection.fetch(query, self._days_ago(days), least, after, limit)
        return [UserId(row["person"]) for row in rows]

    async def prune(self, before: float, limit: int) -> int:
        """What was heard before goes, so much at a time; how much went."""
        query = "DELETE FROM listens WHERE ctid = ANY(ARRAY(SELECT ctid FROM listens WHERE at < $1 LIMIT $2))"
        async with acquired(self._pool, _PATIENCE_S) as connection:
            done = await connection.execute(query, timestamp(before), limit, timeout=_PATIENCE_S)
        return int(done.rpartition(" ")[2])

    def _days_ago(self, days: float) -> datetime:
        return timestamp(self._now() - days * DAY_MS)


async def _write(connection: PostgresConnection, lines: Sequence[Line]) -> None:
    # Locked, so that nobody who is written of goes meanwhile.
    people = sorted({line.person for line in lines})
    rows = await connection.fetch(
        "SELECT id::text FROM users WHERE id = ANY($1::uuid[]) ORDER BY id FOR KEY SHARE", people
    )
    there = {row["id"] for row in rows}
    kept = [line for line in lines if line.person in there]
    if kept:
        person, room, play, song, at, *rest = (list(column) for column in zip(*kept, strict=True))
        columns = (person, room, play, song, [timestamp(ms) for ms in at], *rest)
        await connection.execute(_WRITE, *columns)
        await connection.execute(_ADD, *columns)


def _listen(row: asyncpg.Record) -> Listen:
    return Listen(
        id=row["id"],
        song=song_of(row["facts"]),
        room=RoomId(row["room"]),
        at=row["at"].timestamp() * 1_000,
        heard_ms=row["heard_ms"],
        ended=row["ended"],
    )
