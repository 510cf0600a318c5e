"""What plays in a real browser: music files on the audio thread, or by the media element where that is better."""

import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_world import PLAYS_ALOUD, Person, Roomd, open_room, say_who, wait_until
from media_files import mp4, put
from playwright.sync_api import expect
from serving import make_wav

pytestmark = pytest.mark.browser

#: What Chromium does by itself on people's machines, but not when headless.
ASKS_FIRST = "--autoplay-policy=document-user-activation-required"
#: Notes what is handed to the audio thread: where in the context's time, from which place of a file and for how long.
WATCH_SOURCES = """
  window.sources = [];
  const { start } = AudioBufferSourceNode.prototype;
  AudioBufferSourceNode.prototype.start = function (at, from, lasts) {
    window.sources.push({ at, from, lasts, file: this.buffer.duration });
    start.call(this, at, from, lasts);
  };
  window.elements = [];
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function () {
    window.elements.push(this);
    return play.call(this);
  };
"""
#: The silent elements that keep media keys with the page: whether they stand, and how long they are.
ANCHORS = "() => window.elements.map(({ paused, duration, loop, muted }) => [paused, duration, loop, muted])"
#: What the audio thread of this browser makes of a sound that is nudged by samples, and of one that follows. The value
#: of each sample is its own place (in the second file, ten seconds more), so that what comes out says where it is from.
RENDER = """async () => {
  const { Sound } = await import("/static/js/players/sound.js");
  const { Schedule } = await import("/static/js/models/schedule.js");
  const rate = 48_000;
  const context = new OfflineAudioContext(1, rate * 4, rate);
  const file = (first) => {
    const buffer = context.createBuffer(1, rate * 6, rate);
    buffer.getChannelData(0).forEach((_, n, samples) => { samples[n] = first + n / rate; });
    return buffer;
  };
  const into = context.destination;
  const schedule = new Schedule({ at: 0.5, position: 250, rate: 1 }, 2_250);
  const sound = new Sound(file(0), into, { at: 0.5, from: 0.25, rate: 1, lasts: 2, fade: false });
  for (const [at, samples] of [[1, 10], [1.6, -9]]) {
    const lasts = (189 * 128) / rate;
    sound.nudge(at, lasts, schedule.nudge(at, lasts, (samples * 1_000) / rate), 1);
  }
  const next = Math.round(schedule.endAt * rate) / rate;
  new Sound(file(10), into, { at: next, from: 0, rate: 1, lasts: 6, fade: false });
  const out = (await context.startRendering()).getChannelData(0);
  const off = (from, to, place) => {
    let worst = 0;
    for (let n = from; n < to; n += 1) worst = Math.max(worst, Math.abs(out[n] * rate - place(n / rate) * rate));
    return worst;
  };
  const seam = Math.round(next * rate);
  return {
    first: off(rate / 2, seam - 1, (at) => schedule.positionAt(at) / 1_000),
    second: off(seam, 4 * rate, (at) => 10 + at - next),
    holes: out.slice(rate / 2, 4 * rate).filter((value) => value === 0).length,
    seam: [out[seam - 1], out[seam]],
  };
}"""
USE_ELEMENT = """localStorage.setItem("roomd.preferences", JSON.stringify({ player: "element" }));"""
#: How far what is heard is off the room's line, by the page's own clock, thirty times over 1.5 s.
OFF = """async () => {
  const { player } = window.roomd;
  const off = [];
  for (let n = 0; n < 30; n += 1) {
    off.push(player.actualPosition() - player.expectedPosition());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return off;
}"""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roomd]:
    """roomd with pieces of music that are soon over, and a file that says it is one."""
    music = tmp_path_factory.mktemp("music")
    make_wav(music / "Carol Example - Long Walk.wav", 240.0)
    make_wav(music / "Carol Example - Short Walk.wav", 9.0)
    put(music / "Carol Example - Broken Bridge.m4a", mp4(6.0, data=5_000, title="Broken Bridge"))
    with tempfile.TemporaryDirectory(prefix="rd-", dir=Path("/tmp").resolve()) as data:
        server = Roomd(Path(data), music)
        server.start()
        yield server
        assert server.end(signal.SIGTERM) == 0


def add(person: Person, title: str) -> None:
    person.page.locator("#search").fill(title)
    person.page.get_by_role("button", name=f"Add {title}").click()
    titles = "() => window.roomd.state().queue.map((entry) => entry.track.title)"
    wait_until(f"{title} is in the queue", lambda: title in person.page.evaluate(titles))


def plays_by(person: Person, name: str) -> None:
    ask = "() => window.roomd.player.mode === 'running' && window.roomd.player.player.name"
    wait_until(f"{person.name} hears it by {name}", lambda: person.page.evaluate(ask) == name)


def off_line(person: Person) -> float:
    """The median distance from the line, in ms."""
    off = sorted(abs(each) for each in person.page.evaluate(OFF))
    return float(off[len(off) // 2])


def sources(person: Person) -> list[dict[str, Any]]:
    return list(person.page.evaluate("() => window.sources"))


def test_music_is_on_the_line_after_whatever_happens(shelf: Roomd, invite: Callable[..., Person]) -> None:
    alice, bob = invite("Alice", PLAYS_ALOUD), invite("Bob", PLAYS_ALOUD)
    code = open_room(shelf, alice)
    add(alice, "Long Walk")
    plays_by(alice, "webaudio")
    alice.settles(25)
    assert off_line(alice) < 3

    alice.page.evaluate("() => window.roomd.client.run('seek', { position: 90_000 })")
    wait_until(
        "it plays from there", lambda: alice.page.evaluate("() => window.roomd.player.actualPosition()") > 90_000
    )
    assert off_line(alice) < 3

    alice.page.locator("#toggle").click()
    still = "() => window.roomd.player.mode === 'still' && window.roomd.player.actualPosition()"
    stood = wait_until("it stands", lambda: alice.page.evaluate(still))
    assert stood == alice.page.evaluate("() => window.roomd.player.expectedPosition()")
    alice.page.locator("#toggle").click()
    plays_by(alice, "webaudio")

    bob.open(f"{shelf.url}/r/{code}")
    say_who(bob)
    plays_by(bob, "webaudio")
    for person in (alice, bob):
        person.settles(25)
        assert off_line(person) < 3
    # Nothing had to be mended by a jump: what was scheduled was right.
    assert [person.page.evaluate("() => window.roomd.player.player.effort().seeks") for person in (alice, bob)] == [
        0,
        0,
    ]


def test_the_next_track_follows_without_a_gap(shelf: Roomd, invite: Callable[..., Person]) -> None:
    alice = invite("Alice", PLAYS_ALOUD)
    alice.context.add_init_script(WATCH_SOURCES)
    open_room(shelf, alice)
    add(alice, "Short Walk")
    add(alice, "Long Walk")
    plays_by(alice, "webaudio")
    expect(alice.page.locator("#song-title")).to_have_text("Long Walk", timeout=20_000)
    alice.settles(25)
    # The first track may have begun with a stretch cut out of its file; the whole of it is the last that sounds.
    first, second = sources(alice)[-2:]
    assert [first["file"], second["file"]] == [9.0, 240.0]
    # So much the rate was off for a while, at most; to the sample where it was not.
    assert abs(second["at"] - (first["at"] + first["lasts"])) < 0.003
    assert second["from"] == 0
    assert alice.page.evaluate(ANCHORS)[-1] == [False, 10, True, False]
    modes = alice.page.evaluate("() => window.samples.map(([, , mode]) => mode)")
    assert set(modes[modes.index("running") :]) == {"running"}
    alice.page.locator("#toggle").click()
    wait_until("media keys stay with the page", lambda: alice.page.evaluate(ANCHORS)[-1][0])


def test_the_browser_renders_what_it_was_told(shelf: Roomd, invite: Callable[..., Person]) -> None:
    alice = invite("Alice")
    alice.open(shelf.url)
    rendered = alice.page.evaluate(RENDER)
    # In samples; the values themselves are exact to a fiftieth of one, ten seconds in to a twentieth.
    assert (rendered["first"] < 0.1, rendered["second"] < 0.1, rendered["holes"]) == (True, True, 0), rendered
    assert rendered["seam"] == pytest.approx([2.25, 10.0], abs=1e-4)


def test_what_is_no_sound_is_passed_over(shelf: Roomd, invite: Callable[..., Person]) -> None:
    alice = invite("Alice", PLAYS_ALOUD)
    open_room(shelf, alice)
    add(alice, "Broken Bridge")
    add(alice, "Long Walk")
    expect(alice.page.locator("#song-title")).to_have_text("Long Walk", timeout=20_000)
    plays_by(alice, "webaudio")
    assert off_line(alice) < 3


def test_the_media_element_plays_where_it_was_chosen_and_on_phones(shelf: Roomd, invite: Callable[..., Person]) -> None:
    alice, bob = invite("Alice", PLAYS_ALOUD), invite("Bob", PLAYS_ALOUD, has_touch=True, is_mobile=True)
    alice.context.add_init_script(USE_ELEMENT)
    code = open_room(shelf, alice)
    add(alice, "Long Walk")
    plays_by(alice, "element")
    bob.open(f"{shelf.url}/r/{code}")
    say_who(bob)
    plays_by(bob, "element")
    # And back, in the middle of the track.
    alice.page.evaluate("""() => {
      localStorage.setItem("roomd.preferences", JSON.stringify({ player: "auto" }));
      window.roomd.player.reload();
    }""")
    plays_by(alice, "webaudio")
    assert off_line(alice) < 3


def test_sound_that_the_browser_blocks_is_asked_for(shelf: Roomd, invite: Callable[..., Person]) -> None:
    alice, bob = invite("Alice", PLAYS_ALOUD), invite("Bob", ASKS_FIRST)
    code = open_room(shelf, alice)
    add(alice, "Long Walk")
    bob.open(f"{shelf.url}/r/{code}")
    say_who(bob)
    bob.page.close()
    bob.again()
    # Playwright looks at a page with the rights of a gesture, so until sound was refused nobody may look.
    with bob.page.expect_console_message(lambda line: line.text == "mode blocked"):
        bob.open(f"{shelf.url}/r/{code}")
    bob.page.locator("#tap").click()
    plays_by(bob, "webaudio")
    assert off_line(bob) < 3
