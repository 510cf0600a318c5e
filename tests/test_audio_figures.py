"""From where each browser was to a verdict: spreads, gaps, trims, gates, tables."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audio.evening import Evening
from audio.figures import reported, spread_of, together_after, trimmed
from audio.report import tables, write_json
from audio.suite import GOALS, Goal, Outcome, judge
from audio.tracking import Floats, Trace

TIMES = np.arange(100.0, 20_100.0, 100.0)
ENDLESS = TIMES[-1] + 1


def trace(lag: float | Floats) -> Trace:
    return Trace(TIMES, TIMES - lag, np.full(len(TIMES), 0.99))


def stepping(before: float, after: float, at: float) -> Trace:
    return trace(np.where(at > TIMES, before, after))


def test_the_spread_is_between_the_first_and_the_last_of_them() -> None:
    spread = spread_of([trace(1_000.0), trace(1_003.0), trace(999.5)], 0, ENDLESS)
    assert (spread.median, spread.p95, spread.most) == (3.5, 3.5, 3.5)
    assert spread.offsets == (0.0, 3.0, -0.5)
    assert (spread.covered, spread.dropouts) == (1.0, (0, 0, 0))


def test_the_percentile_is_over_windows() -> None:
    late = trace(np.where(np.arange(len(TIMES)) % 10 == 0, 1_020.0, 1_001.0))
    spread = spread_of([trace(1_000.0), late], 0, ENDLESS)
    assert (spread.median, spread.p95, spread.most) == (1.0, 20.0, 20.0)


def test_only_the_steady_stretch_counts() -> None:
    assert spread_of([trace(0.0), stepping(500.0, 2.0, 10_000)], 10_000, ENDLESS).most == 2.0


def test_windows_that_nobody_could_tell_are_not_covered() -> None:
    spread = spread_of([trace(0.0), trace(np.where(TIMES < 10_050, np.nan, 1.0))], 0, ENDLESS)
    assert (spread.covered, spread.most) == (0.5, 1.0)
    nothing = spread_of([trace(0.0), trace(np.full(len(TIMES), np.nan))], 0, ENDLESS)
    assert (nothing.covered, nothing.p95) == (0.0, math.inf)


def test_falling_back_is_a_dropout_and_catching_up_is_none() -> None:
    assert spread_of([stepping(0.0, 20.0, 9_000), stepping(20.0, 0.0, 9_000)], 0, ENDLESS).dropouts == (1, 0)


def test_a_trim_takes_away_what_is_constant_and_nothing_else() -> None:
    trim, spread = trimmed(trace(1_028.0), [trace(1_000.0), trace(1_001.0)], 0, ENDLESS)
    assert trim == 27.5
    assert spread.most == pytest.approx(1.0)
    drifting = trace(1_028.0 + TIMES / 1_000)
    assert trimmed(drifting, [trace(1_000.0)], 0, ENDLESS)[1].most > 15


def test_how_long_it_takes_to_be_together() -> None:
    silent = np.where(TIMES < 2_050, np.nan, 0.0)
    late = np.where(TIMES < 2_050, np.nan, np.where(TIMES < 4_050, 80.0, 3.0))
    both = [trace(silent), trace(late)]
    assert together_after(both, both, 0, ENDLESS) == 2_000
    others = [trace(0.0), trace(30.0)]
    assert together_after(others, others, 0, ENDLESS) == math.inf
    same = [trace(silent), trace(silent)]
    assert together_after(same, same, 0, ENDLESS) == 0


def test_who_comes_late_is_not_late_before_being_heard() -> None:
    early, late = trace(0.0), trace(np.where(TIMES < 5_050, np.nan, np.where(TIMES < 5_350, 80.0, 3.0)))
    assert together_after([early, late], [late], 0, ENDLESS) == pytest.approx(300)


def test_what_a_page_says_of_itself() -> None:
    notes = [note(error, seeks=n // 50, writes=n) for n, error in enumerate([-1.0] * 95 + [9.0] * 5, 10)]
    said = reported(notes)
    assert (said["median"], said["players"], said["seeks"], said["writes"]) == (-1.0, ["webaudio"], 2, 99)
    assert 1 <= said["p95"] <= 9
    assert math.isnan(reported([])["median"])


def note(error: float, player: str = "webaudio", **effort: int) -> dict[str, Any]:
    return {"error": error, "player": player, "seeks": 0, "writes": 0} | effort


def outcome(traces: Sequence[Trace], goal: Goal = GOALS["G2"], players: Sequence[str] = ()) -> Outcome:
    marks = {"start": 0.0, "late": 3_000.0, "steady": 5_000.0, "steady_end": 10_000.0}
    marks |= {"seek": 10_000.0, "pause": 13_000.0, "play": 14_000.0, "change": 17_000.0, "end": 20_000.0}
    plan = goal.plan(5.0, controlled=True, stumbling=False)
    played = players or [listener.player for listener in goal.listeners]
    noted = [[note(0.4, player)] * 50 for player in played]
    return judge(goal, Evening(plan, marks, noted, list(traces), [0.0] * len(traces)))


def test_verdicts() -> None:
    assert outcome([trace(0.0), trace(1.5), trace(0.5)]).verdict == "target met"
    assert outcome([trace(0.0), trace(4.5), trace(0.5)]).verdict == "within the gate"
    beyond = outcome([trace(0.0), trace(5.5), trace(0.5)])
    assert (beyond.verdict, beyond.fault) == ("BROKEN", "p95 5.5 ms, beyond the gate of 5 ms")


def test_gaps_excuse_nothing() -> None:
    noisy = outcome([trace(0.0), stepping(0.0, 30.0, 8_000), trace(0.5)])
    assert noisy.noisy
    assert noisy.verdict == "BROKEN, noisy"
    assert outcome([trace(0.0), stepping(-15.1, 2.4, 5_200), trace(0.5)]).verdict == "within the gate, noisy"


def test_what_was_not_heard_or_played_with_something_else_is_no_pass() -> None:
    unheard = trace(np.where((TIMES > 6_000) & (TIMES < 6_500), np.nan, 0.5))
    assert outcome([trace(0.0), trace(0.2), unheard]).fault == "everybody heard in 92% of the windows only"
    players = ("webaudio", "webaudio", "element")
    other = outcome([trace(0.0), trace(0.2), trace(0.5)], players=players)
    assert other.fault == "played with element instead of webaudio"


def test_firefox_is_trimmed_and_the_trim_is_told() -> None:
    made = outcome([trace(0.0), trace(28.0), trace(1.0)], GOALS["G11"])
    assert (made.trim, made.verdict) == (27.5, "target met")
    assert "trimmed by +27.5" in tables([made])


def test_what_has_no_gate_is_told() -> None:
    made = outcome([trace(0.0), trace(28.0), trace(60.0)], GOALS["mixed"])
    assert (made.verdict, made.fault) == ("told", None)
    assert "–" in tables([made])


def test_tables_and_artefact(tmp_path: Path) -> None:
    made = outcome([trace(0.0), trace(1.5), trace(np.where((TIMES > 3_000) & (TIMES < 4_000), np.nan, 0.5))])
    shown = tables([made])
    assert "target met" in shown
    assert "Carol" in shown
    for part in tables([made], markdown=True).split("\n\n"):
        assert len({line.count("|") for line in part.splitlines()}) == 1
    write_json(tmp_path / "out" / "audio.json", [made])
    (record,) = json.loads((tmp_path / "out" / "audio.json").read_text(encoding="utf-8"))
    assert (record["goal"], record["spread"]["p95"], record["fault"]) == ("G2", 1.5, None)
    assert record["traces"][2]["position"][30] is None
