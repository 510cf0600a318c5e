"""Every field filled with what would run in a page that is careless, or burst it: nothing does, and all can be read."""

import io
import signal
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from browser_world import Person, Roomd, entered, wait_until
from conftest import Background
from payload_world import (
    CORE,
    LINKS,
    Caller,
    EvilRadio,
    account,
    evil,
    fill_folder,
    fill_library,
    fill_room,
    sign_in,
)
from playwright.sync_api import expect
from test_browser_admin import promote

from roomd.app import web_folder
from roomd.handlers.packed import INLINED, inlined

pytestmark = pytest.mark.browser

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
NOTHING = 'qqq"><script>alert(1)</script>'
#: The scripts that stand in pages of ours.
OURS = [inlined(web_folder() / "static", name).text for name in INLINED if name.endswith(".js")]
#: What no page of ours has in it, unless somebody's words were taken for a part of it.
FOREIGN = """(ours) => [...document.querySelectorAll(
  "script:not([src]), [onerror], [onload], [onmouseover], [onclick], [src='x'], object, embed, iframe,"
  + " [href^='javascript:' i], [src^='javascript:' i], [action^='javascript:' i], [href^='data:text' i]",
)].filter((each) => !(each.matches("script") && ours.includes(each.text)))
  .map((each) => each.outerHTML.slice(0, 160))"""
#: What sticks out of a page as wide as this one, by name.
WIDER = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
  .filter((each) => each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.outerHTML.slice(0, 120))"""
#: What a film's captions begin with, and whatever in them is more than words.
CAPTIONS = """() => {
  const cue = document.querySelector("video")?.textTracks[0]?.cues?.[0];
  if (!cue) return null;
  const bad = [...cue.getCueAsHTML().querySelectorAll("script, img, a, svg, [onload], [onmouseover]")];
  return [cue.getCueAsHTML().textContent.slice(0, 20), bad.map(String)];
}"""
SIGN_IN = "(signed) => localStorage.setItem('roomd.session', JSON.stringify(signed))"


@dataclass
class Set:
    """The scene."""

    roomd: Roomd
    radio: EvilRadio


@pytest.fixture
def scene(data_dir: Path, tmp_path: Path, background: Background) -> Iterator[Set]:
    fill_folder(tmp_path)
    radio = EvilRadio()
    background.run(radio.appear())
    more = {"ROOMD_RADIO_BROWSER_URL": radio.url, "ROOMD_FETCH_ALLOW": "127.0.0.1"}
    server = Roomd(data_dir, tmp_path, more=more)
    server.start()
    yield Set(server, radio)
    assert server.end(signal.SIGTERM) == 0
    background.run(radio.vanish())


class Walker:
    """Somebody who goes through the pages, and looks at each."""

    def __init__(self, person: Person, url: str) -> None:
        self.person, self.page, self.url = person, person.page, url
        self.wrong: list[str] = []
        self.page.on("dialog", lambda dialog: self._opened(dialog.message))

    def _opened(self, message: str) -> None:
        self.wrong.append(f"a dialog opened: {message}")

    def go(self, path: str, *words: str, shot: str = "") -> None:
        """`words`: what is to be read there, as it was written."""
        self.page.goto(self.url + path)
        self.look(path, *words, shot=shot)

    def look(self, where: str, *words: str, shot: str = "") -> None:
        for text in words:
            expect(self.page.get_by_text(text).first).to_be_attached()
        self.wrong += [f"{where}: {each}" for each in self.page.evaluate(FOREIGN, OURS)]
        for name, size in (("desktop", DESKTOP), ("phone", PHONE)):
            self.page.set_viewport_size(size)
            self.wrong += [f"{where}, {name}, too wide: {each}" for each in self.page.evaluate(WIDER)]
            if shot:
                self.person.shot(f"payload-{shot}-{name}")


def test_nothing_that_people_write_runs_or_breaks_a_page(
    scene: Set, background: Background, invite: Callable[..., Person]
) -> None:
    roomd = scene.roomd
    alice, root = account(roomd, "alice"), account(roomd, "root")
    song, playlist = fill_library(alice)
    code = fill_room(roomd, alice, scene.radio)
    background.run(promote(roomd, "root"))
    heads_and_files(roomd, alice, code, playlist)
    person = invite("Alice")
    walker = Walker(person, roomd.url)
    walker.go("/", evil("Room", 80), shot="home")
    person.page.evaluate(SIGN_IN, alice.signed)
    own_pages(walker, song["id"], playlist)
    the_room(walker, code)
    addresses(walker)
    the_dashboard(walker)
    act_as_admin(sign_in(root, "root"), code, alice)
    person.page.evaluate(SIGN_IN, root.signed)
    admin_pages(walker)
    assert not walker.wrong, "\n".join(walker.wrong)
    # Chromium notes pictures that are not there, and pages that were asked for in vain.
    person.faults[:] = [fault for fault in person.faults if "Failed to load resource" not in fault]


class Heads(HTMLParser):
    """What the head of a page says of it, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "meta":
            self.said[given.get("property") or given.get("name", "")] = given.get("content", "")


def heads_and_files(roomd: Roomd, alice: Caller, code: str, playlist: str) -> None:
    """What other sites show of a room, and what people take away with them."""
    heads = Heads()
    heads.feed(httpx.get(f"{roomd.url}/r/{code}", trust_env=False).text)
    assert heads.said["og:title"] == f"{evil('Room', 80)} · roomd"
    headers = {"Authorization": f"Bearer {alice.told['access_token']}"}
    export = f"{roomd.url}/api/playlists/playlists/{playlist}/export/?format="
    own = httpx.get(f"{roomd.url}/api/accounts/export/", headers=headers, trust_env=False)
    assert own.headers["Content-Disposition"].startswith("attachment;")
    assert own.headers["X-Content-Type-Options"] == "nosniff"
    with zipfile.ZipFile(io.BytesIO(own.content)) as opened:
        # All of it is read by machines; there is no page among it that a browser would run.
        assert all(name.endswith(".json") for name in opened.namelist())
    files = {kind: httpx.get(export + kind, headers=headers, trust_env=False) for kind in ("m3u", "xspf", "jspf")}
    for kind, answer in files.items():
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith("attachment;"), kind
        assert "html" not in answer.headers["Content-Type"]
    assert ET.fromstring(files["xspf"].text).findtext("{http://xspf.org/ns/0/}title") == evil("List", 100)
    assert files["jspf"].json()["playlist"]["title"] == evil("List", 100)
    assert len(files["m3u"].text.splitlines()) == len([line for line in files["m3u"].text.splitlines() if line.strip()])


def own_pages(walker: Walker, song: str, playlist: str) -> None:
    page, title = walker.page, evil("Title", 200)
    walker.go("/me/", evil("Alice", 40), shot="me")
    expect(page.locator("#profile [name=bio]")).to_have_value(evil("Bio", 500))
    walker.go("/", evil("Room", 80))
    expect(page.locator("#my-rooms")).to_contain_text(evil("Room", 80))
    walker.go("/library/", evil("List", 100), shot="library")
    walker.go("/library/favourites", title, evil("Artist", 200))
    walker.go(f"/library/playlists/{playlist}", evil("List", 100), evil("List about", 500), title, shot="playlist")
    walker.go("/library/playlists", evil("List", 100))
    walker.go("/library/charts")
    walker.go(f"/library/search?q={quote(CORE)}", CORE)
    walker.go(f"/library/search?q={quote(NOTHING)}", f"Nothing found for “{NOTHING}”", shot="nothing")
    walker.go("/library/search?q=title", title, shot="found")
    for kind in ("Artist", "Album"):
        page.set_viewport_size(DESKTOP)
        page.get_by_role("link", name=evil(kind, 200)).first.click()
        expect(page.get_by_role("heading", name=evil(kind, 200))).to_be_visible()
        walker.look(kind, title, shot=kind.lower())
        page.go_back()
    page.set_viewport_size(DESKTOP)
    page.get_by_role("button", name=f"Play \u2068{title}\u2069").first.click()
    expect(page.locator("#player")).to_contain_text(title)
    walker.look("the player", shot="player")


def the_room(walker: Walker, code: str) -> None:
    page = walker.page
    page.set_viewport_size(DESKTOP)
    walker.page.goto(f"{walker.url}/r/{code}")
    entered(walker.person)
    limits = {"Room": 80, "Bob": 40, "Line": 2_000, "Answer": 500, "title": 200, "Title": 200, "Station": 200}
    # Of a preview no more is shown than there is room for.
    limits |= {"Page": 90, "About": 90}
    walker.look("room", *(evil(label, limit) for label, limit in limits.items()), shot="room")
    assert page.locator(".line-text a").first.get_attribute("href") == "https://x.example/"
    captions = wait_until("the captions are there", lambda: page.evaluate(CAPTIONS))
    # What WebVTT knows no tag for is left out.
    assert captions == ['">{{7*7}}' + "W" * 11, []]
    page.set_viewport_size(DESKTOP)
    expect(page.locator("#inbox")).to_contain_text(evil("Dave", 40))
    page.get_by_role("button", name="Who may do what").click()
    expect(page.locator("#bans-list")).to_contain_text(evil("Carol", 40))
    walker.look("bans", evil("Carol", 40), shot="bans")
    page.keyboard.press("Escape")
    page.set_viewport_size(DESKTOP)
    page.locator("[data-opens=settings]").first.click()
    expect(page.locator("#settings-form [name=description]")).to_have_value(evil("Room about", 500))
    page.keyboard.press("Escape")
    page.locator("#search").fill(NOTHING)
    expect(page.locator("#results-note")).to_contain_text(f"Nothing found for “{NOTHING}”.")
    walker.look("search", shot="search")


def addresses(walker: Walker) -> None:
    """Addresses that somebody else made up."""
    word = quote(CORE, safe="")
    for path in ("/r/", "/library/artists/", "/library/playlists/", "/"):
        walker.go(f"{path}{word}")
    shared = f"/share?title={word}&text={word}&url={quote(LINKS[0])}"
    for path in (shared, f"/?code={word}#{word}", f"/docs/?q={word}#{word}"):
        walker.go(path)


def the_dashboard(walker: Walker) -> None:
    walker.page.set_viewport_size(DESKTOP)
    walker.go("/dashboard/")
    page, host = walker.page, walker.page.locator("#host")
    host.locator("[name=name]").first.fill(evil("Host", 40))
    host.get_by_role("button", name="Get a token").click()
    expect(host.locator(".token-said")).to_contain_text("Token eyJ")
    host.locator("[name=room_name]").fill(evil("Room", 80))
    host.get_by_role("button", name="Create").click()
    expect(page.locator("#wire-log")).to_contain_text("/api/rooms/create/")
    walker.look("dashboard", shot="dashboard")


def act_as_admin(root: Caller, code: str, alice: Caller) -> None:
    carol = root.ask("GET", "/api/admin/people/?kind=guest&q=Carol")["people"][0]["id"]
    root.ask("PUT", f"/api/admin/people/{carol}/ban/", reason=evil("Wares", 200))
    room = alice.ask("POST", "/api/rooms/create/", name=evil("Closed", 80))["code"]
    root.ask("DELETE", f"/api/admin/rooms/{room}/", reason=evil("Enough", 200))


def admin_pages(walker: Walker) -> None:
    page = walker.page
    shown = {
        "rooms": [evil("Room", 80)],
        "people": [evil("Bob", 40), evil("Carol", 40)],
        "sessions": [evil("Bob", 40), "Unknown device"],
        "audit": [evil("Carol", 40), evil("Wares", 200), evil("Enough", 200)],
    }
    for section, words in shown.items():
        page.set_viewport_size(DESKTOP)
        walker.page.goto("about:blank")
        walker.go(f"/admin/#{section}", *words, shot=f"admin-{section}")
    # What was looked for stands in the field, and what was found below it.
    walker.page.goto("about:blank")
    walker.go(f"/admin/#messages?q={quote(CORE[:20])}", evil("Line", 60), evil("Answer", 60), shot="admin-messages")
    expect(page.locator("input[type=search]")).to_have_value(CORE[:20])
