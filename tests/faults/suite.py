"""The scenarios by name, with the figures of both tiers: the short one for every commit, the long one for a release."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from faults import scenarios_links, scenarios_people, scenarios_servers, scenarios_stores
from faults.crowd import Load
from faults.run import Run

#: The short tier shares two cores with other tests, and is about what is kept and not about figures: its limits of time
#: are so many times as long, which only something that hangs exceeds.
SHORT_SLACK = 20.0
_FEW = Load(rooms=3, writers=12, rate=6.0)
_MANY = Load(rooms=16, writers=64, rate=8.0)


class Scenario(NamedTuple):
    """`short` is None where it takes too long for every commit."""

    play: Callable[..., Awaitable[None]]
    long: Mapping[str, Any]
    short: Mapping[str, Any] | None


SUITE: Mapping[str, Scenario] = {
    "servers": Scenario(
        scenarios_servers.servers,
        {"load": _MANY, "seconds": 60.0},
        {"load": _FEW, "seconds": 5.0},
    ),
    "redis": Scenario(
        scenarios_stores.redis,
        {"load": _MANY, "kills": 12},
        {"load": _FEW, "kills": 3},
    ),
    "redis-everysec": Scenario(
        scenarios_stores.redis,
        {"load": _MANY, "kills": 12, "appendfsync": "everysec"},
        {"load": _FEW, "kills": 2, "appendfsync": "everysec"},
    ),
    "disk": Scenario(scenarios_stores.disk, {"load": _MANY, "kills": 4, "stall_ms": 4_000}, None),
    "disk-everysec": Scenario(
        scenarios_stores.disk, {"load": _MANY, "kills": 4, "stall_ms": 4_000, "appendfsync": "everysec"}, None
    ),
    "postgres": Scenario(
        scenarios_stores.postgres,
        {"load": _MANY._replace(rate=4.0), "outage_s": 60.0},
        {"load": _FEW, "outage_s": 2.5},
    ),
    "wipe": Scenario(
        scenarios_stores.wipe,
        {"load": _MANY, "times": 5, "rest_s": 3.0},
        {"load": _FEW, "times": 2, "rest_s": 1.0},
    ),
    "wipe-away": Scenario(
        scenarios_stores.wipe,
        {"load": _MANY, "times": 3, "rest_s": 5.0, "away_too": True},
        {"load": _FEW, "times": 1, "rest_s": 1.5, "away_too": True},
    ),
    "wipe-many": Scenario(
        scenarios_stores.wipe, {"load": Load(rooms=1_000, writers=0), "times": 2, "rest_s": 2.0}, None
    ),
    "both": Scenario(
        scenarios_servers.both,
        {"load": _MANY, "orders": 6, "wipe": False, "seconds": 3.0},
        {"load": _FEW, "orders": 1, "wipe": False, "seconds": 1.0},
    ),
    "both-wiped": Scenario(
        scenarios_servers.both,
        {"load": _MANY, "orders": 6, "wipe": True, "seconds": 3.0},
        {"load": _FEW, "orders": 1, "wipe": True, "seconds": 1.0},
    ),
    "resume": Scenario(
        scenarios_links.resume,
        {"bursts": [(2_000, away_s) for away_s in (0.0, 1.0, 10.0, 60.0, 300.0)], "listeners": 9, "beyond": True},
        {"bursts": [(240, 0.5)], "listeners": 6, "beyond": False},
    ),
    "replies": Scenario(
        scenarios_links.replies,
        {"load": _MANY._replace(rate=4.0), "shares": (0.02, 0.05, 0.1, 0.2), "seconds": 10.0},
        {"load": _FEW, "shares": (0.1,), "seconds": 3.0},
    ),
    "drain": Scenario(
        scenarios_servers.drain,
        {"load": Load(rooms=64, writers=32, rate=2.0), "idle": 3_000, "idle_rooms": 60},
        {"load": _FEW, "idle": 90, "idle_rooms": 3},
    ),
    "half-open": Scenario(
        scenarios_links.half_open,
        {"load": _MANY._replace(rate=4.0), "client_s": 46.0},
        {"load": _FEW, "client_s": None},
    ),
    "frozen": Scenario(
        scenarios_stores.frozen,
        {"load": _MANY._replace(rate=4.0), "seconds": 10.0, "latency_ms": 200.0},
        {"load": _FEW, "seconds": 4.0, "latency_ms": 100.0},
    ),
    "slow": Scenario(
        scenarios_people.slow,
        {"load": Load(rooms=1, writers=10, rate=5.0), "stalled": 20, "seconds": 10.0, "harm_ms": 5.0},
        {"load": Load(rooms=1, writers=12, rate=6.0), "stalled": 2, "seconds": 2.0, "harm_ms": 100.0},
    ),
    "host": Scenario(scenarios_people.host, {"swallowed": True}, {"swallowed": False}),
}


async def perform(run: Run, *, short: bool) -> None:
    """Play a scenario by its name. Raises AssertionError where a promise is broken."""
    scenario = SUITE[run.name]
    figures = scenario.short if short else scenario.long
    assert figures is not None, f"{run.name} has no short form"
    await scenario.play(run, **figures)


def short_names() -> list[str]:
    return [name for name, scenario in SUITE.items() if scenario.short is not None]
