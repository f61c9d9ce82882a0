"""Types of numbers: what comes back, and few bits: whole numbers are refused."""

from __future__ import annotations

import numpy as np
import pytest

import micrograd
from micrograd import Value
from micrograd.errors import CaptureError

w, array, few = Value(2.0), Value(np.arange(3.0)), Value(np.ones(3, np.float32))
GIVEN = {
    "int": (3, 4),
    "float": (1.5, -2.5),
    "bool": (True, False),
    "float64": (np.float64(1.5), np.float64(2.0)),
    "int64": (np.int64(4), np.int64(-5)),
    "int32": (np.int32(4), np.int32(-5)),
    "bool_": (np.bool_(True), np.bool_(False)),
    "no axes": (np.array(1.5), np.array(2.5)),
    "no axes, int": (np.array(3), np.array(4)),
    "floats": (np.arange(3.0), np.ones(3)),
    "float32": (np.arange(3, dtype=np.float32), np.ones(3, np.float32)),
    "ints": (np.arange(3), np.arange(3) - 5),
    "int32s": (np.arange(3, dtype=np.int32), np.arange(3, dtype=np.int32) - 5),
    "bools": (np.array([True, False, True]), np.array([False, False, True])),
    "other order": (np.arange(3.0).astype(">f8"), np.ones(3, ">f8")),
    "a Value": (w, w),
    "a Value of few bits": (few, few),
}
FUNCTIONS = {
    "itself": lambda x: x,
    "+": lambda x: x + 1,
    "*": lambda x: x * 2,
    "/": lambda x: x / 2,
    "//": lambda x: x // 2,
    "%": lambda x: x % 2,
    "**": lambda x: x**2,
    "abs": lambda x: abs(x),
    ">": lambda x: x > 1,
    "& |": lambda x: (x > 1) & (x < 3) | (x == 0),
    "sum": lambda x: np.sum(x),
    "mean": lambda x: np.mean(x),
    "max": lambda x: np.max(x),
    "argmax": lambda x: np.argmax(x),
    "exp": lambda x: np.exp(x * 1.0),
    "where": lambda x: np.where(x > 1, x, 0),
    "ints where": lambda x: np.where(x > 1, 1, 0),
    "value *": lambda x: w * x,
    "values *": lambda x: array * x,
    "few bits *": lambda x: few * x,
    "data *": lambda x: w.data * x,
    "a tree": lambda x: {"x": [x * 1.0, (x > 0, None, "text", 1, 1.0, True)]},
    "stack": lambda x: np.stack([x, x]),
}


def _of_python(x):
    """NumPy's lone numbers as Python's, but for float32."""
    if isinstance(x, np.ndarray) and not x.shape:
        x = x[()]
    return x.item() if isinstance(x, (np.float64, np.integer, np.bool_)) else x


def _described(x):
    if isinstance(x, Value):
        return ("Value", *_described(x.data))
    if isinstance(x, dict):
        return {key: _described(part) for key, part in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x), [_described(part) for part in x]
    x = _of_python(x)
    if isinstance(x, np.ndarray):
        return "array", x.dtype.newbyteorder("="), x.shape, x.round(5).tolist()
    return type(x), round(x, 10) if isinstance(x, (float, np.floating)) else x


@pytest.mark.parametrize("name", FUNCTIONS)
def test_types_of_results(name):
    function = FUNCTIONS[name]
    for given, numbers in GIVEN.items():
        if (name, given) == ("stack", "int32"):  # a lone whole number of NumPy is an int
            continue
        try:
            wanted = [_described(function(x)) for x in numbers]
        except TypeError:  # NumPy has no such op on truths
            continue
        compiled = micrograd.compile(function)
        found = [_described(compiled(x)) for x in numbers]
        assert found == wanted, (name, given)


WRAPPED = [
    lambda x: (x + x) * w,
    lambda x: 3 * x - (x > 0),
    lambda x: sum(x),
    lambda x: (x[0] - x[1]) * w,
    lambda x: (x**2).sum(),
    lambda x: -x,
    lambda x: x @ x,
    lambda x: np.einsum("i,i", x, x),
]


@pytest.mark.parametrize("function", WRAPPED)
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16])
def test_whole_numbers_of_few_bits_are_not_added(function, dtype):
    x = np.array([100, 120, 3], dtype)
    with pytest.raises(CaptureError, match=r"whole numbers of 8 or 16 bits.*\n.*x.astype\(float\)"):
        micrograd.compile(function)(x)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * w,
        lambda x: (x / 255.0 - 0.5) * w,
        lambda x: sum(w * p for p in x),
        lambda x: x.sum() * w + x.mean(),
        lambda x: (x == 3) * w + np.maximum(x, 7),
        lambda x: (x.astype(float) + x) * w,
    ],
)
def test_whole_numbers_of_few_bits_are_read(function):
    compiled = micrograd.compile(function)
    for x in (np.array([200, 250, 3], np.uint8), np.array([1, 255, 0], np.uint8)):
        np.testing.assert_allclose(compiled(x).data, function(x).data, rtol=1e-12)


def test_a_lone_number_of_few_bits():
    with pytest.raises(CaptureError, match="whole numbers of 8 or 16 bits"):
        micrograd.compile(lambda x: x + 1)(np.uint8(255))
    assert micrograd.compile(lambda x: x * w)(np.uint8(255)).data == 510.0


def test_a_sum_of_truths_is_a_truth():
    def function(x, mask):
        return ((x > 1) + (x > 0)) * w, (mask + (x > 1)) * (x > 0) * w, (x > 1) + 1

    compiled = micrograd.compile(function)
    for x in (np.arange(3.0), np.array([2.0, 0.5, 3.0])):
        mask = np.array([True, False, True])
        for found, wanted in zip(compiled(x, mask), function(x, mask), strict=True):
            np.testing.assert_array_equal(getattr(found, "data", found), getattr(wanted, "data", wanted))
    with pytest.raises(CaptureError, match="truths, are added"):
        compiled = micrograd.compile(lambda m: (m @ m) * w)
        compiled(mask)


def test_an_array_of_values_is_not_returned():
    with pytest.raises(CaptureError, match="return a list of them"):
        micrograd.compile(lambda x: np.array([x * w, None], object))(1.0)
