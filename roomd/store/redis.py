"""Connections to Redis, one server or a cluster, and its failures as refusals.

Writes are never retried by the client: a reply lost after the write was made would double it (measured: 21 of 1,000
with redis-py's default). The engine repeats a command under the same id instead, and the commit script knows it.
"""

from contextlib import AbstractContextManager
from types import TracebackType

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from roomd.domain.refusals import Unavailable
from roomd.store.cluster import Cluster
from roomd.store.life import Life
from roomd.store.link import Link
from roomd.store.pool import Pool, bounds
from roomd.store.quick import Quick
from roomd.store.seeds import seeds

_AWAY = (RedisConnectionError, RedisTimeoutError, OSError, OutOfMemoryError, ReadOnlyError)


def connect(url: str, life: Life | None = None) -> Redis:
    """A client without retries; of a cluster where the address names several servers, of a single one otherwise.

    Nothing is sent before the first command; `life` meets every connection first.
    """
    if len(seeds(url)) > 1:
        return _cluster(url, life)
    meeting = {"redis_connect_func": life.meet} if life else {}
    # Made this way, the client closes the pool when it is closed itself.
    pool = Pool.from_url(url, **bounds(), **meeting)
    return Quick(pool, Link(url, life or Life())) if Link.fits(url) else Redis.from_pool(pool)


async def opened(url: str, life: Life | None = None) -> Redis:
    """As `connect`; a single address is asked whether it is one of a cluster, and none if it does not answer."""
    if url.startswith("unix:") or len(seeds(url)) > 1:
        return connect(url, life)
    asking = Redis.from_pool(Pool.from_url(url, **bounds()))
    try:
        mode = (await asking.info("server")).get("redis_mode")
    except (RedisError, OSError):
        mode = None
    finally:
        await asking.aclose(close_connection_pool=True)
    return _cluster(url, life) if mode == "cluster" else connect(url, life)


def _cluster(url: str, life: Life | None) -> Cluster:
    cluster = Cluster(seeds(url))
    if life is not None:
        life.spread(cluster)
    return cluster


class _Answering:
    """Without a generator: it stands around every command, and one takes 3 µs."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, tb: TracebackType | None) -> None:
        if isinstance(fault, _AWAY):
            raise Unavailable("The room store does not answer. Try again in a moment.") from fault
        if isinstance(fault, RedisError) and str(fault).startswith(("LOADING", "MISCONF", "BUSY")):
            raise Unavailable("The room store is not ready. Try again in a moment.") from fault


_ANSWERING = _Answering()


def answering() -> AbstractContextManager[None]:
    """Turns Redis' not answering, or not being able to store, into Unavailable."""
    return _ANSWERING
