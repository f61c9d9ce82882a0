"""Two checkouts of this project on the same rows, in turn, in one run: what a change
costs or gains.

The benchmarks are those of this checkout, for both. Both have to be compiled and to
compute the same numbers.
"""

from __future__ import annotations

import statistics

from benchmarks.contest import ContestError
from benchmarks.report import shown
from benchmarks.row import AFTER, BEFORE, Outcome, Row, Settings

HEAD = ["| Row | Case | Before | After | After / before | of the lowest |", "|---|---|---|---|---|---|"]


def lines_of(row: Row, settings: Settings) -> list[str]:
    """Measure a row, and give a line of the table for each of its cases."""
    outcomes = row.measure(settings)
    if missing := {name: reason for outcome in outcomes for name, reason in outcome.missing.items()}:
        name, reason = next(iter(missing.items()))
        raise ContestError(f"{name}: {reason}; run `python setup.py build_ext --inplace` in that checkout")
    return [line for outcome in outcomes if (line := line_of(row.number, outcome))]


def line_of(number: int, outcome: Outcome) -> str:
    """Medians of both, the median of the rounds' ratios, and the ratio of the lowest
    samples.

    Samples of one round are neighbours in time, so that a slow minute of the machine is
    in both.

    >>> samples = {"before": [1.0, 2.0, 4.0], "after": [1.1, 2.2, 4.2]}
    >>> line_of(1, Outcome("step", samples=samples))
    '| 1 | step | 2.00 s | 2.20 s | 1.100 | 1.100 |'
    """
    before, after = (outcome.samples.get(name, []) for name in (BEFORE, AFTER))
    if not before or not after or min(*before, *after) <= 0:
        return ""
    medians = [shown(statistics.median(samples), outcome.unit) for samples in (before, after)]
    rounds = statistics.median(y / x for x, y in zip(before, after, strict=True))
    return f"| {number} | {outcome.case} | {' | '.join(medians)} | {rounds:.3f} | {min(after) / min(before):.3f} |"
