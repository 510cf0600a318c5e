"""Staying signed in and signing out, over real stores."""

import asyncio
from collections.abc import Iterator

import pytest
from accounts_world import GOOD, HERE, KEY, OTHER, World, code_of, open_world
from hub_world import until
from tornado.ioloop import IOLoop

from roomd.domain.actor import Actor
from roomd.domain.ids import UserId
from roomd.store.accounts import Changes
from roomd.store.revocations import BELIEVED_S, RevocationStore
from roomd.store.sessions import SessionStore
from roomd.tokens import ACCOUNT_ACCESS_S, ACCOUNT_REFRESH_S, GUEST_REFRESH_S, LEEWAY_S


@pytest.fixture
def world(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[World]:
    with open_world(io_loop, redis_url, database_url) as opened:
        yield opened


@pytest.mark.gen_test(timeout=20)
async def test_refresh_tokens_follow_one_another(world: World) -> None:
    first = await world.accounts.guest("Bob", HERE)
    second = await world.accounts.refresh(first.refresh)
    third = await world.accounts.refresh(second.refresh)
    assert len({first.refresh, second.refresh, third.refresh}) == 3
    actors = {await world.accounts.authenticate(each.access) for each in (first, second, third)}
    assert len(actors) == 1


@pytest.mark.gen_test(timeout=20)
async def test_a_client_that_keeps_its_first_refresh_token_stays_signed_in(world: World) -> None:
    first = await world.accounts.guest("Bob", HERE)
    answers = []
    for _ in range(5):
        world.clock.pass_s(600)
        answers.append(await world.accounts.refresh(first.refresh))
    assert len({answer.refresh for answer in answers}) == 1
    for answer in answers:
        await world.accounts.authenticate(answer.access)


@pytest.mark.gen_test(timeout=20)
async def test_twenty_refresh_at_once_and_get_one_successor(world: World) -> None:
    first = await world.accounts.guest("Bob", HERE)
    other_process = world.build()
    tries = [(world.accounts, other_process)[n % 2].refresh(first.refresh) for n in range(20)]
    answers = await asyncio.gather(*tries)
    assert len({answer.refresh for answer in answers}) == 1
    await world.accounts.refresh(answers[0].refresh)


@pytest.mark.gen_test(timeout=20)
async def test_a_spent_token_ends_its_session(world: World) -> None:
    first = await world.accounts.guest("Bob", HERE)
    bystander = await world.accounts.guest("Carol", HERE)
    second = await world.accounts.refresh(first.refresh)
    third = await world.accounts.refresh(second.refresh)
    assert await code_of(world.accounts.refresh(first.refresh)) == "token_reused"
    for signed_in in (first, second, third):
        assert await code_of(world.accounts.refresh(signed_in.refresh)) == "token_revoked"
        assert await code_of(world.accounts.authenticate(signed_in.access)) == "token_revoked"
        assert await code_of(world.build().authenticate(signed_in.access)) == "token_revoked"
    await world.accounts.authenticate(bystander.access)
    await world.accounts.refresh(bystander.refresh)


@pytest.mark.gen_test(timeout=20)
async def test_refresh_survives_a_change_of_keys(world: World) -> None:
    before, during, after = world.build(KEY), world.build(OTHER, KEY), world.build(OTHER)
    first = await before.guest("Bob", HERE)
    second = await before.refresh(first.refresh)
    # The reply was lost, and the keys changed meanwhile: the same successor all the same.
    assert (await during.refresh(first.refresh)).refresh == second.refresh
    third = await after.refresh(second.refresh)
    assert (await after.refresh(second.refresh)).refresh == third.refresh
    await after.refresh(third.refresh)


@pytest.mark.gen_test(timeout=20)
async def test_refresh_tokens_expire_and_slide(world: World) -> None:
    await world.accounts.register("alice", "alice@example.org", GOOD)
    alice, bob = await world.accounts.login("alice", GOOD, HERE), await world.accounts.guest("Bob", HERE)
    world.clock.pass_s(GUEST_REFRESH_S - 1)
    bob_later = await world.accounts.refresh(bob.refresh)
    world.clock.pass_s(2)
    assert await code_of(world.accounts.refresh(bob.refresh)) in {"token_expired", "token_invalid"}
    bob_last = await world.accounts.refresh(bob_later.refresh)
    world.clock.pass_s(GUEST_REFRESH_S)
    assert await code_of(world.accounts.refresh(bob_last.refresh)) == "token_expired"
    await world.accounts.refresh(alice.refresh)
    world.clock.pass_s(ACCOUNT_REFRESH_S)
    assert await code_of(world.accounts.refresh(alice.refresh)) == "token_expired"
    for unknown in ("", "nonsense", alice.access, "\ud800"):
        assert await code_of(world.accounts.refresh(unknown)) == "token_invalid"


@pytest.mark.gen_test(timeout=20)
async def test_forgetting_expired_sessions(world: World) -> None:
    sessions = SessionStore(world.pool)
    await world.accounts.guest("Bob", HERE)
    world.clock.pass_s(GUEST_REFRESH_S / 2)
    kept = await world.accounts.guest("Carol", HERE)
    world.clock.pass_s(GUEST_REFRESH_S / 2 + 1)
    assert await sessions.forget_expired(world.clock.now()) == 1
    assert await sessions.forget_expired(world.clock.now()) == 0
    assert await world.pool.fetchval("SELECT count(*) FROM refresh_tokens") == 1
    await world.accounts.refresh(kept.refresh)


@pytest.mark.gen_test(timeout=20)
async def test_logout_ends_both_tokens_of_this_session_only(world: World) -> None:
    await world.accounts.register("alice", "alice@example.org", GOOD)
    phone, desk = await world.accounts.login("alice", GOOD, HERE), await world.accounts.login("alice", GOOD, HERE)
    await world.accounts.logout(await world.accounts.authenticate(phone.access))
    assert await code_of(world.accounts.authenticate(phone.access)) == "token_revoked"
    assert await code_of(world.accounts.refresh(phone.refresh)) == "token_revoked"
    await world.accounts.authenticate(desk.access)
    await world.accounts.logout(Actor(id=UserId("x"), name="nobody with a session"))


@pytest.mark.gen_test(timeout=20)
async def test_access_expires_and_refresh_brings_the_new_name(world: World) -> None:
    await world.accounts.register("alice", "alice@example.org", GOOD)
    signed_in = await world.accounts.login("alice", GOOD, HERE)
    await world.accounts.update_profile(signed_in.user.id, Changes(name="Alice the Brave"))
    world.clock.pass_s(ACCOUNT_ACCESS_S + LEEWAY_S)
    assert await code_of(world.accounts.authenticate(signed_in.access)) == "token_expired"
    again = await world.accounts.refresh(signed_in.refresh)
    assert (await world.accounts.authenticate(again.access)).name == "Alice the Brave"


@pytest.mark.gen_test(timeout=20)
async def test_other_processes_learn_of_a_logout_within_a_second(world: World) -> None:
    seconds = [0.0]
    here = RevocationStore(world.redis, 60, nobody_ended)
    there = RevocationStore(world.redis, 60, nobody_ended, lambda: seconds[0])
    assert not await there.is_revoked("a-session")
    await here.revoke("a-session")
    assert await here.is_revoked("a-session")
    assert not await there.is_revoked("a-session")
    seconds[0] += BELIEVED_S
    assert await there.is_revoked("a-session")
    assert 0 < await world.redis.ttl("roomd:revoked:a-session") <= 60


@pytest.mark.gen_test(timeout=20)
async def test_those_who_come_at_once_are_asked_about_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, may_answer = [], asyncio.Event()
    mget = world.redis.mget

    async def counted(*keys: str) -> object:
        asked.append(keys)
        await may_answer.wait()
        return await mget(*keys)

    monkeypatch.setattr(world.redis, "mget", counted)
    await RevocationStore(world.redis, 60, nobody_ended).revoke("ended")
    store = RevocationStore(world.redis, 60, nobody_ended)
    coming = [asyncio.create_task(store.is_revoked(each)) for each in ("first", "ended", "gone", "first")]
    await until(lambda: asked, "they are asked about")
    # Whoever asks no more leaves the others their answer.
    coming[0].cancel()
    coming[2].cancel()
    may_answer.set()
    assert await coming[1]
    assert not await coming[3]
    assert len(asked) == 1
    assert not await store.is_revoked("gone")


async def nobody_ended(family: str) -> bool:
    return False
