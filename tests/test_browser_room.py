"""The room's page beyond playing: the talk with all that is in it, and what becomes of a queue."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser_world import Person, Roomd, open_room, say_who, wait_until
from playwright.sync_api import expect
from serving import make_wav
from test_browser_library import PHONE, call

pytestmark = pytest.mark.browser

#: Drops a file, or a link, in the middle of the page.
DROP = """([name, text, link]) => {
  const data = new DataTransfer();
  if (name) data.items.add(new File([text], name));
  else data.setData("text/uri-list", link);
  for (const type of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true });
    document.querySelector("#listen").dispatchEvent(event);
  }
}"""
PASTE = """(text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
}"""
SAY = "(text) => window.roomd.client.run('say', { text }).then(() => {})"


@pytest.fixture
def looking(data_dir: Path, tmp_path: Path) -> Iterator[Roomd]:
    """A server that may look at its own pages, with two pieces of music."""
    make_wav(tmp_path / "Carol Example - Long Walk.wav", 240.0)
    make_wav(tmp_path / "Carol Example - Brook.wav", 180.0)
    server = Roomd(data_dir, tmp_path, more={"ROOMD_FETCH_ALLOW": "127.0.0.1"})
    server.start()
    yield server
    assert server.end(signal.SIGTERM) == 0


def test_what_is_in_the_talk(looking: Roomd, invite: Callable[..., Person]) -> None:
    alice, bob = invite("Alice"), invite("Bob", **PHONE)
    code = open_room(looking, alice)
    bob.open(f"{looking.url}/r/{code}")
    say_who(bob)
    bob.page.get_by_role("button", name="Chat").click()
    # A link shows what is behind it, to everybody, by way of the server.
    alice.page.evaluate(SAY, f"come to {looking.url}/r/{code} tonight")
    for person in (alice, bob):
        expect(person.page.locator(".preview strong")).to_have_text("Friday kitchen · roomd")
    # By keyboard: an emoji by its name into the message, and another to the line.
    alice.page.get_by_role("button", name="Emoji").click()
    alice.page.keyboard.type("popper")
    popper = alice.page.get_by_role("button", name="party popper")
    expect(popper).to_be_visible()
    alice.page.keyboard.press("ArrowDown")
    expect(popper).to_be_focused()
    alice.shot("emoji")
    alice.page.keyboard.press("Enter")
    expect(alice.page.locator("#say-text")).to_have_value("🎉")
    alice.page.keyboard.press("Enter")
    expect(bob.page.locator("#lines")).to_contain_text("🎉")
    bob.page.get_by_role("button", name="More about what Alice said").first.click()
    bob.page.get_by_role("button", name="Another emoji").click()
    bob.page.locator("#emoji-search").fill("fire")
    bob.page.get_by_role("button", name="fire", exact=True).click()
    expect(alice.page.get_by_role("button", name="🔥, 1")).to_be_visible()

    # A slow room says how long, and keeps what was written.
    alice.page.evaluate("() => window.roomd.client.run('set', { slow_mode_s: 300 }).then(() => {})")
    expect(bob.page.locator("#slow")).to_have_text("Slow mode: one message in 5 minutes.")
    for text in ("first", "second"):
        bob.page.locator("#say-text").fill(text)
        bob.page.keyboard.press("Enter")
    expect(bob.page.locator("#slow")).to_contain_text("You can write again in")
    expect(bob.page.locator("#say-text")).to_have_value("second")
    expect(alice.page.locator("#lines")).to_contain_text("first")
    bob.shot("slow-mode")

    # Who was away sees where they were; hundreds of lines are there to be read, and a few stand in the page.
    wait_until("Bob has seen it", lambda: "first" in bob.page.locator("#lines").inner_text())
    bob.page.goto("about:blank")
    alice.page.evaluate(f"async () => {{ for (let n = 0; n < 12; n += 1) await ({SAY})(`line ${{n}}`); }}")
    bob.open(f"{looking.url}/r/{code}")
    expect(bob.page.locator("#views [data-view=chat] .badge")).to_have_text("12")
    bob.page.get_by_role("button", name="Chat").click()
    expect(bob.page.locator(".missed")).to_have_text("You missed 12 messages")
    expect(bob.page.locator(".missed")).to_be_in_viewport()
    bob.shot("missed")


def test_what_becomes_of_a_queue(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice = invite("Alice", **PHONE)
    code = open_room(roomd, alice)
    page = alice.page
    brook, walk = (call(alice, "GET", f"/api/catalogue/search/?q={word}")["tracks"][0] for word in ("brook", "walk"))
    page.get_by_role("button", name="Queue", exact=False).first.click()
    page.evaluate(PASTE, walk["url"])
    expect(page.locator("#current-list .track-title")).to_have_text("Long Walk")
    # A playlist's file brings its songs, and the playlist is open to be added.
    page.evaluate(
        DROP, ["evening.m3u", "#EXTM3U\nCarol Example - Brook.wav\nCarol Example - Long Walk.wav\nGone.wav\n", ""]
    )
    expect(page.get_by_text("Found 2 of 3 songs.")).to_be_visible()
    page.get_by_role("button", name="Add all songs of evening").click()
    expect(page.locator("#coming-list .track")).to_have_count(2)
    page.keyboard.press("Escape")
    wait_until("it plays", lambda: page.title() == "♪ Long Walk – Friday kitchen")
    row = page.locator("#coming-list .track").first
    row.get_by_role("button", name="What to do with Brook").click()
    row.get_by_role("button", name="Keep Brook among your favourites").click()
    expect(row.get_by_role("button", name="Take Brook from your favourites")).to_be_visible()
    kept = "/api/playlists/favorites/ids/"
    wait_until("it is kept", lambda: call(alice, "GET", kept)["track_ids"] == [brook["id"]])
    alice.shot("queue-row-open")
    # The back button of a phone closes what is open, and stays in the room.
    page.get_by_role("button", name="Keep as a playlist").click()
    expect(page.get_by_role("dialog", name="Keep as a playlist")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog", name="Keep as a playlist")).to_be_hidden()
    page.get_by_role("button", name="Keep as a playlist").click()
    page.locator("#keeping-form").get_by_label("Name").fill("Friday")
    page.get_by_role("button", name="Save the playlist").click()
    expect(page.get_by_text("Kept 3 songs as Friday.")).to_be_visible()
    assert page.url.endswith(code)
    kept = next(each for each in call(alice, "GET", "/api/playlists/playlists/?me=true") if each["name"] == "Friday")
    assert kept["track_count"] == 3

    # After its last song a queue was played, until somebody wants it again.
    for _ in range(3):
        page.evaluate("() => window.roomd.client.run('next').then(() => {})")
    expect(page.get_by_text("3 tracks played")).to_be_visible()
    expect(page.locator("#coming-list .track")).to_have_count(0)
    alice.shot("queue-over")
    page.get_by_role("button", name="Play again").click()
    expect(page.locator("#current-list .track-title")).to_have_text("Long Walk")
    expect(page.locator("#coming-list .track")).to_have_count(2)
    # By keyboard: what moves keeps the focus, and where a song goes the next one has it.
    row.get_by_role("button", name="What to do with Brook").click()
    row.get_by_role("button", name="Move Brook down").press("Enter")
    expect(page.get_by_role("button", name="Move Brook up")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Move Brook down")).to_be_focused()
    row.get_by_role("button", name="Remove Brook").press("Enter")
    expect(page.locator("#coming-list .track")).to_have_count(1)
    expect(page.locator("#coming-list .track :focus")).to_have_count(1)
