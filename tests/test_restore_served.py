"""A room restored under those who are in it: they are shown it, are there in it, or are sent to the door."""

from pathlib import Path

import pytest
from archive_world import Process, process
from serving import Live, Person, Served, serving

from roomd.carrying import Restorer, every_room
from roomd.clock import Clock
from roomd.domain.ids import RoomId
from roomd.files import Saved
from roomd.handlers.wire import CLOSE_RESTART
from roomd.store.shelf import Shelf


async def saved(tool: Process, room: RoomId) -> Saved:
    found = [each async for each in every_room(tool.core, Shelf(tool.pool), tool.clock) if each.whole.room.id == room]
    return found[0]


async def entered(served: Served, person: Person, code: str) -> Live:
    live = await served.enter(person, code)
    await live.until(type="state")
    return live


@pytest.mark.gen_test(timeout=60)
async def test_who_is_in_a_room_that_is_restored_sees_it_at_once(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    clock = Clock()
    async with (
        serving(redis_url, database_url, data_dir, clock) as here,
        serving(redis_url, database_url, data_dir, clock) as there,
        process(redis_url, database_url, clock) as tool,
    ):
        alice, bob, carol = [await here.person(name) for name in ("Alice", "Bob", "Carol")]
        code = await here.room(alice)
        room = await here.services.engine.find(code)
        hers, his = await entered(here, alice, code), await entered(there, bob, code)
        assert (await hers.do("say", text="before"))["type"] == "ack"
        kept = await saved(tool, room)
        late = await entered(here, carol, code)
        assert (await late.do("say", text="after"))["type"] == "ack"
        await Restorer(tool.core, Shelf(tool.pool), clock).restore(kept)
        # Nobody has to do anything for it.
        for live in (hers, his):
            state = (await live.until(type="state"))["room"]
            assert [line["text"] for line in state["chat"]] == ["before"]
            assert {member["id"] for member in state["members"]} == {alice.id, bob.id}
        # Carol was not in it then, so it is for the door to say whether she comes in.
        assert await late.closed() == CLOSE_RESTART
        # The sockets that stayed are open in the room, too.
        for live in (hers, his):
            while not await _both_online(here, room, alice, bob):
                await live.next()
        assert (await his.do("say", text="on we go"))["type"] == "ack"
        assert (await hers.until_event("said"))["message"]["text"] == "on we go"
        again = await entered(there, carol, code)
        assert (await again.do("say", text="hello again"))["type"] == "ack"
        commits = [message for message in hers.heard if message["type"] == "commit"]
        assert commits[-1]["epoch"] > commits[0]["epoch"]


async def _both_online(served: Served, room: RoomId, *people: Person) -> bool:
    members = (await served.services.engine.room(room)).members
    return all(members[person.id].online for person in people)  # type: ignore[index]
