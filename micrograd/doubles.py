"""Small programs on floats: what formula.py makes of a rule, and how it runs.

`doubles.h` holds the same functions in C, and they take the place of these when Cython
compiles the engine. There a program is a few steps on C doubles; here it is a Python
function with one line per step.

A program has four registers for z, x, y and w (the output and up to three inputs of an
op), then its constants, then one register per step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

INPUTS, CONSTANTS, STEPS = 4, 8, 24  # registers of each kind; a longer program is none

Step = tuple[str, int, int, int]  # how C spells it, and the registers that it reads

_OPERATORS = {
    "+": "{} + {}",
    "-": "{} - {}",
    "*": "{} * {}",
    "/": "{} / {}",
    "neg": "-{}",
    "==": "{} == {}",
    "!=": "{} != {}",
    ">": "{} > {}",
    "<": "{} < {}",
    ">=": "{} >= {}",
    "<=": "{} <= {}",
    "&&": "bool({}) and bool({})",
    "||": "bool({}) or bool({})",
    "!": "not {}",
    "?:": "{1} if {0} else {2}",
    "floor": "copysign(floor({0}), {0})",  # Python's floor is an int, without the sign of -0.0
    "ceil": "copysign(ceil({0}), {0})",
    "trunc": "copysign(trunc({0}), {0})",
    "rint": "copysign(round({0}), {0})",
    "hypot": "abs(complex({0}, {1}))",  # C's, where math.hypot has an algorithm of its own
}
_FUNCTIONS = frozenset(
    "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp exp2 expm1 log log1p log2 log10 sqrt cbrt "
    "erf erfc fabs pow atan2 copysign fmod nextafter".split()
)
_TWO = {"pow", "atan2", "copysign", "fmod", "nextafter"}
_NAMES = {**vars(math), "bool": bool, "round": round, "abs": abs, "complex": complex, "nan": math.nan, "inf": math.inf}


def assemble(steps: list[Step], constants: list[float], result: int) -> Callable[..., float] | None:
    """The program of these steps; None where C could not say it.

    Args:
        steps: in order; each may read what stands before it.
        constants: numbers that steps read.
        result: the register of the result.
    """
    if len(steps) > STEPS or len(constants) > CONSTANTS:
        return None
    names = ["z", "x", "y", "w", *map(repr, constants)]
    names += ["0.0"] * (INPUTS + CONSTANTS - len(names))
    lines = ["def program(z, x, y, w):"]
    for name, a, b, c in steps:
        if name not in _OPERATORS and name not in _FUNCTIONS:
            return None
        text = _OPERATORS.get(name) or f"{name}({{}}{', {}' if name in _TWO else ''})"
        here = f"r{len(names)}"
        lines.append(f"    {here} = " + text.format(names[a], names[b], names[c]))
        names.append(here)
    lines.append(f"    return {names[result]} * 1.0")  # a comparison gives a bool
    made: dict[str, Any] = {}
    exec("\n".join(lines), dict(_NAMES), made)
    return made["program"]  # type: ignore[no-any-return]


def run(program: Callable[..., float], z: float, x: float, y: float, w: float) -> float:
    """The result of a program; nan where Python has no answer, as for 1 / 0."""
    try:
        return program(z, x, y, w)
    except (ArithmeticError, ValueError):
        return math.nan
