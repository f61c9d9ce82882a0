"""Zero times infinity in a chain rule: when it is zero, when it is not known, and who is told.

A zero that stands for "nobody asked" stays zero, whatever it meets. Any other zero times infinity is not known. It is
nan at a pole, where a forward value is infinite. At a kink, where all forward values are finite, it is 0, and a
`GradientWarning` says so. docs/numbers.md has examples.
"""

from __future__ import annotations

import linecache
import os
import sys
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from micrograd.errors import AnomalyError, GradientWarning

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

HERE = str(Path(__file__).parent) + os.sep

STRICT: ContextVar[bool] = ContextVar("strict", default=False)  # under `detect_anomaly()`: raise, where else we warn
_zeros: ContextVar[Zeros | None] = ContextVar("zeros", default=None)


class Zeros:
    """What a zero of one walk back from a root stands for. Only a case of doubt makes it look at the graph.

    Args:
        root: where it starts.
        seed: the cotangent of the root.
        look: a function of root and seed. For each node it says, True or False per element, whether the root depends
            on it, by a factor that may happen to be zero.

    Attributes:
        node: whose rules run now.
    """

    __slots__ = ("_asked", "_look", "_root", "_seed", "_token", "node")

    def __init__(self, root: Any, seed: Any, look: Callable[[Any, Any], dict[Any, Any]]) -> None:
        self._root = root
        self._seed = seed
        self._look = look
        self._asked: dict[Any, Any] | None = None
        self.node: Any = None

    def __enter__(self) -> Zeros:
        self._token = _zeros.set(self)
        return self

    def __exit__(self, *error: Any) -> None:
        _zeros.reset(self._token)

    def _is_asked(self) -> Any:
        """Where the root depends on the node whose rules run now."""
        if self._asked is None:
            node = self.node
            self._asked = self._look(self._root, self._seed)
            self.node = node
        return self._asked.get(self.node, False)

    def _is_finite(self) -> bool:
        """Whether the number that is being differentiated is finite."""
        data = self._root
        while hasattr(data, "_apply_op"):
            data = data._below
        return bool(np.all(np.isfinite(data)))

    def known_zero(self, name: str, product: Any, g: Any, partial: Any, z: Any) -> Any:
        """Where a product that is nan stands for 0."""
        bad = product != product
        idle, met = bad & (g == 0), bad & np.isinf(g) & (partial == 0)
        doubtful = idle & np.isinf(partial)
        if np.any(doubtful):
            here = self._is_asked()
            doubtful = doubtful & (here if np.shape(here) == np.shape(product) else np.any(here))
        pole = np.isinf(z) | (not self._is_finite())
        kink = ~pole if np.shape(pole) in ((), np.shape(product)) else not np.any(pole)
        if np.any(doubtful & kink):
            tell(name, "a gradient that came out as 0 meets an infinite slope")
        if np.any(met & kink):
            tell(name, "an infinite gradient meets a slope of 0")
        return (idle & ~doubtful) | ((doubtful | met) & kink)


def current_zeros() -> Zeros | None:
    """The zeros of the walk that goes on here, if any does."""
    return _zeros.get()


def known_zero_forward(
    name: str, product: Any, t: Any, partial: Any, z: Any, look: Callable[[], tuple[Any, Any]]
) -> Any:
    """Where a product that is nan stands for 0, in forward mode, by tangent t.

    look() says where the slope is not 0 for any data, and where the inputs of the op are finite.
    """
    bad = product != product
    still, met = bad & (t == 0) & np.isinf(partial), bad & np.isinf(t) & (partial == 0)
    sure = bad & (t == 0) & ~still
    kink = ~np.isinf(z)
    if np.any(met):
        varies, finite = map(np.asarray, look())  # ~ of a bool of Python is a number
        sure, met = sure | (met & ~varies), met & varies  # a slope that is 0 for any data, as of x * 0, is sure
        kink = kink & finite
    if np.any(still & kink):
        tell(name, "a tangent of 0 meets an infinite slope")
    if np.any(met & kink):
        tell(name, "an infinite tangent meets a slope of 0")
    return sure | ((still | met) & kink)


def tell(name: str, what: str) -> None:
    """Warn, once per op and line of the user's program, that 0 is given for what is not known."""
    file, number, text, names = users_line()
    at = f"{file}:{number}" + (f": {text}" if text else "")
    if STRICT.get():
        raise AnomalyError(f"{name}: {what}, and their product is not known\nin {at}")
    message = (
        f"{name}: {what}; their product is not known, and taken as 0, in {at}\n"
        f"Keep away from that point, as with np.where(x > 0, x, 1.0) inside; detect_anomaly() raises here"
    )
    _warn(message, GradientWarning, file, number, names)


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn, and point at the user's line."""
    file, number, _, names = users_line()
    _warn(message, category, file, number, names)


def _warn(message: str, category: type[Warning], file: str, number: int, names: dict[str, Any]) -> None:
    registry = names.setdefault("__warningregistry__", {})
    module = names.get("__name__") or file  # with None for the module, nothing is said at all
    warnings.warn_explicit(message, category, file, number, module, registry)


def users_line() -> tuple[str, int, str, dict[str, Any]]:
    """The innermost line that is not ours: its file, number and text, and the names of its module."""
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(HERE):
        frame = frame.f_back
    file, number = frame.f_code.co_filename, frame.f_lineno
    return file, number, linecache.getline(file, number).strip(), frame.f_globals
