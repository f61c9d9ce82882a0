"""The programs of examples/, each run at a small size, as its user would: in an
interpreter of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
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


def test_digits_are_read(tmp_path: Path) -> None:
    """The full size reads 98 of 100 in half a minute; this one learns a little."""
    pytest.importorskip("sklearn", reason="the extra `sklearn` is not installed")
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    out = run("digits", "--small", "--picture", str(tmp_path / "digits.png"))
    losses = numbers(r"loss ([\d.]+)", out)
    assert len(losses) == 3
    assert losses == sorted(losses, reverse=True)
    (accuracy,) = numbers(r"test accuracy ([\d.]+)%", out)
    assert accuracy > 80.0
    assert (tmp_path / "digits.png").read_bytes().startswith(b"\x89PNG")


def test_moons_has_the_losses_of_the_text(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    out = run("moons", "--small", "--picture", str(tmp_path / "moons.png"))
    losses = numbers(r"loss ([\d.]+)", out)
    assert losses == [round(loss, 6) for loss, _ in MOONS_LOSSES[:5]]
    assert (tmp_path / "moons.png").read_bytes().startswith(b"\x89PNG")


def test_names(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    picture, file = tmp_path / "loss.png", tmp_path / "names.txt"
    file.write_text("\n".join(f"{first}{rest}" for first in "BDFGKLMNPRST" for rest in ("ana", "oro", "uli")))
    out = run("names", str(file), "--small", "--picture", str(picture))
    assert "36 names, 3 of them held out; 16 letters" in out
    losses = numbers(r"held out ([\d.]+)", out)
    assert len(losses) == 20
    assert losses[-1] < losses[0] - 0.3
    assert re.search(r"new names: [a-z ]+\n", out)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_names_of_a_short_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("ada\nbo\n")
    done = subprocess.run(
        [sys.executable, EXAMPLES / "names.py", tmp_path / "names.txt"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1
    assert "has 2 names; give a file with at least 20, one a line" in done.stderr


@pytest.fixture
def picture(tmp_path: Path) -> Iterator[str]:
    """Where an example puts its picture, which must be one."""
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    pytest.importorskip("scipy", reason="the extra `scipy` is not installed")
    path = tmp_path / "picture.png"
    yield str(path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_curve_fitting(picture: str) -> None:
    out = run("curve_fitting", "--small", "--picture", picture)
    found, errors, truth = (numbers(pattern, out) for pattern in (r" ([\d.]+) \+-", r"\+- ([\d.]+)", r"truth ([\d.]+)"))
    assert len(truth) == 3
    assert np.all(np.abs(np.subtract(found, truth)) < 3.0 * np.array(errors))
    assert min(numbers(r"error: +(\d+)% of cups", out)) > 40  # of 40 cups; 68 in the long run


def test_physics_informed(picture: str) -> None:
    """At small size it has only begun: the law and the readings agree better than at
    the start, where the sum of squares is about 6,700.
    """
    out = run("physics_informed", "--small", "--picture", picture)
    (squares,) = numbers(r"sum of squares ([\d.]+)", out)
    assert squares < 4_000
    assert len(numbers(r"largest error ([\d.]+)", out)) == 2


def test_neural_ode(picture: str) -> None:
    out = run("neural_ode", "--small", "--picture", picture)
    ((first, last),) = [map(float, pair) for pair in re.findall(r"loss: ([\d.]+) at first, ([\d.]+) in the end", out)]
    assert last < 0.1 * first
