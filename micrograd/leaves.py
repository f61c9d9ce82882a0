"""Trees whose leaves are numbers and arrays: as data, in pairs, and joined to
Jacobians.

The transforms use it. What concerns only the structure of a tree is in trees.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_data, as_operand, is_object_array
from micrograd.cotangents import fit
from micrograd.errors import ShapeError
from micrograd.exact import number_like
from micrograd.interpreter import Array, Interpreter, numbers_below, ones_like, settled, shape_of, zeros_like
from micrograd.ops import reshape, stack
from micrograd.trees import is_branch, leaves_of, mapped, same_leaves


def as_array(x: Any) -> Array:
    """A leaf as data.

    A value of an interpreter stays as it is; an array of such values becomes one value.
    """
    if type(x) is float or isinstance(x, Interpreter):
        return x
    return as_operand(x, "f") if is_object_array(x) else as_data(x, "f")


def joined_leaves(tree: Any) -> Any:
    """A tree in which arrays of Values, as NumPy makes of lists of them, are one Value
    each, and what is left over from a transform that has ended is a constant.
    """
    return mapped(_joined_array, tree)


def _joined_array(x: Any) -> Any:
    if isinstance(x, Interpreter):
        return settled(x)
    return as_operand(x, "f") if is_object_array(x) else x


def size_of(x: Any) -> int:
    """Number of elements of a leaf.

    >>> size_of([[1.0, 2.0, 3.0]])
    3
    """
    return math.prod(shape_of(as_array(x)))


def described(z: Any) -> str:
    """What a function returned, for errors.

    >>> described((1.0, 2.0)), described(np.zeros(3)), described(None)
    ('a tuple of 2', 'an array of shape (3,)', 'None')
    """
    if z is None:
        return "None"
    if is_branch(z) or not hasattr(z, "shape"):
        name = type(z).__name__
        if type(z) is tuple:
            return f"a tuple of {len(z)}"
        return f"an {name}" if name[0] in "AEIOaeiou" else f"a {name}"
    return f"an array of shape {shape_of(z)}" if shape_of(z) else "a number"


def moves_of(name: str, what: str, given: Any, of: str, wanted: Any) -> list[Any]:
    """The leaves of a cotangent or tangent, each in the dtype of its counterpart.

    Args:
        name: the function that asks, for the error.
        what: a word for given, for the error.
        given: the cotangent or tangent, a tree.
        of: a word for wanted, for the error.
        wanted: the tree that it belongs to.

    Raises:
        ArgumentError: the structures differ.
        ShapeError: the shapes of two leaves differ.
    """
    if type(given) is float and type(numbers_below(wanted)) is float:
        return [given]
    if type(given) is list and type(wanted) is list and len(given) == len(wanted) and _are_floats(given, wanted):
        return given[:]
    moves = []
    for move, x in zip(same_leaves(name, what, given, of, wanted), leaves_of(wanted), strict=True):
        move, x = as_array(move), as_array(x)
        if shape_of(move) != shape_of(x):
            raise ShapeError(
                f"{name}: a {what} of shape {shape_of(move)} for the {of} of shape {shape_of(x)}; "
                f"give one of the same shape"
            )
        moves.append(fit(number_like(move, x), x))
    return moves


def _are_floats(given: list[Any], wanted: list[Any]) -> bool:
    for i in range(len(given)):  # noqa: SIM110 - Cython makes no generator of this
        if type(given[i]) is not float or type(wanted[i]) is not float:
            return False
    return True


def basis(z: Any) -> Iterator[Any]:
    """The arrays of the shape of z that are 1 at one element and 0 elsewhere.

    >>> list(basis(np.zeros(2)))
    [array([1., 0.]), array([0., 1.])]
    """
    z = as_array(z)
    shape = shape_of(z)
    if shape == ():
        yield ones_like(z)
        return
    for place in np.ndindex(shape):
        one = zeros_like(z)
        one[place] = 1.0
        yield one


def joined(parts: list[Any], shape: tuple[int, ...], x: Any, axis: int) -> Any:
    """Parts of the shape of x as one array: with axis 0 of shape (*shape, *x.shape),
    with -1 the other way round.

    >>> joined([np.zeros(3), np.ones(3)], (2,), np.zeros(3), 0)
    array([[0., 0., 0.],
           [1., 1., 1.]])
    """
    if not parts:
        sizes = (*shape, *shape_of(x)) if axis == 0 else (*shape_of(x), *shape)
        return np.zeros(sizes)
    if shape == ():
        return parts[0]
    whole = stack(parts, axis=axis)
    return reshape(whole, shape=(*shape, *shape_of(parts[0])) if axis == 0 else (*shape_of(parts[0]), *shape))


def unshared_leaves(arrays: list[Any], others: list[Any]) -> list[Any]:
    """Arrays that may be changed in place: none is a view, appears twice, or is one of
    the others.
    """
    seen: set[int] | None = None
    own = []
    for x in arrays:
        if type(x) is not float and isinstance(x, np.ndarray):
            seen = {id(y) for y in others} if seen is None else seen
            x = x.copy() if x.base is not None or id(x) in seen else x
            seen.add(id(x))
        own.append(x)
    return own


def unboxed(x: Any) -> Any:
    """A number of NumPy's as Python's."""
    return float(x) if type(x) is np.float64 else x
