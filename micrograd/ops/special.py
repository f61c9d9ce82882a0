"""The table, special functions: error, gamma and beta functions, through SciPy (the extra `special`).

Python numbers go through `math` where it has the function, and need no SciPy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd.errors import ArgumentError, MissingExtraError
from micrograd.op import Array, elementwise
from micrograd.ops.arithmetic import _are_numbers, _integer, cast, greater, where
from micrograd.ops.functions import exp, log, logistic, power

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

__all__ = ["betaln", "digamma", "erf", "erfc", "gammainc", "gammainc_da", "gelu", "lgamma", "polygamma"]


def _scipy(name: str) -> Any:
    """The module scipy.special, for the op of that name."""
    try:
        import scipy.special
    except ImportError:
        raise MissingExtraError(
            f"{name}: it is computed by SciPy, which is not installed;\npip install 'micrograd-nd[special]'"
        ) from None
    return scipy.special


def _fitted(z: Any, *inputs: Array) -> Array:
    """What SciPy gave: a Python number for numbers; for arrays in their dtype, which SciPy does not always keep."""
    if _are_numbers(*inputs):
        return float(z)
    dtype = np.result_type(*inputs)
    return z.astype(dtype, copy=False) if dtype.kind == "f" else z


def _natural(name: str, param: str, n: int) -> int:
    n = _integer(name, param, n)
    if n < 0:
        raise ArgumentError(f"{name}: {param}={n}; give 0 or more")
    return n


@elementwise("erf", lambda z, x: 2.0 / math.sqrt(math.pi) * exp(-x * x))
def erf(x: Array) -> Array:
    """Error function, elementwise.

    z = 2 / sqrt(pi) integral from 0 to x of e^(-s^2) ds

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: x is an array, and SciPy is not installed.

    >>> erf(0.0)
    0.0
    """
    return math.erf(x) if _are_numbers(x) else _fitted(_scipy("erf").erf(x), x)


@elementwise("erfc", lambda z, x: -2.0 / math.sqrt(math.pi) * exp(-x * x))
def erfc(x: Array) -> Array:
    """Complementary error function, elementwise; exact where erf(x) is near 1.

    z = 1 - erf(x)

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: x is an array, and SciPy is not installed.

    >>> erfc(0.0)
    1.0
    """
    return math.erfc(x) if _are_numbers(x) else _fitted(_scipy("erfc").erfc(x), x)


def gelu(x: Array, *, approximate: str = "none") -> Array:
    """Gaussian error linear unit, elementwise: x times the probability that a normal number is below x.

    z = x (1 + erf(x / sqrt 2)) / 2, or by way of tanh
    z = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2

    Args:
        x: value of any shape.
        approximate: "none" or "tanh", which needs no SciPy.

    Raises:
        ArgumentError: approximate is neither.
        MissingExtraError: x is an array, approximate is "none", and SciPy is not installed.

    Source: Hendrycks, Gimpel (2016), arXiv:1606.08415.

    >>> gelu(0.0)
    0.0
    """
    if approximate not in ("none", "tanh"):
        raise ArgumentError(f"gelu: there is no approximate={approximate!r}; take 'none' or 'tanh'")
    if approximate == "none":
        return 0.5 * x * erfc(-math.sqrt(0.5) * x)  # 1 + erf(x / sqrt 2) would lose its digits at x = -10
    return x * logistic(math.sqrt(8.0 / math.pi) * (x + 0.044715 * x * x * x))  # (1 + tanh u) / 2 = logistic(2u)


@elementwise("lgamma", lambda z, x: digamma(x))
def lgamma(x: Array) -> Array:
    """Logarithm of the absolute value of the gamma function, elementwise; inf at its poles 0, -1, -2...

    z = ln |Gamma(x)|

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: x is an array, and SciPy is not installed.

    >>> lgamma(1.0)
    0.0
    """
    if not _are_numbers(x):
        return _fitted(_scipy("lgamma").gammaln(x), x)
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):  # a pole, or beyond 1e305
        return math.inf


@elementwise("digamma", lambda z, x: polygamma(x, n=1))
def digamma(x: Array) -> Array:
    """Derivative of lgamma, elementwise.

    z = d/dx ln Gamma(x)

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: SciPy is not installed.

    >>> round(digamma(1.0), 12)
    -0.577215664902
    """
    return _fitted(_scipy("digamma").psi(x), x)


@elementwise("polygamma {n}", lambda z, x, *, n: polygamma(x, n=n + 1))
def polygamma(x: Array, *, n: int) -> Array:
    """Derivative of digamma, of order n, elementwise.

    z = d^n/dx^n digamma(x) = (-1)^(n+1) n! zeta(n + 1, x)

    Args:
        x: value of any shape.
        n: the order; 0 is digamma itself.

    Raises:
        ArgumentError: n is no integer, or negative.
        MissingExtraError: SciPy is not installed.

    Source: DLMF 5.15.

    >>> round(polygamma(1.0, n=1), 12)
    1.644934066848
    """
    if _natural("polygamma", "n", n) == 0:
        return digamma(x)
    return _fitted((-1.0) ** (n + 1) * math.factorial(n) * _scipy("polygamma").zeta(n + 1.0, x), x)


@elementwise("betaln", lambda z, x, y: digamma(x) - digamma(x + y), lambda z, x, y: digamma(y) - digamma(x + y))
def betaln(x: Array, y: Array) -> Array:
    """Logarithm of the beta function, elementwise; exact for large inputs, where the three lgammas cancel.

    z = ln Gamma(x) + ln Gamma(y) - ln Gamma(x + y)

    Args:
        x: value of any shape.
        y: value of a shape that broadcasts.

    Raises:
        ShapeError: the shapes do not broadcast.
        MissingExtraError: SciPy is not installed.

    >>> betaln(1.0, 1.0)
    0.0
    """
    return _fitted(_scipy("betaln").betaln(x, y), x, y)


@elementwise("gammainc", lambda z, a, x: gammainc_da(a, x, order=1), lambda z, a, x: _density(a, x))
def gammainc(a: Array, x: Array) -> Array:
    """Regularised lower incomplete gamma function P(a, x), elementwise: what a gamma distribution has below x.

    z = 1 / Gamma(a) integral from 0 to x of s^(a-1) e^-s ds

    Args:
        a: the shape of the distribution, positive.
        x: value of a shape that broadcasts, at least 0.

    Raises:
        ShapeError: the shapes do not broadcast.
        MissingExtraError: SciPy is not installed.

    >>> round(gammainc(1.0, 2.0), 12)  # 1 - e^-2
    0.864664716763
    """
    return _fitted(_scipy("gammainc").gammainc(a, x), a, x)


@elementwise(
    "gammainc_da {order}",
    lambda z, a, x, *, order=1: gammainc_da(a, x, order=order + 1),
    lambda z, a, x, *, order=1: _density(a, x, order),
)
def gammainc_da(a: Array, x: Array, *, order: int = 1) -> Array:
    """Derivative of gammainc by a, elementwise; to an absolute 1e-12 for a and x up to 1e3.

    z = d^k/da^k sum_n t_n = sum_n t_n B_k(u_1, ..., u_k), for k = order, where
    t_n = x^(a+n) e^-x / Gamma(a+n+1), u_j = d^j/da^j ln t_n, and B_k is the complete Bell polynomial

    The time grows with the square root of the largest x.

    Args:
        a: the shape of the distribution, positive.
        x: value of a shape that broadcasts, at least 0.
        order: how often to differentiate.

    Raises:
        ArgumentError: order is no integer, or negative.
        ShapeError: the shapes do not broadcast.
        MissingExtraError: SciPy is not installed.

    Source: the series is DLMF 8.7.1; derivatives of its terms as in Moore (1982), Algorithm AS 187,
    doi:10.2307/2348014; for the polynomials see Comtet (1974), Advanced Combinatorics, section 3.3.

    >>> round(gammainc_da(1.0, 2.0), 12)
    -0.220825426212
    """
    if _natural("gammainc_da", "order", order) == 0:
        return gammainc(a, x)
    special = _scipy("gammainc_da")
    a64, x64 = cast(a, dtype=float), cast(x, dtype=float)
    # Beyond, the terms cancel to less than their rounding error; the series would only be long.
    inside = (a64 > 0.0) & (a64 < math.inf) & (x64 > 0.0) & (special.gammaincc(a64, x64) > 1e-17)
    z = _series(special, np.where(inside, a64, 1.0), np.where(inside, x64, 1.0), order)
    outside = np.where((a64 >= 0.0) & (x64 >= 0.0), 0.0, math.nan)
    return _fitted(np.where(inside, z, outside), a, x)


def _series(special: Any, a: Any, x: Any, order: int) -> Any:
    """The sum of the derived terms, from the largest one outwards, as the first ones underflow at x = 1e3."""
    n = np.maximum(np.floor(x - a), 0.0)
    s = a + n + 1.0
    term = np.exp((a + n) * np.log(x) - x - special.gammaln(s))
    slopes = [np.log(x) - special.psi(s), *(-polygamma(s, n=j) for j in range(1, order))]
    z = term * _bell(slopes)
    # At a distance of j terms from the largest one are below e^(-j^2 / 2(x + j/3)) of it, which is 1e-20 here.
    reach = 32 + math.ceil(10.0 * math.sqrt(_largest(x)))
    t, u, r = term, slopes, s
    for _ in range(reach):
        t, u, r = t * x / r, _next_slopes(u, r, -1.0), r + 1.0
        z = z + t * _bell(u)
    t, u, r = term, slopes, s
    for j in range(min(reach, int(_largest(n)))):
        more = n > j
        r = np.where(more, r - 1.0, r)
        t, u = np.where(more, t * r / x, 0.0), _next_slopes(u, r, 1.0)
        z = z + t * _bell(u)
    return z


def _largest(x: Any) -> float:
    return float(np.max(x)) if x.size else 0.0


def _next_slopes(slopes: Sequence[Any], s: Any, sign: float) -> list[Any]:
    """From log x - digamma(s), -polygamma(s)... to s + 1 (sign -1), or from s + 1 to s (sign 1): DLMF 5.15.5."""
    return [u + sign * (-1.0) ** j * math.factorial(j) / s ** (j + 1) for j, u in enumerate(slopes)]


def _bell(slopes: Sequence[Array]) -> Array:
    """The complete Bell polynomial: the k-th derivative of e^f is e^f B_k(f', f'', ..., f^(k))."""
    b: list[Array] = [1.0]
    for k in range(len(slopes)):
        b.append(sum(math.comb(k, i) * b[k - i] * slopes[i] for i in range(k + 1)))
    return b[-1]


def _density(a: Array, x: Array, order: int = 0) -> Array:
    """dP/dx, the density of the gamma distribution, derived by a so often. In ops: it is a rule."""
    positive = exp((a - 1.0) * log(x) - x - lgamma(a))
    if order == 0:
        return where(greater(x, 0.0), positive, power(x, a - 1.0) * exp(-x - lgamma(a)))
    slopes = [log(x) - digamma(a), *(-polygamma(a, n=j) for j in range(1, order))]
    return where(greater(x, 0.0), positive * _bell(slopes), 0.0)
