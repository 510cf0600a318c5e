"""How far one clock is from another, on simulated time; tests/js/clock.test.mjs has the same for the page's clock."""

from collections import deque
from itertools import pairwise
from random import Random

import pytest
from clocks_world import Delay, exponential, uniform

from roomd.domain.offsets import SLEW, Bound, Estimate, Line, beyond, bound, estimate
from roomd.domain.sync import percentile

EPOCH = 1_795_000_000_000.0


def errors(up: Delay, down: Delay, skew: float = 0.0, seed: int = 1) -> list[float]:
    """Five minutes of questions, one each half second, over a line with these delays: how far the estimate was off (ms)
    after each of them from 30 s on. Nothing overtakes.
    """
    dice = Random(seed)
    bounds: deque[Bound] = deque()
    off = []
    there = back = 0.0
    for number in range(600):
        asked = max(number * 500.0, back)
        there = max(there, asked + up(dice))
        back = max(back, there + 0.1 + down(dice))
        sent, received = (time * (1 + skew) + 5_000 for time in (asked, back))
        bounds.append(bound(sent, EPOCH + there, received))
        while received - bounds[0].at > 120_000:
            bounds.popleft()
        if asked > 30_000:
            off.append(abs(received + estimate(bounds, received).offset - (EPOCH + back)))
    return off


def p95(values: list[float]) -> float:
    return percentile(values, 0.95) or 0.0


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("skew", [0.0, 100e-6, -100e-6])
def test_a_quiet_line_is_known_to_a_fraction_of_its_round_trip(skew: float, seed: int) -> None:
    assert p95(errors(uniform(0.05, 0.5), uniform(0.05, 0.5), skew, seed)) < 0.1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_jitter_as_of_a_busy_network(seed: int) -> None:
    assert p95(errors(exponential(3, 4), exponential(3, 8), 100e-6, seed)) < 1.5


@pytest.mark.parametrize("skew", [0.0, 100e-6, -100e-6])
def test_a_poor_line(skew: float) -> None:
    off = errors(uniform(20, 60), uniform(20, 150), skew, 7)
    assert (percentile(off, 0.5) or 0) < 4
    assert p95(off) < 8


def test_the_true_distance_is_within_what_is_stated() -> None:
    dice, bounds = Random(11), []
    for number in range(40):
        sent = number * 500.0
        there = sent + 5 + dice.random() * 80
        received = there + 5 + dice.random() * 80
        bounds.append(bound(sent, there + 777, received))
        known = estimate(bounds, received)
        assert abs(known.offset - 777) <= known.uncertainty + 1e-6


def test_the_drift_is_found_and_carried_on() -> None:
    dice, bounds = Random(5), []
    for number in range(120):
        sent = number * 1_000.0
        received = sent + 0.2 + dice.random()
        shown = (sent + 0.1) * (1 + 80e-6) + EPOCH
        bounds.append(bound(sent, shown, received))
    known = estimate(bounds, 120_000.0)
    assert known.drift == pytest.approx(80e-6, abs=3e-6)
    later = known.by(720_000.0)
    assert later.offset == pytest.approx(EPOCH + 720_000 * 80e-6, abs=3)
    assert later.uncertainty > known.uncertainty


def test_what_fits_no_line_says_so() -> None:
    bounds = [bound(0.0, 100.5, 1.0), bound(1_000.0, 1_500.5, 1_001.0)]
    assert estimate(bounds, 1_001.0).uncertainty < 0


def test_beyond_is_measured_from_what_was_thought_possible() -> None:
    known = Estimate(at=0.0, offset=100.0, drift=0.0, uncertainty=2.0)
    assert beyond(known, Bound(0.0, upper=101.0, lower=99.0)) == 0
    assert beyond(known, Bound(0.0, upper=120.0, lower=110.0)) == 8
    assert beyond(known, Bound(0.0, upper=90.0, lower=80.0)) == -8


@pytest.mark.parametrize("wrong", [-5_000.0, -3.0, 0.0, 3.0, 5_000.0])
def test_a_line_is_led_without_a_step_and_never_back(wrong: float) -> None:
    line, local = Line(0.0, 0.0), 0.0
    shown = [0.0]
    for _ in range(20):
        line = line.steered(local, local + wrong, 1.0)
        for _ in range(10):
            local += 100
            shown.append(line.at(local))
    steps = [after - before for before, after in pairwise(shown)]
    # A hundredth of it, and as much drift as clocks have.
    assert all(abs(step - 100) <= 100 * (SLEW + 151e-6) for step in steps)
    if abs(wrong) < 10:
        assert line.at(local) - local == pytest.approx(wrong, abs=0.3)
