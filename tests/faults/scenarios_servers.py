"""Servers that are killed, that are asked to stop, and that come back together with both stores."""

import asyncio
import signal
import time
from collections.abc import Sequence
from itertools import permutations

import httpx

from faults.client import POLITE, Client
from faults.crowd import Crowd, Load, all_in, crowd
from faults.processes import Server
from faults.run import Run
from faults.world import World

#: Idle people are let in so many at a time.
_AT_ONCE = 100
_PATIENCE_S = 120.0
#: Seconds until 3,000 who come at once are all served, by servers that share two cores with them.
_BACK_S = 40.0


async def servers(run: Run, *, load: Load, seconds: float, between_s: tuple[float, float] = (1.0, 2.0)) -> None:
    """kill -9 of one of two servers, again and again, while everybody writes."""
    async with run.world(servers=2) as world, crowd(world, load) as people:
        people.write()
        end = time.monotonic() + seconds
        kills: list[float] = []
        while time.monotonic() < end:
            rest = asyncio.create_task(asyncio.sleep(world.dice.uniform(*between_s)))
            victim = world.dice.choice(world.servers)
            kills.append(time.monotonic())
            await victim.kill()
            await victim.start()
            await rest
        await run.judge(people)
        for moment in kills:
            run.recovered(people.ledger.back_after(moment), 2.0)
        run.note(slowest_ack_s=round(people.ledger.slowest_s(), 2))


async def drain(run: Run, *, load: Load, idle: int, idle_rooms: int) -> None:
    """SIGTERM to one server, twice; then to all of them at once, as some platforms do."""
    async with run.world(servers=2) as world, crowd(world, load) as people:
        guests = await _sit_down(people, idle, idle_rooms)
        people.write()
        await asyncio.sleep(1.0)
        await _leaves(run, world, world.servers[0], guests, twice=True)
        await world.servers[0].start()
        await all_in(guests, _PATIENCE_S)
        began = time.monotonic()
        await asyncio.gather(*(_leaves(run, world, server, guests, twice=False) for server in world.servers))
        await asyncio.gather(*(server.start() for server in world.servers))
        back = time.monotonic()
        await all_in(guests, _PATIENCE_S)
        run.note(all_down_s=round(back - began, 2), sockets=len(people.clients))
        run.recovered(time.monotonic() - back, _BACK_S)
        await run.judge(people)


async def both(run: Run, *, load: Load, orders: int, wipe: bool, seconds: float) -> None:
    """Both stores and all servers are killed at once, and started in every order."""
    async with run.world(servers=2) as world, crowd(world, load) as people:
        every = list(permutations(("redis", "postgres", "servers")))
        world.dice.shuffle(every)
        for order in every[:orders]:
            people.write()
            await asyncio.sleep(seconds)
            await asyncio.gather(world.redis.kill(), world.postgres.kill(), *(each.kill() for each in world.servers))
            if wipe:
                await world.redis.wipe()
            await _start(world, order)
            back = time.monotonic()
            await people.one_more_each()
            run.recovered(people.ledger.back_after(back), 5.0)
            await people.pause()
        run.note(orders=min(orders, len(every)), wiped=wipe)
        # What was acknowledged between the death of the one and of the other was only accepted.
        await run.judge(people, wiped_while_away=wipe)


async def _sit_down(people: Crowd, count: int, rooms: int) -> list[Client]:
    """People who only listen, evenly over the last of the rooms."""
    guests: list[Client] = []
    while len(guests) < count:
        some = range(len(guests), min(count, len(guests) + _AT_ONCE))
        fresh = [people.client(people.world.person(), people.rooms[-1 - n % rooms]) for n in some]
        for each in fresh:
            # Thousands who come at once take their time; whoever tries again too soon makes it longer.
            each.patience_s, each.backoff = _PATIENCE_S, POLITE
        await all_in(fresh, _PATIENCE_S)
        guests += fresh
    return guests


async def _leaves(run: Run, world: World, server: Server, guests: Sequence[Client], *, twice: bool) -> None:
    """Ask a server to stop, and hold it to how it is to go."""
    here = [guest for guest in guests if guest.socket is not None and guest.socket.port == server.port]
    before = [len(guest.closes) for guest in here]
    asked = time.monotonic()
    server.signal(signal.SIGTERM)
    said = asyncio.create_task(_draining(world, server.port or 0))
    if twice:
        await asyncio.sleep(0.1)
        server.signal(signal.SIGTERM)
    status = await server.terminate()
    run.at_most("exit_s", time.monotonic() - asked, 10.0)
    run.require(status == 0, f"{server.name} ended with {status} after SIGTERM")
    run.require(await said in {"draining", "gone"}, f"{server.name} said that it was {await said} after SIGTERM")
    closes = [guest.closes[count] for guest, count in zip(here, before, strict=True) if len(guest.closes) > count]
    polite = sum(code == 1012 and reason.isdecimal() for code, reason in closes)
    run.note(closed_politely=polite)
    run.require(polite == len(here), f"{server.name} closed {polite} of {len(here)} sockets with 1012 and a wait")


async def _draining(world: World, port: int) -> str:
    """What a server that was just told to stop says of itself within a second: at last "draining", or nothing."""
    word = "silent"
    end = time.monotonic() + 1.0
    while word != "draining" and time.monotonic() < end:
        try:
            answer = await world.http.get(f"http://127.0.0.1:{port}/api/health/ready/")
        except httpx.TransportError:
            return "gone"
        word = str(answer.json().get("status"))
        await asyncio.sleep(0.01)
    return word


async def _start(world: World, order: Sequence[str]) -> None:
    """Start the parts one after the other, each a moment after the one before, whether or not that one is up."""
    starts = {
        "redis": lambda: [world.redis.start()],
        "postgres": lambda: [world.postgres.start()],
        "servers": lambda: [server.persist() for server in world.servers],
    }
    coming = []
    for part in order:
        coming += [asyncio.create_task(start) for start in starts[part]()]
        await asyncio.sleep(world.dice.uniform(0.2, 0.6))
    await asyncio.gather(*coming)
