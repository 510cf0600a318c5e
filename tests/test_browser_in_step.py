"""Waiting for one another, and what people see and do about sync, in real browsers."""

import re
from collections.abc import Callable

import pytest
from browser_world import Person, Roomd, wait_until
from playwright.sync_api import expect
from waiting_world import CLASSIC, Held, add, two_in_a_room

pytestmark = pytest.mark.browser

#: Milliseconds by which a player may be off in these tests, which are not about how closely it keeps to the line.
BOUND_MS = 50


@pytest.fixture
def roomd(house: Roomd) -> Roomd:
    return house


def test_a_room_waits_for_a_slow_line_but_not_for_ever(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice, bob = two_in_a_room(roomd, invite)
    bob.page.evaluate(CLASSIC)
    alice.page.get_by_role("button", name="Room and settings").click()
    settings = alice.page.locator("#settings-form")
    settings.get_by_label("Wait for everybody to be ready").select_option("Up to 10 seconds")
    settings.get_by_role("button", name="Save").click()
    expect(alice.page.locator("#settings")).to_be_hidden()

    slow = Held(bob)
    add(alice, "Brook")
    overlay = alice.page.locator("#waiting")
    expect(overlay).to_contain_text("Waiting for Bob…")
    expect(overlay).to_contain_text("for 10 seconds at most")
    expect(alice.page.locator("#waiting-news")).to_contain_text("Bob…")
    expect(alice.page.locator("#toggle")).to_have_attribute("aria-label", "Start now, without waiting")
    expect(bob.page.locator("#waiting")).to_contain_text("Waiting for this device to load…")
    expect(bob.page.locator("#start-now")).to_be_hidden()
    slow.let_go()
    for person in (alice, bob):
        person.settles()
        expect(person.page.locator("#waiting")).to_be_hidden()
    expect(alice.page.locator(".toast", has_text="Started without")).to_have_count(0)

    slow = Held(bob)
    add(alice, "Long Walk")
    alice.page.locator("#next").click()
    alice.page.get_by_role("button", name="Start now", exact=True).click()
    expect(overlay).to_be_hidden()
    alice.settles()
    slow.let_go()
    bob.settles()

    alice.page.evaluate("() => window.roomd.client.run('set', { wait_s: 1 }).then(() => {})")
    slow = Held(bob)
    alice.page.locator("#previous").click()
    expect(alice.page.locator("#toasts")).to_contain_text("Started without Bob.")
    expect(bob.page.locator("#toasts")).to_contain_text("this device joins as soon as it has loaded")
    slow.let_go()
    bob.settles()


def test_the_panel_shows_everybody_and_the_trim_moves_this_device_alone(
    roomd: Roomd, invite: Callable[..., Person]
) -> None:
    alice, bob = two_in_a_room(roomd, invite)
    add(alice, "Brook")
    for person in (alice, bob):
        person.settles()
    alice.page.locator("#sync").click()
    panel = alice.page.get_by_role("dialog", name="In step")
    expect(panel.locator("#own-error")).to_contain_text("ms")
    expect(panel.locator("#own-clock")).to_contain_text("sure to ±")
    expect(panel.get_by_role("img")).to_have_attribute("aria-label", re.compile(r"Over the last \d+ seconds: within"))
    people = panel.get_by_role("listitem")
    expect(people.filter(has_text="Bob")).to_contain_text("ms")
    expect(people.filter(has_text="Alice (you)")).to_contain_text("ms")
    expect(panel.locator("#room-sync")).to_contain_text("within")

    trim = panel.get_by_label("Its speakers are")
    trim.focus()
    for key in ("PageUp", "PageUp", "ArrowRight"):
        trim.press(key)
    panel.get_by_role("button", name="1 ms later").click()
    ms = int(trim.input_value())
    assert ms > 2 * BOUND_MS
    expect(panel.locator("#trim-value")).to_have_text(f"{ms} ms late")
    wait_until("Alice plays so much ahead", lambda: plays_ahead(alice, ms))
    panel.get_by_role("button", name="Resync").click()
    wait_until("she does again", lambda: plays_ahead(alice, ms))

    panel.get_by_role("radio", name="Classic").check()
    expect(panel.locator("#own-player")).to_contain_text("media element")
    alice.page.reload()
    wait_until("what the device was told is remembered", lambda: plays_ahead(alice, ms))
    assert alice.page.evaluate("() => window.roomd.player.player.name") == "element"
    assert plays_ahead(bob, 0)


def plays_ahead(person: Person, ms: float) -> bool:
    """Whether the person's player is so many milliseconds ahead of the room's line."""
    off = person.page.evaluate("""() => {
      const { player } = window.roomd ?? {};
      return player?.mode === "running" ? player.actualPosition() - player.expectedPosition() : null;
    }""")
    return off is not None and abs(off - ms) < BOUND_MS
