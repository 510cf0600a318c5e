"""A file that browsers refuse is made playable by the server first: people see how far it is, and then hear it."""

import json
from collections.abc import Callable

import pytest
from browser_world import PLAYS_ALOUD, Person, Roomd, open_room
from playwright.sync_api import Route, expect

pytestmark = pytest.mark.browser


def test_a_file_that_is_being_converted_says_so_and_plays_when_it_is_there(
    roomd: Roomd, invite: Callable[..., Person]
) -> None:
    alice = invite("Alice", PLAYS_ALOUD)
    told = {"status": "converting", "progress": 0.42, "converted": True, "peaks_url": ""}
    alice.page.route("**/media/*", lambda route: route.fulfill(status=503))
    alice.page.route("**/api/catalogue/sound/**", lambda route: _tell(route, told))
    open_room(roomd, alice)
    alice.page.locator("#search").fill("long walk")
    alice.page.get_by_role("button", name="Add Long Walk").click()
    note = alice.page.locator("#converting")
    expect(note).to_contain_text("Making this file playable: 40%")
    alice.shot("converting")
    told |= {"status": "ready", "progress": 1.0}
    alice.page.unroute("**/media/*")
    alice.settles()
    expect(note).to_be_hidden()
    expect(alice.page.locator("#trouble")).to_be_hidden()
    # That the server answered 503 meanwhile is what this is about.
    alice.faults = [fault for fault in alice.faults if "503" not in fault]


def _tell(route: Route, told: dict[str, object]) -> None:
    route.fulfill(status=200, content_type="application/json", body=json.dumps(told))
