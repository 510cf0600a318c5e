"""The documents say what the code does: routes, error codes, settings, commands and events, close codes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
from faults.suite import SUITE
from tornado.web import RequestHandler

from roomd.app import API_ROUTES
from roomd.dialects.native import COMMANDS
from roomd.domain import refusals
from roomd.domain.refusals import Limited, Refusal
from roomd.domain.rules import EVENTS
from roomd.handlers import frames, wire
from roomd.handlers.base import status_of
from roomd.settings import Settings, variable

TOP = Path(__file__).parent.parent
KINDS = {name: kind for name, kind in vars(refusals).items() if isinstance(kind, type) and issubclass(kind, Refusal)}
#: What handlers answer for faults that no Refusal stands for: the status's own name.
OF_STATUS = {"bad_request": 400, "method_not_allowed": 405, "internal": 500}


def rows(document: str) -> Iterator[list[str]]:
    """The cells of every table's rows, headings left out."""
    for line in (TOP / "docs" / document).read_text(encoding="utf-8").splitlines():
        if line.startswith("| `") or line.startswith("| 1") or line.startswith("| 4"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def http_rows() -> list[list[str]]:
    """Every route: of rooms and accounts, and of the library."""
    return [*rows("http.md"), *rows("library.md")]


def test_every_route_is_documented_and_no_other() -> None:
    refusing = RequestHandler._unimplemented_method
    routes = {
        f"{method} {re.sub(r'[(][^)]*[)]', '{}', pattern).replace('/?', '/').replace(chr(92), '')}"
        for pattern, handler in API_ROUTES
        for method in RequestHandler.SUPPORTED_METHODS
        # What answers GET may answer HEAD without a word about it.
        if method != "HEAD"
        if getattr(handler, method.lower()) is not refusing
    }
    documented = [re.sub(r"{\w+}", "{}", row[0].strip("`")) for row in http_rows()]
    assert sorted(documented) == sorted(routes)


def test_every_route_says_who_may_ask() -> None:
    assert {row[1] for row in http_rows()} == {"any", "any, guest", "needed", "admin"}


def codes_in(tree: ast.AST) -> Iterator[tuple[str, type[Refusal]]]:
    """The code that each refusal made in this module carries."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS):
            continue
        kind = KINDS[node.func.id]
        place = 2 if kind is Limited else 1
        given = [word.value for word in node.keywords if word.arg == "code"] or node.args[place : place + 1]
        if not given:
            yield kind.code, kind
        elif isinstance(given[0], ast.Constant):
            yield str(given[0].value), kind


def test_every_code_is_documented_and_no_other() -> None:
    documented = {row[0].strip("`"): row[1] for row in rows("errors.md")}
    known = {code: str(status) for code, status in OF_STATUS.items()}
    for path in (TOP / "roomd").rglob("*.py"):
        for code, kind in codes_in(ast.parse(path.read_text(encoding="utf-8"))):
            known[code] = str(status_of(kind("", code=code)))
    known["no_hello"] = "–"
    assert documented == known


def test_codes_that_other_documents_name_are_documented() -> None:
    documented = {row[0].strip("`") for row in rows("errors.md")}
    for row in http_rows():
        assert set(re.findall(r"`(\w+)`", row[4])) - {"status"} <= documented, row


def test_every_setting_is_documented_with_its_default() -> None:
    documented = {row[0].strip("`"): row[1].strip("`") for row in rows("settings.md")}
    defaults = {}
    for field in msgspec.structs.fields(Settings):
        empty = field.default in {None, ()} or field.name == "data_dir"
        defaults[variable(field.name)] = "none" if empty else str(field.default).lower()
    defaults["ROOMD_DATA_DIR"] = "~/.local/share/roomd"
    assert documented == defaults


def test_every_command_and_event_of_the_native_contract_is_documented() -> None:
    named = {row[0].strip("`") for row in rows("protocol.md") if row[0].startswith("`")}
    commands = {str(command.__struct_config__.tag) for command in COMMANDS}
    # Sockets are told as presence, the door as a setting; the opening of a room is before anybody can hear of it, and
    # whom it waited for in vain is its own affair.
    hidden = {"socket_opened", "socket_closed", "room_opened", "door_changed", "waited_in_vain"}
    told = {str(event.__struct_config__.tag) for event in EVENTS} - hidden
    assert named == commands | told | {"presence"}


def test_every_close_code_is_documented() -> None:
    named = vars(wire) | vars(frames)
    codes = {str(code) for name, code in named.items() if name.startswith("CLOSE_")} | {"1000"}
    documented = {row[0] for row in rows("protocol.md") if row[0].isdecimal()}
    assert documented == codes


def test_every_promise_names_scenarios_and_tests_that_there_are() -> None:
    text = (TOP / "docs" / "reliability.md").read_text(encoding="utf-8")
    promised = text[text.index("## What is promised") : text.index("## Figures")]
    named = set(
        re.findall(r"`([^`]+)`", " ".join(line.rsplit("|", 2)[-2] for line in promised.splitlines() if "|" in line))
    )
    tests = {name for name in named if name.startswith("tests/")}
    assert all((TOP / name).is_file() for name in tests)
    assert named - tests == set(SUITE)
