"""The table, functions of symmetric matrices, by their eigenvalues; batched.

The op of x and k changes is the derivative of order k of f(x) along these changes. It
is made of divided differences of f, which stay exact where eigenvalues are equal or
close.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import float_type
from micrograd.errors import GradientError, OpError
from micrograd.interpreter import Interpreter
from micrograd.op import Array, named, primitive, shape_of
from micrograd.ops.matrices import numpy_array, square

__all__ = ["funm_symmetric", "symmetric_function"]

_MOST_CHANGES = 4


def _changed(i: int, g: Array, z: Array, *inputs: Array, functions: tuple[Any, ...]) -> Array:
    # The derivative by x takes one change more. That by a change takes g in its place.
    # Each map is its own transpose, as a derivative of tr F(x) with F' = f. So this is
    # both the vjp and the jvp.
    others = (*inputs, g) if i == 0 else (*inputs[:i], g, *inputs[i + 1 :])
    return symmetric_function(*others, functions=functions)


_CHANGES = [functools.partial(_changed, i) for i in range(_MOST_CHANGES + 1)]


@primitive(
    "funm_symmetric",
    vjp=_CHANGES,
    jvp=_CHANGES,
    shape=lambda x, *changes, functions: shape_of(square("funm_symmetric", x)),
)
def symmetric_function(x: Array, *changes: Array, functions: tuple[Any, ...]) -> Array:
    """The op behind `funm_symmetric`; with changes, a derivative of f(x) along them.

    z = V (sum over permutations of e of sum_j .. f[w_i, w_j, ..] e1_ij e2_j. ..) V^T

    Here x = V diag(w) V^T, each e is V^T change V, and f[...] are divided differences.
    With k changes, z is the derivative of order k.

    Source: Daleckii and Krein (1965); Higham (2008), "Functions of Matrices", theorem
    3.11.

    >>> symmetric_function(np.diag([1.0, 3.0]), functions=(np.square,))
    array([[1., 0.],
           [0., 9.]])
    """
    count = len(changes)
    if count >= len(functions) or count > _MOST_CHANGES:
        raise GradientError(
            f"funm_symmetric: derivative {count} of {named(x)} needs that of f; {len(functions) - 1} of f were given, "
            f"and there may be at most {_MOST_CHANGES}: funm_symmetric(x, f, df, d2f, ...)"
        )
    w, v = np.linalg.eigh(_symmetric(numpy_array(x)))
    turned = [np.swapaxes(v, -1, -2) @ _symmetric(numpy_array(e)) @ v for e in changes]
    differences = _divided_differences(functions, w, count)
    if not changes:
        return ((v * differences[..., None, :]) @ np.swapaxes(v, -1, -2)).astype(float_type(x))
    letters = "abcdefgh"[: count + 1]
    terms = ",".join("..." + letters[i : i + 2] for i in range(count))
    inside = sum(
        np.einsum(f"...{letters},{terms}->...{letters[0]}{letters[-1]}", differences, *order, optimize=True)
        for order in itertools.permutations(turned)
    )
    return (v @ inside @ np.swapaxes(v, -1, -2)).astype(float_type(x))


def _symmetric(x: Any) -> Any:
    x = x.astype(float)
    return (x + np.swapaxes(x, -1, -2)) / 2


def _of_eigenvalues(f: Callable[[Any], Any], w: Any) -> Any:
    values = f(w)
    if isinstance(values, Interpreter):
        raise OpError(
            f"funm_symmetric: f gives a Value {named(values)}: f gets plain eigenvalues, and a Value that it uses "
            f"would get no gradient; use the results of eigh instead"
        )
    return np.broadcast_to(np.asarray(values, float), w.shape)


def _divided_differences(functions: tuple[Any, ...], w: Any, count: int) -> Any:
    """f[w_i, w_j, ...] for all choices of count + 1 eigenvalues, which are ascending.

    The quotient (f[b, .., c] - f[a, .., b]) / (c - a) loses digits where the points are
    close. There the mean of the derivative over the simplex of the points is used, by a
    rule that is exact for quadratics. It is used only where it agrees with the quotient
    to within the quotient's rounding error, so never between points that are far apart.
    """
    eps, n = np.finfo(float).eps, w.shape[-1]
    values = _of_eigenvalues(functions[0], w)
    errors = eps * np.abs(values)
    for order in range(1, count + 1):
        places = np.sort(np.indices((n,) * (order + 1)).reshape(order + 1, -1), axis=0)
        low, high = (..., *places[:-1]), (..., *places[1:])
        points = w[..., places]
        derivative = _of_eigenvalues(functions[order], w)[..., places] / math.factorial(order)
        centre = _of_eigenvalues(functions[order], points.mean(axis=-2)) / math.factorial(order)
        corners = derivative.mean(axis=-2)
        mean = ((order + 1) * centre + corners) / (order + 2)
        with np.errstate(all="ignore"):
            spread = points[..., -1, :] - points[..., 0, :]
            quotient = (values[high] - values[low]) / spread
            rounding = errors[high] + errors[low] + eps * (np.abs(values[high]) + np.abs(values[low]))
            rounding = rounding / spread
            near = (spread == 0) | (np.abs(mean - quotient) <= 8 * rounding)
            known = np.fmin(8 * rounding, np.abs(corners - centre)) + eps * np.abs(mean)
        shape = (*w.shape[:-1], *(n,) * (order + 1))
        values = np.where(near, mean, quotient).reshape(shape)
        errors = np.where(near, known, rounding).reshape(shape)
    return values


def funm_symmetric(x: Array, f: Callable[[Any], Any], *derivatives: Callable[[Any], Any]) -> Array:
    """A function of a symmetric matrix; with derivatives at equal eigenvalues too.

    z = V diag(f(w)) V^T

    Here V and w are the eigenvectors and eigenvalues of (x + x^T) / 2.

    Args:
        x: value of shape (..., n, n); only its symmetric part is used.
        f: function of an array of eigenvalues, in plain NumPy.
        derivatives: at most four derivatives of f, each a function of an array in plain
            NumPy: f' for a gradient, also f'' for a Hessian, and so on.

    Raises:
        GradientError: while differentiating: a derivative of f that is needed is not
            given.
        OpError: f gives a Value.
        ShapeError: x is not square.

    Source: Daleckii and Krein (1965); Higham (2008), "Functions of Matrices", theorem
    3.11.

    >>> funm_symmetric(np.diag([4.0, 9.0]), np.sqrt, lambda w: 0.5 / np.sqrt(w))
    array([[2., 0.],
           [0., 3.]])
    """
    return symmetric_function(square("funm_symmetric", x), functions=(f, *derivatives))
