"""Statistics: weighted means, covariances, quantiles, histograms; and reductions that
leave out elements.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, grad, gradcheck, ops
from micrograd.errors import ArgumentError, DomainError, MicrogradError, OpError, ShapeError
from micrograd.transforms import jvp
from tests.ops.composites import CHECKS, Row, said
from tests.samples.sample import A3, A23, A234, AXES, EMPTY, array

A7 = array(7)
HOLES = A234.copy()
HOLES[0, 1, 2] = HOLES[1, 0, 0] = HOLES[0, 0, 1] = np.nan
MASK = ~np.isnan(HOLES)
ROW_OF_NAN = np.array([[0.5, np.nan, 2.0], [np.nan, np.nan, np.nan]])


def _weighted(w: Any, **params: Any) -> Row:
    def f(home: Any) -> Callable[..., Any]:
        return lambda x, w: home.average(x, weights=w, **params)

    return Row("average", (A234, w), f(np), f=f(ops))


def _important(**params: Any) -> Row:
    def f(home: Any) -> Callable[..., Any]:
        return lambda x, w: home.cov(x, aweights=w, **params)

    return Row("cov", (A23, A3), f(np), f=f(ops))


MEANS = [
    *(Row("average", (A234,), np.average, p) for p in AXES),
    _weighted(A234),
    _weighted(A3, axis=1),
    _weighted(array(4, 2), axis=(2, 0)),
    _weighted(array(2, 4), axis=(0, 2), keepdims=True),
    Row("average", (0.75,), np.average),
    *(Row("ptp", (A234,), np.ptp, p) for p in AXES),
    Row("ptp", (0.75,), np.ptp),
]
SPREADS = [
    *(Row("cov", (A23,), np.cov, p) for p in ({}, {"rowvar": False}, {"bias": True}, {"ddof": 0})),
    Row("cov", (A23, A3), np.cov),
    Row("cov", (A3,), np.cov),
    *(Row("cov", (A23,), np.cov, {"fweights": [1, 3, 2], **p}) for p in ({}, {"ddof": 0}, {"bias": True})),
    *(_important(), _important(ddof=0), _important(fweights=[1, 3, 2])),
    *(Row("corrcoef", (array(3, 4),), np.corrcoef, p) for p in ({}, {"rowvar": False})),
    Row("corrcoef", (A7, array(7, low=-1.0) ** 2), np.corrcoef),
]
METHODS = [
    *("linear", "lower", "higher", "midpoint", "nearest", "inverted_cdf", "averaged_inverted_cdf"),
    *("closest_observation", "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased", "normal_unbiased"),
]
QUANTILES = [
    *(Row("quantile", (A234,), np.quantile, {"q": 0.3, **p}) for p in AXES),
    *(Row("quantile", (x,), np.quantile, {"q": 0.6}) for x in (0.75, array(1))),
    Row("percentile", (A234,), np.percentile, {"q": 30, "axis": 1}),
    Row("nanpercentile", (A234,), np.nanpercentile, {"q": 30, "axis": (0, 1), "keepdims": True}),
    *(Row("nanmedian", (A234,), np.nanmedian, p) for p in AXES),
]


def _nan(name: str, x: Any, params: dict[str, Any]) -> Row:
    return Row(f"nan{name}", (x,), getattr(np, f"nan{name}"), params)


NAN_FREE = [
    *(_nan(name, A234, p) for name in ("sum", "prod", "max", "min", "mean", "var", "std") for p in AXES),
    *(_nan(name, A234, {"ddof": 1}) for name in ("var", "std")),
    *(_nan(name, A234, {"axis": a}) for name in ("cumsum", "cumprod") for a in (None, 1)),
    *(_nan(name, 0.75, {}) for name in ("sum", "max", "mean", "median")),
    *(_nan(name, EMPTY, {"axis": 0}) for name in ("sum", "prod", "cumsum")),
]
DTYPES = [  # mostly in float64 whatever the input, as in NumPy
    *(Row("quantile", (A234,), np.quantile, {"q": [[0.0, 0.21], [0.5, 1.0]], **p}) for p in AXES[1:5]),
    *(Row("quantile", (A7,), np.quantile, {"q": [0.05, 0.4, 0.77], "method": m}) for m in METHODS),
    *(Row("percentile", (A234,), np.percentile, {"q": [30, 75.5], "axis": 1, "method": m}) for m in METHODS[:5]),
    *(Row("nanquantile", (A234,), np.nanquantile, {"q": [0.3, 0.8], **p}) for p in AXES[:4]),
    Row("quantile", (A23,), np.quantile, {"q": [], "axis": 0}),
    *SPREADS,
]


@pytest.mark.parametrize("row", MEANS + QUANTILES + NAN_FREE, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


@pytest.mark.parametrize("row", DTYPES, ids=str)
@pytest.mark.parametrize("check", CHECKS[:3])
def test_the_dtype_is_numpys(check: Callable[[Row], None], row: Row) -> None:
    check(row)
    x = np.asarray(row.inputs[0], np.float32)
    others = row.inputs[1:]
    assert row(Value(x), *others).dtype == row.numpy(x, *others, **row.params).dtype


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "mean", "var", "std", "cumsum", "cumprod", "median"])
@pytest.mark.parametrize("axis", [None, 0, 1, 2])
def test_what_is_nan_is_left_out(name: str, axis: int | None) -> None:
    name = f"nan{name}"
    f, wanted = getattr(ops, name), getattr(np, name)(HOLES, axis=axis)
    np.testing.assert_allclose(f(HOLES, axis=axis), wanted, rtol=1e-13)
    np.testing.assert_allclose(f(Value(HOLES), axis=axis).data, wanted, rtol=1e-13)
    for dtype in (np.float32, np.float64):
        v = Value(HOLES.astype(dtype))
        f(v, axis=axis).sum().backward()
        assert v.grad.dtype == dtype
        np.testing.assert_array_equal(v.grad[~MASK], 0.0)

    def of_known(x: Any) -> Any:
        return f(ops.index_set(HOLES, x, index=MASK), axis=axis)

    kink = (name, axis) == ("nanstd", 0)  # of one number alone it is 0, where there is no second derivative
    assert gradcheck(of_known, [HOLES[MASK]], order=1 if kink else 2)


@pytest.mark.parametrize("method", METHODS)
def test_quantiles_of_what_is_not_nan(method: str) -> None:
    q = [0.1, 0.5, 0.9]
    for axis in (0, 1, 2, (0, 2), None):
        z = ops.nanquantile(Value(HOLES), q, axis=axis, method=method)
        np.testing.assert_allclose(z.data, np.nanquantile(HOLES, q, axis=axis, method=method), rtol=1e-13)
        z = ops.quantile(Value(HOLES), q, axis=axis, method=method)  # nan for a row that has one
        np.testing.assert_allclose(z.data, np.quantile(HOLES, q, axis=axis, method=method), rtol=1e-13)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "mean", "var", "std", "median"])
@pytest.mark.parametrize("options", [{}, {"keepdims": True}])
def test_rows_of_nothing_but_nan(name: str, options: dict[str, Any]) -> None:
    v = Value(ROW_OF_NAN)
    z = getattr(ops, f"nan{name}")(v, axis=1, **options)
    np.testing.assert_allclose(z.data, getattr(np, f"nan{name}")(ROW_OF_NAN, axis=1, **options))
    z[0].sum().backward()
    assert np.isfinite(v.grad[0]).all()


def test_where_several_tie() -> None:
    x = np.array([3.0, np.nan, 3.0, 1.0])
    np.testing.assert_array_equal(grad(ops.nanmax)(x), [0.5, 0.0, 0.5, 0.0])
    np.testing.assert_array_equal(grad(ops.ptp)(np.array([3.0, 3.0, 1.0])), [0.5, 0.5, -1.0])
    np.testing.assert_array_equal(grad(lambda v: ops.quantile(v, 0.5))(np.array([2.0, 2.0, 2.0])), [0.0, 1.0, 0.0])
    np.testing.assert_array_equal(grad(ops.nanstd)(np.array([0.1, np.nan, 0.1, 0.1])), np.zeros(4))


OPTIONS: list[tuple[str, dict[str, Any]]] = [
    *((name, {"where": MASK, "axis": a}) for name in ("sum", "prod", "mean", "var", "std") for a in (None, 1, (0, 2))),
    *((name, {"where": MASK[0], "axis": (1, 2), "keepdims": True}) for name in ("sum", "prod", "mean", "var", "std")),
    *((name, {"initial": 1.3, "axis": a}) for name in ("sum", "prod", "max", "min") for a in (None, 1, (0, 2))),
    *((name, {"initial": 1.3, "where": MASK, "axis": 1}) for name in ("sum", "prod", "max", "min")),
    *((name, {"where": MASK, "axis": 1, "ddof": 1}) for name in ("var", "std")),
    *((name, {"mean": np.full((2, 1, 4), 1.5), "axis": 1}) for name in ("var", "std")),
    *((name, {"dtype": np.float64}) for name in ("sum", "prod", "mean", "var", "std", "cumsum", "cumprod")),
]


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=str)
def test_options_of_reductions(name: str, options: dict[str, Any]) -> None:
    """Through NumPy's function and the method; both modes, second order; what is left
    out may be nan.
    """

    def f(x: Any) -> Any:
        return getattr(np, name)(x, **options)

    wanted = f(A234)
    np.testing.assert_allclose(f(Value(A234)).data, wanted, rtol=1e-13)
    np.testing.assert_allclose(getattr(Value(A234), name)(**options).data, wanted, rtol=1e-13)
    assert np.shape(f(Value(A234))) == np.shape(wanted)
    assert gradcheck(f, [A234])
    _, t = jvp(f, (A234,), (np.ones_like(A234),))
    np.testing.assert_allclose(np.sum(t), np.sum(grad(lambda x: np.sum(f(x)))(A234)), rtol=1e-12, atol=1e-13)
    if "where" in options and "dtype" not in options:
        v = Value(np.where(MASK, A234, np.nan).astype(np.float32))
        z = f(v) if np.shape(options["where"]) == np.shape(v) else np.sum(v * 0.0, where=MASK)
        z.sum().backward()
        assert np.isfinite(z.data).all() and np.isfinite(v.grad[MASK]).all()
        np.testing.assert_array_equal(v.grad[~MASK], 0.0)
        assert (z.dtype, v.grad.dtype) == (np.float32, np.float32)


def test_options_of_questions_and_dtypes() -> None:
    v = Value(A23.astype(np.float32))
    assert not np.any(v, where=np.zeros((2, 3), bool)) and v.all(where=[True, False, True])
    assert np.sum(v, dtype=np.float64).dtype == np.float64
    assert v.mean(dtype="float64").dtype == np.float64
    np.sum(v, dtype=np.float64).backward()
    assert v.grad.dtype == np.float32
    np.testing.assert_array_equal(np.max(Value(EMPTY), axis=0, initial=2.0).data, [2.0, 2.0, 2.0])
    assert (
        grad(lambda a: np.sum(A23, initial=1.0) * a + np.max(np.array([1.0, a * 2.0, 3.0], dtype=object)[:1]))(2.0) > 0
    )
    np.testing.assert_array_equal(grad(lambda a: np.sum(a * A23, initial=a))(2.0), A23.sum() + 1.0)


@pytest.mark.parametrize(
    "ufunc", [np.add, np.multiply, np.subtract, np.divide, np.maximum, np.logaddexp, np.hypot, np.fmin]
)
@pytest.mark.parametrize("method", ["reduce", "accumulate", "outer"])
def test_methods_of_ufuncs(ufunc: Any, method: str) -> None:
    for axis in (0, 1, -1):
        inputs = (A23, A3) if method == "outer" else (A23,)
        options = {} if method == "outer" else {"axis": axis}

        def f(*xs: Any, _options: Any = options) -> Any:
            return getattr(ufunc, method)(*xs, **_options)

        np.testing.assert_allclose(f(*map(Value, inputs)).data, f(*inputs), rtol=1e-13)
        assert gradcheck(f, [x + 0.03 * i for i, x in enumerate(inputs)])


def test_averages_give_their_weights() -> None:
    for options in ({}, {"axis": 1}, {"axis": 1, "keepdims": True}):
        for w in (None, A23):
            given = ops.average(Value(A23), weights=w, returned=True, **options)
            for z, wanted in zip(given, np.average(A23, weights=w, returned=True, **options), strict=True):
                np.testing.assert_allclose(z.data if isinstance(z, Value) else z, wanted, rtol=1e-14)


def test_correlation_of_one_and_of_perfect_ones() -> None:
    assert ops.corrcoef(Value(A7)).data == 1.0
    rows = np.array([[1.0, 2.0, 4.0], [2.0, 4.0, 8.0], [-1.0, -2.0, -4.0]])
    np.testing.assert_allclose(ops.corrcoef(Value(rows)).data, np.corrcoef(rows), rtol=1e-15)
    np.testing.assert_allclose(grad(lambda x: ops.sum(ops.corrcoef(x)))(rows), np.zeros((3, 3)), atol=1e-15)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_too_few_observations_are_nan_as_in_numpy() -> None:
    for given, wanted in ((ops.cov(Value(3.0)), np.cov(3.0)), (ops.cov(A23, ddof=3), np.cov(A23, ddof=3))):
        np.testing.assert_array_equal(given.data if isinstance(given, Value) else given, wanted)
    for name in ("nanmean", "nanvar", "nanstd"):
        np.testing.assert_array_equal(getattr(ops, name)(Value(EMPTY), axis=0).data, getattr(np, name)(EMPTY, axis=0))
    np.testing.assert_array_equal(np.var(Value(A3), where=A3 > 9.0).data, np.var(A3, where=A3 > 9.0))


def test_lists_and_numbers() -> None:
    assert float(ops.nansum([1, 2])) == 3.0 and float(ops.nanmax([1.0, 2.0])) == 2.0
    assert float(ops.quantile([1, 2], 0.5)) == 1.5 and float(ops.ptp([1, 3])) == 2.0
    assert float(ops.average([1, 2], weights=[3, 1])) == 1.25
    for name in ("nansum", "nanmean", "nanmedian", "average", "nanmin"):
        z = getattr(ops, name)(Value(3))
        assert z.data == 3
        z.backward()
    assert ops.quantile(Value(3), [0.2, 0.3]).data.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("bins", [3, "auto", "sturges", [0.6, 1.0, 1.9]])
def test_histograms(bins: Any) -> None:
    for options in ({}, {"density": True}, {"range": (0.7, 1.8)}):
        for weights in (None, A234[::-1]):
            if isinstance(bins, str) and weights is not None:
                continue  # which NumPy refuses
            given = ops.histogram(Value(A234), bins=bins, weights=weights, **options)
            for z, wanted in zip(given, np.histogram(A234, bins, weights=weights, **options), strict=True):
                np.testing.assert_allclose(z.data if isinstance(z, Value) else z, wanted, rtol=1e-13)
    assert gradcheck(lambda w: ops.histogram(A234, bins=bins if isinstance(bins, list) else 3, weights=w)[0], [A234])
    equal = Value([2.0, 2.0])
    np.testing.assert_array_equal(ops.histogram_bin_edges(equal, bins=2).data, np.histogram_bin_edges([2.0, 2.0], 2))


def test_infinite_elements_keep_to_themselves() -> None:
    """NumPy's line between 1 and inf is nan at its ends."""
    x = np.array([1.0, math.inf, 0.0])
    np.testing.assert_array_equal(ops.quantile(x, [0.0, 0.5, 1.0]), [0.0, 1.0, math.inf])


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        ("ops.quantile(w, n * 0.1)", ArgumentError, "is a Value, and q has no gradient; give plain numbers"),
        (
            "ops.quantile(w, 1.5)",
            ArgumentError,
            "quantile: q=1.5, method='linear': Quantiles must be in",
        ),
        ("ops.percentile(w, 150)", ArgumentError, "percentile: q=150 is not between 0 and 100"),
        ("ops.quantile(w, 0.5, method='mean')", ArgumentError, "quantile: q=0.5, method='mean': 'mean' is not a valid"),
        ("ops.quantile(w, 0.5, weights=raw)", ArgumentError, "quantile: there is no weights= here; take"),
        ("ops.quantile(e, 0.5, axis=0)", ShapeError, "quantile: 'e' (0, 3) has no element along axis 0"),
        (
            "ops.average(w, weights=b)",
            ShapeError,
            "average: weights of shape 'b' (2,) for 'w' (2, 3): give the shape",
        ),
        ("ops.average(b, weights=[1., -1.])", DomainError, "average: the weights sum to 0, so there is no mean"),
        ("ops.cov(np.ones((2, 2, 2)))", ShapeError, "cov: (2, 2, 2) has more than two axes"),
        (
            "ops.quantile(w, 'a')",
            ArgumentError,
            "quantile: q='a' is not a number; give one, or an array of",
        ),
        ("ops.percentile(w, None, axis=1)", ArgumentError, "percentile: q=None is not between 0 and 100"),
        ("ops.ptp(e, axis=0)", ShapeError, "ptp: 'e' (0, 3) has no element along axis 0; it needs at least one"),
        ("ops.cov(w, fweights=[1, 2])", ShapeError, "cov: fweights of shape (2,) for 3 observations; give one for"),
        (
            "ops.cov(b, fweights=[0.5, 1])",
            ArgumentError,
            "cov: fweights count observations, so give whole",
        ),
        (
            "ops.cov(b, aweights=[-1, 1])",
            ArgumentError,
            "cov: aweights holds a negative weight; give",
        ),
        ("ops.histogram(w, weights=b)", ShapeError, "histogram: weights of shape 'b' (2,) for 'w' (2, 3)"),
        ("ops.nanmax(w, where=raw > 1)", ArgumentError, "nanmax: where= may leave out all elements; give initial=,"),
        ("np.max(w, where=raw > 1)", ArgumentError, "max: where= may leave out all elements; give initial=,"),
        ("np.sum(w, where=[True, False])", ShapeError, "sum: where= of shape (2,) for 'w' (2, 3): it must broadcast"),
        ("np.sum(w, dtype=int)", ArgumentError, "sum: dtype=int64 has no gradient; give a floating-point type"),
        ("w.sum(0, float)", ArgumentError, "sum: keepdims=<class 'float'> is not True or False; give dtype="),
        ("w.sum(out=raw)", OpError, "sum: a Value is never written into, so there is no out=; write z = v.sum(...)"),
        ("np.var(w, ddof=1, correction=2, where=raw > 1)", ArgumentError, "ddof=1 and correction=2 are the same thing"),
        (
            "np.subtract.reduce(w, axis=None)",
            ArgumentError,
            "np.subtract.reduce: axis=None of 'w' (2, 3): the order",
        ),
        ("np.subtract.reduce(e)", ShapeError, "np.subtract.reduce: 'e' (0, 3) has no element along axis 0"),
        ("np.add.outer(w, b, order='C')", OpError, "np.add.outer: there is no op for it with order="),
        ("np.multiply.at(w, 0, 2.)", OpError, "write w = v.at[index].multiply(...), a new value"),
        ("raw += w", OpError, "with out=, as a Value is never written into; write a = a + v in place of a += v"),
        ("raw //= w", OpError, "with out=, as a Value is never written into; write a = a // v in place of a //= v"),
        ("np.exp(w, where=raw > 1)", OpError, "write np.where(mask, np.exp(v), other)"),
        ("np.exp(w, dtype=int)", ArgumentError, "np.exp: dtype=int64 has no gradient; give a floating-point type"),
    ],
)
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    assert words in said(program, error)


def test_what_is_left_out_has_no_share_in_an_infinite_extremum() -> None:
    """It is filled with the same infinity, and once took half of the gradient."""
    lowest = np.array([-np.inf, np.nan, -np.inf])
    for d in (grad, elementwise_forward):
        np.testing.assert_array_equal(d(np.nanmax)(lowest[:2]), [1.0, 0.0])
        np.testing.assert_array_equal(d(np.nanmax)(lowest), [0.5, 0.0, 0.5])
        np.testing.assert_array_equal(d(np.nanmin)(-lowest[:2]), [1.0, 0.0])
        known = np.array([True, False, False])
        np.testing.assert_array_equal(
            d(lambda x, known=known: np.max(x, where=known, initial=-np.inf))(np.full(3, -np.inf)), [0.5, 0.0, 0.0]
        )
    assert np.max(Value([1.0, 2.0]), where=[False, False], initial=-np.inf).data == -np.inf
    rows = np.array([[-np.inf, np.nan], [1.0, 2.0]])
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.nanmax(x, axis=1)))(rows), [[1.0, 0.0], [0.0, 1.0]])


def elementwise_forward(f: Any) -> Any:
    return lambda x: np.array([jvp(f, (x,), (t,))[1] for t in np.eye(len(x))])


@pytest.mark.parametrize("name", ["nanmax", "nanmin"])
@pytest.mark.parametrize("initial", [-9.0, 0.5, 9.0])
def test_the_largest_of_some_or_of_a_number(name: str, initial: float) -> None:
    x, where = np.array([np.nan, 2.0, -3.0, 5.0]), np.array([True, True, True, False])
    v = Value(x)
    z = getattr(ops, name)(v, where=where, initial=initial)
    wanted = getattr(np, name)(x, where=where, initial=initial)
    assert z.data == wanted
    z.backward()
    np.testing.assert_array_equal(v.grad, (x == wanted) & where)


@pytest.mark.parametrize("name", ["percentile", "nanquantile", "nanpercentile"])
def test_quantiles_take_no_weights(name: str) -> None:
    with pytest.raises(ArgumentError, match=rf"^{name}: .*weights= .*; take "):
        getattr(ops, name)(Value(A3), 0.5, weights=np.ones(3))


def test_the_least_of_some_asks_for_a_number_where_there_may_be_none() -> None:
    with pytest.raises(ArgumentError, match=r"^nanmin: where= .*initial="):
        ops.nanmin(Value(A3), where=A3 > 9.0)
