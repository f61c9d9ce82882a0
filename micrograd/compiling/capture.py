"""Capture: one run of a function, written down.

The function runs as always, at the engine's speed. The engine notes what it makes, in
order. At the doors through which a number leaves a Value, the function gets a
`Captured` instead: it carries the number, shows it to nobody, and notes what is done
with it.
"""

from __future__ import annotations

import builtins
import functools
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from threading import get_ident
from typing import Any, NoReturn

from micrograd import on_demand as np
from micrograd.captures import CAPTURES
from micrograd.engine import toposort
from micrograd.errors import CaptureError
from micrograd.interpreter import PLAIN
from micrograd.node import Node, data_of
from micrograd.ops.arithmetic import maximum, minimum
from micrograd.ops.operators import Operators
from micrograd.record import LEAF, Op
from micrograd.unknown import users_line

REPAIRS = {
    "bool()": "a branch on a number would be frozen in; use np.where in place of `if`, np.maximum in place of `max`",
    "setitem": "a plain array does not follow the run; build a list, and join it with np.stack",
    "print": "print what the compiled function returns",
    "index": "a list cannot be indexed by data; use np.take(array, i)",
}
USUAL = "the number would be frozen in; use NumPy's functions on it, or return it"


class BecomesKey(BaseException):
    """An int argument is asked for its plain number, as by range(n).

    It becomes part of the structure of the arguments.
    """

    def __init__(self, argument: int) -> None:
        self.argument = argument


class RunsUncompiled(BaseException):
    """A call cannot be captured yet, such as the first step of an optimiser."""


class Capture:
    """One run of a function under way: a context.

    Attributes:
        notes: what was made, in order: nodes, `Captured`, and events.
        refusal: the first error of this capture; it is raised again at the end.
        saved: data and gradients of outside values that the run has changed.
        leaves: the numbers and arrays among the arguments, then those that were held.
        reads: what gives the ones that were held, at each call.
        puts: what takes a number of the run at the end of each call, and this number.
        checks: what must hold at each call, or the function is captured anew.
        changed: results of `x -= y` on arrays that come from outside, by id; they are
            to be assigned back.
        in_place: the ids of values whose arrays are changed in place.
    """

    def __init__(self) -> None:
        self.notes: list[Any] = []
        self.refusal: CaptureError | None = None
        self.saved: dict[int, tuple[Any, Any]] = {}
        self.saved_grads: dict[int, tuple[Any, Any]] = {}
        self.is_over = False
        self.leaves: list[Any] = []
        self.reads: list[Callable[[], Any]] = []
        self.puts: list[tuple[Callable[[Any], Any], Any]] = []
        self.checks: list[Callable[[], bool]] = []
        self.in_place: set[int] = set()
        self.attributes: dict[tuple[int, str], Any] = {}
        self.changed: dict[int, Captured] = {}
        self._is_ending = False
        self._made: set[int] = set()

    def __enter__(self) -> Capture:
        self.random_states = _random_states()
        CAPTURES[get_ident()] = self
        builtins.max, builtins.min = _folding(_max, maximum), _folding(_min, minimum)
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        CAPTURES.pop(get_ident(), None)
        self.is_over = True
        self.puts += self.attributes.values()
        if not CAPTURES:
            builtins.max, builtins.min = _max, _min
        for node, data in self.saved.values():
            node.data = data
        for node, grad in self.saved_grads.values():
            node._grad = grad
        if (
            self.refusal is not None
            and error is not self.refusal
            and not isinstance(error, (BecomesKey, RunsUncompiled))
        ):
            raise self.refusal
        if kind is None and self.changed:
            raise CaptureError(
                "compile: an array is changed in place, as by x -= y, and it belongs to an argument or a value;\n"
                "write x = x - y, or for a value v.data -= y"
            )
        if kind is None and not _same_states(self.random_states, _random_states()):
            raise CaptureError(
                "compile: the function draws random numbers, and they would be frozen in;\n"
                "draw them outside, and give them as an argument"
            )

    # What the engine tells and asks

    def show(self, node: Any, data: Any) -> Any:
        """A number for a reader of `node.data`."""
        if type(data) not in PLAIN:
            return data
        return self._noted(Captured(self, data, ("data", node)))

    def show_grad(self, node: Any, grad: Any) -> Any:
        """A number for a reader of `node.grad`."""
        if isinstance(grad, Operators):
            return grad
        data = data_of(node)
        if grad is None:
            grad = 0.0 if isinstance(data, (float, int)) else np.zeros_like(data)
        return self._noted(Captured(self, grad, ("grad", node)))

    def computed(self, op: Op, inputs: Sequence[Any], params: Any, number: Any) -> Captured:
        """A number that an op has computed from values and numbers."""
        return self._noted(Captured(self, number, ("op", op, tuple(inputs), params)))

    def mixed(self, op: Op, inputs: Sequence[Any], params: Any) -> Any:
        """The result of an op on eager values and numbers of the run; None where there
        are no such numbers, or where a transform takes them for its data.
        """
        if not any(isinstance(x, Captured) for x in inputs):
            return None
        if any(isinstance(x, Node) and (type(x)._is_of_transform or type(data_of(x)) not in PLAIN) for x in inputs):
            return None
        numbers = [x.number if isinstance(x, Captured) else x for x in inputs]
        if not op.differentiable:
            return self.computed(op, inputs, params, op(*map(data_of, numbers), **params))
        made = op(*numbers, **params)
        assert _is_note_of(self.notes[-1], made)
        self.notes[-1] = (made, op, tuple(inputs), params)
        return made

    def receive(self, node: Any, data: Any) -> Any:
        """The plain number of what is put into `node.data`."""
        if type(node)._is_of_transform or isinstance(data, Node):
            return data
        if self.notes and self.notes[-1] is node:  # it is just being made
            self._made.add(id(node))
        elif self._is_ending and id(node) not in self._made:
            raise CaptureError(
                "compile: values change after a schedule or an average has been told of the step;\n"
                "call scheduler.step() and ema.update() last, or outside of the compiled function"
            )
        elif id(node) not in self.saved and id(node) not in self._made:
            self.saved[id(node)] = (node, _old_data(node))
        known = self.changed.pop(id(data), None)
        if known is not None and known.source[0] == "data" and known.source[1] is node:
            self.change_in_place(node)
        self.notes.append(("set", node, data))
        return data.number if isinstance(data, Captured) else data

    def receive_grad(self, node: Any, grad: Any) -> Any:
        """The plain number of what is put into `node.grad`."""
        if type(node)._is_of_transform:
            return grad
        self._save_grad(node)
        self.changed.pop(id(grad), None)
        self.notes.append(("set grad", node, grad))
        return grad.number if isinstance(grad, Captured) else grad

    def begin_backward(self, root: Any, seed: Any) -> None:
        """`backward()` is called at a root: leaves get gradients, which are put back at
        the end.
        """
        leaves = [node for node in toposort(root) if node._record is LEAF]
        for node in leaves:
            self._save_grad(node)
        self.notes.append(("backward", root, (seed, leaves)))

    def refuse(self, x: Any, asked: str) -> None:
        """Refuse to give a plain number away."""
        if isinstance(x, Captured):
            x._refuse(asked)
        if isinstance(x, Node) and not type(x)._is_of_transform:
            self.fail(asked)

    # What our own optimisers, schedules and modules hand over

    def hold(self, read: Callable[[], Any]) -> Any:
        """A number or an array of NumPy outside of all values: it is read anew at each
        call.
        """
        number = read()
        self.leaves.append(number)
        self.reads.append(read)
        return argument(self, len(self.leaves) - 1, number)

    def put(self, write: Callable[[Any], Any], number: Any) -> None:
        """At the end of each call, write what this number is in that call; a list of
        numbers is written as an array.
        """
        self.puts.append((write, number))

    def attribute(self, owner: Any, name: str) -> Any:
        """An array that an object keeps, such as a module's running mean."""
        known = self.attributes.get((id(owner), name))
        return self.hold(functools.partial(getattr, owner, name)) if known is None else known[1]

    def set_attribute(self, owner: Any, name: str, number: Any) -> None:
        """At the end of each call, write what this number is into that array."""
        self.attributes[id(owner), name] = (functools.partial(_write_attribute, owner, name), number)

    def postpone(self, call: Callable[..., Any], args: Sequence[Any]) -> None:
        """Call something at the end of each call. Values may not change any more."""
        self._is_ending = True
        if len(args) > 1:
            raise CaptureError("compile: only one argument can be given here; call it outside of the function")
        self.put(call if args else lambda _: call(), args[0] if args else None)

    def check(self, holds: Callable[[], bool]) -> None:
        """What must hold at each call, or the function is captured anew."""
        self.checks.append(holds)

    def change_in_place(self, node: Any) -> None:
        """The array of a value is changed in place by what is assigned to it."""
        self.in_place.add(id(node))

    def is_of_run(self, node: Any) -> bool:
        """Whether the run has set or computed the gradient of an outside value."""
        return id(node) in self.saved_grads

    def run_uncompiled(self) -> NoReturn:
        """This call cannot be captured yet: it runs as it is."""
        raise RunsUncompiled

    def fail(self, asked: str) -> NoReturn:
        """Raise the error for what was asked, with the user's line."""
        file, line, text, _ = users_line()
        repair = REPAIRS.get(asked, USUAL)
        error = CaptureError(f"compile: {asked} of a number that the run computes, in {file}:{line}: {text}\n{repair}")
        if self.refusal is None:
            self.refusal = error
        raise error

    def is_number(self, x: Any) -> bool:
        """Whether x stands for one plain number."""
        return isinstance(x, Captured) and type(x.number) in (float, int)

    def _save_grad(self, node: Any) -> None:
        if id(node) not in self.saved_grads:
            self.saved_grads[id(node)] = (node, node._grad)

    def _noted(self, captured: Captured) -> Captured:
        self.notes.append(captured)
        return captured


class Captured(Operators):
    """A number of a captured run: nobody sees it, but all that is done with it is
    noted.

    Attributes:
        number: the number, or the array.
        source: where it comes from: ("data", node), ("grad", node), ("op", op, inputs,
            params), or ("argument", which, flat places).
    """

    __slots__ = ("capture", "number", "source")

    def __init__(self, capture: Capture, number: Any, source: tuple[Any, ...]) -> None:
        self.capture = capture
        self.number = number
        self.source = source

    @property
    def _below(self) -> Any:
        return self.number

    def _settled(self) -> Any:
        return self

    def _apply_op(self, op: Op, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        capture = self.capture
        if capture.is_over:
            raise CaptureError("compile: this number belongs to a capture that is over; return it, do not keep it")
        numbers = [x.number if isinstance(x, Captured) else x for x in inputs]
        return capture.computed(op, inputs, params, op(*numbers, **params))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, Captured) and index._is_key():
            index = index._becomes_key()
        if self.source[0] != "argument" or not hasattr(self.number, "shape"):
            return super().__getitem__(index)
        places = self.source[2]
        number, place = self.number[index], places[index]
        if isinstance(number, np.generic):
            number, place = number.item(), int(place)
        return self.capture._noted(Captured(self.capture, number, ("argument", self.source[1], place)))

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> Any:
        from micrograd.ops import comparisons

        return comparisons.equal(self, data_of(other) if isinstance(other, Node) else other)

    def __ne__(self, other: object) -> Any:
        from micrograd.ops import comparisons

        return comparisons.not_equal(self, data_of(other) if isinstance(other, Node) else other)

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __sub__(self, other: Any) -> Any:
        return other.__rsub__(self) if _is_eager(other) else super().__sub__(other)

    def __truediv__(self, other: Any) -> Any:
        return other.__rtruediv__(self) if _is_eager(other) else super().__truediv__(other)

    def __iadd__(self, other: Any) -> Any:  # type: ignore[misc]  # NumPy takes more beside it
        return self._in_place(self + other)

    def __isub__(self, other: Any) -> Any:
        return self._in_place(self - other)

    def __imul__(self, other: Any) -> Any:  # type: ignore[misc]
        return self._in_place(self * other)

    def __itruediv__(self, other: Any) -> Any:
        return self._in_place(self / other)

    def _in_place(self, result: Any) -> Any:
        """What `x -= y` gives: NumPy changes the array that x is."""
        if np.shape(self.number) and self.source[0] != "op" and isinstance(result, Captured):
            self.capture.changed[id(result)] = self
        return result

    def detach(self) -> Captured:
        """The same: no gradient goes through it."""
        return self

    # What would show the number

    def _refuse(self, asked: str) -> NoReturn:
        self.capture.fail(asked)

    def _is_key(self) -> bool:
        return self.source[0] == "argument" and isinstance(self.number, int) and self.source[2] == 0

    def _becomes_key(self) -> int:
        raise BecomesKey(self.source[1])

    def __bool__(self) -> bool:
        self._refuse("bool()")

    def __float__(self) -> float:
        self._refuse("float()")

    def __int__(self) -> int:
        self._refuse("int()")

    def __index__(self) -> int:
        return self._becomes_key() if self._is_key() else self._refuse("index")

    def __round__(self, ndigits: Any = None) -> Any:
        return super().round(ndigits or 0)

    def __repr__(self) -> str:
        self._refuse("print")

    def __str__(self) -> str:
        self._refuse("print")

    def __format__(self, spec: str) -> str:
        self._refuse("print")

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        self._refuse("setitem")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        self._refuse("a copy")

    def item(self) -> Any:
        """The number itself: it stays in the run."""
        return self if np.size(self.number) == 1 and not np.shape(self.number) else self._refuse("item()")

    def tolist(self) -> Any:
        """Nested lists of its numbers, which stay in the run."""
        return [x.tolist() for x in self] if np.shape(self.number) else self

    @property
    def __array__(self) -> Any:
        if np.shape(self.number) == ():
            raise AttributeError("__array__")
        return functools.partial(Captured._refuse, self, "asarray")


def argument(capture: Capture, k: int, leaf: Any) -> Any:
    """A number, an array, or nested lists of numbers, as argument k of a run."""
    if isinstance(leaf, (list, tuple)):
        count = itertools.count()

        def inside(x: Any) -> Any:
            if isinstance(x, (list, tuple)):
                return type(x)(inside(part) for part in x)
            return capture._noted(Captured(capture, x, ("argument", k, next(count))))

        return inside(leaf)
    places = np.arange(np.size(leaf)).reshape(np.shape(leaf)) if np.shape(leaf) else 0
    return capture._noted(
        Captured(capture, leaf if np.shape(leaf) else np.asarray(leaf).item(), ("argument", k, places))
    )


def _write_attribute(owner: Any, name: str, number: Any) -> None:
    getattr(owner, name)[...] = number


def _is_eager(x: Any) -> bool:
    return isinstance(x, Node) and not type(x)._is_of_transform


def _is_note_of(note: Any, node: Any) -> bool:
    return note is node or (type(note) is tuple and note[0] is node)


def _old_data(node: Any) -> Any:
    return data_of(node)


_max, _min = builtins.max, builtins.min


def _folding(usual: Callable[..., Any], op: Callable[..., Any]) -> Callable[..., Any]:
    """Python's max or min, which goes through an op where numbers of a run are
    among the arguments.
    """

    @functools.wraps(usual)
    def folded(*given: Any, **options: Any) -> Any:
        if options or get_ident() not in CAPTURES:
            return usual(*given, **options)
        items = list(given[0]) if len(given) == 1 else list(given)
        if not items or not any(isinstance(x, Captured) for x in items):
            return usual(items) if len(given) == 1 else usual(*items)
        return functools.reduce(op, items)

    return folded


def _random_states() -> tuple[Any, Any]:
    return random.getstate(), np.random.get_state()


def _same_states(before: Any, after: Any) -> bool:
    (a, b), (c, d) = before, after
    return a == c and b[2:] == d[2:] and bool((b[1] == d[1]).all())
