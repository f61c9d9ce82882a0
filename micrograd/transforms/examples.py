"""A call inside a vmap, of values that carry a gradient outside of it: all examples in
one call, so that the node of the call is one of the graph outside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from micrograd.batch import Batch
from micrograd.errors import GradientError
from micrograd.interpreter import shape_of
from micrograd.leaves import joined_leaves
from micrograd.transforms.calls import Arguments
from micrograd.transforms.vmap import vmap
from micrograd.trees import leaves_of, like


class Examples:
    """The arguments of a call inside a vmap, as all examples together.

    Args:
        given: the arguments; the highest is a Batch.

    Attributes:
        number: that of the vmap.
        inside: the leaves below, with the examples along axis 0.
        axes: for each leaf 0, or None where it is the same in each example.
        tree: the output for one example, once `over` has run.
    """

    def __init__(self, given: Arguments) -> None:
        self.number = given.top._number
        mine = [isinstance(x, Batch) and x._number == self.number for x in given.leaves]
        leaves = [x.examples if m else x for x, m in zip(given.leaves, mine, strict=True)]
        self.axes = [0 if m and x.is_mapped else None for x, m in zip(given.leaves, mine, strict=True)]
        self.inside = Arguments(leaves)
        self.tree: Any = None
        self._count = next((shape_of(x)[0] for x, a in zip(leaves, self.axes, strict=True) if a == 0), 0)

    def is_mapped(self) -> bool:
        """Whether a leaf differs from example to example."""
        return 0 in self.axes

    def over(self, f: Callable[..., Any], in_axes: Any, *args: Any) -> Any:
        """f of one example, for all of them; results lie along axis 0."""
        return vmap(f, in_axes, axis_size=self._count)(*args)

    def leaves_of_output(self, out: Any) -> list[Any]:
        """The leaves of what the user's function returned for one example."""
        self.tree = joined_leaves(out)
        return leaves_of(self.tree)

    def check_own(self, name: str, leaves: Sequence[Any]) -> None:
        """Refuse leaves of the vmap around.

        Raises:
            GradientError: the function closes over a value of it.
        """
        if any(isinstance(x, Batch) and x._number == self.number for x in leaves):
            raise GradientError(
                f"{name}: it uses a value of the vmap around that is not one of its arguments, and examples would mix; "
                f"give it to the function as an argument"
            )

    def result(self, leaves: Sequence[Any]) -> Any:
        """The output inside the vmap, from its leaves with all examples."""
        return like(self.tree, [Batch(x, True, self.number) for x in leaves])
