"""What of the pages' sentences is not translated yet, and what is not said any more. Exit status 1 when anything is.

python scripts/words.py            lists it
python scripts/words.py --missing de    as JSON, to be filled in
python scripts/words.py --tidy     takes out what is not said any more, and puts the rest in order
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

WEB = Path(__file__).resolve().parent.parent / "web"
#: The plural forms that each language has for whole numbers, by CLDR.
FORMS = {
    "fr": {"one", "other"},
    "es": {"one", "other"},
    "de": {"one", "other"},
    "ar": {"zero", "one", "two", "few", "many", "other"},
}
_TEXT = r'"((?:[^"\\]|\\.)*)"'
_ONE = re.compile(rf"\bt\(\s*{_TEXT}")
_SEVERAL = re.compile(rf"\btn\(\s*{_TEXT},\s*{_TEXT}")
#: A call whose English does not stand there would never be found.
_ODD = re.compile(r"(?<!function )(?<![\w.$])tn?\((?!\s*\")")
_HOLES = re.compile(r"\{\w+\}")

Language = dict[str, str | dict[str, str]]


def sources() -> Iterator[tuple[Path, str]]:
    for pattern in ("static/js/**/*.js", "templates/**/*.html"):
        for path in sorted(WEB.glob(pattern)):
            if path.name == "words.js":
                continue
            yield path.relative_to(WEB), path.read_text(encoding="utf-8")


def said() -> tuple[set[str], set[str], list[str]]:
    """Sentences, counted ones (by their many form), and places where neither can be read."""
    plain: set[str] = set()
    counted: set[str] = set()
    odd: list[str] = []
    for path, text in sources():
        plain |= {json.loads(f'"{found[1]}"') for found in _ONE.finditer(text)}
        counted |= {json.loads(f'"{found[2]}"') for found in _SEVERAL.finditer(text)}
        odd += [f"{path}: {text[at.start() : at.start() + 60]!r}" for at in _ODD.finditer(text)]
    return plain, counted, odd


def faults(language: str, words: Language, plain: set[str], counted: set[str]) -> Iterator[str]:
    for text in sorted((plain | counted) - words.keys()):
        yield f"{language}: not translated: {text}"
    for text in sorted(words.keys() - plain - counted):
        yield f"{language}: not said any more: {text}"
    for text, other in words.items():
        forms = other if isinstance(other, dict) else {"": other}
        if text in counted and set(forms) != FORMS[language]:
            yield f"{language}: wants the forms {sorted(FORMS[language])}: {text}"
        holes = set(_HOLES.findall(text))
        for name, form in forms.items():
            # "One song" needs no number; nothing may be said that is not given.
            spare = {"{n}"} if name in {"zero", "one", "two"} else set()
            if not (holes - spare <= set(_HOLES.findall(form)) <= holes) or not form.strip():
                yield f"{language}: other values than {sorted(holes)}: {form}"


def read(language: str) -> Language:
    words: Language = json.loads((WEB / "words" / f"{language}.json").read_text(encoding="utf-8"))
    return words


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--missing", choices=sorted(FORMS))
    parser.add_argument("--tidy", action="store_true")
    given = parser.parse_args()
    plain, counted, odd = said()
    if given.missing:
        words, forms = read(given.missing), dict.fromkeys(sorted(FORMS[given.missing]), "")
        lacking = sorted((plain | counted) - words.keys())
        print(json.dumps({text: forms if text in counted else "" for text in lacking}, ensure_ascii=False, indent=1))
        return 0
    if given.tidy:
        for language in FORMS:
            kept = {text: other for text, other in sorted(read(language).items()) if text in plain | counted}
            path = WEB / "words" / f"{language}.json"
            path.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    found = [each for language in FORMS for each in faults(language, read(language), plain, counted)]
    found += [f"the English does not stand at the call: {place}" for place in odd]
    print("\n".join(found) or f"{len(plain) + len(counted)} sentences in {len(FORMS) + 1} languages")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
