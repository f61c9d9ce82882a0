"""What a loop carries from step to step: a tree that keeps its structure, and whose
leaves keep their shapes and dtypes.

`scan` and `while_loop` check it at each step, and an error names the leaf.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_input, is_odd
from micrograd.errors import ArgumentError, ShapeError
from micrograd.interpreter import NUMBERS, numbers_below, shape_of
from micrograd.node import data_of
from micrograd.trees import LEAVES, is_fixed, like, places_of, same_leaves

RANK = {"b": 0, "u": 1, "i": 1, "f": 2}  # a Python number fits dtypes of its kind, and of later ones


def paths_of(tree: Any, name: str) -> list[str]:
    """The leaves of a tree in order, as a program writes them.

    >>> paths_of({"h": [0.0, 0.0], "c": 0.0}, "carry")
    ["carry['h'][0]", "carry['h'][1]", "carry['c']"]
    """
    return [path for path, x in places_of(tree, name) if not is_fixed(x)]


def check_function(name: str, what: str, f: Any) -> None:
    """Refuse what cannot be called.

    Args:
        name: the loop, for the error.
        what: the argument, for the error.
        f: what was given for it.

    Raises:
        ArgumentError: it is not a function.
    """
    if not callable(f):
        raise ArgumentError(f"{name}: {what}={f!r} is not a function; give one of the carry, and the functions first")


def flat(tree: Any, wanted: Any, found: list[Any]) -> bool:
    """Put the leaves of a tree into a list, where the tree is a leaf, or of tuples,
    lists and dicts, and has the structure wanted.

    False where that cannot be said so quickly.
    """
    kind = type(tree)
    if kind in LEAVES:
        found.append(tree)
        return type(wanted) in LEAVES
    if tree is None:
        return wanted is None
    if type(wanted) is not kind or (kind is not tuple and kind is not list and kind is not dict):
        return False
    if kind is dict:
        if tree.keys() != wanted.keys():
            return False
        tree, wanted = [tree[key] for key in wanted], wanted.values()
    if len(wanted) != len(tree):
        return False
    for branch, other in zip(tree, wanted, strict=True):  # noqa: SIM110 - it runs in each step of a loop
        if not flat(branch, other, found):
            return False
    return True


class Carry:
    """What one loop carries.

    A Python number at the start fits whatever the first step makes of it. From then on
    the dtype stays.

    Args:
        name: the loop, for errors.
        init: the carry at the start.

    >>> carry = Carry("scan", (0.0, np.zeros(2)))
    >>> carry.checked((1.0, np.ones(2)), 0)
    (1.0, array([1., 1.]))
    """

    def __init__(self, name: str, init: Any) -> None:
        self._name = name
        self._tree = init
        leaves = same_leaves(name, "carry", init, "carry", init)
        self._shapes = [shape_of(x) for x in leaves]
        # None where a Python number stands: the first step decides.
        self._dtypes = [None if _is_number(x) else dtype_of(x) for x in leaves]
        self._before = [dtype_of(x) for x in leaves]
        self._array: Any = np.ndarray

    def checked(self, tree: Any, step: int) -> Any:
        """What a step returned, if it is as the carry must be.

        Args:
            tree: what the step returned.
            step: its number, for errors.

        Raises:
            ArgumentError: the structure is another one, or the dtype of a leaf.
            DataError: a leaf is not a number or an array.
            ShapeError: a leaf has another shape.
        """
        found: list[Any] = []
        if not flat(tree, self._tree, found):
            found = same_leaves(self._name, f"carry after step {step}", tree, "carry before it", self._tree)
        is_joined = False
        for i, x in enumerate(found):
            data = data_of(x)
            kind, dtype = type(data), self._dtypes[i]
            if (kind is float and dtype is FLOAT and not self._shapes[i]) or (
                kind is self._array and data.dtype is dtype and data.shape == self._shapes[i]
            ):
                continue
            if is_odd(data):  # NumPy made it of a list of Values; or it is not a number
                x = found[i] = as_input(data, self._name)
                is_joined = True
            if not self._fits(i, x):
                raise self._misfit(i, x, step)
        return like(self._tree, found) if is_joined else tree

    def _fits(self, i: int, x: Any) -> bool:
        if shape_of(x) != self._shapes[i]:
            return False
        dtype, wanted = dtype_of(x), self._dtypes[i]
        if wanted is None:
            self._dtypes[i] = self._before[i] = dtype
            return True
        return dtype == wanted or (_is_number(x) and RANK.get(dtype.kind, 3) <= RANK.get(wanted.kind, 3))

    def _misfit(self, i: int, x: Any, step: int) -> Exception:
        path, shape = paths_of(self._tree, "carry")[i], shape_of(x)
        if shape != self._shapes[i]:
            return ShapeError(
                f"{self._name}: {path} has shape {shape} after step {step}, and {self._shapes[i]} before it; "
                f"a carry keeps its shapes: give init the shape that the step returns"
            )
        return ArgumentError(
            f"{self._name}: {path} is {dtype_of(x)} after step {step}, and {self._before[i]} before it; "
            f"a carry keeps its dtypes: give init the dtype that the step returns, or cast in the step"
        )


def _is_number(x: Any) -> bool:
    """Whether x stands for a Python number, which takes any dtype."""
    return type(numbers_below(x)) in NUMBERS


def dtype_of(x: Any) -> Any:
    """NumPy's type of a leaf; that of a Python number is what an array of it has.

    >>> dtype_of(2), dtype_of(np.float32(2.0))
    (dtype('int64'), dtype('float32'))
    """
    global FLOAT
    if FLOAT is None:
        FLOAT = np.dtype(float)
    below = numbers_below(x)
    if type(below) in NUMBERS:
        return np.dtype(type(below) if type(below) in (bool, int, float) else object)
    return np.dtype((x if below is None else below).dtype)


FLOAT: Any = None  # float64 of NumPy, which is loaded when there is a first array
