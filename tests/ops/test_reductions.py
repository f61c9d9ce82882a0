"""Reductions that are composed of ops; and what reductions say to bad input."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, gradcheck, ops
from micrograd.errors import ArgumentError, GradientWarning, MicrogradError, ShapeError
from micrograd.transforms import jvp
from tests.ops.composites import CHECKS, Row, agrees_on_dask, agrees_with_torch, said
from tests.samples.sample import A3, A23, A234, AXES, EMPTY, SIGNED

A7 = np.array([0.5, -1.5, 2.0, 0.7, 1.1, -0.3, 0.9])
ZEROS = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0]])

PRODUCTS = [
    *(Row("prod", (A234,), np.prod, p) for p in AXES),
    *(Row("prod", (x,), np.prod) for x in (0.75, A7, EMPTY)),
    Row("prod", (ZEROS,), np.prod, {"axis": 1}),
    Row("prod", (EMPTY,), np.prod, {"axis": 0}),
    Row("prod", (A23,), np.prod, {"axis": ()}),
    *(Row("cumprod", (A234,), np.cumprod, {"axis": a}) for a in (None, 0, 1, -1)),
    *(Row("cumprod", (x,), np.cumprod) for x in (0.75, A7)),
    Row("cumprod", (ZEROS,), np.cumprod, {"axis": 1}),
    Row("cumprod", (EMPTY,), np.cumprod, {"axis": 0}),
]
MOMENTS = [
    *(Row("mean", (A234,), np.mean, p) for p in AXES),
    *(Row(name, (A234,), getattr(np, name), p) for name in ("var", "std") for p in AXES),
    *(Row(name, (A234,), getattr(np, name), {"axis": 1, "ddof": 1}) for name in ("var", "std")),
    Row("var", (A7,), np.var, {"correction": 1}),
    Row("var", (0.75,), np.var),
    Row("mean", (0.75,), np.mean),
]
ORDERS = [
    *(Row("sort", (A234,), np.sort, {"axis": a}) for a in (None, 0, 1, -1)),
    Row("sort", (SIGNED,), lambda x, descending: -np.sort(-x), {"descending": True}),
    Row("sort", (EMPTY,), np.sort, {"axis": 0}),
    *(Row("median", (A234,), np.median, p) for p in AXES),
    *(Row("median", (x,), np.median) for x in (0.75, A7, A3)),
]
ROWS = PRODUCTS + MOMENTS + ORDERS


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


@pytest.mark.parametrize("row", [row for row in PRODUCTS + MOMENTS if row.inputs[0] is A234], ids=str)
def test_on_dask(row: Row) -> None:
    agrees_on_dask(row)


def _torch_prod(torch: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    for a in sorted((a % x.ndim for a in axes), reverse=True):
        x = torch.prod(x, dim=a, keepdim=keepdims)
    return x.clone()


def _torch_moment(name: str) -> Callable[..., Any]:
    def f(torch: Any, x: Any, axis: Any = None, keepdims: bool = False, ddof: int = 0, correction: int = 0) -> Any:
        options = {} if name == "mean" else {"correction": ddof or correction}
        return getattr(torch, name)(x, dim=axis, keepdim=keepdims, **options)

    return f


def _torch_median(torch: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    axes = tuple(a % x.ndim for a in (range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)))
    others = tuple(a for a in range(x.ndim) if a not in axes)
    rows = x.permute(others + axes).reshape(*(x.shape[a] for a in others), -1) if x.ndim else x.reshape(1)
    z = torch.quantile(rows, 0.5, dim=-1)
    return z.reshape([1 if a in axes else n for a, n in enumerate(x.shape)]) if keepdims else z


TORCH: dict[str, Any] = {
    "prod": _torch_prod,
    "cumprod": lambda torch, x, axis=None: torch.cumprod(x.reshape(-1) if axis is None else x, dim=axis or 0),
    "mean": _torch_moment("mean"),
    "var": _torch_moment("var"),
    "std": _torch_moment("std"),
    "sort": lambda torch, x, axis=-1, descending=False: (
        torch.sort(x.reshape(-1) if axis is None else x, dim=0 if axis is None else axis, descending=descending).values
    ),
    "median": _torch_median,
}


@pytest.mark.peer
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_against_torch(row: Row) -> None:
    agrees_with_torch(row, TORCH[row.op])


@pytest.mark.parametrize(
    ("x", "slope"),
    [([2.0, 0.0, 3.0], [0.0, 6.0, 0.0]), ([0.0, 0.0, 3.0], [0.0, 0.0, 0.0]), ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0])],
)
def test_products_of_zeros_have_exact_gradients(x: list[float], slope: list[float]) -> None:
    v = Value(x)
    ops.prod(v).backward(create_graph=True)
    np.testing.assert_array_equal(v.grad.data, slope)
    slopes = v.grad
    v.grad = None
    slopes.sum().backward()  # row sums of the matrix of second derivatives, x_k where i != j != k
    a, b, c = x
    np.testing.assert_array_equal(v.grad, [b + c, a + c, a + b])
    w = Value(x)
    ops.cumprod(w)[-1].backward()
    np.testing.assert_array_equal(w.grad, slope)


def test_products_of_halves_are_few_nodes() -> None:
    """2 log2 n nodes and more, not n: a product of 1000 is no deep graph."""
    from micrograd import toposort

    assert len(toposort(ops.prod(Value(np.ones(1000))))) < 70


@pytest.mark.parametrize("f", [ops.std, lambda x: ops.std(x, axis=0, keepdims=True)])
@pytest.mark.parametrize("x", [[0.1, 0.1, 0.1], [3.0], [1e300, 1e300, 1e300]])
def test_std_of_equal_numbers_is_flat(f: Callable[..., Any], x: list[float]) -> None:
    v = Value(x)
    f(v).backward(create_graph=True)
    slopes = v.grad
    np.testing.assert_array_equal(slopes.data, np.zeros(len(x)))
    v.grad = None
    with pytest.warns(GradientWarning, match="norm or hypot"):  # its own slope is not known
        slopes.sum().backward()
    assert np.isfinite(v.grad).all()
    assert np.asarray(jvp(f, [np.array(x)], [np.ones(len(x))])[1]) == 0.0


def test_var_far_from_zero_keeps_its_digits() -> None:
    assert ops.var(Value([1e9, 1e9 + 1.0, 1e9 + 2.0])).data == 2.0 / 3.0


def test_nan_is_the_largest_and_the_middle_as_in_numpy() -> None:
    x = np.array([[1.0, math.nan, 2.0, 0.0], [4.0, 1.0, 2.0, 0.0]])
    np.testing.assert_array_equal(ops.median(x, axis=1), np.median(x, axis=1))
    np.testing.assert_array_equal(ops.sort(x), np.sort(x))
    np.testing.assert_array_equal(ops.max(Value(x)).data, math.nan)


def test_equal_elements_sort_in_the_order_they_have() -> None:
    v = Value([2.0, 1.0, 2.0, 1.0])
    (ops.sort(v) * np.array([1.0, 2.0, 3.0, 4.0])).backward()
    np.testing.assert_array_equal(v.grad, [3.0, 1.0, 4.0, 2.0])
    v.grad = None
    (ops.sort(v, descending=True) * np.array([1.0, 2.0, 3.0, 4.0])).backward()
    np.testing.assert_array_equal(v.grad, [1.0, 3.0, 2.0, 4.0])


@pytest.mark.parametrize("name", ["argmax", "argmin", "any", "all", "count_nonzero", "argsort", "middle"])
def test_answers_are_plain_data(name: str) -> None:
    v = Value([3.0, 0.0, 2.0])
    answer = getattr(ops, name)(v)
    assert isinstance(answer, (np.ndarray, np.generic))
    np.testing.assert_array_equal(answer, getattr(ops, name)(v.data))
    _, t = jvp(lambda x: x * getattr(ops, name)(x), [v.data], [np.ones(3)])
    np.testing.assert_array_equal(t, np.ones(3) * answer if np.shape(answer) != (1,) else np.full(3, answer[0]))


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "prod", "median"])
def test_a_number_stays_a_python_number(name: str) -> None:
    assert type(getattr(ops, name)(0.5)) is float
    assert type(getattr(ops, name)(Value(0.5)).data) is float


def test_max_with_ties_in_both_modes_and_second_order() -> None:
    x = np.array([3.0, 1.0, 3.0])
    assert jvp(ops.max, [x], [np.array([1.0, 5.0, 3.0])])[1] == 2.0
    v = Value(x)
    ops.max(v * v).backward(create_graph=True)
    np.testing.assert_array_equal(v.grad.data, [3.0, 0.0, 3.0])
    slopes = v.grad
    v.grad = None
    slopes.sum().backward()
    np.testing.assert_array_equal(v.grad, [1.0, 0.0, 1.0])


def test_a_variance_seen_through_a_root_and_a_mask() -> None:
    assert gradcheck(lambda x: ops.where(x.data > 1.0, ops.sqrt(x * x), 0.0) + ops.std(x), [A7], modes="reverse")


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        ("n.sum(axis=1)", ShapeError, "sum: axis 1 of 'n' (): a number has no axes"),
        ("n.max(axis=-2)", ShapeError, "max: axis -2 of 'n' (): a number has no axes"),
        ("n.mean(axis=0)", ShapeError, "mean: axis 0 of 'n' (): a number has no axes"),
        ("w.sum(axis='rows')", ArgumentError, "sum: axis 'rows': give an integer, or a tuple of integers"),
        ("w.sum(axis=1.0)", ArgumentError, "sum: axis 1.0: give an integer, or a tuple of integers"),
        ("w.mean(axis=[0, 1])", ArgumentError, "mean: axis [0, 1]: give an integer, or a tuple of integers"),
        ("ops.prod(w, axis=2)", ShapeError, "prod: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        ("ops.prod(w, axis=(1, 1))", ShapeError, "prod: axis (1, 1) of 'w' (2, 3): an axis is named twice; name each"),
        ("ops.cumsum(w, axis=2)", ShapeError, "cumsum: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        ("ops.cumsum(n, axis=1)", ShapeError, "cumsum: axis 1 of 'n' (): a number has no axes"),
        ("ops.cumprod(w, axis=2)", ShapeError, "cumprod: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        ("ops.cumprod(w, axis=(0, 1))", ArgumentError, "cumprod: axis (0, 1): give an integer"),
        (
            "ops.var(w, ddof=1, correction=1)",
            ArgumentError,
            "var: ddof=1 and correction=1 are the same thing; give one",
        ),
        ("ops.sort(w, axis=2)", ShapeError, "sort: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        ("ops.sort(n)", ShapeError, "sort: axis -1 of 'n' (): a number has no axes"),
        ("ops.argsort(w, axis=2)", ShapeError, "argsort: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        ("ops.argmax(w, axis=2)", ShapeError, "argmax: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        ("ops.argmax(w, axis=(0, 1))", ArgumentError, "argmax: axis (0, 1): give an integer"),
        ("ops.argmin(e)", ShapeError, "argmin: 'e' (0, 3) has no element along axis None; it needs at least one"),
        ("ops.any(w, axis=2)", ShapeError, "any: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        ("ops.all(w, axis='a')", ArgumentError, "all: axis 'a': give an integer, or a tuple of integers"),
        ("ops.count_nonzero(w, axis=2)", ShapeError, "count_nonzero: axis 2 of 'w' (2, 3): its axes are numbered"),
    ],
)
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    assert said(program, error).startswith(words)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, np.bool_])
@pytest.mark.parametrize("shape", [(100, 7), (400, 2), (30, 20, 5), (700, 1), (100, 8), (2, 3)], ids=str)
def test_a_sum_along_a_short_last_axis_has_the_bits_of_numpys(shape, dtype):
    numbers = np.random.default_rng(5).standard_normal(shape)
    numbers.reshape(-1)[:40] = -0.0
    x = (100.0 * numbers).astype(dtype)
    last = len(shape) - 1
    for y in (x, np.asfortranarray(x), np.concatenate([x, x])[::2]):
        for axis in (-1, last, (-1,), (last,)):
            for keepdims in (False, True):
                got, wanted = ops.sum(y, axis=axis, keepdims=keepdims), np.sum(y, axis=axis, keepdims=keepdims)
                assert (got.dtype, got.shape, got.tobytes()) == (wanted.dtype, wanted.shape, wanted.tobytes())


@pytest.mark.filterwarnings("error")
def test_a_sum_along_a_short_last_axis_warns_as_numpys_does():
    x = np.full((300, 2), 1e308)
    with pytest.raises(RuntimeWarning, match="overflow encountered in reduce"):
        np.sum(x, axis=1)
    with pytest.raises(RuntimeWarning, match="overflow encountered in reduce"):
        ops.sum(x, axis=1)
