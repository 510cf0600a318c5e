"""The rules of the house that can be read off the source: who imports whom, how long things are, what is not caught."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "roomd"
SOURCES = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "scripts").rglob("*.py")])

MAX_LINES = 300
#: Of a function's body; what it takes and gives does not count.
MAX_FUNCTION = 40

DRIVERS = {"redis", "asyncpg", "alembic", "sqlalchemy"}
#: Modules of the standard library that a pure rule has no use for: clocks, dice of their own, the world outside.
IMPURE = {"asyncio", "os", "socket", "subprocess", "time", "threading", "secrets", "pathlib", "logging", "datetime"}
#: Who is above everything and puts it together.
TOP = {"app", "serve", "worker", "cli", "__main__"}
WEB = ("tornado.web", "tornado.websocket", "tornado.httpserver")


class Import(NamedTuple):
    """Of a module by another; `at_run_time` unless it is for the type checker alone."""

    by: str
    of: str
    line: int
    at_run_time: bool

    def __str__(self) -> str:
        return f"{self.by}:{self.line} imports {self.of}"


def module(path: Path) -> str:
    """`store.rooms` of roomd/store/rooms.py; a package's own name of its __init__."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[Import]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                of = [alias.name for alias in names]
            case ast.ImportFrom(module=str(source), level=0, names=names):
                # `from roomd.store import keys` is of roomd.store.keys as much as of roomd.store.
                of = [source, *(f"{source}.{alias.name}" for alias in names)]
            case ast.ImportFrom():
                of = ["a relative import"]
            case _:
                continue
        yield from (Import(module(path), each, node.lineno, id(node) not in typing_only) for each in of)


IMPORTS = [each for path in PACKAGE.rglob("*.py") for each in imports(path)]


def layer(name: str) -> str:
    """The layer of a roomd module: the folder it is in, or its own name."""
    return name.removeprefix("roomd.").split(".")[0]


def offences(by: Callable[[str], bool], of: Callable[[str], bool]) -> list[str]:
    return sorted({str(each) for each in IMPORTS if each.at_run_time and by(each.by) and of(each.of)})


def inside(*layers: str) -> Callable[[str], bool]:
    return lambda name: layer(name) in layers


def ours_outside(*layers: str) -> Callable[[str], bool]:
    return lambda name: name.startswith("roomd.") and layer(name) not in layers


def test_there_is_something_to_look_at() -> None:
    assert len(SOURCES) > 50
    assert Import("domain.playback", "msgspec", 13, True)._replace(line=0) in [e._replace(line=0) for e in IMPORTS]


def test_no_relative_imports() -> None:
    assert offences(lambda _: True, lambda of: of == "a relative import") == []


@pytest.mark.parametrize(
    ("who", "may_see"),
    [
        ("domain", ("domain",)),
        ("dialects", ("dialects", "domain")),
        ("store", ("store", "domain")),
        (
            "engine",
            (
                "domain",
                "store",
                "keeping",
                "noting",
                "copies",
                "committing",
                "group_commit",
                "desks",
                "warm",
                "archived",
                "tally",
            ),
        ),
        ("committing", ("domain", "store", "archived", "keeping", "noting", "copies", "deciding", "desks", "warm")),
        (
            "group_commit",
            ("domain", "store", "keeping", "noting", "deciding", "desks", "warm", "committing", "tasks"),
        ),
        (
            "handlers",
            (
                "handlers",
                "services",
                "openapi",
                "dialects",
                "domain",
                "engine",
                "keeping",
                "accounts",
                "catalogue",
                "store",
                "limits",
                "limiting",
                "deadline",
                "address",
                "fanout",
                "drain",
                "wheel",
                "tracing",
                "metrics",
            ),
        ),
        ("openapi", ("openapi", "dialects", "domain")),
        ("settings", ("domain", "catalogue", "guessable")),
        ("guessable", ()),
        ("tracing", ()),
        ("tally", ()),
        ("clock", ("domain",)),
        ("limits", ()),
        ("deadline", ("wheel",)),
        ("address", ()),
        ("embedded", ("embedded", "settings")),
    ],
)
def test_nobody_looks_up(who: str, may_see: tuple[str, ...]) -> None:
    assert offences(inside(who), ours_outside(*may_see)) == []


def test_the_top_is_seen_by_nobody_below() -> None:
    assert offences(lambda by: layer(by) not in TOP, inside(*TOP - {"__main__"})) == []
    assert offences(lambda by: layer(by) not in {*TOP, "handlers"}, inside("handlers")) == []


def test_rules_use_no_clock_no_dice_and_no_world() -> None:
    assert offences(inside("domain"), lambda of: of.split(".")[0] in IMPURE | DRIVERS | {"tornado", "httpx"}) == []


def test_only_the_store_knows_its_drivers() -> None:
    assert offences(lambda by: layer(by) not in {"store", "embedded"}, lambda of: of.split(".")[0] in DRIVERS) == []


def test_only_handlers_and_the_top_know_the_web() -> None:
    assert offences(lambda by: layer(by) not in {"handlers", *TOP}, lambda of: of.startswith(WEB)) == []


def test_only_the_settings_read_the_environment() -> None:
    readers = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in PACKAGE.rglob("*.py")
        if module(path) != "settings"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"})
        or (isinstance(node, ast.ImportFrom) and {a.name for a in node.names} & {"environ", "getenv"})
    ]
    assert readers == []


def test_nothing_is_caught_wholesale() -> None:
    broad = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and (node.type is None or "Exception" in _names(node.type))
    ]
    assert broad == []


def test_files_and_functions_are_short() -> None:
    long = []
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) > MAX_LINES:
            long.append(f"{path.relative_to(ROOT)}: {len(text.splitlines())} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.body[0].lineno + 1
                # A migration is one list of statements, in order.
                if lines > MAX_FUNCTION and "migrations" not in path.parts:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {lines} lines")
    assert long == []


def test_no_value_is_shared_through_a_class_or_a_global_statement() -> None:
    found = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Global):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} global")
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.List | ast.Dict | ast.Set):
                targets = [target for target in node.targets if isinstance(target, ast.Attribute)]
                found += [
                    f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(target)}"
                    for target in targets
                    if isinstance(target.value, ast.Name) and target.value.id == "cls"
                ]
    assert found == []


def _names(node: ast.expr) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
