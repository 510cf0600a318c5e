"""What every answer says beside what it is about, and which other sites' pages may read it."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from serving import Served, serving
from tornado.routing import Rule

from roomd.app import _routes
from roomd.handlers.headers import PREFLIGHT_S, SAFE, STRICT

FRIEND = "https://party.example"
HOSTILE = (
    "https://evil.example",
    "null",
    "http://party.example",
    "https://party.example.evil.example",
    "https://evil.party.example",
    "https://party.example:8443",
    "https://party.example/",
    "HTTPS://PARTY.EXAMPLE",
    "https://xparty.example",
    "*",
)


def addresses(served: Served) -> Iterator[str]:
    """One for every route there is."""
    for route in _routes(served.services):
        if isinstance(route, Rule):
            continue
        filled = route[0].replace("[0-9a-f]{32}", "0" * 32)
        while re.search(r"\([^()]*\)", filled):
            filled = re.sub(r"\([^()]*\)\??", "ZZZZZZ", filled, count=1)
        yield "/" + filled.replace("/?", "/").replace("\\", "").replace(".*", "nothing").lstrip("/")


@pytest.mark.gen_test(timeout=120)
async def test_every_answer_tells_browsers_how_to_treat_it(served: Served) -> None:
    asked = sorted({*addresses(served), "/", "/nothing", "/static/js/room.js", "/packed/room.css", "/health/"})
    assert len(asked) > 90
    alice = await served.person("Alice")
    code = await served.room(alice)
    answers = [
        *[await served.http.get(path) for path in asked],
        *[await served.http.request("TRACE", path) for path in asked[:3]],
        await served.http.get(f"/r/{code}"),
        await served.http.get(f"/api/rooms/{code}/qr.svg"),
        # A look that is answered without Tornado.
        await alice.call("GET", f"/api/rooms/{code}/"),
        await served.http.post("/api/auth/login/", content=b"x" * (3 << 20), headers={"Content-Type": "text/plain"}),
        await served.http.get("/static/js/room.js", headers={"If-None-Match": "*"}),
        await served.http.get("/ws/v1/ZZZZZZ/"),
    ]
    assert {200, 304, 400, 401, 404, 405, 413} <= {answer.status_code for answer in answers}
    for answer in answers:
        where = f"{answer.request.method} {answer.request.url}"
        for name, value in SAFE.items():
            said = answer.headers.get_list(name)
            assert len(said) == 1, (where, name, said)
            # The front door is the one page with a use for a camera: it reads QR codes.
            front = name == "Permissions-Policy" and answer.request.url.path == "/"
            if name not in {"Content-Security-Policy", "Referrer-Policy", "Cross-Origin-Resource-Policy"}:
                assert said == [value.replace("camera=()", "camera=(self)") if front else value], (where, name)
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy or "sandbox" in policy, where
        assert "unsafe" not in policy, where
        assert answer.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}, where
        # Sounds and pictures may be used by any page, as their addresses cannot be guessed; nothing else.
        shared = answer.request.url.path.startswith(("/media/", "/uploads/"))
        assert answer.headers["Cross-Origin-Resource-Policy"] == ("cross-origin" if shared else "same-origin") or (
            shared and answer.status_code >= 400
        ), where
        assert "Server" not in answer.headers, where
        assert "Strict-Transport-Security" not in answer.headers, where
        assert "Set-Cookie" not in answer.headers, where
        kind = answer.headers.get("Content-Type", "")
        assert "charset=" in kind.lower() or not kind.startswith(("text/html", "application/json")), where


@pytest.mark.gen_test(timeout=60)
async def test_over_tls_browsers_are_told_to_stay_there(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with serving(redis_url, database_url, data_dir, trusted_hops=1) as served:
        alice = await served.person("Alice")
        code = await served.room(alice)

        async def said(path: str, *protocols: str) -> set[str | None]:
            headers = [("X-Forwarded-Proto", each) for each in protocols]
            asked = [await served.http.get(path, headers=[*headers, *more]) for more in ([], alice.headers.items())]
            return {each.headers.get("Strict-Transport-Security") for each in asked}

        for path in ("/", f"/api/rooms/{code}/", "/api/nothing/", "/static/js/room.js", "/ws/v1/ZZZZZZ/"):
            assert await said(path, "https") == {STRICT}
            assert await said(path, "http, https") == {STRICT}
            # What the last proxy says is true, not what was there before.
            assert await said(path, "https", "http") == {None}
            assert await said(path) == {None}


@pytest.mark.gen_test(timeout=60)
async def test_pages_of_sites_that_the_operator_named_may_call_the_api(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with serving(redis_url, database_url, data_dir, allowed_origins=(FRIEND,)) as served:
        alice = await served.person("Alice")
        code = await served.room(alice)

        async def asked(method: str, path: str, origin: str, **headers: str) -> httpx.Response:
            return await served.http.request(method, path, headers={"Origin": origin} | headers)

        wants = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}
        for path in (
            f"/api/rooms/{code}/",
            "/api/accounts/profile/",
            "/rooms/api/rooms/",
            "/api/accounts/upload-avatar/",
        ):
            may = await asked("OPTIONS", path, FRIEND, **wants)
            assert (may.status_code, may.content) == (204, b""), path
            assert may.headers["Access-Control-Allow-Origin"] == FRIEND
            assert "PATCH" in may.headers["Access-Control-Allow-Methods"]
            assert "Authorization" in may.headers["Access-Control-Allow-Headers"]
            assert may.headers["Access-Control-Max-Age"] == str(PREFLIGHT_S)
            assert may.headers.get_list("Vary") == ["Origin"]
        read = await asked("GET", f"/api/rooms/{code}/", FRIEND, **alice.headers)
        assert (read.status_code, read.headers["Access-Control-Allow-Origin"]) == (200, FRIEND)
        assert "Roomd-Level" in read.headers["Access-Control-Expose-Headers"]
        # A refusal may be read too, or nobody could say what was wrong.
        assert (await asked("GET", "/api/rooms/ZZZZZZ/", FRIEND)).headers["Access-Control-Allow-Origin"] == FRIEND
        for origin in HOSTILE:
            for answer in (
                await asked("OPTIONS", f"/api/rooms/{code}/", origin, **wants),
                await asked("GET", f"/api/rooms/{code}/", origin, **alice.headers),
            ):
                named = [name for name in answer.headers if name.lower().startswith("access-control")]
                assert named == [], (origin, named)
                assert answer.headers["Vary"] == "Origin"
        for path in ("/", f"/r/{code}", "/static/js/room.js"):
            assert "Access-Control-Allow-Origin" not in (await asked("GET", path, FRIEND)).headers
        # No answer is read with what a browser adds by itself.
        assert "Access-Control-Allow-Credentials" not in read.headers
        # Who does not ask as a browser does is told that there is no such method.
        assert (await asked("OPTIONS", f"/api/rooms/{code}/", FRIEND)).status_code == 405
