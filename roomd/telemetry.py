"""The time that all servers share, and what players say of how they keep to it, put together."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, NamedTuple

from roomd.clock import Clock
from roomd.lag import Lag
from roomd.metrics import Metrics
from roomd.pulse import PulseRooms
from roomd.store.pulses import Pulses
from roomd.store.reference import Reference
from roomd.timekeeper import Timekeeper

if TYPE_CHECKING:
    from redis.asyncio import Redis


class Telemetry(NamedTuple):
    metrics: Metrics
    pulse: PulseRooms


async def open_telemetry(redis: "Redis", clock: Clock, process: str, stack: AsyncExitStack) -> Telemetry:
    """Room time is the shared one from here on, and starts are as far ahead as the listeners' lines need."""
    keeper = Timekeeper(Reference(redis), clock, process)
    await keeper.start()
    stack.push_async_callback(keeper.stop)
    metrics = Metrics()
    metrics.gauge("roomd_clock_offset_ms", "Room time here minus the time that all servers share", keeper.offset)
    metrics.gauge("roomd_clock_uncertainty_ms", "Within what that is known, in milliseconds", keeper.uncertainty)
    lag = Lag(metrics.lag)
    lag.start()
    stack.push_async_callback(lag.stop)
    pulse = PulseRooms(Pulses(redis), process, clock.now, metrics.heard)
    stack.push_async_callback(pulse.stop)
    clock.lead = pulse.lead
    return Telemetry(metrics, pulse)
