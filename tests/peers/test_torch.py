"""Forward and gradient of every op against PyTorch, on the rows of tests/samples/."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from micrograd import Value
from micrograd.op import OPS
from tests.samples import SAMPLES, TORCH, Sample

pytestmark = pytest.mark.peer


DIFFERENTIABLE = [s for s in SAMPLES if OPS[s.op].differentiable]


def test_every_differentiable_op_is_compared() -> None:
    assert {s.op for s in DIFFERENTIABLE} == set(TORCH)


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-10), (np.float32, 1e-5)], ids=["float64", "float32"])
@pytest.mark.parametrize("sample", DIFFERENTIABLE, ids=str)
def test_forward_and_gradient(sample: Sample, dtype: Any, rtol: float) -> None:
    import torch

    if sample.op == "cast" and dtype == np.float32:
        dtype = np.float64
    arrays = [np.asarray(x) if np.asarray(x).dtype == bool else np.asarray(x, dtype) for x in sample.inputs]
    ours = [x if x.dtype == bool else Value(x) for x in arrays]
    theirs = [torch.tensor(x, requires_grad=x.dtype != bool) for x in arrays]
    z = OPS[sample.op](*ours, **sample.params)
    t = TORCH[sample.op](torch, *theirs, **sample.params)
    np.testing.assert_allclose(z.data, t.detach().numpy(), rtol=rtol, atol=rtol * 1e-3)
    cotangent = np.random.default_rng(1).uniform(0.5, 1.5, z.shape).astype(dtype)
    z.backward(cotangent)
    t.backward(torch.tensor(cotangent))
    for mine, other in zip(ours, theirs, strict=True):
        if isinstance(mine, Value):
            np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=rtol, atol=rtol * 1e-1)
