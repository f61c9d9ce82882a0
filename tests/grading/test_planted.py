"""Slips planted in a right engine: each is the first check that fails, and is named."""

from __future__ import annotations

import re

import pytest

from micrograd.grading import grade
from micrograd.grading.slips import SLIPS
from tests.grading.planted import PLANTED, graded


def test_the_learners_engine_is_right():
    report = graded()
    assert report.passed
    assert [x.name for x in report.results if x.status == "limit"] == ["the same graph again", "depth 10,000"]


# These engines have no steps of their own, so the first thing tried is `backward()` of
# a + b: with these slips it gives the numbers of a wrong start.
LIKE_A_WRONG_START = {"out-data-add", "own-grad-add"}


@pytest.mark.parametrize("slip", sorted(SLIPS.keys() - LIKE_A_WRONG_START))
def test_each_wrong_engine_is_named(slip):
    """The engines with which slips are named, graded themselves: each row is right."""
    first = grade(SLIPS[slip], upto=4).failed()[0]
    sentences = [line for line in first.advice if not re.match(r"\w+\.(grad|data) is", line)]
    assert sentences == [SLIPS[slip].advice]


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_slip_is_named(planted):
    changes, name, said, advice = PLANTED[planted]
    report = graded(*changes, upto=6)
    first = (report if not report.passed else graded(*changes)).failed()[0]
    assert (first.name, first.follows) == (name or first.name, "")
    assert said in first.said
    assert advice is None or any(line.startswith(advice) for line in first.advice), first
    sentences = [line for line in first.advice if not re.match(r"\w+\.(grad|data) is", line)]
    assert advice is None or len(sentences) == 1, "one slip, one sentence"
