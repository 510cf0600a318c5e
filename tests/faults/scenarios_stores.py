"""Stores that are killed, stalled, frozen, cut off and wiped while everybody writes."""

import asyncio
import time

from faults.crowd import Crowd, Load, crowd
from faults.records import reached
from faults.run import Run
from faults.stall import Disk, can_stall
from faults.world import World

#: Seconds after which an outage of PostgreSQL is known of, and acknowledgements do not wait for it.
_NOTICED_S = 5.0
_ARCHIVED_S = 10.0
_ANSWERED_S = 30.0


async def redis(
    run: Run, *, load: Load, kills: int, between_s: tuple[float, float] = (0.5, 1.5), appendfsync: str = "always"
) -> None:
    """kill -9 of Redis, and its return a moment later."""
    async with run.world(servers=2, appendfsync=appendfsync) as world, crowd(world, load) as people:
        people.write()
        backs = []
        for _ in range(kills):
            await asyncio.sleep(world.dice.uniform(*between_s))
            await world.redis.kill()
            await asyncio.sleep(world.dice.uniform(0.0, 0.5))
            await world.redis.start()
            backs.append(time.monotonic())
        await asyncio.sleep(1.0)
        await run.judge(people)
        for moment in backs:
            run.recovered(people.ledger.back_after(moment), 2.0)
        run.note(appendfsync=appendfsync, slowest_ack_s=round(people.ledger.slowest_s(), 2))


async def disk(run: Run, *, load: Load, kills: int, stall_ms: int, appendfsync: str = "always") -> None:
    """kill -9 of Redis on a disk that takes seconds to write; what was not written is gone, as after a power cut."""
    if not can_stall():
        run.note(skipped="no C compiler")
        return
    with Disk() as stalled:
        wanted = {"appendfsync": appendfsync, "redis_before": stalled.before}
        async with run.world(servers=2, **wanted) as world, crowd(world, load) as people:
            people.write()
            dropped = 0
            backs = []
            for _ in range(kills):
                await asyncio.sleep(1.5)
                stalled.stall(stall_ms)
                await asyncio.sleep(world.dice.uniform(0.5, 1.5) * stall_ms / 1_000)
                await world.redis.kill()
                stalled.stall(0)
                dropped += stalled.lose_power(world.redis.plan.folder)
                await world.redis.start()
                backs.append(time.monotonic())
            await asyncio.sleep(1.0)
            await run.judge(people)
            for moment in backs:
                run.recovered(people.ledger.back_after(moment), 2.0)
            run.note(appendfsync=appendfsync, bytes_never_written=dropped)


async def postgres(
    run: Run, *, load: Load, outage_s: float, ways: tuple[str, ...] = ("kill", "freeze", "swallow")
) -> None:
    """PostgreSQL goes away in three ways, and comes back."""
    async with run.world(servers=2, links=True) as world, crowd(world, load) as people:
        people.write()
        for way in ways:
            await world.ready("ready", _ARCHIVED_S * run.slack)
            began = time.monotonic()
            await _take_away(world, way)
            run.at_most("degraded_s", await world.ready("degraded", 4 * _NOTICED_S), _NOTICED_S)
            await asyncio.sleep(max(0.0, outage_s - (time.monotonic() - began)))
            _went_on(run, people, began)
            await _give_back(world, way)
            back = time.monotonic()
            wanted = {client.room: client.position for client in people.clients}
            run.at_most("backlog_archived_s", await _archived(world, wanted, back), _ARCHIVED_S)
            await people.one_more_each()
        unready = [answer for answer in world.answers if answer[0] != 200]
        run.require(not unready, f"without PostgreSQL a server called itself {unready}")
        await run.judge(people)
        run.note(accepted=people.ledger.accepted(), slowest_ack_s=round(people.ledger.slowest_s(), 2))


def _went_on(run: Run, people: Crowd, began: float) -> None:
    """Rooms went on during the outage, and said that it was one."""
    now = time.monotonic()
    run.at_most("rooms_went_on_s", people.ledger.back_after(began), 3.0)
    during = people.ledger.since(began + _NOTICED_S, now) or people.ledger.since(began + 0.5, now)
    run.require(bool(during), "nothing was acknowledged while PostgreSQL was away")
    run.at_most("ack_while_away_s", max((line.took_s for line in during), default=None), 3.0)
    wrong = [line for line in people.ledger.since(began + 3.0, now) if line.archived]
    run.require(not wrong, f"{len(wrong)} commands were called archived while PostgreSQL was away")


async def _take_away(world: World, way: str) -> None:
    match way:
        case "kill":
            await world.postgres.kill()
        case "freeze":
            world.postgres.freeze()
        case _:
            for each in world.links:
                each.postgres.swallow()


async def _give_back(world: World, way: str) -> None:
    match way:
        case "kill":
            await world.postgres.start()
        case "freeze":
            world.postgres.thaw()
        case _:
            for each in world.links:
                each.postgres.clear()


async def _archived(world: World, wanted: dict[str, tuple[int, int] | None], since: float) -> float:
    """Seconds until all rooms are archived up to where they were. Raises TimeoutError."""
    async with asyncio.timeout(60.0):
        while True:
            held = await reached(world.database_url)
            if all(held.get(room, (0, 0)) >= (at or (0, 0)) for room, at in wanted.items()):
                return time.monotonic() - since
            await asyncio.sleep(0.1)


async def wipe(run: Run, *, load: Load, times: int, rest_s: float, away_too: bool = False) -> None:
    """Redis loses everything under load; with `away_too`, PostgreSQL stands still when that happens."""
    async with run.world(servers=2) as world, crowd(world, load) as people:
        people.write()
        for _ in range(times):
            await asyncio.sleep(rest_s)
            if away_too:
                world.postgres.freeze()
                await asyncio.sleep(rest_s)
            await world.redis.wipe()
            await world.redis.start()
            if away_too:
                await asyncio.sleep(rest_s)
                world.postgres.thaw()
            back = time.monotonic()
            await people.one_more_each()
            run.recovered(people.ledger.back_after(back), 5.0)
        await run.judge(people, wiped_while_away=away_too)
        run.note(rooms=len(people.rooms), given_up=run.verdict.given_up)


async def frozen(run: Run, *, load: Load, seconds: float, latency_ms: float) -> None:
    """Redis stands still; later it is slow."""
    async with run.world(servers=2, links=True) as world, crowd(world, load) as people:
        people.write()
        await asyncio.sleep(1.0)
        before = max(server.rss_mb for server in world.servers)
        world.redis.freeze()
        began = time.monotonic()
        await asyncio.sleep(seconds)
        grown = max(server.rss_mb for server in world.servers) - before
        world.redis.thaw()
        back = time.monotonic()
        await people.one_more_each()
        run.recovered(people.ledger.back_after(back), 2.0)
        run.at_most("rss_grown_mb", grown, 20.0)
        for each in world.links:
            each.redis.delay_ms = latency_ms / 2
        slow = time.monotonic()
        await asyncio.sleep(seconds / 2)
        run.require(bool(people.ledger.since(slow + 1.0)), f"nothing was done while Redis was {latency_ms} ms away")
        for each in world.links:
            each.redis.delay_ms = 0.0
        await people.pause()
        await people.settled(_ANSWERED_S)
        run.answered(people, began)
        await run.judge(people)
