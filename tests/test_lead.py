"""How far ahead a start is set: by the listeners' round trips, within bounds that hold whatever anybody claims."""

import pytest
from hub_world import SETTINGS, house
from rooms_world import ALICE, tracks
from serving import Served
from sync_reports import heard_all, inside, noted, report

from roomd.domain.ids import RoomId
from roomd.domain.moment import START_LEAD_MS
from roomd.domain.playback import Play
from roomd.domain.sync import COUNTED_MS, MAX_LEAD_MS, lead_of


@pytest.mark.parametrize(
    ("trips", "lead"),
    [
        ([], 350),
        ([None, None], 350),
        ([0], 350),
        ([60], 350),
        ([100], 400),
        ([100, 400, 30], 850),
        ([1_000], 1_750),
        # One who lies, in a small room: at most the bound.
        ([20, 20, 1e9], 1_750),
        ([-1e9], 350),
        # In a large one: nothing, and so in the other direction.
        ([20] * 9 + [1e9], 350),
        ([200] * 99 + [1e9], 550),
        ([200] * 99 + [0], 550),
        # Where every fifth line is slow, that is no lie.
        ([20] * 80 + [500] * 20, 1_000),
    ],
)
def test_the_lead_follows_the_round_trips_within_bounds(trips: list[float | None], lead: float) -> None:
    assert lead_of([noted(rtt=trip) for trip in trips], 0.0) == lead


def test_only_what_was_reported_lately_counts() -> None:
    reports = [noted(at=0.0, rtt=800.0), noted(at=30_000.0, rtt=200.0)]
    assert lead_of(reports, COUNTED_MS) == 1_450
    assert lead_of(reports, COUNTED_MS + 1) == 550
    assert lead_of(reports, COUNTED_MS + 30_001) == START_LEAD_MS


@pytest.mark.gen_test(timeout=30)
async def test_the_engine_asks_for_the_lead_of_the_room_that_starts(redis_url: str) -> None:
    asked: list[RoomId | None] = []

    def lead(room: RoomId | None) -> float:
        asked.append(room)
        return 900.0

    async with house(redis_url) as here:
        here.clock.lead = lead
        room = await here.engine.open(SETTINGS, ALICE)
        await here.engine.handle(room.id, tracks("One"), ALICE)
        asked.clear()
        before = here.clock.now()
        started = (await here.engine.handle(room.id, Play(), ALICE)).room
        assert room.id in asked
        assert before + 900 <= started.playback.as_of <= here.clock.now() + 900


@pytest.mark.gen_test(timeout=40)
async def test_members_who_are_far_away_are_given_time(served: Served) -> None:
    alice, bob = await served.person("Alice"), await served.person("Bob")
    code = await served.room(alice, autoplay=False)
    host, guest = await inside(served, alice, code), await inside(served, bob, code)
    song = {"title": "One", "url": "https://music.example/one.mp3", "duration_ms": 600_000}
    await host.do("add", tracks=[song])

    room_id = await served.services.engine.find(code)

    async def lead() -> float:
        before = await served.services.engine.room(room_id)
        assert not before.playback.playing
        await host.do("play")
        commits = [message for message in host.heard if message["type"] == "commit"]
        while not commits or commits[-1]["rev"] <= before.rev:
            commits.append(await host.until(type="commit"))
        as_of = (await served.services.engine.room(room_id)).playback.as_of
        await host.do("pause")
        return round(as_of - float(commits[-1]["at"]))

    assert await lead() == START_LEAD_MS
    await report(host, rtt=30.0)
    await report(guest, rtt=400.0)
    for live in (host, guest):
        await heard_all(live)
    assert await lead() == 850
    await report(guest, rtt=1e12)
    await heard_all(guest)
    assert await lead() == MAX_LEAD_MS
