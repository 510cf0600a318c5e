"""Committing: what commands led to in rooms is written by one script, of each room all of it or nothing."""

import asyncio
from collections.abc import Sequence
from importlib import resources
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, ResponseError

from roomd.domain.refusals import Conflict, Unavailable
from roomd.domain.whole import AUDIT_LENGTH, CHAT_LENGTH
from roomd.store import plain
from roomd.store.keys import RoomKeys, room_keys
from roomd.store.life import Life
from roomd.store.plain import Change, Write
from roomd.store.quick import QuickScript
from roomd.store.redis import answering

#: Commits that a log may hold: while PostgreSQL is away, a room goes on for so long.
LOG_MOST = 60_000
#: Milliseconds for which a command's id is known again: as long as a client may take to come back.
REMEMBER_MS = 10 * 60_000

#: How the script numbers a room's parts.
_NUMBER = {part: number for number, part in enumerate(RoomKeys._fields, 1)}
#: How Redis begins to say that it takes no writes: it is full, a replica, cannot save, or has too few replicas.
_NOT_NOW = ("OOM command", "READONLY You", "MISCONF Redis", "NOREPLICAS Not")


class Done(NamedTuple):
    """The commit was written."""


class Stale(NamedTuple):
    """The room is at `rev` by now, 0 where it is not there; decide again."""

    rev: int


class Seen(NamedTuple):
    """The command had taken effect before, at `rev`."""

    rev: int


class Doubted(NamedTuple):
    """Redis has restarted since the room was last looked at; that comes first."""


Outcome = Done | Stale | Seen | Doubted
_DONE = Done()


class Transaction(NamedTuple):
    """What commits in a row have changed in a room, to be written whole or not at all.

    `known` names the commands within the room that they are of, with the rev to know each by, or None where it was
    refused; if one of them took effect before, nothing is written. `doubted` is the run of Redis under which the room
    was known, where this is to settle that it is whole under this one; such a one is committed by itself.
    """

    changes: Sequence[Change]
    known: Sequence[tuple[str, int | None]]
    doubted: str | None = None


class CommitScript:
    def __init__(self, redis: Redis, life: Life) -> None:
        self._life = life
        self._script = redis.register_script(
            resources.files("roomd.store").joinpath("scripts/commit.lua").read_text("utf-8")
        )

    async def __call__(self, transactions: Sequence[Transaction]) -> list[Outcome | Exception]:
        """What became of each; an exception where it was not written. Raises Unavailable where nobody knows.

        Of a cluster, all are of one room.
        """
        keys, args = self._said(transactions)
        with answering():
            answers = await self._script(keys=keys, args=args)
        return [_outcome(word, said) for word, said in answers]

    def begin(self, transactions: Sequence[Transaction]) -> "asyncio.Future[Any] | None":
        """As a call, without a task: the answer is for `ended`. None where there is no connection to ask over."""
        if not isinstance(self._script, QuickScript):
            return None
        return self._script.begin(*self._said(transactions))

    @staticmethod
    def ended(answer: "asyncio.Future[Any]") -> list[Outcome | Exception]:
        """As a call's answer."""
        try:
            with answering():
                return [_outcome(word, said) for word, said in answer.result()]
        except (NoScriptError, asyncio.CancelledError) as fault:
            # Asked again by a call, a Redis that has been started anew is told the script.
            raise Unavailable("The room store does not answer. Try again in a moment.") from fault

    def _said(self, transactions: Sequence[Transaction]) -> tuple[list[str], list[Any]]:
        """The script's keys and arguments."""
        (changes, _, doubted), *_ = transactions
        run = self._life.of(changes[-1].after.id)
        keys: list[str] = []
        args: list[Any] = [LOG_MOST, CHAT_LENGTH, AUDIT_LENGTH, REMEMBER_MS, run if doubted is None else doubted]
        for each in transactions:
            _add(each, run, keys, args)
        return keys, args


def _add(transaction: Transaction, run: str, keys: list[str], args: list[Any]) -> None:
    changes, known, doubted = transaction
    before, after = changes[0].before, changes[-1].after
    writes = plain.diff(before, after)
    for change in changes:
        writes += plain.side_writes(change.commit, change.body)
    if doubted is not None:
        writes.append(Write("hset", "meta", "life", run.encode()))
    names = room_keys(after.id)
    parts = {write.part: None for write in writes if write.part != "meta"}
    keys += (names.meta, names.events, names.commands, names.older_commands, names.bell)
    keys += [getattr(names, part) for part in parts]
    args += (
        5 + len(parts),
        6 + len(parts) + len(changes) + 2 * len(known) + 4 * len(writes),
        before.epoch if before else 0,
        before.rev if before else 0,
        *plain.numbered(after),
        len(changes),
        len(known),
    )
    args += [_NUMBER[part] for part in parts]
    args += [change.body for change in changes]
    for once, rev in known:
        args += (once, "" if rev is None else rev)
    for op, part, field, value in writes:
        args += (op, _NUMBER[part], field, value)


def _outcome(word: bytes, said: bytes) -> Outcome | Exception:
    match word:
        case b"OK":
            outcome: Outcome | Exception = _DONE
        case b"STALE":
            outcome = Stale(int(said))
        case b"SEEN":
            outcome = Seen(int(said))
        case b"LIFE":
            outcome = Doubted()
        case b"FULL":
            outcome = Conflict("This room keeps 20,000 reactions; clear the chat to make room.", "too_many_reactions")
        case b"BEHIND":
            outcome = Unavailable("The room's archive has been away for too long. Try again later.", "archive_behind")
        case _ if any(fault in said.decode() for fault in _NOT_NOW):
            outcome = Unavailable("The room store does not answer. Try again in a moment.")
        case _:
            outcome = ResponseError(said.decode())
    return outcome
