"""What an operation answers: what it is asked for, and every refusal under the status that says the same."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import NamedTuple

from roomd.openapi.errors import CODES
from roomd.openapi.operation import JSON, Operation
from roomd.openapi.schemas import Schema, Schemas

HEADERS: Schema = {
    "X-Request-ID": {"description": "What the request is called in the server's log", "schema": {"type": "string"}},
    "Roomd-Level": {
        "description": "How safe the change is",
        "schema": {"type": "string", "enum": ["archived", "accepted"]},
    },
    "Retry-After": {"description": "Seconds after which to ask again", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "That a token is needed", "schema": {"type": "string"}},
}
_TOKEN = ("token_invalid", "token_expired", "token_revoked")
_FAULTS = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}


class Told(NamedTuple):
    operation: Operation
    path: str
    method: str


def responses(told: Told, schemas: Schemas) -> Schema:
    operation = told.operation
    answers = {str(operation.status): _answer(operation.answer, operation.status, operation.mime, schemas)}
    for status, kind in operation.also.items():
        answers[str(status)] = _answer(kind, status, operation.mime, schemas)
    level = operation.needs and told.method != "get" and "{room}" in told.path
    for answer in answers.values():
        names = ["X-Request-ID", *(["Roomd-Level"] if level else [])]
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes(told)):
        by_status.setdefault(CODES[code].status or 400, []).append(code)
    for status, named in sorted(by_status.items()):
        answers.setdefault(str(status), _refusal(status, named, schemas.of(operation.fault)))
    return answers


def codes(told: Told) -> Iterator[str]:
    """Every code that it may be refused with."""
    operation, changes = told.operation, told.method != "get"
    yield from ("invalid", "bad_request", *operation.errors.split())
    if operation.who in {"token", "admin"}:
        yield "unauthenticated"
    if operation.who == "admin":
        yield "not_an_admin"
    if operation.who != "open":
        yield from ("unauthenticated", *_TOKEN)
    if operation.body is not None:
        yield "invalid_json"
    if operation.body is not None or operation.file:
        yield from ("invalid_form", "unsupported_media_type", "too_large")
    if "{room}" in told.path or operation.needs not in {"", "owner"}:
        yield "no_such_room"
    if "/playlists/playlists/{id}" in told.path:
        yield "no_such_playlist"
    yield from _barred(told)
    yield from ("unavailable", "draining", "lost", "archive_behind") if changes else ("unavailable",)
    yield "internal"


def _barred(told: Told) -> Iterator[str]:
    match told.operation.needs:
        case "":
            return
        case "member":
            yield "not_a_member"
        case "owner" if "/playlists/playlists/{id}" in told.path:
            yield "not_your_playlist"
        case _:
            yield from ("forbidden", "not_a_member", "waiting")


def _answer(kind: object, status: int, mime: tuple[str, ...], schemas: Schemas) -> Schema:
    told: Schema = {"description": HTTPStatus(status).phrase}
    if kind is None:
        return told
    plain = kind in {bytes, str}
    types = [each for each in mime if not (plain and each == JSON)]
    told["content"] = {
        each: {"schema": schemas.of(kind)} if each == JSON else {"schema": {"type": "string"} if kind is str else {}}
        for each in types
    }
    return told


def _refusal(status: int, named: list[str], fault: Schema) -> Schema:
    told: Schema = {
        "description": ", ".join(f"`{code}`" for code in named),
        "content": {JSON: {"schema": fault}},
        "x-codes": named,
    }
    if status in _FAULTS:
        told["headers"] = {_FAULTS[status]: {"$ref": f"#/components/headers/{_FAULTS[status]}"}}
    return told
