"""Normalization: against NumPy written out and PyTorch; constant rows and zero vectors;
what it says to bad input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, gradcheck, ops
from micrograd.errors import ArgumentError, GradientWarning, MicrogradError, ShapeError
from micrograd.transforms import grad, hessian
from tests.ops.composites import CHECKS, Row, agrees_with_torch, said
from tests.samples.sample import A23, SIGNED, array

X = array(2, 4, 3, low=-2.0, high=2.0)
W3, B3, W4, B4 = array(3), array(3) - 1.0, array(4), array(4) - 1.0


def _standard(x: Any, axes: Any, eps: float) -> Any:
    return (x - x.mean(axis=axes, keepdims=True)) / np.sqrt(x.var(axis=axes, keepdims=True) + eps)


def _layer_norm(x: Any, weight: Any = 1.0, bias: Any = 0.0, *, normalized_shape: Any, eps: float = 1e-5) -> Any:
    axes = tuple(range(x.ndim - np.size(normalized_shape), x.ndim))
    return _standard(x, axes, eps) * weight + bias


def _rms_norm(x: Any, weight: Any = 1.0, *, normalized_shape: Any, eps: float | None = None) -> Any:
    axes = tuple(range(x.ndim - np.size(normalized_shape), x.ndim))
    return (
        x / np.sqrt(np.mean(x * x, axis=axes, keepdims=True) + (np.finfo(float).eps if eps is None else eps)) * weight
    )


def _group_norm(x: Any, weight: Any = 1.0, bias: Any = 0.0, *, num_groups: int, eps: float = 1e-5) -> Any:
    z = _standard(x.reshape(x.shape[0], num_groups, -1), -1, eps).reshape(x.shape)
    return (np.moveaxis(z, 1, -1) * weight + bias).swapaxes(1, -1)


def _instance_norm(x: Any, weight: Any = 1.0, bias: Any = 0.0, *, eps: float = 1e-5) -> Any:
    return (np.moveaxis(_standard(x, -1, eps), 1, -1) * weight + bias).swapaxes(1, -1)


def _instance_norm_of(*xs: Any, f: Any = ops.instance_norm, **params: Any) -> Any:
    return f(xs[0], None, None, *xs[1:], **params)


def _normalize(x: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    return x / np.maximum(np.linalg.norm(x, p, dim, keepdims=True), eps)


def _cosine(x: Any, y: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    x, y = np.broadcast_arrays(x, y)
    return np.sum(_normalize(x, 2.0, dim, eps) * _normalize(y, 2.0, dim, eps), axis=dim)


def _layer(x: Any, *others: Any, f: Any = ops.layer_norm, normalized_shape: Any, **params: Any) -> Any:
    return f(x, normalized_shape, *others, **params)


def _rms(x: Any, *others: Any, f: Any = ops.rms_norm, normalized_shape: Any, **params: Any) -> Any:
    return f(x, normalized_shape, *others, **params)


def _group(x: Any, *others: Any, f: Any = ops.group_norm, num_groups: int, **params: Any) -> Any:
    return f(x, num_groups, *others, **params)


ROWS = [
    Row("layer_norm", (X,), _layer_norm, {"normalized_shape": 3}, f=_layer),
    Row("layer_norm", (X, W3, B3), _layer_norm, {"normalized_shape": (3,), "eps": 1e-2}, f=_layer),
    Row("layer_norm", (SIGNED, A23, A23 - 1.0), _layer_norm, {"normalized_shape": (2, 3)}, f=_layer),
    Row("rms_norm", (X,), _rms_norm, {"normalized_shape": (3,)}, f=_rms),
    Row("rms_norm", (SIGNED, A23), _rms_norm, {"normalized_shape": (2, 3), "eps": 1e-3}, f=_rms),
    Row("group_norm", (X,), _group_norm, {"num_groups": 2}, f=_group),
    Row("group_norm", (X, W4, B4), _group_norm, {"num_groups": 1}, f=_group),
    Row("instance_norm", (X,), _instance_norm, f=_instance_norm_of),
    Row("instance_norm", (X, W4, B4), _instance_norm, {"eps": 1e-2}, f=_instance_norm_of),
    Row("normalize", (SIGNED,), _normalize),
    Row("normalize", (X,), _normalize, {"dim": -1, "p": 3.0}),
    Row("normalize", (SIGNED,), _normalize, {"p": 1.0, "dim": 0}),
    Row("normalize", (SIGNED,), _normalize, {"eps": 100.0}),
    Row("cosine_similarity", (SIGNED, A23), _cosine),
    Row("cosine_similarity", (X, array(4, 1)), _cosine, {"dim": -2}),
    Row("cosine_similarity", (array(3), SIGNED), _cosine),
]
OURS = {"layer_norm": _layer, "rms_norm": _rms, "group_norm": _group, "instance_norm": _instance_norm_of}


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


@pytest.mark.peer
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_against_torch(row: Row) -> None:
    def theirs(torch: Any, *xs: Any, **params: Any) -> Any:
        f = getattr(torch.nn.functional, row.op)
        if isinstance(params.get("normalized_shape"), int):
            params["normalized_shape"] = (params["normalized_shape"],)
        return OURS[row.op](*xs, f=f, **params) if row.op in OURS else f(*xs, **params)

    agrees_with_torch(row, theirs)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: ops.layer_norm(x, 3),
        lambda x: ops.group_norm(x, 1),
        lambda x: ops.instance_norm(x[None])[0],
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_constant_row_gives_0_exactly(f: Any, dtype: Any) -> None:
    """The mean of three times 0.1 is not 0.1; divided by sqrt(eps) the difference would
    show.
    """
    x = np.full((1, 3), 0.1, dtype)
    v = Value(x)
    z = f(v)
    np.testing.assert_array_equal(z.data, np.zeros((1, 3)))
    z.backward(np.array([[1.0, 0.0, 0.0]], dtype))
    np.testing.assert_allclose(v.grad, np.array([[2.0, -1.0, -1.0]]) / 3.0 / np.sqrt(1e-5), rtol=1e-6)


def test_the_second_order_at_a_constant_row() -> None:
    assert gradcheck(grad(lambda x: ops.sum(ops.layer_norm(x, 3) * np.array([1.0, 2.0, -1.0]))), [np.full(3, 0.1)])


def test_a_vector_of_zeros() -> None:
    for f in (lambda x: ops.normalize(x, dim=0), lambda x: ops.cosine_similarity(x, np.array([3.0, 4.0]), dim=0)):
        assert not np.any(f(np.zeros(2)))
    v = Value(np.zeros(2))
    ops.normalize(v, dim=0, eps=1e-3).backward(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(v.grad, [1000.0, 2000.0])
    with pytest.warns(GradientWarning, match="a gradient of 0 times an infinite slope is not known"):
        H = hessian(lambda x: ops.sum(ops.normalize(x, dim=0)))(np.zeros(2))  # where the norm has a kink
    np.testing.assert_array_equal(H, np.zeros((2, 2)))


@pytest.mark.peer
def test_a_vector_of_zeros_against_torch() -> None:
    import torch

    ours, theirs = Value(np.zeros((1, 3))), torch.zeros((1, 3), dtype=torch.float64, requires_grad=True)
    y = np.array([[1.0, 2.0, 3.0]])
    ops.cosine_similarity(ours, y).backward()
    torch.nn.functional.cosine_similarity(theirs, torch.tensor(y)).sum().backward()
    np.testing.assert_allclose(ours.grad, theirs.grad.numpy(), rtol=1e-12)


def test_instance_norm_by_running_statistics() -> None:
    z = ops.instance_norm(X, W4, W4 + 1.0, use_input_stats=False)
    np.testing.assert_allclose(z, (X - W4[:, None]) / np.sqrt(W4[:, None] + 1.0 + 1e-5), rtol=1e-14)


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        (
            "ops.layer_norm(w, 2)",
            ShapeError,
            "layer_norm: normalized_shape=2 is not the shape of the last axes of 'w' (2, 3)",
        ),
        (
            "ops.layer_norm(w, (1, 2, 3))",
            ShapeError,
            "layer_norm: normalized_shape=(1, 2, 3) is not the shape of the last",
        ),
        ("ops.layer_norm(w, 3, b)", ShapeError, "layer_norm: weight 'b' (2,): give one of shape (3,), or None"),
        (
            "ops.layer_norm(e[:, :0], 0)",
            ShapeError,
            "layer_norm: (0, 0) has no element along axis (1,); it needs at least one",
        ),
        (
            "ops.rms_norm(w, 4)",
            ShapeError,
            "rms_norm: normalized_shape=4 is not the shape of the last axes of 'w' (2, 3)",
        ),
        ("ops.group_norm(w, 2)", ShapeError, "group_norm: 'w' (2, 3): it needs shape (batch, channels, ...), where"),
        ("ops.group_norm(w, 0)", ArgumentError, "group_norm: num_groups=0: give an integer of at least 1"),
        ("ops.instance_norm(w)", ShapeError, "instance_norm: 'w' (2, 3): it needs shape (batch, channels, length), or"),
        (
            "ops.instance_norm(w[None], b, b)",
            ArgumentError,
            "instance_norm: running statistics are not updated in place",
        ),
        (
            "ops.instance_norm(w[None], use_input_stats=False)",
            ArgumentError,
            "instance_norm: use_input_stats=False needs running_mean and running_var",
        ),
        ("ops.instance_norm(w[None, :, :1])", ShapeError, "instance_norm: (1, 2, 1) has fewer than two elements per"),
        ("ops.normalize(w, dim=2)", ShapeError, "normalize: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        ("ops.cosine_similarity(w, b)", ShapeError, "multiply: 'w' (2, 3) and 'b' (2,) do not broadcast"),
    ],
)
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    assert said(program, error).startswith(words)
