"""Capture: one run of a function, written down.

The function runs as always, at the engine's speed. The engine notes what it makes, in
order. At the doors through which a number leaves a Value, the function gets a
`Captured` instead: it carries the number, shows it to nobody, and notes what is done
with it.
"""

from __future__ import annotations

import functools
import itertools
import linecache
import os
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from threading import get_ident
from typing import Any, NoReturn

from micrograd import on_demand as np
from micrograd.captures import CAPTURES
from micrograd.compiling import python
from micrograd.compiling.captured import AGAIN, is_narrow
from micrograd.compiling.captured import BecomesKey as BecomesKey
from micrograd.compiling.captured import Captured as Captured
from micrograd.compiling.held import Hold, Home, Put
from micrograd.compiling.nudges import nudged
from micrograd.engine import toposort
from micrograd.errors import CaptureError
from micrograd.interpreter import PLAIN
from micrograd.node import Node, data_of, set_data
from micrograd.ops.operators import Operators
from micrograd.record import LEAF, Op
from micrograd.unknown import HERE

REPAIRS = {
    "bool()": "a branch on a number would be frozen in; use np.where in place of `if`, np.maximum in place of `max`",
    "asarray": "a plain array would not follow; use np.stack for a list, and micrograd.numpy in place of numpy",
    "setitem": "a plain array does not follow the run; build a list, and join it with np.stack",
    "print": "print what the compiled function returns",
    "_backward()": "one step back is not followed; call backward(), or assign each `.grad` by itself",
    "hash": "a dict or a set cannot be looked up by data; use np.where on comparisons",
    "a thread's use": "another thread computes with it, and is not followed; let the function itself do so",
    "while_loop": "how often it runs would be frozen in; run it outside, or use scan with a number of steps",
    "& | ^ ~": "they are followed between truths only, as in (x > 0) & (x < 1)",
    "few bits": "NumPy's wrap around, and those of a program do not; give x.astype(float), or x.astype(int)",
    "round()": "write np.round(x), which stays a float",
    "in place": "write x = x - y, or for a value v.data -= y: other names of the same array would not follow",
    "a copy": "return the Value, and copy it outside",
    "numpy()": "use NumPy's functions on the Value itself, or return it",
    "index": "a list or a plain array cannot be indexed by data; use micrograd.numpy.take(array, i, axis=0)",
}
WHAT = {
    "in place": "an array of the run is changed in place",
    "few bits": "whole numbers of 8 or 16 bits, or truths, are added or multiplied",
}
USUAL = "the number would be frozen in; use NumPy's functions on it, or return it"


class RunsUncompiled(BaseException):
    """The function runs as it is: this call only, as before the first step of an
    optimiser, or always, for a reason.
    """


class Capture:
    """One run of a function under way: a context.

    Args:
        modules: the names of the user's modules whose code calls `type`.

    Attributes:
        notes: what was made, in order: nodes, `Captured`, and events.
        thread: the thread that it runs in.
        refusal: the first error of this capture; it is raised again at the end.
        saved: data and gradients of outside values that the run has changed.
        leaves: the numbers and arrays among the arguments, then those that were held.
        reads: for the ones that were held, what gives them at each call.
        puts: for the end of each call, what takes a number of the run.
        checks: what must hold at each call, or the function is captured anew.
        told: schedules and averages that are told of the step at the end.
        in_place: the ids of values whose arrays are changed in place.
    """

    def __init__(self, modules: Iterable[dict[str, Any]] = ()) -> None:
        self._modules = list(modules)
        self.thread = get_ident()
        self.notes: list[Any] = []
        self.refusal: CaptureError | None = None
        self.saved: dict[int, tuple[Any, Any]] = {}
        self.saved_grads: dict[int, tuple[Any, Any]] = {}
        self.is_over = False
        self.leaves: list[Any] = []
        self.reads: list[Hold] = []
        self.puts: list[Put] = []
        self.checks: list[Callable[[], bool]] = []
        self.in_place: set[int] = set()
        self.attributes: dict[tuple[int, str], Put] = {}
        self.told: list[Any] = []
        self._once: dict[int, Any] = {}
        self._is_ending = False
        self._made: set[int] = set()
        self._shown: dict[int, list[Captured]] = {}  # per array, of a node or not: who has read it, views of it
        self._in_place: dict[int, Captured] = {}  # results of `a += b`, until they are assigned

    def __enter__(self) -> Capture:
        self.random_states = _random_states()
        CAPTURES[get_ident()] = self
        python.replace(self._modules)
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        CAPTURES.pop(get_ident(), None)
        self.is_over = True
        self.puts = [*self.attributes.values(), *self.puts]  # a schedule that comes later sees them
        python.put_back(self._modules)
        for node, data in self.saved.values():
            node.data = data
        for node, grad in self.saved_grads.values():
            node._grad = grad
        if self._in_place and kind is None:
            self.fail("in place")
        is_signal = isinstance(error, (BecomesKey, RunsUncompiled))
        if self.refusal is not None and error is not self.refusal and not is_signal:
            raise self.refusal
        if not _same_states(self.random_states, _random_states()):
            random.setstate(self.random_states[0])
            np.random.set_state(self.random_states[1])
            if kind is not None:
                return
            raise CaptureError(
                "compile: the function draws random numbers, and they would be frozen in;\n"
                "draw them outside, and give them as an argument"
            )

    def spoil(self, is_state: Callable[[Any], bool]) -> None:
        """After a run with other numbers than the caller's: whoever has kept a Value of
        it, say in an attribute, is told so when he uses it.
        """
        gone = Captured(self, 0.0, ("gone",))
        for note in self.notes:
            node = note[0] if type(note) is tuple else note
            if isinstance(node, Node) and not is_state(node):
                data = data_of(node)
                set_data(node, gone if type(data) is float else Captured(self, data, gone.source))
                node._own_step, node._has_own_step = self.fail_as_over, True  # no cycle: the notes are let go of

    def forget(self) -> None:
        """Let go of all that was noted, as a plan has been made of it: else it would
        stay until the next garbage collection, and hold arrays of the caller.
        """
        outside = (self.saved, self.saved_grads, self.attributes, self._once)
        for kept in (self.notes, self._made, self._shown, self._in_place, *outside):
            kept.clear()
        self.puts = []

    # What the engine tells and asks

    def show(self, node: Any, data: Any) -> Any:
        """A number for a reader of `node.data`."""
        if type(data) not in PLAIN:
            return data
        captured = self.noted(Captured(self, data, ("data", node)))
        if type(data) is not float:
            self._shown.setdefault(id(node), []).append(captured)
        return captured

    def show_grad(self, node: Any, grad: Any) -> Any:
        """A number for a reader of `node.grad`."""
        if isinstance(grad, Operators):
            return grad
        data = data_of(node)
        if grad is None:
            grad = 0.0 if isinstance(data, (float, int)) else np.zeros_like(data)
        return self.noted(Captured(self, grad, ("grad", node)))

    def computed(self, op: Op, inputs: Sequence[Any], params: Any, number: Any) -> Captured:
        """A number that an op has computed from values and numbers."""
        captured = self.noted(Captured(self, number, ("op", op, tuple(inputs), params)))
        if getattr(number, "shape", ()):
            for x in inputs:
                if type(x) is Captured and _share(x, captured):
                    self._shown.setdefault(id(x), []).append(captured)
        return captured

    def mixed(self, op: Op, inputs: Sequence[Any], params: Any) -> Any:
        """The result of an op on eager values and numbers of the run; None where there
        are no such numbers, or where a transform takes them for its data.
        """
        if not any(isinstance(x, Captured) for x in inputs):
            return None
        if any(type(x) is Captured and x.is_stale for x in inputs):
            self.fail("in place")
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
        self._assigned(node, data)
        self.notes.append(("set", node, data))
        return data.number if isinstance(data, Captured) else data

    def receive_grad(self, node: Any, grad: Any) -> Any:
        """The plain number of what is put into `node.grad`."""
        if type(node)._is_of_transform:
            return grad
        self._save_grad(node)
        self._in_place.pop(id(grad), None)
        self.notes.append(("set grad", node, grad))
        return grad.number if isinstance(grad, Captured) else grad

    def begin_backward(self, root: Any, seed: Any) -> None:
        """`backward()` is called at a root: leaves get gradients, which are put back at
        the end.
        """
        if isinstance(data_of(root), Captured):
            raise CaptureError(AGAIN)
        leaves = [node for node in toposort(root) if node._record is LEAF]
        for node in leaves:
            self._save_grad(node)
        self.notes.append(("backward", root, (seed, leaves)))

    def changed_in_place(self, old: Captured, result: Captured) -> None:
        """An array was changed by `old += ...`: this is the result."""
        if old.source[0] == "argument" or old.is_stale:
            self.fail("in place")  # it would change the caller's array
        self._make_stale([old])
        if old.source[0] in ("data", "grad"):
            self._in_place[id(result)] = result
        elif any(isinstance(x, Captured) and _share(x, old) for x in old.source[2]):
            self.fail("in place")

    def _assigned(self, node: Any, data: Any) -> None:
        """Data is put into a node; after `node.data += ...` those who have read it
        before hold what is gone.
        """
        if self._in_place.pop(id(data), None) is not None:
            self._make_stale(self._shown.pop(id(node), []))
            self.change_in_place(node)

    def _make_stale(self, arrays: list[Captured]) -> None:
        """These arrays, and views of them, hold what is gone."""
        for array in arrays:
            array.is_stale = True
            self._make_stale(self._shown.pop(id(array), []))

    def refuse(self, x: Any, asked: str) -> None:
        """Refuse to give a plain number away."""
        if isinstance(x, Captured):
            x._refuse(asked)
        if isinstance(x, Node) and not type(x)._is_of_transform:
            self.fail(asked)

    # What our own optimisers, schedules and modules hand over

    def hold(self, read: Callable[[], Any], owner: Any, *path: str) -> Any:
        """A number or an array of NumPy outside of all values: it is read anew at each
        call.

        Args:
            read: gives it.
            owner: the object that it belongs to.
            path: its name there.
        """
        number = read()
        self.leaves.append(number)
        self.reads.append(Hold(read, Home(owner, path)))
        return argument(self, len(self.leaves) - 1, number)

    def is_held(self, k: int) -> bool:
        """Whether a leaf is not one of the caller's arguments."""
        return k >= len(self.leaves) - len(self.reads)

    def put(
        self,
        write: Callable[[Any], Any],
        number: Any,
        owner: Any = None,
        path: Sequence[str] = (),
        start: int = 0,
        replaces: bool = False,
    ) -> None:
        """At the end of each call, write what this number is in that call; a list of
        numbers is written as an array.

        Args:
            write: takes it.
            number: the number of the run.
            owner: the object that it is written to; None if something else is done.
            path: its name there.
            start: the first element that is written there.
            replaces: whether the array comes in the place of the one that is there.
        """
        self.puts.append(Put(write, number, Home(owner, tuple(path)) if path else None, start, replaces))

    def attribute(self, owner: Any, name: str) -> Any:
        """An array that an object keeps, such as a module's running mean."""
        known = self.attributes.get((id(owner), name))
        return self.hold(functools.partial(getattr, owner, name), owner, name) if known is None else known.number

    def set_attribute(self, owner: Any, name: str, number: Any) -> None:
        """At the end of each call, write what this number is into that array."""
        self.replace_number(functools.partial(_write_attribute, owner, name), number, owner, name)

    def replace_number(self, write: Callable[[Any], Any], number: Any, owner: Any, name: str) -> None:
        """At the end of each call, write what this number is, unless another one comes
        in its place.
        """
        self.attributes[id(owner), name] = Put(write, number, Home(owner, (name,)), 0)

    def once(self, of: Any, make: Callable[[Any], Any]) -> Any:
        """What a function makes of an object, made once in this capture."""
        if id(of) not in self._once:
            self._once[id(of)] = make(of)
        return self._once[id(of)]

    def check_is_not_ending(self, what: str) -> None:
        """Refuse to show, or to change, what a schedule changes at the end."""
        if self._is_ending:
            error = CaptureError(
                f"compile: {what} is used after a schedule or an average was told of the step, and that happens at "
                f"the end of each call;\nuse it before, or outside of the function"
            )
            self.refusal = self.refusal or error
            raise error

    def postpone(self, call: Callable[..., Any], args: Sequence[Any], owner: Any) -> None:
        """Call a method of an object at the end of each call. Values may not change any
        more.
        """
        self._is_ending = True
        self.told.append(owner)
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

    def fail_because(self, cause: Exception) -> NoReturn:
        """Raise the error where there is no op for what is done to a number."""
        if isinstance(cause, CaptureError):
            raise cause
        file, line, text = _users_line()
        error = CaptureError(f"compile: {cause}\nin {file}:{line}: {text}")
        if self.refusal is None:
            self.refusal = error
        raise error from cause

    def fail_as_over(self) -> NoReturn:
        """Raise the error for a number that is used after its run."""
        file, line, text = _users_line()
        raise CaptureError(
            f"compile: this number belongs to a capture that is over, in {file}:{line}: {text};\n"
            f"return it, do not keep it; a number that stays from call to call can be held in a Value"
        )

    def fail_as_frozen(self, what: str) -> NoReturn:
        """Raise the error for what gives plain numbers away."""
        error = CaptureError(f"compile: {what} gives numbers that would be frozen in; call it outside of the function")
        self.refusal = self.refusal or error
        raise error

    def fail(self, asked: str) -> NoReturn:
        """Raise the error for what was asked, with the user's line."""
        file, line, text = _users_line()
        repair = REPAIRS.get(asked, USUAL)
        what = WHAT.get(asked, f"{asked} of a number that the run computes")
        colon = ";" if asked in WHAT else ""
        error = CaptureError(f"compile: {what}, in {file}:{line}: {text}{colon}\n{repair}")
        if self.refusal is None:
            self.refusal = error
        raise error

    def follows(self, x: Any) -> bool:
        """Whether x is a number of a run."""
        return type(x) is Captured

    def is_number(self, x: Any) -> bool:
        """Whether x stands for one plain number."""
        return isinstance(x, Captured) and type(x.number) in (float, int)

    def _save_grad(self, node: Any) -> None:
        if id(node) not in self.saved_grads:
            self.saved_grads[id(node)] = (node, node._grad)

    def noted(self, captured: Captured) -> Captured:
        self.notes.append(captured)
        return captured


def _users_line() -> tuple[str, int, str]:
    """The innermost line outside micrograd, NumPy and Python's own library: its file,
    its number, its text.
    """
    frame: Any = sys._getframe(1)
    outside = (
        HERE,
        os.path.dirname(str(sys.modules["numpy"].__file__)),
        os.path.dirname(os.__file__) + os.sep,
        "<frozen",
    )
    while frame.f_back is not None and _is_within(frame.f_code.co_filename, outside):
        frame = frame.f_back
    file, number = frame.f_code.co_filename, frame.f_lineno
    return file, number, linecache.getline(file, number).strip()


def _is_within(file: str, folders: tuple[str, ...]) -> bool:
    packages = "site-packages" + os.sep  # a user's own package may be installed beside Python's library
    return file.startswith(folders) and (packages not in file or file.startswith(folders[:2]))


def argument(capture: Capture, k: int, leaf: Any, by: float = 0.0) -> Any:
    """A number, an array, or nested lists of numbers, as argument k of a run; nudged by
    this much.
    """
    if isinstance(leaf, (list, tuple)):
        count = itertools.count()

        def inside(x: Any) -> Any:
            if isinstance(x, (list, tuple)):
                return type(x)(inside(part) for part in x)
            place = next(count)
            return capture.noted(Captured(capture, nudged(x, place, by), ("argument", k, place)))

        return inside(leaf)
    places: Any = np.arange(np.size(leaf)).reshape(np.shape(leaf)) if np.shape(leaf) else 0
    kind = getattr(leaf, "dtype", None)
    if not np.shape(leaf) and kind is not None and kind.kind == "f" and kind != np.float64:
        raise RunsUncompiled(f"an argument is a single number of {kind}; give a float, or an array")
    number = leaf if np.shape(leaf) else np.asarray(leaf).item()
    captured = Captured(capture, nudged(number, k, by), ("argument", k, places))
    captured.is_narrow = is_narrow(leaf)
    return capture.noted(captured)


def _write_attribute(owner: Any, name: str, number: Any) -> None:
    getattr(owner, name)[...] = number


def _is_note_of(note: Any, node: Any) -> bool:
    return note is node or (type(note) is tuple and note[0] is node)


def _share(x: Captured, y: Captured) -> bool:
    """Whether two arrays may be views of the same memory."""
    if not getattr(x.number, "shape", ()) or not getattr(y.number, "shape", ()):
        return False
    return bool(np.may_share_memory(x.number, y.number))


def _old_data(node: Any) -> Any:
    return data_of(node)


def _random_states() -> tuple[Any, Any]:
    return random.getstate(), np.random.get_state()


def _same_states(before: Any, after: Any) -> bool:
    (a, b), (c, d) = before, after
    return a == c and b[2:] == d[2:] and bool((b[1] == d[1]).all())
