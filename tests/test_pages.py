"""The pages as the server hands them out: what they hold, what they do not tell, and how long they may be kept."""

import base64
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from serving import Served, serving

from roomd.app import web_folder

TOP = Path(__file__).parent.parent


def headers_are_right(headers: object) -> None:
    got = dict(headers)  # type: ignore[call-overload]
    policy = got["content-security-policy"]
    for part in (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ):
        assert part in policy
    assert "unsafe" not in policy
    assert got["x-content-type-options"] == "nosniff"
    assert got["x-frame-options"] == "DENY"
    assert got["referrer-policy"] == "same-origin"
    assert got["cache-control"] == "no-store"
    assert "server" not in got


@pytest.mark.gen_test(timeout=30)
async def test_the_front_door_lists_public_rooms(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice, name="<script>alert(1)</script>")
    await served.room(alice, name="Hidden", visibility="private")
    answer = await served.http.get("/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
    headers_are_right(answer.headers)
    assert f"/r/{code}" in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script>alert" not in answer.text
    assert "Hidden" not in answer.text


@pytest.mark.gen_test(timeout=30)
async def test_no_page_has_scripts_or_styles_in_it_but_those_that_its_policy_names(served: Served) -> None:
    """The policy would stop them."""
    alice = await served.person("Alice")
    code = await served.room(alice)
    pages = ("/dashboard/", "/dashboard", "/offline", "/share?url=https://media.example/a.mp3")
    for path in ("/", f"/r/{code}", "/r/ZZZZZZ", "/nothing", *pages):
        answer = await served.http.get(path)
        text = answer.text
        for _, within in re.findall(r"<(script|style)(?![^>]* src=)[^>]*>(.*?)</\1>", text, re.DOTALL):
            digest = base64.b64encode(hashlib.sha256(within.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in answer.headers["Content-Security-Policy"], path
        outside = re.sub(r"<(script|style).*?</\1>", "", text, flags=re.DOTALL)
        assert not re.search(r"\sstyle=|\son[a-z]+=", outside), path


@pytest.mark.gen_test(timeout=30)
async def test_a_rooms_page(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice, name="Friday & friends")
    track = {"url": "https://media.example/a.mp3", "title": "Long <Walk>", "duration": 60, "kind": "audio"}
    await alice.call("POST", f"/api/rooms/{code}/queue/", track)
    room = (await alice.call("GET", f"/api/rooms/{code}/")).json()
    for ref in (code.lower(), room["id"], f"{code[:3]}-{code[3:]}"):
        answer = await served.http.get(f"/r/{ref}")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/r/{code}"), ref
    for path in (f"/r/{code}", f"/r/{code}/"):
        answer = await served.http.get(path)
        assert answer.status_code == 200
        headers_are_right(answer.headers)
        assert "Friday &amp; friends" in answer.text
        assert "Long &lt;Walk&gt;" in answer.text
        assert code in answer.text
        assert "<svg" in answer.text


@pytest.mark.gen_test(timeout=30)
async def test_a_private_rooms_page_tells_nothing(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(
        alice, name="Secret Gig", description="Behind the shed", theme="violet", visibility="private"
    )
    track = {
        "url": "https://media.example/quiet.mp3",
        "title": "Quiet Song",
        "artist": "Bob",
        "duration": 60,
        "kind": "audio",
    }
    await alice.call("POST", f"/api/rooms/{code}/queue/", track)
    await alice.call("POST", f"/api/rooms/{code}/messages/", {"text": "psst"})
    answer = await served.http.get(f"/r/{code}")
    assert answer.status_code == 200
    for told in ("Secret Gig", "Behind the shed", "Quiet Song", "quiet.mp3", "psst", "Alice", alice.id):
        assert told not in answer.text, told


@pytest.mark.gen_test(timeout=30)
async def test_pages_that_are_not_there(served: Served) -> None:
    rooms = {"/r/ZZZZZZ", "/r/%F0%9F%8E%B5"}
    for path in ("/r/ZZZZZZ", "/nothing", "/r/", "/r/" + "x" * 65, "/r/%F0%9F%8E%B5", "/admin.php", "/r/a/b"):
        answer = await served.http.get(path)
        what = "There is no such room" if path in rooms else "Nothing here"
        assert (answer.status_code, what in answer.text) == (404, True), path
        headers_are_right(answer.headers)
    assert (await served.http.get("/r/%ff")).status_code == 400
    wrong = await served.http.post("/")
    assert (wrong.status_code, "That did not work" in wrong.text) == (405, True)


@pytest.mark.logs("tornado.general: 403 GET /static/")
@pytest.mark.gen_test(timeout=30)
async def test_how_long_files_may_be_kept(served: Served) -> None:
    page = (await served.http.get("/")).text
    versioned = re.findall(r"/(?:static|packed)/[^\"]+\?v=[0-9a-f]+", page)
    assert versioned
    for address in versioned:
        answer = await served.http.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["Cache-Control"] or "315360000" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    plain = versioned[0].partition("?")[0]
    for address in (plain, f"{plain}?v=", f"{plain}?v=0123456789ab"):
        answer = await served.http.get(address)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache"), address
        assert "Expires" not in answer.headers
    again = await served.http.get(plain, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    for path in ("/static/", "/static/nothing.js", "/static/../setup.py", "/static/%2e%2e/%2e%2e/setup.py"):
        assert (await served.http.get(path)).status_code in {403, 404}, path


@pytest.mark.gen_test(timeout=30)
async def test_behind_a_proxy_of_ours_links_are_the_proxys(redis_url: str, database_url: str, data_dir: Path) -> None:
    forwarded = {"X-Forwarded-Proto": "https", "Host": "party.example"}
    async with serving(redis_url, database_url, data_dir, trusted_hops=1) as served:
        code = await served.room(await served.person("Alice"))
        for path in (f"/r/{code}", "/"):
            assert f'content="https://party.example{path}"' in (await served.http.get(path, headers=forwarded)).text
        # What stood there before our proxy's own word is anybody's to write.
        spoofed = forwarded | {"X-Forwarded-Proto": "https, http"}
        assert f"http://party.example/r/{code}" in (await served.http.get(f"/r/{code}", headers=spoofed)).text


@pytest.mark.gen_test(timeout=30)
async def test_what_a_stranger_says_of_a_proxy_changes_no_link(served: Served) -> None:
    code = await served.room(await served.person("Alice"))
    answer = await served.http.get(f"/r/{code}", headers={"X-Forwarded-Proto": "https", "Host": "party.example"})
    assert f"http://party.example/r/{code}" in answer.text
    assert "https://party.example" not in answer.text


@pytest.mark.gen_test(timeout=30)
async def test_hosts_that_are_not_ours(redis_url: str, database_url: str, data_dir: Path) -> None:
    """A name that somebody else points at this machine opens nothing."""
    async with serving(redis_url, database_url, data_dir, allowed_hosts=("party.example",)) as served:
        for path in ("/", "/api/health/", "/ws/v1/ZZZZZZ/"):
            for host, wanted in (("party.example", False), ("PARTY.example:8000", False), ("evil.example", True)):
                answer = await served.http.get(path, headers={"Host": host})
                assert (answer.status_code == 404) == wanted, (path, host)


def test_the_installed_package_finds_its_pages(tmp_path: Path) -> None:
    """What `pip install` would copy: the packages as setup.py names them, with every page in them."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("roomd", "web"):
        shutil.copytree(TOP / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(TOP / name, source)
    built = tmp_path / "built"
    command = [sys.executable, "setup.py", "-q", "build", "--build-lib", str(built)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    wanted = {path.relative_to(TOP / "web") for path in (TOP / "web").rglob("*") if path.is_file()}
    packed = {
        path.relative_to(built / "roomd" / "web") for path in (built / "roomd" / "web").rglob("*") if path.is_file()
    }
    assert {path for path in wanted if path.parts[0] in {"templates", "static"}} <= packed
    for name in ("store/scripts/commit.lua", "store/migrations/env.py", "py.typed"):
        assert (built / "roomd" / name).is_file(), name
    asked = "import roomd.app; print(roomd.app.web_folder())"
    found = subprocess.run([sys.executable, "-c", asked], cwd=built, check=True, capture_output=True, text=True)
    assert Path(found.stdout.strip()) == built / "roomd" / "web"
    assert web_folder() == TOP / "web"


@pytest.mark.gen_test(timeout=30)
async def test_pages_for_one_person_or_for_developers_are_not_to_be_found_by_search(served: Served) -> None:
    for path in ("/me/", "/me", "/style/"):
        answer = await served.http.get(path)
        assert answer.status_code == 200
        assert '<meta name="robots" content="noindex">' in answer.text
        headers_are_right(answer.headers)


@pytest.mark.gen_test(timeout=30)
async def test_monitors_that_ask_for_the_head_alone_get_it(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice)
    for path in ("/", f"/r/{code}", "/dashboard/", "/api/health/"):
        answer = await served.http.head(path)
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.gen_test(timeout=60)
async def test_a_page_is_compressed_for_those_who_can_read_that(served: Served) -> None:
    small = await served.http.get("/", headers={"Accept-Encoding": "gzip"})
    plain = await served.http.get("/", headers={"Accept-Encoding": "identity"})
    assert small.headers["Content-Encoding"] == "gzip" and small.text == plain.text
    assert int(small.headers["Content-Length"]) < len(plain.content) / 2
    assert "Content-Encoding" not in plain.headers and "Accept-Encoding" in plain.headers["Vary"]
