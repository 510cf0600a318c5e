"""The API's page in a real browser: a call is found, tried and understood, and a socket is spoken over; by keyboard."""

import json
from collections.abc import Callable

import pytest
from browser_world import Person, Roomd
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_call_and_a_socket_are_tried(roomd: Roomd, invite: Callable[..., Person]) -> None:
    alice = invite("Alice", viewport={"width": 1280, "height": 800})
    alice.open(f"{roomd.url}/docs/")
    page = alice.page
    page.get_by_role("button", name="Become a guest").click()
    expect(page.get_by_role("radio", name="who is signed in here")).to_be_checked()

    page.keyboard.press("/")
    page.keyboard.type("rooms create open")
    expect(page.get_by_role("status").filter(has_text="1 found")).to_be_visible()
    page.keyboard.press("Enter")
    call = page.locator("#post_api_rooms_create")
    expect(call.locator("summary").first).to_be_focused()
    expect(call.get_by_text("becomes a guest")).to_be_visible()
    expect(call.locator(".try-curl")).to_contain_text("curl -X POST")
    # What cannot be sent is said before it is sent.
    call.get_by_label("Body").fill("{")
    call.get_by_role("button", name="Send").click()
    expect(call.get_by_role("alert")).to_be_visible()
    call.get_by_label("Body").fill('{"name": "Friday"}')
    call.get_by_role("button", name="Send").click()
    expect(call.locator(".try-status")).to_contain_text("201 Created")
    code = json.loads(call.locator(".try-answer > pre").inner_text())["code"]
    alice.shot("docs-call")

    page.get_by_role("searchbox").fill("native")
    socket = page.locator("#ws-native")
    socket.locator("summary").first.press("Enter")
    socket.get_by_label("Room").fill(code)
    socket.get_by_role("button", name="Open").click()
    socket.get_by_role("button", name="Send").click()
    log = socket.get_by_role("log")
    expect(log).to_contain_text('"type": "welcome"')
    socket.get_by_label("Message").select_option(label="say")
    expect(socket.get_by_label("Text")).to_have_value(
        json.dumps({"type": "say", "text": "hello", "id": "c-1"}, indent=2)
    )
    socket.get_by_role("button", name="Send").click()
    expect(log).to_contain_text('"type": "ack"')
    alice.shot("docs-socket")
    socket.get_by_role("button", name="Close").click()
    expect(log).to_contain_text("closed with 1000")
    page.get_by_role("searchbox").press("Escape")
    expect(page.locator("#docs-begin")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
