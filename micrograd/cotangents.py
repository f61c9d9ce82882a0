"""Cotangents: arrays made to belong to a value, in any interpreter.

A cotangent is what flows back, a tangent what flows forward. Each has the shape and the
dtype of the value that it belongs to.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_data, is_lazy
from micrograd.errors import ShapeError
from micrograd.exact import EXACT, fitted, number_like
from micrograd.integers import are_large, as_floats
from micrograd.interpreter import NUMBERS, PLAIN, Array, Interpreter, named, numbers_below, shape_of
from micrograd.ops import cast, sum_to


def fit(g: Array, data: Array) -> Array:
    """A cotangent in the shape and dtype of the data that it belongs to.

    Over axes along which the data was broadcast, it is summed: here alone, and not in
    every rule.

    Raises:
        ShapeError: the rule that made it has an error, or sizes are not known yet.
    """
    kind = type(g)
    if kind is type(data) and (
        kind is float
        or (
            kind in PLAIN
            and kind is not int
            and not (EXACT and kind in EXACT)
            and g.shape == data.shape
            and g.dtype is data.dtype
        )
    ):
        return g  # as it almost always is
    given, wanted = shape_of(g), shape_of(data)
    if given != wanted:
        if kind is not np.ndarray and not _are_known(given + wanted):  # a Dask array, filtered by a mask
            raise ShapeError(
                f"backward: the sizes of an array {wanted} are not known yet; let it compute them before it is used: "
                f"compute_chunk_sizes() in Dask"
            )
        if not _broadcasts(wanted, given):
            raise ShapeError(f"a rule gave a gradient of shape {given} for data of shape {wanted}; mend the op's rule")
        g = sum_to(g, wanted)
    return in_dtype(g, numbers_below(data))


def given_cotangent(asker: str, x: Interpreter, given: Any) -> Any:
    """A cotangent that a user gives, in the shape and dtype of the value x.

    Raises:
        ShapeError: it has another shape.
        DataError: it is an int too large for a float.
    """
    g = as_data(given)
    if are_large((g,)):
        as_floats(asker, (g,))
    if shape_of(g) != x.shape:
        raise ShapeError(f"{asker}: a gradient of shape {shape_of(g)} for {named(x)}; give one of the same shape")
    return fit(number_like(g, x), x._below)


def in_dtype(g: Array, below: Any) -> Array:
    """A cotangent or tangent in the dtype of these raw data."""
    if below is None:  # a shape or an expression has no numbers to convert
        return g
    if type(below) in NUMBERS:
        return g if is_lazy(g) else fitted(g, below)
    if getattr(g, "dtype", None) != below.dtype:
        g = cast(g, dtype=below.dtype)
    return g[()] if type(g) is np.ndarray and g.ndim == 0 else g


def _are_known(sizes: tuple[Any, ...]) -> bool:
    return all(n == n for n in sizes)  # an unknown size is nan


def _broadcasts(shape: tuple[int, ...], larger: tuple[int, ...]) -> bool:
    extra = len(larger) - len(shape)
    if extra < 0:
        return False
    for i in range(len(shape)):  # noqa: SIM110 - Cython makes no generator of this
        if shape[i] != 1 and shape[i] != larger[extra + i]:
            return False
    return True


def unshared(part: Array, g: Array) -> Array:
    """A copy of part where it is g itself, or a view: for a gradient that its owner may
    change in place.
    """
    if isinstance(part, Interpreter) or type(part) in NUMBERS:
        return part
    return part.copy() if part is g or getattr(part, "base", None) is not None else part
