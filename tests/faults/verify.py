"""After a run: have everything answered and archived, gather the evidence, and judge."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random

from faults.checker import Evidence, Snapshot, Verdict, check
from faults.client import Client
from faults.crowd import Crowd, all_in
from faults.ledger import Ledger, Line
from faults.records import archived, reached, shelved

#: Seconds until the last command is answered, and the last commit archived, after all faults have ended.
_ANSWERED_S = 30.0
_ARCHIVED_S = 15.0
#: Lines of chat that rooms keep for sure, and that are shown at a time.
_CHAT_KEPT = 4_500
_PAGE = 200
#: Rooms that are looked at together at the end.
_AT_ONCE = 50


async def verify(crowd: Crowd, *, wiped_while_away: bool = False) -> Verdict:
    """Judge every room of the crowd, which writes no more from here on. Raises AssertionError when that never ends."""
    await crowd.pause()
    await crowd.settled(_ANSWERED_S)
    shots = await _snapshots(crowd)
    await crowd.leave()
    await _all_archived(crowd, shots)
    records, shelves = await archived(crowd.world.database_url), await shelved(crowd.world.database_url)
    verdict = Verdict()
    for room in crowd.rooms:
        stories = {
            f"client {number} ({each.person.name})": each.story
            for number, each in enumerate(crowd.clients)
            if each.room == room
        }
        lines = [line for line in crowd.ledger if line.room == room]
        verdict.add(
            check(
                Evidence(
                    room,
                    lines,
                    stories,
                    records.get(room, []),
                    shots[room],
                    await _chat(crowd, room, lines),
                    shelves.get(room),
                    wiped_while_away,
                )
            )
        )
    return verdict


async def _chat(crowd: Crowd, room: str, lines: Sequence[Line]) -> Mapping[str, int] | None:
    """How often each command's line is in the room's chat, as people page through it; None where it was too much."""
    if sum(line.kind == "say" for line in lines) > _CHAT_KEPT:
        return None
    found: Counter[str] = Counter()
    oldest = ""
    while True:
        path = f"/api/rooms/{room}/messages/?limit={_PAGE}{oldest}"
        answer = await crowd.world.call("GET", path, crowd.hosts[room])
        page = answer.json()["messages"]
        found.update(each["message"].rpartition("#")[2] for each in page)
        if len(page) < _PAGE:
            return found
        oldest = f"&before={page[0]['id']}"


async def _snapshots(crowd: Crowd) -> dict[str, list[Snapshot]]:
    """What each server shows of each room to its host, come anew."""
    found: dict[str, list[Snapshot]] = {room: [] for room in crowd.rooms}
    for number, server in enumerate(crowd.world.servers):
        for start in range(0, len(crowd.rooms), _AT_ONCE):
            visitors = [_visitor(crowd, room, number) for room in crowd.rooms[start : start + _AT_ONCE]]
            await all_in(visitors, _ANSWERED_S)
            for each in visitors:
                told = next(step for step in each.story if step.kind == "state")
                found[each.room].append(Snapshot(server.name, told.epoch, told.rev, each.state))
            await asyncio.gather(*(each.stop() for each in visitors))
    return found


def _visitor(crowd: Crowd, room: str, number: int) -> Client:
    made = Client(crowd.hosts[room], room, crowd.world.door(number), Ledger(), Random(number))
    made.resuming = False
    made.start()
    return made


async def _all_archived(crowd: Crowd, shots: dict[str, list[Snapshot]]) -> None:
    """Wait until all that anybody was told of is in the archive."""
    wanted = {room: max((each.epoch, each.rev) for each in found) for room, found in shots.items()}
    for client in crowd.clients:
        wanted[client.room] = max(wanted[client.room], client.position or (0, 0))
    end = time.monotonic() + _ARCHIVED_S
    while True:
        held = await reached(crowd.world.database_url)
        behind = {room: (held.get(room), at) for room, at in wanted.items() if held.get(room, (0, 0)) < at}
        if not behind:
            return
        assert time.monotonic() < end, f"not archived {_ARCHIVED_S} s after the end: {behind}"
        await asyncio.sleep(0.1)
