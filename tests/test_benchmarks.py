"""The benchmarks run, every row, at a size where the times mean nothing; no test here asserts a time."""

from __future__ import annotations

import doctest
import importlib.util
import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import report, row, single_ops
from benchmarks.__main__ import MODULES, ROWS, main
from benchmarks.contest import ROOT, ContestError, _check_agreement, compare
from benchmarks.row import AUTOGRAD, COMPILED, JAX, MICROGRAD, ORIGINAL, PLAIN, TORCH, Case, Outcome, Settings

pytestmark = pytest.mark.benchmark

LIBRARIES = {TORCH: "torch", JAX: "jax", AUTOGRAD: "autograd"}


def run_small(number: int, folder: Path) -> tuple[dict[str, Any], str]:
    """One row as the command line runs it, without micrograd 0.1.0; what it writes."""
    arguments = ["--rows", str(number), "--small", "--out", str(folder), "--original", str(folder / "nowhere")]
    assert main(arguments) == 0
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return results, (folder / "results.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", sorted(ROWS))
def test_row(number, tmp_path):
    results, page = run_small(number, tmp_path)
    (measured,) = results["rows"]
    assert measured["number"] == number
    assert measured["cases"]
    for case in measured["cases"]:
        # Measured, and no more is said of it: an import's time less Python's own may be below 0 on a busy machine.
        assert any(math.isfinite(case["medians"].get(name, math.nan)) for name in (COMPILED, PLAIN, MICROGRAD)), case
        for name, reason in case["missing"].items():
            assert name not in case["medians"]
            assert f"| {name} | missing: {reason} |" in page
        for name, library in LIBRARIES.items():
            if name in {*case["medians"], *case["missing"]}:
                assert (name in case["missing"]) == (importlib.util.find_spec(library) is None)


@pytest.mark.peer
@pytest.mark.parametrize("number", sorted(ROWS))
def test_row_with_peers(number, tmp_path):
    results, _ = run_small(number, tmp_path)
    missing = {name for case in results["rows"][0]["cases"] for name in case["missing"]}
    assert missing <= {COMPILED, PLAIN, ORIGINAL}


def test_results_name_versions_and_no_path(tmp_path):
    results, page = run_small(8, tmp_path)
    assert {"date", "processor", "cores", "threads", "versions"} <= set(results["about"])
    assert results["about"]["command"] == "python -m benchmarks --rows 8 --small"
    for text in (page, json.dumps(results)):
        assert not [path for path in (tmp_path, ROOT, sys.prefix) if str(path) in text]


def test_missing_original_says_how_to_get_it(tmp_path):
    results, _ = run_small(1, tmp_path)
    assert results["rows"][0]["cases"][0]["missing"][ORIGINAL] == "not installed; `make bench` does it"


def test_unknown_row(capsys):
    with pytest.raises(SystemExit):
        main(["--rows", "1,99"])
    assert "there is no row 99; rows are 1 to 8" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [[1.0, 2.0 + 1e-6], [1.0, float("nan")], [-1.0, 2.0], [1.0, 4.0]])
def test_contestants_with_other_numbers_are_refused(wrong):
    _check_agreement(Case("step"), {"one": [1.0, 2.0], "other": [1.0, 2.0 + 1e-12], "floor": None})
    with pytest.raises(ContestError, match="step: one and other compute different numbers"):
        _check_agreement(Case("step"), {"one": [1.0, 2.0], "other": wrong})


def test_contestant_with_more_numbers_is_refused():
    with pytest.raises(ContestError, match="step: one gives 2 numbers, other 1"):
        _check_agreement(Case("step"), {"one": [1.0, 2.0], "other": [1.0]})


def test_contestant_that_fails_is_named(tmp_path):
    settings = Settings(small=True, threads=1, original=tmp_path, out=tmp_path)
    with pytest.raises(ContestError, match=f"{PLAIN}: failed, see above"):
        compare("moons_scalar", [PLAIN], [Case("step", {"no": "such argument"})], settings)


def test_goals_are_judged():
    goal = row.Goal("at least 2", row.ratio("peer", row.OURS), at_least=2.0)
    fast = Outcome("step", samples={PLAIN: [1.0, 1.0, 9.0], "peer": [2.0]})
    slow = Outcome("step", samples={PLAIN: [1.0], COMPILED: [2.0], "peer": [2.0]})
    none = Outcome("step", samples={PLAIN: [1.0]}, missing={"peer": "gone"})
    lines = [report.goals_of(row.Row(1, "", lambda s: [], [goal]), [outcome])[0] for outcome in (fast, slow, none)]
    assert [line.split(" | ")[-2:] for line in lines] == [
        ["2.00", "yes |"],
        ["1.00", "**no** |"],
        ["", "not measured |"],
    ]


def test_curve_is_drawn(tmp_path):
    ways = (single_ops.FORWARD, single_ops.BOTH)
    outcomes = [
        Outcome(f"{op}, {size} elements, {way}", samples={PLAIN: [1e-6 * size], TORCH: [2e-6]})
        for op in single_ops.OPS
        for size in (1, 100)
        for way in ways
    ]
    assert single_ops.draw(outcomes, tmp_path) == "single_ops.svg"
    assert "matmul" in (tmp_path / "single_ops.svg").read_text(encoding="utf-8")
    (first, *_) = single_ops.condense(outcomes)
    assert first.case == "mean of 13 ops, 1 elements, forward"
    assert first.value(TORCH) == pytest.approx(2e-6)


def test_examples():
    assert doctest.testmod(report).failed == 0
    assert len(MODULES) == len(ROWS) == 8
