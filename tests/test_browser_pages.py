"""The pages in a real browser: what people see who are refused sound, lost, or on a phone."""

from collections.abc import Callable

import pytest
from browser_world import Person, Roomd, open_room, say_who
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

#: What Chromium does by itself on people's machines, but not when headless.
ASKS_FIRST = "--autoplay-policy=document-user-activation-required"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}


def test_sound_that_the_browser_blocks_is_asked_for_and_joins_in_time(
    roomd: Roomd, invite: Callable[..., Person]
) -> None:
    alice, bob = invite("Alice"), invite("Bob", ASKS_FIRST, **PHONE)
    code = open_room(roomd, alice)
    # The library opens with the field: nothing has to be guessed.
    alice.page.locator("#search").click()
    alice.page.get_by_role("button", name="Add Brook").click()
    alice.settles()
    bob.open(f"{roomd.url}/r/{code}")
    say_who(bob)
    # In a new tab nobody has touched anything yet, so nothing may sound before they do.
    bob.page.close()
    bob.again()
    # Playwright looks at a page with the rights of a gesture, so until sound was refused nobody may look.
    with bob.page.expect_console_message(lambda line: line.text == "mode blocked"):
        bob.open(f"{roomd.url}/r/{code}")
    tap = bob.page.locator("#tap")
    expect(tap).to_be_visible()
    bob.shot("phone-tap-to-listen")
    bob.page.touchscreen.tap(195, 245)
    bob.settles()
    expect(tap).to_be_hidden()
    bob.shot("phone-player")
    overflow = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert bob.page.evaluate(overflow) <= 0


def test_a_private_room_shows_nothing_to_strangers(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice, bob = invite("Alice"), invite("Bob")
    code = open_room(roomd, alice, private=True)
    bob.open(roomd.url)
    expect(bob.page.locator("body")).not_to_contain_text("Friday kitchen")
    bob.open(f"{roomd.url}/r/{code}")
    expect(bob.page.locator("body")).not_to_contain_text("Friday kitchen")
    say_who(bob)
    expect(bob.page.locator("#room-name")).to_have_text("Friday kitchen")
