"""Vectors in C: tiles of sums as variables of a vector type of GNU C.

GNU C adds and multiplies whole vectors, `acc[t][v] += x * y`. The loops over a tile are
written out before the compiler looks for variables, so the sums are registers while the
loop over what is added up runs. Each number is computed as without vectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from micrograd.compiling.terms import Part, Read, expanded, in_order

if TYPE_CHECKING:
    from micrograd.compiling.lines import Line
    from micrograd.compiling.nests import Nest

LANES = {"float64": 8, "float32": 16}  # numbers in the widest vector
SPELLED = ("+", "-", "*", "/", "neg")  # ops that GNU C knows for vectors
ALIGNED = " __attribute__((aligned(64)))"
TYPES = """\
#if defined(__AVX512F__)
#define VECTOR 64
#elif defined(__AVX__)
#define VECTOR 32
#else
#define VECTOR 16
#endif
typedef double doubles __attribute__((vector_size(VECTOR), aligned(8), may_alias));
typedef float floats __attribute__((vector_size(VECTOR), aligned(4), may_alias));
"""
# Before a function: GCC takes vectors of 32 bytes by itself. For long loops those of 64
# take less time, and half of it where tanh is computed; for short ones more.
WIDE = """\
#if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
#define WIDE __attribute__((noinline, target("prefer-vector-width=512")))
#else
#define WIDE
#endif
"""
LONG = 256  # numbers of a long loop


def fits(line: Line, nest: Nest) -> bool:
    """Whether the tile of a line can be one of vectors: sums and products of numbers of
    one type, which lie one after the other.
    """
    kind, wide = line.target.dtype, nest.wide
    if wide is None or not nest.summed or not nest.width or nest.width % LANES[kind] or line.reduce != "sum":
        return False
    if line.place.strides[wide] != 1 or wide in line.place.axes or not isinstance(line.term, Part):
        return False
    for part in (*in_order(expanded(line.term)), *in_order(expanded(line.start))):
        if not isinstance(part, Read):
            if part.op.facts.c not in SPELLED:
                return False
            continue
        is_smooth = wide not in part.place.axes and part.place.strides[wide] in (0, 1)
        if part.buffer.dtype != kind or not (is_smooth or any(part is read for read in nest.packed)):
            return False
    return True


def is_wide(line: Line, nest: Nest) -> bool:
    """Whether the loops of a line take the widest vectors."""
    return nest.wide is not None and nest.wide not in line.summed and line.sizes[nest.wide] >= LONG


def named(kind: str) -> str:
    """The vector type of a type.

    >>> named("double")
    'doubles'
    """
    return f"{kind}s"


def lanes(kind: str) -> str:
    """How many numbers a vector has, in C: the processor decides."""
    return f"(VECTOR / {8 if kind == 'double' else 4})"


def unrolled(times: int) -> str:
    """What makes the compiler write a loop out."""
    return f'_Pragma("GCC unroll {times}")\n'


def at(element: str, kind: str, is_read: bool = True) -> str:
    """The vector that begins at an element."""
    return f"*({'const ' if is_read else ''}{named(kind)} *)&{element}"


def spread(number: str, kind: str) -> str:
    """A vector of the same number; not number + 0, which is 0 for -0.

    >>> spread("p1[0]", "float"), spread("0.0", "double")
    ('(float)p1[0] - (floats){0}', '(doubles){0}')
    """
    zeros = f"({named(kind)}){{0}}"
    return zeros if number == "0.0" else f"({kind}){number} - {zeros}"
