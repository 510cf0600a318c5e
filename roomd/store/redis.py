"""Connections to Redis, and its failures as refusals.

Writes are never retried by the client: a reply lost after the write was made would double it (measured: 21 of 1,000
with redis-py's default). The engine repeats a command under the same id instead, and the commit script knows it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from roomd.domain.refusals import Unavailable
from roomd.store.life import Life

#: Seconds until a command that Redis does not answer is given up.
ANSWER_S = 2.2
CONNECT_S = 1.0
MAX_CONNECTIONS = 32


def connect(url: str, life: Life | None = None) -> Redis:
    """A client without retries. Nothing is sent before the first command; `life` meets every connection first."""
    meeting = {"redis_connect_func": life.meet} if life else {}
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=MAX_CONNECTIONS,
        timeout=ANSWER_S,
        socket_timeout=ANSWER_S,
        socket_connect_timeout=CONNECT_S,
        retry=Retry(NoBackoff(), 0),
        **meeting,
    )
    # Made this way, the client closes the pool when it is closed itself.
    return Redis.from_pool(pool)


@contextmanager
def answering() -> Iterator[None]:
    """Turns Redis' not answering, or not being able to store, into Unavailable."""
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError, OSError, OutOfMemoryError, ReadOnlyError) as fault:
        raise Unavailable("The room store does not answer. Try again in a moment.") from fault
    except RedisError as fault:
        if str(fault).startswith(("LOADING", "MISCONF", "BUSY", "CLUSTERDOWN", "TRYAGAIN")):
            raise Unavailable("The room store is not ready. Try again in a moment.") from fault
        raise
