"""Without a server: what is written is kept, the page says so, and all of it is said once when there is one."""

import json
import signal
import time
from collections.abc import Callable

import pytest
from browser_world import PATIENCE_S, Person, Roomd, open_room, say_who, wait_until
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LONG_MS = PATIENCE_S * 1_000
WITH_WORKER = {"service_workers": "allow"}


def write(person: Person, text: str) -> None:
    person.page.locator("#say-text").fill(text)
    person.page.keyboard.press("Enter")


def kept(person: Person) -> list[str]:
    """What waits in this browser, in words."""
    found = person.page.evaluate("() => Object.entries(localStorage).filter(([key]) => key.startsWith('roomd.kept.'))")
    return [each["message"].get("text", each["message"]["type"]) for _, value in found for each in json.loads(value)]


#: What the server's folder has under a word, asked for as the page does.
FIND = """async (word) => {
  const { access } = JSON.parse(localStorage.getItem("roomd.session"));
  const headers = { Authorization: `Bearer ${access}` };
  const answer = await fetch(`/api/catalogue/search/?q=${word}`, { headers });
  return (await answer.json()).tracks[0]?.id;
}"""


def test_what_is_written_without_a_server_survives_a_reload_and_is_said_once(
    roomd: Roomd, invite: Callable[..., Person]
) -> None:
    alice, bob = invite("Alice", **WITH_WORKER), invite("Bob")
    code = open_room(roomd, alice)
    bob.open(f"{roomd.url}/r/{code}")
    say_who(bob)
    alice.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    write(alice, "before")
    expect(bob.page.locator(".line-text")).to_have_text(["before"])
    wait_until("what was answered is not kept", lambda: kept(alice) == [])
    song = wait_until("the folder was looked through", lambda: alice.page.evaluate(FIND, "walk"))

    assert roomd.end(signal.SIGTERM) == 0
    expect(alice.page.locator("#status")).not_to_have_attribute("data-phase", "live")
    write(alice, "into the silence")
    expect(alice.page.locator(".line.is-pending .line-text")).to_have_text(["into the silence"])
    alice.page.evaluate("(source) => void window.roomd.client.run('add', {tracks: [{source}]})", song)
    expect(alice.page.locator(".toast")).to_contain_text("Kept for now")
    assert kept(alice) == ["into the silence", "add"]
    alice.shot("kept-while-offline")
    # What has waited for long asks first.
    alice.page.evaluate(
        "(at) => { const key = Object.keys(localStorage).find((each) => each.startsWith('roomd.kept.'));"
        " const old = {message: {type: 'say', id: 'from-long-ago', text: 'from long ago'}, at};"
        " localStorage.setItem(key, JSON.stringify([old, ...JSON.parse(localStorage.getItem(key))])); }",
        (time.time() - 1_800) * 1_000,
    )

    alice.page.reload()
    expect(alice.page.locator("#kept")).to_contain_text(f"{code} 3 things to send")
    alice.shot("offline-page")
    roomd.start()
    # It looks every 5 seconds.
    expect(alice.page.locator("#status")).to_have_attribute("data-phase", "live", timeout=LONG_MS)
    expect(alice.page.locator(".kept-question")).to_contain_text("from long ago")
    alice.shot("kept-question")
    bob.page.evaluate("() => window.roomd.client.connection.retryNow()")
    expect(bob.page.locator("#status")).to_have_attribute("data-phase", "live", timeout=LONG_MS)
    expect(bob.page.locator(".line-text")).to_have_text(["before", "into the silence"])
    alice.page.get_by_role("button", name="Send now").click()
    expect(bob.page.locator(".line-text")).to_have_text(["before", "into the silence", "from long ago"])
    expect(alice.page.locator(".kept-question")).to_be_hidden()
    expect(alice.page.locator(".line.is-pending")).to_have_count(0)
    wait_until("nothing is kept", lambda: kept(alice) == [])
    # Nothing goes out a second time.
    alice.page.reload()
    expect(alice.page.locator("#status")).to_have_attribute("data-phase", "live")
    write(alice, "and on")
    expect(bob.page.locator(".line-text")).to_have_text(["before", "into the silence", "from long ago", "and on"])
    expect(bob.page.locator("#queue .track-title")).to_have_count(1)
