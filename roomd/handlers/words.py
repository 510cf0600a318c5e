"""The languages of the pages: which one a reader wants, and its sentences.

A sentence is looked up by its English. `web/words/<language>.json` holds what it is in another language: a text, or
for a count its plural forms by the names that CLDR gives them (https://www.unicode.org/reports/tr35/tr35-numbers.html).
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

#: Language to what it calls itself.
LANGUAGES = {"en": "English", "fr": "Français", "es": "Español", "de": "Deutsch", "ar": "العربية"}
RIGHT_TO_LEFT = frozenset({"ar"})
COOKIE = "roomd_language"

Sentences = Mapping[str, str | Mapping[str, str]]
_HOLE = re.compile(r"\{(\w+)\}")
#: Letters by the way they run; `models/words.js` has the same.
_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_TO_RIGHT = re.compile("[a-z\u00c0-\u024f\u0370-\u052f]", re.IGNORECASE)


class Words(NamedTuple):
    language: str
    sentences: Sentences

    @property
    def languages(self) -> Mapping[str, str]:
        """All that there are, with what each calls itself."""
        return LANGUAGES

    @property
    def direction(self) -> str:
        return "rtl" if self.language in RIGHT_TO_LEFT else "ltr"

    def t(self, text: str, **values: object) -> str:
        found = self.sentences.get(text)
        return self._filled(found if isinstance(found, str) else text, values)

    def tn(self, one: str, many: str, n: int, **values: object) -> str:
        found = self.sentences.get(many)
        forms = found if isinstance(found, Mapping) else {"one": one, "other": many}
        form = _PLURALS[self.language](n)
        return self._filled(forms.get(form) or forms["other"], {"n": n, **values})

    def _filled(self, text: str, values: Mapping[str, object]) -> str:
        return _HOLE.sub(lambda hole: self._apart(str(values.get(hole[1], hole[0]))), text)

    def _apart(self, value: str) -> str:
        """Of a value that runs the other way nothing moves around it: it stands between marks that are not seen."""
        other_way = _TO_RIGHT if self.direction == "rtl" else _TO_LEFT
        return f"\u2068{value}\u2069" if other_way.search(value) else value


@cache
def words_of(folder: Path, language: str) -> Words:
    """`folder` holds a JSON file for each language but English. Fails with OSError, and where that file is no JSON."""
    path = folder / f"{language}.json"
    return Words(language, {} if language == "en" else json.loads(path.read_text(encoding="utf-8")))


def wanted(accepted: str, chosen: str | None) -> str:
    """The language for a reader who chose one, or else for the header `Accept-Language` (RFC 9110, section 12.5.4)."""
    if chosen in LANGUAGES:
        return chosen
    ranked = sorted((_ranked(part) for part in accepted.lower().split(",")[:20]), key=lambda each: -each[0])
    return next((name for quality, name in ranked if quality > 0 and name in LANGUAGES), "en")


def _ranked(part: str) -> tuple[float, str]:
    name, _, parameter = part.strip().partition(";")
    found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", parameter)
    return (float(found[1]) if found else 1.0, name.split("-")[0].strip())


def _arabic(n: int) -> str:
    if n < 3:
        return ("zero", "one", "two")[n]
    return "few" if 3 <= n % 100 <= 10 else "many" if n % 100 >= 11 else "other"


#: CLDR's rules for whole numbers; of French and Spanish without "many", which begins at a million.
_PLURALS: dict[str, Callable[[int], str]] = {
    "en": lambda n: "one" if n == 1 else "other",
    "de": lambda n: "one" if n == 1 else "other",
    "es": lambda n: "one" if n == 1 else "other",
    "fr": lambda n: "one" if n in (0, 1) else "other",
    "ar": _arabic,
}
