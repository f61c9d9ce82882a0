"""The table, selecting: elements chosen by conditions or places; inserted and deleted.

All are composed of ops. Conditions and places are plain data and carry no gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_data, as_input
from micrograd.errors import ArgumentError, DataError, IndexingError, ShapeError
from micrograd.interpreter import Interpreter
from micrograd.op import Array, ground, named, shape_of
from micrograd.ops.arithmetic import cast, positive, where
from micrograd.ops.axes import axes_of, axis_of
from micrograd.ops.indexing import getitem, index_set
from micrograd.ops.joining import concatenate, listed
from micrograd.ops.shapes import ravel
from micrograd.ops.taking import take

__all__ = [
    "append",
    "choose",
    "compress",
    "copy",
    "delete",
    "extract",
    "insert",
    "piecewise",
    "select",
    "trim_zeros",
]


# Arguments


def _plain(name: str, what: str, x: Any) -> Any:
    """x as a plain array: it says which elements are meant."""
    if isinstance(x, Interpreter) or (isinstance(x, (list, tuple)) and any(isinstance(e, Interpreter) for e in x)):
        shown = named(x) if isinstance(x, Interpreter) else "a list of Values"
        raise IndexingError(
            f"{name}: {what} {shown}: it says which elements are meant, and carries no gradient; "
            f"give plain numbers, such as v.numpy()"
        )
    if isinstance(x, slice):
        return x
    return np.zeros(0, int) if isinstance(x, (list, tuple)) and not x else np.asarray(x)


def _numbers(name: str, x: Array) -> Any:
    """The plain numbers of x, for a result whose shape depends on them."""
    data = ground(x)
    if data is None:
        raise DataError(f"{name}: {named(x)} is a shape without numbers, and the result depends on the numbers")
    return data


def _in_type_of(x: Array, model: Array) -> Array:
    """x in the dtype of the model, as if it were written into that array."""
    dtype = np.dtype(getattr(model, "dtype", float))
    return x if getattr(x, "dtype", None) == dtype else cast(x, dtype=dtype)


def _gathered(arrays: Sequence[Array], f: Callable[..., Any]) -> Array:
    """f of the arrays, for an f of NumPy that only chooses elements.

    f runs on arrays of places, and so says which elements are chosen.
    """
    sizes = [math.prod(shape_of(x)) for x in arrays]
    ends = np.cumsum(sizes)
    places = [np.arange(end - n, end).reshape(shape_of(x)) for x, n, end in zip(arrays, sizes, ends, strict=True)]
    chosen = np.asarray(f(*places))
    return take(concatenate(arrays, axis=None), chosen)


# By conditions


def select(condlist: Sequence[Any], choicelist: Sequence[Array], default: Array = 0) -> Array:
    """Each element from the first of several values whose condition holds.

    z = choicelist[k] for the first k where condlist[k] holds, otherwise default

    Args:
        condlist: arrays of booleans.
        choicelist: as many values; all broadcast together.
        default: value of the elements where no condition holds.

    Raises:
        ArgumentError: there are no conditions, or another number of choices; or a
            condition is not made of booleans.

    >>> select([np.array([True, False])], [np.array([1.0, 2.0])], 9.0)
    array([1., 9.])
    """
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ArgumentError(
            f"select: {len(condlist)} conditions and {len(choicelist)} choices; give as many of both, at least one"
        )
    z = default if hasattr(default, "shape") else as_data(default, "select")
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        z = where(_condition(condition), choice if hasattr(choice, "shape") else as_data(choice, "select"), z)
    return z


def _condition(x: Any) -> Any:
    x = x if isinstance(x, Interpreter) else np.asarray(x)
    if np.dtype(x.dtype).kind != "b":
        raise ArgumentError(f"select: a condition {named(x)} of {x.dtype}: give booleans, such as x > 0")
    return x


def piecewise(x: Array, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Array:
    """A function defined by parts: each is called where its condition holds.

    z = funclist[k](x) where condlist[k] holds; of several that hold, the last counts

    Args:
        x: value of any shape.
        condlist: booleans of the shape of x, one array per part.
        funclist: one function or number per condition, and perhaps one more for where
            none holds; without it, 0.
        args: passed to each function, and so are the options.

    Raises:
        ArgumentError: functions and conditions do not fit in number.

    >>> low = np.array([True, False])
    >>> piecewise(np.array([-2.0, 3.0]), [low], [lambda t: -t, lambda t: t * t])
    array([2., 9.])
    """
    x = as_data(x, "piecewise")
    if isinstance(condlist, (bool, np.bool)) or (shape_of(x) and not hasattr(condlist[0], "__len__")):
        condlist = [condlist]  # a single condition
    conditions = [np.asarray(_numbers("piecewise", condition), bool) for condition in condlist]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.any(conditions, axis=0))
    if len(funclist) != len(conditions):
        raise ArgumentError(
            f"piecewise: {len(funclist)} functions for {len(conditions)} conditions; give as many, or one more"
        )
    nothing = np.zeros(shape_of(x), bool)
    z = index_set(np.zeros(shape_of(x), getattr(x, "dtype", float)), getitem(x, index=nothing), index=nothing)
    for condition, f in zip(conditions, funclist, strict=True):
        if not condition.any():  # a function may fail on an empty array
            continue
        part = f(getitem(x, index=condition), *args, **kw) if callable(f) else f
        z = index_set(z, _in_type_of(as_data(part, "piecewise"), z), index=condition)
    return z


def choose(a: Any, choices: Any, *, mode: str = "raise") -> Array:
    """Each element from one of several values, by the number of that value.

    z_i = choices[a_i]_i

    Args:
        a: plain integers.
        choices: values, which broadcast together with a.
        mode: what happens to a number outside: "raise" an error, "wrap" it around, or
            "clip" it to the nearest one.

    Raises:
        IndexingError: a holds a number outside, or is a Value.
        ShapeError: the shapes do not broadcast.
        ArgumentError: the mode is unknown.

    >>> choose(np.array([1, 0]), [np.array([1.0, 2.0]), np.array([10.0, 20.0])])
    array([10.,  2.])
    """
    if mode not in ("raise", "wrap", "clip"):
        raise ArgumentError(f"choose: mode {mode!r}: give 'raise', 'wrap' or 'clip'")
    a, values = _plain("choose", "the numbers", a), [as_data(x, "choose") for x in listed("choose", choices)]
    given = ", ".join(named(x) for x in values) or "nothing"
    if a.dtype.kind not in "iub":
        raise IndexingError(f"choose: the numbers are of type {a.dtype}; give integers, such as a.astype(int)")
    if mode == "raise" and a.size and not (a.min() >= 0 and a.max() < len(values)):
        raise IndexingError(
            f"choose: a number is outside 0 to {len(values) - 1}, as there are {len(values)} choices; see mode="
        )
    try:
        return _gathered(values, lambda *places: np.choose(a, places, mode=mode))  # type: ignore[call-overload]
    except ValueError:
        raise ShapeError(f"choose: numbers of shape {a.shape} and choices {given} do not broadcast together") from None


def compress(condition: Any, a: Array, axis: int | None = None) -> Array:
    """The slices along an axis for which a condition holds.

    Args:
        condition: plain booleans, one per slice; slices beyond them are left out.
        a: value of any shape.
        axis: the axis to choose along; None chooses from all elements in one row.

    Raises:
        IndexingError: the condition is a Value, or too long.
        ShapeError: the axis does not exist, or the condition has more than one axis.

    >>> compress([False, True], np.array([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    array([[3., 4.]])
    """
    a, condition = as_data(a, "compress"), _plain("compress", "the condition", condition)
    if condition.ndim != 1:
        raise ShapeError(f"compress: the condition has shape {condition.shape}; give one boolean per slice")
    return take(a, np.flatnonzero(condition), axis=axis)


def extract(condition: Any, arr: Array) -> Array:
    """The elements for which a condition holds, in one row.

    Args:
        condition: plain booleans, one per element.
        arr: value of any shape.

    Raises:
        IndexingError: the condition is a Value, or too long.

    >>> extract(np.array([True, False, True]), np.array([1.0, 2.0, 3.0]))
    array([1., 3.])
    """
    return compress(np.ravel(_plain("extract", "the condition", condition)), arr)


def trim_zeros(filt: Array, trim: str = "fb", axis: int | tuple[int, ...] | None = None) -> Array:
    """filt without the zeros at both ends.

    Args:
        filt: value with at least one axis; with several, the smallest box that holds
            all that is not zero is left.
        trim: "f" cuts only at the front, "b" only at the back.
        axis: the axes to cut along; None for all.

    Raises:
        ArgumentError: trim is unknown.
        ShapeError: an axis does not exist.

    >>> trim_zeros(np.array([0.0, 1.0, 0.0, 2.0, 0.0]))
    array([1., 0., 2.])
    """
    filt, ends = as_data(filt, "trim_zeros"), trim.lower()
    if ends not in ("fb", "bf", "f", "b"):
        raise ArgumentError(f"trim_zeros: trim {trim!r}: give 'fb', 'f' or 'b'")
    axes = axes_of("trim_zeros", filt, tuple(axis) if isinstance(axis, list) else axis)
    places = np.argwhere(_numbers("trim_zeros", filt))
    cuts = [slice(None)] * len(shape_of(filt))
    for a in axes:
        if not len(places):
            cuts[a] = slice(0, 0)
            continue
        low, high = int(places[:, a].min()), int(places[:, a].max()) + 1
        cuts[a] = slice(low if "f" in ends else None, high if "b" in ends else None)
    return getitem(filt, index=tuple(cuts))


# Insert and delete


def copy(a: Array) -> Array:
    """The same numbers in new memory; gradients pass through.

    >>> copy(np.array([1.0, 2.0]))
    array([1., 2.])
    """
    return positive(as_data(a, "copy"))


def append(arr: Array, values: Array, axis: int | None = None) -> Array:
    """arr with values added at the end.

    Args:
        arr: value of any shape.
        values: what to add; its shape may differ from that of arr along the axis only.
        axis: the axis to add along; None puts all elements of both in one row.

    Raises:
        ShapeError: the shapes do not fit, or the axis does not exist.

    >>> append(np.array([1.0, 2.0]), 3.0)
    array([1., 2., 3.])
    """
    return concatenate([as_input(arr, "append"), as_input(values, "append")], axis=axis)


def insert(arr: Array, obj: Any, values: Array, axis: int | None = None) -> Array:
    """arr with values inserted before given places.

    Args:
        arr: value of any shape.
        obj: the places: an integer, a slice, integers, or booleans; all are places in
            arr itself.
        values: what to insert; it broadcasts to the slices at the places, and gets the
            dtype of arr.
        axis: the axis of the places; None takes all elements of arr in one row.

    Raises:
        IndexingError: a place does not exist, or the places are a Value.
        ShapeError: the values do not fit, or the axis does not exist.

    >>> insert(np.array([1.0, 2.0, 3.0]), 1, 9.0)
    array([1., 9., 2., 3.])
    """
    arr, obj = as_data(arr, "insert"), _plain("insert", "the place", obj)
    values = _in_type_of(as_data(values, "insert"), arr)
    if axis is not None:
        axis = axis_of("insert", arr, axis)
    try:
        return _gathered([arr, values], lambda x, w: np.insert(x, obj, w, axis))
    except IndexError as error:
        raise IndexingError(f"insert: into {named(arr)}: {error}") from None
    except ValueError as error:
        raise ShapeError(f"insert: {named(values)} into {named(arr)} at {obj}, axis {axis}: {error}") from None


def delete(arr: Array, obj: Any, axis: int | None = None) -> Array:
    """arr without the slices at given places.

    Args:
        arr: value of any shape.
        obj: the places: an integer, a slice, integers, or booleans.
        axis: the axis of the places; None takes all elements of arr in one row.

    Raises:
        IndexingError: a place does not exist, or the places are a Value.
        ShapeError: the axis does not exist.

    >>> delete(np.array([1.0, 2.0, 3.0]), 1)
    array([1., 3.])
    """
    arr, obj = as_data(arr, "delete"), _plain("delete", "the place", obj)
    given = named(arr)
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = axis_of("delete", arr, axis)
    try:
        kept = np.delete(np.arange(shape_of(arr)[axis]), obj)
    except (IndexError, ValueError) as error:
        raise IndexingError(f"delete: from {given}, axis {axis}: {error}") from None
    return take(arr, kept, axis=axis)
