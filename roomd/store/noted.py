"""What lots of commits change in the index, told to Redis in one message.

One message for each would have those who come in together wait for as many answers as there are of them, and a task.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from roomd.domain.ids import RoomId, UserId
from roomd.store.keys import ACTIVE, DUE, ROOMS, rooms_of


class Active(NamedTuple):
    """When something last happened in a room, and whether it is to be listed."""

    at: float
    listed: bool


class Noted(NamedTuple):
    """`due` is a deadline to be planned; `people` are those who came, by when, and (None) those who left."""

    room: RoomId
    due: float | None
    people: Mapping[UserId, float | None]
    active: Active | None


async def write(redis: Redis, noted: Sequence[Noted]) -> None:
    async with redis.pipeline(transaction=False) as pipe:
        for each in noted:
            _add(pipe, each)
        await pipe.execute()


def _add(pipe: Pipeline, noted: Noted) -> None:
    if noted.due is not None:
        pipe.zadd(DUE, {noted.room: noted.due}, lt=True)
    for user, at in noted.people.items():
        if at is None:
            pipe.zrem(rooms_of(user), noted.room)
        else:
            pipe.zadd(rooms_of(user), {noted.room: at})
    if noted.active is not None:
        pipe.zadd(ROOMS, {noted.room: noted.active.at})
        if noted.active.listed:
            pipe.zadd(ACTIVE, {noted.room: noted.active.at})
        else:
            pipe.zrem(ACTIVE, noted.room)
