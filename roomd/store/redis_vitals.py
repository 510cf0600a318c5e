"""How a Redis is: what it is, what it keeps, how much it may hold, how fast it answers. Only asked, nothing written."""

import time
from statistics import median
from typing import Any

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from roomd.domain.refusals import Unavailable
from roomd.store.redis import connect

#: Of so many answers the one in the middle is told; of fewer, where they take more than a second together.
PINGS = 20
_PINGING_S = 1.0


class RedisVitals(Struct, frozen=True, kw_only=True):
    """Bytes, and milliseconds; `most` is 0 where there is no limit. `save` is None where it may not be asked for.

    `ahead_ms`: how far its clock is ahead of ours.
    """

    version: tuple[int, ...]
    appends: bool
    save: str | None
    cannot_write: bool
    replica: bool
    policy: str
    used: int
    most: int
    machine: int
    ping_ms: float
    ahead_ms: float


async def look(url: str) -> RedisVitals:
    """Raises Unavailable, with the reason, and ValueError for an address that is none."""
    redis = connect(url)
    try:
        info: dict[str, Any] = await redis.info()
        return RedisVitals(
            version=tuple(int(part) for part in str(info.get("redis_version", "0")).split(".") if part.isdecimal()),
            appends=bool(info.get("aof_enabled")),
            save=await _save(redis),
            cannot_write="err" in {info.get("aof_last_write_status"), info.get("rdb_last_bgsave_status")},
            replica=info.get("role") == "slave",
            policy=str(info.get("maxmemory_policy", "")),
            used=int(info.get("used_memory", 0)),
            most=int(info.get("maxmemory", 0)),
            machine=int(info.get("total_system_memory", 0)),
            ping_ms=await _ping_ms(redis),
            ahead_ms=await _ahead_ms(redis),
        )
    except AuthenticationError:
        raise Unavailable("it does not accept the user or password of REDIS_URL") from None
    except (RedisError, OSError) as fault:
        raise Unavailable(str(fault).strip().rstrip(".") or type(fault).__name__) from None
    finally:
        await redis.aclose(close_connection_pool=True)


async def _save(redis: Redis) -> str | None:
    """Hosts of Redis often keep its configuration to themselves."""
    try:
        said = await redis.config_get("save")
    except ResponseError:
        return None
    value = next(iter(said.values()), "")
    return value.decode() if isinstance(value, bytes) else str(value)


async def _ping_ms(redis: Redis) -> float:
    took: list[float] = []
    until = time.perf_counter() + _PINGING_S
    while len(took) < PINGS and (began := time.perf_counter()) < until:
        await redis.ping()
        took.append((time.perf_counter() - began) * 1_000)
    return median(took)


async def _ahead_ms(redis: Redis) -> float:
    began = time.time()
    seconds, micros = await redis.time()
    return float((seconds + micros / 1e6 - (began + time.time()) / 2) * 1_000)
