"""One factor of the chain rule: a gradient times a slope, with care for zero times
infinity.

unknown.py says what zero times infinity is, and who is told.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.alignment import Aligned, any_of_many
from micrograd.exact import EXACT, as_float, check_slope, number_like
from micrograd.interpreter import PLAIN, Array, ground, numbers_below
from micrograd.modes import is_ieee, quiet_depth
from micrograd.table import OPS
from micrograd.unknown import Examples, current_zeros, known_zero_forward


def times(
    g: Array, partial: Array, z: Array = 0.0, name: str = "a rule", look: Callable[..., tuple[Any, Any]] | None = None
) -> Array:
    """g * partial in a chain rule, where a zero g stays zero, also times infinity or
    nan.

    So a branch that a `where` did not take adds nothing. Two products are not known: a
    zero that was computed, times infinity, and an infinite g times a slope of zero. See
    unknown.py.
    `ieee_gradients()` gives plain products back.

    Args:
        g: a cotangent; or a tangent, in forward mode.
        partial: the slope; where it is boolean, a choice.
        z: the output of the op.
        name: the op, for the warning.
        look: in forward mode, says where the partial is not 0 for any data, and where
            the inputs are finite; inside a vmap it gets the values whose axes the
            answers must have.

    >>> times(0.0, float("inf"))
    0.0
    """
    if EXACT:
        g = number_like(g, z)  # the tangent of an int beside it
    if type(partial) is float and (partial == 1.0 or partial == -1.0):  # no pass over the array
        return g if partial == 1.0 else -g
    if type(partial) is not float and _is_choice(partial) and not is_ieee():  # the gradient, or none
        return OPS["where"](partial, g, number_like(0.0, z) if EXACT else 0.0)
    product = g * partial
    if EXACT:
        check_slope(name, product, g, z)
    if type(partial) is float and partial != 0.0 and partial - partial == 0.0:
        return product  # the slope is finite: nan where g is nan, and only there
    if not may_be_nan(product) or is_ieee():
        return product
    # Only where the product is nan: a slope of 0, as of x^2 at 0, has a slope of its
    # own, which must not be lost.
    zero = _known_zero(name, product, g, partial, z, look)
    return OPS["where"](zero, number_like(0.0, product), product)


def _known_zero(name: str, product: Any, g: Any, partial: Any, z: Any, look: Any) -> Any:
    """Where a product that is nan stands for 0."""
    zeros = current_zeros()
    values = [product, g, partial, z]
    around = [] if zeros is None or look is not None else zeros.around()
    if any_of_many(values + around):
        rows = Aligned(values + around)
        product, g, partial, z, *around = rows.arrays
        if look is anywhere or (look is not None and quiet_depth() == 1):
            seen = look if look is anywhere else functools.partial(look, values)
            return rows.wrapped(known_zero_forward(name, product, g, partial, z, seen))
        if look is None and zeros is not None:
            return rows.wrapped(zeros.known_zero(name, product, g, partial, z, Examples(rows.levels, *around)))
        return rows.wrapped((product != product) & ((g == 0) | (partial == 0)))
    product, g, partial, z = map(ground, values)
    if not isinstance(product, (float, int, np.ndarray, np.generic)):  # it may not be computed yet
        return (product != product) & ((g == 0) | (partial == 0))
    product, g, partial, z = (np.asarray(as_float(x)) for x in (product, g, partial, z))
    if look is anywhere or (look is not None and quiet_depth() == 1):
        zero = known_zero_forward(name, product, g, partial, z, look)
    elif look is None and zeros is not None:
        zero = zeros.known_zero(name, product, g, partial, z)
    else:  # within a rule, which has been asked about already
        zero = (product != product) & ((g == 0) | (partial == 0))
    return zero if zero.shape else bool(zero)


def anywhere(beside: Any = ()) -> tuple[Any, Any]:
    """For `times` in a jvp rule: the slope varies with the data, which are finite."""
    return np.True_, np.True_


def _is_choice(partial: Array) -> bool:
    return type(partial) is bool or (type(partial) in PLAIN and hasattr(partial, "dtype") and partial.dtype == bool)


def may_be_nan(x: Array) -> bool:
    """False when x surely holds no nan.

    An array of another library is not asked: it may not be computed yet.
    """
    x = numbers_below(x)
    if type(x) is float or type(x) is int:
        return x != x
    if EXACT and type(x) in EXACT:
        return bool(x != x)
    if type(x) is np.ndarray:
        row = x if x.ndim == 1 else x.ravel("K")
        square = row.dot(row)  # one fast pass: a nan anywhere is a nan in the sum
        return bool(square != square)
    if isinstance(x, np.generic):
        return bool(x != x)
    return x is not None  # None: only a shape
