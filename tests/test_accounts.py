"""Signing up, signing in, and profiles, over real stores."""

import asyncio
from collections.abc import Iterator

import pytest
from accounts_world import GOOD, HERE, KEY, World, code_of, impatient_redis, open_world
from argon2 import PasswordHasher
from tornado.ioloop import IOLoop

from roomd.accounts import Caller, make_accounts
from roomd.domain.ids import UserId
from roomd.domain.refusals import Invalid, Limited, NotFound, Unauthenticated, Unavailable
from roomd.passwords import Passwords
from roomd.store.accounts import Changes
from roomd.store.attempts import FREE, LONGEST_WAIT_S
from roomd.store.index import Index


@pytest.fixture
def world(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[World]:
    with open_world(io_loop, redis_url, database_url) as opened:
        yield opened


@pytest.mark.gen_test(timeout=20)
async def test_register_then_login_by_either_name(world: World) -> None:
    user = await world.accounts.register("Alice", " Alice@Example.org ", GOOD)
    assert (user.username, user.email, user.name, user.guest) == ("Alice", "alice@example.org", "Alice", False)
    for login in ("ALICE@example.org", "alice", " Alice "):
        signed_in = await world.accounts.login(login, GOOD, HERE)
        actor = await world.accounts.authenticate(signed_in.access)
        assert (actor.id, actor.name, actor.guest, actor.admin) == (user.id, "Alice", False, False)
        assert actor.session
    assert (await world.accounts.profile(user.id)).email == "alice@example.org"


@pytest.mark.gen_test(timeout=20)
async def test_an_admin_is_one_by_token(world: World) -> None:
    await world.accounts.register("Carol", "carol@example.org", GOOD, admin=True)
    assert (await world.accounts.authenticate((await world.accounts.login("carol", GOOD, HERE)).access)).admin


@pytest.mark.gen_test(timeout=20)
async def test_register_names_every_field_that_is_wrong(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        await world.accounts.register("a b", "nobody", "short")
    assert refused.value.fields.keys() == {"username", "email", "password"}
    await world.accounts.register("Straße", "alice@example.org", GOOD)
    for username, email, field in (("STRASSE", "b@example.org", "username"), ("Bob", "ALICE@example.org", "email")):
        with pytest.raises(Invalid) as refused:
            await world.accounts.register(username, email, GOOD)
        assert refused.value.fields == {field: "is taken"}


@pytest.mark.gen_test(timeout=20)
async def test_twenty_register_one_name_at_once_and_one_gets_it(world: World) -> None:
    tries = (world.accounts.register("alice", f"alice{n}@example.org", GOOD) for n in range(20))
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, Invalid) for result in results) == 19


@pytest.mark.gen_test(timeout=20)
async def test_wrong_name_and_wrong_password_look_the_same(world: World) -> None:
    await world.accounts.register("alice", "alice@example.org", GOOD)
    guest = await world.accounts.guest("Bob", HERE)
    said = set()
    for login, password in (
        ("alice", "wrong horse battery"),
        ("nobody", GOOD),
        ("nobody@example.org", GOOD),
        ("al\0ice", GOOD),
        ("\ud800", GOOD),
        ("x" * 100_000, GOOD),
        (guest.user.id, ""),
    ):
        with pytest.raises(Unauthenticated) as refused:
            await world.accounts.login(login, password, HERE)
        said.add((refused.value.code, refused.value.message))
    assert len(said) == 1


@pytest.mark.gen_test(timeout=20)
async def test_an_outdated_hash_is_renewed_at_login(world: World) -> None:
    user = await world.accounts.register("alice", "alice@example.org", GOOD)
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    await world.pool.execute("UPDATE users SET password_hash = $1", weak)
    await world.accounts.login("alice", GOOD, HERE)
    renewed = (await world.accounts.profile(user.id)).password_hash
    assert renewed is not None
    assert "m=19456,t=2,p=1" in renewed
    await world.accounts.login("alice", GOOD, HERE)


@pytest.mark.gen_test(timeout=30)
async def test_guessing_gets_slower_but_never_locks(world: World) -> None:
    await world.accounts.register("alice", "alice@example.org", GOOD)
    for _ in range(FREE):
        assert await code_of(world.accounts.login("alice", "wrong horse battery", HERE)) == "wrong_credentials"
    waits = []
    for _ in range(9):
        # Right or wrong, too soon is too soon; and asking does not make the wait longer.
        for password in (GOOD, "wrong horse battery"):
            with pytest.raises(Limited) as limited:
                await world.accounts.login("ALICE", password, HERE)
        waits.append(limited.value.retry_after_s)
        world.clock.pass_s(limited.value.retry_after_s)
        assert await code_of(world.accounts.login("alice", "wrong horse battery", HERE)) == "wrong_credentials"
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, LONGEST_WAIT_S]
    await world.accounts.login("alice", GOOD, Caller("192.0.2.8"))
    world.clock.pass_s(LONGEST_WAIT_S)
    await world.accounts.login("alice", GOOD, HERE)
    for _ in range(FREE):
        assert await code_of(world.accounts.login("alice", "wrong horse battery", HERE)) == "wrong_credentials"


@pytest.mark.gen_test(timeout=30)
async def test_fifty_guesses_at_once_get_no_more_answers_than_in_turn(world: World) -> None:
    await world.accounts.register("alice", "alice@example.org", GOOD)
    guesses = (world.accounts.login("alice", f"wrong horse {n}", HERE) for n in range(50))
    results = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(result, Unauthenticated) for result in results) == FREE
    assert sum(isinstance(result, Limited) for result in results) == 50 - FREE


@pytest.mark.gen_test(timeout=20)
async def test_guests_have_the_name_they_give_or_a_friendly_one(world: World) -> None:
    named = await world.accounts.guest("  Bob ", HERE)
    assert (named.user.name, named.user.guest, named.user.username, named.user.email) == ("Bob", True, None, None)
    for nothing in (None, "", "   "):
        assert len((await world.accounts.guest(nothing, HERE)).user.name.split()) == 2
    with pytest.raises(Invalid) as refused:
        await world.accounts.guest("x" * 41, HERE)
    assert "name" in refused.value.fields
    actor = await world.accounts.authenticate(named.access)
    assert (actor.guest, actor.admin) == (True, False)


@pytest.mark.gen_test(timeout=20)
async def test_profile_changes(world: World) -> None:
    user = await world.accounts.register("alice", "alice@example.org", GOOD)
    await world.accounts.register("bob", "bob@example.org", GOOD)
    changed = await world.accounts.update_profile(user.id, Changes(bio=" I play\r\nthe lute \n", username="Alice2"))
    assert (changed.bio, changed.username, changed.name) == ("I play\nthe lute", "Alice2", "alice")
    assert await world.accounts.update_profile(user.id, Changes()) == changed
    for changes, field in (
        (Changes(username="BOB"), "username"),
        (Changes(username="a@b"), "username"),
        (Changes(bio="x" * 501), "bio"),
        (Changes(bio="fine", name=""), "name"),
    ):
        with pytest.raises(Invalid) as refused:
            await world.accounts.update_profile(user.id, changes)
        assert refused.value.fields.keys() == {field}
    assert await world.accounts.profile(user.id) == changed
    guest = (await world.accounts.guest("Carol", HERE)).user
    assert (await world.accounts.update_profile(guest.id, Changes(name="Carol Ann"))).name == "Carol Ann"
    with pytest.raises(Invalid, match="guest"):
        await world.accounts.update_profile(guest.id, Changes(username="carol"))
    with pytest.raises(NotFound):
        await world.accounts.profile(UserId("00000000-0000-4000-8000-000000000000"))


@pytest.mark.gen_test(timeout=30)
async def test_parts_that_are_away_are_unavailable(world: World) -> None:
    signed_in = await world.accounts.guest("Bob", HERE)
    # Otherwise PostgreSQL is asked whether the session has ended.
    index = Index(world.redis)
    await index.set_building("p")
    assert await index.set_built()
    nowhere = impatient_redis("unix:///nowhere/redis.sock")
    passwords = Passwords()
    alone = make_accounts(pool=world.pool, redis=nowhere, keys=[KEY], passwords=passwords, clock=world.clock)
    for asked in (alone.authenticate(signed_in.access), alone.login("alice", GOOD, HERE)):
        with pytest.raises(Unavailable):
            await asked
    await nowhere.aclose()
    passwords.close()
    await world.pool.close()
    for asked in (world.accounts.guest("Carol", HERE), world.accounts.refresh(signed_in.refresh)):
        with pytest.raises(Unavailable):
            await asked
    await world.accounts.authenticate(signed_in.access)
