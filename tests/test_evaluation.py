"""Recommendations beat what anybody could do without knowing people: on made-up listeners, by more than luck can."""

import sys
from math import sqrt
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent.parent / "scripts"


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))


@pytest.mark.usefixtures("scripts")
def test_it_beats_popularity_and_chance_by_more_than_luck() -> None:
    evaluation = __import__("evaluate_recommendations")
    results = {result.name: result for result in evaluation.evaluate(people=120, seed=7, parts=False)}
    ours = results.pop("roomd")
    assert ours.people > 100
    for name in ("random", "popular here"):
        other = results[name]
        # Five standard errors of the difference: less than one in a million by luck.
        assert ours.rate - other.rate > 5 * sqrt(ours.error**2 + other.error**2), (ours, other)
    assert ours.covered > 5 * results["popular here"].covered
    assert sys.modules.pop("evaluate_recommendations") is evaluation
