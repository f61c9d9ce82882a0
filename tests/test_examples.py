"""The programs of examples/, each run at a small size, as its user would: in an
interpreter of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.seeds.moons_losses import MOONS_LOSSES

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"


def run(name: str, *options: str) -> str:
    """What the example prints; its warnings are errors."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / f"{name}.py", *options],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def numbers(pattern: str, text: str) -> list[float]:
    """Whatever the pattern's group matches, line after line."""
    return [float(x) for x in re.findall(pattern, text)]


def test_every_example_is_run_here() -> None:
    tested = set(re.findall(r'run\("(\w+)"', Path(__file__).read_text(encoding="utf-8")))
    assert tested == {path.stem for path in EXAMPLES.glob("*.py")}


def test_more_rows_than_memory_train() -> None:
    pytest.importorskip("dask.array", reason="the extra `dask` is not installed")
    out = run("train_larger_than_memory", "--rows", "500_000", "--chunk", "10_000", "--steps", "2")
    first, second = numbers(r"loss ([\d.]+)", out)
    assert second < first
    (size,), (peak,) = numbers(r"rows, (\d+) MB", out), numbers(r"memory: (\d+) MB", out)
    assert size == 61
    assert peak < size


def test_custom_op() -> None:
    out = run("custom_op")
    (second,) = numbers(r"second derivative at -1: (-[\d.]+)", out)
    np.testing.assert_allclose(second, -np.exp(-1) / (1 - np.exp(-1)) ** 2)
    assert "checked: True" in out
    assert "check the rule" in out


def test_newton() -> None:
    out = run("newton", "--dimensions", "4")
    steps = dict(re.findall(r"(\w+) +(\d+) steps", out))
    np.testing.assert_allclose(numbers(r"coordinate ([-\d.]+)", out)[:2], [1.0, 1.0], atol=1e-8)
    assert max(int(steps["Hessian"]), int(steps["products"])) < int(steps["gradient"])


def test_pendulum_keeps_its_energy() -> None:
    (drift,) = numbers(r"at most ([\d.e+-]+) J", run("pendulum", "--seconds", "0.3"))
    assert drift < 1e-6


def test_moons_has_the_losses_of_the_text(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    out = run("moons", "--small", "--picture", str(tmp_path / "moons.png"))
    losses = numbers(r"loss ([\d.]+)", out)
    assert losses == [round(loss, 6) for loss, _ in MOONS_LOSSES[:5]]
    assert (tmp_path / "moons.png").read_bytes().startswith(b"\x89PNG")
