"""The front door, and the pages as an app: ways in, one's own rooms, and what a browser wants of what it installs."""

from collections.abc import Callable

import pytest
from browser_world import OUTPUT, Person, Roomd, entered, wait_until
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
PASTE = """([field, text]) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const input = document.querySelector(field);
  input.value = text;
  input.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true}));
}"""


def shots(person: Person, name: str) -> None:
    """In both themes, whole."""
    for theme in ("light", "dark"):
        person.page.emulate_media(color_scheme=theme)
        OUTPUT.mkdir(exist_ok=True)
        person.page.screenshot(path=str(OUTPUT / f"{name}-{theme}.png"), full_page=True)


def no_overflow(person: Person) -> None:
    overflow = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert person.page.evaluate(overflow) <= 0


def test_the_front_door_leads_in_and_back_and_can_be_installed(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice, bob = invite("Alice", service_workers="allow"), invite("Bob", **PHONE)
    bob.open(roomd.url)
    expect(bob.page.locator("#first")).to_be_visible()
    shots(bob, "home-first-phone")
    no_overflow(bob)

    code = open_quietly(roomd, alice)
    rights = "() => window.roomd.state().rights.member"
    wait_until("only the host controls", lambda: "add" not in alice.page.evaluate(rights))
    # The list looks again when somebody comes back to it; nothing that is there moves.
    bob.page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(bob.page.locator("#open-rooms .room-card")).to_contain_text("Quiet kitchen")
    bob.page.evaluate(PASTE, ["#join [name=code]", f"{roomd.url}/r/{code.lower()}?from=chat"])
    bob.page.wait_for_url(f"**/r/{code}")
    bob.page.locator("#enter [name=name]").fill("Bob")
    bob.page.locator("#enter-form button").first.click()
    entered(bob)

    alice.page.goto(roomd.url)
    card = alice.page.locator("#my-rooms li")
    expect(card).to_contain_text("Live · Bob")
    expect(alice.page.locator("#first")).to_have_count(0)
    shots(alice, "home-desktop")
    alice.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    assert installability(alice) == []
    a_new_version_is_offered(roomd, alice)

    bob.page.goto(roomd.url)
    shots(bob, "home-phone")
    no_overflow(bob)
    bob.page.get_by_role("button", name="Leave Quiet kitchen").click()
    bob.page.locator("#confirm [value=yes]").click()
    expect(bob.page.locator("#mine")).to_be_hidden()

    bob.page.goto(f"{roomd.url}/share?text=Listen%3A+https%3A%2F%2Fmedia.example%2Fa.mp3")
    expect(bob.page.locator(".shared-link")).to_have_text("https://media.example/a.mp3")
    shots(bob, "share-phone")


def open_quietly(roomd: Roomd, host: Person) -> str:
    host.open(roomd.url)
    form = host.page.locator("#create")
    form.get_by_role("button", name="Open the room").click()
    expect(form.locator("[name=room_name]")).to_be_focused()
    expect(form.locator(".form-error")).to_have_text("Give the room a name.")
    form.locator("[name=room_name]").fill("Quiet kitchen")
    form.locator("[name=name]").fill(host.name)
    form.locator("summary").click()
    shots(host, "home-create")
    form.get_by_label("Only me").check()
    form.get_by_role("button", name="Open the room").click()
    host.page.wait_for_url("**/r/*")
    entered(host)
    return host.page.url.rpartition("/")[2]


def installability(person: Person) -> list[str]:
    """What Chromium has against installing this page."""
    session = person.context.new_cdp_session(person.page)
    found = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A context of Playwright's is a private window, in which nothing is installed.
    return [each["errorId"] for each in found if each["errorId"] != "in-incognito"]


def a_new_version_is_offered(roomd: Roomd, person: Person) -> None:
    """In another language everything is another version."""
    person.context.add_cookies([{"name": "roomd_language", "value": "de", "url": roomd.url}])
    person.page.evaluate("() => navigator.serviceWorker.getRegistration().then((found) => found.update())")
    toast = person.page.locator(".toast", has_text="A new version is there.")
    with person.page.expect_navigation():
        toast.get_by_role("button", name="Reload").click()
    expect(person.page.locator("html")).to_have_attribute("lang", "de")
    names = person.page.evaluate("() => caches.keys()")
    assert len(names) == 1
