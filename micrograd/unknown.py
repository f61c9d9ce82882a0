"""Zero times infinity in the chain rule: when is it zero, and when is it not known?

A gradient may be zero because the result does not use the value, as when a `where`
takes the other branch. Here we say that nobody asked. Such a zero times an infinite
slope is zero. Any other zero times infinity is not known. At a pole, where a forward
value is infinite, it is nan. At a kink, where all forward values are finite, it is 0,
and a `GradientWarning` says so. docs/numbers.md has examples.
"""

from __future__ import annotations

import linecache
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import AnomalyError, GradientWarning
from micrograd.interpreter import Interpreter

HERE = str(Path(__file__).parent) + os.sep

# Whether we are inside `detect_anomaly()`, where a warning becomes an error.
STRICT: ContextVar[bool] = ContextVar("strict", default=False)
_zeros: ContextVar[Zeros | None] = ContextVar("zeros", default=None)


class Examples:
    """What a walk back in the examples of vmaps must know of them.

    Args:
        levels: the numbers of the vmaps. All arrays have an axis for each, which come
            first.
        root: the numbers of the root.
        seed: those of its cotangent.
    """

    def __init__(self, levels: Sequence[int], root: Any, seed: Any) -> None:
        self.levels = levels
        self.sizes = np.broadcast_shapes(root.shape[: len(levels)], seed.shape[: len(levels)])
        own = tuple(range(len(levels), root.ndim))
        self.is_finite = np.all(np.isfinite(root), axis=own, keepdims=True)  # per example

    def doubtful(self, mask: Any, is_asked: Callable[[dict[int, int]], Any]) -> Any:
        """The mask, where the root depends on the element in its example."""
        depth = len(self.levels)
        sizes = np.broadcast_shapes(mask.shape[:depth], self.sizes)
        mask = np.broadcast_to(mask, sizes + mask.shape[depth:]).copy()
        for place in np.argwhere(mask.any(axis=tuple(range(depth, mask.ndim)))):
            here = is_asked(dict(zip(self.levels, place, strict=True)))
            own = mask[tuple(place)]
            own &= here.reshape(own.shape) if np.size(here) == own.size else np.any(here)
            mask[tuple(place)] = own
        return mask


class Zeros:
    """The meaning of zeros in one walk back from a root.

    It looks at the graph only when a product is in doubt.

    Args:
        root: the node where the walk starts.
        seed: the cotangent of the root.
        look: a function of root and seed. For each node it gives an array of True and
            False: whether the root depends on the element. The factor of that
            dependence may be zero. It also takes a place, for one example of vmaps.

    Attributes:
        node: the node whose rules run now.
    """

    __slots__ = ("_asked", "_look", "_root", "_seed", "_token", "node")

    def __init__(self, root: Any, seed: Any, look: Callable[..., dict[Any, Any]]) -> None:
        self._root = root
        self._seed = seed
        self._look = look
        self._asked: dict[Any, dict[Any, Any]] = {}  # by place
        self.node: Any = None

    def __enter__(self) -> Zeros:
        self._token = _zeros.set(self)
        return self

    def __exit__(self, *error: Any) -> None:
        _zeros.reset(self._token)

    def around(self) -> list[Any]:
        """The root and its cotangent."""
        return [self._root, self._seed]

    def _is_asked(self, place: dict[int, int] | None = None) -> Any:
        """Where the root depends on the node whose rules run now; in one example."""
        key = None if place is None else tuple(place.values())
        if key not in self._asked:
            node = self.node
            given = (self._root, self._seed)
            self._asked[key] = self._look(*given) if place is None else self._look(*given, place)
            self.node = node
        return self._asked[key].get(self.node, np.False_)

    def _is_finite(self) -> bool:
        """Whether the number that is differentiated is finite."""
        data = self._root
        while isinstance(data, Interpreter):
            data = data._below
        return bool(np.all(np.isfinite(data)))

    def known_zero(
        self, name: str, product: Any, g: Any, partial: Any, z: Any, examples: Examples | None = None
    ) -> Any:
        """Where a product that is nan must be 0."""
        z = self.node.refilled() if hasattr(self.node, "refilled") else z  # it was not kept: see traced.py
        bad = product != product
        idle, met = bad & (g == 0), bad & np.isinf(g) & (partial == 0)
        doubtful = idle & np.isinf(partial)
        if examples is not None:
            doubtful = examples.doubtful(doubtful, self._is_asked)
        elif np.any(doubtful):
            here = self._is_asked()
            doubtful = doubtful & (here if np.shape(here) == np.shape(product) else np.any(here))
        pole = np.isinf(z) | (not self._is_finite() if examples is None else ~examples.is_finite)
        same = np.shape(pole) in ((), np.shape(product)) or examples is not None
        kink = ~pole if same else not np.any(pole)
        if np.any(doubtful & kink):
            tell(name, "a gradient of 0 times an infinite slope")
        if np.any(met & kink):
            tell(name, "an infinite gradient times a slope of 0")
        return (idle & ~doubtful) | ((doubtful | met) & kink)


def current_zeros() -> Zeros | None:
    """The zeros of the walk that is running here; None if there is no walk."""
    return _zeros.get()


def known_zero_forward(
    name: str, product: Any, t: Any, partial: Any, z: Any, look: Callable[[], tuple[Any, Any]]
) -> Any:
    """Where a product of the tangent t that is nan must be 0, in forward mode.

    look() gives two arrays of True and False: where the slope can differ from 0, and
    where the inputs of the op are finite.
    """
    bad = product != product
    still, met = bad & (t == 0) & np.isinf(partial), bad & np.isinf(t) & (partial == 0)
    sure = bad & (t == 0) & ~still
    kink = ~np.isinf(z)
    if np.any(met):
        varies, finite = map(np.asarray, look())  # arrays, because ~True is a number
        # A slope that is always 0, as that of x * 0, is known.
        sure, met = sure | (met & ~varies), met & varies
        kink = kink & finite
    if np.any(still & kink):
        tell(name, "a tangent of 0 times an infinite slope")
    if np.any(met & kink):
        tell(name, "an infinite tangent times a slope of 0")
    return sure | ((still | met) & kink)


def tell(name: str, what: str) -> None:
    """Warn that a product is not known and taken as 0.

    There is one warning for each op and line of the user's program.
    """
    file, number, text, names = users_line()
    at = f"{file}:{number}" + (f": {text}" if text else "")
    if STRICT.get():
        raise AnomalyError(f"{name}: {what} is not known\nin {at}")
    message = (
        f"{name}: {what} is not known, and taken as 0, in {at}\n"
        f"Avoid this point, for example with the input np.where(x > 0, x, 1.0); detect_anomaly() raises an error here"
    )
    _warn(message, GradientWarning, file, number, names)


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn, and name the line of the user's program."""
    file, number, _, names = users_line()
    _warn(message, category, file, number, names)


def _warn(message: str, category: type[Warning], file: str, number: int, names: dict[str, Any]) -> None:
    registry = names.setdefault("__warningregistry__", {})
    # If the module is None, Python shows no warning at all.
    module = names.get("__name__") or file
    warnings.warn_explicit(message, category, file, number, module, registry)


def users_line() -> tuple[str, int, str, dict[str, Any]]:
    """The innermost line outside micrograd.

    Returns:
        Its file, its number, its text, and the names in its module.
    """
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(HERE):
        frame = frame.f_back
    file, number = frame.f_code.co_filename, frame.f_lineno
    return file, number, linecache.getline(file, number).strip(), frame.f_globals
