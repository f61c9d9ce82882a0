"""Explained gradients of random expressions against PyTorch's."""

from __future__ import annotations

from typing import Any

import pytest

from micrograd import explain
from tests.see.programs import expression

pytestmark = pytest.mark.peer


@pytest.mark.parametrize("seed", range(50))
def test_explained_gradients(seed: int) -> None:
    import torch

    def leaf(x: float) -> Any:
        return torch.tensor(x, dtype=torch.float64, requires_grad=True)

    def applied(name: str, x: Any) -> Any:
        return getattr(torch.nn.functional if name == "softplus" else torch, name)(x)

    root, inputs = expression(seed)
    theirs, leaves = expression(seed, leaf, applied)
    theirs.backward()
    assert root.data == pytest.approx(theirs.item(), rel=1e-12)
    for x, other in zip(inputs, leaves, strict=True):
        explanation = explain(root, x)
        assert explanation.gradient == pytest.approx(other.grad.item(), rel=1e-10, abs=1e-12)
        assert sum(part.adds for part in explanation.parts) == pytest.approx(other.grad.item(), rel=1e-10, abs=1e-12)
