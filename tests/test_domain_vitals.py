"""Curves out of what processes noted of themselves."""

from roomd.domain.vitals import Sample, level, mean, rate

EDGES = [0.0, 60.0, 120.0, 180.0]


def test_a_gauge_is_the_mean_of_each_process_added_up() -> None:
    samples = [
        Sample(10, "a", {"sockets": 4}),
        Sample(50, "a", {"sockets": 6}),
        Sample(20, "b", {"sockets": 1}),
        Sample(170, "b", {"sockets": 3, "other": 9}),
    ]
    assert level(samples, "sockets", EDGES) == [6.0, None, 3.0]


def test_a_counter_is_how_much_it_grew_by_the_second_and_begins_anew_with_its_process() -> None:
    samples = [
        Sample(0, "a", {"commands": 100}),
        Sample(60, "a", {"commands": 160}),
        Sample(120, "a", {"commands": 30}),
        Sample(30, "b", {"commands": 0}),
        Sample(50, "b", {"commands": 60}),
    ]
    assert rate(samples, "commands", EDGES) == [2.0, 0.5, None]


def test_a_mean_is_that_of_what_came_in_the_stretch() -> None:
    samples = [
        Sample(0, "a", {"lag_sum": 0, "lag_count": 0}),
        Sample(60, "a", {"lag_sum": 30, "lag_count": 10}),
        Sample(120, "a", {"lag_sum": 30, "lag_count": 10}),
    ]
    assert mean(samples, "lag", EDGES) == [3.0, None, None]


def test_what_grew_while_nothing_was_noted_is_of_no_stretch() -> None:
    samples = [
        Sample(60, "a", {"commands": 0}),
        Sample(1_000, "a", {"commands": 900}),
        Sample(1_060, "a", {"commands": 960}),
    ]
    assert rate(samples, "commands", [0.0, 600.0, 1_200.0]) == [None, 0.1]
