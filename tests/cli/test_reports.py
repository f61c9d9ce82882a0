"""Scores and their tables, beside those of whoever always says the same."""

from __future__ import annotations

import numpy as np

from micrograd.cli import reports

WANTED = np.array([0, 0, 0, 1, 1, 2])
ANSWERS = np.array([0, 0, 1, 1, 1, 0])


def test_a_report_of_classes():
    lines, scores = reports.report_of_classes(ANSWERS, WANTED, ["ash", "oak", "a very long name of a tree"], 0)
    assert lines == [
        "Accuracy 0.667: 4 of 6 rows are right. Always answering 'ash' has 0.500.",
        "true \\ answered   ash  oak  a very long nam…",
        "ash                 2    1                 0",
        "oak                 0    2                 0",
        "a very long nam…    1    0                 0",
    ]
    assert scores == {"accuracy": 4 / 6, "baseline accuracy": 0.5}


def test_a_network_that_is_not_better_than_the_commonest_class():
    lines, _ = reports.report_of_classes(np.zeros(6, dtype=int), WANTED, ["ash", "oak", "elm"], 0)
    assert lines[1] == ("The network is not better than that. Try more --epochs, another --lr, or other columns.")


def test_many_classes_are_shown_by_their_commonest_mistakes():
    wanted = np.repeat(np.arange(20), 3)
    answers = wanted.copy()
    answers[:2] = 5
    answers[10] = 0
    lines, _ = reports.report_of_classes(answers, wanted, [f"c{i}" for i in range(20)], 0)
    assert lines[1:] == [
        "The commonest mistakes:",
        "true  answered  rows",
        "c0    c5           2",
        "c3    c0           1",
    ]
    lines, _ = reports.report_of_classes(wanted, wanted, [f"c{i}" for i in range(20)], 0)
    assert len(lines) == 1


def test_a_report_of_numbers():
    wanted = np.array([1.0, 2.0, 3.0, 4.0])
    lines, scores = reports.report_of_numbers(np.array([1.0, 2.0, 3.0, 5.0]), wanted, 2.5)
    assert lines == [
        "                     the network  always 2.5, the mean",
        "R2 (1 is perfect)            0.8                     0",
        "mean absolute error         0.25                     1",
    ]
    assert scores == {"R2": 0.8, "baseline R2": 0.0, "mean absolute error": 0.25, "baseline error": 1.0}
    lines, _ = reports.report_of_numbers(np.array([4.0, 3.0, 2.0, 1.0]), wanted, 2.5)
    assert lines[-1] == ("The network is not better than the mean. Try more --epochs, another --lr, or other columns.")


def test_equal_numbers_have_no_r2():
    lines, scores = reports.report_of_numbers(np.array([1.0, 2.0]), np.array([3.0, 3.0]), 3.0)
    assert "R2 (1 is perfect)            nan                 nan" in lines
    assert set(scores) == {"mean absolute error", "baseline error"}
