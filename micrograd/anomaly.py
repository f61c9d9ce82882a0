"""What `detect_anomaly()` looks for: numbers that are not finite.

It names the first one, and the line that made it.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd.errors import AnomalyError
from micrograd.op import Op, ground, is_quiet, shape_of
from micrograd.unknown import users_line

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np


class Anomalies:
    """One block of `detect_anomaly()`.

    It remembers the line that made each node, and checks each new number.
    """

    def __init__(self) -> None:
        # The key is the id. A WeakKeyDictionary compares keys with ==, and on arrays ==
        # compares the data.
        self.lines: dict[int, tuple[weakref.ref[Any], str]] = {}

    def check_output(self, node: Any, op: Op, inputs: Sequence[Any]) -> None:
        """Raise AnomalyError if the output of an op is not finite.

        It does not check while a derivative is computed: an infinite slope is not an
        anomaly yet, because it may be multiplied by a zero gradient.
        """
        line = _line_of_the_user()
        self.lines[id(node)] = (weakref.ref(node, functools.partial(_forget, self.lines, id(node))), line)
        if not is_quiet():
            _check(op, "output", node, inputs, line)

    def check_push(self, op: Op, z: Any, tangent: Any, inputs: Sequence[Any]) -> None:
        """Raise AnomalyError if an output or a tangent of an op is not finite."""
        if not is_quiet():
            _check(op, "output", z, inputs, _line_of_the_user())
            _check(op, "tangent", tangent, inputs, _line_of_the_user())

    def _line_of(self, node: Any) -> str:
        known, line = self.lines.get(id(node), (None, ""))
        return line if known is not None and known() is node else "made before detect_anomaly() began"

    def check_gradients(self, node: Any, parts: Sequence[tuple[Any, Any]], gradient: Any = None) -> None:
        """Raise AnomalyError if what a node adds to a gradient is not finite.

        Args:
            node: the node.
            parts: pairs (input, what the node adds to its gradient).
            gradient: the gradient of the node; None for the one that it holds.
        """
        gradient = node._grad if gradient is None else gradient
        for i, (x, part) in enumerate(parts):
            place = _first_bad(part)
            if place is not None:
                name, where = _name(x, f"input {i}"), f" at {place}" if place else ""
                line = self._line_of(node)
                raise AnomalyError(
                    f"backward of {node._record.name}: the gradient of {name}{where} is {_at(part, place)}, "
                    f"where {_shown(x, f'input {i}', place)} and the gradient of the output is "
                    f"{_shown(gradient, '', place)}\n{line}"
                )


def _forget(lines: dict[int, tuple[weakref.ref[Any], str]], key: int, dead: weakref.ref[Any]) -> None:
    """Forget the line of a node that is gone, unless a new node has the same id."""
    if key in lines and lines[key][0] is dead:
        del lines[key]


def _check(op: Op, what: str, x: Any, inputs: Sequence[Any], line: str) -> None:
    place = _first_bad(x)
    if place is None:
        return
    causes = " and ".join(_shown(x, f"input {i}", place) for i, x in enumerate(inputs))
    where = f" at {place}" if place else ""
    raise AnomalyError(f"{op.name}: the {what} is {_at(x, place)}{where}, from {causes}\n{line}")


def _first_bad(x: Any) -> tuple[int, ...] | None:
    """Index of the first element that is not finite; () for a number.

    It is None if all elements are finite.
    """
    x = ground(x)
    if x is None or not isinstance(x, (float, int, np.ndarray, np.generic)):
        return None  # another library's array may not be computed yet
    bad = np.argwhere(~np.isfinite(x))
    return tuple(int(i) for i in bad[0]) if len(bad) else None


def _at(x: Any, place: tuple[int, ...]) -> float:
    return float(np.asarray(ground(x))[place])


def _name(x: Any, otherwise: str) -> str:
    label = getattr(x, "label", "")
    return repr(label) if label else otherwise


def _shown(x: Any, otherwise: str, place: tuple[int, ...]) -> str:
    """An input and its number at this place of the output.

    If it does not broadcast to it, the range of its numbers.
    """
    name, data = _name(x, otherwise), np.asarray(ground(x))
    own = place[len(place) - data.ndim :] if len(place) >= data.ndim else None
    if own is not None and all(n == 1 or i < n for i, n in zip(own, data.shape, strict=True)):
        number = float(data[tuple(0 if n == 1 else i for i, n in zip(own, data.shape, strict=True))])
        return f"{name} = {number}" if name else f"{number}"
    low, high = (float(data.min()), float(data.max())) if data.size else (0.0, 0.0)
    return f"{name} {shape_of(data)} from {low} to {high}".strip()


def _line_of_the_user() -> str:
    """The innermost line outside micrograd: its file, number and text."""
    file, number, text, _ = users_line()
    return f"made at {file}:{number}" + (f": {text}" if text else "")
