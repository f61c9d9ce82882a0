"""The table, special functions: error, gamma and beta functions.

Arrays go through SciPy, the extra `special`. Python numbers go through `math` where it
has the function, and need no SciPy.
"""

from __future__ import annotations

import math
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, MissingExtraError
from micrograd.op import Array, elementwise
from micrograd.ops.alarms import are_numbers, integer_of
from micrograd.ops.functions import exp, expit

__all__ = ["betaln", "digamma", "erf", "erfc", "gelu", "lgamma", "polygamma"]


def from_scipy(name: str) -> Any:
    """The module scipy.special, for the op of that name.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    try:
        import scipy.special
    except ImportError:
        raise MissingExtraError(
            f"{name}: SciPy computes it, and SciPy is not installed;\npip install 'micrograd-nd[special]'"
        ) from None
    return scipy.special


def fitted(z: Any, *inputs: Array) -> Array:
    """A result of SciPy as a float for numbers, for arrays in their dtype.

    SciPy does not always keep the dtype.
    """
    if are_numbers(*inputs):
        return float(z)
    dtype = np.result_type(*[getattr(x, "dtype", x) for x in inputs])
    return z.astype(dtype, copy=False) if dtype.kind == "f" else z


def natural(name: str, param: str, n: int) -> int:
    """n as a Python int.

    Raises:
        ArgumentError: n is not an integer, or it is negative.
    """
    n = integer_of(name, param, n)
    if n < 0:
        raise ArgumentError(f"{name}: {param}={n}; give 0 or more")
    return n


@elementwise("erf", lambda z, x: 2.0 / math.sqrt(math.pi) * exp(-x * x), c="erf")
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
    return math.erf(x) if are_numbers(x) else fitted(from_scipy("erf").erf(x), x)


@elementwise("erfc", lambda z, x: -2.0 / math.sqrt(math.pi) * exp(-x * x), c="erfc")
def erfc(x: Array) -> Array:
    """Complementary error function, elementwise.

    z = 1 - erf(x), exact where erf(x) is near 1

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: x is an array, and SciPy is not installed.

    >>> erfc(0.0)
    1.0
    """
    return math.erfc(x) if are_numbers(x) else fitted(from_scipy("erfc").erfc(x), x)


def gelu(x: Array, *, approximate: str = "none") -> Array:
    """Gaussian error linear unit, elementwise.

    It is x times the probability that a normal random number is below x:

    z = x (1 + erf(x / sqrt 2)) / 2, or approximately
    z = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2

    Args:
        x: value of any shape.
        approximate: "none" or "tanh", which needs no SciPy.

    Raises:
        ArgumentError: approximate is neither.
        MissingExtraError: x is an array, approximate is "none", and SciPy is not
            installed.

    Source: Hendrycks, Gimpel (2016), arXiv:1606.08415.

    >>> gelu(0.0)
    0.0
    """
    if approximate not in ("none", "tanh"):
        raise ArgumentError(f"gelu: approximate={approximate!r} is not known; give 'none' or 'tanh'")
    if approximate == "none":
        # 1 + erf(x / sqrt 2) would lose its digits at x = -10.
        return 0.5 * x * erfc(-math.sqrt(0.5) * x)
    # (1 + tanh u) / 2 = expit(2u)
    return x * expit(math.sqrt(8.0 / math.pi) * (x + 0.044715 * x * x * x))


@elementwise("lgamma", lambda z, x: digamma(x), tex=r"\ln \left|\Gamma\left({0}\right)\right|")
def lgamma(x: Array) -> Array:
    """Logarithm of the absolute value of the gamma function, elementwise.

    z = ln |Gamma(x)|; inf at its poles 0, -1, -2, ...

    Args:
        x: value of any shape.

    Raises:
        MissingExtraError: x is an array, and SciPy is not installed.

    >>> lgamma(1.0)
    0.0
    """
    if not are_numbers(x):
        return fitted(from_scipy("lgamma").gammaln(x), x)
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):  # a pole, or beyond 1e305
        return math.inf


@elementwise("digamma", lambda z, x: polygamma(x, n=1), tex=r"\psi\left({0}\right)")
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
    return fitted(from_scipy("digamma").psi(x), x)


@elementwise("polygamma {n}", lambda z, x, *, n: polygamma(x, n=n + 1), tex=r"\psi^{{({n})}}\left({0}\right)")
def polygamma(x: Array, *, n: int) -> Array:
    """Derivative of digamma, of order n, elementwise.

    z = d^n/dx^n digamma(x) = (-1)^(n+1) n! zeta(n + 1, x)

    Args:
        x: value of any shape.
        n: the order; 0 is digamma itself.

    Raises:
        ArgumentError: n is not an integer, or it is negative.
        MissingExtraError: SciPy is not installed.

    Source: DLMF 5.15.

    >>> round(polygamma(1.0, n=1), 12)
    1.644934066848
    """
    if natural("polygamma", "n", n) == 0:
        return digamma(x)
    return fitted((-1.0) ** (n + 1) * math.factorial(n) * from_scipy("polygamma").zeta(n + 1.0, x), x)


@elementwise(
    "betaln",
    lambda z, x, y: digamma(x) - digamma(x + y),
    lambda z, x, y: digamma(y) - digamma(x + y),
    tex=r"\ln \mathrm{{B}}\left({0}, {1}\right)",
    commutative=True,
)
def betaln(x: Array, y: Array) -> Array:
    """Logarithm of the beta function, elementwise.

    z = ln Gamma(x) + ln Gamma(y) - ln Gamma(x + y)

    It is exact for large inputs too, where the sum would lose its digits.

    Args:
        x: value of any shape.
        y: value of a shape that broadcasts.

    Raises:
        ShapeError: the shapes do not broadcast.
        MissingExtraError: SciPy is not installed.

    >>> betaln(1.0, 1.0)
    0.0
    """
    return fitted(from_scipy("betaln").betaln(x, y), x, y)
