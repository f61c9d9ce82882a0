"""The table, the incomplete beta function, with derivatives by all inputs.

It is exact in both tails. SciPy gives the values. Derivatives by the parameters are
integrals over the tail that is small at x. There the logarithmic slopes have one sign,
so no digits are lost in a difference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from micrograd import on_demand as np
from micrograd.op import Array, elementwise
from micrograd.ops.arithmetic import cast, where
from micrograd.ops.comparisons import equal, greater, less, logical_and
from micrograd.ops.functions import exp, log, log1p, power
from micrograd.ops.incomplete import nodes, weighted_mean
from micrograd.ops.special import betaln, fitted, from_scipy, natural, polygamma

__all__ = ["betainc", "betainc_dab", "betaincc"]


@elementwise(
    "betainc",
    lambda z, a, b, x: betainc_dab(a, b, x, by_a=1),
    lambda z, a, b, x: betainc_dab(a, b, x, by_b=1),
    lambda z, a, b, x: _density(a, b, x),
    tex=r"I_{{{2}}}\left({0}, {1}\right)",
    domain=((0.0, math.inf), (0.0, math.inf), (0.0, 1.0)),
)
def betainc(a: Array, b: Array, x: Array) -> Array:
    """Regularised incomplete beta function I_x(a, b), elementwise.

    It is the part of a beta distribution that lies below x:

    z = 1 / B(a, b) integral from 0 to x of t^(a-1) (1-t)^(b-1) dt

    Args:
        a: the first parameter, positive.
        b: the second parameter, positive, of a shape that broadcasts.
        x: value of a shape that broadcasts, from 0 to 1.

    Raises:
        ShapeError: the shapes do not broadcast.
        MissingExtraError: SciPy is not installed.

    >>> round(betainc(2.0, 1.0, 0.5), 12)  # x^2
    0.25
    """
    return fitted(from_scipy("betainc").betainc(a, b, x), a, b, x)


@elementwise(
    "betaincc",
    lambda z, a, b, x: -betainc_dab(a, b, x, by_a=1),
    lambda z, a, b, x: -betainc_dab(a, b, x, by_b=1),
    lambda z, a, b, x: -_density(a, b, x),
    tex=r"\left(1 - I_{{{2}}}\left({0}, {1}\right)\right)",
    domain=((0.0, math.inf), (0.0, math.inf), (0.0, 1.0)),
)
def betaincc(a: Array, b: Array, x: Array) -> Array:
    """Complement of betainc, elementwise: the part of a beta distribution above x.

    z = 1 - I_x(a, b), exact where that is tiny too

    Args:
        a: the first parameter, positive.
        b: the second parameter, positive, of a shape that broadcasts.
        x: value of a shape that broadcasts, from 0 to 1.

    Raises:
        ShapeError: the shapes do not broadcast.
        MissingExtraError: SciPy is not installed.

    >>> round(betaincc(2.0, 1.0, 0.5), 12)
    0.75
    """
    return fitted(from_scipy("betaincc").betaincc(a, b, x), a, b, x)


@elementwise(
    "betainc_dab {by_a} {by_b}",
    lambda z, a, b, x, *, by_a=0, by_b=0: betainc_dab(a, b, x, by_a=by_a + 1, by_b=by_b),
    lambda z, a, b, x, *, by_a=0, by_b=0: betainc_dab(a, b, x, by_a=by_a, by_b=by_b + 1),
    lambda z, a, b, x, *, by_a=0, by_b=0: _density(a, b, x, by_a, by_b),
    domain=((0.0, math.inf), (0.0, math.inf), (0.0, 1.0)),
)
def betainc_dab(a: Array, b: Array, x: Array, *, by_a: int = 0, by_b: int = 0) -> Array:
    """Derivative of betainc by a and b, elementwise. Minus this is that of betaincc.

    z = d^i/da^i d^j/db^j I_x(a, b), for i = by_a, j = by_b

    It is the integral of the derivative of the density up to x; where x is above the
    mean a / (a + b), minus the integral from x to 1. The relative error is at most
    1e-11 in both tails, for parameters from 1e-3 up to 1e3, at first and second order.

    Args:
        a: the first parameter, positive.
        b: the second parameter, positive, of a shape that broadcasts.
        x: value of a shape that broadcasts, from 0 to 1.
        by_a: how often to differentiate by a.
        by_b: how often to differentiate by b.

    Raises:
        ArgumentError: by_a or by_b is not an integer, or it is negative.
        ShapeError: the shapes do not broadcast.
        MissingExtraError: SciPy is not installed.

    >>> round(betainc_dab(2.0, 1.0, 0.5, by_a=1), 12)  # x^a ln x
    -0.17328679514
    """
    by_a, by_b = natural("betainc_dab", "by_a", by_a), natural("betainc_dab", "by_b", by_b)
    if by_a == 0 and by_b == 0:
        return betainc(a, b, x)
    special = from_scipy("betainc_dab")
    a64, b64, x64 = np.broadcast_arrays(*(cast(v, dtype=float) for v in (a, b, x)))
    known = (a64 > 0.0) & (a64 < math.inf) & (b64 > 0.0) & (b64 < math.inf)
    inside = known & (x64 > 0.0) & (x64 < 1.0)
    z = np.where(known & (x64 >= 0.0) & (x64 <= 1.0), 0.0, math.nan)
    if np.any(inside):
        z[inside] = _tail(special, a64[inside], b64[inside], x64[inside], by_a, by_b)
    return fitted(z, a, b, x)


def _tail(special: Any, a: Any, b: Any, x: Any, by_a: int, by_b: int) -> Any:
    """The derivative as the smaller tail times the mean of logarithmic slopes over it.

    Below the mean t = x e^(-s/a), where s > 0, and with r = x / (1 - x)
    1 - t = (1 - x) (1 + r (1 - e^(-s/a))).
    Above the mean a and b change places, and so do t and 1 - t.
    """
    above = x > a / (a + b)
    near, far = np.where(above, b, a), np.where(above, a, b)
    log_x, log_rest = np.log(x), np.log1p(-x)
    ratio = np.where(above, 1.0 - x, x) / np.where(above, x, 1.0 - x)
    slopes = _parameter_slopes(a, b, by_a, by_b)

    def terms() -> Iterator[tuple[Any, Any]]:
        for s, width in nodes(float(np.max(near))):
            moved = np.log1p(-ratio * np.expm1(-s / near))
            log_t = log_x + np.where(above, moved, -s / near)
            log_u = log_rest + np.where(above, -s / near, moved)
            yield width * np.exp((far - 1.0) * moved - s), _mixed(by_a, by_b, log_t, log_u, slopes)

    tail = np.where(above, -special.betaincc(a, b, x), special.betainc(a, b, x))
    return tail * weighted_mean(terms)


def _parameter_slopes(a: Array, b: Array, by_a: int, by_b: int) -> dict[tuple[int, int], Array]:
    """Derivatives of -ln B(a, b); the key says how often by a and how often by b."""
    orders = [(i, j) for i in range(by_a + 1) for j in range(by_b + 1) if i + j]
    slopes = {}
    for i, j in orders:
        slope = polygamma(a + b, n=i + j - 1)
        own = a if j == 0 else b
        slopes[i, j] = slope - polygamma(own, n=i + j - 1) if i == 0 or j == 0 else slope
    return slopes


def _mixed(by_a: int, by_b: int, log_t: Array, log_u: Array, slopes: dict[tuple[int, int], Array]) -> Array:
    """d^i/da^i d^j/db^j e^f over e^f, written in ops.

    Here f = (a-1) ln t + (b-1) ln u - ln B(a, b), and u = 1 - t. Each order follows
    from lower ones by the rule of Leibniz, as d/da e^f = f_a e^f.
    """

    def slope(i: int, j: int) -> Array:
        return slopes[i, j] + (log_t if (i, j) == (1, 0) else log_u if (i, j) == (0, 1) else 0.0)

    found: dict[tuple[int, int], Array] = {(0, 0): 1.0}
    for j in range(1, by_b + 1):
        found[0, j] = sum(math.comb(j - 1, n) * slope(0, n + 1) * found[0, j - 1 - n] for n in range(j))
    for i in range(1, by_a + 1):
        for j in range(by_b + 1):
            found[i, j] = sum(
                math.comb(i - 1, m) * math.comb(j, n) * slope(m + 1, n) * found[i - 1 - m, j - n]
                for m in range(i)
                for n in range(j + 1)
            )
    return found[by_a, by_b]


def _density(a: Array, b: Array, x: Array, by_a: int = 0, by_b: int = 0) -> Array:
    """Density of the beta distribution, differentiated by a and b.

    It is nan outside of [0, 1]. It is written in ops, as it is a rule.
    """
    inside = logical_and(greater(x, 0.0), less(x, 1.0))
    within = where(inside, x, 0.5)
    middle = exp((a - 1.0) * log(within) + (b - 1.0) * log1p(-within) - betaln(a, b))
    # At 0 and 1 the power is 0, 1 or inf, by the parameter. The logarithm would give
    # nan where a - 1 is 0.
    end = where(less(x * (1.0 - x), 0.0), math.nan, x)
    edge = power(end, a - 1.0) * power(1.0 - end, b - 1.0) * exp(-betaln(a, b))
    density = where(inside, middle, edge)
    if by_a == 0 and by_b == 0:
        return density
    mixed = _mixed(by_a, by_b, log(x), log1p(-x), _parameter_slopes(a, b, by_a, by_b))
    return where(equal(density, 0.0), 0.0, density * mixed)
