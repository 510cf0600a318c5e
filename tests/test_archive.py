"""The archive by itself: what it takes, what it refuses, and what it gives back."""

from collections.abc import Iterator

import asyncpg
import msgspec
import pytest
from rooms_world import ALICE, BOB, ROOM, START, at, do, opened, tracks
from tornado.ioloop import IOLoop

from roomd.domain import rules
from roomd.domain.chat import Say
from roomd.domain.commit import Commit
from roomd.domain.ids import Code, RoomId
from roomd.domain.membership import Join
from roomd.domain.playback import Play
from roomd.domain.room import Close, Room, RoomOpened, Set
from roomd.domain.whole import Whole, fold
from roomd.domain.words import Command
from roomd.store import postgres
from roomd.store.archive import Archive, Entry, Head
from roomd.store.plain import encode_commit
from roomd.store.postgres import DatabaseAway
from roomd.store.snapshots import SnapshotError, decode, encode, from_json, to_json

OTHER = RoomId("7b0d7e1c-0000-4000-8000-000000000002")


@pytest.fixture
def archive(io_loop: IOLoop, database_url: str) -> Iterator[Archive]:
    pool = io_loop.run_sync(lambda: postgres.connect(database_url))
    yield Archive(pool)
    io_loop.run_sync(pool.close)


def opening(room: Room) -> Commit:
    return Commit(epoch=room.epoch, rev=room.rev, at=START, by=ALICE.id, events=(RoomOpened(room=room),))


def history(room: Room, *commands: Command) -> tuple[Room, list[Commit]]:
    """What commands of Alice's lead to."""
    commits = []
    for command in commands:
        events = tuple(rules.decide(room, command, ALICE, at()))
        commits.append(Commit(epoch=room.epoch, rev=room.rev + 1, at=START, by=ALICE.id, command="c", events=events))
        room = rules.apply(room, commits[-1])
    return room, commits


def entries(*commits: Commit, room: RoomId = ROOM) -> list[Entry]:
    return [Entry(room, commit, encode_commit(commit).decode()) for commit in commits]


PARTY = (tracks("A", "B"), Play(), Say(text="one"), Say(text="two"), Set(name="Saturday"))


@pytest.mark.gen_test(timeout=20)
async def test_a_history_is_taken_once_however_often_it_is_given(archive: Archive) -> None:
    room, commits = history(opened(), *PARTY)
    every = entries(opening(opened()), *commits)
    for batch in (every[:3], every[:3], every, every[2:]):
        assert await archive.append(batch) == []
    assert await archive.heads([ROOM, OTHER]) == {ROOM: Head(room.epoch, room.rev)}
    kept = await archive.read(ROOM)
    assert kept is not None
    assert kept.room == room
    assert [line.text for line in kept.chat] == ["one", "two"]
    assert [commit.rev for commit in kept.audit] == [room.rev]


@pytest.mark.gen_test(timeout=20)
async def test_a_room_that_was_never_opened_here_is_not_taken(archive: Archive) -> None:
    _, commits = history(opened(), *PARTY)
    assert await archive.append(entries(*commits)) == list(range(5))
    assert await archive.heads([ROOM]) == {}
    assert await archive.read(ROOM) is None
    assert await archive.take(ROOM, 0) is None
    assert not await archive.asleep(ROOM)


@pytest.mark.gen_test(timeout=20)
async def test_what_is_taken_out_is_all_that_was_archived_and_nothing_is_added_to_it(archive: Archive) -> None:
    room, commits = history(opened(), *PARTY)
    await archive.append(entries(opening(opened()), *commits[:-1]))
    taken = await archive.take(ROOM, room.epoch)
    assert taken is not None
    assert (taken.epoch, taken.whole.room.rev) == (room.epoch + 1, room.rev - 1)
    # The last commit comes too late; those that were there are there still, and of other rooms anything goes.
    other = msgspec.structs.replace(opened(), id=OTHER, code=Code("AAAAAA"))
    batch = [*entries(*commits), *entries(opening(other), room=OTHER)]
    assert await archive.append(batch) == [4]
    assert await archive.heads([ROOM, OTHER]) == {
        ROOM: Head(room.epoch, room.rev - 1),
        OTHER: Head(other.epoch, other.rev),
    }
    later = opening(msgspec.structs.replace(taken.whole.room, epoch=taken.epoch, rev=room.rev))
    assert await archive.append(entries(later)) == []
    again = await archive.take(ROOM, 0)
    assert again is not None
    assert (again.epoch, again.whole.room.rev) == (taken.epoch + 1, room.rev)


@pytest.mark.gen_test(timeout=20)
async def test_a_history_begun_anew_takes_what_came_before_it_and_nothing_after(archive: Archive) -> None:
    room, commits = history(opened(), *PARTY)
    await archive.append(entries(opening(opened())))
    epoch = await archive.begin(ROOM, room.epoch + 5, room.rev, after=room.epoch)
    assert epoch == room.epoch + 5
    assert await archive.append(entries(*commits)) == [4]
    assert await archive.begin(OTHER, 1, 1, after=0) is None


@pytest.mark.gen_test(timeout=20)
async def test_what_two_histories_have_under_one_number_is_read_from_the_later_one(archive: Archive) -> None:
    room, commits = history(opened(), Say(text="one"), Say(text="lost"), Say(text="lost too"))
    await archive.append(entries(opening(opened()), *commits))
    # PostgreSQL was away when the new history began, so it could not refuse the old one.
    earlier, _ = history(opened(), Say(text="one"))
    anew = msgspec.structs.replace(earlier, epoch=room.epoch + 1, rev=earlier.rev + 1)
    now, after = history(anew, Say(text="two"))
    assert await archive.append(entries(opening(anew), *after)) == []
    kept = await archive.read(ROOM)
    assert kept is not None
    assert (kept.room.epoch, kept.room.rev) == (now.epoch, now.rev)
    assert [line.text for line in kept.chat] == ["one", "two"]


@pytest.mark.gen_test(timeout=20)
async def test_codes_lead_to_rooms_that_are_not_closed(archive: Archive) -> None:
    room, commits = history(opened(), Close())
    await archive.append(entries(opening(opened())))
    assert await archive.find_code(room.code) == ROOM
    assert await archive.asleep(ROOM)
    await archive.append(entries(*commits))
    assert await archive.find_code(room.code) is None
    assert not await archive.asleep(ROOM)
    assert await archive.take(ROOM, 0) is None
    assert await archive.begin(ROOM, 0, 3, after=room.epoch) is None
    assert not await archive.put(Whole(room=room), START)


@pytest.mark.gen_test(timeout=20)
async def test_a_snapshot_of_a_history_that_was_given_up_is_not_kept(archive: Archive) -> None:
    _, commits = history(opened(), *PARTY)
    await archive.append(entries(opening(opened()), *commits))
    old = await archive.read(ROOM)
    assert old is not None
    assert await archive.put(old, START)
    await archive.take(ROOM, 0)
    assert not await archive.put(old, START)


@pytest.mark.gen_test(timeout=20)
async def test_a_silent_database_is_away_within_three_seconds(archive: Archive, database_url: str) -> None:
    await archive.append(entries(opening(opened())))
    connection = await asyncpg.connect(database_url)
    async with connection.transaction():
        await connection.execute("LOCK TABLE rooms, room_events, room_snapshots")
        for work in (archive.heads([ROOM]), archive.append(entries(opening(opened()))), archive.take(ROOM, 0)):
            with pytest.raises(DatabaseAway):
                await work
    await connection.close()
    assert await archive.heads([ROOM]) == {ROOM: Head(opened().epoch, 1)}


def test_a_whole_room_is_written_and_read_back() -> None:
    _, commits = history(opened(), *PARTY)
    whole = fold(None, [opening(opened()), *commits])
    assert whole is not None
    assert from_json(to_json(whole)) == whole
    assert decode(encode(whole)) == whole


@pytest.mark.parametrize("damage", [lambda data: data[:-3], lambda data: b"x" + data, lambda data: b""])
def test_a_damaged_snapshot_is_refused(damage: object) -> None:
    whole = fold(None, [opening(opened())])
    assert whole is not None
    assert callable(damage)
    with pytest.raises(SnapshotError):
        decode(damage(encode(whole)))


def test_a_snapshot_of_a_later_form_is_refused() -> None:
    whole = fold(None, [opening(opened())])
    assert whole is not None
    with pytest.raises(SnapshotError, match="newer roomd"):
        from_json(to_json(whole).replace(b'"format":1', b'"format":2'))


def test_a_fold_ends_before_a_gap() -> None:
    room, commits = history(opened(), Say(text="one"), Say(text="two"), Say(text="three"))
    assert fold(None, commits) is None
    whole = fold(None, [opening(opened()), commits[0], commits[2]])
    assert whole is not None
    assert whole.room.rev == room.rev - 2


def test_a_fold_goes_on_over_a_new_epoch() -> None:
    room, commits = history(opened(), Say(text="one"))
    anew = msgspec.structs.replace(room, epoch=room.epoch + 1, rev=room.rev + 1)
    joined, events = do(anew, Join(), BOB)
    last = Commit(epoch=joined.epoch, rev=joined.rev, at=START, by=BOB.id, events=tuple(events))
    whole = fold(None, [opening(opened()), *commits, opening(anew), last])
    assert whole is not None
    assert set(whole.room.members) == {ALICE.id, BOB.id}
    assert [line.text for line in whole.chat] == ["one"]
