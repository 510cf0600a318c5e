"""A room out of what is archived of it: its snapshot, and the commits since."""

from collections.abc import Sequence
from math import inf

import asyncpg
import msgspec
from msgspec import structs

from roomd.domain.commit import Commit
from roomd.domain.whole import Whole, fold
from roomd.store import plain, snapshots
from roomd.store.snapshots import SnapshotError

#: Commits before a snapshot that are looked through for the ids of commands that took effect lately.
LATELY = 1_000
#: Of each of the rooms: its snapshot, the commits after it, and those up to it that were made since a room time.
READ = """
    SELECT r.id::text, s.epoch, s.rev, s.body,
        ARRAY(SELECT body FROM room_events WHERE room = r.id AND (epoch, rev) > (at.epoch, at.rev) ORDER BY epoch, rev)
            AS tail,
        ARRAY(SELECT l.body FROM (
            SELECT epoch, rev, at, body FROM room_events WHERE room = r.id AND (epoch, rev) <= (at.epoch, at.rev)
            ORDER BY epoch DESC, rev DESC LIMIT $3
        ) l WHERE l.at >= $2 ORDER BY l.epoch, l.rev) AS lately
    FROM unnest($1::uuid[]) AS r(id) LEFT JOIN room_snapshots s ON s.room = r.id
    CROSS JOIN LATERAL (SELECT coalesce(s.epoch, -1) AS epoch, coalesce(s.rev, -1) AS rev) at
"""


class ArchiveError(RuntimeError):
    """What is archived of a room does not make a room; the message says why."""


def made(row: asyncpg.Record) -> tuple[Whole | None, tuple[Commit, ...]]:
    """The room, None if nothing is archived of it; and the commits that were read. Raises ArchiveError."""
    whole = None
    try:
        if row["body"] is not None:
            whole = snapshots.decode(row["body"])
            # A snapshot that was brought from elsewhere goes by the number that it has here.
            whole = structs.replace(whole, room=structs.replace(whole.room, epoch=row["epoch"], rev=row["rev"]))
        commits = valid([plain.decode_commit(body.encode()) for body in (*row["lately"], *row["tail"])])
    except (SnapshotError, msgspec.DecodeError) as fault:
        raise ArchiveError(f"room {row['id']}: {fault}") from None
    at = (row["epoch"], row["rev"]) if whole else (-1, -1)
    found = fold(whole, [each for each in commits if (each.epoch, each.rev) > at])
    if found is None and commits:
        raise ArchiveError(f"room {row['id']}: neither a snapshot nor the commit that opened it is archived")
    return found, tuple(commits)


def valid(commits: Sequence[Commit]) -> list[Commit]:
    """Without those that a later history, which began before them, has superseded."""
    kept: list[Commit] = []
    limit: float = inf
    for index, commit in reversed(list(enumerate(commits))):
        if commit.rev < limit:
            kept.append(commit)
        if index and commits[index - 1].epoch != commit.epoch:
            limit = min(limit, commit.rev)
    return kept[::-1]
