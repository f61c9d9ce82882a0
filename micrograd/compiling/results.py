"""Results: the Values that a compiled function gives, and the way back through them."""

from __future__ import annotations

import functools
from typing import Any

from micrograd.compiling import boundary
from micrograd.engine import Value


class Call:
    """One call of a compiled function: it keeps the memory of the call."""

    def __init__(self, plan: Any, space: Any) -> None:
        self.plan = plan
        self.space = space

    def __del__(self) -> None:
        self.plan.give_back(self.space)

    def value(self, number: float, place: int) -> Value:
        """A result as a Value."""
        node = Value(number)
        node._own_step = functools.partial(self._back, node, place)
        node._has_own_step = True
        return node

    def _back(self, node: Any, place: int) -> None:
        arrays = self.space.arrays
        seeds = arrays["d_outputs"]
        seeds[:] = 0.0
        seeds[place] = node.grad
        self.plan.runner.backward(self.space)
        boundary.add_to_grads(self.plan.theta, arrays["d_theta"], 1.0)
