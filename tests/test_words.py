"""The pages' languages: which one a reader gets, plural forms, and what a page's script carries of them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from serving import Served

from roomd.handlers.packing import script
from roomd.handlers.words import LANGUAGES, Words, wanted, words_of


@pytest.mark.parametrize(
    ("accepted", "chosen", "language"),
    [
        ("", None, "en"),
        ("de-AT,de;q=0.9,en;q=0.8", None, "de"),
        ("nl,fr;q=0.4,es;q=0.7", None, "es"),
        ("de;q=0,nl", None, "en"),
        ("AR", None, "ar"),
        ("de", "fr", "fr"),
        ("de", "../../etc", "de"),
        (",;q=,;;q=9,*", None, "en"),
    ],
)
def test_the_language_that_was_chosen_or_else_the_first_that_there_is(
    accepted: str, chosen: str | None, language: str
) -> None:
    assert wanted(accepted, chosen) == language


def test_a_sentence_is_that_of_the_language_or_else_the_english_one() -> None:
    words = Words("de", {"Hello {name}": "Hallo {name}"})
    assert words.t("Hello {name}", name="Ada {x}") == "Hallo Ada {x}"
    assert words.t("Bye {name}, {other}", name="Ada") == "Bye Ada, {other}"
    # A name that runs the other way is kept apart.
    assert words.t("Hello {name}", name="سلام!") == "Hallo \u2068سلام!\u2069"
    assert Words("ar", {}).tn("{n} of {name}", "{n} of {name}", 2, name="Ada") == "2 of \u2068Ada\u2069"


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", "many one many many many many"),
        ("fr", "one one many many many many"),
        ("ar", "zero one two few many other"),
    ],
)
def test_counts_take_the_form_that_their_language_has(language: str, forms: str) -> None:
    sentences = {"many": {form: form for form in ("zero", "one", "two", "few", "many", "other")}}
    words = Words(language, sentences if language == "ar" else {})
    assert [words.tn("one", "many", n) for n in (0, 1, 2, 7, 11, 100)] == forms.split()


GERMAN = {"Yes": "Ja", "No": "Nein", "{n} times “Yes”": {"one": "{n} Ja", "other": "{n}-mal „Ja“"}}


def test_a_script_carries_what_it_says_in_its_language_and_no_more(tmp_path: Path) -> None:
    root = tmp_path / "static"
    (root / "js").mkdir(parents=True)
    (tmp_path / "words").mkdir()
    (tmp_path / "words/de.json").write_text(json.dumps(GERMAN), encoding="utf-8")
    (root / "js/words.js").write_text('export const LANGUAGE = "en";\nexport const WORDS = {};\n')
    said = 't("Yes"), t("Perhaps"), set("No"), tn("{n} yes", "{n} times “Yes”", 2), t("Yes")'
    (root / "js/a.js").write_text(f'import {{ WORDS }} from "./words.js";\nconsole.log({said});\n', encoding="utf-8")
    packed = script(root, "js/a.js", "de")
    # The English of what is translated is left out; what is not, stays as it is, and so do other texts.
    assert 'console.log(t(0), t("Perhaps"), set("No"), tn(0,1, 2), t(0))' in packed
    assert 'WORDS = ["Ja",{"one":"{n} Ja","other":"{n}-mal „Ja“"}]' in packed
    assert said in script(root, "js/a.js")


def test_every_language_has_its_file() -> None:
    folder = Path(__file__).parent.parent / "web/words"
    assert {path.stem for path in folder.glob("*.json")} == set(LANGUAGES) - {"en"}
    for language in LANGUAGES:
        assert words_of(folder, language).language == language


@pytest.mark.gen_test(timeout=60)
async def test_a_page_is_in_the_readers_language_and_so_is_its_script(served: Served) -> None:
    page = await served.http.get("/", headers={"Accept-Language": "ar"})
    assert '<html lang="ar" dir="rtl">' in page.text
    assert "/packed/home.ar.js?v=" in page.text
    told = await served.http.get("/packed/home.ar.js")
    assert 'LANGUAGE = "ar"' in told.text
    for name in ("home.xx.js", "nothing.js", "nothing.css", "words.js"):
        assert (await served.http.get(f"/packed/{name}")).status_code == 404


def test_every_sentence_is_there_in_every_language() -> None:
    script = Path(__file__).parent.parent / "scripts/words.py"
    told = subprocess.run([sys.executable, script], check=False, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr
