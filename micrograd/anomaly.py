"""What `detect_anomaly()` looks for: numbers that are not finite.

It names the first one, and the line that made it.
"""

from __future__ import annotations

import contextlib
import functools
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, overload

from micrograd import on_demand as np
from micrograd.alignment import side_by_side
from micrograd.errors import AnomalyError
from micrograd.modes import Function, Mode, is_quiet
from micrograd.op import Op, shape_of
from micrograd.unknown import STRICT, users_line


class Anomalies:
    """One block of `detect_anomaly()`.

    It remembers the line that made each node, and checks each new number.
    """

    def check_output(self, node: Any, op: Op, inputs: Sequence[Any]) -> None:
        """Raise AnomalyError if the output of an op is not finite.

        It does not check while a derivative is computed: an infinite slope is not an
        anomaly yet, because it may be multiplied by a zero gradient.
        """
        line = _line_of_the_user()
        _lines[id(node)] = (weakref.ref(node, functools.partial(_forget, _lines, id(node))), line)
        if not is_quiet():
            _check(op, "output", node, inputs, line)

    def check_push(self, op: Op, z: Any, tangent: Any, inputs: Sequence[Any]) -> None:
        """Raise AnomalyError if an output or a tangent of an op is not finite."""
        if not is_quiet():
            _check(op, "output", z, inputs, _line_of_the_user())
            _check(op, "tangent", tangent, inputs, _line_of_the_user())

    def check_gradient(self, node: Any, i: int, x: Any, part: Any, gradient: Any) -> None:
        """Raise AnomalyError if what a node gives to the gradient of input i, which is
        x, is not finite.
        """
        part, shown, gradient = side_by_side([part, x, gradient])
        place = _first_bad(part)
        if place is None:
            return
        name, where = _name(x, f"input {i}"), f" at {place}" if place else ""
        raise AnomalyError(
            f"backward of {node._record.name}: the gradient of {name}{where} is {_at(part, place)}, "
            f"where {_shown(name, shown, place)} and the gradient of the output is "
            f"{_shown('', gradient, place)}\n{line_of(node) or 'made before detect_anomaly() began'}"
        )


# The line that made each node: kept as long as the node. The key is the id. A
# WeakKeyDictionary compares keys with ==, and on arrays == compares the data.
_lines: dict[int, tuple[weakref.ref[Any], str]] = {}


def line_of(node: Any) -> str:
    """The line that made a node inside of `detect_anomaly()`; empty for other nodes."""
    known, line = _lines.get(id(node), (None, ""))
    return line if known is not None and known() is node else ""


# The blocks that are open in any thread: while there is none, nobody need ask the
# context.
OPEN: set[object] = set()
_anomalies: ContextVar[Anomalies | None] = ContextVar("anomalies", default=None)


def current_anomalies() -> Anomalies | None:
    """The innermost block of `detect_anomaly()` around this point."""
    return _anomalies.get() if OPEN else None


@contextlib.contextmanager
def overlooked() -> Iterator[None]:
    """Numbers that are not finite raise nothing here, also inside of
    `detect_anomaly()`.
    """
    anomalies, strict = _anomalies.set(None), STRICT.set(False)
    try:
        yield
    finally:
        STRICT.reset(strict)
        _anomalies.reset(anomalies)


@overload
def detect_anomaly(function: None = None) -> Mode: ...
@overload
def detect_anomaly(function: Function) -> Function: ...
def detect_anomaly(function: Any = None) -> Any:
    """The first number inside that is not finite, in an output or in a gradient, raises
    and says where it came from.

    The error names the op, the labels and elements that did it, and the line of your
    program that made the node. Ops run slower inside. For a `with` block, or above a
    function.

    Raises:
        AnomalyError: a nan or an infinity appeared.

    >>> from micrograd import Value
    >>> with detect_anomaly():  # doctest: +ELLIPSIS
    ...     Value(-1.0, label="x").log()
    Traceback (most recent call last):
    micrograd.errors.AnomalyError: log: the output is nan, from 'x' = -1.0; ...
    made at <...>:2: Value(-1.0, label="x").log()
    """
    mode = Mode("detect_anomaly", functools.partial(_look, Anomalies()))
    return mode if function is None else mode(function)


def watched_by(watcher: Any) -> contextlib.ExitStack:
    """Let a watcher see here what `Anomalies` sees: it has the same methods.

    Returns what ends it by its `close`.
    """
    block = contextlib.ExitStack()
    block.callback(OPEN.discard, block)
    OPEN.add(block)
    block.callback(_anomalies.reset, _anomalies.set(watcher))
    return block


def _look(anomalies: Anomalies) -> Callable[[], None]:
    block = watched_by(anomalies)
    block.callback(STRICT.reset, STRICT.set(True))
    block.enter_context(np.errstate(all="ignore"))
    return block.close


def _forget(lines: dict[int, tuple[weakref.ref[Any], str]], key: int, dead: weakref.ref[Any]) -> None:
    """Forget the line of a node that is gone, unless a new node has the same id."""
    if key in lines and lines[key][0] is dead:
        del lines[key]


def _check(op: Op, what: str, x: Any, inputs: Sequence[Any], line: str) -> None:
    numbers = side_by_side([x, *inputs])
    place = _first_bad(numbers[0])
    if place is None:
        return
    named = [_name(y, f"input {i}") for i, y in enumerate(inputs)]
    causes = " and ".join(_shown(name, data, place) for name, data in zip(named, numbers[1:], strict=True))
    where = f" at {place}" if place else ""
    hint = _hint(op, named, numbers[1:], place) if what == "output" else ""
    raise AnomalyError(f"{op.name}: the {what} is {_at(numbers[0], place)}{where}, from {causes}{hint}\n{line}")


def _hint(op: Op, named: Sequence[str], inputs: Sequence[Any], place: tuple[int, ...]) -> str:
    """Which input is outside of the op's domain, where the record says what that is."""
    for name, x, (low, high) in zip(named, inputs, op.facts.domain or (), strict=False):
        number = _number_at(x, place)
        if number is not None and (number <= low or number >= high):
            return f"; {name} must lie between {low:g} and {high:g}"
    return ""


def _first_bad(x: Any) -> tuple[int, ...] | None:
    """Index of the first element that is not finite; () for a number.

    It is None if all elements are finite.
    """
    if x is None or not isinstance(x, (float, int, np.ndarray, np.generic)):
        return None  # another library's array may not be computed yet
    bad = np.argwhere(~np.isfinite(x))
    return tuple(int(i) for i in bad[0]) if len(bad) else None


def _at(x: Any, place: tuple[int, ...]) -> float:
    return float(np.asarray(x)[place])


def _name(x: Any, otherwise: str) -> str:
    label = getattr(x, "label", "")
    return repr(label) if label else otherwise


def _shown(name: str, x: Any, place: tuple[int, ...]) -> str:
    """An input with its number at that place of the output, if it broadcasts there; or
    else with its range.
    """
    number = _number_at(x, place)
    if number is not None:
        return f"{name} = {number}" if name else f"{number}"
    data = np.asarray(x)
    low, high = (float(data.min()), float(data.max())) if data.size else (0.0, 0.0)
    return f"{name} {shape_of(data)} from {low} to {high}".strip()


def _number_at(x: Any, place: tuple[int, ...]) -> float | None:
    """The number of an input that went into that place of the output; None where the
    input does not broadcast there.
    """
    data = np.asarray(x)
    own = place[len(place) - data.ndim :] if len(place) >= data.ndim else None
    if own is None or not all(n == 1 or i < n for i, n in zip(own, data.shape, strict=True)):
        return None
    return float(data[tuple(0 if n == 1 else i for i, n in zip(own, data.shape, strict=True))])


def _line_of_the_user() -> str:
    """The innermost line outside micrograd: its file, number and text."""
    file, number, text, _ = users_line()
    return f"made at {file}:{number}" + (f": {text}" if text else "")
