"""A Redis that is emptied under people who listen: the room comes back by itself, and nobody has to reload. Nor is it
lost when everybody goes and it sleeps.
"""

from collections.abc import Callable

import pytest
from browser_world import PLAYS_ALOUD, Person, Roomd, entered, open_room, wait_until
from conftest import Background
from playwright.sync_api import expect
from redis import Redis
from test_browser_evening import BOUND_MS, add_a_song, join_by_code, jumps, measure, say
from test_browser_states import Line

from roomd.clock import Clock
from roomd.settings import Settings
from roomd.sleeper import Sleeper
from roomd.tools import tools

pytestmark = pytest.mark.browser

#: Hours that a room is unused before it goes to sleep here.
A_MOMENT_H = 1e-9


def epoch(person: Person) -> int:
    return int(person.page.evaluate("() => window.roomd.client.place?.epoch ?? 0"))


def test_the_page_survives_an_emptied_redis_and_a_night(
    roomd: Roomd, background: Background, invite: Callable[..., Person]
) -> None:
    alice, bob = (invite(name, PLAYS_ALOUD) for name in ("Alice", "Bob"))
    code = open_room(roomd, alice)
    join_by_code(roomd, bob, code)
    add_a_song(alice, "long walk")
    say(bob, "is this the one with the geese?")
    for person in (alice, bob):
        person.settles()
        expect(person.page.locator("#lines")).to_contain_text("geese")
        person.page.evaluate("() => { window.loaded = 'once'; }")
    before, played = epoch(alice), len(bob.play_errors())
    redis = Redis(unix_socket_path=str(roomd.data_dir / "run" / "redis.sock"))
    redis.flushall()
    # The track goes on meanwhile, and so does the talk.
    say(bob, "what was that?")
    for person in (alice, bob):
        wait_until(f"{person.name} is told of the room's new epoch", lambda p=person: epoch(p) > before)
        expect(person.page.locator("#lines")).to_contain_text("what was that?")
        expect(person.page.locator("#song-title")).to_have_text("Long Walk")
        expect(person.page.locator("#people-list")).to_contain_text("Alice")
        expect(person.page.locator("#people-list")).to_contain_text("Bob")
    say(alice, "nothing, go on")
    expect(bob.page.locator("#lines")).to_contain_text("nothing, go on")
    for person in (alice, bob):
        lines = person.page.locator("#lines").inner_text()
        for text in ("geese", "what was that?", "nothing, go on"):
            assert lines.count(text) == 1, f"{person.name} reads {text!r} {lines.count(text)} times"
        assert person.page.evaluate("() => window.loaded") == "once"
        person.settles()
    measure(alice, bob)
    assert max(jumps(bob, played)) <= BOUND_MS, "the music did not go on as if nothing had happened"
    asleep_and_awake(roomd, background, redis, alice, bob)
    redis.close()


def asleep_and_awake(roomd: Roomd, background: Background, redis: Redis, alice: Person, bob: Person) -> None:
    """Everybody goes, and the room goes to sleep; whoever comes back finds it as it was."""
    page, address = alice.page, alice.page.url
    page.locator("#toggle").click()
    expect(page.get_by_role("button", name="Play for everybody")).to_be_visible()
    bob.page.close()
    page.goto(roomd.url)
    card = page.locator("#my-rooms .room-card")
    wait_until("the room sleeps", lambda: background.run(put_to_sleep(roomd)) and not redis.keys("roomd:{*}:meta"))
    page.reload()
    expect(card).to_contain_text("Nobody there")
    alice.shot("asleep")
    line = Line(alice)
    line.way = "silent"
    card.click()
    expect(page.locator("#banner")).to_contain_text("Opening the room. One that slept takes a little longer…")
    line.let_go()
    entered(alice)
    assert page.url == address
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#song-title")).to_have_text("Long Walk")
    expect(page.locator("#lines")).to_contain_text("nothing, go on")
    say(alice, "good morning")
    expect(page.locator("#lines")).to_contain_text("good morning")
    page.locator("#toggle").click()
    alice.settles()


async def put_to_sleep(roomd: Roomd) -> bool:
    """As the server does it after hours in which nobody was there."""
    settings, clock = Settings(data_dir=roomd.data_dir), Clock()
    async with tools(settings, clock) as used:
        await Sleeper(used.core, used.shelf, clock, A_MOMENT_H).run()
    return True
