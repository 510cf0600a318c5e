"""A whole evening: a host and two guests, one of them on a phone, from opening the room to the next one."""

from collections.abc import Callable

import pytest
import segno
from browser_world import PLAYS_ALOUD, Person, Roomd, entered, open_room, say_who
from playwright.sync_api import Page, expect
from test_browser_library import PHONE
from test_browser_states import Line

pytestmark = pytest.mark.browser

#: A camera that shows something, and nobody who has to allow it.
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
#: Chromium on Linux reads no QR codes. What is between the camera and the room is the page's own.
READER = """
  window.BarcodeDetector = class {
    static getSupportedFormats() { return Promise.resolve(["qr_code"]); }
    detect(video) { return Promise.resolve(video.videoWidth > 0 ? [{ rawValue: window.shown }] : []); }
  };
"""


@pytest.fixture
def roomd(house: Roomd) -> Roomd:
    return house


def test_a_whole_evening(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice = invite("Alice", PLAYS_ALOUD, *CAMERA)
    bob = invite("Bob", PLAYS_ALOUD, *CAMERA, **PHONE)
    carol = invite("Carol", PLAYS_ALOUD, *CAMERA, color_scheme="dark")
    line = Line(carol)
    people_come_in(roomd, alice, bob, carol)
    the_queue(alice, bob, carol)
    the_talk(alice, bob)
    votes(alice, bob, carol)
    keeping_order(alice, carol)
    without_a_line(alice, carol, line)
    the_end(alice, bob, carol)
    the_next_one(alice)
    # Playwright's stand-in for a socket may be told something while it is being closed.
    carol.faults[:] = [fault for fault in carol.faults if "already in CLOSING" not in fault]


def people_come_in(roomd: Roomd, alice: Person, bob: Person, carol: Person) -> None:
    """By the QR code that the host shows: one with the camera of the phone, one with that of the page."""
    code = open_room(roomd, alice)
    for words in ("Nothing is playing", "The queue is empty.", "Nobody has said anything yet."):
        expect(alice.page.get_by_text(words).first).to_be_visible()
    alice.shot("evening-1-new")
    alice.page.locator("#share-button").click()
    link = alice.page.get_by_label("Link to this room", exact=True).input_value()
    drawn = alice.page.locator(".qr path[stroke]").get_attribute("d")
    assert drawn
    assert drawn in segno.make(link, error="m").svg_inline(scale=6, border=2, dark="#000", light="#fff", omitsize=True)
    alice.shot("evening-2-share")
    alice.page.keyboard.press("Escape")
    bob.open(link)
    bob.shot("evening-3-name")
    say_who(bob)
    carol.context.add_init_script(READER)
    carol.open(roomd.url)
    carol.page.evaluate("(link) => { window.shown = link; }", link)
    carol.page.get_by_role("button", name="Scan").click()
    carol.page.wait_for_url(f"**/r/{code}")
    say_who(carol)


def add(page: Page, words: str, title: str, *, verb: str = "Add") -> None:
    page.locator("#search").fill(words)
    # What was found before, or without words, is in the list until then.
    expect(page.locator("#results-list .track-title")).to_have_text([title])
    page.get_by_role("button", name=f"{verb} {title}").click()
    expect(page.locator("#results .take .icon")).to_be_visible()
    page.locator("#search").press("Escape")


def order(page: Page, *titles: str) -> None:
    expect(page.locator("#coming-list .track-title")).to_have_text(list(titles))


def the_queue(alice: Person, bob: Person, carol: Person) -> None:
    """A guest adds the first song; then the host wants to be asked, and puts in order."""
    bob.page.get_by_role("button", name="Queue").click()
    add(bob.page, "walk", "Long Walk")
    expect(alice.page.locator("#song-title")).to_have_text("Long Walk")
    rule(alice, "Guests may", "Ask for songs, vote and chat")
    add(bob.page, "brook", "Brook", verb="Ask for")
    expect(bob.page.locator("#asked")).to_contain_text("waiting for the host")
    expect(alice.page.locator("#inbox")).to_contain_text("Bob asks to add")
    alice.shot("evening-4-inbox")
    bob.shot("evening-4-asked-phone")
    alice.page.get_by_role("button", name="Say yes to Brook").click()
    expect(alice.page.locator("#inbox")).to_be_hidden()
    expect(bob.page.locator("#asked")).to_contain_text("accepted")
    bob.page.locator("#search").fill("https://media.example/tide.mp3")
    bob.page.get_by_role("button", name="Ask for tide.mp3").click()
    bob.page.get_by_role("button", name="Take back: ").click()
    expect(alice.page.locator("#inbox")).to_be_hidden()

    add(alice.page, "walk", "Long Walk")
    order(carol.page, "Brook", "Long Walk")
    alice.page.get_by_role("button", name="Move Long Walk up").click()
    order(bob.page, "Long Walk", "Brook")
    alice.page.get_by_role("button", name="Remove Brook").click()
    order(bob.page, "Long Walk")
    alice.page.get_by_role("button", name="Undo").last.click()
    order(bob.page, "Long Walk", "Brook")
    for person in (alice, bob, carol):
        person.settles()
    alice.shot("evening-5-queue")
    bob.shot("evening-5-queue-phone")


def rule(alice: Person, name: str, choice: str) -> None:
    alice.page.get_by_role("button", name="Room and settings").click()
    form = alice.page.locator("#settings-form")
    form.get_by_label(name).select_option(choice)
    form.get_by_role("button", name="Save").click()
    expect(alice.page.locator("#settings")).to_be_hidden()


def the_talk(alice: Person, bob: Person) -> None:
    alice.page.get_by_label("Message", exact=True).fill("Who brings the lamp?")
    alice.page.keyboard.press("Enter")
    bob.page.locator("#views").get_by_role("button", name="Chat").click()
    more = bob.page.get_by_role("button", name="More about what Alice said")
    more.click()
    bob.shot("line-menu")
    bob.page.get_by_role("button", name="React with 🎉").click()
    alice.page.get_by_role("button", name="🎉, 1").click()
    expect(alice.page.get_by_role("button", name="🎉, 2, one of them yours")).to_be_visible()
    more.click()
    bob.page.get_by_role("button", name="Reply").click()
    expect(bob.page.locator("#replying")).to_contain_text("To Alice: Who brings the lamp?")
    bob.page.keyboard.type("I do")
    bob.page.keyboard.press("Enter")
    answer = alice.page.locator(".line", has_text="I do")
    expect(answer.locator(".line-quote")).to_have_text("Alice: Who brings the lamp?")
    alice.shot("evening-6-chat")
    bob.shot("evening-6-chat-phone")
    alice.page.get_by_role("button", name="More about what Bob said").click()
    alice.page.get_by_role("button", name="Delete").click()
    expect(bob.page.locator("#lines")).not_to_contain_text("I do")


def votes(alice: Person, bob: Person, carol: Person) -> None:
    """For what comes next, and for what goes."""
    rule(alice, "Order of the queue", "By votes")
    carol.page.get_by_role("button", name="Vote for Brook").click()
    order(alice.page, "Brook", "Long Walk")
    expect(carol.page.get_by_role("button", name="Take back your vote for Brook")).to_be_visible()
    expect(alice.page.get_by_role("button", name="Vote for Brook (1 so far)")).to_be_visible()
    bob.page.get_by_role("button", name="Listen").click()
    bob.page.get_by_role("button", name="Vote to skip (0 of 2)").click()
    skip = carol.page.get_by_role("button", name="Vote to skip (1 of 2)")
    expect(skip).to_be_visible()
    carol.shot("evening-7-votes")
    bob.shot("evening-7-votes-phone")
    skip.click()
    expect(alice.page.locator("#toasts")).to_contain_text("Skipped by votes: Long Walk.")
    expect(bob.page.locator("#song-title")).to_have_text("Brook")


def keeping_order(alice: Person, carol: Person) -> None:
    menu = alice.page.get_by_role("button", name="What to do with Carol")
    menu.click()
    alice.page.get_by_role("button", name="Mute for 10 minutes").click()
    expect(carol.page.locator("#chat-off")).to_contain_text("You are muted until")
    expect(carol.page.locator("#say")).to_be_hidden()
    expect(alice.page.locator("#people-list")).to_contain_text("Carol, muted")
    carol.shot("evening-8-muted")
    menu.click()
    alice.shot("people-menu")
    alice.page.get_by_role("button", name="Let chat again").click()
    expect(carol.page.locator("#say")).to_be_visible()


def without_a_line(alice: Person, carol: Person, line: Line) -> None:
    """The music goes on where it is, and what was missed is there afterwards."""
    line.cut()
    expect(carol.page.locator("#banner")).to_be_visible()
    for text in ("Carol, are you there?", "She will come back."):
        alice.page.get_by_label("Message", exact=True).fill(text)
        alice.page.keyboard.press("Enter")
    carol.page.locator("#say-text").fill("Gone for a moment")
    carol.page.keyboard.press("Enter")
    expect(carol.page.locator(".line.is-pending")).to_contain_text("Gone for a moment")
    carol.shot("evening-9-gone")
    line.way = "through"
    carol.page.get_by_role("button", name="Try now").click()
    entered(carol)
    expect(carol.page.locator("#lines")).to_contain_text("She will come back.")
    expect(alice.page.locator("#lines .line-text").last).to_have_text("Gone for a moment")
    carol.settles()
    carol.shot("evening-9-back")


def the_end(alice: Person, bob: Person, carol: Person) -> None:
    """The room is handed over; its new host ends it."""
    alice.page.get_by_role("button", name="What to do with Bob").click()
    alice.page.get_by_role("button", name="Hand the room over").click()
    alice.shot("evening-10-hand-over")
    alice.page.locator("#confirm").get_by_role("button", name="Hand over").click()
    told = bob.page.locator("#toasts .toast", has_text="Alice handed the room over to you. You host it now.")
    bob.shot("evening-10-host-now-phone")
    # It lies over what is pressed next, and goes when it is tapped.
    told.click()
    expect(alice.page.locator("#people-list li", has_text="Bob")).to_contain_text("Host")
    expect(alice.page.get_by_role("button", name="What to do with Carol")).to_have_count(0)
    bob.page.locator("#views").get_by_role("button", name="People").click()
    bob.shot("evening-10-people-phone")
    bob.page.get_by_role("button", name="Room and settings").click()
    bob.page.get_by_role("button", name="Close it for everybody").click()
    bob.shot("evening-11-close-phone")
    bob.page.locator("#confirm").get_by_role("button", name="Close it").click()
    for person in (alice, bob, carol):
        expect(person.page.get_by_role("heading", name="The room has closed")).to_be_visible()
    carol.shot("room-closed")
    bob.shot("room-closed-phone")


def the_next_one(alice: Person) -> None:
    """Music for oneself, until others come along."""
    page = alice.page
    page.get_by_role("link", name="To the front door", exact=True).click()
    page.locator(".site-nav").get_by_role("link", name="Library").click()
    page.get_by_role("searchbox").fill("brook")
    expect(page.get_by_role("heading", name="“brook”")).to_be_visible()
    page.get_by_role("list", name="Songs that were found").get_by_role("button", name="Play Brook").click()
    page.get_by_role("button", name="Turn this into a party").click()
    alice.shot("evening-12-party")
    page.get_by_role("button", name="Open the room").click()
    page.wait_for_url("**/r/*")
    entered(alice)
    expect(page.locator("#song-title")).to_have_text("Brook")
    alice.settles()
    alice.shot("evening-13-again")
