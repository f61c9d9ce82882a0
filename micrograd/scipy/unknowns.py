"""Trees that hold Values or numbers of a transform, as vectors and back, in ops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.interpreter import shape_of
from micrograd.leaves import as_array, joined_leaves
from micrograd.ops import cast, concatenate, ravel, reshape
from micrograd.ops.operators import Operators
from micrograd.scipy.flat import Flat
from micrograd.scipy.plainly import is_live, is_plain
from micrograd.trees import leaves_of, like


class Unknowns:
    """A tree of what a solver starts from.

    Args:
        name: the solver that the user called, for errors.
        tree: numbers, arrays and Values.
        what: what the user calls it, for errors.

    Attributes:
        flat: the same structure and shapes, of plain numbers.
        size: how many numbers it holds.
        plain: its leaves as plain numbers; where one has a gradient, as zeros.
    """

    def __init__(self, name: str, tree: Any, what: str = "params") -> None:
        self.tree = joined_leaves(tree)
        self._given = leaves_of(self.tree)
        self.flat = Flat(name, like(self.tree, map(_stand_in, self._given)), what)
        self.size = self.flat.vector.size
        self.plain = leaves_of(self.flat.tree(self.flat.vector))

    def vector(self, is_constant: bool = False) -> Any:
        """All numbers in order.

        Args:
            is_constant: no gradient goes to them.
        """
        if all(map(is_plain, self._given)):
            return self.flat.vector
        leaves = [x.detach() if is_constant and isinstance(x, Operators) else x for x in self._given]
        return concatenate([ravel(as_array(x)) for x in leaves])

    def leaves(self, x: Any, as_given: bool = False) -> list[Any]:
        """A vector as leaves; of an array the last axis, with all axes before.

        Args:
            x: the vector.
            as_given: in the dtypes that the tree has, else as they are.
        """
        leaves, end, before = [], 0, shape_of(x)[:-1]
        for size, given in zip(self.flat.sizes, self.plain, strict=True):
            end += size
            leaf = reshape(x[..., end - size : end], shape=(*before, *np.shape(given)))
            narrow = as_given and getattr(given, "dtype", np.float64) != np.float64
            leaves.append(cast(leaf, dtype=given.dtype) if narrow else leaf)
        return leaves

    def shaped(self, x: Any, as_given: bool = False) -> Any:
        """A vector in the structure of the tree; of an array the last axis."""
        return like(self.tree, self.leaves(x, as_given))


class Arguments:
    """A tree of arguments, some of which have gradients.

    Attributes:
        live: the leaves that have gradients.
    """

    def __init__(self, tree: Any) -> None:
        self._tree = joined_leaves(tree)
        self._leaves = leaves_of(self._tree)
        self._places = [i for i, x in enumerate(self._leaves) if is_live(x)]
        self.live = [as_array(self._leaves[i]) for i in self._places]

    def replaced(self, live: Sequence[Any]) -> Any:
        """The tree with these leaves in the place of those that have gradients."""
        leaves = list(self._leaves)
        for i, x in zip(self._places, live, strict=True):
            leaves[i] = x
        return like(self._tree, leaves)


def vector_of(tree: Any) -> Any:
    """The numbers of any tree as a vector, in ops."""
    return concatenate([ravel(as_array(z)) for z in leaves_of(joined_leaves(tree))])


def _stand_in(x: Any) -> Any:
    """A plain number or array like x."""
    if is_plain(x):
        return x
    return np.zeros(shape_of(x), x.dtype) if shape_of(x) else 0.0
