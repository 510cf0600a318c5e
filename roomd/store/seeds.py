"""Reading of REDIS_URL, which may name several servers of a cluster: `rediss://user:secret@one:6379,two:6379`."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from redis.asyncio.connection import parse_url

#: Host and port.
Address = tuple[str, int]
_PORT = 6379


class Seed(NamedTuple):
    """One server that the address names, and how its like are connected to."""

    address: Address
    how: Mapping[str, Any]


def seeds(url: str) -> list[Seed]:
    """The servers that an address names. Raises ValueError where it cannot be read."""
    parts = urlsplit(url)
    who, at, hosts = parts.netloc.rpartition("@")
    named = [parts._replace(netloc=f"{who}{at}{host}") for host in hosts.split(",")]
    return [_seed(urlunsplit(each)) for each in named]


def _seed(url: str) -> Seed:
    how: dict[str, Any] = dict(parse_url(url))
    return Seed((str(how.pop("host", "localhost")), int(how.pop("port", _PORT))), how)
