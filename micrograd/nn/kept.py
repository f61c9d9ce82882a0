"""What modules keep between calls, such as running means, while a function that calls
them is captured by `micrograd.compile`: it is read and written at each call.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.captures import current
from micrograd.errors import CaptureError
from micrograd.node import Node

STATISTICS = ("running_mean", "running_var")


def statistics(module: Any) -> tuple[Any, Any]:
    """The running mean and variance of a module."""
    capture = current()
    found = [getattr(module, name) if capture is None else capture.attribute(module, name) for name in STATISTICS]
    return found[0], found[1]


def track(capture: Any, module: Any, mean: Any, var: Any, count: int) -> None:
    """At the end of each call, move the statistics towards those of its batch.

    Args:
        capture: of this thread.
        module: with a `momentum`.
        mean: of each channel.
        var: likewise, with the count as divisor.
        count: elements of a channel.
    """
    if module.momentum is None:
        raise CaptureError(f"{type(module).__name__}: momentum=None cannot be compiled; give a momentum")
    for name, new in zip(STATISTICS, (mean, var * (count / (count - 1))), strict=True):
        new = new.data if isinstance(new, Node) else new
        batch = np.mean(np.reshape(new, (-1, module.num_features)), axis=0)
        kept = capture.attribute(module, name)
        capture.set_attribute(module, name, (1.0 - module.momentum) * kept + module.momentum * batch)


def count_batch(module: Any) -> None:
    """One batch more; while a function is captured, at the end of each call."""

    def count(_: Any = None) -> None:
        module.num_batches_tracked += 1

    capture = current()
    if capture is None:
        count()
    else:
        capture.put(count, None, module, ["num_batches_tracked"])


def check_mode(module: Any) -> None:
    """A function is captured anew when a module is in another mode than it was."""
    capture = current()
    if capture is not None:
        training = module.training
        capture.check(lambda: module.training == training)
