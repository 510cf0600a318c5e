"""The library from inside a room, in a real browser: hearts, playlists, radio; and its door, rules and order."""

from collections.abc import Callable
from typing import Any

import pytest
from browser_world import Person, Roomd, open_room, say_who, wait_until
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
#: Asks the server as whoever sits at the page.
CALL = """async ([method, path, body]) => {
  const { access } = JSON.parse(localStorage.getItem("roomd.session"));
  const headers = { Authorization: `Bearer ${access}`, "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  return [answer.status, await answer.json()];
}"""


@pytest.fixture
def roomd(house: Roomd) -> Roomd:
    return house


def call(person: Person, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    status, answer = person.page.evaluate(CALL, [method, path, body])
    assert status < 300, answer
    return answer


def test_a_heart_a_playlist_and_the_radio(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice = invite("Alice")
    open_room(roomd, alice)
    page = alice.page
    (song,) = call(alice, "GET", "/api/catalogue/search/?q=long%20walk")["tracks"]
    walk = call(alice, "POST", "/api/playlists/playlists/", {"name": "Evening walk"})
    call(alice, "POST", f"/api/playlists/playlists/{walk['id']}/add_track/", {"track_id": song["id"]})

    page.locator("#search").click()
    heart = page.get_by_role("button", name="Keep Brook among your favourites")
    heart.click()
    expect(page.get_by_role("button", name="Take Brook from your favourites")).to_be_visible()
    alice.shot("library-found")
    # By keyboard: the tab that is chosen is the one that is reached, and arrows go on from there.
    page.get_by_role("tab", name="Library").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Favourites")).to_be_focused()
    expect(page.locator("#results-list .track")).to_have_count(1)
    page.get_by_role("tab", name="Playlists").click()
    page.get_by_role("button", name="Open Evening walk").click()
    expect(page.locator("#results-list .track")).to_have_count(1)
    alice.shot("library-playlist")
    page.get_by_role("button", name="Add all songs of Evening walk").click()
    expect(page.locator("#current-list .track-title")).to_have_text("Long Walk")
    page.keyboard.press("Escape")

    # The radio goes on where the queue ends, and says why.
    page.locator("[data-opens=settings]").first.click()
    page.get_by_role("switch", name="Radio").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#coming-list .track-by").filter(has_text="Radio:").first).to_be_visible()
    alice.shot("radio-goes-on")


def test_a_host_answers_the_door(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice, bob, carol = invite("Alice"), invite("Bob"), invite("Carol")
    code = open_room(roomd, alice)
    alice.page.evaluate("() => window.roomd.client.run('door', { entry_mode: 'approval' })")
    for person in (bob, carol):
        person.open(f"{roomd.url}/r/{code}")
        person.page.locator("#enter-form [name=name]").fill(person.name)
        person.page.locator("#enter-form").get_by_role("button").first.click()
        expect(alice.page.get_by_role("button", name=f"Let in {person.name}")).to_be_visible()
        expect(person.page.get_by_role("heading", name="The host has been asked")).to_be_visible()
    alice.shot("door")
    bob.shot("at-the-door")
    alice.page.get_by_role("button", name="Let in Bob").press("Enter")
    expect(alice.page.get_by_role("button", name="Let in Carol")).to_be_focused()
    alice.page.get_by_role("button", name="Turn away Carol").click()
    expect(alice.page.locator("#inbox")).to_be_hidden()
    names = "() => window.roomd.state().members.map(({ name }) => name).sort().join()"
    wait_until("Bob is a member", lambda: alice.page.evaluate(names) == "Alice,Bob")
    expect(bob.page.locator("#farewell")).to_be_hidden()
    expect(bob.page.locator("#people-list")).to_contain_text("Alice")
    expect(carol.page.get_by_role("heading", name="Not this time")).to_be_visible()


def test_a_host_makes_the_rules(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice, bob = invite("Alice"), invite("Bob")
    code = open_room(roomd, alice)
    alice.page.get_by_role("button", name="Room and settings").click()
    form = alice.page.locator("#settings-form")
    form.get_by_label("How people come in").select_option("With the code and a password")
    form.get_by_label("Password (left empty").fill("lamp light")
    form.get_by_label("Guests may").select_option("Ask for songs, vote and chat")
    form.get_by_label("Order of the queue").select_option("In turn: one song each")
    alice.shot("room-rules")
    form.get_by_role("button", name="Save").click()
    expect(alice.page.get_by_text("Saved.")).to_be_visible()
    bob.open(f"{roomd.url}/r/{code}")
    bob.page.locator("#enter-form [name=name]").fill("Bob")
    for word in ("lamp", "lamp light"):
        bob.page.locator("#enter-form [name=password]").fill(word)
        bob.page.get_by_role("button", name="Come in").click()
        if word == "lamp":
            expect(bob.page.locator("#enter-form .form-error")).to_have_text("That is not the room’s password.")
            expect(bob.page.locator("#enter-form [name=password]")).to_be_focused()
            bob.shot("wrong-password")
    expect(bob.page.locator("#people-list")).to_contain_text("Alice")
    rules = "() => [window.roomd.state().queue_mode, window.roomd.state().rights.member.includes('add')]"
    assert bob.page.evaluate(rules) == ["fair", False]
    # Chromium notes what was refused.
    bob.faults[:] = [fault for fault in bob.faults if "403" not in fault]


def test_a_host_keeps_order(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice, bob = invite("Alice"), invite("Bob")
    code = open_room(roomd, alice)
    bob.open(f"{roomd.url}/r/{code}")
    say_who(bob)
    menu = alice.page.get_by_role("button", name="What to do with Bob")

    def choose(choice: str) -> None:
        menu.click()
        alice.page.get_by_role("button", name=choice).click()

    choose("Send away")
    alice.page.locator("#confirm").get_by_role("button", name="Send away").click()
    expect(bob.page.get_by_role("heading", name="You were sent away")).to_be_visible()
    bob.shot("sent-away")
    bob.page.get_by_role("button", name="Come back in").click()
    expect(bob.page.locator("#people-list")).to_contain_text("Alice")
    choose("Ban")
    alice.page.locator("#confirm").get_by_role("button", name="Ban").click()
    expect(bob.page.get_by_role("heading", name="You are banned from this room")).to_be_visible()
    bob.page.reload()
    expect(bob.page.get_by_role("heading", name="You are banned from this room")).to_be_visible()
    # Until somebody relents.
    alice.page.get_by_role("button", name="Who may do what").click()
    order = alice.page.get_by_role("dialog", name="Who may do what")
    expect(order).to_contain_text("Everybody else. May add songs, vote, and chat.")
    order.get_by_role("button", name="Let Bob in again").click()
    expect(order).to_contain_text("Nobody is kept out.")
    alice.shot("who-may")
    bob.page.reload()
    expect(bob.page.locator("#people-list")).to_contain_text("Alice")


def test_the_shape_of_a_song_and_its_loudness(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice = invite("Alice")
    open_room(roomd, alice)
    (song,) = call(alice, "GET", "/api/catalogue/search/?q=long%20walk")["tracks"]
    path = f"/api/catalogue/sound/{song['id']}/"
    wait_until("the server has listened to it", lambda: call(alice, "GET", path)["status"] == "ready")
    gain = call(alice, "GET", path)["gain_db"]
    alice.page.evaluate("([source]) => window.roomd.client.run('add', { tracks: [{ source }] })", [song["id"]])
    expect(alice.page.locator("#waveform")).to_be_visible()
    wanted = min(4.0, 0.9 * 10 ** (gain / 20))
    volume = "() => window.roomd.player.player.loudness"
    wait_until("it is played at its level", lambda: abs(alice.page.evaluate(volume) - wanted) < 1e-3)
    alice.settles()
    alice.shot("waveform")
    # Whoever likes it as it is can have that.
    alice.page.locator("[data-opens=settings]").first.click()
    alice.page.get_by_role("switch", name="All tracks equally loud").uncheck()
    wait_until("it is played as it is", lambda: abs(alice.page.evaluate(volume) - 0.9) < 1e-3)
