"""What makes the pages an app, as it is handed out: manifest, icons, service worker, offline page, shared links."""

import importlib
import re
import shutil
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from serving import Served

from roomd.app import web_folder
from roomd.handlers.installable import version


@pytest.mark.gen_test(timeout=30)
async def test_the_manifest_has_what_browsers_ask_of_an_app(served: Served) -> None:
    answer = await served.http.get("/manifest.webmanifest", headers={"Accept-Language": "de"})
    assert answer.headers["Content-Type"].startswith("application/manifest+json")
    manifest = answer.json()
    assert (manifest["name"], manifest["start_url"], manifest["scope"]) == ("roomd", "/", "/")
    assert (manifest["display"], manifest["lang"], manifest["dir"]) == ("standalone", "de", "ltr")
    purposes = {(icon["sizes"], icon.get("purpose", "any")) for icon in manifest["icons"]}
    assert {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable"), ("any", "any")} <= purposes
    for icon in manifest["icons"]:
        found = await served.http.get(icon["src"])
        assert (found.status_code, found.headers["Content-Type"]) == (200, icon["type"])
        if icon["type"] == "image/png":
            assert "x".join(map(str, Image.open(BytesIO(found.content)).size)) == icon["sizes"]
    for address in [shortcut["url"] for shortcut in manifest["shortcuts"]] + [manifest["start_url"]]:
        # The library is a page of its own.
        assert address.startswith(("/#", "/library/")) or address == "/"
    assert manifest["share_target"]["action"] == "/share"
    page = (await served.http.get("/")).text
    assert 'rel="manifest" href="/manifest.webmanifest"' in page
    touched = re.search(r'rel="apple-touch-icon" href="([^"]+)"', page)
    assert touched
    assert (await served.http.get(touched[1])).status_code == 200


def test_the_icons_are_those_that_the_script_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent / "scripts"))
    drawn = importlib.import_module("draw_icons").drawn
    kept = Image.open(web_folder() / "static/img/icon-192.png").convert("RGBA")
    now = drawn(192)
    assert kept.size == now.size
    assert kept.tobytes() == now.tobytes()


@pytest.mark.gen_test(timeout=30)
async def test_the_worker_names_files_that_there_are_and_is_looked_at_each_time(served: Served) -> None:
    answer = await served.http.get("/sw.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "import " not in answer.text
    files = re.findall(r'"(/[^"]+\?v=[0-9a-f]+)"', answer.text.splitlines()[0])
    assert len(files) == 3
    for address in [*files, "/offline"]:
        assert (await served.http.get(address)).status_code == 200, address
    assert "worker-src 'self'" in (await served.http.get("/")).headers["Content-Security-Policy"]
    german = await served.http.get("/sw.js", headers={"Accept-Language": "de"})
    assert "/packed/offline.de.js" in german.text
    assert german.text != answer.text


def test_the_worker_is_another_one_when_anything_in_the_pages_is(tmp_path: Path) -> None:
    for name in ("before", "after"):
        shutil.copytree(web_folder(), tmp_path / name)
    before = version(tmp_path / "before/static", "en")
    assert before != version(tmp_path / "before/static", "de")
    assert before == version(web_folder() / "static", "en")
    changed = tmp_path / "after/templates/room.html"
    changed.write_text(changed.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert before != version(tmp_path / "after/static", "en")


@pytest.mark.gen_test(timeout=30)
async def test_a_shared_link_is_found_wherever_an_app_puts_it(served: Served) -> None:
    for query, link in (
        ({"url": "https://media.example/a.mp3", "title": "A song"}, "https://media.example/a.mp3"),
        ({"text": "Listen: https://media.example/b.mp3?x=1&y=2 !"}, "https://media.example/b.mp3?x=1&amp;y=2"),
        ({"title": "http://media.example/c"}, "http://media.example/c"),
        ({"url": "javascript:alert(1)", "text": '"><script>'}, ""),
        ({}, ""),
    ):
        answer = await served.http.get("/share", params=query)
        assert answer.status_code == 200
        assert answer.text.count("<script") == 2, "nothing of it is a script in the page"
        assert re.findall(r'data-link="([^"]*)"', answer.text) == ([link] if link else [])


@pytest.mark.gen_test(timeout=30)
async def test_the_first_page_of_a_new_server_says_how_to_begin(served: Served) -> None:
    assert "127.0.0.1" not in re.sub(r"<meta [^>]*>", "", (await served.http.get("/")).text)
    first = await served.http.get("/", headers={"Host": "roomd.example:8000"})
    assert 'id="first"' in first.text
    assert "reach this server at http://roomd.example:8000" in first.text
    alice = await served.person("Alice")
    await served.room(alice, name="Friday")
    assert 'id="first"' not in (await served.http.get("/")).text
