"""`scan`: a loop over the rows of arrays, as a function."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from micrograd import on_demand as np
from micrograd.abstract import Abstract
from micrograd.arrays import as_input
from micrograd.errors import ArgumentError, MicrogradError, ShapeError
from micrograd.interpreter import NUMBERS, Interpreter, numbers_below, shape_of
from micrograd.leaves import described, joined_leaves
from micrograd.ops import stack
from micrograd.ops.hints import told_keywords
from micrograd.transforms.carries import Carry, check_function, dtype_of, flat, paths_of
from micrograd.transforms.derived import check_takes
from micrograd.trees import LEAVES, leaves_of, like, mapped, same_leaves


@told_keywords
def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
) -> tuple[Any, Any]:
    """A loop over the rows of arrays, which carries something from step to step.

    c_i+1, y_i = f(c_i, x_i)    for i = 0 ... n - 1, with c_0 = init

    Args:
        f: a function (carry, x) -> (carry, y). The carry keeps its structure, and the
            shapes and dtypes of its leaves. y is a tree of numbers and arrays, or None.
        init: the carry at the start, a tree.
        xs: a tree of arrays of n rows each; x_i has their rows number i. None where f
            needs no x.
        length: n. It is needed only where xs is None.
        reverse: the loop runs from the last row to the first. The ys still stand in the
            order of the rows.

    Returns:
        (carry after the last step, ys). ys has the structure of a y; its leaves are the
        leaves of all y, stacked along a new first axis.

    Raises:
        ArgumentError: f is not a function of (carry, x), or returns no pair; the
            structure or a dtype of the carry changes, or the structure of y; or the
            number of steps is not known.
        ShapeError: a shape of the carry or of y changes, or xs and length have
            different numbers of rows.

    >>> import numpy as np
    >>> scan(lambda total, x: (total + x, total * x), 0.0, np.array([1.0, 2.0, 3.0]))
    (np.float64(6.0), array([0., 2., 9.]))
    """
    check_function("scan", "f", f)
    check_takes("scan", "f", f, ("carry", "x"))
    rows, init = _Rows(xs, length), mapped(_as_leaf, init)
    if rows.count == 0:
        return init, _no_outputs(f, init, rows)
    carry, checked = init, Carry("scan", init).checked
    outs: list[Any] = [None] * rows.count
    order = range(rows.count)[::-1] if reverse else range(rows.count)
    for i, x in zip(order, rows.in_order(order), strict=True):
        pair = f(carry, x)
        if type(pair) is not tuple or len(pair) != 2:
            raise _not_a_pair(pair)
        carry, outs[i] = checked(pair[0], i), pair[1]
    return carry, _stacked(outs)


def _as_leaf(x: Any) -> Any:
    return as_input(x, "scan")


def _not_a_pair(given: Any) -> ArgumentError:
    return ArgumentError(
        f"scan: f returned {described(given)}; return a pair (carry, y), with y None where there is no output"
    )


class _Rows:
    """The rows of xs, and how many there are."""

    def __init__(self, xs: Any, length: int | None) -> None:
        self.xs = mapped(_as_leaf, xs)
        self.leaves = leaves_of(self.xs)
        self.count = self._counted(length)

    def in_order(self, order: range) -> Iterable[Any]:
        """The rows with these numbers, in the structure of xs."""
        columns = [map(x.__getitem__, order) for x in self.leaves]
        if len(columns) == 1 and self.xs is self.leaves[0]:
            return columns[0]
        if not columns:
            return (self.xs for _ in order)
        rows = zip(*columns, strict=True)
        if not _is_flat(self.xs):
            return (like(self.xs, row) for row in rows)
        return rows if type(self.xs) is tuple else map(list, rows)

    def abstract(self) -> Any:
        """A row as shapes alone."""
        return like(self.xs, [Abstract(shape_of(x)[1:], dtype_of(x)) for x in self.leaves])

    def _counted(self, length: int | None) -> int:
        paths = paths_of(self.xs, "xs")
        for path, x in zip(paths, self.leaves, strict=True):
            if shape_of(x) == ():
                raise ShapeError(
                    f"scan: {path} is a number, which has no rows; give an array (a list is a tree of its elements), "
                    f"or let f close over it"
                )
        sizes = {path: int(shape_of(x)[0]) for path, x in zip(paths, self.leaves, strict=True)}
        if length is not None:
            try:
                sizes = {"length": operator.index(length), **sizes}
            except TypeError:
                raise ArgumentError(f"scan: length={length!r}; give a whole number, or None") from None
        if not sizes:
            raise ArgumentError("scan: xs has no arrays, so the number of steps is not known; give length=")
        counts = [*sizes.values()]
        if len({*counts}) > 1:
            said = ", ".join(f"{n} in {path}" for path, n in sizes.items())
            raise ShapeError(f"scan: the numbers of steps differ: {said}; give all arrays of xs as many rows")
        if counts[0] < 0:
            raise ArgumentError(f"scan: length={length!r}; give 0 or more")
        return counts[0]


def _is_flat(tree: Any) -> bool:
    """Whether a tree is a plain list or tuple of leaves."""
    return type(tree) in (list, tuple) and len(leaves_of(tree)) == len(tree) == sum(len(leaves_of(x)) for x in tree)


def _stacked(outs: list[Any]) -> Any:
    """The outputs of all steps as one tree."""
    first = outs[0]
    if first is None and outs.count(None) == len(outs):
        return None
    if not {*map(type, outs)} - LEAVES:
        return _column(outs, "y")
    rows: list[list[Any]] = []
    for i, out in enumerate(outs):
        found: list[Any] = []
        if not flat(out, first, found):
            found = same_leaves("scan", f"y of step {i}", out, "y of step 0", first)
        rows.append(found)
    paths = paths_of(first, "y")
    return like(first, [_column([*parts], path) for parts, path in zip(zip(*rows, strict=True), paths, strict=True)])


def _column(parts: list[Any], path: str) -> Any:
    """One leaf of the outputs of all steps, as one array."""
    kinds = {*map(type, parts)}
    try:
        if kinds <= {float, int, bool, np.float64}:
            return np.array(parts)
        if not any(issubclass(kind, Interpreter) for kind in kinds):
            whole = np.stack(parts)
            if not whole.dtype.hasobject:
                return whole
        return stack(parts)
    except ValueError:  # also a ShapeError
        shapes = [shape_of(x) for x in parts]
        for i, shape in enumerate(shapes):
            if shape != shapes[0]:
                raise ShapeError(
                    f"scan: {path} has shape {shape} at step {i}, and {shapes[0]} at step 0; "
                    f"return one shape in all steps"
                ) from None
        raise


def _no_outputs(f: Any, init: Any, rows: _Rows) -> Any:
    """The ys of a loop without steps: f says their shapes, and no rows."""
    try:
        pair = f(mapped(_without_numbers, init), rows.abstract())
    except (MicrogradError, TypeError, ValueError) as error:
        raise ArgumentError(
            f"scan: there are 0 steps, so f was asked for the shapes of y without numbers, and failed: {error}\n"
            f"do not call scan without rows, or write f without asking for numbers"
        ) from error
    if type(pair) is not tuple or len(pair) != 2:
        raise _not_a_pair(pair)
    Carry("scan", init).checked(pair[0], 0)
    return mapped(lambda y: np.zeros((0, *shape_of(y)), dtype_of(y)), joined_leaves(pair[1]))


def _without_numbers(x: Any) -> Any:
    """A leaf of the carry as a shape alone; a Python number, which has no dtype of its
    own, as it is.
    """
    return x if type(numbers_below(x)) in NUMBERS else Abstract(shape_of(x), dtype_of(x))
