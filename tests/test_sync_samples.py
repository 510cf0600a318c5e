"""What the measurement counts, on samples made by hand."""

import json
from math import isclose
from pathlib import Path

from sync.goals import ROWS, broken
from sync.plot import plot
from sync.report import put_into, table
from sync.runs import Outcome, judged
from sync.samples import ARRIVED, EVERY_MS, Noted, Sample, arrival, coverage, per_minute, quantile, read, spreads, truth
from sync.suite import SUITE, Taken


def sample(at: float, error: float | None, *, writes: int = 0, player: str = "element") -> Sample:
    return Sample(at, error, 0.1, 3.0, player, 0.001, 0, writes)


def noted(name: str, samples: list[Sample]) -> Noted:
    return Noted(name, samples, 0.0, [(0.0, 0.1)])


def test_quantiles_are_values_that_were_there() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert [quantile(values, share) for share in (0, 0.2, 0.5, 0.95, 1)] == [1, 1, 3, 5, 5]


def test_a_page_that_is_ahead_of_the_truth() -> None:
    """The page's clock reads 1000 where room time is 5000; its player is 7 ms ahead of the line, and its clock 2 ms."""
    bench = {
        "looks": [{"at": 900, "upper": 4_000.5, "lower": 3_999.5}],
        "lines": [{"position": 100, "rate": 1, "playing": True, "as_of": 4_800}],
        "samples": [
            [1_000, 307, "running", 5_002, None, 0, "element", 0, 1, 2],
            [1_050, 350, "cued", 5_052, 5_049, 0, "element", 0, 1, 2],
            [750, 100, "running", 4_752, 4_750, 0, "element", 0, 1, 2],
        ],
    }
    alice = read("Alice", json.dumps(bench))
    assert alice.origin == 4_000
    assert alice.uncertainty() == 0.5
    assert [(each.at, each.error, each.clock, each.peers_clock) for each in alice.samples] == [
        (5_000, 7, 2, None),
        # It does not run, and: the line has not begun.
        (5_050, None, 2, -1),
        (4_750, None, 2, 0),
    ]


def test_the_truth_moves_with_the_server_and_is_no_better_than_it_is() -> None:
    looks = [(0.0, 10.4, 9.6), (5_000.0, 10.3, 9.9), (30_000.0, 11.5, 10.9)]
    offset, widths = truth(looks)
    assert isclose(offset(0), 10.1)
    assert isclose(offset(2_500), 10.1)
    assert isclose(offset(30_000), 11.2)
    assert isclose(offset(90_000), 11.2)
    assert [round(width, 3) for _, width in widths] == [0.2, 0.2, 0.3]


def test_the_truth_must_be_known_where_it_counts() -> None:
    samples = [sample(at, 1.0) for at in range(0, 60_000, int(EVERY_MS))]
    loading = Noted("Alice", samples, 0.0, [(-20_000.0, 5.0), (1_000.0, 0.2)])
    assert not judged([loading], 0, 60_000).wanting
    never = Noted("Bob", samples, 0.0, [])
    unsure = Noted("Carol", samples, 0.0, [(1_000.0, 0.2), (30_000.0, 1.5)])
    assert judged([never, unsure], 0, 60_000).wanting == [
        "Bob knows the truth to ±inf ms only",
        "Carol knows the truth to ±1.5 ms only",
    ]


def test_arriving_takes_several_samples_in_a_row() -> None:
    off = [30.0, 5.0, 5.0, 12.0, *[4.0] * ARRIVED, 50.0]
    samples = [sample(1_000 + EVERY_MS * n, error) for n, error in enumerate(off)]
    assert arrival(samples, 1_000, 10) == 4 * EVERY_MS
    assert arrival(samples[: 3 + ARRIVED], 1_000, 10) is None
    silent = [sample(each.at, None if n == 6 else each.error) for n, each in enumerate(samples)]
    assert arrival(silent, 1_000, 10) is None


def test_spread_is_taken_at_equal_times() -> None:
    """Both drift by 1 ms in 100; one is noted 25 ms later and 3 ms ahead."""
    one = [sample(at, at / 100) for at in range(0, 1_001, 50)]
    two = [sample(at, at / 100 + 3) for at in range(25, 1_026, 50)]
    found = spreads([one, two])
    assert len(found) == 9
    assert all(isclose(each, 3) for each in found)
    assert spreads([one]) == []


def test_a_window_with_too_few_samples_is_void() -> None:
    whole = [sample(at, 1.0) for at in range(0, 10_000, int(EVERY_MS))]
    silent = [sample(each.at, None if each.at < 600 else 1.0) for each in whole]
    assert coverage(whole, 10_000) == 1
    good = judged([noted("Alice", whole), noted("Bob", whole)], 0, 10_000)
    assert not good.wanting
    assert good.figures["p95"] == 1
    bad = judged([noted("Alice", whole), noted("Bob", silent)], 0, 10_000)
    assert bad.wanting == ["Bob has 94% of the samples"]
    assert not bad.figures


def test_effort_is_counted_for_each_player() -> None:
    samples = [sample(0, 1.0), sample(30_000, 1.0, writes=3), sample(60_000, 1.0, writes=1, player="webaudio")]
    assert per_minute(samples, lambda each: each.writes) == 3


def test_rows_are_of_scenarios_that_there_are() -> None:
    assert {row.scenario for row in ROWS} == set(SUITE)
    assert {row.peer[0] for row in ROWS if row.peer} <= set(SUITE)


def test_the_document_has_every_row_and_no_other() -> None:
    document = (Path(__file__).parent.parent / "docs" / "sync.md").read_text(encoding="utf-8").splitlines()
    begin = document.index(table({}, markdown=True).splitlines()[0])
    rows = [line.split(" | ")[:4] for line in document[begin + 2 : begin + 2 + len(ROWS)]]
    everything = {name: Taken(name, Outcome([], {}), None) for name in SUITE}
    assert rows == [line.split(" | ")[:4] for line in table(everything, markdown=True).splitlines()[2:]]
    assert not document[begin + 2 + len(ROWS)].startswith("|")


def test_the_document_is_given_another_table(tmp_path: Path) -> None:
    document = tmp_path / "sync.md"
    document.write_text("# Before\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nAfter\n", encoding="utf-8")
    put_into(document, "| a | b |\n| --- | --- |\n| 3 | 4 |\n| 5 | 6 |")
    expected = "# Before\n\n| a | b |\n| --- | --- |\n| 3 | 4 |\n| 5 | 6 |\n\nAfter\n"
    assert document.read_text(encoding="utf-8") == expected


def test_a_broken_gate_is_told_and_so_is_what_was_not_measured() -> None:
    far_off = [sample(at, 7.0) for at in range(0, 10_000, int(EVERY_MS))]
    off = judged([noted("Alice", far_off), noted("Bob", far_off)], 0, 10_000)
    few = judged([noted("Alice", [])], 0, 10_000)
    taken = {"element": Taken("element", off, 0.5), "off": Taken("off", off, 0.5), "far": Taken("far", few, None)}
    told = broken(taken)
    assert "element: sync error, element: 7 ms, must be at most 5" in told
    assert "off: no law at all: must be an echo: 7 ms, must be above 40" in told
    assert "far: Alice has 0% of the samples" in told
    assert sum(line.endswith("not measured") for line in told) == sum(row.scenario == "far" for row in ROWS)
    assert "7.00 ms BROKEN" in table(taken)
    assert table(taken, markdown=True).count("\n") == 1 + sum(row.scenario in taken for row in ROWS)
    assert plot(taken).count("<polyline") == 1
