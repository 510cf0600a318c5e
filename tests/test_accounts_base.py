"""What all JSON handlers share: bodies, errors, headers, addresses. No store is needed for any of it."""

import json
from typing import Annotated

import pytest
from accounts_world import some_services
from msgspec import Meta, Struct
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.web import Application

from roomd.address import client_address
from roomd.clock import Clock
from roomd.domain.refusals import (
    Conflict,
    Forbidden,
    Invalid,
    Limited,
    NotFound,
    Refusal,
    Unauthenticated,
    Unavailable,
)
from roomd.handlers.base import ApiHandler, NotFoundHandler, log_request
from roomd.handlers.bodies import FORM, JSON, decode_body


class Inner(Struct):
    n: int


class Model(Struct):
    text: str
    count: int = 0
    flag: bool = False
    short: Annotated[str, Meta(max_length=3)] = ""
    parts: list[Inner] = []
    either: int | str | None = None


class EchoHandler(ApiHandler):
    async def post(self) -> None:
        self.answer(self.body(Model))


class RefuseHandler(ApiHandler):
    async def get(self) -> None:
        refusals: dict[str, Refusal] = {
            "400": Invalid("no", fields={"a": "b"}),
            "401": Unauthenticated("no"),
            "403": Forbidden("no"),
            "404": NotFound("no"),
            "409": Conflict("no"),
            "413": Invalid("no", "too_large"),
            "415": Invalid("no", "unsupported_media_type"),
            "429": Limited("no", retry_after_s=2.1),
            "503": Unavailable("no"),
        }
        raise refusals[self.get_query_argument("kind")]


class BreakHandler(ApiHandler):
    async def get(self) -> None:
        raise RuntimeError("a fault of ours")


@pytest.fixture
def app() -> Application:
    # None of these handlers asks who is there, so no accounts are needed.
    kept = {"services": some_services(Clock())}
    return Application(
        [
            (r"/api/echo/?", EchoHandler, kept),
            (r"/api/refuse/?", RefuseHandler, kept),
            (r"/api/break/?", BreakHandler, kept),
        ],
        default_handler_class=NotFoundHandler,
        default_handler_args=kept,
        log_function=log_request,
    )


async def fetch(
    client: AsyncHTTPClient,
    url: str,
    body: bytes | None = None,
    kind: str = JSON,
    method: str | None = None,
    **headers: str,
) -> HTTPResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()} | ({"Content-Type": kind} if body else {})
    method = method or ("GET" if body is None else "POST")
    return await client.fetch(
        url, method=method, body=body, headers=sent, raise_error=False, allow_nonstandard_methods=True
    )


def error(response: HTTPResponse) -> dict[str, object]:
    value = json.loads(response.body)
    assert value["message"] == value["detail"] == value["error"]["message"]
    return dict(value["error"])


@pytest.mark.gen_test(timeout=20)
async def test_a_body_is_json_or_a_form(http_client: AsyncHTTPClient, base_url: str, http_server: object) -> None:
    for body, kind in (
        (b'{"text": "a b", "count": "7", "flag": true}', "application/json"),
        (b'{"text": "a b", "count": 7, "flag": "true", "unknown": 1}', "Application/JSON; charset=utf-8"),
        (b"text=a+b&count=7&flag=true&unknown=1", FORM),
    ):
        response = await fetch(http_client, base_url + "/api/echo/", body, kind)
        assert response.code == 200
        assert json.loads(response.body) | {"text": "a b", "count": 7, "flag": True} == json.loads(response.body)


@pytest.mark.gen_test(timeout=20)
async def test_bodies_that_cannot_be_read(http_client: AsyncHTTPClient, base_url: str, http_server: object) -> None:
    for body, code in (
        (b"{", "invalid_json"),
        (b'{"text": "a"} b', "invalid_json"),
        (b'{"text": NaN}', "invalid_json"),
        (b'{"text": "\xff"}', "invalid_json"),
        (b'{"text": "\\ud800"}', "invalid_json"),
        (b"[]", "invalid_json"),
        (b'"text"', "invalid_json"),
        (b'{"text": "a", "more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "invalid_json"),
    ):
        response = await fetch(http_client, base_url + "/api/echo/", body)
        assert (response.code, error(response)["code"]) == (400, code), body[:40]
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/xml", "application/jsonp", ""):
        with pytest.raises(Invalid) as refused:
            decode_body(kind, b'{"text": "a"}', Model)
        assert refused.value.code == "unsupported_media_type"
    response = await fetch(http_client, base_url + "/api/echo/", b'{"text": "a"}', "text/plain")
    assert (response.code, error(response)["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"", {"text": "is required"}),
        (b'{"text": 7}', {"text": "must be text, not a whole number"}),
        (b'{"text": null}', {"text": "must be text, not null"}),
        (b'{"text": "a", "count": "x"}', {"count": "must be a whole number, not text"}),
        (b'{"text": "a", "count": 1.5}', {"count": "must be a whole number, not a number"}),
        (b'{"text": "a", "flag": "perhaps"}', {"flag": "must be true or false, not text"}),
        (b'{"text": "a", "short": "abcd"}', {"short": "must have at most 3 characters"}),
        (b'{"text": "a", "parts": {}}', {"parts": "must be a list, not an object"}),
        (b'{"text": "a", "parts": [{}]}', {"parts[0].n": "is required"}),
        (b'{"text": "a", "parts": [{"n": []}]}', {"parts[0].n": "must be a whole number, not a list"}),
        (b'{"text": "a", "either": []}', {"either": "must be a whole number or text or null, not a list"}),
    ],
)
def test_a_wrong_field_is_named(body: bytes, fields: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        decode_body(JSON, body, Model)
    assert refused.value.fields == fields


@pytest.mark.parametrize("body", [b"text=%ff", b"&".join(b"a%d=1" % n for n in range(101))])
def test_a_form_that_cannot_be_read(body: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        decode_body(FORM, body, Model)
    assert refused.value.code == "invalid_form"


@pytest.mark.gen_test(timeout=20)
async def test_every_refusal_has_its_status(http_client: AsyncHTTPClient, base_url: str, http_server: object) -> None:
    for status in (400, 401, 403, 404, 409, 413, 415, 429, 503):
        response = await fetch(http_client, f"{base_url}/api/refuse/?kind={status}")
        assert response.code == status
        assert error(response)["message"] == "no"
        assert ("WWW-Authenticate" in response.headers) == (status == 401)
        assert response.headers.get("Retry-After") == {429: "3", 503: "2"}.get(status)
    assert error(await fetch(http_client, f"{base_url}/api/refuse/?kind=400"))["fields"] == {"a": "b"}


@pytest.mark.gen_test(timeout=20)
async def test_unknown_paths_and_methods(http_client: AsyncHTTPClient, base_url: str, http_server: object) -> None:
    for path in ("/api/nothing/", "/api/echo/more", "/nothing"):
        for method in ("GET", "POST", "DELETE"):
            response = await fetch(http_client, base_url + path, method=method)
            assert (response.code, error(response)["code"]) == (404, "not_found")
    for method in ("GET", "DELETE", "PUT", "FROB"):
        response = await fetch(http_client, base_url + "/api/echo/", method=method)
        assert (response.code, error(response)["code"]) == (405, "method_not_allowed")
        assert response.headers["Allow"] == "POST"


@pytest.mark.logs(r"roomd\.handlers: request my-id\.1: GET /api/break/ failed")
@pytest.mark.gen_test(timeout=20)
async def test_a_fault_of_ours_is_logged_once_under_its_id(
    http_client: AsyncHTTPClient, base_url: str, http_server: object, caplog: pytest.LogCaptureFixture
) -> None:
    response = await fetch(http_client, base_url + "/api/break/?token=secret", X_Request_ID="my-id.1")
    assert (response.code, error(response)["code"]) == (500, "internal")
    assert "my-id.1" in str(error(response)["message"])
    assert "fault of ours" not in response.body.decode()
    loud = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(loud) == 1
    assert loud[0].exc_info is not None
    assert "secret" not in caplog.text


@pytest.mark.gen_test(timeout=20)
async def test_a_request_id_is_taken_over_only_when_it_is_sane(
    http_client: AsyncHTTPClient, base_url: str, http_server: object
) -> None:
    response = await fetch(http_client, base_url + "/api/nothing/", X_Request_ID="abc-123")
    assert response.headers["X-Request-ID"] == "abc-123"
    assert "Server" not in response.headers
    seen = set()
    for odd in ("", "a b", "x" * 65, "<script>"):
        response = await fetch(http_client, base_url + "/api/nothing/", X_Request_ID=odd)
        seen.add(response.headers["X-Request-ID"])
    assert len(seen) == 4
    assert all(len(each) == 16 for each in seen)


@pytest.mark.parametrize(
    ("peer", "forwarded", "hops", "address"),
    [
        ("192.0.2.7", "", 0, "192.0.2.7"),
        ("192.0.2.7", "198.51.100.1", 0, "192.0.2.7"),
        ("10.0.0.1", "198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 2.2.2.2,198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", 2, "198.51.100.1"),
        ("10.0.0.1", "", 1, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", 2, "10.0.0.1"),
        ("10.0.0.1", "rubbish", 1, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1:80", 1, "198.51.100.1"),
        ("10.0.0.1", "[2001:db8:1:2::9]:80", 1, "2001:db8:1:2::"),
        ("10.0.0.1", "198.51.100.1:80:80", 1, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1,", 1, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, unknown", 1, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.300", 1, "10.0.0.1"),
        ("10.0.0.1", "127.0.0.1, 198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.1", "a" * 5_000 + ",198.51.100.1", 1, "198.51.100.1"),
        ("::ffff:192.0.2.7", "", 0, "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "", 0, "2001:db8:1:2::"),
        ("fe80::1%eth0", "", 0, "fe80::"),
        ("", "", 0, ""),
    ],
)
def test_the_address_that_limits_are_counted_by(peer: str, forwarded: str, hops: int, address: str) -> None:
    assert client_address(peer, forwarded, hops) == address
