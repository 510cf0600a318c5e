"""A page's modules joined to one script, and its style sheets to one sheet, when the server first needs them.

What is written and read stays as it is: plain ES modules and `@import`, which browsers and Node take without this.
But a browser that asks for each of them spends more time on 91 requests than on what is in them, and 91 small files
hardly compress.
"""

import json
import re
from functools import cache
from pathlib import Path, PurePosixPath

from roomd.handlers.words import Sentences, words_of

_IMPORT = re.compile(r'^import\s+(?:(\{[^}]*\}|\*\s+as\s+\w+)\s+from\s+)?"(\.[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) ([\w$]+))", re.MULTILINE)
_NOTHING = re.compile(r"^export \{\};$", re.MULTILINE)
_UNKNOWN = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)
#: Comments that stand on lines of their own, and indentation: a third of what would be sent. The rest is as written.
_ASIDE = re.compile(r"^ *(?:/\*(?:.|\n)*?\*/ *|//.*)\n", re.MULTILINE)
#: Types that are told to the check within a line.
_TYPED = re.compile(r"/\*\* @[^*\n]*\*/ ?")
_INDENT = re.compile(r"^ +|\n(?=\n)", re.MULTILINE)
#: What is constant was checked where it is written; `let` makes a room's script 0.4 % lighter, compressed.
_CONST = re.compile(r"^const ", re.MULTILINE)
_QUOTING = re.compile(r"[\"'`/]")
_SIGNS = re.compile(r" *(=>|===?|!==?|&&|\|\||\?\?|[=<>?:,;{}()\[\]]) *")
#: What stands in quotes, and the lines that import, stay; elsewhere these signs need no space beside or behind them.
_LOOSE = re.compile(r"""("[^"\n]*"|'[^'\n]*'|@import[^\n]*\n)|\s*([{},])\s*|([;:])\s+""")
_SHEET = re.compile(r'^@import "(\.[^"]+)";$', re.MULTILINE)


class UnpackableError(Exception):
    """A module that is written in a way that cannot be joined to others."""


#: A sentence where it is said, as `scripts/words.py` finds it.
_TEXT = r'"(?:[^"\\]|\\.)*"'
_SAID = re.compile(rf"(?<![\w.$])(?P<call>t\(\s*|tn\(\s*{_TEXT},\s*)(?P<name>{_TEXT})")
#: The module that holds a page's language and its sentences.
WORDS = "js/words.js"


@cache
def script(root: Path, entry: str, language: str = "en") -> str:
    """`entry`, a path under `root`, and all that it imports: each module once, those that it needs before it.

    Each becomes a function of its own, called at once, whose answer is what it exports. Exports are therefore
    constants, functions and classes, declared where they are exported; and modules do not import each other in a
    circle, nor hold text that goes over several lines.
    In another `language` the sentences that it says stand in `WORDS`, and where it says them, their places in that
    list: without the English, which nobody reads there, a room's is 6.5 KB of 84 lighter, compressed. One that is not
    translated stays what it is. What `entry` exports the script exports.
    Fails with `UnpackableError`, naming the module, and with OSError.
    """
    numbers: dict[str, int] = {}
    parts: list[str] = []
    _join(root, entry, numbers, parts, [])
    if language != "en" and WORDS in numbers:
        sentences = words_of(root.parent / "words", language).sentences
        used: dict[str, int] = {}
        parts = [_numbered(part, sentences, used) for part in parts]
        words = _literal([sentences[text] for text in used])
        module = f"export const LANGUAGE = {json.dumps(language)};\nexport const WORDS = {words};\n"
        parts[numbers[WORDS]] = _wrapped(WORDS, module, numbers)
    if exported := _EXPORT.findall((root / entry).read_text(encoding="utf-8")):
        parts.append(f"export const {{ {', '.join(exported)} }} = $m{numbers[entry]};\n")
    return "".join(parts)


def _numbered(text: str, sentences: Sentences, used: dict[str, int]) -> str:
    """A module with numbers in the places of its sentences, by `used`, which grows by those that are new."""

    def placed(call: re.Match[str]) -> str:
        sentence = json.loads(call["name"])
        if sentence not in sentences:
            return call[0]
        number = used.setdefault(sentence, len(used))
        # Of a counted sentence the second, the one for many, is its name.
        return f"{'t(' if call['call'].startswith('t(') else 'tn(0,'}{number}"

    return _SAID.sub(placed, text)


def _literal(value: object) -> str:
    """As JavaScript has it; JSON is that too, since 2019 (https://tc39.es/proposal-json-superset/)."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@cache
def sheet(root: Path, entry: str) -> str:
    """`entry`, a path under `root`, with what it imports in the places of the imports."""

    def imported(found: re.Match[str]) -> str:
        return sheet(root, _resolved(PurePosixPath(entry).parent, found[1]))

    return _SHEET.sub(imported, _tightened(lightened((root / entry).read_text(encoding="utf-8"))))


def _tightened(text: str) -> str:
    """A style sheet without the spaces that only people need: 4 % of it, compressed."""
    return _LOOSE.sub(lambda found: found[1] or found[2] or found[3], text).replace(";}", "}")


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
    body = _CONST.sub("let ", _EXPORT.sub("", _NOTHING.sub("", _IMPORT.sub(taken, text))))
    if odd := _UNKNOWN.search(body):
        raise UnpackableError(f"{path}: {odd[0]}")
    body = closer(body)
    return f"let $m{numbers[path]} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();\n"


def lightened(text: str) -> str:
    """Without comments that stand on lines of their own or tell a type, and without indentation."""
    return _INDENT.sub("", _TYPED.sub("", _ASIDE.sub("", text)))


def closer(text: str) -> str:
    """A script without the spaces beside signs, in lines where nothing is quoted and no pattern may stand."""
    return "\n".join(line if _QUOTING.search(line) else _SIGNS.sub(r"\1", line) for line in text.split("\n"))


def _resolved(folder: PurePosixPath, name: str) -> str:
    parts: list[str] = []
    for part in (folder / name).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
