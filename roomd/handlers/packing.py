"""A page's modules joined to one script, and its style sheets to one sheet, when the server first needs them.

What is written and read stays as it is: plain ES modules and `@import`, which browsers and Node take without this.
But a browser that asks for each of them spends more time on 91 requests than on what is in them, and 91 small files
hardly compress.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePosixPath

from roomd.handlers.words import Words, words_of

_IMPORT = re.compile(r'^import\s+(?:(\{[^}]*\}|\*\s+as\s+\w+)\s+from\s+)?"(\.[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) ([\w$]+))", re.MULTILINE)
_NOTHING = re.compile(r"^export \{\};$", re.MULTILINE)
_UNKNOWN = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)
#: Comments that stand on lines of their own, and indentation: a third of what would be sent. The rest is as written.
_ASIDE = re.compile(r"^ *(?:/\*(?:.|\n)*?\*/ *|//.*)\n", re.MULTILINE)
_INDENT = re.compile(r"^ +|\n(?=\n)", re.MULTILINE)
_SHEET = re.compile(r'^@import "(\.[^"]+)";$', re.MULTILINE)


class UnpackableError(Exception):
    """A module that is written in a way that cannot be joined to others."""


#: The module that holds a page's language and its sentences.
WORDS = "js/words.js"
#: What a page can do without at first is the script of this ending: `js/room-later.js` imports what it needs, also
#: `js/room.js`, and holds only what is not in that already.
LATER = "-later.js"
_NUMBER = re.compile(r"\$m(\d+)\b")


@cache
def script(root: Path, entry: str, language: str = "en") -> str:
    """`entry`, a path under `root`, and all that it imports: each module once, those that it needs before it.

    Each becomes a function of its own, called at once, whose answer is what it exports. Exports are therefore
    constants, functions and classes, declared where they are exported; and modules do not import each other in a
    circle, nor hold text that goes over several lines.
    In another `language` the sentences that occur in it stand in `WORDS`. What `entry` exports the script exports.
    Where there is a script for later, the first one leaves it those of its modules that it needs, in `$modules`.
    Fails with `UnpackableError`, naming the module, and with OSError.
    """
    numbers: dict[str, int] = {}
    parts: list[str] = []
    later = entry if entry.endswith(LATER) else entry.removesuffix(".js") + LATER
    first = later.removesuffix(LATER) + ".js"
    _join(root, first, numbers, parts, [])
    many = len(parts)
    if (root / later).exists() or entry == later:
        _join(root, later, numbers, parts, [])
    shared = {int(number) for part in parts[many:] for number in _NUMBER.findall(part)} & set(range(many))
    if len(parts) > many and WORDS in numbers:
        shared.add(numbers[WORDS])
    said = "".join(parts[:many])
    if entry == later:
        return _as_later("".join(parts[many:]), said, shared, numbers, words_of(root.parent / "words", language))
    if language != "en" and WORDS in numbers:
        used = _said_in(said, words_of(root.parent / "words", language))
        module = f"export const LANGUAGE = {json.dumps(language)};\nexport const WORDS = {_literal(used)};\n"
        parts[numbers[WORDS]] = _wrapped(WORDS, module, numbers)
    left = f"globalThis.$modules = {{ {_named(shared, numbers)} }};\n" if shared else ""
    names = _EXPORT.findall((root / entry).read_text(encoding="utf-8"))
    exported = f"export const {{ {', '.join(names)} }} = $m{numbers[entry]};\n" if names else ""
    return "".join(parts[:many]) + left + exported


def _as_later(said: str, before: str, shared: set[int], numbers: dict[str, int], words: Words) -> str:
    """A script by itself: it may come after the page is there, and does not get in the way of other scripts."""
    fresh = {text: other for text, other in _said_in(said, words).items() if _quoted(text) not in before}
    more = f"Object.assign($m{numbers[WORDS]}.WORDS, {_literal(fresh)});\n" if fresh else ""
    taken = f"const {{ {_named(shared, numbers)} }} = globalThis.$modules;\n"
    return f'"use strict";\n(() => {{\n{taken}{more}{said}}})();\n'


def _named(shared: set[int], numbers: dict[str, int]) -> str:
    return ", ".join(f'"{path}": $m{number}' for path, number in numbers.items() if number in shared)


def _said_in(said: str, words: Words) -> dict[str, str | Mapping[str, str]]:
    return {text: other for text, other in words.sentences.items() if _quoted(text) in said}


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _literal(value: object) -> str:
    """As JavaScript has it; JSON is that too, since 2019 (https://tc39.es/proposal-json-superset/)."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@cache
def sheet(root: Path, entry: str) -> str:
    """`entry`, a path under `root`, with what it imports in the places of the imports."""

    def imported(found: re.Match[str]) -> str:
        return sheet(root, _resolved(PurePosixPath(entry).parent, found[1]))

    return _SHEET.sub(imported, lightened((root / entry).read_text(encoding="utf-8")))


def _join(root: Path, path: str, numbers: dict[str, int], parts: list[str], above: list[str]) -> None:
    if path in above:
        raise UnpackableError(
            f"{path} imports itself, through {' and '.join(above[above.index(path) + 1 :]) or 'itself'}"
        )
    text = lightened((root / path).read_text(encoding="utf-8"))
    if any(line.count("`") % 2 for line in text.splitlines()):
        raise UnpackableError(f"{path}: a template over several lines, whose indentation would be lost")
    for found in _IMPORT.finditer(text):
        needed = _resolved(PurePosixPath(path).parent, found[2])
        if needed not in numbers:
            _join(root, needed, numbers, parts, [*above, path])
    numbers[path] = len(numbers)
    parts.append(_wrapped(path, text, numbers))


def _wrapped(path: str, text: str, numbers: dict[str, int]) -> str:
    def taken(found: re.Match[str]) -> str:
        names, module = found[1], f"$m{numbers[_resolved(PurePosixPath(path).parent, found[2])]}"
        if names is None:
            return ""
        left = names.replace(" as ", ": ") if names.startswith("{") else names.split()[-1]
        return f"const {left} = {module};"

    exported = _EXPORT.findall(text)
    body = _EXPORT.sub("", _NOTHING.sub("", _IMPORT.sub(taken, text)))
    if odd := _UNKNOWN.search(body):
        raise UnpackableError(f"{path}: {odd[0]}")
    return f"const $m{numbers[path]} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();\n"


def lightened(text: str) -> str:
    """Without comments that stand on lines of their own, and without indentation."""
    return _INDENT.sub("", _ASIDE.sub("", text))


def _resolved(folder: PurePosixPath, name: str) -> str:
    parts: list[str] = []
    for part in (folder / name).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
