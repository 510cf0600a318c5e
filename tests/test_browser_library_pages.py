"""The library's pages in a real browser: finding, playing and keeping music for oneself, on a desk and on a phone."""

import re
from collections.abc import Callable
from functools import partial

import pytest
from axe_world import violations
from browser_world import PLAYS_ALOUD, Person, Roomd, entered, wait_until
from picture_files import halves, written
from playwright.sync_api import Page, Route, expect
from test_browser_library import PHONE, call

pytestmark = pytest.mark.browser

PLAYING = "() => window.roomd.state()?.playback.playing && window.roomd.player.mode === 'running'"
ENTRY = "() => window.roomd.state().playback.entry"
TITLES = "#view .song-title"
MINE = "/api/playlists/playlists/?me=true"


@pytest.fixture
def roomd(house: Roomd) -> Roomd:
    """One server for all of these: what is somebody's own, nobody else sees."""
    return house


def come_in(person: Person, url: str) -> Page:
    """As a guest, by giving a name where one is wanted."""
    person.open(url)
    person.page.locator("#gate [name=name]").fill(person.name)
    person.page.locator("#gate").get_by_role("button", name="Come in").click()
    expect(person.page.locator("#gate")).to_be_hidden()
    expect(person.page.locator("#player")).to_be_visible()
    expect(person.page.locator("#who")).to_have_text(person.name)
    return person.page


def plays(person: Person) -> None:
    wait_until("it plays", lambda: person.page.evaluate(PLAYING))


def test_music_for_oneself_becomes_a_party(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice = invite("Alice", PLAYS_ALOUD)
    page = come_in(alice, f"{roomd.url}/library/charts")
    # What was asked for is there, and not the front of the library.
    expect(page.get_by_role("heading", name="Charts", exact=True)).to_be_visible()
    page.get_by_role("searchbox").fill("brook")
    page.get_by_role("button", name="Play Brook").click()
    plays(alice)
    first = page.evaluate(ENTRY)
    page.get_by_role("button", name="Keep Brook among your favourites").first.click()

    # A playlist made out of a song's menu; what plays goes on from view to view.
    page.get_by_role("searchbox").fill("long")
    expect(page).to_have_url(f"{roomd.url}/library/search?q=long")
    page.get_by_role("button", name="More about Long Walk").click()
    page.get_by_role("button", name="Add to a playlist").click()
    page.get_by_label("A new playlist").fill("Evening walk")
    page.get_by_role("button", name="Make it and add").click()
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_role("heading", name="Evening walk")).to_be_visible()
    (playlist,) = call(alice, "GET", MINE)
    (brook,) = call(alice, "GET", "/api/catalogue/search/?q=brook")["tracks"]
    call(alice, "POST", f"/api/playlists/playlists/{playlist['id']}/add_track/", {"track_id": brook["id"]})
    page.reload()
    expect(page.locator(TITLES)).to_have_text(["Long Walk", "Brook"])
    plays(alice)
    assert page.evaluate(ENTRY) == first
    alice.shot("library-page-playlist")

    # By keyboard and by grip; taken out, and back again.
    page.get_by_role("button", name="More about Long Walk").focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator(TITLES)).to_have_text(["Brook", "Long Walk"])
    expect(page.get_by_role("button", name="More about Long Walk")).to_be_focused()
    page.locator("#view .grip").first.drag_to(page.locator("#view .grip").last)
    expect(page.locator(TITLES)).to_have_text(["Long Walk", "Brook"])
    page.get_by_role("button", name="More about Long Walk").click()
    page.get_by_role("button", name="Remove from the playlist").click()
    expect(page.locator(TITLES)).to_have_text(["Brook"])
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(TITLES)).to_have_text(["Long Walk", "Brook"])
    kept = f"/api/playlists/playlists/{playlist['id']}/"
    wait_until(
        "the server has it so",
        lambda: [t["track_title"] for t in call(alice, "GET", kept)["tracks"]] == ["Long Walk", "Brook"],
    )
    with page.expect_download() as download:
        page.get_by_role("button", name="More", exact=True).click()
        page.get_by_role("button", name="Export as M3U").click()
    assert download.value.suggested_filename == "Evening walk.m3u"

    # Back and forth, as the browser does it.
    page.get_by_role("link", name="Favourites").click()
    expect(page.locator(TITLES)).to_have_text(["Brook"])
    assert "Favourites · Library · roomd" in page.title()
    page.go_back()
    expect(page.get_by_role("heading", name="Evening walk")).to_be_visible()
    page.get_by_role("button", name="Play", exact=True).first.click()
    wait_until("the playlist plays", lambda: page.evaluate(ENTRY) != first)
    plays(alice)
    alice.settles()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")

    # And with everything in it, it is a room for others.
    entry = page.evaluate(ENTRY)
    page.get_by_role("button", name="Turn this into a party").click()
    page.get_by_role("button", name="Open the room").click()
    page.wait_for_url("**/r/*")
    entered(alice)
    expect(page.locator("#room-name")).to_have_text("Alice’s party")
    assert page.evaluate(ENTRY) == entry


def test_a_guest_on_a_phone_hears_the_radio(roomd: Roomd, invite: Callable[..., Person]) -> None:
    bob = invite("Bob", PLAYS_ALOUD, **PHONE)
    page = come_in(bob, f"{roomd.url}/library/")
    # Nothing was chosen: the radio begins, and says why it chose what it plays.
    page.locator("#toggle").click()
    plays(bob)
    page.get_by_role("button", name="Open the player").click()
    expect(page.locator("#song-why")).to_contain_text("Radio:")
    bob.shot("library-phone-player")
    page.get_by_role("button", name="Radio: on.").click()
    expect(page.get_by_role("button", name="Radio: off.")).to_be_visible()
    page.get_by_role("button", name="Up next").click()
    expect(page.locator("#queue")).to_be_visible()
    # What it had ready goes, and what somebody adds is there.
    (walk,) = call(bob, "GET", "/api/catalogue/search/?q=long%20walk")["tracks"]
    call(bob, "POST", "/api/playlists/queue/enqueue/", {"track_id": walk["id"]})
    coming = page.locator("#queue .lib-scroll > ol .song-title")
    expect(coming.filter(has_text="Long Walk").first).to_be_visible()
    count = coming.count()
    page.get_by_role("button", name="More about Long Walk").last.click()
    page.get_by_role("button", name="Remove from the queue").click()
    expect(coming).to_have_count(count - 1)
    page.get_by_role("button", name="Undo").click()
    expect(coming).to_have_count(count)
    bob.shot("library-phone-queue")
    page.locator("#queue").get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Back to the library").click()
    # Heard is heard, until one has it forgotten.
    page.get_by_role("link", name="History").click()
    expect(page.locator(TITLES).first).to_be_visible()
    overflow = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) <= 0
    page.locator("#toggle").click()
    page.get_by_role("button", name="Clear the history").click()
    page.get_by_role("button", name="Clear it").click()
    expect(page.get_by_text("Your history is empty.")).to_be_visible()
    on_the_way_and_offline(bob)
    bring_a_playlist(invite("Carol"), roomd)


# Playwright takes no methods of what is built in.
def _hold(held: list[Route], route: Route) -> None:
    held.append(route)


def on_the_way_and_offline(bob: Person) -> None:
    """What is not there yet has its place; without a network that is said, and what was wanted comes with it."""
    page, held = bob.page, list[Route]()
    page.route("**/api/playlists/playlists/?*", partial(_hold, held))
    page.get_by_role("link", name="Playlists").click()
    expect(page.locator("#view .ghosts").or_(page.locator("#view .ghost")).first).to_be_visible()
    assert violations(page) == []
    bob.shot("library-on-its-way")
    for route in held:
        route.continue_()
    page.unroute("**/api/playlists/playlists/?*")
    expect(page.get_by_role("heading", name="No playlists yet")).to_be_visible()
    expect(page.locator("#view .ghost")).to_have_count(0)
    bob.context.set_offline(True)
    page.get_by_role("link", name="Charts").click()
    lost = page.locator("#view").get_by_text("The server cannot be reached. Is this device online?")
    expect(lost.first).to_be_visible()
    assert violations(page) == []
    bob.shot("library-offline")
    bob.context.set_offline(False)
    expect(lost).to_have_count(0)
    expect(page.locator(TITLES).first).to_be_visible()
    # The link that is current is in sight, though the row of them is wider than the phone.
    expect(page.locator(".lib-nav [aria-current]")).to_be_in_viewport(ratio=1)


def bring_a_playlist(carol: Person, roomd: Roomd) -> None:
    """As a file; given a name, a picture and to everybody; copied; and away with it."""
    page = come_in(carol, f"{roomd.url}/library/playlists")
    lines = [
        "#EXTM3U",
        "#EXTINF:180,Carol Example - Brook",
        "x/Carol Example - Brook.wav",
        "#EXTINF:9,Gus - Ebb",
        "ebb.mp3",
    ]
    with page.expect_file_chooser() as asked:
        page.get_by_role("button", name="Import a file").click()
    asked.value.set_files({"name": "Old.m3u", "mimeType": "audio/x-mpegurl", "buffer": "\n".join(lines).encode()})
    expect(page.locator("#import-result")).to_contain_text("1 of 2 songs were found.")
    expect(page.locator("#import-result li")).to_have_text(["Ebb · Gus"])
    page.keyboard.press("Escape")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Name, description").click()
    page.locator("#playlist-form").get_by_label("Name", exact=True).fill("New")
    page.locator("#playlist-form").get_by_role("switch").check()
    page.locator("#playlist-form").get_by_role("button", name="Save").click()
    expect(page.locator(".lib-hero")).to_contain_text("public")
    with page.expect_file_chooser() as asked:
        page.get_by_role("button", name="More", exact=True).click()
        page.get_by_role("button", name="Upload a picture").click()
    asked.value.set_files({"name": "c.png", "mimeType": "image/png", "buffer": written(halves(400, 400))})
    expect(page.locator(".lib-hero img")).to_have_attribute("src", re.compile(r"^/uploads/\w+\.webp$"))
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Make a copy of my own").click()
    expect(page.get_by_text("This copy is yours.")).to_be_visible()
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("heading", name="Playlists", exact=True)).to_be_visible()
    assert [each["name"] for each in call(carol, "GET", MINE)] == ["New"]

    # Into an account of her own, which is somebody else to the server.
    page.locator(".lib-nav").get_by_role("button", name="An account of your own").click()
    page.get_by_role("button", name="Make an account").click()
    account = {"username": "carol", "email": "carol@mail.example", "password": "a lamp in the kitchen"}
    for name, value in account.items():
        page.locator(f"#register [name={name}]").fill(value)
    page.locator("#register").get_by_role("button", name="Make the account").click()
    page.locator("#bring").get_by_role("button", name="Bring it along").click()
    expect(page.locator(".guest-note").first).to_be_hidden()
    wait_until("it is hers", lambda: [each["name"] for each in call(carol, "GET", MINE)] == ["New"])
