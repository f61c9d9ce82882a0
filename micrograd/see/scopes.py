"""Which call of which module made a value: noted inside `with scopes():`.

A picture finds the calls of neurons and layers by itself. Other modules, such as
attention or a module of your own, leave no pattern that tells where a call begins and
ends. Inside the block each new value is noted with the calls around it, as
`detect_anomaly` notes lines. Outside, nothing is noted, and nothing is slower.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Sequence
from types import FrameType
from typing import Any

from micrograd.anomaly import current_anomalies, watched_by
from micrograd.modes import Mode
from micrograd.op import Op
from micrograd.trees import Branching

CALLS = {"__call__", "forward", "of_one"}  # methods of a module that compute what it gives


class ScopeCall:
    """One call of a module.

    Attributes:
        module: what was called.
        outer: the call that it was made in; None for the outermost.
    """

    __slots__ = ("module", "outer")

    def __init__(self, module: Any, outer: ScopeCall | None) -> None:
        self.module = module
        self.outer = outer

    def chain(self) -> list[ScopeCall]:
        """The calls around it, from the outermost to itself."""
        calls, call = [self], self.outer
        while call is not None:
            calls.append(call)
            call = call.outer
        return calls[::-1]

    def title(self) -> str:
        """How pictures call it: "Net > Block 0 > Linear head"."""
        names: list[str] = []
        outer: Any = None
        for call in self.chain():
            paths = {id(m): path for path, m in outer.named_modules()} if hasattr(outer, "named_modules") else {}
            place = paths.get(id(call.module), "").rpartition(".")[2]
            names.append(f"{type(call.module).__name__} {place}".rstrip())
            outer = call.module
        return " > ".join(names)


# By the id of a value. A WeakKeyDictionary compares keys with ==, and on arrays ==
# compares the data.
_made: dict[int, tuple[weakref.ref[Any], ScopeCall]] = {}


def scope_of(node: Any) -> ScopeCall | None:
    """The innermost call that made a value; None where none was noted."""
    known, call = _made.get(id(node), (None, None))
    return call if known is not None and known() is node else None


def scopes() -> Mode:
    """Note for each value that is made inside which calls of modules made it.

    Pictures then show these calls as boxes. For a `with` block, or above a function.

    >>> from micrograd import Value, draw_dot
    >>> from micrograd.nn import Module
    >>> class Half(Module):
    ...     def __call__(self, x):
    ...         return (x * 0.5).tanh()
    >>> with scopes():
    ...     y = Half()(Value(3.0, label="x"))
    >>> draw_dot(y, format="text", fold="module", grad=False)
    Half  data 0.9051
    └─ x  data 3
    4 values in 2 boxes; fold=None draws them all
    """
    return Mode("scopes", lambda: _open())


def _open() -> Any:
    watcher = _Watcher(current_anomalies())
    block = watched_by(watcher)
    block.callback(watcher.forget)
    return block.close


class _Watcher:
    """Notes the calls around each new value, and lets the watcher outside look on."""

    def __init__(self, outer: Any) -> None:
        self._outer = outer
        self._frames: list[FrameType] = []  # of the calls, outermost first; alive, so that no other has their ids
        self._calls: list[ScopeCall] = []

    def forget(self) -> None:
        """Let go of the frames."""
        self._frames, self._calls = [], []

    def check_output(self, node: Any, op: Op, inputs: Sequence[Any]) -> None:
        self._follow(sys._getframe(1))
        if self._calls:
            key = id(node)
            _made[key] = (weakref.ref(node, functools.partial(_drop, key)), self._calls[-1])
        if self._outer is not None:
            self._outer.check_output(node, op, inputs)

    def check_gradient(self, *step: Any) -> None:
        if self._outer is not None:
            self._outer.check_gradient(*step)

    def check_push(self, *step: Any) -> None:
        if self._outer is not None:
            self._outer.check_push(*step)

    def _follow(self, frame: FrameType | None) -> None:
        frames: list[FrameType] = []
        while frame is not None:
            if frame.f_code.co_name in CALLS and isinstance(_owner(frame), Branching):
                frames.append(frame)
            frame = frame.f_back
        frames.reverse()
        same = 0
        while same < min(len(frames), len(self._frames)) and frames[same] is self._frames[same]:
            same += 1
        calls = self._calls[:same]
        for new in frames[same:]:
            module, outer = _owner(new), calls[-1] if calls else None
            # Module.__call__ calls forward: one call of one module.
            calls.append(outer if outer is not None and outer.module is module else ScopeCall(module, outer))
        self._frames, self._calls = frames, calls


def _owner(frame: FrameType) -> Any:
    """What `self` is in a method."""
    names = frame.f_code.co_varnames
    return frame.f_locals.get(names[0]) if frame.f_code.co_argcount else None


def _drop(key: int, dead: weakref.ref[Any]) -> None:
    """Forget a value that is gone, unless a new one has its id."""
    if key in _made and _made[key][0] is dead:
        del _made[key]
