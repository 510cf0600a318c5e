"""Whole rooms in and out of Redis: read for a snapshot, put back from one, let go when they sleep or are closed."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import Any, NamedTuple

import msgspec
from msgspec import structs
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from roomd.domain.chat import Message
from roomd.domain.commit import Commit
from roomd.domain.ids import Code, RoomId
from roomd.domain.room import Room
from roomd.domain.whole import Whole
from roomd.store import plain
from roomd.store.cluster import server_of
from roomd.store.keys import RoomKeys, code_claim, room_keys
from roomd.store.life import Life
from roomd.store.redis import answering
from roomd.store.rooms import LOG_LENGTH, Looked

log = logging.getLogger(__name__)

_message = msgspec.json.Decoder(Message).decode


class Coming(NamedTuple):
    """A room that is to be put into Redis, and the commit that begins its new epoch.

    `instead` is what is there now, `commands` the ids of commands that took effect lately, with the rev of each.
    """

    whole: Whole
    opening: Commit
    instead: Room | None
    commands: Mapping[str, int]


class Moves:
    def __init__(self, redis: Redis, life: Life) -> None:
        self._redis = redis
        self._life = life
        self._keeps: dict[str, bool] = {}
        self._restore, self._forget, self._evict, self._adopt = (
            redis.register_script(resources.files("roomd.store").joinpath(f"scripts/{name}.lua").read_text("utf-8"))
            for name in ("restore", "forget", "evict", "adopt")
        )

    async def whole(self, room: RoomId) -> Whole | None:
        """The room with its chat and audit log, read in one step."""
        keys = room_keys(room)
        with answering():
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hgetall(keys.meta)
                pipe.zrange(keys.order, 0, -1, withscores=True)
                pipe.xrange(keys.chat)
                pipe.hkeys(keys.reactions)
                pipe.xrange(keys.audit)
                for part in plain.HASHES:
                    pipe.hgetall(getattr(keys, part))
                meta, order, chat, reactions, audit, *hashes = await pipe.execute()
        if not meta:
            return None
        meta.pop(b"life", None)
        return Whole(
            room=plain.build(meta, dict(zip(plain.HASHES, hashes, strict=True)), order),
            chat=tuple(plain.with_reactions((_message(fields[b"m"]) for _, fields in chat), reactions)),
            audit=tuple(plain.decode_commit(fields[b"m"]) for _, fields in audit),
        )

    async def lost_nothing(self, looked: Looked) -> bool:
        """Whether a room that was whole under another run of Redis still is.

        That is so when Redis writes every command to disk before answering, and was never a copy of another Redis; and
        in a cluster, when the room has only moved to another server.
        """
        room = looked.room.id
        with answering():
            if await self._life.came_whole(room, looked.life):
                return True
            run = self._life.of(room)
            if run not in self._keeps:
                self._keeps[run] = await _keeps_all(await server_of(self._redis, room_keys(room).meta))
        return self._keeps[run]

    async def put(self, rooms: Sequence[Coming]) -> list[bool]:
        """Put rooms into Redis; False for each with which another was faster."""
        with answering():
            async with self._redis.pipeline(transaction=False) as pipe:
                for each in rooms:
                    await self._restore(keys=list(room_keys(each.whole.room.id)), args=self._args(each), client=pipe)
                answers = await pipe.execute(raise_on_error=False)
        for each, answer in zip(rooms, answers, strict=True):
            if isinstance(answer, Exception):
                # One that Redis will not take must not keep the others from coming.
                if len(rooms) == 1:
                    raise answer
                log.error("room %s cannot be put into Redis: %s", each.whole.room.id, answer)
        return [not isinstance(answer, Exception) and answer[0] == b"OK" for answer in answers]

    def _args(self, coming: Coming) -> list[Any]:
        """What restore.lua wants to know of a room."""
        whole, opening, instead, commands = coming
        room = structs.replace(whole.room, epoch=opening.epoch, rev=opening.rev)
        args: list[Any] = [
            instead.epoch if instead else 0,
            instead.rev if instead else 0,
            opening.rev,
            plain.encode_commit(opening),
            self._life.of(room.id),
        ]
        for part, op, field, value in (*_room_writes(room), *_beside(whole), *_command_writes(commands, opening.at)):
            args += (op, RoomKeys._fields.index(part) + 1, field, value)
        return args

    async def adopt(self, room: Room) -> bool:
        """Note that the room is whole as it is; False when it has moved on."""
        with answering():
            args: list[Any] = [room.epoch, room.rev, self._life.of(room.id)]
            return bool(await self._adopt(keys=[room_keys(room.id).meta], args=args))

    async def forget(self, room: Room) -> bool:
        """Remove a room that is still at this number, and let its code go; whether it went."""
        with answering():
            if not await self._forget(keys=list(room_keys(room.id)), args=[room.epoch, room.rev]):
                return False
            await self._unclaim(room.code, room.id)
        return True

    async def evict(self, room: RoomId, epoch: int) -> bool:
        """Remove a room if its history is older than `epoch`, and have every process look at it anew; whether it went.

        For one in whose place another was put in PostgreSQL: whoever asks for it from now on wakes that.
        """
        with answering():
            code = await self._evict(keys=list(room_keys(room)), args=[epoch])
            if code is not None:
                await self._unclaim(msgspec.json.decode(code, type=Code), room)
        return code is not None

    async def _unclaim(self, code: Code, room: RoomId) -> None:
        # A claim that ran out before it was kept may be another room's by now.
        if await self._redis.get(code_claim(code)) == room.encode():
            await self._redis.delete(code_claim(code))

    async def trim(self, room: RoomId, archived: int) -> None:
        """Let the log go as far as it is archived and nobody resumes over it any more."""
        if archived > LOG_LENGTH:
            with answering():
                await self._redis.xtrim(room_keys(room).events, minid=f"{archived - LOG_LENGTH}-0", approximate=True)


async def _keeps_all(redis: Redis) -> bool:
    info: Any = await redis.info()
    if not info.get("aof_enabled") or info.get("role") != "master" or str(info.get("master_replid2", "")).strip("0"):
        return False
    try:
        policy: Any = await redis.config_get("appendfsync")
    except ResponseError:
        # Managed services do not say; then it is taken for the usual "every second".
        return False
    return bool(policy.get("appendfsync") == "always")


_Put = tuple[str, str, str, bytes]


def _room_writes(room: Room) -> Iterable[_Put]:
    for write in plain.diff(None, room):
        yield write.part, write.op, write.field, write.value
    for field, value in zip(plain.NUMBERED, plain.numbered(room), strict=True):
        yield "meta", "hset", field, value


def _beside(whole: Whole) -> Iterable[_Put]:
    # A stream takes its entries in order only.
    for line in sorted(whole.chat, key=lambda line: int(line.id)):
        yield "chat", "xadd", f"{line.id}-0", msgspec.json.encode(structs.replace(line, reactions={}))
        for emoji, users in line.reactions.items():
            for user in users:
                yield "reactions", "hset", f"{line.id} {user} {emoji}", b"1"
    for commit in sorted(whole.audit, key=lambda commit: commit.rev):
        yield "audit", "xadd", f"{commit.rev}-0", plain.encode_commit(commit)


def _command_writes(commands: Mapping[str, int], now: float) -> Iterable[_Put]:
    if commands:
        yield "commands", "hset", "since", repr(now).encode()
    for command, rev in commands.items():
        yield "commands", "hset", command, str(rev).encode()
