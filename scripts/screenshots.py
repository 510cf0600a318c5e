"""Takes the pictures in the README: a server of its own, real browsers, the pieces that roomd makes itself.

.venv/bin/python scripts/screenshots.py
"""

import signal
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser_world import PLAYS_ALOUD, Roomd, launch, open_room, say_who, wait_until  # noqa: E402

PICTURES = ROOT / "docs" / "img"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
CHAT = (
    ("Bob", "who put this on? it is lovely"),
    ("Alice", "me! wait for the bells"),
    ("Carol", "hearing them at the same second as you, from a train"),
)


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, sync_playwright() as playwright:
        Path(folder).chmod(0o755)
        server = Roomd(Path(folder) / "data", None)
        server.start()
        people = {
            "Alice": launch(playwright, "Alice", PLAYS_ALOUD, device_scale_factor=2),
            "Bob": launch(playwright, "Bob", PLAYS_ALOUD, color_scheme="dark", **PHONE),
            "Carol": launch(playwright, "Carol", PLAYS_ALOUD),
        }
        alice, bob, carol = people.values()
        code = open_room(server, alice)
        for guest in (bob, carol):
            guest.open(f"{server.url}/r/{code}")
            say_who(guest)
        page = alice.page
        wait_until("all the pieces are made", lambda: found(page) == 6)
        for number in range(5):
            page.locator("#search").fill("first light")
            page.locator("#results-list button.take").nth(number).click()
        page.keyboard.press("Escape")
        page.locator("#search").fill("")
        for name, text in CHAT:
            people[name].page.evaluate("(text) => window.roomd.client.run('say', { text })", text)
        expect(page.locator("#lines")).to_contain_text("from a train")
        alice.settles()
        bob.settles()
        page.mouse.click(5, 400)
        expect(page.locator("#toasts > *")).to_have_count(0, timeout=15_000)
        page.screenshot(path=str(PICTURES / "room.png"))
        bob.page.screenshot(path=str(PICTURES / "phone.png"))
        carol.open(server.url)
        carol.page.wait_for_timeout(1_500)
        carol.page.screenshot(path=str(PICTURES / "home.png"))
        in_the_library(carol.page, server.url)
        for person in people.values():
            person.browser.close()
        server.end(signal.SIGTERM)


def in_the_library(page: Page, url: str) -> None:
    """Somebody looks around by themselves."""
    page.goto(f"{url}/library/search?q=light")
    page.wait_for_timeout(3_000)
    page.screenshot(path=str(PICTURES / "library.png"))


def found(page: Page) -> int:
    """How many pieces a search finds so far."""
    page.locator("#search").fill("")
    page.locator("#search").fill("first light")
    page.wait_for_timeout(500)
    return page.locator("#results-list button.take").count()


if __name__ == "__main__":
    main()
