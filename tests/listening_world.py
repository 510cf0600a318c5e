"""What people heard, on real stores: users, songs, plays, and the commits that tell of them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from random import Random

from accounts_world import HandClock
from msgspec import structs
from redis.asyncio import Redis
from rooms_world import ALICE, ROOM, at, online, opened, track

from roomd.domain import rules
from roomd.domain.actor import Actor
from roomd.domain.commit import Commit
from roomd.domain.heard import Ended
from roomd.domain.ids import UserId, make_uuid
from roomd.domain.queue import Add
from roomd.domain.room import Room
from roomd.domain.song import Song
from roomd.listening import Listening
from roomd.store import postgres
from roomd.store.listen_stream import ListenStream
from roomd.store.listens import Line, Listens
from roomd.store.postgres import PostgresPool
from roomd.store.redis import connect
from roomd.store.songs import Songs

HOUR_MS = 3_600_000.0


@dataclass
class World:
    redis: Redis
    pool: PostgresPool
    clock: HandClock
    songs: Songs
    listens: Listens
    listening: Listening
    dice: Random = field(default_factory=lambda: Random(7))
    numbers: "count[int]" = field(default_factory=count)

    async def user(self, name: str) -> UserId:
        user = UserId(make_uuid(self.dice))
        query = "INSERT INTO users (id, name, created_at, last_seen) VALUES ($1, $2, now(), now())"
        await self.pool.execute(query, user, name)
        return user

    async def titles(self, user: UserId) -> set[str]:
        """Of what somebody heard."""
        listens, _ = await self.listens.history(user, 100, 0)
        return {listen.song.title for listen in listens}

    async def hear(
        self, user: UserId, songs: Sequence[Song], ended: Ended = "ended", *, hours_ago: float = 24.0
    ) -> None:
        """They heard these, one after another."""
        await self.songs.keep(songs, self.clock.now())
        began = self.clock.now() - hours_ago * HOUR_MS
        lines = [
            Line(
                user, ROOM, f"e@{next(self.numbers)}", song.id, began + place,
                0.0 if ended == "skipped" else song.duration_ms or 0.0, ended, "heard",
            )
            for place, song in enumerate(songs)
        ]  # fmt: skip
        before = await self.listens.upto()
        ms, _, number = before.partition("-")
        assert await self.listens.write(lines, before, f"{ms}-{int(number) + 1}")


def song(number: int, artist: str = "", genre: str = "", provider: str = "deezer") -> Song:
    return Song(
        id=f"{provider}:{number}",
        title=f"Song {number}",
        artist=artist,
        artist_id=f"{provider}:{artist}" if artist else "",
        genre=genre,
        url=f"/media/{provider}/{number}",
        duration_ms=180_000.0,
    )


@asynccontextmanager
async def listening_over(redis_url: str, database_url: str) -> AsyncIterator[World]:
    redis, pool, clock = connect(redis_url), await postgres.connect(database_url), HandClock()
    listens, songs = Listens(pool, clock.now), Songs(pool)
    listening = Listening(ListenStream(redis), listens, songs, clock.now)
    listening.start()
    try:
        yield World(redis, pool, clock, songs, listens, listening)
    finally:
        await listening.stop()
        await redis.aclose(close_connection_pool=True)
        await pool.close()


def started(user: UserId, title: str, rev: int) -> tuple[Room, Commit, Room]:
    """A room of this user's in which a track begins; its commit has this number."""
    room = online(opened(), ALICE)
    members = {user: structs.replace(room.members[ALICE.id], id=user)}
    before = structs.replace(room, owner=user, host=user, members=members, rev=rev - 1)
    moment = at(rev, seed=rev)
    events = tuple(rules.decide(before, Add(tracks=(track(title),), play=True), Actor(user, "Alice"), moment))
    commit = Commit(epoch=before.epoch, rev=rev, at=moment.now, by=user, events=events)
    return before, commit, rules.apply(before, commit)
