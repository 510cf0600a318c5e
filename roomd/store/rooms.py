"""Rooms in Redis: loading one whole, committing to one atomically, reading its log and its chat."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from importlib import resources
from typing import Any, NamedTuple

import msgspec
from redis.asyncio import Redis

from roomd.domain.chat import Message
from roomd.domain.commit import Commit
from roomd.domain.ids import Code, RoomId
from roomd.domain.room import Room
from roomd.store import plain
from roomd.store.cluster import Cluster
from roomd.store.commit_script import LOG_MOST, REMEMBER_MS, CommitScript, Outcome, Transaction
from roomd.store.keys import code_claim, room_keys
from roomd.store.life import Life
from roomd.store.redis import answering

#: Commits kept in a room's log when they are archived: twice what a client may resume over.
LOG_LENGTH = 10_000
#: Digits that the number of a commit may have.
MAX_DIGITS = 15
#: Seconds for which a code is held for a room that is being made.
CLAIM_S = 60

_message = msgspec.json.Decoder(Message).decode
#: Where a room's history is: (epoch, rev).
Number = tuple[int, int]


class Looked(NamedTuple):
    """A room, and the run of Redis under which it was last found whole."""

    room: Room
    life: str


class RoomStore:
    def __init__(self, redis: Redis, life: Life | None = None) -> None:
        self._redis = redis
        self._life = life or Life()
        self._commit = CommitScript(redis, self._life)
        self._unchanged = redis.register_script(
            resources.files("roomd.store").joinpath("scripts/unchanged.lua").read_text("utf-8")
        )

    @property
    def in_one(self) -> bool:
        """Whether several rooms may be committed to at once: in a cluster they are in slots of their own."""
        return not isinstance(self._redis, Cluster)

    async def ping(self) -> None:
        with answering():
            await self._redis.ping()

    async def claim_code(self, code: Code, room: RoomId) -> bool:
        """Hold a code for a room that is being made; False when it is taken."""
        with answering():
            return bool(await self._redis.set(code_claim(code), room, nx=True, ex=CLAIM_S))

    async def keep_code(self, code: Code) -> None:
        with answering():
            await self._redis.persist(code_claim(code))

    async def find_code(self, code: Code) -> RoomId | None:
        with answering():
            found: Any = await self._redis.get(code_claim(code))
        return RoomId(found.decode()) if found else None

    async def load(self, room: RoomId) -> Room | None:
        """The room as it is now; None when there is none."""
        found = await self.look(room)
        return found.room if found else None

    async def look(self, room: RoomId) -> Looked | None:
        """The room as it is now, read in one step; None when there is none."""
        keys = room_keys(room)
        with answering():
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hgetall(keys.meta)
                pipe.zrange(keys.order, 0, -1, withscores=True)
                for part in plain.HASHES:
                    pipe.hgetall(getattr(keys, part))
                meta, order, *hashes = await pipe.execute()
        if not meta:
            return None
        life = meta.pop(b"life", b"").decode()
        return Looked(plain.build(meta, dict(zip(plain.HASHES, hashes, strict=True)), order), life)

    async def present(self, rooms: Sequence[RoomId]) -> set[RoomId]:
        """Those of the rooms that are here."""
        with answering():
            async with self._redis.pipeline(transaction=False) as pipe:
                for room in rooms:
                    pipe.exists(room_keys(room).meta)
                return {room for room, there in zip(rooms, await pipe.execute(), strict=True) if there}

    async def commit(
        self, before: Room | None, after: Room, commit: Commit, once: str = "", doubted: str | None = None
    ) -> Outcome:
        """Write what a commit has changed, append it to the log and ring the bell: all or nothing."""
        known = [(once, commit.rev)] if once else []
        return await self.commit_all(Transaction([plain.change(before, commit, after)], known, doubted))

    async def commit_all(self, transaction: Transaction) -> Outcome:
        """As `commit`, commits in a row."""
        (outcome,) = await self._commit([transaction])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def begin_each(self, transactions: Sequence[Transaction]) -> "asyncio.Future[Any] | None":
        """Have commits of several rooms, which are `in_one`, written; `ended` makes outcomes of the answer.

        None where there is no connection: nothing was asked.
        """
        return self._commit.begin(transactions)

    def ended(self, answer: "asyncio.Future[Any]") -> list[Outcome | Exception]:
        """What became of each; an exception where it was not written. Raises Unavailable where nobody knows."""
        return self._commit.ended(answer)

    async def number(self, room: RoomId) -> Number | None:
        """The number the room is at, if there is one."""
        with answering():
            at: Any = await self._redis.hmget(room_keys(room).meta, "epoch", "rev")
        return _number(at)

    async def at(self, room: RoomId, command: str = "") -> tuple[Number | None, int | None]:
        """The number the room is at, if there is one; and the rev at which a command took effect, if it did."""
        keys = room_keys(room)
        with answering():
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hmget(keys.meta, "epoch", "rev")
                pipe.hget(keys.commands, command)
                pipe.hget(keys.older_commands, command)
                at, *revs = await pipe.execute()
        rev = next((rev for rev in revs if rev is not None), None)
        return _number(at), None if rev is None else int(rev)

    async def unchanged(self, before: Room, command: str, now: float) -> tuple[Number | None, int | None]:
        """As `at`; and where the room is still at `before`, the command is known by this number from now on."""
        keys = room_keys(before.id)
        args: list[str | float] = [before.epoch, before.rev, command, now, REMEMBER_MS]
        with answering():
            at, rev = await self._unchanged(keys=[keys.meta, keys.commands, keys.older_commands], args=args)
        return _number(at), None if rev is None else int(rev)

    async def since(self, room: RoomId, after: int) -> tuple[Number | None, list[Commit]]:
        """The number the room is at, and the commits with `after` < rev that its log holds, read in one step.

        Commits end before the first that is not understood: servers of a newer kind may run beside this one.
        """
        keys = room_keys(room)
        with answering():
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hmget(keys.meta, "epoch", "rev")
                pipe.xrange(keys.events, f"{after + 1}-0", "+", count=LOG_LENGTH)
                at, entries = await pipe.execute()
        return _number(at), list(_understood(fields[b"c"] for _, fields in entries))

    async def log(self, room: RoomId, after: int, upto: int) -> list[Commit]:
        """The commits with `after` < rev ≤ `upto`, in order; gapless only as far as the log reaches back."""
        return [plain.decode_commit(body) for body in await self.bodies(room, after, upto, LOG_MOST)]

    async def bodies(self, room: RoomId, after: int, upto: int, limit: int) -> list[bytes]:
        """The first `limit` of the commits that `log` answers, as they stand there."""
        with answering():
            entries: Any = await self._redis.xrange(room_keys(room).events, f"{after + 1}-0", f"{upto}-0", count=limit)
        return [fields[b"c"] for _, fields in entries]

    async def chat(self, room: RoomId, limit: int, before: str | None = None, upto: int | None = None) -> list[Message]:
        """The last `limit` lines (said before the one with id `before`; at or before rev `upto`), oldest first."""
        if before is not None:
            if not (before.isascii() and before.isdecimal()) or len(before) > MAX_DIGITS:
                return []
            # A line's id is the number of the commit that said it, under which it stands in the stream.
            upto = min(int(before) - 1, int(before) if upto is None else upto)
        last = "+" if upto is None else f"{max(upto, 0)}-0"
        with answering():
            found: Any = await self._redis.xrevrange(room_keys(room).chat, last, "-", count=limit)
        return await self._with_reactions(room, [_message(fields[b"m"]) for _, fields in reversed(found)])

    async def audit(self, room: RoomId, limit: int) -> list[Commit]:
        """The last commits in which somebody did something to others or to the room, the latest first."""
        with answering():
            found: Any = await self._redis.xrevrange(room_keys(room).audit, count=limit)
        return [plain.decode_commit(fields[b"m"]) for _, fields in found]

    async def _with_reactions(self, room: RoomId, lines: list[Message]) -> list[Message]:
        with answering():
            fields: Any = await self._redis.hkeys(room_keys(room).reactions) if lines else []
        return plain.with_reactions(lines, fields)


def _number(at: list[bytes | None]) -> Number | None:
    epoch, rev = at
    return None if epoch is None or rev is None else (int(epoch), int(rev))


def _understood(bodies: Iterable[bytes]) -> Iterator[Commit]:
    with suppress(msgspec.ValidationError):
        for body in bodies:
            yield plain.decode_commit(body)
