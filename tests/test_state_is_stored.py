"""What is stored of a room is what its events make of it, after every commit of random histories, on a real Redis."""

from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis
from rooms_world import ROOM, START
from state_audience import difference, report
from state_stories import STORIES, histories
from state_world import History
from tornado.ioloop import IOLoop

from roomd.domain.commit import Commit
from roomd.domain.room import RoomOpened
from roomd.domain.whole import fold
from roomd.store.commit_script import Done
from roomd.store.keys import room_keys
from roomd.store.redis import connect
from roomd.store.rooms import RoomStore

KEYS = room_keys(ROOM)
#: The events that moderation answers for, where somebody did it.
AUDITED = {
    *("banned", "chat_cleared", "door_changed", "host_changed", "knock_answered", "member_left", "member_muted"),
    *("message_deleted", "request_decided", "rights_changed", "role_changed", "settings_changed", "unbanned"),
}
CHAT_SHOWN = 50
AUDIT_SHOWN = 10


@pytest.fixture
def redis(io_loop: IOLoop, redis_url: str) -> Iterator[Redis]:
    client = connect(redis_url)
    yield client
    io_loop.run_sync(client.aclose)


async def open_in(store: RoomStore, history: History) -> list[Commit]:
    """The commits of the history so far, which are stored."""
    room = history.room
    opening = Commit(epoch=room.epoch, rev=room.rev, at=START, events=(RoomOpened(room=room),))
    assert await store.commit(None, room, opening) == Done()
    return [opening]


async def difference_in(store: RoomStore, history: History, commits: list[Commit]) -> str:
    """Where Redis holds something else than the warm room, the chat without what was taken back, or the audit log."""
    loaded = await store.load(ROOM)
    found = "" if loaded == history.room else difference(plain(loaded), plain(history.room))
    found = found or difference(plain(await store.chat(ROOM, CHAT_SHOWN)), plain(history.lines[-CHAT_SHOWN:]), "chat")
    audited = [each for each in commits if each.by and any(tag(event) in AUDITED for event in each.events)]
    return found or difference(
        plain(await store.audit(ROOM, AUDIT_SHOWN)), plain(audited[-AUDIT_SHOWN:][::-1]), "audit"
    )


def audited(commits: list[Commit]) -> list[Commit]:
    return [each for each in commits if each.by and any(tag(event) in AUDITED for event in each.events)]


def plain(value: object) -> Any:
    return msgspec.to_builtins(value, order="sorted")


def tag(event: msgspec.Struct) -> object:
    return event.__struct_config__.tag


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.gen_test(timeout=60)
async def test_what_is_stored_is_what_the_events_say(redis: Redis, name: str) -> None:
    """Some 2,000 commits. Now and then the room is loaded, and the next command is decided on what came of that."""
    store = RoomStore(redis)
    for history, count in histories(name, share=0.2):
        await redis.flushall()
        dice, room = Random(history.seed), history.room
        commits = await open_in(store, history)
        for step in history.steps(count):
            assert await store.commit(step.before, step.after, step.commit, f"alice:{step.after.rev}") == Done()
            commits.append(step.commit)
            found = await difference_in(store, history, commits)
            assert not found, f"{found}\n{report(history, step)}"
            if dice.random() < 0.05:
                history.move(await store.load(ROOM))
        logged = await store.log(ROOM, room.rev - 1, history.room.rev)
        assert logged == commits
        cut = dice.randrange(len(logged))
        # A snapshot, and what happened since it was taken.
        whole = fold(fold(None, logged[:cut]), logged[cut:])
        assert whole is not None
        assert whole.room == history.room
        assert plain(list(whole.chat)) == plain(history.lines)
        assert plain(list(whole.audit)) == plain(audited(logged))


@pytest.mark.parametrize("part", ["members", "chat", "reactions", "audit", "order"])
@pytest.mark.gen_test(timeout=30)
async def test_what_is_missing_is_noticed(redis: Redis, part: str) -> None:
    store = RoomStore(redis)
    history, _ = next(histories("chat"))
    commits = await open_in(store, history)
    for step in history.steps(300):
        await store.commit(step.before, step.after, step.commit)
        commits.append(step.commit)
    assert await difference_in(store, history, commits) == ""
    assert await redis.delete(getattr(KEYS, part)) == 1
    assert await difference_in(store, history, commits)
