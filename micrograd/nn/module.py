"""Module: anything that has parameters."""

from __future__ import annotations

from micrograd.engine import Value


class Module:
    """Base of everything that has parameters. A subclass overrides `parameters`.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope = Value(2.0)
    ...
    ...     def __call__(self, x):
    ...         return self.slope * x
    ...
    ...     def parameters(self):
    ...         return [self.slope]
    >>> line = Line()
    >>> line(3.0).backward()
    >>> line.slope.grad
    3.0
    >>> line.zero_grad()
    >>> line.slope.grad
    0.0
    """

    def parameters(self) -> list[Value]:
        """The Values that training changes, always in the same order."""
        return []

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero. `backward` adds to gradients."""
        for p in self.parameters():
            p.grad = 0.0
