"""A tree of parameters as one vector, as SciPy's solvers want it, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_data
from micrograd.engine import Value
from micrograd.errors import ArgumentError, DataError, DomainError, ShapeError, a_kind
from micrograd.interpreter import Interpreter
from micrograd.node import data_of
from micrograd.trees import by_key, is_branch, is_fixed, leaves_of, like, places_of, same_leaves

NUMBERS = (int, float)


class Flat:
    """The structure of some parameters.

    Vectors are float64. In trees, each leaf has the shape and the dtype that it had:
    a leaf of whole numbers becomes float64.

    Args:
        name: the function that the user called, for errors.
        params: a number, an array, a Value, or a tree of them.
        what: what the user calls them, for errors.
        names: what the user calls each leaf, for errors; None makes it of the tree.

    Attributes:
        name: as given.
        vector: all numbers of params, in order.
        sizes: how many numbers each leaf has.

    Raises:
        DataError: a leaf is not made of real numbers.
        ArgumentError: there are no numbers.
        DomainError: a number is not finite.

    >>> flat = Flat("minimize", {"w": np.array([1.0, 2.0]), "b": 3})
    >>> flat.vector, flat.tree(flat.vector + 1.0)
    (array([1., 2., 3.]), {'w': array([2., 3.]), 'b': 4.0})
    """

    def __init__(self, name: str, params: Any, what: str = "params", names: Sequence[str] | None = None) -> None:
        self.name = name
        self._tree = params
        self._what = what
        self._names = names
        for place, x in places_of(params, what):
            if is_fixed(x):
                _real(name, x, place)  # refuses it
        self._given = leaves_of(params)
        self._data = [_real(name, x, place) for x, place in zip(self._given, self._places(), strict=True)]
        self._shapes = [np.shape(x) for x in self._data]
        self.sizes = [math.prod(shape) for shape in self._shapes]
        self._ends = list(np.cumsum(self.sizes))
        self.vector = self.joined(self._data)
        if not self.vector.size:
            raise ArgumentError(f"{name}: {what} holds no numbers; give at least one to start from")
        self.refuse_if_not_finite(self.vector, "start from finite numbers")

    def tree(self, vector: Any) -> Any:
        """The vector as plain numbers and arrays, in the structure of the
        parameters.
        """
        return like(self._tree, self._leaves(vector))

    def result(self, vector: Any) -> Any:
        """The same, with a Value where a Value was."""
        pairs = zip(self._given, self._leaves(vector), strict=True)
        return like(self._tree, [Value(x, label=old.label) if isinstance(old, Value) else x for old, x in pairs])

    def joined(self, leaves: Iterable[Any]) -> Any:
        """Leaves, one for each of the parameters, as a vector."""
        return np.concatenate([np.ravel(np.asarray(x, dtype=np.float64)) for x in leaves] or [np.zeros(0)])

    def flattened(self, tree: Any, what: str) -> Any:
        """A tree of the same structure and shapes, as a vector."""
        leaves = [data_of(x) for x in same_leaves(self.name, what, tree, self._what, self._tree)]
        if [np.shape(x) for x in leaves] != self._shapes:
            raise ShapeError(
                f"{self.name}: the {what} has leaves of shapes {[np.shape(x) for x in leaves]}, "
                f"but {self._what} has {self._shapes}; give each the same shape"
            )
        return self.joined(leaves)

    def spread(self, given: Any, what: str) -> Any:
        """A number for all elements, a vector of them, or a tree of what each leaf
        broadcasts, as a vector.
        """
        if isinstance(given, np.ndarray) and given.shape in ((), (1,)):
            given = float(given.item())
        if isinstance(given, np.ndarray) and given.shape == self.vector.shape:
            return given.astype(np.float64)
        leaves = self._at_leaves(given, self._tree, what, lambda x: isinstance(x, NUMBERS))
        parts = zip(leaves, self._shapes, self._places(), strict=True)
        return np.concatenate([np.ravel(_broadcast(self.name, what, x, shape, place)) for x, shape, place in parts])

    def pairs(self, bounds: Any) -> Any:
        """Bounds of `minimize` as two vectors, (low, high).

        Args:
            bounds: (low, high) for all; or a tree of them in the structure of the
                parameters; or, for an array, one for each element. None means that
                there is no bound.
        """
        leaves = self._at_leaves(bounds, self._tree, "bounds", lambda x: x is None or _is_pair(x))
        limits = [_limits(self.name, x, shape) for x, shape in zip(leaves, self._shapes, strict=True)]
        found = np.concatenate([np.reshape(x, (-1, 2)) for x in limits])
        return found[:, 0], found[:, 1]

    def _at_leaves(self, given: Any, tree: Any, what: str, is_for_all: Callable[[Any], bool]) -> Iterator[Any]:
        """What is given for each leaf of the tree. What stands at a leaf need not be
        one: it may be a list.
        """
        if not is_branch(tree) or is_for_all(given):
            yield from [given] * len(leaves_of(tree))
            return
        inner, mine = by_key(tree), by_key(given) if is_branch(given) else {}
        if inner.keys() != mine.keys():
            raise ArgumentError(
                f"{self.name}: the {what} for {self.vector.size} numbers do not have the structure of {self._what}; "
                f"give one for all, or one for each leaf, in that structure"
            )
        for key, branch in inner.items():
            yield from self._at_leaves(mine[key], branch, what, is_for_all)

    def refuse_if_not_finite(self, vector: Any, repair: str) -> None:
        """Raise DomainError, naming the first element that is nan or infinite."""
        wrong = np.flatnonzero(~np.isfinite(vector))
        if wrong.size:
            raise DomainError(f"{self.name}: {self.element(wrong[0])} is {vector[wrong[0]]}; {repair}")

    def element(self, i: int) -> str:
        """Where element i of the vector stands, as a user would write it.

        >>> Flat("minimize", {"w": np.zeros((2, 3)), "b": 0.0}).element(4)
        "params['w'][1, 1]"
        """
        leaf = int(np.searchsorted(self._ends, i, side="right"))
        shape, start = self._shapes[leaf], self._ends[leaf] - self.sizes[leaf]
        index = ", ".join(str(int(k)) for k in np.unravel_index(i - start, shape)) if shape else ""
        return self.leaf(leaf) + (f"[{index}]" if index else "")

    def leaf(self, i: int) -> str:
        """Where leaf i stands."""
        return self._places()[i]

    def _places(self) -> Sequence[str]:
        return self._names or [place for place, _ in places_of(self._tree, self._what)]

    def _leaves(self, vector: Any) -> list[Any]:
        parts = np.split(np.asarray(vector, dtype=np.float64), self._ends[:-1])
        return [_as_given(part, x) for part, x in zip(parts, self._data, strict=True)]


def _real(name: str, x: Any, place: str) -> Any:
    """A leaf as data: a Python float, or an array of floats."""
    if isinstance(x, Interpreter) and not isinstance(x, Value):
        raise DataError(f"{name}: {place} is {a_kind(x)}; give a number, an array or a Value")
    data = as_data(data_of(x), f"{name}: {place}")
    if getattr(data, "dtype", None) is not None and np.dtype(data.dtype).kind == "f":
        return data
    return float(data) if np.ndim(data) == 0 else np.asarray(data, dtype=np.float64)


def _as_given(part: Any, x: Any) -> Any:
    return float(part[0]) if type(x) is float else part.reshape(np.shape(x)).astype(x.dtype)[()]


def _broadcast(name: str, what: str, x: Any, shape: tuple[int, ...], place: str) -> Any:
    try:
        return np.broadcast_to(np.asarray(data_of(x), dtype=np.float64), shape)
    except (TypeError, ValueError):
        raise ShapeError(
            f"{name}: {what} of shape {np.shape(x)} do not fit {place} of shape {shape}; give them in that shape"
        ) from None


def _is_pair(x: Any) -> bool:
    is_two = isinstance(x, Sequence) and len(x) == 2
    return is_two and all(side is None or isinstance(side, NUMBERS) for side in x)


def _limits(name: str, bounds: Any, shape: tuple[int, ...]) -> Any:
    """Pairs for one leaf, as an array of shape (*shape, 2)."""
    try:
        # None becomes nan, as in SciPy
        found = np.array((None, None) if bounds is None else bounds, dtype=np.float64)
        if found.shape[-1:] != (2,):  # (0.0,) would be both sides
            raise ValueError
        found = np.broadcast_to(found, (*shape, 2))
    except (TypeError, ValueError):
        raise ShapeError(
            f"{name}: the bounds {bounds!r} do not fit a leaf of shape {shape}; "
            f"give (low, high), or one for each element, None where there is no bound"
        ) from None
    return np.where(np.isnan(found), (-math.inf, math.inf), found)
