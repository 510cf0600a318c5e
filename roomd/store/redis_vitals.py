"""How a Redis is: what it is, what it keeps, how much it may hold, how fast it answers. Only asked, nothing written."""

import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from msgspec import Struct, structs
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from roomd.domain.refusals import Unavailable
from roomd.store.cluster import Cluster
from roomd.store.redis import opened

#: Of so many answers the one in the middle is told; of fewer, where they take more than a second together.
PINGS = 20
_PINGING_S = 1.0
_COVERAGE = "cluster-require-full-coverage"


class RedisVitals(Struct, frozen=True, kw_only=True):
    """Bytes, and milliseconds; `most` is 0 where there is no limit. `save` is None where it may not be asked for.

    `ahead_ms`: how far its clock is ahead of ours. Of a cluster, the worst of its `masters` in each; `alone` have no
    replica, and `all_or_none`: none serves anything while one does not. `masters` is 0 for a single Redis.
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
    masters: int = 0
    alone: int = 0
    all_or_none: bool = False


async def look(url: str) -> RedisVitals:
    """Raises Unavailable, with the reason, and ValueError for an address that is none."""
    redis = await opened(url)
    try:
        if isinstance(redis, Cluster):
            return worst([await _look(master) for master in await redis.masters()])
        return structs.replace(await _look(redis), alone=0)
    except AuthenticationError:
        raise Unavailable("it does not accept the user or password of REDIS_URL") from None
    except (RedisError, OSError) as fault:
        raise Unavailable(str(fault).strip().rstrip(".") or type(fault).__name__) from None
    finally:
        await redis.aclose(close_connection_pool=True)


def worst(masters: Sequence[RedisVitals]) -> RedisVitals:
    """Of a cluster, in one."""
    fullest = max(masters, key=lambda each: each.used / (each.most or each.machine or 1))
    return RedisVitals(
        version=min(each.version for each in masters),
        appends=all(each.appends for each in masters),
        save=next((each.save for each in masters if not each.appends), masters[0].save),
        cannot_write=any(each.cannot_write for each in masters),
        replica=any(each.replica for each in masters),
        policy=next((each.policy for each in masters if each.policy != "noeviction"), "noeviction"),
        used=fullest.used,
        most=fullest.most,
        machine=fullest.machine,
        ping_ms=max(each.ping_ms for each in masters),
        ahead_ms=max((each.ahead_ms for each in masters), key=abs),
        masters=len(masters),
        alone=sum(each.alone for each in masters),
        all_or_none=any(each.all_or_none for each in masters),
    )


async def _look(redis: Redis) -> RedisVitals:
    info: dict[str, Any] = await redis.info()
    return RedisVitals(
        version=tuple(int(part) for part in str(info.get("redis_version", "0")).split(".") if part.isdecimal()),
        appends=bool(info.get("aof_enabled")),
        save=await _setting(redis, "save"),
        cannot_write="err" in {info.get("aof_last_write_status"), info.get("rdb_last_bgsave_status")},
        replica=info.get("role") == "slave",
        policy=str(info.get("maxmemory_policy", "")),
        used=int(info.get("used_memory", 0)),
        most=int(info.get("maxmemory", 0)),
        machine=int(info.get("total_system_memory", 0)),
        ping_ms=await _ping_ms(redis),
        ahead_ms=await _ahead_ms(redis),
        alone=int(not info.get("connected_slaves")),
        all_or_none=bool(info.get("cluster_enabled")) and await _setting(redis, _COVERAGE) == "yes",
    )


async def _setting(redis: Redis, name: str) -> str | None:
    """Hosts of Redis often keep its configuration to themselves."""
    try:
        said = await redis.config_get(name)
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
