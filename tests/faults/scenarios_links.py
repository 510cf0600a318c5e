"""Links that are cut, that lose answers, and that swallow everything."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial

from faults.client import Client
from faults.crowd import Crowd, Load, all_in, crowd
from faults.run import Run
from faults.told import Heard, Resume
from faults.waiting import until
from faults.world import World

#: What a client may resume over, and what it may take.
_WINDOW = 5_000
_RESUME_S = 0.5
#: Lines that one of a chorus says in a burst, and those of them that its socket takes at once.
_LINES_EACH = 50
_LINES_AT_ONCE = 16
_PATIENCE_S = 60.0
#: Until somebody has it come back.
_FOR_GOOD_S = 86_400.0


async def resume(run: Run, *, bursts: Sequence[tuple[int, float]], listeners: int, beyond: bool) -> None:
    """Links are cut, for so long and while so much happens as each of the bursts (events, seconds) says.

    With 0 seconds they come back while it happens, otherwise when it is over. Some are cut again while they resume,
    one twice with nothing between, and all come back to any server. With `beyond`, one also misses more than may be
    resumed over.
    """
    async with run.world(servers=2) as world, crowd(world, Load(1, 0)) as people:
        chorus = [people.client(world.person(), people.rooms[0]) for _ in range(_singers(bursts))]
        ears = [people.client(world.person(), people.rooms[0]) for _ in range(listeners)]
        await all_in([*chorus, *ears], _PATIENCE_S)
        for each in chorus[1:]:
            each.absent_minded, each.resuming = True, False
        for events, away_s in bursts:
            again = [each for number, each in enumerate(ears) if number % 3 == 1]
            for each in again:
                _cut_again(each, world.dice.randrange(1, max(2, events // 2)))
            for each in ears:
                each.cut(_FOR_GOOD_S if away_s else 0.0)
            began = time.monotonic()
            await _sing(people, chorus, events)
            await asyncio.sleep(max(0.0, away_s - (time.monotonic() - began)))
            for each in ears if away_s else ():
                # One after the other: what is to be known is how long one takes, not how many of them there are.
                await each.come_back()
            await _all_know(ears, chorus)
            for _ in range(2):
                # Nothing happens between these two, but for the closing and opening of its own connection.
                ears[0].cut()
                await _all_know(ears, chorus)
        missed = max(events for events, _ in bursts)
        _judge_resumes(run, [each for ear in ears for each in ear.resumes], missed)
        await _strangers(run, people, ears[0])
        if beyond:
            await _far_behind(run, people, chorus, ears[1])
        await run.judge(people)


def _singers(bursts: Sequence[tuple[int, float]]) -> int:
    return max(2, max(events for events, _ in bursts) // _LINES_EACH)


async def _sing(people: Crowd, chorus: Sequence[Client], events: int) -> None:
    """So many events, about as quickly as they are taken from so many sockets."""

    async def sing(client: Client, lines: int) -> None:
        for number in range(lines):
            client.ask("say", must=True, text=f"la {number}")
            # What goes beyond the measure of a socket is refused, and would have to be sent again.
            await asyncio.sleep(0 if number < _LINES_AT_ONCE else 0.11)

    await asyncio.gather(*(sing(each, -(-events // len(chorus))) for each in chorus))
    await people.settled(_PATIENCE_S)


def _cut_again(client: Client, after: int) -> None:
    """Have the next resuming break off once so many commits of the past have come."""
    left = after

    def count(heard: Heard) -> None:
        nonlocal left
        left -= client.catching_up
        if left == 0:
            client.cut()

    client.on_commit = count


async def _all_know(ears: Sequence[Client], chorus: Sequence[Client]) -> None:
    """Wait until all listeners are connected, and know what the others know. Raises TimeoutError."""
    async with asyncio.timeout(_PATIENCE_S):
        # Whoever was cut a moment ago may not have noticed yet.
        await asyncio.sleep(0.05)
        while True:
            await asyncio.gather(*(each.welcomed.wait() for each in ears))
            newest = chorus[0].position or (0, 0)
            if all(each.position is not None and each.position >= newest for each in ears):
                return
            await asyncio.sleep(0.02)


def _judge_resumes(run: Run, resumes: Sequence[Resume], missed: int) -> None:
    """All that were within the window were resumed, in time; and the harness did cut as it was to."""
    inside = [each for each in resumes if each.upto - each.rev <= _WINDOW]
    refused = [each for each in inside if not each.resumed]
    run.require(not refused, f"{len(refused)} of {len(inside)} were not resumed, such as {refused[:1]}")
    run.require(any(each.upto - each.rev <= 2 for each in inside), "nobody resumed with nothing between")
    run.require(any(each.upto - each.rev >= missed for each in inside), "nobody missed a whole burst")
    run.note(resumes=len(inside), most_missed=max((each.upto - each.rev for each in inside), default=0))
    run.at_most("resume_s", max((each.took_s for each in inside), default=None), _RESUME_S)


async def _strangers(run: Run, people: Crowd, known: Client) -> None:
    """Positions that are of no history here are answered with a state."""
    assert known.position is not None
    epoch, rev = known.position
    for offered in ((epoch + 1, rev), (epoch, rev + 1_000), (epoch, 0)):
        visitor = people.client(people.world.person(), people.rooms[0])
        await all_in([visitor], _PATIENCE_S)
        # As if it had known this, and nothing since.
        visitor.story.clear()
        visitor.position = offered
        visitor.cut()
        await until(partial(bool, visitor.story), _PATIENCE_S)
        run.require(visitor.story[0].kind == "state", f"whoever claimed to know {offered} was told {visitor.story[0]}")
        await visitor.stop()


async def _far_behind(run: Run, people: Crowd, chorus: Sequence[Client], ear: Client) -> None:
    """Whoever misses more than the window gets a state, and no half of a past."""
    count = len(ear.resumes)
    ear.cut(_FOR_GOOD_S)
    await _sing(people, chorus, _WINDOW + 50)
    await ear.come_back()
    run.require(len(ear.resumes) > count and not ear.resumes[-1].resumed, "somebody resumed over more than the window")
    run.require(ear.story[-1].kind == "state" or ear.story[-2].kind == "state", "no state came in place of the past")


async def replies(run: Run, *, load: Load, shares: Sequence[float], seconds: float, parallel: int = 50) -> None:
    """Requests are carried out and their answers lost, a share of those to Redis and of those of clients."""
    async with run.world(servers=2, links=True) as world, crowd(world, load) as people:
        people.write()
        for share in shares:
            for each in world.links:
                each.redis.lose, each.redis.losing = share, b"EVALSHA"
                each.clients.lose = share
            await asyncio.sleep(seconds)
        for each in world.links:
            each.redis.lose = each.clients.lose = 0.0
        await people.pause()
        await people.settled(_PATIENCE_S)
        lost = sum(each.redis.lost for each in world.links), sum(each.clients.lost for each in world.links)
        run.require(min(lost) > 0, f"no answers were lost: {lost}")
        run.note(lost_by_redis=lost[0], lost_to_clients=lost[1])
        await _at_once(run, people, parallel)
        await run.judge(people)


async def _at_once(run: Run, people: Crowd, times: int) -> None:
    """The same command so many times in parallel, through every server: one effect, one answer."""
    person = people.world.person()
    doors = [people.world.door(number) for number in range(len(people.world.servers))]
    # Somebody may have a room open ten times.
    mouths = [people.client(person, people.rooms[0], doors[number % len(doors)]) for number in range(10)]
    await all_in(mouths, _PATIENCE_S)
    line = mouths[0].ask("say", must=True, text="all at once")
    for number in range(1, times):
        mouths[number % len(mouths)].repeat(line, mouths[0])
    await until(lambda: len(line.acks) == times, _PATIENCE_S, "an answer each time that a command is sent")
    run.require(len(set(line.acks)) == 1, f"the same command was answered in several ways: {set(line.acks)}")
    run.note(same_command=times)


async def half_open(run: Run, *, load: Load, client_s: float | None) -> None:
    """Links that swallow everything: to Redis the subscription, then all; to PostgreSQL; and from a client.

    `client_s`: how long a client's silence may go unnoticed, where that is to be waited for.
    """
    async with run.world(servers=2, links=True) as world, crowd(world, load) as people:
        here = people.client(world.person(), people.rooms[0], world.door(0))
        there = people.client(world.person(), people.rooms[0], world.door(1))
        await all_in([here, there], _PATIENCE_S)
        people.write()
        run.at_most("deaf_s", await _deaf(world, here, there), 5.0)
        await _mute(run, world, people)
        await people.pause()
        await people.settled(_PATIENCE_S)
        if client_s is not None:
            run.at_most("client_gone_s", await _gone(world, people, there), client_s)
        await run.judge(people)


async def _deaf(world: World, here: Client, there: Client) -> float:
    """Swallow what one server is subscribed to: seconds until its clients hear of what happens at another."""
    wire = world.links[0].redis
    wire.swallow(only=b"SUBSCRIBE")
    line = there.ask("say", must=True, text="can you hear me")
    took = await until(lambda: any(told.command == line.id for told in here.story), _PATIENCE_S)
    wire.clear()
    return took


async def _mute(run: Run, world: World, people: Crowd) -> None:
    """Break all between one server and Redis for a while: its clients are answered, if only that it cannot be.

    First the links there are go dead, then all are broken and refused, and then all go dead.
    """
    wire = world.links[0].redis
    ways = ((partial(wire.swallow, new_links_too=False), 1.0), (wire.refuse, 1.0), (wire.swallow, 5.0))
    for spoil, seconds in ways:
        began = time.monotonic()
        spoil()
        await asyncio.sleep(seconds)
        wire.accept()
        wire.clear()
        back = time.monotonic()
        await people.one_more_each()
        run.recovered(people.ledger.back_after(back), 2.0)
        run.answered(people, began)


async def _gone(world: World, people: Crowd, there: Client) -> float:
    """Swallow a client: seconds until the room knows that they are not there."""
    wire = world.links[0].clients
    quiet = people.client(world.person(), people.rooms[0], world.door(0))
    await all_in([quiet], _PATIENCE_S)
    quiet.patience_s = 3_600.0
    before = len(there.story)
    wire.swallow()
    took = await until(lambda: any(told.by == quiet.person.id for told in there.story[before:]), 2 * _PATIENCE_S)
    wire.clear()
    return took
