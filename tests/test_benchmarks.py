"""The benchmarks run, every row, at a size where the times mean nothing; no test here
asserts a time.
"""

from __future__ import annotations

import doctest
import importlib.util
import json
import math
import os
import re
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import pytest

from benchmarks import before_after, report, row, scalar_ops, single_ops
from benchmarks.__main__ import MODULES, ROWS, main
from benchmarks.contest import ROOT, ContestError, _check_agreement, compare
from benchmarks.row import (
    AFTER,
    AUTOGRAD,
    BEFORE,
    COMPILED,
    JAX,
    MICROGRAD,
    ORIGINAL,
    PLAIN,
    TORCH,
    Case,
    Outcome,
    Settings,
)
from micrograd import Value

pytestmark = pytest.mark.benchmark

LIBRARIES = {TORCH: "torch", JAX: "jax", AUTOGRAD: "autograd"}


def run_small(number: int, folder: Path) -> tuple[dict[str, Any], str]:
    """One row as the command line runs it, without micrograd 0.1.0; what it writes."""
    arguments = ["--rows", str(number), "--small", "--out", str(folder), "--original", str(folder / "nowhere")]
    assert main(arguments) == 0
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return results, (folder / "results.md").read_text(encoding="utf-8")


def missing_in(page: str) -> dict[str, str]:
    """Each contestant that is missing in the table, and why."""
    return dict(re.findall(r"^\| \d+ \| all \| (.*) \| missing: (.*) \| \|$", page, re.MULTILINE))


def missing_of(number: int, folder: Path) -> set[str]:
    """Run a row, in which each case is measured: the contestants that are missing."""
    results, page = run_small(number, folder)
    missing = missing_in(page)
    assert results["medians"]
    for case, medians in results["medians"].items():
        assert case.startswith(f"{number}, ")
        # Measured, and no more is said of it: an import's time less Python's own may be
        # below 0 on a busy machine.
        assert any(math.isfinite(medians.get(name, math.nan)) for name in (COMPILED, PLAIN, MICROGRAD)), case
        assert not set(missing) & set(medians)
        for name, library in LIBRARIES.items():
            if name in {*medians, *missing}:
                assert (name in missing) == (importlib.util.find_spec(library) is None)
    return set(missing)


@pytest.mark.parametrize("number", [1, 3, 21])
def test_row(number, tmp_path):
    """A few, without peers; `make peers` runs them all."""
    missing_of(number, tmp_path)


@pytest.mark.peer
@pytest.mark.parametrize("number", sorted(ROWS))
def test_row_with_peers(number, tmp_path):
    assert missing_of(number, tmp_path) <= {COMPILED, PLAIN, ORIGINAL}


def test_json_is_small_and_in_order(tmp_path):
    outcome = Outcome("step", samples={PLAIN: [1 / 3], COMPILED: [2 / 3]})
    goal = row.Goal("at least 2", row.ratio(PLAIN, COMPILED), at_least=2.0)
    text = report.as_json({"date": "today"}, [(row.Row(1, "", lambda s: [], [goal]), [outcome])])
    assert json.loads(text)["medians"] == {"1, step, s": {COMPILED: 0.667, PLAIN: 0.333}}
    assert json.loads(text)["goals"] == {"1, at least 2": 0.5}
    assert len(text.splitlines()) == 11
    reversed_samples = Outcome("step", samples=dict(reversed(outcome.samples.items())))
    assert report.as_json({"date": "today"}, [(row.Row(1, "", lambda s: [], [goal]), [reversed_samples])]) == text


def test_committed_results_are_small():
    """About 1,100 characters a row; the 23 rows of parts 1 to 7 took 25,000."""
    text = (ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8")
    rows = {key.split(",")[0] for key in json.loads(text)["medians"]}
    assert len(text) < 1_200 * len(rows)
    assert all(len(line) < 300 for line in text.splitlines())


def test_results_name_versions_and_no_path(tmp_path):
    results, page = run_small(2, tmp_path)
    assert {"date", "processor", "cores", "threads", "versions"} <= set(results["about"])
    assert results["about"]["command"] == "python -m benchmarks --rows 2 --small"
    for text in (page, json.dumps(results)):
        assert not [path for path in (tmp_path, ROOT, sys.prefix) if str(path) in text]


def test_missing_original_says_how_to_get_it(tmp_path):
    _, page = run_small(1, tmp_path)
    assert missing_in(page)[ORIGINAL] == "not installed; `make bench` does it"


def test_unknown_row(capsys):
    with pytest.raises(SystemExit):
        main(["--rows", "1,99"])
    assert f"there is no row 99; rows are 1 to {max(ROWS)}" in capsys.readouterr().err


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


def test_single_ops_are_condensed_and_shown_in_detail():
    ways = (single_ops.FORWARD, single_ops.BOTH)
    outcomes = [
        Outcome(f"{op}, {size} elements, {way}", samples={PLAIN: [1e-6 * size], TORCH: [2e-6]})
        for op in single_ops.OPS
        for size in (1, 100)
        for way in ways
    ]
    lines = single_ops.detail(outcomes)
    assert len(lines) == 2 + len(single_ops.OPS)
    assert lines[-1] == "| matmul | 2.00 | 2.00 | 0.0200 | 0.0200 |"
    (first, *_) = single_ops.condense(outcomes)
    assert first.case == "mean of 13 ops, 1 elements, forward"
    assert first.value(TORCH) == pytest.approx(2e-6)


def test_ops_on_floats_are_shown_in_ratio_to_tanh():
    outcomes = [Outcome(op, samples={PLAIN: [3e-7 if op == "sqrt" else 2e-7]}) for op in scalar_ops.OPS]
    assert len(outcomes) == 30
    assert "| sqrt | 300 ns | 1.50 |" in scalar_ops.detail(outcomes)
    assert [x.case for x in scalar_ops.condense(outcomes)] == ["tanh"]
    (goal,) = scalar_ops.ROW.goals
    assert goal.measure(outcomes) == pytest.approx(1.5)


@pytest.mark.parametrize("op", scalar_ops.OPS)
def test_ops_on_floats_make_a_node_each(op):
    numbers, _ = scalar_ops.make(op, 2)
    assert numbers and all(map(math.isfinite, numbers))
    f = scalar_ops.function(op)
    z = f(Value(0.5), Value(0.3)) if op in scalar_ops.TWO_INPUTS else f(Value(0.5))
    assert [x for x in z.inputs if x.inputs] == []


# Two checkouts


def test_two_checkouts_are_compared(capsys):
    if not any(list((ROOT / "micrograd").glob(f"engine*{suffix}")) for suffix in EXTENSION_SUFFIXES):
        assert main(["--rows", "1", "--small", "--against", str(ROOT)]) == 1
        assert "before: the engine is not compiled here; run `python setup.py" in capsys.readouterr().err
        return
    assert main(["--rows", "1", "4,8", "--small", "--against", str(ROOT)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "| Row | Case | Before | After | After / before | of the lowest |"
    assert [line[:12] for line in lines[2:]] == ["| 1 | step |", "| 4 | step |"]


def test_two_checkouts_are_told_apart(tmp_path):
    (tmp_path / "micrograd").mkdir()
    (tmp_path / "micrograd" / "__init__.py").write_text("raise RuntimeError('the other checkout')")
    program = "from benchmarks.worker import _admit; _admit({!r})"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BENCHMARKS_AGAINST": str(tmp_path)}
    environment.pop("MICROGRAD_PURE", None)
    found = {
        name: subprocess.run(
            [sys.executable, "-c", program.format(name)], env=environment, capture_output=True, text=True
        )
        for name in (BEFORE, AFTER)
    }
    assert "the other checkout" in found[BEFORE].stderr
    assert "the other checkout" not in found[AFTER].stderr


def test_other_checkout_has_to_be_one(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--against", str(tmp_path)])
    assert "there is no folder micrograd in it; name the root of a checkout" in capsys.readouterr().err


def test_examples():
    assert doctest.testmod(report).failed == doctest.testmod(before_after).failed == 0
    assert len(MODULES) == len(ROWS)
