"""Media, clocks, tabs and clients that are bad: the room's line never moves for them, and the others stay on it."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from browser_world import PLAYS_ALOUD, Person, Roomd, line_at, open_room, say_who, wait_until
from media_files import wav
from playwright.sync_api import Route, expect
from serving import make_wav

pytestmark = pytest.mark.browser

BOUND_MS = 100
#: So many bytes a second that Chromium has only some 20 s of it ahead, and asks for more as it goes.
HEAVY_RATE = 96_000
HOUR_MS = 3_600_000

#: The page's clocks, as a machine that slept or was set would have them; `trueNow` is not the page's.
JUMPING_CLOCK = """
  window.trueNow = performance.now.bind(performance);
  const wall = Date.now.bind(Date);
  window.jump = { mono: 0, wall: 0 };
  performance.now = () => window.trueNow() + window.jump.mono;
  Date.now = () => wall() + window.jump.wall;
  localStorage.setItem("roomd.preferences", JSON.stringify({ player: "element" }));
"""
#: What a client may say of itself that nobody could mean.
NONSENSE: tuple[dict[str, Any], ...] = (
    {"state": "playing", "error": 1e300, "p95": -5, "uncertainty": -1e300, "rtt": 1e300, "rate": 1e9, "seeks": -3},
    {"state": "buffering", "error": -1e300, "p95": 1e300, "rtt": -1e300, "stalls": 2_000_000_000},
    {"state": "dancing"},
    {"state": ["playing"], "error": "near"},
    {"state": "playing", "entry": "no such entry", "player": "gramophone"},
    {},
)


@pytest.fixture
def pair(
    house: Roomd, invite: Callable[..., Person], request: pytest.FixtureRequest
) -> Iterator[tuple[Person, Person]]:
    """Alice hosts and plays; Bob is the one whom things happen to. At the end Alice has not been off the line.

    `parametrize("pair", ["alone"], indirect=True)`: in a browser of her own, which the test stops.
    """
    alice = invite("Alice", PLAYS_ALOUD, alone=getattr(request, "param", "") == "alone")
    bob = invite("Bob", PLAYS_ALOUD)
    code = open_room(house, alice)
    bob.open(f"{house.url}/r/{code}")
    say_who(bob)
    alice.page.locator("#search").click()
    alice.page.get_by_role("button", name="Add Long Walk").click()
    alice.settles()
    yield alice, bob
    alice.settles()


def playback(person: Person) -> dict[str, Any]:
    return dict(person.page.evaluate("() => window.roomd.state().playback"))


def seek(person: Person, ms: int) -> None:
    person.page.locator("#seek").evaluate(f"(bar) => {{ bar.value = {ms}; bar.dispatchEvent(new Event('change')); }}")
    wait_until("the room is there", lambda: playback(person)["position"] == ms)


def off_by(errors: list[tuple[float, float]]) -> float:
    """The median distance from the line: a machine busy with other tests has its moments."""
    assert errors
    return sorted(abs(error) for _, error in errors)[len(errors) // 2]


def test_media_that_does_not_load_here_plays_on_everywhere_else(pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    bob.page.route("**/media/**", lambda route: route.abort())
    bob.page.reload()
    expect(bob.page.locator("#status")).to_have_attribute("data-phase", "live")
    before, heard = playback(alice), len(alice.play_errors())
    expect(bob.page.locator("#trouble")).to_contain_text("does not load", timeout=30_000)
    expect(bob.page.locator("#sync")).to_contain_text("Not playing here")
    expect(alice.page.locator("#people-list li", has_text="Bob")).to_contain_text("cannot play this", timeout=15_000)
    assert playback(alice) == before
    assert off_by(alice.play_errors()[heard:]) <= BOUND_MS
    bob.page.unroute("**/media/**")
    bob.page.get_by_role("button", name="Try again").click()
    bob.settles()
    expect(bob.page.locator("#trouble")).to_be_hidden()
    expect(alice.page.locator("#people-list li", has_text="Bob")).not_to_contain_text("cannot", timeout=15_000)
    assert playback(alice) == before
    # Chromium notes each request that was cut off.
    bob.faults[:] = [fault for fault in bob.faults if "ERR_FAILED" not in fault]


def test_media_that_lies_about_its_length_or_cannot_be_searched_moves_nobody(pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    lying = claiming(wav(30.0), seconds=180)
    asked = serve(bob, lying, ranges=True)
    bob.page.reload()
    # However long that took, the room is where the file still has something.
    seek(alice, 1_000)
    bob.settles()
    seek(alice, 25_000)
    before = playback(alice)
    wait_until("the file is over where the room is not", lambda: mode(bob) == "over")
    bob.page.wait_for_timeout(3_000)
    assert playback(alice) == before
    assert mode(bob) == "over"
    seek(alice, 2_000)
    bob.settles()

    bob.page.unroute("**/media/**")
    asked = serve(bob, wav(240.0), ranges=False)
    before = playback(alice)
    bob.page.reload()
    wait_until("Bob hears something", lambda: mode(bob) == "running")
    asked.clear()
    bob.page.wait_for_timeout(5_000)
    assert playback(alice) == before
    assert len(asked) <= 2, "what cannot be jumped in is loaded again and again"


@pytest.fixture
def heavy(data_dir: Path, tmp_path: Path) -> Iterator[Roomd]:
    """roomd with two minutes of music in a large file, and what comes after it."""
    make_wav(tmp_path / "Carol Example - Wide River.wav", 120.0, HEAVY_RATE)
    make_wav(tmp_path / "Carol Example - Brook.wav", 180.0)
    server = Roomd(data_dir, tmp_path)
    server.start()
    yield server
    assert server.end(signal.SIGTERM) == 0


def test_a_file_that_is_replaced_while_it_plays(
    heavy: Roomd, invite: Callable[..., Person], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Bob asks for it part by part, and gets parts of several versions; Alice has what it was when she began."""

    def becomes(seconds: float) -> None:
        other = tmp_path_factory.mktemp("other") / "other.wav"
        make_wav(other, seconds, HEAVY_RATE)
        other.replace(tmp_path / "Carol Example - Wide River.wav")

    alice, bob = (invite(name, PLAYS_ALOUD) for name in ("Alice", "Bob"))
    bob.context.add_init_script("""localStorage.setItem("roomd.preferences", '{"player": "element"}')""")
    asked: list[str] = []
    bob.page.on("request", lambda request: asked.append(request.url) if "/media/" in request.url else None)
    code = open_room(heavy, alice)
    bob.open(f"{heavy.url}/r/{code}")
    say_who(bob)
    alice.page.locator("#search").click()
    for title in ("Wide River", "Brook"):
        alice.page.get_by_role("button", name=f"Add {title}").click()
    for person in (alice, bob):
        person.settles()

    becomes(40.0)
    seek(alice, 80_000)
    before = playback(alice)
    wait_until("Bob knows that there is no more of it", lambda: mode(bob) == "over")
    expect(bob.page.locator("#sync")).to_contain_text("Ended here")
    alice.settles()
    assert playback(alice) == before
    seek(alice, 15_000)
    for person in (alice, bob):
        person.settles()

    becomes(200.0)
    bob.page.reload()
    bob.settles()
    seek(alice, 70_000)
    for person in (alice, bob):
        person.settles()
    seek(alice, 116_000)
    end = playback(alice)["as_of"] + 4_000
    # The room goes on where it was agreed, not where one of the files ends.
    expect(bob.page.locator("#song-title")).to_have_text("Brook")
    assert playback(alice)["as_of"] == playback(bob)["as_of"] == end
    for person in (alice, bob):
        person.settles()
    assert len(asked) < 20, "what is not there is asked for again and again"
    # Chromium notes that it asked for a part that is not there any more.
    bob.faults[:] = [fault for fault in bob.faults if "status of 416" not in fault]


@pytest.mark.parametrize("jump", [{"mono": HOUR_MS, "wall": 0}, {"mono": 0, "wall": -HOUR_MS}], ids=["slept", "set"])
def test_a_clock_that_jumps_by_an_hour_is_found_out(pair: tuple[Person, Person], jump: dict[str, int]) -> None:
    alice, bob = pair
    bob.page.add_init_script(JUMPING_CLOCK)
    bob.page.reload()
    wait_until("Bob plays on the line", lambda: plays_on_the_line(bob))
    before = playback(alice)
    bob.page.evaluate("(jump) => Object.assign(window.jump, jump)", jump)
    bob.page.wait_for_timeout(3_000)
    wait_until("Bob plays on the line again", lambda: plays_on_the_line(bob))
    assert playback(alice) == before


@pytest.mark.parametrize("pair", ["alone"], indirect=True)
def test_a_tab_that_was_frozen_for_a_minute_comes_back_in_step(pair: tuple[Person, Person]) -> None:
    """The host's. Its process is stopped, as a phone stops those that nobody looks at; the others' music goes on."""
    alice, bob = pair
    before, heard = playback(bob), len(bob.play_errors())
    tabs = renderers(alice)
    for tab in tabs:
        os.kill(tab, signal.SIGSTOP)
    try:
        time.sleep(60)
        assert playback(bob) == before
    finally:
        for tab in tabs:
            os.kill(tab, signal.SIGCONT)
    alice.settles()
    walls = alice.page.evaluate("() => window.samples.map(([wall]) => wall)")
    assert max(b - a for a, b in pairwise(walls)) > 50_000, "the tab was not frozen"
    expect(alice.page.locator("#status")).to_have_attribute("data-phase", "live")
    expect(alice.page.locator("#next")).to_be_visible()
    assert playback(bob) == before == playback(alice)
    assert off_by(bob.play_errors()[heard:]) <= BOUND_MS


def test_reports_that_make_no_sense_move_nothing(pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    before, heard = playback(alice), len(alice.play_errors())
    for fields in NONSENSE:
        bob.page.evaluate("(fields) => window.roomd.client.connection.send({ type: 'sync', ...fields })", fields)
        bob.page.wait_for_timeout(1_200)
    assert playback(alice) == before
    assert off_by(alice.play_errors()[heard:]) <= BOUND_MS
    # What it says of its line sets how far ahead a start is; no claim makes that long.
    bob.page.evaluate("() => window.roomd.client.connection.send({ type: 'sync', state: 'playing', rtt: 1e12 })")
    alice.page.locator("#toggle").click()
    wait_until("the room stands", lambda: not playback(alice)["playing"])
    alice.page.locator("#toggle").click()
    wait_until("the room plays", lambda: playback(alice)["playing"])
    ahead = alice.page.evaluate("() => window.roomd.state().playback.as_of - window.roomd.clock.now()")
    assert ahead <= 2_000
    bob.settles()


def renderers(person: Person) -> list[int]:
    """The ids of the processes in which this person's pages run."""
    told = person.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
    return [each["id"] for each in told["processInfo"] if each["type"] == "renderer"]


def mode(person: Person) -> str:
    return str(person.page.evaluate("() => window.roomd?.player.mode"))


def plays_on_the_line(person: Person) -> bool:
    """By a clock that no jump touches: whether all of five looks find the player at the room's place."""
    look = """() => {
      const { player, state } = window.roomd ?? {};
      if (player?.mode !== "running" || player.stalled) return null;
      return [performance.timeOrigin + window.trueNow(), player.actualPosition(), state().playback];
    }"""
    for _ in range(5):
        seen = person.page.evaluate(look)
        if seen is None or abs(seen[1] - line_at(seen[2], seen[0])) > BOUND_MS:
            return False
        person.page.wait_for_timeout(200)
    return True


def claiming(body: bytes, seconds: int) -> bytes:
    """The sound of a WAV file whose header says that it is so long."""
    at = body.index(b"data") + 4
    return body[:at] + (seconds * 16_000).to_bytes(4, "little") + body[at + 4 :]


def serve(person: Person, body: bytes, *, ranges: bool) -> list[str]:
    """Give this person's browser other sound than the server's; what it asks for is noted."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        wanted = re.match(r"bytes=(\d+)-(\d*)", route.request.headers.get("range", ""))
        asked.append(wanted[0] if wanted else "")
        if not ranges or wanted is None:
            route.fulfill(status=200, body=body, content_type="audio/wav")
            return
        first, last = int(wanted[1]), min(int(wanted[2] or len(body)), len(body) - 1)
        told = {"Content-Range": f"bytes {first}-{last}/{len(body)}", "Accept-Ranges": "bytes"}
        route.fulfill(status=206, body=body[first : last + 1], content_type="audio/wav", headers=told)

    person.page.route("**/media/**", answer)
    return asked
