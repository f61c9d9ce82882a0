"""What a function made of ops is checked for: a row names it, its inputs, and the same in NumPy and in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from micrograd import Value
from micrograd.check import _check_forward, _check_reverse, _gradient, gradcheck
from micrograd.op import shape_of
from micrograd.program import Abstract
from micrograd.transforms import jvp


@dataclass(frozen=True)
class Row:
    """A function of values; the same of arrays, and of the module torch and tensors; and inputs away from kinks."""

    name: str
    ours: Callable[..., Any]
    numpy: Callable[..., Any]
    torch: Callable[..., Any]
    inputs: tuple[Any, ...]

    def __str__(self) -> str:
        return self.name + ",".join(str(np.shape(x)).replace(" ", "") for x in self.inputs)


def check_numbers(row: Row) -> None:
    """On arrays, on values and on shapes."""
    wanted = row.numpy(*row.inputs)
    z = row.ours(*map(Value, row.inputs))
    np.testing.assert_allclose(z.data, wanted, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(row.ours(*row.inputs), wanted, rtol=1e-12, atol=1e-13)
    assert shape_of(z) == np.shape(wanted) == row.ours(*(Abstract(np.shape(x)) for x in row.inputs)).shape


def check_derivatives(row: Row) -> None:
    """Reverse and forward mode against finite differences and each other; second order."""
    assert gradcheck(row.ours, row.inputs)
    _check_forward(row.name, row.ours, row.inputs, 1e-6, 0.0)
    _check_reverse(lambda *xs: _gradient(row.ours, xs, create_graph=True), row.inputs, 1e-5, 0.0, f"{row} twice")


def check_float32(row: Row) -> None:
    """Forward, gradient and tangent keep the dtype."""
    inputs = [np.float32(x) for x in row.inputs]
    values = [Value(x) for x in inputs]
    z = row.ours(*values)
    z.backward()
    _, t = jvp(row.ours, inputs, [np.ones_like(x) for x in inputs])
    assert {z.dtype, t.dtype, *(x.grad.dtype for x in values)} == {np.dtype("float32")}


def check_against_torch(row: Row, dtype: Any, rtol: float) -> None:
    """Forward and gradient."""
    import torch

    ours = [Value(np.asarray(x, dtype)) for x in row.inputs]
    theirs = [torch.tensor(np.asarray(x, dtype), requires_grad=True) for x in row.inputs]
    z, t = row.ours(*ours), row.torch(torch, *theirs)
    np.testing.assert_allclose(z.data, t.detach().numpy(), rtol=rtol, atol=rtol * 1e-1)
    cotangent = np.random.default_rng(1).uniform(0.5, 1.5, z.shape).astype(dtype)
    z.backward(cotangent)
    t.backward(torch.tensor(cotangent))
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=rtol, atol=rtol)
