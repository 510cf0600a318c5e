"""The OpenAPI document is what the server runs: its routes, what handlers read, what docs/*.md say, and valid."""

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openapi_spec_validator import validate
from tornado.web import RequestHandler

from roomd.app import API_ROUTES
from roomd.cli import main
from roomd.openapi.answers import Told, codes
from roomd.openapi.document import METHODS, Served, document, operations
from roomd.openapi.errors import CODES
from roomd.openapi.operation import JSON

DOCS = Path(__file__).parent.parent / "docs"
SERVED = list(operations(API_ROUTES))
DOCUMENT = document(API_ROUTES, "1.2.3")
#: Words in backquotes of the tables' last column that are no codes.
_NO_CODES = {"status", "draining", "unavailable"}


def rows() -> dict[str, list[str]]:
    """The tables of routes: `GET /api/…/` → the cells."""
    found = {}
    for name in ("http.md", "library.md"):
        for line in (DOCS / name).read_text(encoding="utf-8").splitlines():
            if route := re.match(r"\| `([A-Z]+ [^`]+)`", line):
                found[route[1]] = [cell.strip() for cell in line.strip("|").split("|")]
    return found


ROWS = rows()


def called(served: Served) -> str:
    return f"{served.method.upper()} {served.path}"


def test_every_method_of_every_route_is_declared() -> None:
    refusing = RequestHandler._unimplemented_method
    silent = {
        f"{method} {pattern} ({handler.__module__}.{handler.__name__})"
        for pattern, handler in API_ROUTES
        for method in METHODS
        if getattr(handler, method) is not refusing and method not in handler.operations
    }
    assert silent == set(), "each needs an @operation (roomd/handlers/described.py)"


def test_what_is_declared_is_served_and_documented_under_the_same_names() -> None:
    assert sorted(called(each) for each in SERVED) == sorted(ROWS)
    shown = {f"{method.upper()} {path}" for path, item in DOCUMENT["paths"].items() for method in item}
    assert shown == set(ROWS)


def test_the_document_is_valid() -> None:
    validate(DOCUMENT)
    names = [each["operationId"] for item in DOCUMENT["paths"].values() for each in item.values()]
    assert len(names) == len(set(names))


def test_codes_are_those_of_the_document_of_errors() -> None:
    documented = {}
    for line in (DOCS / "errors.md").read_text(encoding="utf-8").splitlines():
        if found := re.fullmatch(r"\| `(\w+)` \| (\S+) \| (.*) \|", line):
            documented[found[1]] = (None if found[2] == "–" else int(found[2]), found[3])
    assert documented == {name: (code.status, code.meaning) for name, code in CODES.items()}


@pytest.mark.parametrize("served", SERVED, ids=called)
def test_an_operation_is_as_its_row_says(served: Served) -> None:
    _, token, _, answer, errors = ROWS[called(served)]
    said = {"open": "any", "any": "any", "guest": "any, guest", "token": "needed", "admin": "admin"}
    assert said[served.operation.who] == token
    if status := re.match(r"\d{3}", answer):
        assert served.operation.status == int(status[0])
    possible = set(codes(Told(served.operation, served.path, served.method)))
    assert set(re.findall(r"`(\w+)`", errors)) - _NO_CODES <= possible
    if errors and not errors.startswith(("the same", "as above")):
        named = set(re.findall(r"`(\w+)`", errors))
        bare = {int(number) for number in re.findall(r"\b([45]\d\d)\b(?! `)", errors)}
        unsaid = {code for code in served.operation.errors.split() if CODES[code].status not in bare} - named
        assert unsaid == set()


def methods_of(served: Served) -> Iterator[ast.AST]:
    """The method, and those of its own class and module's classes that it calls on itself."""
    seen: set[str] = set()
    waiting = [served.method]
    while waiting:
        name = waiting.pop()
        function = getattr(served.handler, name, None)
        if name in seen or not inspect.isfunction(function) or function.__module__ in _COMMON:
            continue
        seen.add(name)
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        yield tree
        waiting += [
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
        ]


#: What reads bodies and queries for all handlers.
_COMMON = {"roomd.handlers.base", "roomd.handlers.of_room", "tornado.web"}


def read_by(served: Served) -> tuple[set[str], set[str]]:
    """The names of the body's type and of the query's words that the code reads."""
    bodies, query = set[str](), set[str]()
    for tree in methods_of(served):
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(attr="body"), args=[ast.Name(id=name)]):
                    bodies.add(name)
                case ast.Call(func=ast.Name(id="decode_body"), args=[*_, ast.Name(id=name)]):
                    bodies.add(name)
                case ast.Call(
                    func=ast.Attribute(attr="get_query_argument" | "flag" | "choice" | "_number"),
                    args=[ast.Constant(value=name), *_],
                ):
                    query.add(str(name))
                case ast.Call(func=ast.Attribute(attr="limit" | "offset" as name), args=_) if own(node):
                    query.add(name)
    return bodies, query


def own(call: ast.Call) -> bool:
    return (
        isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == "self"
    )


@pytest.mark.parametrize("served", SERVED, ids=called)
def test_an_operation_takes_what_its_code_reads(served: Served) -> None:
    bodies, query = read_by(served)
    body = served.operation.body
    # Beside a file, a form has the same fields but the text of it.
    assert ({body.__name__} if body else set()) == bodies - ({"FormBody"} if served.operation.file else set())
    assert {each.name for each in served.operation.query} == query


def test_what_is_taken_is_described_whole() -> None:
    """One operation, looked at by a person: nothing of what the generator puts together is missing."""
    patch: dict[str, Any] = DOCUMENT["paths"]["/api/rooms/{room}/members/{user}/"]["patch"]
    assert patch["tags"] == ["Rooms"]
    assert [(each["name"], each["in"]) for each in patch["parameters"]] == [
        ("room", "path"),
        ("user", "path"),
        ("Idempotency-Key", "header"),
    ]
    assert patch["requestBody"]["content"][JSON]["schema"] == {"$ref": "#/components/schemas/RoleBody"}
    assert patch["responses"]["409"]["x-codes"] == ["is_host"]
    assert patch["security"] == [{"bearer": []}]
    assert patch["x-needs"] == "roles"
    assert "Roomd-Level" in patch["responses"]["200"]["headers"]
    # What says by its address what it is has no `type`.
    assert "type" not in DOCUMENT["components"]["schemas"]["Set"]["properties"]


def test_the_command_prints_what_the_server_shows() -> None:
    shown = json.loads(CliRunner().invoke(main, ["openapi"]).output)
    assert shown["paths"].keys() == DOCUMENT["paths"].keys()
    sockets = json.loads(CliRunner().invoke(main, ["openapi", "--sockets"]).output)
    assert (sockets["asyncapi"], len(sockets["channels"])) == ("3.0.0", 5)
