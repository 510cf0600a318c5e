"""Going on without waiting: for whoever may, by keyboard and on a phone, in real browsers."""

from collections.abc import Callable

import pytest
from browser_world import Person, Roomd
from playwright.sync_api import expect
from waiting_world import CLASSIC, Held, add, two_in_a_room

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
WAIT_LONG = "() => window.roomd.client.run('set', { wait_s: 10 }).then(() => {})"
#: So many parts of the page at most are before the button, for whoever goes by the Tab key from the top.
TABS = 12
PROMOTE = """() => {
  const { client, state } = window.roomd;
  const other = state().members.find((member) => member.id !== client.you.id);
  return client.run("role", { user: other.id, role: "cohost" }).then(() => {});
}"""


@pytest.fixture
def roomd(house: Roomd) -> Roomd:
    return house


def test_the_host_goes_on_by_keyboard(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice, bob = two_in_a_room(roomd, invite)
    bob.page.evaluate(CLASSIC)
    alice.page.evaluate(WAIT_LONG)
    slow = Held(bob)
    add(alice, "Brook")
    button = alice.page.get_by_role("button", name="Start now", exact=True)
    expect(button).to_be_visible()
    expect(button).to_have_accessible_description("Waiting for Bob…")
    alice.page.locator(".brand").focus()
    for _ in range(TABS):
        alice.page.keyboard.press("Tab")
        if button.evaluate("(button) => button === document.activeElement"):
            break
    expect(button).to_be_focused()
    alice.shot("waiting-focus")
    alice.page.keyboard.press("Enter")
    expect(alice.page.locator("#waiting")).to_be_hidden()
    # The button is gone; the next press of the same key is for the one that takes its place.
    expect(alice.page.locator("#toggle")).to_be_focused()
    alice.settles()
    expect(alice.page.locator("#waiting-news")).to_be_empty()
    slow.let_go()
    bob.settles()


def test_on_a_phone_it_is_told_beside_the_queue_and_a_cohost_may_go_on(
    roomd: Roomd, invite: Callable[..., Person]
) -> None:
    alice, bob = two_in_a_room(roomd, invite, **PHONE)
    alice.page.evaluate(CLASSIC)
    alice.page.reload()
    expect(alice.page.locator("#status")).to_have_attribute("data-phase", "live")
    alice.page.evaluate(WAIT_LONG)
    bob.page.get_by_role("button", name="Queue").click()
    slow = Held(alice)
    add(alice, "Brook")
    mini = bob.page.locator("#mini")
    expect(mini).to_contain_text("Waiting for Alice…")
    expect(mini).not_to_contain_text("Carol Example", use_inner_text=True)
    expect(bob.page.get_by_role("button", name="Start now")).to_have_count(0)
    alice.page.evaluate(PROMOTE)
    start = mini.get_by_role("button", name="Start now, without waiting")
    expect(start).to_be_visible()
    bob.shot("waiting-mini")
    bob.page.get_by_role("button", name="Listen").click()
    expect(bob.page.locator("#start-now")).to_be_visible()
    bob.shot("waiting-phone")
    bob.page.get_by_role("button", name="Queue").click()
    start.click()
    bob.settles()
    expect(mini).to_contain_text("Carol Example")
    expect(mini.locator("#mini-waiting")).to_be_hidden()
    slow.let_go()
    alice.settles()
