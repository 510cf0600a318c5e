"""A page loaded by a browser that has nothing of it yet, over a phone's line and with a phone's processor.

The line and the processor are Chromium's own emulation, with Lighthouse's figures for a fast 3G line: 150 ms to and
fro, 1.6 Mbit/s down, 750 kbit/s up; a processor four times as slow. Nothing is estimated from a faster load.
"""

import contextlib
import time
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bench.page_rooms import Room
from playwright.sync_api import Browser, CDPSession, Error, Page

SLOWER = 4
LINE = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
VIEWPORT = {"width": 1280, "height": 800}
#: Milliseconds between two presses; a figure is late by this much at most.
PRESS_MS = 25
PATIENCE_S = 30.0
#: Whoever has waited this long without anything on the line has seen what there is.
QUIET_S = 1.0

#: Notes what the browser says of the page, and when the page first does what it was asked for by a real click or key.
#: `reacted` holds, in milliseconds since the navigation began, the first time at which it told the server so, by the
#: type of the message; and as "seen" the first frame in which something that was pressed shows that it is at work.
PROBE = """(() => {
  const seen = window.__seen = { paint: {}, lcp: 0, cls: 0, long: [], reacted: {} };
  const watch = (type, take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  watch("paint", ({ name, startTime }) => { seen.paint[name] = startTime; });
  watch("largest-contentful-paint", ({ startTime }) => { seen.lcp = startTime; });
  watch("layout-shift", ({ value }) => { seen.cls += value; });
  watch("longtask", ({ startTime, duration }) => seen.long.push([startTime, duration]));
  const note = (what) => { seen.reacted[what] ??= performance.now(); };
  const busy = (all) => all.some(({ target }) => target.ariaBusy === "true" && target.matches(".button, .line, form"));
  new MutationObserver((all) => busy(all) && requestAnimationFrame(() => note("seen")))
    .observe(document, { subtree: true, attributes: true, attributeFilter: ["aria-busy"] });
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    note(JSON.parse(data).type);
    return send.call(this, data);
  };
  const { fetch } = window;
  window.fetch = function (path, ...more) {
    if (String(path).includes("/api/auth/guest/")) note("name");
    return fetch.call(this, path, ...more);
  };
})()"""


class Load(NamedTuple):
    """Milliseconds since the navigation began; bytes of bodies, compressed as they came over the line."""

    fcp: float
    lcp: float
    cls: float
    tbt: float
    live: float
    nodes: int
    requests: int
    foreign: list[str]
    weight: dict[str, int]


@contextlib.contextmanager
def slow(browser: Browser, room: Room | None, line: dict[str, Any] | None = None) -> Iterator[tuple[Page, CDPSession]]:
    """A browser's window of its own that knows nothing yet but, with a `room`, who its user is."""
    context = browser.new_context(viewport=VIEWPORT)
    context.add_init_script(PROBE)
    if room:
        context.add_init_script(f"localStorage.setItem('roomd.session', {room.session!r})")
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", line or LINE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    yield page, session
    context.close()


def watched(browser: Browser, url: str, room: Room) -> Load:
    """Somebody who was here before comes with an empty cache, and looks."""
    with slow(browser, room) as (page, session):
        sizes: dict[str, int] = {}
        addresses: dict[str, str] = {}
        session.on("Network.requestWillBeSent", lambda it: addresses.setdefault(it["requestId"], it["request"]["url"]))
        session.on("Network.responseReceived", lambda it: sizes.update({it["requestId"]: _body(it["response"])}))
        page.goto(f"{url}/r/{room.code}", wait_until="load")
        page.wait_for_selector("#queue-loading", state="hidden")
        _quiet(page, sizes)
        seen = page.evaluate("() => window.__seen")
        nodes = page.evaluate("() => document.querySelectorAll('*').length")
        here = urlsplit(url).netloc
        fcp = seen["paint"]["first-contentful-paint"]
        return Load(
            fcp=fcp,
            lcp=seen["lcp"],
            cls=seen["cls"],
            tbt=sum(max(0.0, length - 50) for start, length in seen["long"] if start + length > fcp),
            live=seen["reacted"]["hello"],
            nodes=nodes,
            requests=len(addresses),
            foreign=[each for each in addresses.values() if each[:5] != "data:" and urlsplit(each).netloc != here],
            weight=_by_part({addresses[key]: size for key, size in sizes.items()}),
        )


def _quiet(page: Page, sizes: dict[str, int]) -> None:
    known, since = len(sizes), time.monotonic()
    while time.monotonic() - since < QUIET_S:
        page.wait_for_timeout(100)
        if len(sizes) != known:
            known, since = len(sizes), time.monotonic()


def _body(response: dict[str, Any]) -> int:
    return int({name.lower(): value for name, value in response["headers"].items()}.get("content-length", 0))


def _by_part(sizes: dict[str, int]) -> dict[str, int]:
    weight: dict[str, int] = {}
    for address, size in sizes.items():
        path = urlsplit(address).path
        ending = path.rpartition(".")[2]
        part = "HTML" if path.startswith("/r/") else {"css": "CSS", "js": "JS"}.get(ending, "the rest")
        part = "the rest" if path.startswith(("/media/", "/api/")) or path == "/sw.js" else part
        weight[part] = weight.get(part, 0) + size
    return weight


class Reaction(NamedTuple):
    """Milliseconds since the navigation began: that somebody saw that they were heard, and that the server was told."""

    seen: float
    told: float


def reacts(browser: Browser, url: str, room: Room, what: str) -> Reaction:
    """When the page first does what it is asked for: a person who knows where things are clicks from the start.

    `what`: "play" presses the play button, "say" writes into the chat, "name" says at the door who one is.
    """
    places = {"play": "#toggle", "say": "#say-text", "name": "#enter-form [name=name]"}
    known = None if what == "name" else room
    with slow(browser, known, LINE | {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}) as (page, _):
        page.goto(f"{url}/r/{room.code}")
        page.wait_for_selector(f"{places[what]}:not([disabled])")
        box = page.locator(places[what]).bounding_box()
    assert box is not None
    where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    told = {"play": ("play", "pause"), "say": ("say",), "name": ("name",)}[what]
    with slow(browser, known) as (page, session):
        session.send("Page.navigate", {"url": f"{url}/r/{room.code}"})
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            press(session, where, None if what == "play" else "Alice")
            found = _reacted(page)
            if times := [found[each] for each in told if each in found]:
                return Reaction(min([found.get("seen", PATIENCE_S * 1_000), *times]), min(times))
            time.sleep(PRESS_MS / 1_000)
    raise TimeoutError(f"{what}: nothing reacted within {PATIENCE_S} s")


def _reacted(page: Page) -> dict[str, float]:
    try:
        return dict(page.evaluate("() => window.__seen?.reacted ?? {}"))
    except Error:
        # Asked in the moment in which the page took the place of the empty one.
        return {}


def press(session: CDPSession, where: dict[str, float], text: str | None) -> None:
    """A click; and where there is something to write, that and Enter."""
    for kind in ("mousePressed", "mouseReleased"):
        session.send("Input.dispatchMouseEvent", {"type": kind, "button": "left", "clickCount": 1, **where})
    if text is None:
        return
    session.send("Input.insertText", {"text": text})
    key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
    session.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": "\r", **key})
    session.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})
