"""Calculus on samples: differences, slopes, integrals, interpolation, convolution; at
the borders, too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from micrograd import Value, grad, gradcheck, ops
from micrograd.errors import ArgumentError, MicrogradError, ShapeError
from micrograd.transforms import jvp
from tests.ops.composites import CHECKS, Row, agrees_on_dask, said
from tests.samples.sample import A3, A23, A234, EMPTY, SIGNED, array

A5, A6 = array(5), array(6)
PLACES = np.cumsum(array(4))
X, XP, FP = array(2, 3, low=0.2, high=4.8), np.array([0.5, 1.1, 2.6, 4.0]), np.array([1.0, -0.5, 2.0, 0.25])

DIFFERENCES = [
    *(
        Row("diff", (A234,), np.diff, p)
        for p in ({}, {"axis": 0}, {"axis": 1}, {"n": 2}, {"n": 3, "axis": -1}, {"n": 0})
    ),
    Row("diff", (A234,), np.diff, {"n": 9}),
    Row("diff", (EMPTY,), np.diff),
    Row("diff", (A23, 0.75), lambda x, e: np.diff(x, append=e), f=lambda x, e: ops.diff(x, append=e)),
    Row("ediff1d", (A23,), np.ediff1d),
]
RIMS = [  # arrays in float64, which decides the dtype
    Row("diff", (A23,), np.diff, {"prepend": 0.5, "append": A3[:2, None]}),
    Row("diff", (A23,), np.diff, {"prepend": A3[None], "axis": 0}),
    Row("ediff1d", (A23,), np.ediff1d, {"to_begin": 1.5, "to_end": [0.5, 2.0]}),
]
SLOPES = [
    *(Row("gradient", (A6,), np.gradient, p) for p in ({}, {"edge_order": 2}, {"axis": 0})),
    *(Row("gradient", (A234,), np.gradient, {"axis": a}) for a in (1, -1, (1,))),
    *(Row("gradient", (A6, 0.5), np.gradient, {"edge_order": k}) for k in (1, 2)),
    *(Row("gradient", (A234, PLACES), np.gradient, {"axis": 2, "edge_order": k}) for k in (1, 2)),
    Row("gradient", (A3[:2],), np.gradient),
    Row("gradient", (EMPTY,), np.gradient, {"axis": 1}),
]
INTEGRALS = [
    *(Row("trapezoid", (A234,), np.trapezoid, p) for p in ({}, {"axis": 0}, {"axis": 1, "dx": 0.5})),
    Row("trapezoid", (A234, PLACES), np.trapezoid),
    Row("trapezoid", (A234, np.cumsum(A234, axis=1)), np.trapezoid, {"axis": 1}),
    Row("trapezoid", (A234[0, 0], PLACES), np.trapezoid),
    Row("trapezoid", (EMPTY,), np.trapezoid),
    *(
        Row("cumulative_sum", (A23,), np.cumulative_sum, {"axis": a, "include_initial": i})
        for a in (0, -1)
        for i in (0, 1)
    ),
    *(
        Row("cumulative_prod", (A23,), np.cumulative_prod, {"axis": a, "include_initial": i})
        for a in (0, 1)
        for i in (0, 1)
    ),
    *(Row(name, (A3,), getattr(np, name)) for name in ("cumulative_sum", "cumulative_prod")),
]
LINES = [
    *(Row("interp", (x, XP, FP), np.interp) for x in (0.75, X, EMPTY, 0.1, 4.5)),
    Row("interp", (X, XP, FP), np.interp, {"left": -2.0, "right": 3.0}),
    Row("interp", (X, XP, FP), np.interp, {"period": 5.0}),
    Row("interp", (2.9 * X, XP[[2, 0, 3, 1]], FP), np.interp, {"period": -5.0}),
    Row("interp", (X, XP[:1], FP[:1]), np.interp),
    Row("unwrap", (9.0 * SIGNED,), np.unwrap),
    Row("unwrap", (9.0 * SIGNED,), np.unwrap, {"axis": 0, "period": 4.0, "discont": 3.0}),
]
_MODES = ("full", "same", "valid")
_LENGTHS = [(5, 3), (3, 5), (5, 4), (4, 5), (6, 2), (2, 6), (1, 4), (4, 1), (3, 3)]
CONVOLUTIONS = [
    Row(name, (array(n), array(m, low=-1.0)), getattr(np, name), {"mode": mode})
    for name in ("convolve", "correlate")
    for mode in _MODES
    for n, m in _LENGTHS
]
ROWS = DIFFERENCES + SLOPES + INTEGRALS + LINES + CONVOLUTIONS


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


@pytest.mark.parametrize("row", RIMS, ids=str)
@pytest.mark.parametrize("check", CHECKS[:3])
def test_rims(check: Callable[[Row], None], row: Row) -> None:
    check(row)


@pytest.mark.parametrize("row", [DIFFERENCES[0], DIFFERENCES[1], INTEGRALS[0], INTEGRALS[1]], ids=str)
def test_on_dask(row: Row) -> None:
    agrees_on_dask(row)


def test_slopes_along_several_axes() -> None:
    x = Value(A234)
    spacings = (0.5, np.cumsum(A3), np.cumsum(array(4)))
    for given, wanted in (
        (ops.gradient(x[:, :, :2]), np.gradient(A234[:, :, :2])),
        (ops.gradient(x, 0.5, axis=(0, 2)), np.gradient(A234, 0.5, axis=(0, 2))),
        (ops.gradient(x, *spacings), np.gradient(A234, *spacings)),
    ):
        assert isinstance(given, tuple)
        for z, w in zip(given, wanted, strict=True):
            np.testing.assert_allclose(z.data, w, rtol=1e-12)


def test_even_coordinates_have_a_gradient_each() -> None:
    """NumPy makes them one step; the gradient by a coordinate would then be that of the
    step.
    """
    assert gradcheck(lambda f, c: ops.gradient(f, c), [A5, np.arange(5.0)])
    np.testing.assert_allclose(ops.gradient(A5, np.arange(5.0)), np.gradient(A5, np.arange(5.0)), rtol=1e-14)


def test_steps_and_rims_have_gradients() -> None:
    assert gradcheck(lambda y, h: ops.trapezoid(y, dx=h), [A5, 0.5])
    assert gradcheck(lambda x, a, b: ops.diff(x, prepend=a, append=b, n=2), [A5, 0.5, A3])
    assert gradcheck(lambda x, a, b: ops.interp(x, XP, FP, left=a, right=b) * A6, [np.linspace(0.1, 4.9, 6), 0.5, 2.0])


@pytest.mark.parametrize(("x", "by_x", "by_fp"), [(1.0, 2.0, [1, 0, 0]), (2.0, -4.0, [0, 1, 0]), (4.0, 0.0, [0, 0, 1])])
def test_interp_at_a_point_takes_the_line_to_its_right(x: float, by_x: float, by_fp: list[float]) -> None:
    xp, fp = np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, -5.0])
    slopes = grad(lambda x, fp: ops.interp(x, xp, fp, left=9.0, right=7.0), (0, 1))(x, fp)
    assert slopes[0] == by_x
    np.testing.assert_array_equal(slopes[1], by_fp)
    assert jvp(lambda x: ops.interp(x, xp, fp), (x,), (1.0,)) == (np.interp(x, xp, fp), by_x)


def test_interp_outside_at_nan_and_on_a_jump() -> None:
    x, xp, fp = np.array([-1.0, 9.0, np.nan, 2.0]), np.array([1.0, 2.0, 2.0, 3.0]), np.array([1.0, 2.0, 5.0, 6.0])
    v, h = Value(x), Value(fp)
    z = ops.interp(v, xp, h)
    np.testing.assert_array_equal(z.data, np.interp(x, xp, fp))
    z[[0, 1, 3]].sum().backward()
    np.testing.assert_array_equal(v.grad[[0, 1, 3]], [0.0, 0.0, 1.0])
    np.testing.assert_array_equal(h.grad, [1.0, 0.0, 1.0, 1.0])


def test_lists_and_numbers() -> None:
    np.testing.assert_array_equal(ops.diff([1, 4, 9]), [3.0, 5.0])
    np.testing.assert_array_equal(ops.convolve(2.0, [1, 2]), [2.0, 4.0])
    np.testing.assert_array_equal(ops.correlate(Value(2.0), [1, 2], mode="full").data, [4.0, 2.0])
    assert float(ops.trapezoid([1, 2, 3], [0, 1, 3])) == 6.5
    assert ops.interp(2.5, [1, 2, 3], [3, 2, 0]) == 1.0
    np.testing.assert_array_equal(ops.cumulative_sum(3.0), np.cumulative_sum(3.0))
    assert ops.cumulative_sum(Value(A3), dtype="float32").dtype == np.float32


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        ("ops.diff(n)", ShapeError, "diff: axis -1 of 'n' (): a number has no axes"),
        ("ops.diff(w, -1)", ArgumentError, "diff: n=-1; give at least 0"),
        ("ops.diff(w, 0.5)", ArgumentError, "diff: n=0.5 is not an integer"),
        ("ops.gradient(w, edge_order=3)", ArgumentError, "gradient: edge_order=3; give 1 or 2"),
        ("ops.gradient(w, edge_order=2)", ShapeError, "gradient: 'w' (2, 3) has 2 elements along axis 0; it needs at"),
        ("ops.gradient(w, 1., 1., 1.)", ShapeError, "gradient: 3 spacings for 2 axes; give none, one, or one per axis"),
        ("ops.gradient(w, [1., 2.])", ShapeError, "gradient: coordinates for one of 2 axes"),
        (
            "ops.gradient(w, [1., 2.], axis=1)",
            ShapeError,
            "gradient: coordinates of shape (2,) for axis 1 of 'w' (2, 3)",
        ),
        ("ops.interp(n, w, w)", ShapeError, "interp: xp 'w' (2, 3) and fp 'w' (2, 3): give two rows of one length"),
        ("ops.interp(n, [], [])", ShapeError, "with at least one point"),
        ("ops.interp(n, [2., 1.], b)", ArgumentError, "interp: xp is not in ascending order; sort it"),
        ("ops.interp(n, b, b, period=0)", ArgumentError, "interp: period=0; give a plain number that is not 0"),
        ("ops.convolve(b, b, mode='some')", ArgumentError, "convolve: mode='some'; give 'full', 'same' or 'valid'"),
        ("ops.convolve(w, b)", ShapeError, "convolve: 'w' (2, 3) is not one row with at least one"),
        ("ops.convolve([], b)", ShapeError, "convolve: (0,) is not one row with at least one"),
        ("ops.cumulative_sum(w)", ShapeError, "cumulative_sum: 'w' (2, 3) has several axes; name one by axis="),
        ("ops.cumulative_sum(b, dtype=int)", ArgumentError, "cumulative_sum: dtype=int64 has no gradient"),
        ("ops.unwrap(n)", ShapeError, "unwrap: axis -1 of 'n' (): a number has no axes"),
    ],
)
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    assert words in said(program, error)
