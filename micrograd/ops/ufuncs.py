"""`reduce`, `accumulate` and `outer` of NumPy's ufuncs, and their options, in ops."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_input
from micrograd.errors import ArgumentError, OpError, ShapeError
from micrograd.interpreter import Interpreter
from micrograd.op import Array, named, shape_of
from micrograd.ops.axes import along, axis_of, means_all
from micrograd.ops.indexing import getitem
from micrograd.ops.joining import stack
from micrograd.ops.nanfunctions import nanmax, nanmin
from micrograd.ops.reducing import FULL, in_dtype
from micrograd.ops.shapes import expand_dims, reshape
from micrograd.ops.softmax import logsumexp

__all__: list[str] = []  # protocols.py calls them

REDUCTIONS = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}
REDUCTIONS |= {"logical_and": "all", "logical_or": "any"}
RUNS = {"add": "cumsum", "multiply": "cumprod"}
SKIPPING = {"fmax": nanmax, "fmin": nanmin}
IN_PLACE = {"add": "add", "multiply": "multiply"}
DEFAULTS = {"casting": "same_kind", "order": "K", "subok": True, "where": True, "dtype": None, "out": None}
SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "matmul": "@"}
SIGNS |= {"floor_divide": "//", "remainder": "%"}


def out_error(asked: str) -> OpError:
    """The error for `out=`, which says what to write instead."""
    sign = SIGNS.get(asked.removeprefix("np."))
    repair = f"a = a {sign} v in place of a {sign}= v" if sign else f"z = {asked}(v)"
    return OpError(f"{asked}: there is no op for it with out=, as a Value is never written into; write {repair}")


def option_error(asked: str, names: Iterable[str]) -> OpError:
    """The error for options that are not supported."""
    return OpError(f"{asked}: there is no op for it with {'=, '.join(names)}=; take v.data for plain NumPy")


def called(ufunc: Any, op: Callable[..., Any], inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """`ufunc(*inputs, **options)`, where op is our function for the ufunc.

    Raises:
        OpError: an option is not supported.
    """
    asked = f"np.{ufunc.__name__}"
    given = {name: x for name, x in options.items() if not (name in DEFAULTS and x is DEFAULTS[name])}
    return op(*inputs) if not given else _with_options(asked, op, inputs, given)


def _with_options(asked: str, op: Callable[..., Any], inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    dtype = options.pop("dtype", None)
    if "out" in options:
        raise out_error(asked)
    if "where" in options:
        raise OpError(
            f"{asked}: there is no op for it with where=, which leaves the other elements undefined; "
            f"write np.where(mask, {asked}(v), other)"
        )
    if options:
        raise option_error(asked, options)
    return op(*[in_dtype(asked, _value(asked, x), dtype) for x in inputs])


def _value(asked: str, x: Any) -> Array:
    return x if isinstance(x, Interpreter) else as_input(x, asked)


def apply_method(ufunc: Any, op: Callable[..., Any], method: str, inputs: tuple[Any, ...], options: Any) -> Any:
    """`ufunc.method(*inputs, **options)`, where op is our function for the ufunc.

    Raises:
        OpError: the method or an option is not supported.
    """
    asked = f"np.{ufunc.__name__}.{method}"
    if method == "at":
        way = IN_PLACE.get(ufunc.__name__, "set")
        raise OpError(f"{asked}: a Value is never changed in place; write w = v.at[index].{way}(...), a new value")
    if method not in METHODS or ufunc.nin != 2 or ufunc.nout != 1:
        raise OpError(f"{asked}: there is no op for it; use reduce, accumulate or outer, or take v.data")
    if options.pop("out", None) is not None:
        raise out_error(asked)
    return METHODS[method](asked, ufunc.__name__, op, *[_value(asked, x) for x in inputs], **options)


def _outer(
    asked: str, name: str, op: Callable[..., Any], x: Array, y: Array, *, dtype: Any = None, **others: Any
) -> Any:
    if others:
        raise option_error(asked, others)
    x, y = in_dtype(asked, x, dtype), in_dtype(asked, y, dtype)
    return op(reshape(x, shape=(*shape_of(x), *[1] * len(shape_of(y)))), y)


def _reduce(
    asked: str,
    name: str,
    op: Callable[..., Any],
    x: Array,
    *,
    axis: Any = 0,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    axis = None if means_all(x, axis) else axis  # NumPy lets a number have axis 0
    initial = None if initial is np._NoValue else initial
    x = in_dtype(asked, x, dtype)
    options = {"initial": initial, "where": where}
    given = {key: v for key, v in options.items() if v is not None and v is not True}
    if name in REDUCTIONS:
        return FULL[REDUCTIONS[name]](x, axis=axis, keepdims=keepdims, **given)
    if name in SKIPPING:
        return SKIPPING[name](x, axis=axis, keepdims=keepdims, **given)
    if where is not True:
        raise OpError(f"{asked}: there is no op for it with where=; apply np.where to the input instead")
    if name == "logaddexp" and initial is None:
        return logsumexp(x, axis=axis, keepdims=keepdims)
    if isinstance(axis, tuple) and len(axis) == 1:
        (axis,) = axis
    if axis is None and len(shape_of(x)) == 1:
        axis = 0
    if axis is None or isinstance(axis, tuple):
        raise ArgumentError(f"{asked}: axis={axis} of {named(x)}: the order of elements matters; name one axis")
    axis = axis_of(asked, x, axis)
    *_, z = [None, *_folded(op, x, axis, initial)]
    if z is None:
        raise ShapeError(f"{asked}: {named(x)} has no element along axis {axis}; it needs at least one, or initial=")
    return expand_dims(z, axis=axis) if keepdims else z


def _accumulate(asked: str, name: str, op: Callable[..., Any], x: Array, *, axis: int = 0, dtype: Any = None) -> Any:
    axis = axis_of(asked, x, axis)
    x = in_dtype(asked, x, dtype)
    if name in RUNS:
        return FULL[RUNS[name]](x, axis=axis)
    return stack(_folded(op, x, axis, None), axis=axis) if shape_of(x)[axis] else x


def _folded(op: Callable[..., Any], x: Array, axis: int, initial: Any) -> list[Array]:
    """The results of the op on the first slice, the first two, the first three, ..."""
    steps = [] if initial is None else [initial]
    for i in range(shape_of(x)[axis]):
        part = getitem(x, index=along(axis, i))
        steps.append(op(steps[-1], part) if steps else part)
    return steps


METHODS: dict[str, Callable[..., Any]] = {"reduce": _reduce, "accumulate": _accumulate, "outer": _outer}
