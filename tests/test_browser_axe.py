"""What axe-core finds wrong with the pages in a real Chromium: nothing, in light and dark, and from right to left."""

from collections.abc import Callable, Iterator

import pytest
from axe_world import overflow, violations
from browser_world import Person, Roomd, open_room
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

#: Every page but a room's. One that is not there is the page that says so.
PAGES = ("/", "/me/", "/library/", "/dashboard/", "/admin/", "/style/", "/nothing-here")
#: A room's sheets, by the button that opens each.
SHEETS = {"share": "#share-button", "settings": "[data-opens=settings]", "shortcuts": None, "sync": "#sync"}


def looks(page: Page, where: str) -> Iterator[str]:
    """Faults of what is shown now, in light and in dark."""
    page.emulate_media(color_scheme="light")
    yield from (f"{where}: {fault}" for fault in violations(page))
    page.emulate_media(color_scheme="dark")
    yield from (f"{where}, dark: {fault}" for fault in violations(page, "only"))


def room_faults(page: Page) -> Iterator[str]:
    """Of a room with a song, a line of chat and somebody in it, and of what opens over it."""
    page.locator("#search").click()
    expect(page.get_by_role("button", name="Add Brook")).to_be_visible()
    yield from looks(page, "search")
    page.get_by_role("button", name="Add Brook").click()
    page.locator("#song-title", has_text="Brook").wait_for()
    page.keyboard.press("Escape")
    page.locator("#say-text").fill("hello, all of you")
    page.keyboard.press("Enter")
    expect(page.locator("#lines")).to_contain_text("hello, all of you")
    yield from looks(page, "room")
    for name, opener in SHEETS.items():
        if opener:
            page.locator(opener).first.click()
        else:
            page.keyboard.press("?")
        expect(page.locator("dialog[open]"), name).to_be_visible()
        yield from looks(page, name)
        page.keyboard.press("Escape")
        # Until then no key opens another one.
        expect(page.locator("dialog[open]")).to_have_count(0)


def test_axe_finds_nothing(roomd: Roomd, invite: Callable[..., Person]) -> None:
    ada = invite("Ada")
    faults = []
    for path in PAGES:
        ada.open(f"{roomd.url}{path}")
        faults += looks(ada.page, path)
    ada.page.emulate_media(color_scheme="light")
    code = open_room(roomd, ada)
    faults += room_faults(ada.page)
    ada.context.add_cookies([{"name": "roomd_language", "value": "ar", "url": roomd.url}])
    # The narrowest that text has to flow in without scrolling sideways.
    ada.page.set_viewport_size({"width": 320, "height": 640})
    for path in (*PAGES, f"/r/{code}"):
        ada.open(f"{roomd.url}{path}")
        expect(ada.page.locator("html")).to_have_attribute("dir", "rtl")
        found = violations(ada.page, "no") + overflow(ada.page)
        faults += [f"{path}, narrow, right to left: {fault}" for fault in found]
    # German has the longest words, and these pages the most buttons.
    ada.context.add_cookies([{"name": "roomd_language", "value": "de", "url": roomd.url}])
    for path in ("/dashboard/", f"/r/{code}"):
        ada.open(f"{roomd.url}{path}")
        faults += [f"{path}, narrow, in German: {fault}" for fault in overflow(ada.page)]
    # Nobody is signed in, which in French takes the widest head.
    ben = invite("Ben", locale="fr", viewport={"width": 320, "height": 640})
    ben.open(roomd.url)
    faults += [f"/, narrow, in French: {fault}" for fault in overflow(ben.page)]
    assert faults == []
    ada.page.evaluate("() => document.body.append(document.createElement('button'))")
    assert [fault for fault in violations(ada.page, "no") if "button-name" in fault]
    # Chromium notes what was asked for and is not there.
    ada.faults[:] = [fault for fault in ada.faults if "404" not in fault]
