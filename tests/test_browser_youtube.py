"""YouTube's player in a frame, in real browsers. In YouTube's place a stand-in answers: standins/youtube.mjs."""

from collections.abc import Callable
from pathlib import Path

import pytest
from browser_world import PLAYS_ALOUD, Person, Roomd, line_at, open_room, say_who, wait_until
from playwright.sync_api import Route, expect

pytestmark = pytest.mark.browser

STANDINS = Path(__file__).parent / "standins"
HOST = "https://www.youtube-nocookie.com"
#: Milliseconds that a video may be off the room's line: the gate of goal G12, and the goal.
GATE_MS, GOAL_MS = 400.0, 150.0
AGREED = """
if (location.hostname === "127.0.0.1") localStorage.setItem("roomd.preferences", JSON.stringify({ youtube: true }));
"""
ADD = """([url]) => window.roomd.client.run("add", { tracks: [{ url }] })"""
#: What is really played, and when by this machine's clock; a state of 1 is "playing". Nothing, before it is loaded.
LOOK = "() => window.stand && [performance.timeOrigin + performance.now(), stand.position * 1000, stand.state]"
#: Keeps what the page says of tracks that it cannot play; each is on show for 4 s only.
LISTEN = """() => {
  const trouble = document.querySelector("#trouble");
  window.said = [];
  new MutationObserver(() => {
    const [text, cover] = [trouble.textContent, !document.querySelector("#cover").hidden];
    window.said.push({ text, cover, link: trouble.querySelector("a")?.href ?? null });
  }).observe(trouble, { childList: true });
}"""
#: The server asks the provider for a title; from a test it does not get out.
SHUT_IN = """
import socket

found = socket.getaddrinfo


def only_here(host, *more, **named):
    if host not in {"127.0.0.1", "localhost"}:
        raise socket.gaierror(socket.EAI_NONAME, "not from a test")
    return found(host, *more, **named)


socket.getaddrinfo = only_here
"""


@pytest.fixture
def shut_in(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path_factory.mktemp("shut-in")
    (place / "sitecustomize.py").write_text(SHUT_IN)
    monkeypatch.setenv("PYTHONPATH", str(place))


def answer_for_youtube(person: Person) -> list[str]:
    """What this person's browser asks of YouTube is answered by the stand-in. The list grows with what was asked."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        script = route.request.url.endswith("youtube.mjs")
        name, kind = ("youtube.mjs", "text/javascript") if script else ("youtube_embed.html", "text/html")
        route.fulfill(body=(STANDINS / name).read_text(), content_type=kind)

    person.context.route(f"{HOST}/**", answer)
    return asked


def off_line(person: Person) -> float | None:
    """How far the video itself is off the room's line, in ms; None while it does not play."""
    frame = next((each for each in person.page.frames if each.url.startswith(HOST)), None)
    playback = person.page.evaluate("() => window.roomd.state().playback")
    if frame is None or not playback["playing"]:
        return None
    wall, position, state = frame.evaluate(LOOK) or (0, 0, None)
    return float(position - line_at(playback, wall)) if state == 1 else None


def settles(person: Person) -> None:
    """Three looks in a row within the goal."""
    near = 0

    def looked() -> bool:
        nonlocal near
        off = off_line(person)
        near = near + 1 if off is not None and abs(off) <= GOAL_MS else 0
        person.page.wait_for_timeout(300)
        return near >= 3

    wait_until(f"{person.name}'s video is at the room's place", looked)


def measure(*people: Person, looks: int = 20) -> list[float]:
    errors: list[float] = []
    for _ in range(looks):
        for person in people:
            off = off_line(person)
            assert off is not None, f"{person.name}'s video stopped"
            errors.append(abs(off))
        people[0].page.wait_for_timeout(250)
    return sorted(errors)


@pytest.mark.usefixtures("shut_in")
def test_a_video_is_watched_together(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice, bob = (invite(name, PLAYS_ALOUD) for name in ("Alice", "Bob"))
    answer_for_youtube(alice)
    asked = answer_for_youtube(bob)
    alice.context.add_init_script(AGREED)
    code = open_room(roomd, alice)
    # It shows an advertisement first.
    alice.page.evaluate(ADD, ["https://www.youtube.com/watch?v=ad_Alice_01"])
    settles(alice)

    # Bob has not agreed yet: nothing is asked of YouTube.
    bob.open(f"{roomd.url}/r/{code}")
    say_who(bob)
    agree = bob.page.get_by_role("button", name="Play it here")
    expect(agree).to_be_visible()
    expect(bob.page.locator("#tap")).to_be_hidden()
    assert bob.page.evaluate("() => window.roomd.player.mode") == "blocked"
    assert asked == []
    bob.shot("youtube-consent")
    agree.click()
    settles(bob)
    assert all("&origin=" in url for url in asked if "/embed/" in url)
    errors = measure(alice, bob)
    assert errors[-1] <= GATE_MS, errors

    # The host goes elsewhere, and both are there.
    alice.page.locator("#toggle").click()
    wait_until("both stand", lambda: off_line(alice) is off_line(bob) is None)
    alice.page.evaluate("() => window.roomd.client.run('seek', { position: 90000 })")
    alice.page.locator("#toggle").click()
    for person in (alice, bob):
        settles(person)
    errors += measure(alice, bob)
    assert sorted(errors)[-1] <= GATE_MS, errors
    assert sorted(errors)[int(len(errors) * 0.95)] <= GATE_MS, errors
    alice.shot("youtube")


@pytest.mark.usefixtures("shut_in")
def test_what_cannot_be_played_here_says_so_and_the_room_goes_on(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice = invite("Alice", PLAYS_ALOUD)
    answer_for_youtube(alice)
    alice.context.add_init_script(AGREED)
    open_room(roomd, alice)
    alice.page.evaluate(LISTEN)
    # One that only plays elsewhere, one that may not be embedded, and one that plays.
    for url in ("https://vimeo.com/1084537", "https://youtu.be/forbid_0001", "https://youtu.be/dQCarol_123"):
        alice.page.evaluate(ADD, [url])
    settles(alice)
    first, *_, second = alice.page.evaluate("() => window.said")
    assert first["text"].startswith("This plays on Vimeo only, not on this page. Open it on Vimeo. The room goes on")
    assert (first["link"], first["cover"]) == ("https://vimeo.com/1084537", True)
    assert (second["text"], second["link"]) == ("This track does not load.", None)
    expect(alice.page.locator("#trouble")).to_be_hidden()
