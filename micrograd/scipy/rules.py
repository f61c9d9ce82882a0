"""`Implicit`: the op of a solution, with derivatives by the implicit function theorem.

Where F(x, p) = 0, and x moves with p: dx/dp = -(dF/dx)^-1 dF/dp. How x was found does
not matter.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from micrograd.errors import GradientError
from micrograd.ops import concatenate, where
from micrograd.record import Primitive
from micrograd.scipy.plainly import by_rule, plainly
from micrograd.transforms import jvp, vjp

Many = Sequence[Any]


class Private(Primitive):
    """The op of one call of a solver. It is not in the table, as it holds the user's
    functions.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> Private:
        return self

    def __reduce__(self) -> Any:
        raise GradientError(
            f"pickle: the history of a result of {self.name} holds your functions, and cannot go along; "
            f"pickle its .detach(), or its numbers"
        )


class Implicit(Private):
    """A solution x of F(x, *leaves) = 0 as an op of a start and of leaves.

    Its output is x; with `fixes`, x and for each element 1 where it stands still, else
    0.

    Args:
        name: the solver that the user called.
        run: a function (start, *leaves) of plain numbers to the output.
        f: the function F, of a vector and the leaves, in ops.
        system: a function (x, leaves, active) to the `System` of dF/dx.
        size: the number of unknowns.
        count: the number of leaves.
        fixes: see above.
    """

    def __init__(
        self,
        name: str,
        run: Callable[..., Any],
        f: Callable[..., Any],
        system: Callable[..., Any],
        size: int,
        count: int,
        fixes: bool = False,
    ) -> None:
        self.f, self.system, self.size, self.fixes = f, system, size, fixes

        def forward(*inputs: Any) -> Any:
            with plainly():
                return run(*inputs)

        def shared(g: Any, z: Any, start: Any, *leaves: Any) -> Any:
            return by_rule(self._pulled, g, z, *leaves)

        forward.__name__ = name
        rules = [None, *(_part(i) for i in range(count))]
        shape = (2 * size,) if fixes else (size,)
        super().__init__(forward, name, rules, rules, lambda *inputs: shape, shared=shared)
        self.formulas.state = 2  # it has none

    def push(self, z: Any, inputs: Many, tangents: Many, params: dict[str, Any]) -> Any:
        """One solve for the tangents of all inputs together."""
        moving = [i for i, t in enumerate(tangents) if t is not None and i > 0]
        if not moving:
            return None
        rule = functools.partial(self._pushed, moving)
        return by_rule(rule, z, *inputs[1:], *[tangents[i] for i in moving])

    def _pushed(self, moving: Sequence[int], z: Any, *rest: Any) -> Any:
        count = len(rest) - len(moving)
        leaves, tangents = rest[:count], rest[count:]
        x, active = self.split(z)

        def moved(*fresh: Any) -> Any:
            given = list(leaves)
            for i, leaf in zip(moving, fresh, strict=True):
                given[i - 1] = leaf
            return self.f(x, *given)

        t = jvp(moved, tuple(leaves[i - 1] for i in moving), tuple(tangents))[1]
        t = self.system(x, leaves, active).solve(_held(active, -t))
        return concatenate([t, t * 0.0]) if self.fixes else t

    def _pulled(self, g: Any, z: Any, *leaves: Any) -> Many:
        x, active = self.split(z)
        g = g[: self.size] if self.fixes else g
        w = self.system(x, leaves, active).solve_transposed(_held(active, g))
        _, pull = vjp(lambda *leaves: self.f(x, *leaves), *leaves)
        parts: Many = pull(-w)
        return parts

    def split(self, z: Any) -> tuple[Any, Any]:
        """The unknowns in an output, and where they stand still; None for nowhere."""
        return (z[: self.size], z[self.size :] > 0.5) if self.fixes else (z, None)


def _held(active: Any, x: Any) -> Any:
    return x if active is None else where(active, 0.0, x)


def _part(i: int) -> Callable[..., Any]:
    """The rule of leaf i: its part of what is computed for all leaves."""
    return lambda parts, z, *inputs: parts[i]
