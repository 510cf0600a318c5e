"""A Redis that is emptied under people who listen: the room comes back by itself, and nobody has to reload."""

from collections.abc import Callable

import pytest
from browser_world import PLAYS_ALOUD, Person, Roomd, open_room, wait_until
from playwright.sync_api import expect
from redis import Redis
from test_browser_evening import BOUND_MS, add_a_song, join_by_code, jumps, measure, say

pytestmark = pytest.mark.browser


def epoch(person: Person) -> int:
    return int(person.page.evaluate("() => window.roomd.client.place?.epoch ?? 0"))


def test_the_page_survives_an_emptied_redis(roomd: Roomd, invite: Callable[..., Person]) -> None:
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
    redis.close()
