"""Accounts over HTTP: what the PlayPod and StreamIt documents promise, and every way to be refused."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, NamedTuple

import pytest
from accounts_world import GOOD, KEY, impatient_redis, some_services
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.ioloop import IOLoop
from tornado.web import Application

from roomd.accounts import make_accounts
from roomd.clock import Clock
from roomd.domain.actor import Actor
from roomd.domain.ids import UserId
from roomd.handlers.accounts import ROUTES
from roomd.handlers.base import NotFoundHandler, log_request
from roomd.handlers.headers import guarding
from roomd.passwords import Passwords
from roomd.services import Services
from roomd.store.postgres import PostgresPool, connect
from roomd.tokens import TokenRing

ALICE = {"username": "alice", "email": "alice@example.org", "password": GOOD}


class Answer(NamedTuple):
    status: int
    value: Any
    response: HTTPResponse

    @property
    def code(self) -> str:
        return str(self.value["error"]["code"])

    @property
    def fields(self) -> dict[str, str]:
        return dict(self.value["error"].get("fields", {}))


Ask = Callable[..., Coroutine[Any, Any, Answer]]


@pytest.fixture
def pool(io_loop: IOLoop, database_url: str) -> Iterator[PostgresPool]:
    opened = io_loop.run_sync(lambda: connect(database_url))
    yield opened
    io_loop.run_sync(opened.close)


@pytest.fixture
def services(io_loop: IOLoop, pool: PostgresPool, redis_url: str) -> Iterator[Services]:
    redis = impatient_redis(redis_url)
    passwords, clock = Passwords(), Clock()
    accounts = make_accounts(pool=pool, redis=redis, keys=[KEY], passwords=passwords, clock=clock)
    yield some_services(clock, accounts)
    passwords.close()
    io_loop.run_sync(redis.aclose)


@pytest.fixture
def app(services: Services) -> Application:
    routes = [(path, handler, {"services": services}) for path, handler in ROUTES]
    return Application(
        routes,
        default_handler_class=NotFoundHandler,
        default_handler_args={"services": services},
        log_function=log_request,
        transforms=[guarding(services)],
    )


@pytest.fixture
def ask(http_client: AsyncHTTPClient, base_url: str, http_server: object) -> Ask:
    async def fetch(method: str, path: str, body: object = None, token: str | None = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if raw is not None:
            sent.setdefault("Content-Type", "application/json")
        response = await http_client.fetch(
            base_url + path, method=method, headers=sent, body=raw, raise_error=False, allow_nonstandard_methods=True
        )
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Request-ID"]
        value = json.loads(response.body)
        if response.code >= 400:
            assert value["message"] == value["detail"] == value["error"]["message"] != ""
        return Answer(response.code, value, response)

    return fetch


async def signed_in(ask: Ask) -> tuple[str, str]:
    """Alice's access and refresh tokens."""
    assert (await ask("POST", "/api/accounts/register/", ALICE)).status == 201
    answer = await ask("POST", "/api/accounts/token/", {"email": ALICE["email"], "password": GOOD})
    return answer.value["access"], answer.value["refresh"]


@pytest.mark.gen_test(timeout=20)
async def test_playpod_from_register_to_refresh(ask: Ask) -> None:
    registered = await ask("POST", "/api/accounts/register/", ALICE)
    assert registered.status == 201
    assert registered.value == {"id": registered.value["id"], "username": "alice", "email": "alice@example.org"}
    tokens = await ask("POST", "/api/accounts/token/", {"email": "Alice@example.org", "password": GOOD})
    assert (tokens.status, tokens.value.keys()) == (200, {"access", "refresh"})
    refreshed = await ask("POST", "/api/accounts/token/refresh/", {"refresh": tokens.value["refresh"]})
    assert (refreshed.status, refreshed.value.keys()) == (200, {"access", "refresh"})
    mine = await ask("GET", "/api/accounts/profile/", token=refreshed.value["access"])
    expected = {
        "id": registered.value["id"],
        "username": "alice",
        "email": "alice@example.org",
        "bio": "",
        "avatar": "",
    }
    assert mine.value == expected | {"name": "alice"}
    by_username = {"username": "alice", "password": GOOD}
    assert (await ask("POST", "/api/accounts/token", by_username)).status == 200


@pytest.mark.gen_test(timeout=20)
async def test_streamit_login_and_logout(ask: Ask) -> None:
    await ask("POST", "/api/accounts/register/", ALICE)
    answer = await ask("POST", "/api/auth/login/", {"email": "alice@example.org", "password": GOOD})
    assert answer.status == 200
    user = answer.value["user"]
    assert user == {
        "id": user["id"],
        "name": "alice",
        "username": "alice",
        "email": "alice@example.org",
        "is_guest": False,
    }
    token = answer.value["access_token"]
    assert answer.value["expires_in"] == 900
    assert (await ask("POST", "/api/auth/logout/", {}, token)).status == 200
    again = await ask("GET", "/api/accounts/profile/", token=token)
    assert (again.status, again.code) == (401, "token_revoked")
    refreshed = await ask("POST", "/api/accounts/token/refresh/", {"refresh": answer.value["refresh_token"]})
    assert (refreshed.status, refreshed.code) == (401, "token_revoked")
    assert (await ask("POST", "/api/auth/logout/", None, token)).status == 401


@pytest.mark.gen_test(timeout=20)
async def test_guests(ask: Ask) -> None:
    named = await ask("POST", "/api/auth/guest/", {"name": " Bob "})
    assert named.status == 200
    assert named.value["user"] == {
        "id": named.value["user"]["id"],
        "name": "Bob",
        "username": "Bob",
        "email": "",
        "is_guest": True,
    }
    for body in (None, {}, {"name": None}, {"name": ""}):
        assert len((await ask("POST", "/api/auth/guest/", body)).value["user"]["name"].split()) == 2
    refreshed = await ask("POST", "/api/accounts/token/refresh/", {"refresh": named.value["refresh_token"]})
    profile = await ask("GET", "/api/accounts/profile/", token=refreshed.value["access"])
    assert (profile.value["username"], profile.value["email"]) == ("Bob", "")
    for name in ("x" * 41, "\u202eboB", "a\nb"):
        refused = await ask("POST", "/api/auth/guest/", {"name": name})
        assert (refused.status, set(refused.fields)) == (400, {"name"})


@pytest.mark.gen_test(timeout=20)
async def test_refresh_in_parallel_and_reuse(ask: Ask) -> None:
    access, refresh = await signed_in(ask)
    tries = (ask("POST", "/api/accounts/token/refresh/", {"refresh": refresh}) for _ in range(20))
    answers = await asyncio.gather(*tries)
    assert {answer.status for answer in answers} == {200}
    (second,) = {answer.value["refresh"] for answer in answers}
    assert (await ask("POST", "/api/accounts/token/refresh/", {"refresh": second})).status == 200
    spent = await ask("POST", "/api/accounts/token/refresh/", {"refresh": refresh})
    assert (spent.status, spent.code) == (401, "token_reused")
    for token in (access, answers[3].value["access"]):
        assert (await ask("GET", "/api/accounts/profile/", token=token)).code == "token_revoked"


@pytest.mark.gen_test(timeout=20)
async def test_profile_patch(ask: Ask, pool: PostgresPool) -> None:
    access, _ = await signed_in(ask)
    await ask("POST", "/api/accounts/register/", ALICE | {"username": "bob", "email": "bob@example.org"})
    changed = await ask("PATCH", "/api/accounts/profile/", {"bio": "I play the lute"}, access)
    assert (changed.status, changed.value["bio"]) == (200, "I play the lute")
    sneaky = {"is_admin": True, "id": "x", "email": "x@example.org", "name": "Alice A."}
    changed = await ask("PATCH", "/api/accounts/profile/", sneaky, access)
    assert (changed.value["name"], changed.value["email"]) == ("Alice A.", "alice@example.org")
    assert not await pool.fetchval("SELECT bool_or(is_admin) FROM users")
    for body, field in (
        ({"bio": "x" * 501}, "bio"),
        ({"bio": 7}, "bio"),
        ({"bio": None}, "bio"),
        ({"name": ["a"]}, "name"),
        ({"username": "BOB"}, "username"),
        ({"username": ""}, "username"),
        ({"bio": "changed", "name": ""}, "name"),
    ):
        refused = await ask("PATCH", "/api/accounts/profile/", body, access)
        assert (refused.status, set(refused.fields)) == (400, {field})
    assert (await ask("GET", "/api/accounts/profile/", token=access)).value == changed.value


@pytest.mark.gen_test(timeout=20)
async def test_register_refusals(ask: Ask) -> None:
    await ask("POST", "/api/accounts/register/", ALICE)
    for body, fields in (
        ({}, {"username", "email", "password"}),
        ({"username": "bob"}, {"email", "password"}),
        (ALICE, {"username"}),
        (ALICE | {"username": "bob"}, {"email"}),
        (ALICE | {"username": "x y", "email": "z", "password": "12345678"}, {"username", "email", "password"}),
        (ALICE | {"username": 7}, {"username"}),
        (ALICE | {"username": None}, {"username"}),
        (ALICE | {"username": "x" * 41}, {"username"}),
        (ALICE | {"password": "p" + "x" * 256}, {"password"}),
    ):
        refused = await ask("POST", "/api/accounts/register/", body)
        assert (refused.status, set(refused.fields)) == (400, fields)
        assert GOOD not in refused.response.body.decode()


@pytest.mark.gen_test(timeout=20)
async def test_login_refusals(ask: Ask) -> None:
    await ask("POST", "/api/accounts/register/", ALICE)
    for path in ("/api/accounts/token/", "/api/auth/login/"):
        missing = await ask("POST", path, {"password": GOOD})
        assert (missing.status, set(missing.fields)) == (400, {"email"})
        missing = await ask("POST", path, {"email": "alice@example.org"})
        assert (missing.status, set(missing.fields)) == (400, {"password"})
        wrong = await ask("POST", path, {"email": "nobody@example.org", "password": GOOD})
        assert (wrong.status, wrong.code) == (401, "wrong_credentials")
        assert wrong.response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.gen_test(timeout=20)
async def test_guessing_is_told_when_to_try_again(ask: Ask) -> None:
    wrong = {"email": "alice@example.org", "password": "wrong horse battery"}
    statuses = [(await ask("POST", "/api/auth/login/", wrong)).status for _ in range(5)]
    assert statuses == [401] * 5
    # A forged address in the header does not make it somebody else's try.
    limited = await ask("POST", "/api/auth/login/", wrong, X_Forwarded_For="192.0.2.1")
    assert (limited.status, limited.code) == (429, "too_many_attempts")
    assert limited.response.headers["Retry-After"] in {"1", "2"}


@pytest.mark.gen_test(timeout=20)
async def test_every_way_of_not_being_signed_in(ask: Ask) -> None:
    stranger = Actor(id=UserId("00000000-0000-4000-8000-000000000000"), name="Mallory", admin=True)
    other = TokenRing(["another-key-that-is-long-enough-too"], Clock().now).issue(stranger)
    ours = TokenRing([KEY], Clock().now)
    expired = TokenRing([KEY], lambda: Clock().now() - 3_600_000).issue(stranger)
    for method in ("GET", "PATCH"):
        for token, code in ((None, "unauthenticated"), ("", "token_invalid"), ("x", "token_invalid")):
            refused = await ask(method, "/api/accounts/profile/", token=token)
            assert (refused.status, refused.code) == (401, code)
        for token, code in (
            (other, "token_invalid"),
            (expired, "token_expired"),
            (ours.issue(stranger), "token_invalid"),
        ):
            refused = await ask(method, "/api/accounts/profile/", token=token)
            assert (refused.status, refused.code) == (401, code)
            assert refused.response.headers["WWW-Authenticate"] == 'Bearer realm="roomd", error="invalid_token"'
    basic = await ask("GET", "/api/accounts/profile/", Authorization="Basic YTpi")
    assert (basic.status, basic.code) == (401, "unauthenticated")
    assert (await ask("POST", "/api/auth/logout/", {})).status == 401


@pytest.mark.gen_test(timeout=20)
async def test_a_database_that_is_away_is_503(ask: Ask, pool: PostgresPool) -> None:
    await pool.close()
    away = await ask("POST", "/api/auth/guest/", {"name": "Bob"})
    assert (away.status, away.code) == (503, "unavailable")
    assert int(away.response.headers["Retry-After"]) > 0


@pytest.mark.gen_test(timeout=20)
async def test_no_token_and_no_password_reaches_the_log(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    access, refresh = await signed_in(ask)
    await ask("GET", f"/api/accounts/profile/?token={access}", token=access)
    await ask("PATCH", f"/api/nothing/?token={access}", {"refresh": refresh}, access)
    await ask("POST", f"/api/auth/login/?token={access}", {"email": "alice@example.org", "password": GOOD + "!"})
    await ask("POST", "/api/accounts/token/refresh/", {"refresh": refresh[:-1]})
    said = "\n".join(record.getMessage() + str(record.exc_info or "") for record in caplog.records)
    assert "GET /api/accounts/profile/ 200" in said
    for secret in (access, access[-20:], refresh[:-1], GOOD):
        assert secret not in said
