"""People who do not read, and hosts who are lost."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from statistics import quantiles

from faults.client import Client
from faults.crowd import Crowd, Load, all_in, crowd
from faults.records import Record, archived, counting
from faults.run import Run
from faults.told import Heard, events_of
from faults.waiting import until
from roomd.domain import rules
from roomd.domain.membership import HostChanged
from roomd.domain.playback import position_at
from roomd.domain.room import Room, RoomOpened

_PATIENCE_S = 60.0
#: A line of chat about as large as one may be: 2,000 characters of four bytes.
_LONG = "\N{PARTY POPPER}" * 1_980
_GRACE_S = 10.0
_SLOW = 4008
_TOO_SLOW = b"is too slow"


async def slow(run: Run, *, load: Load, stalled: int, seconds: float, harm_ms: float) -> None:
    """Some do not read what they are sent, while much is said. `load.rate` is of long lines."""
    async with run.world(servers=1) as world, crowd(world, load) as people:
        server = world.servers[0]
        # As long as they read, they are part of what others are compared with.
        sleepers = [await _sleeper(people) for _ in range(stalled)]
        calm = time.monotonic()
        async with _shouting(people, load.rate):
            await asyncio.sleep(seconds)
        baseline = _p99_ms(people, calm)
        for each in sleepers:
            assert each.socket is not None
            each.socket.stop_reading()
        before = server.rss_mb
        began = time.monotonic()
        async with _shouting(people, load.rate):
            await until(lambda: server.said(_TOO_SLOW) >= stalled, _PATIENCE_S, "the server lets go of slow readers")
            run.at_most("closed_after_s", time.monotonic() - began, 30.0)
            run.at_most("mb_each", (server.rss_mb - before) / stalled, 2.0)
            closed = time.monotonic()
            for each in sleepers:
                assert each.socket is not None
                each.socket.read_on()
            await until(lambda: all(each.resumes for each in sleepers), _PATIENCE_S, "slow readers come back")
        run.at_most("p99_added_ms", _p99_ms(people, began, closed) - baseline, harm_ms)
        resumed = sum(each.resumes[0].resumed for each in sleepers)
        run.require(resumed == stalled, f"{resumed} of {stalled} slow readers could resume")
        codes = [each.closes[0][0] for each in sleepers]
        run.require(set(codes) == {_SLOW}, f"slow readers were closed with {codes}")
        run.note(stalled=stalled, p99_ms=round(baseline, 1))
        await run.judge(people)


@asynccontextmanager
async def _shouting(people: Crowd, rate: float) -> AsyncIterator[None]:
    """Long lines, so many a second from each who writes."""

    async def shout(client: Client) -> None:
        while True:
            await asyncio.sleep(people.world.dice.uniform(0.8, 1.2) / rate)
            client.ask("say", must=True, text=_LONG)

    tasks = [asyncio.create_task(shout(writer.client)) for writer in people.writers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _sleeper(people: Crowd) -> Client:
    """Somebody who is let in, and for whom the kernel keeps little when they do not read."""
    made = Client(people.world.person(), people.rooms[0], people.world.doors, people.ledger, people.world.dice)
    made.receive_buffer = 65_536
    made.patience_s = 3_600.0
    people.clients.append(made)
    made.start()
    await all_in([made], _PATIENCE_S)
    # What it hears while it reads is of no interest, and would be the harness's work.
    made.absent_minded = True
    return made


def _p99_ms(people: Crowd, since: float, until_: float | None = None) -> float:
    """How long it takes until a writer is told of what they did, in all but one of a hundred cases."""
    lines = people.ledger.since(since, until_)
    took = [1_000 * (line.told_at - line.sent_at) for line in lines if line.told_at and line.sent_at >= since]
    return quantiles(took, n=100)[98]


async def host(run: Run, *, swallowed: bool) -> None:
    """The host is killed, comes back in time, comes back late; with `swallowed`, their link also goes dead."""
    async with run.world(servers=2, links=True) as world, crowd(world, Load(1, 4, 2.0)) as people:
        room = people.rooms[0]
        alice = next(each for each in people.clients if each.person == people.hosts[room])
        hosts: list[tuple[float, str, str]] = []
        watch = people.client(world.person(), room, world.door(1))
        watch.on_commit = lambda heard: _note_host(heard, hosts)
        await all_in([watch], _PATIENCE_S)
        people.write()
        alice.cut(away_s=_GRACE_S / 2)
        await asyncio.sleep(_GRACE_S / 2)
        await all_in([alice], _PATIENCE_S)
        run.require(not hosts, f"a host who came back in time was stood in for: {hosts}")
        lost = time.monotonic()
        alice.cut(away_s=3_600)
        await until(lambda: len(hosts) == 1, 3 * _GRACE_S)
        run.at_most("hand_over_s", hosts[0][0] - lost, _GRACE_S + 1)
        await alice.come_back()
        await until(lambda: len(hosts) == 2, _GRACE_S)
        run.require([why for _, why, _ in hosts] == ["lost", "returned"], f"the host changed by {hosts}")
        run.require(hosts[1][2] == alice.person.id, "somebody else than the host returned")
        if swallowed:
            await _swallowed(run, people, alice, hosts)
        await run.judge(people)
        history = counting((await archived(world.database_url))[room])
        run.at_most("position_jump_ms", _worst_jump(run, history), 100.0)


async def _swallowed(run: Run, people: Crowd, alice: Client, hosts: list[tuple[float, str, str]]) -> None:
    """The host's link goes dead: found out after 45 s of silence, and 10 s later somebody stands in."""
    here = people.world.links[0].clients
    await people.pause()
    await people.settled(_PATIENCE_S)
    for each in people.clients:
        each.doors = people.world.door(0 if each is alice else 1)
        await each.come_back()
    people.write()
    alice.patience_s = 3_600.0
    here.swallow()
    began = time.monotonic()
    await until(lambda: len(hosts) == 3, 45 + 2 * _GRACE_S)
    run.at_most("hand_over_swallowed_s", hosts[2][0] - began, 45 + _GRACE_S + 1)
    here.clear()
    await until(lambda: len(hosts) == 4, _PATIENCE_S)


def _note_host(heard: Heard, hosts: list[tuple[float, str, str]]) -> None:
    changes = [event for event in events_of(heard) if event.type == "host_changed"]
    hosts += [(time.monotonic(), event.reason, event.host) for event in changes]


def _worst_jump(run: Run, history: Sequence[Record]) -> float:
    """By how many milliseconds the position jumps where the host changes; and that there is one host at each number."""
    room: Room | None = None
    worst = 0.0
    for commit, _ in history:
        opening = next((event.room for event in commit.events if isinstance(event, RoomOpened)), None)
        before, room = room, opening if opening is not None or room is None else rules.apply(room, commit)
        assert room is not None
        run.require(room.host in room.members, f"at {commit.rev} the host {room.host} is no member")
        if before is not None and any(isinstance(event, HostChanged) for event in commit.events):
            jump = position_at(room.playback, commit.at) - position_at(before.playback, commit.at)
            worst = max(worst, abs(jump))
    return worst
