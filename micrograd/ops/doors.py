"""The doors of an interpreter's methods: how arguments come in, and how plain numbers
go out.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_operand, is_array_like, is_number
from micrograd.captures import CAPTURES, refuse
from micrograd.errors import ArgumentError, DataError, GradientError, OpError, ShapeError
from micrograd.exact import format_exact, is_exact
from micrograd.interpreter import is_one_of_many
from micrograd.op import ground, named, shape_of
from micrograd.ops import reducing, reductions
from micrograd.ops.refusals import one_of_many_error


def comparable(other: Any) -> Any:
    """The other side of a comparison, as an operand.

    NotImplemented if it does not hold numbers: then the two differ.
    """
    if not is_array_like(other):
        return NotImplemented
    try:
        return as_operand(other, "equal")
    except DataError:
        return NotImplemented


def only_number(x: Any, asked: str) -> float | int:
    """The number below x, where there is exactly one; `asked` is what wants it, for the
    error.
    """
    if CAPTURES:
        refuse(x, asked)
    if is_one_of_many(x):
        raise one_of_many_error(asked, x)
    number = ground(x)
    if is_number(number):
        return number
    if number is None:
        raise DataError(f"{asked}: {named(x)} has no number yet; replace `if` by ops.where, and drop float()")
    if x.size != 1:
        raise DataError(f"{asked}: {named(x)} has {x.size} elements, not one; sum() or index it first")
    return np.asarray(number).item()


def plain_number(x: Any, asked: str) -> float | int:
    """The same, but not of what a transform differentiates: the number would lose the
    gradient.
    """
    if x._is_traced() and not is_one_of_many(x):
        raise _traced_error(x, asked)
    return only_number(x, asked)


def _traced_error(x: Any, asked: str) -> GradientError:
    """The error where what a transform differentiates is to become plain numbers."""
    what = named(x) if shape_of(x) or named(x) != "()" else "this number"
    return GradientError(
        f"{asked}: {what} is being differentiated, and plain numbers would lose its gradient;\n"
        f"use NumPy's functions (np.exp(x) for math.exp(x), np.stack for a list), or x.detach() for a constant"
    )


def lists_of(x: Any) -> Any:
    """The numbers below x in nested lists, as `tolist()` of NumPy gives them."""
    if CAPTURES:
        refuse(x, "tolist()")
    if is_one_of_many(x):
        raise one_of_many_error("tolist()", x)
    if x._is_traced():
        raise _traced_error(x, "tolist()")
    return np.asarray(ground(x)).tolist()


def length_of(x: Any) -> int:
    """Length of the first axis."""
    shape = shape_of(x)
    if not shape:
        raise DataError(f"len: {named(x)} is a number, and has no length")
    return shape[0]


def array_maker(x: Any) -> Callable[..., Any]:
    """What NumPy calls to make an array of x: see `Operators.__array__`."""
    if CAPTURES and shape_of(x):
        refuse(x, "asarray")
    if is_one_of_many(x) and np.dtype(x.dtype).kind in "iub":  # NumPy is about to index by it
        return functools.partial(_refuse_index, x)
    if not x._has_history():
        return functools.partial(_array_of, x)
    if shape_of(x) == ():
        raise AttributeError("__array__")
    return functools.partial(_refuse_array, x)


def _array_of(x: Any, dtype: Any = None, copy: bool | None = None) -> Any:
    """What NumPy gets for a constant: its numbers."""
    return np.array(ground(x), dtype=dtype, copy=copy)


def _refuse_index(x: Any, dtype: Any = None, copy: bool | None = None) -> Any:
    raise one_of_many_error("mask" if np.dtype(x.dtype).kind == "b" else "index", x)


def _refuse_array(x: Any, dtype: Any = None, copy: bool | None = None) -> Any:
    """What NumPy gets for an array with a history: an error that says what to do."""
    if is_one_of_many(x):
        raise one_of_many_error("asarray", x)
    raise GradientError(
        f"asarray: {named(x)} has a gradient, which a plain array would lose; np.dot(X, v) or X @ v with X of NumPy\n"
        f"keeps it, micrograd.ops.stack or micrograd.numpy.array joins values; v.numpy() gives plain numbers"
    )


def keepdims_of(name: str, keepdims: Any) -> bool:
    """keepdims as a bool. A dtype is refused: in NumPy it comes at this position."""
    if keepdims is True or keepdims is False:
        return keepdims
    if isinstance(keepdims, (int, np.bool_)):
        return bool(keepdims)
    raise ArgumentError(f"{name}: keepdims={keepdims!r} is not True or False; give dtype= and out= by name")


def room_of(name: str, keepdims: Any, options: dict[str, Any], usual: Any = reductions) -> Any:
    """The room of the reduction: another one where where=, initial= or dtype= is
    given.
    """
    keepdims_of(name, keepdims)
    if options.pop("out", None) is not None:
        raise OpError(f"{name}: a Value is never written into, so there is no out=; write z = v.{name}(...)")
    return reducing if options and options.keys() <= {"where", "initial", "dtype", "mean"} else usual


def whole_numbers(name: str, given: tuple[Any, ...]) -> tuple[int, ...]:
    """(2, 3) for both f(2, 3) and f((2, 3))."""
    wanted = given[0] if len(given) == 1 and hasattr(given[0], "__iter__") else given
    try:
        return tuple(operator.index(n) for n in wanted)
    except TypeError:
        raise ShapeError(f"{name}: {given} are not whole numbers; give them as in {name}(1, 0)") from None


def formatted(x: Any, spec: str) -> str:
    """The number below x as text, by Python's format specification."""
    if CAPTURES:
        refuse(x, "format")
    if is_one_of_many(x):
        raise one_of_many_error("format", x)
    number = ground(x)
    if shape_of(x) or number is None:
        raise DataError(
            f"format: {named(x)} is not a number, and {spec!r} formats numbers; "
            f"format an element, or take .data, as in np.array2string(v.data, precision=3)"
        )
    if is_exact(number):
        return format_exact(number, spec)
    return format(number if is_number(number) else np.asarray(number).item(), spec)


@functools.cache
def protocols() -> Any:
    """The room of NumPy's protocols, imported when NumPy first asks: it needs the whole
    table.
    """
    from micrograd.ops import protocols

    return protocols
