"""Elementwise functions that are composed of ops: rounding.py and elementwise.py; and
sinc and i0 at 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, grad, ops
from micrograd.errors import ArgumentError, MicrogradError, ShapeError
from micrograd.transforms import jvp
from tests.ops.composites import CHECKS, Row, said
from tests.samples.sample import A3, A13, A21, A23, EMPTY, SIGNED

NAN = math.nan
HOLES = np.array([[0.5, NAN, 2.0], [NAN, -1.5, 1.0]])
_ONE = (0.75, -0.75, SIGNED, EMPTY)
_PAIRS = [(2.5, 0.75), (A23, A3 + 0.1), (A21, A13 + 0.1), (2.5, A23), (EMPTY, A3)]


def _name(name: str) -> Callable[..., Any]:
    return getattr(np, name)  # type: ignore[no-any-return]


ROWS = [
    *(Row(name, (x,), _name(name)) for name in ("deg2rad", "rad2deg", "degrees", "radians") for x in _ONE),
    *(Row(name, (x,), _name(name)) for name in ("real", "conj", "conjugate", "real_if_close", "rint") for x in _ONE),
    *(Row("angle", (x,), np.angle) for x in _ONE),
    *(Row("fix", (x,), np.fix) for x in (0.75, -0.75, 2.9 * SIGNED + 0.05, EMPTY)),
    Row("angle", (SIGNED,), np.angle, {"deg": True}),
    *(Row(name, pair, _name(name)) for name in ("fmax", "fmin") for pair in _PAIRS),
    *(Row("nan_to_num", (x,), np.nan_to_num) for x in _ONE),
    Row("nan_to_num", (SIGNED,), np.nan_to_num, {"nan": 3.0, "posinf": 1.0}),
    *(Row("polyval", (p, x), np.polyval) for p in (A3, EMPTY[:, 0]) for x in (0.75, A23, EMPTY)),
    *(Row("vander", (A3,), np.vander, p) for p in ({}, {"N": 2}, {"N": 4, "increasing": True}, {"N": 0})),
    *(Row("ldexp", (x,), lambda x, n: np.ldexp(x, n), {"n": 3}) for x in _ONE),
    Row("ldexp", (A23,), lambda x, n: np.ldexp(x, n), {"n": np.array([-2, 0, 5])}),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


@pytest.mark.parametrize("row", [Row("float_power", pair, np.float_power) for pair in _PAIRS], ids=str)
@pytest.mark.parametrize("check", CHECKS[:3])
def test_float_power(check: Callable[[Row], None], row: Row) -> None:
    check(row)


def test_float_power_is_in_double_precision() -> None:
    x = Value(np.full(2, 1.1, np.float32))
    z = ops.float_power(x, 2)
    assert z.dtype == np.float64
    np.testing.assert_array_equal(z.data, np.float_power(x.data, 2))
    z.sum().backward()
    assert x.grad.dtype == np.float32


@pytest.mark.parametrize("name", ["divmod", "modf"])
@pytest.mark.parametrize("x", [-7.5, 2.25, SIGNED, EMPTY, np.array([-2.0, 0.0, math.inf, -math.inf])])
def test_pairs(name: str, x: Any) -> None:
    others = (1.75,) if name == "divmod" else ()
    with np.errstate(all="ignore"):
        given, wanted = getattr(ops, name)(Value(x), *others), getattr(np, name)(x, *others)
    for z, w in zip(given, wanted, strict=True):
        np.testing.assert_array_equal(z.data, w)
        np.testing.assert_array_equal(np.signbit(z.data), np.signbit(w))


def test_pairs_have_gradients() -> None:
    assert grad(lambda x: ops.divmod(x, 2.0)[1] * 3.0 + ops.divmod(x, 2.0)[0])(7.5) == 3.0
    assert grad(lambda y: ops.divmod(7.5, y)[1])(2.0) == -3.0
    assert grad(lambda x: ops.modf(x)[0] * 3.0 + ops.modf(x)[1])(7.5) == 3.0


@pytest.mark.parametrize("name", ["fmax", "fmin"])
def test_the_one_that_is_a_number(name: str) -> None:
    y = np.array([[1.0, 1.0, NAN], [NAN, -1.5, 1.0]])
    x, w = Value(HOLES), Value(y)
    z = getattr(ops, name)(x, w)
    np.testing.assert_array_equal(z.data, getattr(np, name)(HOLES, y))
    z.backward(np.ones((2, 3)))
    known = (~np.isnan(HOLES)).astype(int) + ~np.isnan(y)
    np.testing.assert_array_equal((x.grad + w.grad)[known > 0], np.ones(5))  # one share in all, ties at half
    np.testing.assert_array_equal(w.grad[np.isnan(HOLES) & ~np.isnan(y)], 1.0)
    np.testing.assert_array_equal(x.grad[1], [w.grad[1, 0], 0.5, 0.5])


def test_replaced_numbers_have_no_gradient() -> None:
    odd = np.array([NAN, math.inf, -math.inf, 2.0])
    x = Value(odd)
    z = ops.nan_to_num(x, nan=7.0)
    np.testing.assert_array_equal(z.data, np.nan_to_num(odd, nan=7.0))
    z.backward(np.ones(4))
    np.testing.assert_array_equal(x.grad, [0.0, 0.0, 0.0, 1.0])
    small = ops.nan_to_num(Value(odd.astype(np.float32)))
    assert small.dtype == np.float32
    np.testing.assert_array_equal(small.data, np.nan_to_num(odd.astype(np.float32)))
    assert ops.nan_to_num(math.inf) == np.nan_to_num(math.inf)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_ldexp_where_the_power_alone_is_out_of_range(dtype: Any) -> None:
    far = np.finfo(dtype).maxexp
    x = np.array([np.finfo(dtype).tiny, np.finfo(dtype).max, 0.75], dtype)
    n = np.array([far + 50, -far - 50, far - 1])
    np.testing.assert_array_equal(ops.ldexp(Value(x), n).data, np.ldexp(x, n))


@pytest.mark.parametrize("x", [0.0, 1e-300, 1e-12, -1e-5, 1e-3, 0.1])
def test_sinc_to_the_second_order_near_zero(x: float) -> None:
    """sinc' = -pi^2 x / 3 + pi^4 x^3 / 30 - ..., where (cos(pi x) - sinc(x)) / x has
    lost its digits.
    """
    u = math.pi * x
    slope = math.pi * (-u / 3 + u**3 / 30 - u**5 / 840 + u**7 / 45360 - u**9 / 3991680)
    bend = math.pi**2 * (-1 / 3 + u**2 / 10 - u**4 / 168 + u**6 / 6480 - u**8 / 443520)
    rtol = 1e-14 if x < 0.1 else 1e-11  # where the series above ends
    for at in (lambda x: x, lambda x: np.array([x])):
        np.testing.assert_allclose(grad(lambda v: ops.sum(ops.sinc(v)))(at(x)), at(slope), rtol=rtol)
        np.testing.assert_allclose(
            grad(lambda v: ops.sum(grad(lambda w: ops.sum(ops.sinc(w)))(v)))(at(x)), at(bend), rtol=rtol
        )
        np.testing.assert_allclose(jvp(ops.sinc, (at(x),), (at(1.0),))[1], at(slope), rtol=rtol)


def test_i0_at_zero_and_far_out() -> None:
    assert grad(ops.i0)(0.0) == 0.0
    assert grad(grad(ops.i0))(0.0) == 0.5
    from scipy import special

    for x in (1e-12, 5.0, 700.0):
        np.testing.assert_allclose(grad(ops.i0)(x), special.i1(x), rtol=1e-13)


def test_operators() -> None:
    x, y = Value(7.5), Value([2.0, -2.0])
    assert (x // 2, 20.0 // x, x // x) and (x // 2).data == 3.0 and (20.0 // x).data == 2.0
    np.testing.assert_array_equal((x // y).data, 7.5 // y.data)
    np.testing.assert_array_equal((np.array([9.0, 8.0]) // y).data, [4.0, -4.0])
    q, r = divmod(x, y)
    np.testing.assert_array_equal((q * y + r).data, [7.5, 7.5])
    q, r = divmod(20.0, x)
    assert (q.data, r.data) == divmod(20.0, 7.5)
    assert (Value(7) // 2).data == 3 and (7 // Value(2)).data == 3
    r.backward()
    assert x.grad == -2.0
    assert jvp(lambda v: v // 2.0 + divmod(v, 2.0)[1], (7.5,), (1.0,)) == (4.5, 1.0)


def test_real_and_imaginary_parts() -> None:
    x = Value([1.0, -2.0])
    (x.real * 3.0 + x.imag + x.conj() + x.conjugate()).sum().backward()
    np.testing.assert_array_equal(x.grad, [5.0, 5.0])
    assert Value(2.0).imag == 0.0 and Value(2.0).real.data == 2.0
    np.testing.assert_array_equal(np.imag(x), [0.0, 0.0])
    assert Value(np.ones(2, np.float32)).imag.dtype == np.float32
    np.testing.assert_array_equal(ops.angle(Value([0.0, -0.0, NAN, -1.0])).data, np.angle([0.0, -0.0, NAN, -1.0]))
    assert grad(lambda v: ops.angle(v) + v.real)(-2.0) == 1.0


def test_lists_of_numbers() -> None:
    for name in (
        "deg2rad",
        "rad2deg",
        "real",
        "conj",
        "conjugate",
        "real_if_close",
        "angle",
        "nan_to_num",
        "fix",
        "rint",
    ):
        np.testing.assert_array_equal(getattr(ops, name)([1.0, -2.5]), getattr(np, name)([1.0, -2.5]))
    np.testing.assert_array_equal(ops.fmax([1, NAN], 0.5), [1.0, 0.5])
    np.testing.assert_array_equal(ops.float_power([2, 3], 2), [4.0, 9.0])
    np.testing.assert_array_equal(ops.ldexp([1, 3], [1, 2]), [2.0, 12.0])


@pytest.mark.parametrize("x", [0.0, -0.0, -0.5, 0.5, NAN, -math.inf, 1e300])
@pytest.mark.parametrize("name", ["trunc", "fix", "rint"])
def test_steps_of_numbers_as_of_arrays(name: str, x: float) -> None:
    z, wanted = getattr(ops, name)(x), getattr(np, name)(x)
    np.testing.assert_array_equal(z, wanted)
    if name != "rint":
        assert math.copysign(1.0, z) == math.copysign(1.0, wanted)


@pytest.mark.filterwarnings("ignore:invalid value|divide by zero:RuntimeWarning")
@pytest.mark.parametrize("pair", [(7.5, 0.0), (-7.5, 0.0), (0.0, 0.0), (math.inf, 2.0), (7.5, math.inf), (NAN, 1.0)])
@pytest.mark.parametrize("name", ["floor_divide", "fmod", "heaviside", "copysign", "fmax"])
def test_odd_numbers_as_arrays(name: str, pair: tuple[float, float]) -> None:
    np.testing.assert_array_equal(getattr(ops, name)(*pair), getattr(np, name)(*pair))
    np.testing.assert_array_equal(
        getattr(ops, name)(*map(np.atleast_1d, pair)), getattr(np, name)([pair[0]], [pair[1]])
    )


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        (
            "ops.ldexp(w, 0.5)",
            ArgumentError,
            "ldexp: n=0.5 is not a plain integer, or an array of them; write x * np.exp2(n)",
        ),
        ("ops.ldexp(w, n)", ArgumentError, "is not a plain integer, or an array of them"),
        ("ops.vander(w)", ShapeError, "vander: 'w' (2, 3) is not one row of numbers; ravel() it first"),
        ("ops.vander(b, -1)", ArgumentError, "vander: N=-1; give 0 or more"),
        ("ops.polyval(w, 2.0)", ShapeError, "polyval: coefficients 'w' (2, 3) are not one row; give one"),
        (
            "ops.nan_to_num(w, copy=False)",
            ArgumentError,
            "copy=False: a Value is not changed in place; leave copy out, use the result",
        ),
        ("w // np.ones(2)", ShapeError, "floor_divide: 'w' (2, 3) and (2,) do not broadcast"),
    ],
)
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    assert words in said(program, error)
