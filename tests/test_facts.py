"""Each fact on a record is held to the op's own forward and rules, over the samples and over edges."""

from __future__ import annotations

import ctypes
import ctypes.util
import itertools
import math
import random
import struct
import warnings
from typing import Any

import numpy as np
import pytest

from micrograd.modes import quietly
from micrograd.op import OPS, Elementwise, Op
from micrograd.symbol import Symbol
from tests.samples import SAMPLES, Sample

TABLE = {name: op for name, op in OPS.items() if op.__module__.startswith("micrograd.")}
EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, 0.3, -0.75, 2.0, 2.5, 3.0, -7.0, 36.5, -745.0, 1e16, 1e300, -1e300, 5e-324, 1e-300]
EDGES += [math.inf, -math.inf, math.nan]


def samples_of(op: str) -> list[Sample]:
    return [sample for sample in SAMPLES if sample.op == op]


def numbers_of(sample: Sample) -> list[tuple[Any, ...]]:
    """The inputs of a sample, element by element, as Python numbers."""
    return list(zip(*(x.ravel().tolist() for x in np.broadcast_arrays(*sample.inputs)), strict=True))


def count_of(op: str) -> int:
    return len(samples_of(op)[0].inputs)


# c: what C says

LIBM: Any = ctypes.CDLL(ctypes.util.find_library("m") or ctypes.util.find_library("msvcrt"))


def _divide(x: float, y: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.divide(x, y))


OPERATORS: dict[str, Any] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": _divide,
    "neg": lambda x: -x,
    "==": lambda x, y: float(x == y),
    "!=": lambda x, y: float(x != y),
    ">": lambda x, y: float(x > y),
    ">=": lambda x, y: float(x >= y),
    "<": lambda x, y: float(x < y),
    "<=": lambda x, y: float(x <= y),
    "&&": lambda x, y: float(x != 0.0 and y != 0.0),
    "||": lambda x, y: float(x != 0.0 or y != 0.0),
    "!": lambda x: float(x == 0.0),
    "?:": lambda c, x, y: x if c != 0.0 else y,
}


def in_c(spelling: Any, numbers: tuple[float, ...], params: dict[str, Any]) -> float:
    """What C computes of doubles, by a fact c."""
    if callable(spelling):
        symbols = [Symbol(f"x{i}") for i in range(len(numbers))]
        return evaluated(spelling(*symbols, **params), dict(zip(symbols, numbers, strict=True)))
    if spelling in OPERATORS:
        return float(OPERATORS[spelling](*numbers))
    function = getattr(LIBM, spelling)
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double] * len(numbers)
    return float(function(*numbers))


def evaluated(x: Any, numbers: dict[Symbol, float]) -> float:
    """The double that an expression stands for; LookupError where an op in it has no c."""
    if not isinstance(x, Symbol):
        return float(x)
    if x not in numbers:
        assert x.op is not None
        if not x.op.facts.c:
            raise LookupError(x.op.name)
        numbers[x] = in_c(x.op.facts.c, tuple(evaluated(y, numbers) for y in x.inputs), x.params)
    return numbers[x]


def forward_of(op: Op, numbers: tuple[Any, ...], params: dict[str, Any]) -> float:
    with quietly(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(op.forward(*numbers, **params))


def bits(x: float) -> bytes:
    return struct.pack("d", x)


def random_numbers(count: int) -> list[tuple[float, ...]]:
    source = random.Random(count)
    scales = [0.3, 1.0, 3.0, 30.0, 1000.0]
    return [tuple(source.gauss(0.0, source.choice(scales)) for _ in range(count)) for _ in range(300)]


SPELLED = [name for name, op in TABLE.items() if op.facts.c]


def rows_of(name: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Numbers and params for an op: its samples, and for each of their params all edges and some random numbers."""
    samples, count = samples_of(name), count_of(name)
    edges = itertools.product(EDGES if count < 3 else EDGES[::2], repeat=count)
    everywhere = [*edges, *random_numbers(count)]
    rows = [(numbers, sample.params) for sample in samples for numbers in numbers_of(sample)]
    rows += [
        (numbers, params) for params in {str(s.params): s.params for s in samples}.values() for numbers in everywhere
    ]
    return [((bool(c), *xs), params) for (c, *xs), params in rows] if name == "where" else rows


SPELLED = [name for name, op in TABLE.items() if op.facts.c]
RULES = [(name, i) for name in SPELLED if isinstance(TABLE[name], Elementwise) for i in range(len(TABLE[name].rules))]
UNSAID = {"sinc"}  # ops that C can say, but not their rules


@pytest.mark.parametrize("name", SPELLED)
def test_c_is_the_forward_bit_for_bit(name: str) -> None:
    op = TABLE[name]
    for numbers, params in rows_of(name):
        z, expected = in_c(op.facts.c, tuple(map(float, numbers)), params), forward_of(op, numbers, params)
        if math.isfinite(z) or math.isfinite(expected):
            assert bits(z) == bits(expected), (numbers, params, z, expected)


@pytest.mark.parametrize(("name", "i"), [rule for rule in RULES if rule[0] not in UNSAID])
def test_c_says_the_rule_bit_for_bit(name: str, i: int) -> None:
    op = TABLE[name]
    rule: Any = op.rules[i]
    if rule is None:
        return
    for numbers, params in rows_of(name):
        z = forward_of(op, numbers, params)
        if not math.isfinite(z):
            continue
        given = (z, *map(float, numbers))
        with quietly(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = float(rule(*given, **params))
        said = in_c(rule, given, params)
        if math.isfinite(said) or math.isfinite(expected):
            assert bits(said) == bits(expected), (given, params, said, expected)


@pytest.mark.parametrize("name", sorted(UNSAID))
def test_unsaid_rules_are_truly_so(name: str) -> None:
    with pytest.raises(LookupError):
        in_c(TABLE[name].rules[0], (0.5,) * (1 + count_of(name)), {})
