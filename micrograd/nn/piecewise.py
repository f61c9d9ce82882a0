"""Activations made of pieces, as modules with PyTorch's names and arguments."""

from __future__ import annotations

from dataclasses import dataclass

from micrograd import ops
from micrograd.errors import ArgumentError
from micrograd.nn.activations import Activation
from micrograd.op import Array

__all__ = [
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "ReLU6",
    "Softshrink",
    "Threshold",
]


@dataclass(eq=False, repr=False)
class ReLU6(Activation):
    """Rectified linear unit that stops at 6, elementwise: `ops.relu6`.

    z = min(max(x, 0), 6)

    Args:
        inplace: only False.

    >>> ReLU6()(8.0)
    6.0
    """

    inplace: bool = False

    def __call__(self, input: Array) -> Array:
        return ops.relu6(input)


@dataclass(eq=False, repr=False)
class Hardtanh(Activation):
    """x, but not below one bound and not above another, elementwise: `ops.hardtanh`.

    z = min(max(x, min_val), max_val)

    Args:
        min_val: the lower bound.
        max_val: the upper bound, above the lower one.
        inplace: only False.

    Raises:
        ArgumentError: the bounds are in the wrong order.

    >>> Hardtanh()(-3.0)
    -1.0
    """

    min_val: float = -1.0
    max_val: float = 1.0
    inplace: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.min_val < self.max_val:
            raise ArgumentError(f"Hardtanh: min_val={self.min_val} is not below max_val={self.max_val}; swap them?")

    def __call__(self, input: Array) -> Array:
        return ops.hardtanh(input, self.min_val, self.max_val)


@dataclass(eq=False, repr=False)
class Hardsigmoid(Activation):
    """Three straight lines near the logistic function, elementwise: `ops.hardsigmoid`.

    z = min(max(x + 3, 0), 6) / 6

    Args:
        inplace: only False.

    >>> Hardsigmoid()(0.0)
    0.5
    """

    inplace: bool = False

    def __call__(self, input: Array) -> Array:
        return ops.hardsigmoid(input)


@dataclass(eq=False, repr=False)
class Hardswish(Activation):
    """SiLU with Hardsigmoid for the logistic function, elementwise: `ops.hardswish`.

    z = x min(max(x + 3, 0), 6) / 6

    Args:
        inplace: only False.

    Source: Howard et al. (2019), arXiv:1905.02244.

    >>> Hardswish()(4.0)
    4.0
    """

    inplace: bool = False

    def __call__(self, input: Array) -> Array:
        return ops.hardswish(input)


@dataclass(eq=False, repr=False)
class Softshrink(Activation):
    """x moved towards 0 by lambd, elementwise: `ops.softshrink`.

    z = x - lambd where x > lambd, x + lambd where x < -lambd, else 0

    Args:
        lambd: the distance, 0 or more.

    Raises:
        ArgumentError: lambd is negative.

    >>> Softshrink()(2.0)
    1.5
    """

    lambd: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.lambd >= 0.0:
            raise ArgumentError(f"Softshrink: lambd={self.lambd} is not a distance from 0; give 0 or more")

    def __call__(self, input: Array) -> Array:
        return ops.softshrink(input, self.lambd)


@dataclass(eq=False, repr=False)
class Hardshrink(Activation):
    """x, but 0 where it is small, elementwise: `ops.hardshrink`.

    z = x where |x| > lambd, else 0

    Args:
        lambd: the distance, 0 or more.

    Raises:
        ArgumentError: lambd is negative.

    >>> Hardshrink()(0.25)
    0.0
    """

    lambd: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.lambd >= 0.0:
            raise ArgumentError(f"Hardshrink: lambd={self.lambd} is not a distance from 0; give 0 or more")

    def __call__(self, input: Array) -> Array:
        return ops.hardshrink(input, self.lambd)


@dataclass(eq=False, repr=False)
class Threshold(Activation):
    """x where it is above a threshold, elsewhere a value, elementwise: `ops.threshold`.

    z = x where x > threshold, else value

    Args:
        threshold: the threshold.
        value: the result on the threshold and below.
        inplace: only False.

    >>> Threshold(1.0, -7.0)(0.5)
    -7.0
    """

    threshold: float
    value: float
    inplace: bool = False

    def __call__(self, input: Array) -> Array:
        return ops.threshold(input, self.threshold, self.value)
