"""What was heard, on its way to PostgreSQL: a bounded stream in Redis that any process adds to and one reads."""

from collections.abc import Sequence
from importlib import resources
from typing import Any

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

from roomd.domain.heard import Run
from roomd.domain.ids import RoomId
from roomd.store.keys import LISTENS, listened
from roomd.store.redis import answering

#: Commits that wait while PostgreSQL is away; the oldest go first. Of 5 listeners each, some 40 MB.
MOST = 50_000
#: Seconds for which a commit is known again: what got no answer is sent once more.
KNOWN_S = 600


class Noted(Struct, frozen=True, kw_only=True):
    """What one commit says."""

    room: RoomId
    epoch: int
    rev: int
    runs: list[Run]


class Waiting(Struct, frozen=True, kw_only=True):
    """What comes next in the stream. `last` is where it ends; `noted` lacks what cannot be read."""

    last: str
    noted: list[Noted]


_decode = msgspec.json.Decoder(Noted).decode


class ListenStream:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        script = resources.files("roomd.store").joinpath("scripts/listens.lua").read_text(encoding="utf-8")
        self._add = redis.register_script(script)

    async def add(self, batch: Sequence[Noted]) -> None:
        """All of it or nothing, and what is there already not again. Raises Unavailable."""
        keys = [LISTENS, *(listened(noted.room, noted.epoch, noted.rev) for noted in batch)]
        with answering():
            await self._add(keys=keys, args=[MOST, KNOWN_S, *(msgspec.json.encode(noted) for noted in batch)])

    async def after(self, last: str, limit: int) -> Waiting | None:
        """What follows an entry of the stream; None where nothing does."""
        with answering():
            found: Any = await self._redis.xrange(LISTENS, min=f"({last}", count=limit)
            if not found and await self._redis.xlen(LISTENS):
                # Either all of it is written and only has to go, or Redis lost the stream and its clock is behind.
                about: Any = await self._redis.xinfo_stream(LISTENS)
                if _number(about["last-generated-id"].decode()) < _number(last):
                    found = await self._redis.xrange(LISTENS, count=limit)
        if not found:
            return None
        return Waiting(
            last=found[-1][0].decode(), noted=[noted for _, fields in found for noted in _read(fields[b"n"])]
        )

    async def trim(self, last: str) -> None:
        """What is written up to here goes."""
        with answering():
            await self._redis.xdel(LISTENS, last)
            await self._redis.xtrim(LISTENS, minid=last, approximate=False)


def _number(entry: str) -> tuple[int, int]:
    ms, _, count = entry.partition("-")
    return int(ms), int(count)


def _read(body: bytes) -> list[Noted]:
    """What a roomd of another version wrote may not be readable; it must not stop what follows."""
    try:
        return [_decode(body)]
    except msgspec.DecodeError:
        return []
