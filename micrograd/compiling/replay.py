"""Replay: entries of a flat program computed by the ops themselves, and a whole walk
back by the engine.

So they go the ordinary path, which knows what an infinity or a nan means.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.assembly import Assembly
from micrograd.engine import Value, pull
from micrograd.errors import CaptureError
from micrograd.gradients import Gradients
from micrograd.modes import quietly
from micrograd.node import grad_of, made, set_grad, set_inputs
from micrograd.record import LEAF
from micrograd.unknown import Zeros


def number_of(program: Assembly, i: int, numbers: Any) -> Any:
    """The number of an entry, of the type that it had when it was captured."""
    number, kind = numbers[program.places[i]], program.kinds[i]
    if kind is bool:
        return bool(number)
    return int(number) if kind is int and number.is_integer() else number


def result_of(program: Assembly, i: int, numbers: Any) -> float:
    """The result of an entry, by the forward of its op."""
    tape = program.tape
    op = tape.records[i]
    data = [number_of(program, x, numbers) for x in tape.inputs[i]]
    z = op.run(data, data, tape.params[i] or {})
    double = float(z)
    if type(z) is int and double != z:
        raise CaptureError(f"compile: {op.name} gives {z}, an int with more digits than a double; use floats")
    return double


class Doubts(Zeros):
    """Notices that it is asked what zero times infinity is.

    Attributes:
        is_asked: whether it was.
    """

    __slots__ = ("is_asked",)

    def __init__(self) -> None:
        super().__init__(None, None, dict)
        self.is_asked = False

    def known_zero(
        self, name: str, product: Any, g: Any, partial: Any, z: Any, examples: Any = None
    ) -> Any:  # an answer that is not used
        self.is_asked = True
        return product != product


def parts_by_rules(program: Assembly, i: int, g: float, numbers: Any, doubts: Doubts) -> list[tuple[int, float]] | None:
    """What an entry gives to its inputs, by the rules of its op: places and parts.

    None where that depends on the graph, and the engine has to walk.

    Args:
        program: the flat program.
        i: the entry.
        g: the gradient of the entry.
        numbers: those of the flat program.
        doubts: what the rules ask about zeros.
    """
    inputs = [_input(program, x, numbers) for x in program.tape.inputs[i]]
    node = _node(program, i, inputs, numbers)
    set_grad(node, g)
    with quietly(), doubts:
        pull(node, False, Gradients(doubts))
    parts = []
    for x, leaf in zip(program.tape.inputs[i], inputs, strict=True):
        part = grad_of(leaf) if isinstance(leaf, Value) else None
        if part is not None:
            parts.append((program.places[x], float(part)))
    if doubts.is_asked or not np.isfinite([part for _, part in parts]).all():
        return None
    return parts


def _input(program: Assembly, i: int, numbers: Any) -> Any:
    """An input of one step: a leaf where a gradient is wanted, else a number."""
    number = number_of(program, i, numbers)
    return made(Value, number, LEAF, None, None) if program.is_useful[i] else number


def _node(program: Assembly, i: int, inputs: list[Any], numbers: Any) -> Any:
    node = made(Value, number_of(program, i, numbers), program.tape.records[i], None, None)
    node._params = program.tape.params[i] or None
    set_inputs(node, inputs)
    return node


def gradients_by_engine(program: Assembly, root: int, seed: float, numbers: Any) -> Any:
    """The gradients of the states, by `backward()` from a root.

    Args:
        program: the flat program.
        root: the entry.
        seed: its gradient.
        numbers: those of the flat program.
    """
    tape = program.tape
    nodes: dict[int, Any] = {}
    for i in program.histories.order(root):
        inputs = [nodes[x] if x in nodes else number_of(program, x, numbers) for x in tape.inputs[i]]
        is_leaf = type(tape.records[i]) is str
        nodes[i] = _input(program, i, numbers) if is_leaf else _node(program, i, inputs, numbers)
    nodes[root].backward(seed)
    found = np.zeros(program.states)
    for i, node in nodes.items():
        if type(tape.records[i]) is str and grad_of(node) is not None:
            found[tape.origin[i]] = grad_of(node)
    return found
