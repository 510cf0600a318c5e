"""What a room's page shows while nothing is as it should be: what happened, and what one can do about it now."""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import pytest
from browser_world import Person, Roomd, entered, open_room, say_who
from playwright.sync_api import Route, WebSocketRoute, expect
from test_browser_library import PHONE, call

pytestmark = pytest.mark.browser

#: Sockets beside the page's own, of the same person: as many as one may have in one room.
TEN_MORE = """async () => {
  const { access: token } = JSON.parse(localStorage.getItem("roomd.session"));
  const address = `ws://${location.host}/ws/v1/${document.body.dataset.code}/`;
  const one = () => new Promise((resolve) => {
    const socket = new WebSocket(address);
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", token }));
    socket.onmessage = () => resolve(socket);
  });
  window.more = await Promise.all(Array.from({ length: 9 }, one));
}"""

#: How a socket ends here. The hint, milliseconds, keeps the page from trying again by itself while a test looks at it.
GONE: dict[str, Any] = {"code": 1012, "reason": "60000"}


class Line:
    """A person's line to the room, through which nothing comes, or no more than a refusal, where a test wants that."""

    def __init__(self, person: Person) -> None:
        self.way: Literal["through", "silent", "cut"] = "through"
        #: The code of a refusal, as the server says it before it closes with 4503.
        self.refused = ""
        self._held: list[tuple[WebSocketRoute, list[str | bytes]]] = []
        self._open: list[WebSocketRoute] = []
        person.page.route_web_socket(re.compile("/ws/v1/"), self._take)

    def _take(self, route: WebSocketRoute) -> None:
        if self.refused:
            route.send(json.dumps({"type": "error", "code": self.refused, "message": "", "retriable": False}))
            route.close(code=4503, reason=self.refused)
        elif self.way == "through":
            route.connect_to_server()
            self._open.append(route)
        elif self.way == "cut":
            route.close(**GONE)
        else:
            said: list[str | bytes] = []
            route.on_message(partial(_keep, said))
            self._held.append((route, said))

    def let_go(self) -> None:
        self.way = "through"
        for route, said in self._held:
            server = route.connect_to_server()
            for message in said:
                server.send(message)
            route.on_message(partial(_pass_on, server))
            self._open.append(route)
        self._held.clear()

    def cut(self) -> None:
        """As where the network is gone: what was open ends, and what comes after ends at once."""
        self.way = "cut"
        for route in self._open:
            route.close(**GONE)
        self._open.clear()


# Playwright takes no methods of what is built in.
def _keep(said: list[str | bytes], message: str | bytes) -> None:
    said.append(message)


def _pass_on(server: WebSocketRoute, message: str | bytes) -> None:
    server.send(message)


@pytest.fixture
def roomd(house: Roomd) -> Roomd:
    return house


def test_a_line_that_is_slow_gone_or_refused(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice, bob = invite("Alice"), invite("Bob", **PHONE)
    code = open_room(roomd, alice)
    line = Line(bob)
    line.way = "silent"
    page, status, banner = bob.page, bob.page.locator("#status"), bob.page.locator("#banner")
    bob.open(f"{roomd.url}/r/{code}")
    page.locator("#enter [name=name]").fill("Bob")
    page.locator("#enter-form button").first.click()
    expect(status).to_have_attribute("data-phase", "connecting")
    page.get_by_role("button", name="Queue").click()
    expect(page.locator("#queue-loading")).to_be_visible()
    expect(banner).to_contain_text("Opening the room. One that slept takes a little longer…")
    bob.shot("state-opening")
    line.let_go()
    entered(bob)
    expect(page.locator("#queue-loading")).to_be_hidden()
    expect(page.locator("#queue-empty")).to_be_visible()
    expect(banner).to_be_hidden()

    line.cut()
    expect(banner).to_contain_text("The connection is gone. Trying again in")
    expect(status).to_have_text("Reconnecting")
    bob.shot("state-reconnecting")
    line.way = "through"
    banner.get_by_role("button", name="Try now").click()
    entered(bob)
    expect(banner).to_be_hidden()

    bob.context.set_offline(True)
    line.cut()
    expect(banner).to_contain_text("This device is offline. The room goes on; you come back by yourself.")
    expect(status).to_have_text("Offline")
    bob.shot("state-offline")
    line.way = "through"
    bob.context.set_offline(False)
    entered(bob)
    expect(banner).to_be_hidden()

    line.refused = "room_full"
    page.reload()
    expect(page.get_by_role("heading", name="The room is full")).to_be_visible()
    bob.shot("state-full")
    line.refused = ""
    page.get_by_role("button", name="Try again").click()
    entered(bob)
    elsewhere(alice, bob)
    # Chromium notes the 401 that a session which is over gets; Playwright's stand-in for a socket may be told something
    # while it is being closed.
    bob.faults[:] = [fault for fault in bob.faults if "401" not in fault and "already in CLOSING" not in fault]


def elsewhere(alice: Person, bob: Person) -> None:
    """The room is open in ten places already; and whoever signs out in one place is out in all of them."""
    alice.page.evaluate(TEN_MORE)
    more = alice.context.new_page()
    more.goto(alice.page.url)
    expect(more.get_by_role("heading", name="You have this room open elsewhere")).to_be_visible()
    alice.page.evaluate("() => window.more.forEach((socket) => socket.close())")
    more.get_by_role("button", name="Try again").click()
    expect(more.locator("#status")).to_have_attribute("data-phase", "live")
    more.close()
    call(bob, "POST", "/api/auth/logout/")
    expect(bob.page.get_by_role("heading", name="You have been signed out")).to_be_visible()
    bob.shot("state-signed-out")
    bob.page.get_by_role("button", name="Enter again").click()
    say_who(bob)


def test_what_is_done_before_the_page_can(roomd: Roomd, invite: Callable[..., Person]) -> None:
    """The script is held back: what is pressed and said meanwhile is seen at once, heard by the room, and done once."""
    alice = invite("Alice")
    code = open_room(roomd, alice)
    page = alice.page
    song = call(alice, "GET", "/api/catalogue/search/?q=long%20walk")["tracks"][0]["id"]
    page.evaluate("(source) => window.roomd.client.run('add', { tracks: [{ source }] }).then(() => {})", song)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/packed/room.js*", hold)
    page.reload(wait_until="commit")
    toggle, sends = page.locator("#toggle"), page.locator("#say-text")
    page.wait_for_function("() => window.early.heard.some(({ data }) => JSON.parse(data).type === 'state')")
    expect(toggle).to_be_enabled()
    before = toggle.get_attribute("aria-label")
    toggle.click()
    expect(toggle).to_have_attribute("aria-busy", "true")
    expect(toggle).not_to_have_attribute("aria-label", before or "")
    sends.fill("too early?")
    sends.press("Enter")
    expect(page.locator(".line.is-pending")).to_have_text("too early?")
    page.locator("#mute").click()
    expect(page.locator("#toasts")).to_have_text("One moment …")
    page.locator("#share-button").click()
    expect(page.locator("#share")).to_be_visible()
    told = call(alice, "GET", f"/api/rooms/{code}/messages/")["messages"]
    assert [line["message"] for line in told] == ["too early?"], "the room has heard it without the script"
    held[0].continue_()
    entered(alice)
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    expect(page.locator("#mute")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#share")).to_be_visible()
    expect(page.locator(".line-text")).to_have_text(["too early?"])
    playing = page.evaluate("() => window.roomd.state().playback.playing")
    assert playing is (before == "Play")


def test_a_code_that_leads_nowhere(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice = invite("Alice")
    answer = alice.page.goto(f"{roomd.url}/r/ZZZZZZ")
    assert answer is not None
    assert answer.status == 404
    expect(alice.page.get_by_role("heading", name="There is no such room")).to_be_visible()
    alice.shot("unknown-room")
    alice.page.get_by_role("link", name="Enter another code").click()
    field, form = alice.page.locator("#join [name=code]"), alice.page.locator("#join")
    expect(field).to_be_focused()
    for typed, told in (("q7k", "A code has six letters and digits"), ("zzz zzz", "There is no room with that code.")):
        field.fill(typed)
        form.get_by_role("button", name="Join").click()
        expect(form.locator(".form-error")).to_contain_text(told)
    alice.shot("unknown-code")
    alice.faults.clear()  # Chromium notes the 404 that was asked for.
