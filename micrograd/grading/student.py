"""A class like Value, as the grader reads it: whatever its attributes are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd.grading.attempts import Fault, attempt
from micrograd.see.wrong_engines import Right, sorted_below

# How learners call the inputs of a node
INPUTS = ("_prev", "prev", "_children", "children", "_inputs", "inputs", "_parents", "parents")
SEED = 3.0  # the gradient that arrives where an op is tried alone: a forgotten factor shows


class Engine:
    """A class like Value.

    Args:
        cls: the class.

    Attributes:
        cls: the class.
        takes_numbers: whether `a * 2` works, with a plain number.
        has_steps: whether each node has a `_backward()` of its own, and says what its
            inputs are: then an op can be tried without the learner's `backward()`.
        seeds_by_product: whether `(a * 3).backward()` gives a the gradient 3: then that
            is a way to let 3 arrive at a.
        is_single: whether its numbers are of float32.
    """

    def __init__(self, cls: Any) -> None:
        self.cls = cls
        self.takes_numbers = self.has_steps = self.seeds_by_product = True
        self.is_single = False

    def new(self, data: float) -> Any:
        """A leaf."""
        return self.cls(data)

    def number(self, value: Any, name: str = "data") -> float:
        """The `data` or the `grad` of a value as a plain number."""
        if not hasattr(value, name):
            raise Fault(f"has no `{name}`: it is {_kind(value)}")
        x = getattr(value, name)
        if isinstance(x, self.cls) and hasattr(x, "data"):  # gradients as nodes, for higher order
            x = x.data
        if x is None or isinstance(x, (str, bytes)):
            raise Fault(f"has {name} {x!r}; it is a number")
        try:
            return float(x.item() if hasattr(x, "item") else x)
        except (TypeError, ValueError):
            raise Fault(f"has {_kind(x)} as {name}; it is a number") from None

    def set_grad(self, value: Any, gradient: float) -> None:
        value.grad = gradient

    def inputs_of(self, value: Any) -> list[Any]:
        """The inputs of a node that are values."""
        for name in INPUTS:
            inputs = getattr(value, name, None)
            if isinstance(inputs, (set, frozenset, tuple, list)):
                return [x for x in inputs if isinstance(x, self.cls)]
        return []

    def seeded(self, root: Any, leaves: dict[str, Any]) -> None:
        """Let `SEED` arrive at a root, and pass it on to its leaves, by their names."""
        if isinstance(root, Right):
            root.grad = SEED
            for node in reversed(sorted_below(root)):
                node.pass_on()
        elif self.has_steps:
            root.grad = SEED
            order = self._sorted(root)
            for node in reversed(order):
                if node._backward is not None or self.inputs_of(node):  # None in a leaf
                    node._backward()
            known = {id(node) for node in order}
            if unknown := [name for name, leaf in leaves.items() if id(leaf) not in known]:
                raise Fault(f"{unknown[0]} is not among the inputs of the result, and no gradient finds it: (self,)")
        else:
            (root * (SEED if self.takes_numbers else self.new(SEED))).backward()

    def _sorted(self, root: Any) -> list[Any]:
        """The nodes below a root in our order: the learner's does not matter."""
        order: list[Any] = []
        seen: set[int] = set()
        stack = [(root, False)]
        while stack:
            node, is_done = stack.pop()
            if is_done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack += [(node, True), *((x, False) for x in self.inputs_of(node))]
        return order


class Student(Engine):
    """The class of a learner. What it has is found out by trying."""

    def __init__(self, cls: Any) -> None:
        super().__init__(cls)
        self.takes_numbers = self._can(lambda: self.number(self.new(1.5) * 2) == 3.0)
        self.has_steps = self._can(self._has_steps)
        self.is_single = self._can(lambda: 0.0 < abs(self.number(self.new(0.1)) - 0.1) < 1e-8)
        self.seeds_by_product = self.has_steps or self._can(self._seeds_by_product)

    def has(self, method: str) -> bool:
        """Whether the class has a method."""
        return self._can(lambda: callable(getattr(self.cls, method, None)))

    def _can(self, question: Callable[[], bool]) -> bool:
        try:
            return attempt(question)
        except Fault:
            return False

    def _has_steps(self) -> bool:
        """One step of `_backward()` reaches the inputs, and no further."""
        x, y = self.new(1.5), self.new(2.0)
        middle = x + y
        z = middle + y
        z.grad = 1.0
        z._backward()
        return (
            self.number(middle, "grad") != 0.0  # whatever arrived
            and self.number(x, "grad") == 0.0
            and {id(v) for v in self.inputs_of(z)} == {id(middle), id(y)}
        )

    def _seeds_by_product(self) -> bool:
        x = self.new(1.5)
        (x * (SEED if self.takes_numbers else self.new(SEED))).backward()
        return self.number(x, "grad") == SEED


def _kind(x: Any) -> str:
    if x is None or x is NotImplemented:
        return f"{x}"
    name = type(x).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
