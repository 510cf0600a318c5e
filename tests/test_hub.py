"""Hubs on a real Redis: everybody is told everything once and in order, whatever is missed on the way."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import pytest
from byte_proxy import Wire, wire_to
from hub_world import SETTINGS, House, house, until, welcome
from rooms_world import ALICE, BOB, tracks

from roomd.domain.commit import Commit
from roomd.domain.ids import RoomId
from roomd.domain.membership import Join, Leave
from roomd.domain.refusals import NotFound, Unavailable
from roomd.domain.room import Close, Room
from roomd.followed import CHAT_SHOWN, CLOSE_GONE, CLOSE_LEFT, Followed
from roomd.replay import MAX_REPLAY, MAX_RESUME, SLICE
from roomd.store.keys import room_keys
from roomd.store.plain import encode_commit
from roomd.store.redis import connect
from roomd.store.renaming import Renaming

pytestmark = pytest.mark.redis("single", "cluster")


@asynccontextmanager
async def two(redis_url: str) -> AsyncIterator[tuple[House, House, RoomId]]:
    async with house(redis_url) as here, house(redis_url) as there:
        room = await here.engine.open(SETTINGS, ALICE)
        yield here, there, room.id


@asynccontextmanager
async def behind_a_wire(redis_url: str) -> AsyncIterator[tuple[House, House, Wire, RoomId]]:
    """`there` reaches Redis over a wire of the test's."""
    async with wire_to(redis_url) as wire, house(redis_url) as here, house(wire.url) as there:
        room = await here.engine.open(SETTINGS, ALICE)
        yield here, there, wire, room.id


@pytest.mark.gen_test(timeout=20)
async def test_two_hubs_tell_the_same_in_the_same_order(redis_url: str) -> None:
    async with two(redis_url) as (here, there, room_id):
        ears = [await each.listen(room_id) for each in (here, there, there)]
        assert [[message["type"] for message in ear.heard] for ear in ears] == [["welcome", "state"]] * 3
        await asyncio.gather(*(each.say(room_id, f"{n}") for n in range(40) for each in (here, there)))
        await until(lambda: all(len(ear.revs) == 80 for ear in ears), "80 commits each")
        first = ears[0].told("state")[0]["rev"] + 1
        assert ears[0].revs == list(range(first, first + 80))
        assert ears[0].told("commit") == ears[1].told("commit") == ears[2].told("commit")
        assert (there.hub.socket_count, len(here.hub.sockets())) == (2, 1)


@pytest.mark.gen_test(timeout=20)
async def test_a_commit_whose_bell_was_missed_is_read_from_the_log(redis_url: str) -> None:
    async with two(redis_url) as (here, there, room_id):
        ear = await there.listen(room_id)
        await there.bell.stop()
        rev = await here.say(room_id, "one", "two", "three")
        commits = await here.store.log(room_id, rev - 1, rev)
        assert ear.revs == []
        for _ in range(3):
            there.hub.ring(room_id, encode_commit(commits[0]))
        await until(lambda: ear.rev == rev)
        assert ear.revs == [rev - 2, rev - 1, rev]
        there.hub.ring(room_id, encode_commit(commits[0]))
        again = await there.listen(room_id, at_least=rev)
        assert again.rev == rev
        assert ear.revs == [rev - 2, rev - 1, rev]


@pytest.mark.gen_test(timeout=20)
async def test_another_name_in_redis_reaches_every_hub_and_every_copy(redis_url: str) -> None:
    async with two(redis_url) as (here, there, room_id), house(redis_url) as aside:
        entry = await here.engine.handle(room_id, tracks("Brook"), ALICE)
        await here.say(room_id, "hello")
        # Nobody has the room open there, but a copy of it is.
        assert entry.room.entries.keys() == (await aside.engine.room(room_id)).entries.keys()
        ears = [await each.listen(room_id) for each in (here, there)]
        await Renaming(here.redis).rename(room_id, ALICE.id, "Somebody")
        for ear in ears:
            await until(lambda ear=ear: len(ear.told("state")) == 2, "the room is told anew")
            told = ear.told("state")[1]["room"]
            assert {told["queue"][0]["by_name"], told["chat"][0]["by_name"]} == {"Somebody"}
        for each in (here, there, aside):
            assert [entry.by_name for entry in (await each.engine.room(room_id)).entries.values()] == ["Somebody"]
        rev = await there.say(room_id, "and on")
        await until(lambda: all(ear.rev == rev for ear in ears), "what comes next fits")


@pytest.mark.logs("lost the subscription")
@pytest.mark.gen_test(timeout=20)
async def test_subscriptions_killed_while_commits_go_on_lose_nothing(redis_url: str) -> None:
    async with two(redis_url) as (here, there, room_id):
        ears = [await here.listen(room_id), await there.listen(room_id)]
        killer = connect(redis_url)
        for n in range(60):
            if n % 20 == 10:
                await killer.client_kill_filter(_type="pubsub")
            last = await here.say(room_id, f"{n}")
        await killer.aclose()
        await until(lambda: all(ear.rev == last for ear in ears), "the last of 60 lines")
        assert [ear.revs for ear in ears] == [list(range(2, last + 1))] * 2


@pytest.mark.gen_test(timeout=20)
async def test_resuming_while_commits_go_on_gives_each_once_and_in_order(redis_url: str) -> None:
    async with two(redis_url) as (here, there, room_id):
        epoch = (await here.engine.room(room_id)).epoch
        await here.say(room_id, *(str(n) for n in range(20)))
        going, numbers = True, count()

        async def talk() -> None:
            while going:
                await here.say(room_id, f"{next(numbers)}")

        talking = asyncio.create_task(talk())
        ears = []
        for known in range(1, 21):
            rev = (await here.engine.room(room_id)).rev
            ears.append((known, await there.listen(room_id, (epoch, known), at_least=rev)))
        going = False
        await talking
        last = (await here.engine.room(room_id)).rev
        await until(lambda: all(ear.rev == last for _, ear in ears))
        for known, ear in ears:
            assert ear.heard[0]["resumed"]
            assert ear.told("state") == []
            assert ear.revs == list(range(known + 1, last + 1))


@pytest.mark.gen_test(timeout=20)
async def test_what_is_read_to_reach_the_newcomers_own_commit_is_not_told_twice(redis_url: str) -> None:
    async with two(redis_url) as (here, there, room_id):
        epoch = (await here.engine.room(room_id)).epoch
        old = await there.listen(room_id)
        await there.bell.stop()
        last = await here.say(room_id, "one", "two", "three")
        new = await there.listen(room_id, (epoch, 1), at_least=last)
        assert (old.revs, new.revs) == ([2, 3, 4], [2, 3, 4])
        last = await here.say(room_id, "four")
        assert (await there.listen(room_id, at_least=last)).told("state")[0]["rev"] == last
        assert (old.revs, new.revs) == ([2, 3, 4, 5], [2, 3, 4, 5])


@pytest.mark.gen_test(timeout=20)
async def test_resuming_at_the_end_or_from_where_nothing_leads_on(redis_url: str) -> None:
    async with two(redis_url) as (here, there, room_id):
        room = await here.engine.room(room_id)
        last = await here.say(room_id, "one", "two", "three")
        now = await there.listen(room_id, (room.epoch, last))
        assert [message["type"] for message in now.heard] == ["welcome"]
        await here.redis.xtrim(room_keys(room_id).events, maxlen=1, approximate=False)
        for resume in ((room.epoch, 1), (room.epoch - 1, last), (room.epoch, last + 1), (room.epoch, -MAX_RESUME)):
            ear = await there.listen(room_id, resume)
            assert [message["type"] for message in ear.heard] == ["welcome", "state"]
            assert (ear.heard[0]["resumed"], ear.heard[0]["rev"], ear.rev) == (False, last, last)


@pytest.mark.gen_test(timeout=20)
async def test_chat_is_shown_as_of_the_state_and_not_again(redis_url: str) -> None:
    async with two(redis_url) as (here, there, room_id):
        await here.say(room_id, *(f"{n}" for n in range(CHAT_SHOWN)))
        talking = asyncio.gather(*(here.say(room_id, f"late {n}") for n in range(50)))
        ears = [await there.listen(room_id) for _ in range(5)]
        await talking
        last = (await here.engine.room(room_id)).rev
        await until(lambda: all(ear.rev == last for ear in ears))
        for ear in ears:
            shown = [line["text"] for line in ear.told("state")[0]["room"]["chat"]]
            said = [event["message"]["text"] for commit in ear.told("commit") for event in commit["events"]]
            assert len(shown) == CHAT_SHOWN
            assert (shown + said)[-50:] == [f"late {n}" for n in range(50)]
            assert len(set(shown + said)) == len(shown + said)


@pytest.mark.gen_test(timeout=20)
async def test_coming_and_going_leaves_no_gap_and_nothing_behind(redis_url: str) -> None:
    async with two(redis_url) as (here, there, room_id):
        for n in range(30):
            ears = await asyncio.gather(there.listen(room_id), there.listen(room_id))
            last = await here.say(room_id, f"{n}")
            if n % 3:
                await until(lambda ears=ears, last=last: all(ear.rev == last for ear in ears), f"line {n}")  # type: ignore[misc]
            for ear in ears:
                there.hub.forget(ear, room_id)
            if n % 2:
                await asyncio.sleep(0)
        await until(lambda: not there.hub._following.rooms and not there.bell._wanted)
        assert there.hub.socket_count == 0
        with pytest.raises(NotFound):
            await there.listen(RoomId("absent"))
        await until(lambda: not there.bell._wanted)


@pytest.mark.gen_test(timeout=20)
async def test_whoever_leaves_and_whoever_is_in_a_room_that_closes_is_shut_out(redis_url: str) -> None:
    async with two(redis_url) as (here, there, room_id):
        await here.engine.handle(room_id, Join(), BOB)
        alice, bob = await there.listen(room_id), await there.listen(room_id, actor=BOB)
        await here.engine.handle(room_id, Leave(), BOB)
        await until(lambda: bob.closed)
        assert (bob.closed, alice.closed) == ((CLOSE_LEFT, "left"), None)
        await here.engine.handle(room_id, Close(), ALICE)
        await until(lambda: alice.closed)
        assert alice.closed == (CLOSE_GONE, "the room was closed")
        assert alice.told("commit")[-1]["events"] == [{"type": "room_closed"}]
        with pytest.raises(NotFound):
            await there.listen(room_id)
        assert not there.hub._following.rooms


@pytest.mark.redis("single")
@pytest.mark.logs("lost the subscription")
@pytest.mark.gen_test(timeout=20)
async def test_a_room_that_was_closed_while_nothing_was_heard_is_closed_here_too(redis_url: str) -> None:
    async with behind_a_wire(redis_url) as (here, there, wire, room_id):
        ear = await there.listen(room_id)
        await wire.cut()
        await here.engine.handle(room_id, Close(), ALICE)
        await wire.start()
        await until(lambda: ear.closed)
        assert ear.closed == (CLOSE_GONE, "the room was closed")


@pytest.mark.redis("single")
@pytest.mark.logs("lost the subscription")
@pytest.mark.parametrize("behind", [0, 3])
@pytest.mark.gen_test(timeout=20)
async def test_a_room_that_went_on_from_elsewhere_is_shown_anew(redis_url: str, behind: int) -> None:
    """Restored with its tail lost: a new epoch, or (by a Redis that forgot) fewer commits than were told."""
    async with behind_a_wire(redis_url) as (here, there, wire, room_id):
        known = await here.engine.room(room_id)
        await here.say(room_id, "one", "two", "three", "four")
        ear = await there.listen(room_id)
        told = ear.rev
        await wire.cut()
        keys = room_keys(room_id)
        await here.redis.hset(keys.meta, mapping={"epoch": known.epoch + (not behind), "rev": told - behind})
        for rev in range(told - behind + 1, told + 1):
            await here.redis.xdel(keys.events, f"{rev}-0")
        await wire.start()
        await until(lambda: len(ear.told("state")) == 2)
        state = ear.told("state")[1]
        assert (state["epoch"], state["rev"]) == (known.epoch + (not behind), told - behind)


@pytest.mark.redis("single")
@pytest.mark.logs("lost the subscription")
@pytest.mark.gen_test(timeout=20)
async def test_a_socket_that_comes_while_redis_is_away_is_told_so(redis_url: str) -> None:
    async with behind_a_wire(redis_url) as (here, there, wire, room_id):
        old = await there.listen(room_id)
        await wire.cut()
        with pytest.raises(Unavailable):
            await there.listen(room_id, at_least=old.rev + 1)
        other = await here.engine.open(SETTINGS, BOB)
        with pytest.raises(Unavailable):
            await there.listen(other.id)
        assert there.hub.socket_count == 1
        last = await here.say(room_id, "while you were away")
        await wire.start()
        await until(lambda: old.rev == last)
        assert (await there.listen(other.id)).rev == 1
        assert (await there.listen(room_id, at_least=last)).rev == last


@pytest.mark.gen_test(timeout=60)
async def test_a_past_that_is_too_large_to_be_told_is_told_as_the_room_as_it_is(redis_url: str) -> None:
    async with two(redis_url) as (here, there, room_id):
        epoch = (await here.engine.room(room_id)).epoch
        last = await here.say(room_id, *("x" * 2_000 for _ in range(MAX_REPLAY // 2_000)))
        whole = await there.listen(room_id, (epoch, 1), at_least=last)
        assert [(m["type"], m["rev"]) for m in whole.heard] == [("welcome", last), ("state", last)]
        assert not whole.heard[0]["resumed"]
        # Of several slices of the log, and not too large.
        rest = await there.listen(room_id, (epoch, last - 5 * SLICE - 7))
        assert rest.heard[0]["resumed"]
        assert rest.revs == list(range(last - 5 * SLICE - 6, last + 1))


@pytest.mark.redis("single")
@pytest.mark.gen_test(timeout=30)
async def test_who_gives_up_entering_leaves_nothing_behind(redis_url: str) -> None:
    async with behind_a_wire(redis_url) as (here, there, wire, room_id):
        ear = there.ear()
        # Redis is asked for the subscription, and answers when nobody waits for it any more.
        wire.clog()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(there.hub.enter(ear, room_id, (0, 0), None, welcome), 0.3)
        wire.clear()
        await until(lambda: not there.hub._following._opening, "it was opened")
        await until(lambda: not there.hub._following.rooms and not there.bell._wanted, "and left again")
        await here.say(room_id, "one")
        assert (await there.listen(room_id)).told("state")[0]["rev"] == 2
        assert ear.heard == []


@pytest.mark.gen_test(timeout=20)
async def test_what_a_newer_server_has_done_is_shown_as_far_as_it_is_understood(redis_url: str) -> None:
    async with two(redis_url) as (here, there, room_id):
        ear = await there.listen(room_id)
        room = await here.engine.room(room_id)
        commit = {"epoch": room.epoch, "rev": 2, "at": room.created_at, "events": [{"type": "of_the_future"}]}
        keys = room_keys(room_id)
        await here.redis.xadd(keys.events, {"c": json.dumps(commit)}, id="2-0")
        await here.redis.hset(keys.meta, "rev", 2)
        await here.redis.publish(keys.bell, json.dumps(commit))
        await until(lambda: len(ear.told("state")) == 2)
        assert ear.told("state")[1]["rev"] == 2
        last = await here.say(room_id, "and on")
        await until(lambda: ear.revs == [last])


@pytest.mark.logs("our own fault")
@pytest.mark.parametrize("reads", [False, True])
@pytest.mark.gen_test(timeout=30)
async def test_a_fault_of_ours_leaves_no_room_behind(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, reads: bool
) -> None:
    """Neither where the bell brings the commit, nor where it is read from the log."""
    async with two(redis_url) as (here, there, room_id):
        ear = await there.listen(room_id)
        (followed,) = there.hub._following.rooms
        await until(lambda: followed.reading is None)
        take, faults = there.hub._take, iter([RuntimeError("our own fault")])

        def once_faulty(followed: Followed, commit: Commit, after: Room | None = None) -> None:
            for fault in faults:
                raise fault
            take(followed, commit, after)

        monkeypatch.setattr(there.hub, "_take", once_faulty)
        if reads:
            await there.bell.stop()
        last = await here.say(room_id, "one")
        if reads:
            there.hub.doubt(room_id)
        await until(lambda: ear.revs == [last])
