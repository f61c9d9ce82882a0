"""The table, more elementwise functions of NumPy: angles, polynomials, sinc and i0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_input, float_type
from micrograd.errors import ArgumentError, ShapeError
from micrograd.exact import number_like
from micrograd.op import Array, elementwise, named, shape_of
from micrograd.ops.alarms import are_numbers, integer_of
from micrograd.ops.arithmetic import absolute, as_long, cast, maximum, minimum, positive, where
from micrograd.ops.comparisons import equal, isinf, isnan, less, logical_and
from micrograd.ops.functions import arctan2, exp2, log1p, power, raise_to, sigmoid, sin
from micrograd.ops.indexing import getitem
from micrograd.ops.joining import stack
from micrograd.ops.shapes import reshape

__all__ = [
    "angle",
    "conj",
    "conjugate",
    "deg2rad",
    "degrees",
    "float_power",
    "fmax",
    "fmin",
    "i0",
    "i0_derivative",
    "logaddexp2",
    "nan_to_num",
    "polyval",
    "rad2deg",
    "radians",
    "real",
    "real_if_close",
    "sinc",
    "sinc_derivative",
    "vander",
]


def deg2rad(x: Array) -> Array:
    """An angle in radians, from degrees, elementwise.

    z = x pi / 180

    Args:
        x: value of any shape, in degrees.

    >>> deg2rad(180.0)
    3.141592653589793
    """
    return as_input(x, "deg2rad") * (math.pi / 180.0)


def rad2deg(x: Array) -> Array:
    """An angle in degrees, from radians, elementwise.

    z = 180 x / pi

    Args:
        x: value of any shape, in radians.

    >>> rad2deg(math.pi)
    180.0
    """
    return as_input(x, "rad2deg") * (180.0 / math.pi)


def radians(x: Array) -> Array:
    """An angle in radians, from degrees, elementwise: another name of `deg2rad`.

    Args:
        x: value of any shape, in degrees.

    >>> radians(180.0)
    3.141592653589793
    """
    return deg2rad(x)


def degrees(x: Array) -> Array:
    """An angle in degrees, from radians, elementwise: another name of `rad2deg`.

    Args:
        x: value of any shape, in radians.

    >>> degrees(math.pi)
    180.0
    """
    return rad2deg(x)


def real(x: Array) -> Array:
    """The real part of real numbers: the same numbers, as a node of their own.

    Args:
        x: value of any shape.

    >>> real(-2.0)
    -2.0
    """
    return positive(as_input(x, "real"))


def conj(x: Array) -> Array:
    """The complex conjugate of real numbers: the same numbers, as a node of their own.

    Args:
        x: value of any shape.

    >>> conj(-2.0)
    -2.0
    """
    return positive(as_input(x, "conj"))


def conjugate(x: Array) -> Array:
    """The complex conjugate of real numbers: another name of `conj`.

    Args:
        x: value of any shape.

    >>> conjugate(-2.0)
    -2.0
    """
    return positive(as_input(x, "conjugate"))


def real_if_close(x: Array, *, tol: float = 100) -> Array:
    """The same numbers, as a node of their own: all numbers here are real.

    Args:
        x: value of any shape.
        tol: how small an imaginary part would have to be; real numbers have none.

    >>> real_if_close(2.0)
    2.0
    """
    return positive(as_input(x, "real_if_close"))


def angle(x: Array, *, deg: bool = False) -> Array:
    """Angle of real numbers in the complex plane, elementwise.

    z = 0 where x has no minus sign, else pi

    The derivative is 0.

    Args:
        x: value of any shape.
        deg: give degrees, not radians.

    >>> angle(-2.0), angle(-2.0, deg=True)
    (3.141592653589793, 180.0)
    """
    z = arctan2(0.0, as_input(x, "angle"))
    return rad2deg(z) if deg else z


def float_power(x: Array, y: Array) -> Array:
    """Power, elementwise, always in float64.

    z = x^y

    Args:
        x: value of any shape.
        y: the exponent, of a shape that broadcasts.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> float_power(2.0, 3.0)
    8.0
    """
    return power(_double(as_input(x, "float_power")), _double(as_input(y, "float_power")))


def _double(x: Array) -> Array:
    return x if are_numbers(x) or x.dtype == float else cast(x, dtype=float)


def fmax(x: Array, y: Array) -> Array:
    """The larger of two, elementwise; where one is nan, the other.

    z = max(x, y)

    Where both are equal, each gets half of the gradient.

    Args:
        x: value of any shape.
        y: another, of a shape that broadcasts.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fmax(2.0, math.nan)
    2.0
    """
    x, y = as_input(x, "fmax"), as_input(y, "fmax")
    return maximum(_unless_nan(x, y), _unless_nan(y, x))


def fmin(x: Array, y: Array) -> Array:
    """The smaller of two, elementwise; where one is nan, the other.

    z = min(x, y)

    Where both are equal, each gets half of the gradient.

    Args:
        x: value of any shape.
        y: another, of a shape that broadcasts.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fmin(2.0, math.nan)
    2.0
    """
    x, y = as_input(x, "fmin"), as_input(y, "fmin")
    return minimum(_unless_nan(x, y), _unless_nan(y, x))


def _unless_nan(x: Array, y: Array) -> Array:
    """x, but y where x is nan: there y gets both halves of a maximum's gradient."""
    missing = isnan(x)
    if isinstance(missing, (bool, np.bool_)):
        return y if missing else x
    return where(missing, y, x)


def nan_to_num(
    x: Array, *, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Array:
    """x with numbers in place of nan and infinities, elementwise.

    What is replaced has the gradient 0.

    Args:
        x: value of any shape.
        copy: True; values are never changed in place.
        nan: what replaces nan.
        posinf: what replaces inf; by default the largest number of the dtype.
        neginf: what replaces -inf; by default the smallest number of the dtype.

    Raises:
        ArgumentError: copy is False.

    >>> nan_to_num(math.nan)
    0.0
    """
    if not copy:
        raise ArgumentError("nan_to_num: copy=False: a Value is not changed in place; leave copy out, use the result")
    x = as_input(x, "nan_to_num")
    largest = float(np.finfo(float_type(x)).max)
    high, low = largest if posinf is None else posinf, -largest if neginf is None else neginf
    endless = isinf(x)
    up, down = logical_and(endless, x > 0), logical_and(endless, x < 0)
    return where(isnan(x), nan, where(up, high, where(down, low, x)))


_LN2 = math.log(2.0)
_LOG2_E = 1.0 / _LN2


@elementwise(
    "logaddexp2",
    lambda z, x, y: where(equal(z, -math.inf), 0.0, sigmoid((x - y) * _LN2)),
    lambda z, x, y: where(equal(z, -math.inf), 0.0, sigmoid((y - x) * _LN2)),
    kink="0 where both are -inf",
    c=lambda x, y: where(less(x, y), y, x) + _LOG2_E * log1p(exp2(-absolute(x - y))),
    tex=r"\log_2\left(2^{{{0}}} + 2^{{{1}}}\right)",
    commutative=True,
    identity=-math.inf,
)
def logaddexp2(x: Array, y: Array) -> Array:
    """Logarithm to base 2 of the sum of two powers of 2, elementwise, without overflow.

    Two inputs of -inf, the logarithms of 0, give -inf and the gradient 0.

    z = log2 (2^x + 2^y)

    >>> logaddexp2(1000.0, 1000.0)
    1001.0
    """
    if not are_numbers(x, y):
        return np.logaddexp2(x, y)
    # Equal inputs on their own, as inf - inf is nan.
    return x + 1.0 if x == y else max(x, y) + _LOG2_E * math.log1p(math.exp2(-abs(x - y)))


# sinc and i0: derivatives of every order. The formulas of textbooks lose digits near 0.


_NEAR = 1e-20  # stands for 0 in sinc, as in NumPy: sin(u) / u is 1 there


def _wave(x: Array) -> Array:
    u = math.pi * where(equal(x, 0.0), _NEAR, x)
    return sin(u) / u


@elementwise("sinc", lambda z, x: sinc_derivative(x, order=1), c=_wave)
def sinc(x: Array) -> Array:
    """The normalised sinc function, elementwise.

    z = sin(pi x) / (pi x); 1 at 0

    Its derivatives of every order are right at 0 and near it.

    >>> sinc(0.0), sinc(0.5)
    (1.0, 0.6366197723675814)
    """
    if not are_numbers(x):
        return np.sinc(x)
    u = math.pi * (x or _NEAR)
    return sin(u) / u


@elementwise(
    "sinc^({order})",
    lambda z, x, *, order: sinc_derivative(x, order=order + 1),
    tex=r"\operatorname{{sinc}}^{{({order})}}\left({0}\right)",
)
def sinc_derivative(x: Array, *, order: int) -> Array:
    """The derivative of `sinc` of an order, elementwise.

    With u = pi x, near 0 it is the series of sin(u) / u. Elsewhere, with s_n the
    derivative of order n by u, u s_n + n s_{n-1} = sin(u + n pi / 2). This loses no
    digits where |u| is at least n.

    Args:
        x: value of any shape.
        order: how many times to differentiate, 0 or more.

    >>> sinc_derivative(0.0, order=2)
    -3.2898681336964524
    """
    u: Any = np.multiply(x, math.pi)
    near = abs(u) < max(1, order)
    far = np.where(near, 1.0, u)
    s = np.sin(far) / far
    for n in range(1, order + 1):
        s = (np.sin(far + n * (math.pi / 2.0)) - n * s) / far
    close = np.where(near, u, 0.0)
    series: Any = 0.0
    for k in reversed(range((order + 1) // 2, order + 14)):
        factor = (-1.0) ** k / ((2 * k + 1) * math.factorial(2 * k - order))
        series = series * close * close + factor
    series = series * close if order % 2 else series
    z = np.where(near, series, s) * math.pi**order
    return float(z) if are_numbers(x) else z.astype(float_type(x), copy=False)


@elementwise("i0", lambda z, x: i0_derivative(x, order=1), tex=r"I_0\left({0}\right)")
def i0(x: Array) -> Array:
    """Modified Bessel function of the first kind and order 0, elementwise.

    z = 1 / pi integral from 0 to pi of e^(x cos s) ds; inf from about 713 on

    >>> i0(0.0)
    1.0
    """
    z = np.i0(x)
    return float(z) if are_numbers(x) else z.astype(float_type(x), copy=False)


@elementwise(
    "i0^({order})", lambda z, x, *, order: i0_derivative(x, order=order + 1), tex=r"I_0^{{({order})}}\left({0}\right)"
)
def i0_derivative(x: Array, *, order: int) -> Array:
    """The derivative of `i0` of an order, elementwise.

    z = mean over s of cos(s)^order e^(x cos s)

    By symmetry a quarter of the circle is enough, with cosh or sinh. Then all terms
    have the same sign, and no digits are lost. The midpoint rule converges faster than
    any power of the number of points.

    Args:
        x: value of any shape.
        order: how many times to differentiate, 0 or more.

    Source: Trefethen, Weideman (2014), doi:10.1137/130932132.

    >>> i0_derivative(0.0, order=2)
    0.5
    """
    z: Any = 0.0
    points, f = 64, np.sinh if order % 2 else np.cosh
    for i in range(points):
        c = math.cos((i + 0.5) * (math.pi / 2.0) / points)
        z = z + c**order * f(np.multiply(x, c))
    z = z / points
    return float(z) if are_numbers(x) else z.astype(float_type(x), copy=False)


# Polynomials


def polyval(p: Array | Sequence[Array], x: Array) -> Array:
    """Value of a polynomial, by Horner's rule. The coefficients have gradients too.

    z = p_0 x^(n-1) + p_1 x^(n-2) + ... + p_{n-1}

    Args:
        p: the coefficients, the highest power first: a value of shape (n,), or a list
            of numbers and values.
        x: where to evaluate, a value of any shape.

    Raises:
        ShapeError: p is not one row.

    Source: W. G. Horner (1819), doi:10.1098/rstl.1819.0023.

    >>> polyval([3.0, 0.0, 1.0], 5.0)
    76.0
    """
    if not isinstance(p, (list, tuple)) and len(shape_of(p)) != 1:
        raise ShapeError(f"polyval: coefficients {named(p)} are not one row; give one, the highest power first")
    x = as_input(x, "polyval")
    z: Any = x * number_like(0.0, x)
    for coefficient in p:
        z = z * x + coefficient
    return z


def vander(x: Array, N: int | None = None, *, increasing: bool = False) -> Array:
    """Powers of the elements in columns: the matrix of Vandermonde.

    z_ij = x_i^(N-1-j), or x_i^j where increasing

    Args:
        x: value of shape (n,).
        N: number of columns; n by default.
        increasing: the powers grow to the right.

    Raises:
        ShapeError: x is not one row.
        ArgumentError: N is negative, or not an integer.

    >>> vander(np.array([2.0, 3.0]), 3)
    array([[4., 2., 1.],
           [9., 3., 1.]])
    """
    x = as_long(as_input(x, "vander"))
    if len(shape_of(x)) != 1:
        raise ShapeError(f"vander: {named(x)} is not one row of numbers; ravel() it first")
    (n,) = shape_of(x)
    count = n if N is None else integer_of("vander", "N", N)
    if count < 0:
        raise ArgumentError(f"vander: N={N}; give 0 or more")
    if not count:
        return getitem(reshape(x, shape=(n, 1)), index=(slice(None), slice(0)))
    powers = range(count) if increasing else reversed(range(count))
    return stack([raise_to(x, exponent=k) for k in powers], axis=1)
