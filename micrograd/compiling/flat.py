"""The flat program of a tape: its instructions, and the loops that run them.

`flat.h` holds the same functions in C, and they take the place of these when Cython
compiles the engine.

Numbers lie in one array: first the leaves, then one for each instruction of the way
forward. A row of an instruction is four whole numbers: what to do, and three places.

- forward: the places of the inputs. The result goes to the next place.
- back: the place of the output, whose gradient is given away, and two places more.

What to do is one of the names below; from bit 8 on stands the number of a small program
(doubles.py).
"""

from __future__ import annotations

from typing import Any

from micrograd import doubles

# ASK: Python does it. WHOLE: a program whose result is a whole number, and exact.
ASK, ADD, MULTIPLY, RUN, WHOLE = 0, 1, 2, 3, 4
# On the way back. ADD_ONE, MULTIPLY_ONE: the second input gets nothing. RUN: a gradient
# for one input, by the program of its slope; the last one of an output is RUN_LAST.
ADD_ONE, MULTIPLY_ONE, RUN_LAST = 5, 6, 7
LARGEST = 2.0**53  # up to here each whole number is a double
NOTHING = -0.0  # what a sum starts from: -0.0 + x is x, also where x is -0.0

Row = tuple[int, int, int, int]


def packed(rows: list[Row], programs: list[Any]) -> Any:
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
        if kind == ADD:
            z = x + y
        elif kind == MULTIPLY:
            z = x * y
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
        head, z, i, j = rows[k]
        kind = head & 255
        g = grads[z]
        if kind in (ADD, ADD_ONE):
            if g != g:
                return k
            grads[z] = NOTHING
            grads[i] += g
            if kind == ADD:
                grads[j] += g
        elif kind in (MULTIPLY, MULTIPLY_ONE):
            g, h = g * numbers[j], (g * numbers[i] if kind == MULTIPLY else 0.0)
            if g != g or h != h:
                return k
            grads[z] = NOTHING
            grads[i] += g
            if kind == MULTIPLY:
                grads[j] += h
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
