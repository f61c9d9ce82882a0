"""Random graphs of all ops, on data with zeros, infinities and nan: `explain`,
`why_grad` and `topological_order` answer, and say what `backward()` says.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from micrograd import Value, explain, topological_order, why_grad
from micrograd.errors import GradientError, MicrogradError
from micrograd.op import OPS
from tests.samples import SAMPLES

DIFFERENTIABLE = [s for s in SAMPLES if OPS[s.op].differentiable]
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e300, 1e-300, -1.0]
LABELS = ["", "w", "x", "<b>weird</b>", "a" * 40, "v1"]
ZERO = {"multiplied-by-zero", "dead-relu", "saturated", "cancelled"}  # what a zero gradient may be called


def drawn(rng: random.Random, x: Any, nodes: list[Value]) -> Any:
    """A Value like an input of a sample: another node, or a leaf, perhaps with special
    numbers.
    """
    alike = [node for node in nodes if node.shape == np.shape(x)]
    if alike and rng.random() < 0.6:
        return rng.choice(alike)
    data = np.array(x, float)
    if rng.random() < 0.25:
        data = np.where(
            np.array([rng.random() < 0.3 for _ in data.flat]).reshape(data.shape), rng.choice(SPECIAL), data
        )
    return Value(data if data.shape else float(data), label=rng.choice(LABELS))


def graph(seed: int) -> tuple[list[Value], Value] | None:
    """Leaves and a root; None where an op refuses the data."""
    rng = random.Random(seed)
    nodes: list[Value] = []
    try:
        for _ in range(3):
            sample = rng.choice(DIFFERENTIABLE)
            given = [drawn(rng, x, nodes) if np.asarray(x).dtype.kind == "f" else x for x in sample.inputs]
            nodes += [x for x in given if isinstance(x, Value) and not any(x is node for node in nodes)]
            nodes.append(OPS[sample.op](*given, **sample.params))
        root = Value(0.0)
        for node in rng.sample([node for node in nodes if node.inputs], 2):
            root = root + node.sum() * rng.uniform(0.2, 2.0)
        root.backward()
    except (MicrogradError, np.linalg.LinAlgError):
        return None
    return [node for node in nodes if not node.inputs], root


def is_same(x: Any, y: Any, scale: float = 0.0) -> bool:
    return bool(np.allclose(x, y, rtol=1e-9, atol=1e-9 * scale, equal_nan=True))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(120))
def test_answers_are_those_of_backward(seed: int) -> None:
    if (made := graph(seed)) is None:
        return  # the data are outside of the domain of an op
    leaves, root = made
    assert len(str(topological_order(root))) > 50
    for x in leaves:
        told = why_grad(x, root)
        try:
            explanation = explain(root, x)
        except GradientError as error:
            assert "made from" in str(error)
            assert told.name in ZERO | {"not-made-from", "other-leaf", "constant-copy"} or not np.size(x.grad)
            continue
        parts = [np.asarray(part.adds, float) for part in explanation.parts]
        largest = max(float(np.max(np.abs(part), where=np.isfinite(part), initial=0.0)) for part in parts)
        assert is_same(explanation.gradient, x.grad, largest)
        assert is_same(sum(parts), x.grad, largest)
        assert "the same" in str(explanation).splitlines()[-1]
        assert explanation._repr_html_() and explanation._repr_latex_()
        if not np.all(np.isfinite(x.grad)):
            assert told.name == "not-finite"
        elif np.size(x.grad) and not np.any(x.grad):
            assert told.name in ZERO
        else:
            assert told.name in {"nothing-wrong", "grew", "cancelled", "saturated"}
