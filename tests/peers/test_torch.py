"""Forward and gradient of every op against PyTorch, on the samples of tests/samples.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value
from micrograd.op import OPS
from tests.samples import SAMPLES, Sample

pytestmark = pytest.mark.peer


def _reduction(name: str) -> Callable[..., Any]:
    def f(torch: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        axes = tuple(range(x.ndim)) if axis is None else axis
        return getattr(torch, name)(x, dim=axes, keepdim=keepdims)

    return f


def _scatter(torch: Any, x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    place = tuple(torch.as_tensor(i) for i in (index if isinstance(index, tuple) else (index,)))
    return torch.zeros(shape, dtype=x.dtype).index_put(place, x, accumulate=True)


def _getitem(torch: Any, x: Any, index: Any) -> Any:
    if isinstance(index, slice) and (index.step or 1) < 0:  # torch has no negative steps
        return x.flip(0)[:: -index.step]
    return x[index]


TORCH: dict[str, Callable[..., Any]] = {
    **{
        name: (lambda torch, *xs, _name=name: getattr(torch, {"power": "pow"}.get(_name, _name))(*xs))
        for name in (
            "absolute add cos divide exp log multiply negative power relu sigmoid sign sin sqrt subtract tanh where"
        ).split()
    },
    "raise_to": lambda torch, x, exponent: x**exponent,
    "cast": lambda torch, x, dtype: x.to(getattr(torch, dtype)),
    "matmul": lambda torch, x, y: torch.matmul(x, y),
    "sum": _reduction("sum"),
    "max": _reduction("amax"),
    "min": _reduction("amin"),
    "reshape": lambda torch, x, shape: x.reshape(shape),
    "transpose": lambda torch, x, axes: x.permute(axes if axes else tuple(range(x.ndim))[::-1]),
    "broadcast_to": lambda torch, x, shape: x.broadcast_to(shape),
    "getitem": _getitem,
    "scatter": _scatter,
    "stacked": lambda torch, *xs, axis=0: torch.stack(xs, dim=axis),
}
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
