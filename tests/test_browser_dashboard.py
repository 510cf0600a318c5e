"""The dashboard: a host and a guest on one page, over the public interface, and everything they say in its log."""

from collections.abc import Callable

import pytest
from browser_world import OUTPUT, Person, Roomd
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_host_and_guest_side_by_side(roomd: Roomd, invite: Callable[..., Person]) -> None:
    person = invite("Dana", viewport={"width": 1280, "height": 1000})
    person.open(f"{roomd.url}/dashboard/")
    page = person.page
    host, guest, log = page.locator("#host"), page.locator("#guest"), page.locator("#wire-log")
    for actor in (host, guest):
        actor.get_by_role("button", name="Get a token").click()
        expect(actor.locator(".token-said")).to_contain_text("Token eyJ")
    host.get_by_role("button", name="Create").click()
    expect(guest.locator("[name=code]")).not_to_have_value("")
    guest.get_by_role("button", name="Join").click()
    expect(guest.locator(".room-said")).to_contain_text("as Gil")
    for actor in (host, guest):
        actor.get_by_role("button", name="Connect", exact=True).click()
        expect(actor.locator(".socket")).to_have_attribute("data-phase", "live")

    host.get_by_role("button", name="Add a piece").click()
    expect(guest.locator(".songs li")).to_have_count(1)
    expect(guest).to_have_class("actor card is-playing")
    host.get_by_role("button", name="Pause").click()
    expect(guest).not_to_have_class("actor card is-playing")
    # What a guest may not do is refused, and both can read how.
    guest.get_by_role("button", name="Next").click()
    expect(page.locator(".toast.bad")).to_contain_text("host")
    ask = guest.locator("form[data-does=ask]")
    ask.locator("[name=url]").fill("https://media.example/walk.mp3")
    ask.locator("[name=title]").fill("Long Walk")
    ask.get_by_role("button", name="Ask").click()
    host.get_by_role("button", name="Approve").click()
    expect(guest.locator(".request-status")).to_have_text("approved")
    expect(guest.locator(".songs li")).to_have_count(2)

    host.get_by_role("button", name="Move Long Walk up").last.click()
    expect(guest.locator(".songs li").last).to_have_class("is-current")
    # Collab has no word for the chat: that goes over HTTP.
    guest.locator("form[data-does=chat] input").fill("hello from here")
    guest.get_by_role("button", name="Say").click()

    # Another contract for the guest: the same room, in other words.
    guest.get_by_role("button", name="Disconnect").click()
    guest.locator("[name=dialect]").select_option("native")
    guest.get_by_role("button", name="Connect", exact=True).click()
    expect(guest.locator(".songs li")).to_have_count(2)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        OUTPUT.mkdir(exist_ok=True)
        page.screenshot(path=str(OUTPUT / f"dashboard-{theme}.png"), full_page=True)

    text = log.text_content() or ""
    for said in (
        "POST /api/auth/guest/",
        "open Collab",
        "request_playlist_change",
        "request_update",
        "welcome",
        "hello from here",
    ):
        assert said in text, said
    assert "eyJhbGciOi" not in text
    page.locator("#wire-filter [name=text]").fill("request_update approved")
    expect(log.locator("li").first).to_contain_text("request_update")
    expect(log).not_to_contain_text("POST /api/auth/guest/")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#wire-empty")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.screenshot(path=str(OUTPUT / "dashboard-phone.png"), full_page=True)
