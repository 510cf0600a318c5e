"""roomd as a person runs it, a process of its own on embedded stores; and real Chromium, a process for each person."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import randrange
from typing import Any

import httpx
from cluster_template import TEMPLATE
from no_tls import NO_TLS
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

#: Seconds within which anything that is to happen has happened, on a machine busy with other tests.
PATIENCE_S = 30.0
#: The same for a server that starts, which takes a second or two of a core.
READY_S = 60.0
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PLAYS_ALOUD = "--autoplay-policy=no-user-gesture-required"
#: Where screenshots are kept, to be looked at.
OUTPUT = Path(__file__).parent.parent / "test-output"

#: Notes, ten times a second, what plays and when by this machine's clock. `timeOrigin` was read off the wall clock when
#: the page was loaded, so pages are compared by that clock and not by the one whose estimate is under test.
RECORDER = """

  window.samples = [];
  setInterval(() => {
    const { player, state } = window.roomd ?? {};
    if (!player || !state()) return;
    const wall = performance.timeOrigin + performance.now();
    const { playback } = state();
    if (window.samples.at(-1)?.[2] !== player.mode) console.debug(`mode ${player.mode}`);
    window.samples.push([wall, player.actualPosition(), player.mode, playback]);
  }, 100);
"""


def free_port() -> int:
    """Below those that connections get by themselves: one of them might have it before the server does."""
    while True:
        port = randrange(12_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def chromium() -> str | None:
    """The Chromium on PATH; None for the one that Playwright brings."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next((path for path in found if path), None)


def wait_until(what: str, met: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """The first answer of `met` that is true. Fails when none is within the time."""
    until = time.monotonic() + patience_s
    while not (answer := met()):
        assert time.monotonic() < until, f"waited {patience_s} s in vain: {what}"
        time.sleep(0.05)
    return answer


@dataclass
class Roomd:
    data_dir: Path
    #: None: the pieces that roomd makes itself.
    music_dir: Path | None
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    #: Settings beside these.
    more: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        if not (self.data_dir / "postgres").exists():
            TEMPLATE.lay(self.data_dir)
        env = {
            **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "ROOMD_DATA_DIR": str(self.data_dir),
            "ROOMD_LIMITS": "off",
            **({"MUSIC_DIR": str(self.music_dir)} if self.music_dir else {}),
            **self.more,
        }
        log = (self.data_dir.parent / f"{self.data_dir.name}.log").open("ab")
        with log:
            self.process = subprocess.Popen([sys.executable, "-m", "roomd", "serve"], env=env, stderr=log, stdout=log)
        try:
            wait_until("the server answers", self.answers, READY_S)
        except AssertionError:
            # Left running, it would be a fault of whichever test comes next.
            self.process.kill()
            self.process.wait()
            raise

    def answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the server ended with {self.process.returncode}"
        try:
            return httpx.get(f"{self.url}/api/health/", verify=NO_TLS, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


@dataclass
class Person:
    """Somebody at a browser of their own."""

    name: str
    browser: Browser
    context: BrowserContext
    page: Page
    #: What the browser complained of: faults of the page, and what its content policy stopped.
    faults: list[str] = field(default_factory=list)

    def open(self, url: str) -> None:
        self.page.goto(url)

    def again(self) -> None:
        """A new tab of the same browser."""
        self.page = self.context.new_page()
        self.watch()

    def watch(self) -> None:
        self.page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        self.page.on("console", lambda line: self._complain(line.type, line.text))

    def _complain(self, kind: str, text: str) -> None:
        # A server that is down, or no line, is what some tests are about; the page says so itself.
        if kind == "error" and "ERR_CONNECTION_REFUSED" not in text and "ERR_INTERNET_DISCONNECTED" not in text:
            self.faults.append(text)

    def play_errors(self) -> list[tuple[float, float]]:
        """(wall ms, ms off the room's line) of every sample in which this person was to hear something."""
        samples = self.page.evaluate("() => window.samples")
        return [
            (wall, actual - line_at(playback, wall))
            for wall, actual, mode, playback in samples
            if mode == "running" and playback["playing"] and wall > playback["as_of"] and actual is not None
        ]

    def settles(self, within_ms: float = 50, samples: int = 5) -> None:
        """Wait until the latest samples are all within so many ms of the room's line."""

        def settled() -> bool:
            latest = self.page.evaluate(f"() => window.samples.slice(-{samples})")
            return len(latest) == samples and all(
                mode == "running" and playback["playing"] and abs(actual - line_at(playback, wall)) <= within_ms
                for wall, actual, mode, playback in latest
            )

        try:
            wait_until(f"{self.name} plays at the room's place", settled)
        except AssertionError:
            self.shot(f"failed-{self.name}")
            seen = self.page.evaluate("() => [window.samples.slice(-5), window.roomd?.client.status, document.title]")
            raise AssertionError(f"{self.name} does not play at the room's place: {seen}") from None

    def shot(self, name: str) -> None:
        """What is seen now; what is still on its way in or out has arrived."""
        OUTPUT.mkdir(exist_ok=True)
        self.page.screenshot(path=str(OUTPUT / f"{name}.png"), animations="disabled")


def line_at(playback: dict[str, Any], wall_ms: float) -> float:
    """Where the room is by its line, at a time of the clock on the wall."""
    if not playback["playing"]:
        return float(playback["position"])
    return float(playback["position"] + playback["rate"] * max(0.0, wall_ms - playback["as_of"]))


def launch(playwright: Playwright, name: str, *flags: str, browser: Browser | None = None, **context: Any) -> Person:
    """`browser`: one that runs already; who shares it has storage, tabs and processes for these of their own in it."""
    browser = browser or playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, *flags])
    # Requests that a service worker sees are not those of the page, which tests look at and answer for it.
    usual = {"viewport": {"width": 1280, "height": 800}, "service_workers": "block"}
    made = browser.new_context(**usual | context)
    made.set_default_timeout(PATIENCE_S * 1_000)
    # Not by `evaluate`, which counts as a gesture of the user's and so unblocks sound.
    made.add_init_script(RECORDER)
    person = Person(name, browser, made, made.new_page())
    person.watch()
    return person


def open_room(roomd: Roomd, host: Person, *, private: bool = False) -> str:
    host.open(roomd.url)
    form = host.page.locator("#create")
    form.locator("[name=room_name]").fill("Friday kitchen")
    form.locator("[name=name]").fill(host.name)
    form.locator("[name=private]").set_checked(private)
    form.get_by_role("button", name="Open the room").click()
    host.page.wait_for_url("**/r/*")
    entered(host)
    return host.page.url.rpartition("/")[2]


def say_who(person: Person) -> None:
    person.page.locator("#enter [name=name]").fill(person.name)
    person.page.locator("#enter form button, #enter-form button").first.click()
    entered(person)


def entered(person: Person) -> None:
    """In the room."""
    expect(person.page.locator("#status")).to_have_attribute("data-phase", "live")
