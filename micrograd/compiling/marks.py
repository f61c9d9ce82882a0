"""Marks: numbers that stand for formulas.

The mark of a leaf is a number drawn for it. The mark of a result is made from the op
and the marks of what it was given. So two results have one mark where the same ops, in
the same order, made them from the same leaves: then they are the same number, to the
last bit, whatever the leaves hold.

Marks know what rounding leaves alone: x * y is y * x, x - y is x + (-y), (-x) * y is
-(x * y), 1 * x is x, and -0.0 + x is x. A mark has 64 bits. The last one is the sign.

>>> x, y, z = leaves("state", np.arange(3))
>>> bool(add(x, y) == add(y, x)), bool(add(add(x, y), z) == add(x, add(y, z)))
(True, False)
"""

from __future__ import annotations

import functools
import hashlib
import struct
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.terms import Read, in_order
from micrograd.ops import arithmetic
from micrograd.record import Op

MASK = 2**64 - 1
SIGN = 1
FACTORS = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)  # odd, with bits all over


@functools.lru_cache(maxsize=4096)
def word(*facts: Any) -> int:
    """A mark without a sign for a few words and numbers."""
    return int.from_bytes(hashlib.blake2b(repr(facts).encode(), digest_size=8).digest(), "little") & ~SIGN


def constant(number: Any) -> int:
    """The mark of a number that is known."""
    bits = struct.pack("<d", abs(float(number)))
    return word("a constant", bits) | int(np.signbit(float(number)))


ONE = constant(1.0)
NOTHING = constant(-0.0)  # what a sum starts from
NIL = word("nil")  # a gradient that is 0, as nobody has asked for it: nothing is made of it, and it adds nothing


def constants(numbers: Any) -> Any:
    """The marks of an array of known numbers."""
    found, which = np.unique(np.asarray(numbers, float).reshape(-1).view(np.uint64), return_inverse=True)
    known = np.array([constant(x) for x in found.view(float)], np.uint64)
    return known[which].reshape(np.shape(numbers))


def leaves(kind: str, numbers: Any) -> Any:
    """The marks of leaves of a kind, by their numbers."""
    return mixed(word("a leaf", kind), np.asarray(numbers).astype(np.uint64))


def mixed(first: int, *marks: Any) -> Any:
    """One mark without a sign of several."""
    h: Any = np.uint64(first)
    with np.errstate(over="ignore"):  # the products are meant to wrap; NumPy warns for lone numbers
        for mark in marks:
            h = (h ^ np.asarray(mark, np.uint64)) * np.uint64(FACTORS[0])
            h = (h ^ (h >> np.uint64(29))) * np.uint64(FACTORS[1])
            h = (h ^ (h >> np.uint64(32))) * np.uint64(FACTORS[2])
            h = h ^ (h >> np.uint64(31))
    return h & np.uint64(MASK ^ SIGN)


def _signs(x: Any, y: Any) -> tuple[Any, Any, Any]:
    """Two marks without their signs, and the sign of a product."""
    sign, all_but = np.uint64(SIGN), np.uint64(MASK ^ SIGN)
    return x & all_but, y & all_but, (x ^ y) & sign


def negative(x: Any) -> Any:
    """-x"""
    return x ^ np.uint64(SIGN)


def add(x: Any, y: Any) -> Any:
    """x + y"""
    z = mixed(_ADD, np.minimum(x, y), np.maximum(x, y))
    for none in (NIL, NOTHING):
        z = np.where(x == np.uint64(none), y, np.where(y == np.uint64(none), x, z))
    return z


def subtract(x: Any, y: Any) -> Any:
    """x - y"""
    return add(x, negative(y))


def multiply(x: Any, y: Any) -> Any:
    """x * y"""
    x, y, sign = _signs(x, y)
    z = mixed(_MULTIPLY, np.minimum(x, y), np.maximum(x, y))
    z = np.where(x == np.uint64(ONE), y, np.where(y == np.uint64(ONE), x, z)) | sign
    return np.where((x == np.uint64(NIL)) | (y == np.uint64(NIL)), np.uint64(NIL), z)


def divide(x: Any, y: Any) -> Any:
    """x / y"""
    x, y, sign = _signs(x, y)
    z = np.where(y == np.uint64(ONE), x, mixed(_DIVIDE, x, y)) | sign
    return np.where(x == np.uint64(NIL), np.uint64(NIL), z)


def _same(x: Any) -> Any:
    return x


_ADD, _MULTIPLY, _DIVIDE = word("add"), word("multiply"), word("divide")
_KNOWN: dict[Op, Callable[..., Any]] = {
    arithmetic.add: add,
    arithmetic.subtract: subtract,
    arithmetic.multiply: multiply,
    arithmetic.divide: divide,
    arithmetic.negative: negative,
    arithmetic.positive: _same,
    arithmetic.stop_gradient: _same,
}


def applied(op: Op, params: Any, inputs: Sequence[Any]) -> Any:
    """The marks of what an op gives, element by element."""
    known = _KNOWN.get(op)
    return known(*inputs) if known else mixed(word(op.name, repr(params or {})), *inputs)


def of_term(term: Any, mark_of: Callable[[Read], Any]) -> Any:
    """The marks of a term, given those of its reads."""
    if not in_order(term):
        return np.uint64(constant(term))
    made: dict[int, Any] = {}
    for part in in_order(term):
        if isinstance(part, Read):
            made[id(part)] = mark_of(part)
        else:
            inputs = [made[id(x)] if id(x) in made else np.uint64(constant(x)) for x in part.inputs]
            made[id(part)] = applied(part.op, part.params, inputs)
    return made[id(term)]


def summed(start: Any, parts: Any) -> Any:
    """start + parts[0] + parts[1] and so on, from left to right."""
    for part in parts:
        start = add(start, part)
    return start
