"""Formulas: the forward and the rules of an op as small programs on floats, from its
own record.

A rule is a Python function, written in ops. Here it runs once on registers instead of
numbers. Each op that it calls writes a step of a program (doubles.py), and the engine
runs that program at every node that holds a float. So the derivative of tanh is said
once, in its record, and still runs as C.

Not every rule has a formula. One that branches on data, or calls an op that C cannot
spell, runs as it is, at the usual speed. So does one that reads a number which somebody
may change later: a formula would keep the old one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import doubles
from micrograd.errors import DataError
from micrograd.interpreter import Array
from micrograd.ops.operators import Operators
from micrograd.pure import is_pure
from micrograd.record import PRODUCT, SUM, Elementwise, Formulas, Op


class Program:
    """The steps that a function writes, as `doubles.assemble` takes them."""

    def __init__(self) -> None:
        self.steps: list[doubles.Step] = []
        self.constants: list[float] = []

    def write(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Any:
        """One op as a step; or as several, where its spelling is said in other ops."""
        spelled = op.facts.c
        if callable(spelled):
            return spelled(*inputs, **params)
        if not spelled or params:
            raise DataError(f"formula: C cannot spell {op.name}")
        a, b, c = [*map(self.place, inputs), 0, 0, 0][:3]
        self.steps.append((spelled, a, b, c))
        return Register(doubles.INPUTS + doubles.CONSTANTS + len(self.steps) - 1, self)

    def place(self, x: Array) -> int:
        """The register of an input; a number becomes a constant."""
        if isinstance(x, Register):
            return x.number
        if not isinstance(x, (float, int)) or (x == x and float(x) != x):
            raise DataError(f"formula: {x!r} is not a number of C")
        self.constants.append(float(x))
        return doubles.INPUTS + len(self.constants) - 1


class Register(Operators):
    """A place for a number in a program: the interpreter that writes steps."""

    __slots__ = ("number", "program")

    def __init__(self, number: int, program: Program) -> None:
        self.number = number
        self.program = program

    def _apply_op(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Any:
        return self.program.write(op, inputs, params)

    def __bool__(self) -> bool:
        raise DataError("formula: a register has no number to branch on")

    def __hash__(self) -> int:
        raise DataError("formula: a register has no number to look up")


Written = tuple[list[Any], list[float], int]  # steps, constants, and the register of the result


def formula(function: Any, count: int, params: dict[str, Any] | None = None, with_output: bool = True) -> Any:
    """A function written in ops as a program on floats; None where it has none.

    Args:
        function: a rule, of the output and the inputs of an op; or a forward.
        count: how many inputs the op has, 3 at most.
        params: the keyword arguments.
        with_output: whether the function takes the output first, as a rule does.

    >>> value_of(formula(lambda z, x: 1.0 - z * z, 1), z=0.5)
    0.75
    """
    return _assembled(_written(function, count, params or {}, with_output))


def _written(function: Any, count: int, params: dict[str, Any], with_output: bool) -> Written | None:
    if function is None or not is_pure(function):
        return None
    written = []
    for _ in range(2):  # what draws random numbers writes another program the second time
        program = Program()
        inputs = [Register(i, program) for i in range(not with_output, count + 1)]
        try:
            result = program.place(function(*inputs, **params))
        except Exception:  # it cannot run on registers; on numbers it runs as it is
            return None
        written.append((program.steps, program.constants, result))
    return written[0] if repr(written[0]) == repr(written[1]) else None


def _assembled(written: Written | None) -> Any:
    if written is None:
        return None
    steps, constants, result = written
    return doubles.assemble(steps, constants, result)


def value_of(program: Any, z: float = 0.0, x: float = 0.0, y: float = 0.0, w: float = 0.0) -> float:
    """The result of a program, where the output of the op is z, and its inputs are x, y
    and w.
    """
    return doubles.run(program, z, x, y, w)


def forward_formula(op: Op, count: int, params: dict[str, Any]) -> Any:
    """The forward of an op as a program on floats; None where it has none."""
    spelled = op.facts.c
    # What C has a name for, or what is written in ops, or the forward itself.
    forward = op if isinstance(spelled, str) and spelled else spelled or op.forward
    return formula(forward, count, params, with_output=False)


def make(formulas: Formulas, op: Op, params: dict[str, Any]) -> None:
    """Fill in the programs of an op, as far as it has them."""
    formulas.state = 2  # none, unless all below goes well
    count = len(op.rules) if isinstance(op, Elementwise) and op.differentiable else 0
    if not 1 <= count <= 2:  # floats.py builds no other nodes
        return
    formulas.run = forward_formula(op, count, params)
    slopes = [_written(rule, count, params, True) for rule in op.rules]
    formulas.slope_x, formulas.slope_y = [*map(_assembled, slopes), None][:2]
    if all(slope == ([], [1.0], doubles.INPUTS) for slope in slopes):  # no steps: the constant 1.0
        formulas.slopes = SUM
    elif slopes == [([], [], 2), ([], [], 1)]:  # by x register 2, which is y; by y x
        formulas.slopes = PRODUCT
    formulas.state = 1
