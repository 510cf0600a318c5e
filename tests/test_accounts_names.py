"""What people may be called."""

from random import Random

import pytest

from roomd.domain.actor import invent_name, tidy_bio, tidy_email, tidy_name, tidy_username
from roomd.domain.refusals import Invalid


@pytest.mark.parametrize(
    ("given", "kept"),
    [(" Alice ", "Alice"), ("e\u0301", "\u00e9"), ("x" * 40, "x" * 40), ("李 雷", "李 雷"), ("👩‍🚀", "👩‍🚀")],
)
def test_names_that_are_kept(given: str, kept: str) -> None:
    assert tidy_name(given) == kept


@pytest.mark.parametrize(
    "given", ["", "  ", "x" * 41, "a\nb", "a\0", "\u202eecila", "a\u2066b", "\u200b", "\ud800", "a\u2028b"]
)
def test_names_that_are_refused(given: str) -> None:
    with pytest.raises(Invalid) as refused:
        tidy_name(given)
    assert refused.value.fields.keys() == {"name"}


def test_other_texts_are_tidied_too() -> None:
    assert tidy_email(" A@B ") == "a@b"
    assert tidy_username("ａlice") == "alice"
    assert tidy_bio("a\tb") == "a\tb"
    for tidy, given in ((tidy_email, "a@b@c"), (tidy_email, "a@" + "b" * 260), (tidy_username, "x"), (tidy_bio, "\0")):
        with pytest.raises(Invalid):
            tidy(given)
    assert {tidy_name(invent_name(Random(n))) for n in range(50)} > {tidy_name(invent_name(Random(1)))}
