"""`vmap`: a function of one example, as a function of all examples at once."""

from __future__ import annotations

import contextlib
import operator
import sys
import weakref
from collections.abc import Callable
from typing import Any, ParamSpec

from micrograd import levels
from micrograd import on_demand as np
from micrograd.arrays import as_input
from micrograd.batch import Batch, unmapped
from micrograd.batched.layouts import for_each, moved
from micrograd.errors import ArgumentError, DataError, ShapeError
from micrograd.interpreter import Interpreter, shape_of
from micrograd.leaves import described, joined_leaves
from micrograd.ops.hints import told_keywords
from micrograd.tracing import none_around
from micrograd.transforms.derived import Derived
from micrograd.trees import leaves_of, like

P = ParamSpec("P")  # all arguments of f


@told_keywords
def vmap(f: Callable[P, Any], in_axes: Any = 0, out_axes: Any = 0, axis_size: int | None = None) -> Derived[P, Any]:
    """The function that maps f over an axis of its arguments, for all examples at once.

    z[b] = f(x[b], y[b], ...)     for each b

    f is written for one example, and runs once: each of its ops computes all examples.
    So it may not ask for the numbers of one, as `if x > 0` does; write
    `np.where(x > 0, ...)`. It may use transforms, and transforms may use it:
    `vmap(grad(f))` gives a gradient per example.

    Args:
        f: a function of numbers and arrays, or trees of them, to the same.
        in_axes: the axis of each argument along which the examples lie; None where the
            argument is the same in each example. One number for all arguments, or a
            tuple with one entry for each. An entry may be a tree that begins as the
            argument does: {"x": 0, "y": None}. Arguments by keyword are mapped along
            axis 0.
        out_axes: where the axis of the examples goes in the results: one number, or a
            tree that begins as the result does. None for a result that is the same in
            each example.
        axis_size: how many examples there are. It is needed only where no argument is
            mapped.

    Returns:
        A function of f's arguments, each with the axis of the examples.

    Raises:
        ArgumentError: in_axes is not an axis or a tuple of axes, or does not fit the
            arguments; or out_axes does not fit the results.
        ShapeError: an argument has no such axis, or another number of examples.

    >>> import numpy as np
    >>> vmap(np.dot)(np.ones((3, 2)), np.ones((3, 2)))
    array([2., 2., 2.])
    """
    if not _is_axis(in_axes) and not isinstance(in_axes, (tuple, list)):
        raise ArgumentError(
            f"vmap: in_axes is {described(in_axes)}; give one axis for all, or a tuple with one entry for each; "
            f"the arguments of f come in a second call: vmap(f)(x)"
        )
    return Derived("vmap", _vmap, f, in_axes, out_axes, axis_size)


def _vmap(f: Any, in_axes: Any, out_axes: Any, axis_size: int | None, args: tuple[Any, ...], options: Any) -> Any:
    axes = _axes_of_arguments(in_axes, args)
    inputs = leaves_of(args) + leaves_of(options)
    numbers = [a for arg, given in zip(args, axes, strict=True) for a in _spread(arg, given)]
    numbers += [0] * (len(inputs) - len(numbers))  # those by keyword
    leaves = [_example_first(x, a, i, args, options) for i, (x, a) in enumerate(zip(inputs, numbers, strict=True))]
    is_mapped = [a is not None for a in numbers]
    count = _count(leaves, is_mapped, axis_size, args, options)
    drawn = _state_of_random() if not levels.is_mapping() and _is_new(f) else None
    with levels.mapping(unmapped) as level, none_around():
        given = iter([Batch(x, True, level) if m else x for x, m in zip(leaves, is_mapped, strict=True)])
        fresh = [like(arg, [next(given) for _ in leaves_of(arg)]) for arg in args]
        by_name = like(options, given)
        out = joined_leaves(f(*fresh, **by_name))
        outs = [_at_level(z, level) for z in leaves_of(out)]
    if drawn is not None:
        _check_random(f, drawn)
    places = _spread_out(out, out_axes)
    results = [_result(z, place, count, level) for z, place in zip(outs, places, strict=True)]
    return like(out, _apart(results, leaves))


# Whether f draws random numbers is seen by the state of NumPy's generator. To read it
# takes 40 us, so it is done when f runs for the first time.
_draw_nothing: weakref.WeakSet[Any] = weakref.WeakSet()


def _own(f: Any) -> Any:
    """The program of the user's function that a transform was made of: all functions
    that one lambda makes have the same.
    """
    while isinstance(f, Derived):
        f = f.f
    return getattr(f, "__code__", f)


def _is_new(f: Any) -> bool:
    try:
        return _own(f) not in _draw_nothing and not str(getattr(f, "__module__", "")).startswith("micrograd.")
    except TypeError:  # it cannot be referred to weakly
        return True


def _check_random(f: Any, before: Any) -> None:
    """Refuse a function that has drawn random numbers since."""
    if before != _state_of_random():
        raise DataError(
            "np.random: a function inside vmap drew random numbers, and all examples would get the same ones;\n"
            "draw one set per example outside, as with shape (n, ...), and map over it"
        )
    with contextlib.suppress(TypeError):
        _draw_nothing.add(_own(f))


def _state_of_random() -> Any:
    """What changes when NumPy's global generator draws; None where nobody uses it.

    A generator of the user's own, such as `np.random.default_rng()`, cannot be seen.
    """
    if "numpy.random" not in sys.modules:
        return None
    generator: Any = np.random
    state = generator.get_bit_generator().state
    inner = state["state"]
    return (inner["pos"], int(inner["key"][0])) if "pos" in inner else str(state)


# Arguments


def _is_axis(given: Any) -> bool:
    if given is None or type(given) is int:
        return True
    try:
        operator.index(given)
    except TypeError:  # an array has __index__, too
        return False
    return not isinstance(given, bool)


def _axes_of_arguments(in_axes: Any, args: tuple[Any, ...]) -> list[Any]:
    """What in_axes says of each argument."""
    if _is_axis(in_axes):
        return [in_axes] * len(args)
    if len(in_axes) != len(args):
        raise ArgumentError(
            f"vmap: in_axes={in_axes!r}, and f was called with {len(args)} positional arguments; "
            f"give one axis for all, or a tuple with one entry for each"
        )
    return list(in_axes)


def _spread(tree: Any, axes: Any, what: str = "in_axes", of: str = "argument") -> list[Any]:
    """The axis of each leaf of a tree; an axis in the place of a branch is that of all
    its leaves.
    """
    if _is_axis(axes):
        return [axes] * len(leaves_of(tree))
    if isinstance(axes, dict) and isinstance(tree, dict) and axes.keys() == tree.keys():
        return [a for key in tree for a in _spread(tree[key], axes[key], what, of)]
    if isinstance(axes, (list, tuple)) and isinstance(tree, (list, tuple)) and len(axes) == len(tree):
        return [a for branch, below in zip(tree, axes, strict=True) for a in _spread(branch, below, what, of)]
    raise ArgumentError(
        f"vmap: {what} has {axes!r} for an {of} that is {described(tree)}; "
        f"give an axis, None, or a tree that begins as the {of} does"
    )


def _example_first(x: Any, axis: Any, i: int, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Leaf number i, with the axis of the examples first."""
    if axis is None:
        return x
    x, number = as_input(x, "vmap"), operator.index(axis)
    rank = len(shape_of(x))
    if not -rank <= number < rank:
        what = "a number, which has no axes" if rank == 0 else f"of shape {shape_of(x)}"
        repair = "an array (a list is a tree of its elements)" if rank == 0 else "an axis that is there"
        raise ShapeError(
            f"vmap: {_names(args, options)[i]} is {what}, and in_axes says axis {number}; "
            f"give None for what is the same in each example, or {repair}"
        )
    return moved(x, number % rank, 0)


def _count(leaves: list[Any], is_mapped: list[bool], axis_size: int | None, args: Any, options: Any) -> int:
    """How many examples there are."""
    sizes = [int(shape_of(x)[0]) for x, m in zip(leaves, is_mapped, strict=True) if m]
    if not sizes and axis_size is None:
        raise ArgumentError(
            "vmap: no argument is mapped, so the number of examples is not known; "
            "give in_axes an axis, or axis_size= the number"
        )
    count = operator.index(axis_size) if axis_size is not None else sizes[0]
    if any(n != count for n in sizes):
        raise ShapeError(_sizes_differ(leaves, is_mapped, axis_size, args, options))
    return count


def _names(args: tuple[Any, ...], options: dict[str, Any]) -> list[str]:
    """For each leaf, the argument that it belongs to."""
    names = [f"argument {i}" for i, arg in enumerate(args) for _ in leaves_of(arg)]
    return names + [f"{key}=" for key, arg in options.items() for _ in leaves_of(arg)]


def _sizes_differ(leaves: list[Any], is_mapped: list[bool], axis_size: int | None, args: Any, options: Any) -> str:
    """Which argument has how many examples, in words."""
    names = _names(args, options)
    found: dict[str, int] = {}
    for name, x, m in zip(names, leaves, is_mapped, strict=True):
        if m:
            found.setdefault(f"{shape_of(x)[0]} in {name}", 0)
    said = ([] if axis_size is None else [f"{axis_size} by axis_size"]) + [*found]
    return (
        f"vmap: the numbers of examples differ: {', '.join(said)}; give each argument as many; "
        f"what is the same in each example has None in in_axes, as in in_axes=(None, 0)"
    )


# Results


def _spread_out(out: Any, out_axes: Any) -> list[Any]:
    return _spread(out, out_axes, "out_axes", "output")


def _at_level(z: Any, level: int) -> Any:
    """An output without what is around it: a Value that f made of an example."""
    while isinstance(z, Interpreter) and z._level > level:
        z = z._below
    return z


def _result(z: Any, place: Any, count: int, level: int) -> Any:
    """A leaf of the result, with the axis of the examples in its place."""
    is_mine = isinstance(z, Batch) and z._number == level
    is_mapped = is_mine and z.is_mapped
    z = z.examples if is_mine else z
    if place is None:
        if is_mapped:
            raise ArgumentError(
                "vmap: out_axes is None for a result that differs from example to example; give it an axis, such as 0"
            )
        return z
    z = z if is_mapped else _changeable(for_each(as_input(z, "vmap"), count))
    rank, number = len(shape_of(z)), operator.index(place)
    if not -rank <= number < rank:
        raise ShapeError(
            f"vmap: out_axes says axis {number} for a result of shape {shape_of(z)[1:]} in each example; "
            f"with the axis of the examples, give a number from {-rank} to {rank - 1}"
        )
    return moved(z, 0, number % rank)


def _apart(results: list[Any], inputs: list[Any]) -> list[Any]:
    """Results that may be changed: none shares memory with an input or another
    result.
    """
    others, own = [x for x in inputs if type(x) is np.ndarray], []
    for z in results:
        if type(z) is np.ndarray:
            z = z.copy() if any(np.may_share_memory(z, x) for x in others) else z
            others.append(z)
        own.append(z)
    return own


def _changeable(z: Any) -> Any:
    """A repeated array as one that may be changed."""
    return z if isinstance(z, Interpreter) else z.copy()
