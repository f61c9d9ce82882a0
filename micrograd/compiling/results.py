"""Results: the Values that a compiled function gives, and the way back through them."""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.compiling import boundary
from micrograd.engine import Value
from micrograd.walking import StepBack


class Call:
    """One call of a compiled function: it keeps the memory of the call."""

    def __init__(self, plan: Any, space: Any) -> None:
        self.plan = plan
        self.space = space

    def __del__(self) -> None:
        self.plan.give_back(self.space)

    def value(self, data: Any, which: int) -> Value:
        """A result as a Value."""
        node = Value(data)
        node._own_step = Way(self, which)
        node._has_own_step = True
        return node


class Way(StepBack):
    """The way back from one result of a call."""

    def __init__(self, call: Call, which: int) -> None:
        self.call = call
        self.which = which

    def take(self, gradient: Any) -> None:
        """Add to the gradients of all states."""
        plan, arrays = self.call.plan, self.call.space.arrays
        start, end = plan.starts[self.which : self.which + 2]
        seeds = arrays["d_outputs"]
        seeds[:] = 0.0
        seeds[start:end] = gradient if type(gradient) is float else np.reshape(gradient, -1)
        plan.runner.backward(self.call.space)
        boundary.add_to_grads(plan.theta, arrays["d_theta"], 1.0)
        for name, state in plan.array_states:
            if f"d_{name}" in arrays:
                boundary.add_array_grad(state, arrays[f"d_{name}"])
