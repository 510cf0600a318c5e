"""What it means when Redis does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import BusyLoadingError, ConnectionError, ReadOnlyError, TimeoutError

from roomd.domain.refusals import Unavailable


@contextmanager
def redis_needed() -> Iterator[None]:
    """Turn a lost, silent or still loading Redis into Unavailable."""
    try:
        yield
    except (ConnectionError, TimeoutError, BusyLoadingError, ReadOnlyError, OSError):
        raise Unavailable("the room store does not answer; try again in a moment") from None
