"""What the pages say for sentences of the server's: refusals by their codes, wrong fields, reasons for songs."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import playwright
import pytest

from roomd import moods, suggestions
from roomd.app import web_folder
from roomd.domain import choosing, radio
from roomd.domain.actor import tidy_bio, tidy_email, tidy_name, tidy_username
from roomd.domain.refusals import Invalid
from roomd.domain.song import Song
from roomd.domain.taste import Facts, Kind, Reason, Taste
from roomd.domain.text import tidy_text
from roomd.domain.track import url_fault
from roomd.handlers.packing import script
from roomd.handlers.words import LANGUAGES
from roomd.openapi.errors import CODES
from roomd.passwords import tidy_password

NODE = Path(playwright.__file__).parent / "driver" / "node"
#: What only a program that speaks wrongly hears, or one that asks for what the pages do not ask for.
TECHNICAL = {
    "bad_request",
    "invalid_form",
    "invalid_json",
    "link_expired",
    "method_not_allowed",
    "no_hello",
    "not_measured",
    "previews_off",
    "unsupported_media_type",
}
#: What a sentence shows that lacks a value.
UNFILLED = ("{", "undefined", "NaN")
#: As docs/errors.md has them.
PARAMS = {
    "most": 12,
    "seconds": 12,
    "minutes": 12,
    "wait_s": 12,
    "title": "Brook",
    "genre": "Folk",
    "catalogue": "Deezer",
    "right": "skip",
    "who": "host",
}
#: In English the server's own sentence says more.
GENERAL = {"invalid", "outdated", "busy", "unavailable"}


def refused(act: Callable[[], object]) -> str:
    """The reason that such a field is refused for."""
    with pytest.raises(Invalid) as refusal:
        act()
    return next(iter(refusal.value.fields.values()))


def told(refusals: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """What the page makes of refusals in each language."""
    found: dict[str, list[dict[str, Any]]] = run("parts/refusals.js", f"{json.dumps(refusals)}.map(worded)")
    return found


def run(module: str, expression: str) -> dict[str, Any]:
    """What comes of it in each language, by the scripts that pages are given."""
    code = "const found = {};\n"
    for language in LANGUAGES:
        part = script(web_folder() / "static", f"js/{module}", language).replace("export const", "const")
        code += f"{{\n{part}found.{language} = {expression};\n}}\n"
    code += "console.log(JSON.stringify(found));"
    done = subprocess.run([NODE, "--input-type=module"], input=code, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_code_has_its_sentence_in_every_language() -> None:
    plain: list[dict[str, Any]] = [{"code": code, "message": "as it came"} for code in CODES]
    for language, said in told([each | {"params": PARAMS} for each in plain]).items():
        general = GENERAL if language == "en" else set()
        assert {each["code"] for each in said if each["message"] == "as it came"} == TECHNICAL | general, language
    # Without figures, as an older server answers, it is said without them, or as it came.
    for said in told(plain).values():
        assert not [each for each in said if not each["message"] or any(word in each["message"] for word in UNFILLED)]


def test_figures_and_names_stand_in_the_sentences() -> None:
    codes = ("slow_mode", "room_full", "provider_down", "forbidden")
    said = [each["message"] for each in told([{"code": code, "message": "", "params": PARAMS} for code in codes])["de"]]
    assert "12 Sekunden" in said[0] and "12 Personen" in said[1] and said[2].startswith("Deezer ")
    assert said[3] == "Das darf hier nur der Gastgeber: überspringen."


def test_what_is_wrong_with_a_field_is_said_in_words_of_the_page() -> None:
    reasons = [
        "is required",
        "is taken",
        "is not yours",
        "must have 3 to 128 characters",
        refused(lambda: tidy_name(" ")),
        refused(lambda: tidy_name("x" * 1_000)),
        refused(lambda: tidy_name("a\u202eb")),
        refused(lambda: tidy_bio("x" * 10_000)),
        refused(lambda: tidy_username("?")),
        refused(lambda: tidy_email("nobody")),
        refused(lambda: tidy_text("name", "x" * 99, 80)),
        refused(lambda: tidy_text("name", "a\x00", 80)),
        refused(lambda: tidy_password("short")),
        refused(lambda: tidy_password("x" * 2_000)),
        refused(lambda: tidy_password("password")),
        refused(lambda: tidy_password("Alice at home", "alice at home")),
        url_fault("ftp://example.org/"),
    ]
    fields = {str(n): reason for n, reason in enumerate(reasons)}
    for language, (found,) in told([{"code": "invalid", "message": "as it came", "fields": fields}]).items():
        assert [reason for n, reason in fields.items() if found["fields"][n] == reason] == [], language


def test_why_a_song_is_there_and_what_made_playlists_are_called_is_said_in_words_of_the_page() -> None:
    heard = Song(id="shop:1", title="Brook", artist="Carol", genre="Folk")
    facts = Facts(songs={heard.id: heard}, seeds={heard.id: heard}, charted={heard.id: "Deezer"})
    likes = Taste(known={heard.id: heard}, liked=frozenset({heard.id}))
    reasons = {choosing.HEARD_ALL, radio.WHY, *re.findall(r'why="([^"]+)"', Path(suggestions.__file__).read_text())}
    for taste in ([], [likes]):
        for alone in (True, False):
            voice = choosing.Voice(taste, facts, alone=alone)
            reasons |= {voice.words(Reason(kind, seed), heard) for kind in get_args(Kind) for seed in ("", heard.id)}
    songs = [Song(id=f"shop:{n}", title=str(n), genre="Folk", url="/x") for n in range(90)]
    picks = [choosing.Pick(song=song, why="") for song in songs]
    about = {words for words, _ in moods.moods(Taste(genres={"folk": 1.0}), picks, ())}
    made = [moods.NAME, f"{moods.NAME} 2", "Made of Folk.", *about]
    assert len(reasons) > 15 and len(about) == 2
    mood = "(each) => playlistWords('mood', each)"
    given = f"[{json.dumps(sorted(reasons))}.map(reasonWords), {json.dumps(made)}.map({mood})]"
    found = run("models/reasons.js", given)
    assert found["en"] == [sorted(reasons), made]
    for language in set(LANGUAGES) - {"en"}:
        for said, english in zip(found[language], found["en"], strict=True):
            assert [one for one, other in zip(said, english, strict=True) if one == other] == [], language
    own = run("models/reasons.js", f"playlistWords('own', {json.dumps(moods.NAME)})")
    assert set(own.values()) == {moods.NAME}
