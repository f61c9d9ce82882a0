"""`vmap`: a function of one example, as a function of all examples at once."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, ParamSpec

from micrograd import levels
from micrograd import on_demand as np
from micrograd.arrays import as_input
from micrograd.batch import Batch, unmapped
from micrograd.batched.layouts import moved, repeated
from micrograd.errors import ArgumentError, ShapeError
from micrograd.integers import integer_at_least
from micrograd.interpreter import at_level, shape_of
from micrograd.leaves import described, joined_leaves
from micrograd.ops.hints import told_keywords
from micrograd.tracing import none_around
from micrograd.transforms.derived import Derived
from micrograd.transforms.randomness import refuse_draws, state_to_watch
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
            arguments; out_axes does not fit the results; or axis_size is not a whole
            number.
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
    size = None if axis_size is None else integer_at_least(0, "vmap", "axis_size", axis_size)
    return Derived("vmap", _vmap, f, in_axes, out_axes, size)


def _vmap(f: Any, in_axes: Any, out_axes: Any, axis_size: int | None, args: tuple[Any, ...], options: Any) -> Any:
    inputs = leaves_of(args) + leaves_of(options)
    by_argument = zip(args, _axes_of_arguments(in_axes, args), strict=True)
    axes = [a for arg, given in by_argument for a in _spread(arg, given, "in_axes", "argument")]
    axes += [0] * (len(inputs) - len(axes))  # those by keyword
    leaves = [_example_first(x, a, i, args, options) for i, (x, a) in enumerate(zip(inputs, axes, strict=True))]
    is_mapped = [a is not None for a in axes]
    count = _count(leaves, is_mapped, axis_size, args, options)
    before = None if levels.is_mapping() else state_to_watch(f)
    with levels.mapping(unmapped) as level, none_around():
        given = iter([Batch(x, True, level) if m else x for x, m in zip(leaves, is_mapped, strict=True)])
        fresh = [like(arg, [next(given) for _ in leaves_of(arg)]) for arg in args]
        by_name = like(options, given)
        out = joined_leaves(f(*fresh, **by_name))
        outs = [at_level(z, level) for z in leaves_of(out)]
    if before is not None:
        refuse_draws(f, before)
    places = _spread(out, out_axes, "out_axes", "output")
    results = [_result(z, axis, count, level) for z, axis in zip(outs, places, strict=True)]
    return like(out, _apart(results, leaves))


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


def _spread(tree: Any, axes: Any, what: str, of: str) -> list[Any]:
    """The axis of each leaf of a tree; an axis in the place of a branch is that of all
    its leaves.

    Args:
        tree: an argument or an output.
        axes: an axis, None, or a tree of them that begins as the other does.
        what: a word for axes, for the error.
        of: a word for tree, for the error.
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
    count = sizes[0] if axis_size is None else axis_size
    if any(n != count for n in sizes):
        raise ShapeError(_sizes_differ(leaves, is_mapped, axis_size, args, options))
    return count


def _names(args: tuple[Any, ...], options: dict[str, Any]) -> list[str]:
    """For each leaf, the argument that it belongs to."""
    names = [f"argument {i}" for i, arg in enumerate(args) for _ in leaves_of(arg)]
    return names + [f"{key}=" for key, arg in options.items() for _ in leaves_of(arg)]


def _sizes_differ(leaves: list[Any], is_mapped: list[bool], axis_size: int | None, args: Any, options: Any) -> str:
    """Which argument has how many examples, in words."""
    rows = zip(_names(args, options), leaves, is_mapped, strict=True)
    found = dict.fromkeys(f"{shape_of(x)[0]} in {name}" for name, x, m in rows if m)  # each once, in order
    said = ([] if axis_size is None else [f"{axis_size} by axis_size"]) + [*found]
    return (
        f"vmap: the numbers of examples differ: {', '.join(said)}; give each argument as many; "
        f"what is the same in each example has None in in_axes, as in in_axes=(None, 0)"
    )


# Results


def _result(z: Any, axis: Any, count: int, level: int) -> Any:
    """A leaf of the result, with the examples along this axis."""
    is_mine = isinstance(z, Batch) and z._number == level
    is_mapped = is_mine and z.is_mapped
    z = z.examples if is_mine else z
    if axis is None:
        if is_mapped:
            raise ArgumentError(
                "vmap: out_axes is None for a result that differs from example to example; give it an axis, such as 0"
            )
        return z
    z = z if is_mapped else repeated(as_input(z, "vmap"), count)
    rank, number = len(shape_of(z)), operator.index(axis)
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
