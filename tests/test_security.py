"""docs/security.md: what it promises is tested, its table of limits is the one in force; and gates over the source."""

import ast
import asyncio
import re
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from raw_socket import Raw
from serving import Served
from test_docs import http_rows, rows
from tornado.testing import bind_unused_port

from roomd.app import make_app
from roomd.handlers.reception import Reception
from roomd.limits import LIMITS

TOP = Path(__file__).parent.parent
DOCUMENT = TOP / "docs" / "security.md"
HOSTILE = "<img src=x onerror=alert(1)>'\"--;{{7*7}}\\u0000 DROP TABLE users"
#: Paths that lead nowhere, in one way or another.
TRICKS = (
    "/static/js/%00",
    "/static/%00",
    "/static/" + "a" * 5_000,
    "/packed/%00.js",
    "/uploads/%00",
    "/uploads/..%2f..%2fsecret",
    "/media/%00/%00",
    "/api/rooms/%00/",
    "/r/%0d%0aSet-Cookie:%20x=1",
    "//files.example/r/ZZZZZZ",
)
#: How text could become code in a page.
BECOMES_CODE = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|javascript:"
)


def test_every_point_names_tests_that_there_are() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    points = re.findall(r"^\| (S\d+) \|(.*)\|$", text, re.MULTILINE)
    assert [name for name, _ in points] == [f"S{number}" for number in range(1, 41)]
    named = re.findall(r"`(tests/\w+\.py)::(\w+)`", text)
    assert len(named) > 60
    for file, test in named:
        assert re.search(rf"^(async )?def {test}\(", (TOP / file).read_text(encoding="utf-8"), re.MULTILINE), (
            file,
            test,
        )
    # A point without a test says so in words.
    assert [name for name, rest in points if "::" not in rest and "No test" not in rest] == []
    files = re.findall(r"`(roomd/[\w/]+\.py)`", text)
    assert all((TOP / file).is_file() for file in files)


def test_the_document_has_every_limit() -> None:
    written = [
        (row[0].strip("`"), row[2], row[3], row[4])
        for row in rows("security.md")
        if row[2] in {"address", "user", "room", "server"}
    ]
    assert written == [(limit.name, limit.per, f"{limit.burst:,}", f"{limit.per_minute:,}") for limit in LIMITS]


#: Files of ours that stand in a page whole, with nothing of anybody's in them; the policy names their digests.
_OURS = re.compile(r'<(script|style)(?: data-[^>]*)?>{{ inline\("[\w.]+"\)\|safe }}</\1>')


def test_text_never_becomes_code_in_a_page() -> None:
    scripts = sorted((TOP / "web" / "static" / "js").rglob("*.js"))
    assert len(scripts) > 60
    assert [
        (path.name, found) for path in scripts if (found := BECOMES_CODE.findall(path.read_text(encoding="utf-8")))
    ] == []
    templates = sorted((TOP / "web" / "templates").rglob("*.html"))
    safe = [name for path in templates for name in re.findall(r"(\w+)\s*\|\s*safe", path.read_text(encoding="utf-8"))]
    # Drawn here, out of an address that was checked.
    assert set(safe) <= {"qr_svg"}
    inline = [
        path.name
        for path in templates
        if re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", _OURS.sub("", path.read_text(encoding="utf-8")))
    ]
    assert inline == []


@cache
def nodes() -> tuple[tuple[str, ast.Call | ast.Compare], ...]:
    """All calls and comparisons of the source, and where they are; read once for all tests that look at them."""
    return tuple(_nodes())


def _nodes() -> Iterator[tuple[str, ast.Call | ast.Compare]]:
    for path in sorted((TOP / "roomd").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call | ast.Compare):
                yield f"{path.relative_to(TOP)}:{node.lineno}", node


def calls() -> Iterator[tuple[str, ast.Call]]:
    return ((where, node) for where, node in nodes() if isinstance(node, ast.Call))


def test_nothing_from_outside_is_run_or_unpickled() -> None:
    found = []
    for where, call in calls():
        of = getattr(call.func, "value", None)
        named = ast.unparse(call.func)
        if named in {"eval", "exec", "compile", "__import__", "os.system", "os.popen"}:
            found.append(f"{where} {named}")
        if isinstance(of, ast.Name) and of.id in {"pickle", "marshal", "shelve", "yaml"}:
            found.append(f"{where} {named}")
        if any(word.arg == "shell" for word in call.keywords):
            found.append(f"{where} with a shell")
    assert found == []


def test_scripts_for_redis_are_constants() -> None:
    """Nothing that somebody sent becomes part of one."""
    given = [(where, call.args[0]) for where, call in calls() if getattr(call.func, "attr", "") == "register_script"]
    assert len(given) > 5
    assert [where for where, script in given if isinstance(script, ast.JoinedStr | ast.BinOp)] == []


def test_what_is_secret_is_compared_in_constant_time() -> None:
    secret = re.compile(r"secret|signature|password|mark$|metrics_token")
    found = []
    for where, node in nodes():
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
            continue
        sides = [node.left, node.comparators[0]]
        names = [side.attr if isinstance(side, ast.Attribute) else getattr(side, "id", "") for side in sides]
        if any(map(secret.search, names)) and not any(isinstance(side, ast.Constant) for side in sides):
            found.append(where)
    assert found == []


@pytest.mark.gen_test(timeout=60)
async def test_whoever_has_no_good_token_gets_nowhere(served: Served) -> None:
    asked = 0
    for row in http_rows():
        method, pattern = row[0].strip("`").split()
        path = re.sub(r"{\w+}", "ZZZZZZ", pattern)
        if row[1] != "needed":
            continue
        for headers in ({}, {"Authorization": "Bearer rubbish"}, {"Authorization": "Basic YTpi"}):
            answer = await served.http.request(method, path, headers=headers, json=None if method == "GET" else {})
            # Some say first that what was sent makes no sense; none does anything.
            assert answer.status_code in ({400, 401, 404, 415} if method != "GET" else {401}), (row[0], answer.text)
            asked += answer.status_code == 401
    assert asked > 200


@pytest.mark.gen_test(timeout=60)
async def test_hostile_text_is_text_everywhere(served: Served) -> None:
    alice = await served.person("Alice")
    code = await served.room(alice, name=HOSTILE[:60], description=HOSTILE)
    playlist = await alice.call("POST", "/api/playlists/playlists/", {"name": HOSTILE[:60]})
    answers = [
        playlist,
        await served.http.get("/"),
        await served.http.get(f"/r/{code}"),
        await served.http.get(f"/r/{HOSTILE[:40]}"),
        await served.http.get("/api/rooms/" + HOSTILE[:20]),
        await served.http.post("/api/auth/login/", json={"email": HOSTILE, "password": HOSTILE}),
        await served.http.post("/api/auth/guest/", json={"name": HOSTILE[:40]}),
        await served.http.post("/api/rooms/join/", json={"code": HOSTILE, "user_name": HOSTILE}),
        await served.http.post("/api/accounts/token/refresh/", json={"refresh": HOSTILE}),
        await alice.call("GET", f"/api/catalogue/search/?q={HOSTILE[:40]}"),
        await alice.call("POST", f"/api/rooms/{code}/messages/", {"text": HOSTILE}),
        await alice.call("GET", f"/api/rooms/{code}/messages/?limit=1'--"),
        await alice.call("POST", f"/api/rooms/{code}/queue/", {"url": "javascript:alert(1)", "title": HOSTILE}),
        await alice.call("PATCH", f"/api/rooms/{code}/queue/{HOSTILE[:20]}/", {"play": True}),
        *[await served.http.get(path) for path in TRICKS],
    ]
    for answer in answers:
        assert answer.status_code < 500, (answer.request.url, answer.text)
        if answer.headers["Content-Type"].startswith("text/html"):
            assert "<img src=x" not in answer.text, answer.request.url
            assert "49" not in re.findall(r"onerror=alert\(1\)&gt;.{0,40}", answer.text)
    assert "&lt;img src=x onerror" in answers[2].text
    (line,) = (await alice.call("GET", f"/api/rooms/{code}/messages/")).json()["messages"]
    assert line["message"].startswith("<img src=x")


@pytest.mark.gen_test(timeout=60)
async def test_whoever_dawdles_is_let_go_of(served: Served) -> None:
    listening, port = bind_unused_port()
    server = Reception(make_app(served.services), idle_connection_timeout=0.4, body_timeout=0.4, max_header_size=8_192)
    server.add_socket(listening)
    sent = {
        b"POST /api/auth/guest/ HTTP/1.1\r\nHost: x\r\nX-Slow": b": a\r\n",
        b"POST /api/auth/guest/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n": b" ",
        b"GET /api/rooms/ZZZZZZ/ HTTP/1.1\r\nHost": b":",
        b"GET / HTTP/1.1\r\nX-Flood: " + b"a" * 10_000: b"a",
    }
    for head, drip in sent.items():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        began = time.monotonic()
        writer.write(head)
        while time.monotonic() - began < 10:
            writer.write(drip)
            try:
                async with asyncio.timeout(0.1):
                    if not await reader.read(1_000):
                        break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        # Tornado waits for the whole head, and for the whole body, no longer than that.
        assert time.monotonic() - began < 5, head[:60]
        await Raw(reader, writer, 0).bye()
    server.stop()
    await server.close_all_connections()
