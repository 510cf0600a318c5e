"""Accounts over a real PostgreSQL and a real Redis, where only time is the test's own."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, cast

import pytest
from redis.asyncio import Redis
from tornado.httputil import HTTPServerRequest
from tornado.ioloop import IOLoop

from roomd.accounts import Accounts, Caller, make_accounts
from roomd.clock import Clock
from roomd.domain.refusals import Unauthenticated
from roomd.drain import Drain
from roomd.limiting import Limiter
from roomd.passwords import Passwords
from roomd.services import Services
from roomd.settings import Settings
from roomd.store.gcra import Gcra
from roomd.store.postgres import PostgresPool, connect
from roomd.store.redis import connect as connect_redis
from roomd.store.tickets import Tickets

KEY = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"
GOOD = "correct horse battery"
HERE = Caller("192.0.2.7", "a browser")


class HandClock(Clock):
    """A clock that only the test moves."""

    def __init__(self) -> None:
        super().__init__()
        self.ms = 1_800_000_000_000.0

    def now(self) -> float:
        return self.ms

    def pass_s(self, seconds: float) -> None:
        self.ms += seconds * 1000


class World(NamedTuple):
    pool: PostgresPool
    redis: Redis
    clock: HandClock
    #: Another process's accounts, over the same stores, with these keys.
    build: Callable[..., Accounts]
    accounts: Accounts


@contextmanager
def open_world(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[World]:
    pool, redis = io_loop.run_sync(lambda: connect(database_url)), impatient_redis(redis_url)
    passwords, clock = Passwords(), HandClock()

    def build(*keys: str) -> Accounts:
        return make_accounts(pool=pool, redis=redis, keys=keys or [KEY], passwords=passwords, clock=clock)

    yield World(pool, redis, clock, build, build())
    passwords.close()
    io_loop.run_sync(pool.close)
    io_loop.run_sync(redis.aclose)


class SomeServices(NamedTuple):
    """The part of `Services` that the handlers of accounts, and the base of all handlers, have to do with."""

    settings: Settings
    clock: Clock
    accounts: Accounts | None
    drain: Drain
    limiter: Limiter
    tickets: Tickets | None = None

    def is_secure(self, request: HTTPServerRequest) -> bool:
        return Services.is_secure(cast(Services, self), request)

    def address_of(self, request: HTTPServerRequest) -> str:
        return Services.address_of(cast(Services, self), request)


def unlimited() -> Limiter:
    """No limits, so no Redis is asked."""
    return Limiter(cast(Gcra, None), 0, Clock().local)


def some_services(clock: Clock, accounts: Accounts | None = None) -> Services:
    return cast("Services", SomeServices(Settings(), clock, accounts, Drain(), unlimited()))


def impatient_redis(url: str) -> Redis:
    """A client that does not try again, so that an outage is seen at once."""
    return connect_redis(url)


async def code_of(refused: Awaitable[object]) -> str:
    """The code with which somebody was not let in."""
    with pytest.raises(Unauthenticated) as caught:
        await refused
    return caught.value.code
