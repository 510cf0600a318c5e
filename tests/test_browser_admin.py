"""The server overseen in a real browser: figures and curves, a room closed, somebody shut out, and all of it noted."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from math import sin
from typing import Any

import asyncpg
import httpx
import pytest
from axe_world import violations
from browser_world import Person, Roomd
from playwright.sync_api import Locator, expect
from serving import GOOD

from roomd.embedded.share import shared
from roomd.settings import Settings

pytestmark = pytest.mark.browser


def test_an_admin_looks_after_the_server(roomd: Roomd, invite: Callable[..., Person]) -> None:
    for name in ("root", "bob"):
        asked(roomd, "POST", "/api/accounts/register/", username=name, email=f"{name}@example.org", password=GOOD)
    # Playwright's loop is this thread's.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, promote(roomd, "root")).result()
    bob = signed_in(roomd, "bob").json()["access_token"]
    code = asked(roomd, "POST", "/api/rooms/create/", bob, name="Friday kitchen").json()["code"]
    root = invite("root", color_scheme="light")
    root.open(f"{roomd.url}/admin/")
    overview(root)
    rooms(roomd, root, code)
    people(roomd, root)
    root.page.get_by_role("link", name="What admins did").click()
    noted = root.page.locator("tbody tr")
    expect(noted).to_have_count(3)
    expect(noted).to_contain_text(["said sorry", "sells wares", "that is enough"])
    faults = violations(root.page)
    root.shot("admin-audit-desktop")
    on_a_phone(root, faults)
    assert faults == []
    # Whoever ends the sign-in that they do it by is told, and shown nothing more.
    root.page.get_by_role("link", name="Sessions", exact=True).click()
    act(root, root.page.locator("tbody tr", has_text="root"), "End", "enough for today")
    expect(root.page.locator("#denied")).to_be_visible()
    expect(root.page.locator("tbody")).to_have_count(0)
    # Chromium notes that there was nobody signed in.
    root.faults[:] = [fault for fault in root.faults if "Failed to load resource" not in fault]


def overview(root: Person) -> None:
    page = root.page
    expect(page.locator("#oversee")).to_be_hidden()
    page.locator("#login [name=email]").fill("root")
    page.locator("#login [name=password]").fill(GOOD)
    page.locator("#login button.primary").click()
    expect(page.locator(".figure", has_text="Accounts")).to_contain_text("2")
    expect(page.locator("#oversee")).to_have_attribute("aria-current", "page")
    expect(page.locator(".curve")).to_have_count(5)
    drawn = page.locator(".curve", has_text="Open connections").locator("path").get_attribute("d")
    assert drawn and drawn.count("L") > 80
    curve = page.locator(".curve", has_text="Open connections")
    curve.locator(".plot").focus()
    page.keyboard.press("ArrowLeft")
    expect(curve.locator("p")).to_contain_text(re.compile(r"^\d.*–.*: \d"))
    curve.locator("summary").click()
    expect(curve.locator(".plot-table tr")).to_have_count(96)
    assert violations(page) == []
    root.shot("admin-overview-desktop")


def rooms(roomd: Roomd, root: Person, code: str) -> None:
    page = root.page
    page.get_by_role("link", name="Rooms", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(1)
    search = page.get_by_label("Name or code")
    search.fill("nothing like it")
    expect(page.locator(".empty")).to_be_visible()
    search.fill(code.lower())
    row = page.locator("tbody tr", has_text="Friday kitchen")
    expect(row).to_contain_text("live")
    root.shot("admin-rooms-desktop")
    row.locator("summary").click()
    expect(row.locator(".admin-members li")).to_contain_text("bob")
    # What was looked for stands in the address, and is there after a look elsewhere.
    page.get_by_role("link", name="Requests", exact=True).click()
    expect(page.locator(".empty")).to_have_text("Nobody asked for that.")
    page.go_back()
    expect(search).to_have_value(code.lower())
    expect(page.locator("tbody tr")).to_have_count(1)
    act(root, row, "Close", "that is enough")
    expect(row).to_contain_text("closed")
    expect(search).to_have_value(code.lower())
    assert asked(roomd, "GET", f"/api/rooms/{code}/").status_code == 404


def people(roomd: Roomd, root: Person) -> None:
    page = root.page
    page.get_by_role("link", name="People", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_label("Name, username, email or id").fill("BOB@")
    expect(page.locator("tbody tr")).to_have_count(1)
    row = page.locator("tbody tr", has_text="bob")
    act(root, row, "Shut out", "sells wares")
    expect(row).to_contain_text("shut out")
    assert signed_in(roomd, "bob").status_code == 403
    act(root, row, "Let in again", "said sorry")
    expect(row.locator(".chip")).to_have_text("account")
    assert signed_in(roomd, "bob").status_code == 200


def act(root: Person, row: Locator, name: str, why: str) -> None:
    """What is done to a row, after the question."""
    row.get_by_role("button", name=name).click()
    dialog = root.page.locator("#act")
    dialog.get_by_label("Why").fill(why)
    if name == "Close":
        assert violations(root.page) == []
        root.shot("admin-act-desktop")
    dialog.get_by_role("button", name=name).click()
    expect(dialog).to_be_hidden()


def on_a_phone(root: Person, faults: list[str]) -> None:
    page = root.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    page.locator(".toast").evaluate_all("notes => notes.forEach((note) => note.remove())")
    for name in ("Overview", "People"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator(".curve" if name == "Overview" else "tbody tr").first).to_be_visible()
        faults += violations(page)
        root.shot(f"admin-{name.lower()}-phone-dark")
        # Tables scroll in their own place; the page does not.
        assert page.evaluate("() => document.documentElement.scrollWidth") == 390


async def promote(roomd: Roomd, name: str) -> None:
    """Make an admin of an account, and a day of figures to look at."""
    now = time.time()
    noted = [
        (datetime.fromtimestamp(now - 300 * n, UTC), json.dumps({"roomd_sockets": 40 + 30 * sin(n / 40), **counted(n)}))
        for n in range(288)
    ]
    async with shared(Settings(data_dir=roomd.data_dir)) as urls:
        connection = await asyncpg.connect(urls.database_url)
        await connection.execute("UPDATE users SET is_admin = true WHERE username = $1", name)
        await connection.executemany("INSERT INTO vitals (at, process, figures) VALUES ($1, 'made', $2)", noted)
        await connection.close()


def counted(n: int) -> dict[str, float]:
    """Counters, which grow towards now."""
    grown = 288 - n
    return {
        "roomd_commands_total": 900.0 * grown + 300 * sin(n / 18),
        "roomd_ack_seconds_sum": 4.0 * grown,
        "roomd_ack_seconds_count": 900.0 * grown,
    }


def signed_in(roomd: Roomd, name: str) -> httpx.Response:
    return asked(roomd, "POST", "/api/auth/login/", email=name, password=GOOD)


def asked(roomd: Roomd, method: str, path: str, token: str = "", **body: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    given = {"json": body} if body else {}
    return httpx.request(method, f"{roomd.url}{path}", headers=headers, trust_env=False, **given)
