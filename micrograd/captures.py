"""Captures under way: which functions are being captured, each in a thread of its own.

`micrograd.compile` runs a function once to see what it computes. The engine tells the
capture of its thread what it makes, and asks it at each door through which a number
leaves a Value. Nobody is told anything while `CAPTURES` is empty: that is one look.
"""

from __future__ import annotations

import functools
from threading import get_ident
from typing import Any

Node = Any
CAPTURES: dict[int, Any] = {}  # by thread; see compiling/capture.py


def current() -> Any:
    """The capture of this thread; None where there is none.

    Our own optimisers, schedules and modules hand their numbers over to it: see `hold`,
    `put` and the others in compiling/capture.py.
    """
    return CAPTURES.get(get_ident()) if CAPTURES else None


def check_is_not_captured(what: str) -> None:
    """Refuse what gives plain numbers away while a function is captured.

    Raises:
        CaptureError: this thread captures a function.
    """
    capture = current()
    if capture is not None:
        capture.fail_as_frozen(what)


def postponed(method: Any) -> Any:
    """A method without a result that a capture does not run: it runs at each call of
    the compiled function, at its end.
    """

    @functools.wraps(method)
    def at_the_end(self: Any, *args: Any, **options: Any) -> None:
        capture = current()
        if capture is None:
            method(self, *args, **options)
        else:
            capture.postpone(functools.partial(method, self, **options), args, self)

    return at_the_end


def note(node: Node) -> None:
    """A node was made: a leaf, or by its record from its inputs."""
    capture = CAPTURES.get(get_ident())
    if capture is not None:
        capture.notes.append(node)


def begun(node: Node, data: Any) -> Any:
    """A leaf is being made of this data: the plain number of it."""
    note(node)
    return received(node, data)


def note_constant(node: Node, op: Any, inputs: Any, params: Any) -> None:
    """A node without a history was made by an op."""
    capture = CAPTURES.get(get_ident())
    if capture is not None:
        capture.notes.append((node, op, inputs, params))


def note_backward(root: Node, seed: Any) -> None:
    """`backward()` begins at a root."""
    capture = CAPTURES.get(get_ident())
    if capture is not None:
        capture.begin_backward(root, seed)


def shown(node: Node, data: Any) -> Any:
    """What a reader of `node.data` gets: a number that the capture follows."""
    capture = CAPTURES.get(get_ident())
    return data if capture is None else capture.show(node, data)


def shown_grad(node: Node, grad: Any) -> Any:
    """What a reader of `node.grad` gets."""
    capture = CAPTURES.get(get_ident())
    return grad if capture is None else capture.show_grad(node, grad)


def answer(op: Any, inputs: Any, params: Any, z: Any) -> Any:
    """What a comparison of values gives: an answer that the capture follows."""
    capture = CAPTURES.get(get_ident())
    if capture is None or hasattr(type(z), "_apply_op"):  # of a transform's values: followed in what they hold
        return z
    return capture.computed(op, inputs, params, z)


def mixed(op: Any, inputs: Any, params: Any) -> Any:
    """The result of an op on values and numbers that the capture follows; None where
    there are none.
    """
    capture = CAPTURES.get(get_ident())
    return None if capture is None else capture.mixed(op, inputs, params)


def received(node: Node, data: Any) -> Any:
    """The plain number of data that is put into a node."""
    capture = CAPTURES.get(get_ident())
    return data if capture is None else capture.receive(node, data)


def received_grad(node: Node, grad: Any) -> Any:
    """The plain number of a gradient that is put into a node."""
    capture = CAPTURES.get(get_ident())
    return grad if capture is None else capture.receive_grad(node, grad)


def refuse(x: Any, asked: str) -> None:
    """Refuse to give plain numbers away, if a capture follows this one."""
    capture = CAPTURES.get(get_ident())
    if capture is not None:
        capture.refuse(x, asked)


def is_followed(x: Any) -> bool:
    """Whether x stands for numbers of a capture."""
    capture = CAPTURES.get(get_ident())
    return capture is not None and capture.follows(x)


def is_followed_number(x: Any) -> bool:
    """Whether x stands for one plain number in a capture."""
    capture = CAPTURES.get(get_ident())
    return capture is not None and capture.is_number(x)
