"""The flat program of a tape: its instructions, and the loops that run them.

`flat.h` holds the same functions in C, and they take the place of these when Cython
compiles the engine.

Numbers lie in one array: first the leaves, then one for each instruction of the way
forward. A row of an instruction is what to do, and places:

- forward: the places of the inputs, of which there are three at most. The result goes
  to the next place.
- back: the place of an output, whose gradient is given away; the place that it goes to,
  and the place of the slope; the same two for a second input.

What to do is one of the names below; from bit 8 on stands the number of a small program
(doubles.py).
"""

from __future__ import annotations

from typing import Any

from micrograd import doubles

# ASK: Python does it. COMBINE: x * y + w, a sum where y is 1.0, a product where w is
# NOTHING: so the processor need not guess which of both comes next. RUN: a program.
# WHOLE: a program whose result is a whole number, and exact.
ASK, COMBINE, RUN, WHOLE = 0, 1, 2, 3
# On the way back, to one input or two. RUN: the slope for one input is computed by a
# program; the last one of an output is RUN_LAST.
GIVE, GIVE_TWO, RUN_LAST = 4, 5, 6
LARGEST = 2.0**53  # up to here each whole number is a double
NOTHING = -0.0  # what a sum starts from: -0.0 + x is x, also where x is -0.0

Row = tuple[int, int, int, int]
BackRow = tuple[int, int, int, int, int, int]


def packed(rows: list[Any], programs: list[Any]) -> Any:
    """The rows in the form that the loops read.

    Args:
        rows: the instructions.
        programs: the small programs, by number.
    """
    return rows


def forward(rows: Any, programs: list[Any], numbers: Any, first: int, at: int, end: int) -> int:
    """Run instructions in order.

    Args:
        rows: from `packed`.
        programs: the small programs, by number.
        numbers: the array of all numbers.
        first: the place of the result of instruction 0.
        at: the instruction to begin with.
        end: the instruction to stop before.

    Returns:
        The instruction that Python has to do, as its result is not finite, say; or end.
    """
    for k in range(at, end):
        head, i, j, m = rows[k]
        kind = head & 255
        x, y, w = numbers[i], numbers[j], numbers[m]
        if kind == COMBINE:
            z = x * y + w
        elif kind == ASK or x != x or y != y or w != w:
            return k
        else:
            z = doubles.run(programs[head >> 8], 0.0, x, y, w)
            if kind == WHOLE:
                if abs(z) > LARGEST:
                    return k
                z += 0.0  # there is no -0 among whole numbers
        if z - z != 0.0:
            return k
        numbers[first + k] = z
    return end


def back(rows: Any, programs: list[Any], numbers: Any, grads: Any, inputs: Any, first: int, at: int) -> int:
    """Run instructions of the way back: outputs give their gradients to their inputs,
    and then hold `NOTHING`.

    Args:
        rows: from `packed`, users before inputs.
        programs: the small programs, by number.
        numbers: the array of all numbers.
        grads: the gradients, an array of the same size.
        inputs: the instructions of the way forward.
        first: the place of the result of instruction 0 of the way forward.
        at: the instruction to begin with.

    Returns:
        The instruction that could not be run, as a product is nan, say, or as Python
        has to do it; or how many there are.
    """
    for k in range(at, len(rows)):
        head, z, i, factor, j, its_factor = rows[k]
        kind = head & 255
        g = grads[z]
        if kind in (GIVE, GIVE_TWO):
            part = g * numbers[factor]
            second = g * numbers[its_factor] if kind == GIVE_TWO else 0.0
            if part != part or second != second:
                return k
            grads[z] = NOTHING
            grads[i] += part
            if kind == GIVE_TWO:
                grads[j] += second
        elif kind == ASK:
            return k
        else:
            x, y, w = [numbers[place] for place in inputs[z - first][1:]]
            g *= doubles.run(programs[head >> 8], numbers[z], x, y, w)
            if g - g != 0.0 or x != x or y != y or w != w:
                return k
            if kind == RUN_LAST:
                grads[z] = NOTHING
            grads[i] += g
    return len(rows)
