"""softmax, log_softmax and logsumexp: far out, masked, and in both modes and second
order.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest

from micrograd import Value, gradcheck, ops
from micrograd.errors import ArgumentError, MicrogradError, ShapeError
from micrograd.transforms import jvp
from tests.ops.composites import CHECKS, Row, agrees_on_dask, agrees_with_torch, said
from tests.samples.sample import A3, A234, SIGNED

FUNCTIONS = [ops.softmax, ops.log_softmax, ops.logsumexp]
MASKS = [
    np.array([[True, False, True], [False, True, False]]),
    np.array([[True, True, False], [False, False, False]]),  # the second row is masked, all of it
]


def _logsumexp(x: Any, axis: Any = -1, keepdims: bool = False) -> Any:
    from functools import reduce

    if axis is None or isinstance(axis, tuple):
        return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))
    parts = np.split(x, np.shape(x)[axis], axis)
    z = reduce(np.logaddexp, parts)
    return z if keepdims else np.squeeze(z, axis)


def _softmax(x: Any, axis: Any = -1) -> Any:
    return np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


def _log_softmax(x: Any, axis: Any = -1) -> Any:
    return x - _logsumexp(x, axis, True)


_AXES: list[dict[str, Any]] = [{}, {"axis": 0}, {"axis": (0, -1)}, {"axis": None}]
ROWS = [
    *(Row("logsumexp", (A234,), _logsumexp, p) for p in (*_AXES, {"axis": (0, 1), "keepdims": True})),
    *(Row("softmax", (A234,), _softmax, p) for p in _AXES),
    *(Row("log_softmax", (A234,), _log_softmax, p) for p in _AXES),
    *(Row("logsumexp", (x,), _logsumexp) for x in (A3, SIGNED)),
    Row("logsumexp", (0.75,), _logsumexp, {"axis": None}),
    Row("softmax", (0.75,), _softmax, {"axis": None}),
    Row("log_softmax", (0.75,), _log_softmax, {"axis": None}),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


@pytest.mark.parametrize("row", [row for row in ROWS if row.inputs[0] is A234], ids=str)
def test_on_dask(row: Row) -> None:
    agrees_on_dask(row)


def _rows(torch: Any, x: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """x with the axes flattened into the last, and the order of axes that does it."""
    axes = tuple(a % x.ndim for a in (range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)))
    return axes, (*(a for a in range(x.ndim) if a not in axes), *axes)


def _torch(name: str) -> Callable[..., Any]:
    def f(torch: Any, x: Any, axis: Any = -1) -> Any:
        axes, order = _rows(torch, x, axis)
        moved = x.permute(order) if x.ndim else x.reshape(1)
        z = getattr(torch, name)(moved.reshape(*moved.shape[: x.ndim - len(axes)], -1), dim=-1).reshape(moved.shape)
        return z.permute(tuple(np.argsort(order))) if x.ndim else z.reshape(())

    return f


def _torch_logsumexp(torch: Any, x: Any, axis: Any = -1, keepdims: bool = False) -> Any:
    return torch.logsumexp(x, dim=tuple(range(x.ndim)) if axis is None else axis, keepdim=keepdims)


TORCH = {"softmax": _torch("softmax"), "log_softmax": _torch("log_softmax"), "logsumexp": _torch_logsumexp}


@pytest.mark.peer
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_against_torch(row: Row) -> None:
    agrees_with_torch(row, TORCH[row.op])


@pytest.mark.peer
@pytest.mark.parametrize("f", FUNCTIONS)
def test_against_torch_far_out(f: Callable[..., Any]) -> None:
    far = [[1e4, -1e4, 0.0], [-1e4, -1e4 + 1.0, -1e4 + 2.0], [1e4, 1e4, 1e4]]
    # PyTorch's own float32 gradient of logsumexp is exp(x - z), and at 1e4 has three
    # digits
    agrees_with_torch(Row(f.__name__, (np.array(far),), np.asarray), TORCH[f.__name__], {np.float64: 1e-10})


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_far_out_nothing_overflows(dtype: Any) -> None:
    x = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e38, -1e38, 0.0]], dtype)
    np.testing.assert_allclose(ops.softmax(x), [[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [1.0, 0.0, 0.0]], rtol=1e-6)
    np.testing.assert_allclose(ops.logsumexp(x), [1e4, -1e4 + math.log(3.0), 1e38], rtol=1e-6)
    np.testing.assert_allclose(ops.log_softmax(x)[:2], [[0.0, -2e4, -1e4], [-math.log(3.0)] * 3], rtol=1e-6)
    for f in FUNCTIONS:
        v = Value(x)
        f(v).backward()
        assert np.isfinite(v.grad).all()


@pytest.mark.parametrize("other", [0.0, -5.0, -30.0, -1e3, 39.0, 41.0, 1e3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rows_that_need_the_largest_taken_away_and_rows_that_do_not(dtype: Any, other: float) -> None:
    """One row beside another does not change it."""
    rows = np.array([[0.5, -1.0, 2.0], [0.5, -1.0, 2.0]], dtype)
    rows[1] += dtype(other)
    wanted = np.exp([0.5, -1.0, 2.0]) / np.exp([0.5, -1.0, 2.0]).sum()
    rtol = 4 * np.finfo(dtype).eps + abs(np.spacing(dtype(other)))  # the second row itself is rounded
    np.testing.assert_allclose(ops.softmax(rows), [wanted, wanted], rtol=rtol)


def masked(f: Callable[..., Any], mask: Any) -> Callable[..., Any]:
    """f of logits, -inf outside of the mask; where f is -inf, 0 instead."""

    def g(x: Any) -> Any:
        z = f(ops.where(mask, x, -math.inf))
        return ops.where(ops.equal(z, -math.inf), 0.0, z)

    return g


@pytest.mark.parametrize("mask", MASKS, ids=["some", "a row"])
@pytest.mark.parametrize("f", FUNCTIONS)
def test_masked_in_both_modes_and_second_order(f: Callable[..., Any], mask: Any) -> None:
    g = masked(f, mask)
    assert gradcheck(g, [SIGNED])


@pytest.mark.parametrize(
    ("f", "wanted"), [(ops.softmax, [0.0, 0.0]), (ops.log_softmax, [-math.inf] * 2), (ops.logsumexp, -math.inf)]
)
def test_fully_masked(f: Callable[..., Any], wanted: Any) -> None:
    """PyTorch and JAX give nan here."""
    x = np.array([-math.inf, -math.inf])
    v = Value(x)
    z = f(v)
    np.testing.assert_array_equal(z.data, wanted)
    z.backward(create_graph=True)
    slopes = v.grad
    np.testing.assert_array_equal(slopes.data, [0.0, 0.0])
    np.testing.assert_array_equal(jvp(f, [x], [np.ones(2)])[1], np.zeros(np.shape(wanted)))
    v.grad = None
    slopes.sum().backward()
    np.testing.assert_array_equal(v.grad, [0.0, 0.0])


def test_infinity_is_the_largest() -> None:
    assert ops.logsumexp(np.array([math.inf, 1e4])) == math.inf
    assert math.isnan(ops.logsumexp(np.array([math.nan, 1.0])))


@pytest.mark.parametrize("f", FUNCTIONS)
def test_a_number_stays_a_python_number(f: Callable[..., Any]) -> None:
    assert type(f(0.5, axis=None)) is float


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        ("ops.softmax(n, axis=1)", ShapeError, "softmax: axis 1 of 'n' (): a number has no axes"),
        ("ops.log_softmax(w, axis=2)", ShapeError, "log_softmax: axis 2 of 'w' (2, 3): its axes are numbered from -2"),
        ("ops.softmax(w, axis='a')", ArgumentError, "softmax: axis 'a': give an integer, or a tuple of integers"),
    ],
)
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    assert said(program, error).startswith(words)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_half_precision_is_computed_in_single(name: str) -> None:
    x = np.array([11.0, 0.0, 11.0], np.float16)  # exp(11) is more than float16 holds
    v = Value(x)
    z = getattr(ops, name)(v)
    z.backward(np.array([1.0, 0.0, 0.0], np.float16))
    assert z.dtype == v.grad.dtype == np.float16
    exact = Value(x.astype(float))
    wanted = getattr(ops, name)(exact)
    wanted.backward(np.array([1.0, 0.0, 0.0]))
    np.testing.assert_allclose(z.data, wanted.data, rtol=1e-3)
    np.testing.assert_allclose(v.grad, exact.grad, rtol=1e-3, atol=1e-6)


# Digits where one share is almost 1

SURE = [[40.0, 0.0, -1.0], [-5.0, 30.0, 2.0], [1e4, 1e4 - 40.0, 1e4 - 60.0], [700.0, 0.0]]


def exact(x: list[float], k: int) -> tuple[float, list[float], list[float]]:
    """The logarithm of share k of these logits, its gradient, and the gradient of that
    gradient's element k: from 400 digits.
    """
    with localcontext() as context:
        context.prec = 400
        powers = [Decimal(v).exp() for v in x]
        shares = [v / sum(powers) for v in powers]
        first = [1 - share if i == k else -share for i, share in enumerate(shares)]
        second = [-shares[k] * slope for slope in first]
        return float(shares[k].ln()), list(map(float, first)), list(map(float, second))


@pytest.mark.parametrize("x", SURE, ids=str)
def test_log_softmax_keeps_digits_where_one_share_is_almost_1(x: list[float]) -> None:
    k = int(np.argmax(x))
    value, first, second = exact(x, k)
    v = Value(np.array(x))
    z = ops.log_softmax(v)[k]
    z.backward(create_graph=True)
    np.testing.assert_allclose(z.data, value, rtol=1e-14)
    slopes, v.grad = v.grad, None
    np.testing.assert_allclose(slopes.data, first, rtol=1e-14)
    slopes[k].backward()
    np.testing.assert_allclose(v.grad, second, rtol=1e-14)
    forward = [jvp(ops.log_softmax, [np.array(x)], [tangent])[1][k] for tangent in np.eye(len(x))]
    np.testing.assert_allclose(forward, first, rtol=1e-13)
