"""Live stations in real browsers: what is on is heard, comes back after a break, and is shown for what it is."""

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from browser_world import PLAYS_ALOUD, Person, Roomd, open_room, say_who, wait_until
from conftest import Background
from playwright.sync_api import expect
from serving import make_wav
from standins.radio import station_id
from station_world import Directory, Station, broadcasting

pytestmark = pytest.mark.browser

TUNE_IN = "([source]) => window.roomd.client.run('add', { tracks: [{ source }] })"
#: Seconds heard since it was last connected, and bytes of sound that were decoded; null while another player is on.
HEARD = """() => {
  const { player } = window.roomd.player;
  return player?.name === "live" ? [player.element.currentTime, player.element.webkitAudioDecodedByteCount] : null;
}"""
#: Seconds of the stream that have to be heard.
SOME_S = 2.0


@dataclass
class Aired:
    roomd: Roomd
    station: Station
    directory: Directory


@pytest.fixture
def aired(data_dir: Path, tmp_path: Path, background: Background) -> Iterator[Aired]:
    """roomd with a directory of stations, and the one station behind it."""
    make_wav(tmp_path / "Carol Example - Brook.wav", 180.0)
    with broadcasting() as station:
        directory = Directory(station)
        background.run(directory.appear())
        more = {"ROOMD_RADIO_BROWSER_URL": directory.url, "ROOMD_FETCH_ALLOW": "127.0.0.1"}
        server = Roomd(data_dir, tmp_path, more=more)
        server.start()
        yield Aired(server, station, directory)
        assert server.end(signal.SIGTERM) == 0
        background.run(directory.vanish())


def hears_more(person: Person) -> None:
    """Wait until the station goes on here: its time moves, and what it is made of is decoded."""
    began = wait_until(f"{person.name} is tuned in", lambda: person.page.evaluate(HEARD))

    def more() -> bool:
        nonlocal began
        now = person.page.evaluate(HEARD)
        if now is None or now[0] < began[0]:  # Connected anew meanwhile.
            began = now or began
            return False
        return bool(now[0] > began[0] + SOME_S and now[1] > began[1])

    wait_until(f"{person.name} hears more of it", more)


def test_a_station_is_heard_and_comes_back_after_a_break(aired: Aired, invite: Callable[..., Person]) -> None:
    alice, bob = invite("Alice", PLAYS_ALOUD), invite("Bob", PLAYS_ALOUD, has_touch=True, is_mobile=True)
    code = open_room(aired.roomd, alice)
    bob.open(f"{aired.roomd.url}/r/{code}")
    say_who(bob)
    alice.page.evaluate(TUNE_IN, [f"radio:{station_id(0)}"])
    for person in (alice, bob):
        hears_more(person)
        expect(person.page.locator("#sync")).to_contain_text("Live")
        expect(person.page.locator("#remaining")).to_have_text("Live")
        expect(person.page.locator("#elapsed")).to_have_text("")
        expect(person.page.locator("#seek")).to_be_disabled()
        expect(person.page.locator("#current-list .track-time")).to_have_text("Live")
    alice.shot("station-live")
    alice.page.locator("#sync").click()
    panel = alice.page.get_by_role("dialog", name="In step")
    expect(panel.locator("#own-error")).to_have_text("Live")
    expect(panel.locator("#own-player")).to_have_text("live stream")
    expect(panel.locator("#room-sync")).to_have_text("live, as it comes")
    expect(panel.get_by_role("listitem").filter(has_text="Bob")).to_contain_text("live")
    alice.shot("station-panel")
    alice.page.keyboard.press("Escape")

    line = alice.page.evaluate("() => window.roomd.state().playback")
    # Keys that go back and forth find nowhere to go; that would only be a gap for everybody.
    alice.page.keyboard.press("j")
    aired.station.listeners = 0
    aired.station.cut()
    for person in (alice, bob):
        expect(person.page.locator("#sync")).to_contain_text("Buffering")
    expect(alice.page.locator("#people-list li", has_text="Bob")).to_contain_text("buffering")
    alice.shot("station-gone")
    aired.station.return_()
    for person in (alice, bob):
        hears_more(person)
        expect(person.page.locator("#sync")).to_contain_text("Live")
    assert aired.station.listeners == 2, "each is connected once, and stays so"
    assert alice.page.evaluate("() => window.roomd.state().playback") == line

    # A pause hangs up; then it is what is on by then.
    alice.page.locator("#toggle").click()
    expect(bob.page.locator("#sync")).to_contain_text("Paused")
    alice.page.locator("#toggle").click()
    for person in (alice, bob):
        hears_more(person)
    without_the_directory(aired, alice)
    # Chromium notes each answer that was a refusal, or ended in the middle.
    for person in (alice, bob):
        person.faults[:] = [fault for fault in person.faults if "Failed to load resource" not in fault]


def without_the_directory(aired: Aired, alice: Person) -> None:
    """What is asked of it says who does not answer, and can be asked again."""
    aired.directory.down = True
    alice.page.locator("#search").fill("jazz")
    expect(alice.page.locator("#results-note")).to_contain_text("Radio Browser does not answer right now.")
    alice.shot("provider-down")
    alice.open(f"{aired.roomd.url}/library/search?q=blues&provider=radio")
    expect(alice.page.get_by_role("heading", name="That is not to be had right now")).to_be_visible()
    expect(alice.page.get_by_role("button", name="Try again")).to_be_visible()
    alice.shot("provider-down-library")
