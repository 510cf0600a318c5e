"""How even a long list scrolls: a wheel turned by the browser itself, and every frame that it drew meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import NamedTuple

from bench.page_loads import VIEWPORT
from bench.page_rooms import Room
from playwright.sync_api import Browser, CDPSession, Page

#: Pixels in a second: a brisk flick. And how far it goes in one measurement.
SPEED = 5_000
FAR = 30_000
#: A frame that was not drawn in time shows as an interval of two; timestamps of frames are whole ones of 16.7 ms.
LATE_MS = 25.0

FRAMES = """() => {
  const all = window.__frames = [];
  const note = (at) => { all.push(at); if (window.__frames === all) requestAnimationFrame(note); };
  requestAnimationFrame(note);
}"""
#: What a browser does at best here: 500 plain boxes with a word in each.
PLAIN = """<style>body { margin: 0 } div { height: 800px; overflow-y: auto; background: #fff }
p { height: 56px; margin: 0 }</style><div id=plain></div><script>
document.querySelector("div").innerHTML = Array.from({ length: 500 }, (_, n) => `<p>Row ${n}</p>`).join("")</script>"""


class Frames(NamedTuple):
    count: int
    p50: float
    p95: float
    #: The share of frames that came late, 0 to 1.
    late: float
    longest: float


@contextmanager
def window(browser: Browser, url: str, room: Room, rate: int) -> Iterator[tuple[Page, CDPSession]]:
    """The room's page as its host sees it, on a processor `rate` times as slow as this one."""
    context = browser.new_context(viewport=VIEWPORT)
    context.add_init_script(f"localStorage.setItem('roomd.session', {room.session!r})")
    page = context.new_page()
    session = context.new_cdp_session(page)
    page.goto(f"{url}/r/{room.code}")
    page.wait_for_selector("#status[data-phase=live]")
    page.wait_for_function("() => document.querySelectorAll('#coming-list > *').length > 10")
    session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    yield page, session
    context.close()


def plain(browser: Browser, rate: int) -> Frames:
    context = browser.new_context(viewport=VIEWPORT)
    page = context.new_page()
    session = context.new_cdp_session(page)
    page.set_content(PLAIN)
    session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    taken = scrolled(page, session, "#plain", -FAR)
    context.close()
    return taken


def queue(browser: Browser, url: str, room: Room, rate: int) -> Frames:
    """From the top of the queue down, all of whose rows are there by then."""
    with window(browser, url, room, 1) as (page, session):
        page.wait_for_function(f"() => document.querySelectorAll('#coming-list > *').length >= {room.tracks - 1}")
        session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
        return scrolled(page, session, "#queue-scroll", -FAR)


def chat(browser: Browser, url: str, room: Room, rate: int) -> Frames:
    """From the end of the talk up, all of which the page has by then."""
    with window(browser, url, room, rate) as (page, session):
        session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        older = page.locator("#older")
        while older.evaluate("(it) => it.dataset.done") != "true":
            page.evaluate("() => { const it = document.querySelector('#older'); if (!it.disabled) it.click(); }")
            page.wait_for_timeout(5)
        page.evaluate("() => { const it = document.querySelector('#chat-scroll'); it.scrollTop = it.scrollHeight; }")
        page.wait_for_timeout(500)
        session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
        return scrolled(page, session, "#chat-scroll", FAR)


def scrolled(page: Page, session: CDPSession, selector: str, by: int) -> Frames:
    """`by`: pixels, downwards where it is below 0."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    page.wait_for_timeout(1_000)
    before = page.locator(selector).evaluate("(it) => it.scrollTop")
    page.evaluate(FRAMES)
    where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    how = {"yDistance": by, "speed": SPEED, "gestureSourceType": "mouse", "preventFling": True}
    session.send("Input.synthesizeScrollGesture", where | how)
    frames = page.evaluate("() => { const all = window.__frames; window.__frames = null; return all; }")
    after = page.locator(selector).evaluate("(it) => it.scrollTop")
    if abs(after - before) < 2_000:
        raise RuntimeError(f"{selector} went from {before} to {after} only")
    gaps = sorted(later - sooner for sooner, later in pairwise(frames))
    return Frames(len(gaps), at(gaps, 0.5), at(gaps, 0.95), sum(gap > LATE_MS for gap in gaps) / len(gaps), gaps[-1])


def at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
