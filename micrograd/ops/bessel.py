"""The table, modified Bessel functions of the first kind, of integer order.

Both ops are their own derivatives. That of `bessel_i` is made of the orders below and
above. `bessel_ie`, which is scaled by e^-|x|, has the order of the derivative as a
param. So derivatives of every order are right at 0, where the textbook line i0 - i1 / x
is not, and for large x, where i1e - i0e would be 0.
"""

from __future__ import annotations

import math
from typing import Any

from micrograd import on_demand as np
from micrograd.op import Array, elementwise
from micrograd.ops.arithmetic import cast
from micrograd.ops.special import fitted, from_scipy, natural

__all__ = ["bessel_i", "bessel_ie", "i0e", "i1", "i1e"]

_FAR = 20.0  # from here on the asymptotic series is exact: its smallest term is e^-2x
_TERMS = 40


@elementwise(
    "I{n}",
    lambda z, x, *, n: 0.5 * (bessel_i(x, n=abs(n - 1)) + bessel_i(x, n=n + 1)),
    tex=r"I_{{{n}}}\left({0}\right)",
)
def bessel_i(x: Array, *, n: int) -> Array:
    """Modified Bessel function of the first kind, elementwise, of integer order n.

    z = sum_k (x/2)^(2k+n) / (k! (k+n)!)

    Args:
        x: value of any shape.
        n: the order, 0 or more.

    Raises:
        ArgumentError: n is not an integer, or it is negative.
        MissingExtraError: SciPy is not installed.

    Source: DLMF 10.29.1 for the rule.

    >>> round(bessel_i(1.0, n=0), 12)
    1.266065877752
    """
    special, n = from_scipy("bessel_i"), natural("bessel_i", "n", n)
    if n < 2:
        return fitted((special.i0, special.i1)[n](x), x)
    return fitted(special.iv(n, cast(x, dtype=float)), x)


@elementwise("e^-|x| I{n} ({order})", lambda z, x, *, n, order=0: bessel_ie(x, n=n, order=order + 1))
def bessel_ie(x: Array, *, n: int, order: int = 0) -> Array:
    """Modified Bessel function of the first kind, scaled, or a derivative; elementwise.

    z = d^k/dx^k e^-|x| I_n(x), for k = order

    It does not overflow. For odd n + k it jumps at 0, and is 0 there, the middle. The
    relative error is at most 1e-13 at order 1 and 1e-12 at order 2.

    Args:
        x: value of any shape.
        n: the order of the function, 0 or more.
        order: how often to differentiate.

    Raises:
        ArgumentError: n or order is not an integer, or it is negative.
        MissingExtraError: SciPy is not installed.

    Source: DLMF 10.29.1, by which a derivative is half the second difference in n; for
    large x DLMF 10.40.1.

    >>> round(bessel_ie(1000.0, n=0), 12)
    0.012617240456
    """
    special = from_scipy("bessel_ie")
    n, order = natural("bessel_ie", "n", n), natural("bessel_ie", "order", order)
    if order == 0 and n < 2:
        return fitted((special.i0e, special.i1e)[n](x), x)
    x64 = cast(x, dtype=float)
    size = np.abs(x64)
    near = np.minimum(size, _FAR)
    by_differences = sum(
        (-1.0) ** j * math.comb(2 * order, j) * special.ive(abs(n + order - j), near) for j in range(2 * order + 1)
    )
    z = np.where(size < _FAR, 0.5**order * by_differences, _far(np.maximum(size, _FAR), n, order))
    return fitted(np.sign(x64) * z if (n + order) % 2 else z, x)


def _far(x: Any, n: int, order: int) -> Any:
    """The asymptotic series, each term differentiated.

    d^k/dx^k of x^-p is (-1)^k p (p+1) ... (p+k-1) x^(-p-k).
    """
    term = 1.0 / np.sqrt(2.0 * math.pi * x)
    z = 0.0
    for j in range(_TERMS):
        z = z + term * math.prod(-(j + 0.5 + i) for i in range(order))
        term = term * ((2 * j + 1) ** 2 - 4.0 * n * n) / (8.0 * (j + 1)) / x
    return z / x**order


def i1(x: Array) -> Array:
    """Modified Bessel function of the first kind of order 1, elementwise.

    z = I_1(x)

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: SciPy is not installed.

    >>> i1(0.0)
    0.0
    """
    return bessel_i(x, n=1)


def i0e(x: Array) -> Array:
    """Modified Bessel function of order 0, scaled, elementwise. It does not overflow.

    z = e^-|x| I_0(x)

    Its derivative at 0 is 0, the middle of -1 and 1.

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: SciPy is not installed.

    >>> round(i0e(1000.0), 12)
    0.012617240456
    """
    return bessel_ie(x, n=0)


def i1e(x: Array) -> Array:
    """Modified Bessel function of order 1, scaled, elementwise. It does not overflow.

    z = e^-|x| I_1(x)

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: SciPy is not installed.

    >>> round(i1e(1000.0), 12)
    0.012610930257
    """
    return bessel_ie(x, n=1)
