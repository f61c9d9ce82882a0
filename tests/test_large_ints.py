"""Ints of Python that NumPy has no type for, and ints beyond all floats: each op is
right on them, or refuses them in our words.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import micrograd
from micrograd import Value
from micrograd.errors import DataError, MicrogradError
from micrograd.record import Elementwise
from micrograd.table import OPS

LARGE, BEYOND = 10**200, 10**400
TOO_LARGE = (
    "an int beyond 1.8e308 is too large for a float; take smaller numbers, or compute with Fractions alone, "
    "as Value(Fraction(x))"
)
COUNTS = {name: len(op.rules) for name, op in OPS.items() if isinstance(op, Elementwise) and len(op.rules) in (1, 2)}


def samples(name, x):
    if COUNTS[name] == 1:
        return [(x,)]
    if name in ("power", "left_shift"):  # Python would compute all digits of x**x
        return [(x, 2.0), (x, 3)]
    return [(x, 2.0), (x, 3), (2.0, x), (3, x)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("x", [LARGE, -LARGE, BEYOND, -BEYOND], ids=["large", "-large", "beyond", "-beyond"])
@pytest.mark.parametrize("name", COUNTS)
def test_no_error_of_pythons_own(name, x):
    op = OPS[name]
    for data in samples(name, x):
        inputs = [Value(v) for v in data]
        try:
            z = op(*inputs)
            if isinstance(z, Value):
                z.backward()
            micrograd.jvp(op, data, (1.0,) * len(data))
        except MicrogradError as error:
            assert name in str(error) or "too large for a float" in str(error)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [name for name in COUNTS if COUNTS[name] == 1])
def test_a_large_int_gives_what_its_float_gives(name):
    try:
        expected = OPS[name](Value(float(LARGE)))
    except MicrogradError:
        return
    given = OPS[name](Value(LARGE))
    given, expected = (float(z.data if isinstance(z, Value) else z) for z in (given, expected))
    assert given == expected or (math.isnan(given) and math.isnan(expected))


def test_a_power_whose_slope_is_beyond_floats():
    x = Value(LARGE)
    z = x**3
    assert z.data == LARGE**3
    with pytest.raises(DataError) as error:
        z.backward()
    assert str(error.value) == f"raise_to: {TOO_LARGE}"
    assert x.grad == 0.0
    with pytest.raises(DataError, match=r"^raise_to: an int beyond"):
        micrograd.grad(lambda x: x**3)(LARGE)


def test_fractions_have_no_limit():
    x = Value(Fraction(LARGE))
    (x**3).backward()
    assert x.grad == 3 * LARGE**2


@pytest.mark.parametrize(
    ("compute", "name"),
    [
        (lambda x: x + 0.5, "add"),
        (lambda x: x / 2, "multiply"),
        (lambda x: x**0.5, "raise_to"),
        (lambda x: x * np.ones(2), "multiply"),
        (lambda x: x.exp(), "exp"),
        (lambda x: x.relu(), "relu"),
    ],
    ids=["+", "/", "**", "array", "exp", "relu"],
)
def test_beyond_floats(compute, name):
    with pytest.raises(DataError) as error:
        compute(Value(BEYOND))
    assert str(error.value) == f"{name}: {TOO_LARGE}"
    with pytest.raises(DataError, match="too large for a float"):
        micrograd.compile(compute)(BEYOND)


def test_ints_among_themselves_stay_ints():
    assert (Value(BEYOND) + 2).data == BEYOND + 2
    assert (Value(BEYOND) * 3).data == BEYOND * 3
    assert (-Value(BEYOND)).data == -BEYOND


def test_a_gradient_that_is_given():
    x = Value(2.0)
    with pytest.raises(DataError, match=r"^backward: an int beyond 1\.8e308 is too large for a float"):
        (x * 1.5).backward(BEYOND)
    assert x.grad == 0.0
    (x * 1.5).backward(LARGE)
    assert x.grad == 1.5e200
