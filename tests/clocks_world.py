"""Machines with clocks of their own, on simulated time, and a Redis that tells it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from redis.asyncio import Redis

from roomd.clock import Clock
from roomd.store.reference import Reference
from roomd.timekeeper import Timekeeper

BEGAN_MS = 1_795_000_000_000.0

Delay = Callable[[Random], float]


def uniform(least: float, most: float) -> Delay:
    return lambda dice: dice.uniform(least, most)


def exponential(base: float, mean: float) -> Delay:
    return lambda dice: base + dice.expovariate(1 / mean)


#: One way between machines in one building.
NEAR = uniform(0.05, 0.4)


@dataclass
class World:
    """True time in milliseconds, and what Redis' wall clock is ahead of it."""

    ms: float = 0.0
    redis_ahead: float = 0.0

    def redis_now(self) -> float:
        return BEGAN_MS + self.ms + self.redis_ahead


@dataclass
class Machine:
    """A server: its wall clock so far ahead, its own clock so much too fast, its line to Redis with these delays."""

    world: World
    redis: Redis
    name: str
    ahead: float = 0.0
    ppm: float = 0.0
    up: Delay = NEAR
    down: Delay = NEAR
    seed: int = 1
    #: Milliseconds for which it stood still.
    stood: float = 0.0
    dice: Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = Random(f"{self.name} {self.seed}")
        self.clock = Clock(
            lambda: round((BEGAN_MS + self.world.ms + self.ahead) * 1e6),
            lambda: round((self.world.ms - self.stood) * (1 + self.ppm * 1e-6) * 1e6) + 7_000_000,
        )
        self.reference = Reference(self.redis, self.world.redis_now)
        self.keeper = Timekeeper(self.reference, self.clock, self.name)

    async def ask(self) -> None:
        """One question, as the keeper puts it; time passes meanwhile."""
        asking, sent = self.keeper.asking(), self.clock.local()
        self.world.ms += self.up(self.dice)
        reading = await self.reference.read(asking)
        self.world.ms += self.down(self.dice)
        self.keeper.take(reading, sent, self.clock.local())


async def start(*machines: Machine) -> None:
    for machine in machines:
        for _ in range(8):
            await machine.ask()
            machine.world.ms += 5


async def run(
    world: World, seconds: int, *machines: Machine, look: Callable[[float], None] = lambda second: None
) -> None:
    """So many seconds, in each of which every machine asks once; `look` is called four times in each."""
    for second in range(seconds):
        end = world.ms + 1_000
        for machine in machines:
            await machine.ask()
        for quarter in range(4):
            world.ms = max(world.ms, end - 1_000 + 250 * (quarter + 1))
            look(second + quarter / 4)


def apart(one: Machine, other: Machine) -> float:
    return abs(one.clock.now() - other.clock.now())
