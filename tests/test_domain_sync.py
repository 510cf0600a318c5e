"""What is made of players' reports: a room at a glance, within bounds."""

import pytest
from sync_reports import noted

from roomd.domain.ids import UserId
from roomd.domain.sync import MAX_MS, MAX_NAMED, SHOWN_MS, Report, percentile, pulse_of, tidy


def test_a_pulse_names_those_in_trouble_first_and_then_the_worst() -> None:
    members = {UserId(f"u{n}"): noted(p95=float(n)) for n in range(200)}
    members |= {UserId("dry"): noted(state="buffering", p95=0.1), UserId("mute"): noted(state="blocked", p95=None)}
    told = pulse_of(members, 1.0)
    named = list(told.members)
    assert (told.listeners, len(named)) == (202, MAX_NAMED)
    assert named[:4] == ["dry", "mute", "u199", "u198"]
    assert (told.p50, told.p95) == (99.0, 189.0)


def test_what_is_old_is_left_out() -> None:
    members = {UserId("old"): noted(at=0.0), UserId("new"): noted(at=10.0)}
    assert set(pulse_of(members, SHOWN_MS).members) == {"old", "new"}
    assert set(pulse_of(members, SHOWN_MS + 5).members) == {"new"}
    empty = pulse_of(members, SHOWN_MS + 20)
    assert (empty.listeners, empty.p50, empty.p95, empty.members) == (0, None, None, {})


@pytest.mark.parametrize(("share", "wanted"), [(0.0, 1), (0.5, 2), (0.51, 3), (0.9, 4), (1.0, 4)])
def test_percentiles_are_values_that_there_are(share: float, wanted: float) -> None:
    assert percentile([3, 1, 4, 2], share) == wanted


def test_numbers_beyond_reason_are_brought_within_it() -> None:
    mad = Report(
        state="playing", error=-1e300, p95=-5, uncertainty=1e9, rtt=1e308, rate=9.0, seeks=-(10**6), stalls=10**9
    )
    kept = tidy(mad)
    assert (kept.error, kept.p95, kept.uncertainty, kept.rtt) == (-MAX_MS, 0.0, MAX_MS, MAX_MS)
    assert (kept.rate, kept.seeks, kept.stalls) == (1.0, 0, 1_000)
