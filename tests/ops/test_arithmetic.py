"""micrograd/ops/arithmetic.py, where the generic tests of tests/test_ops.py do not
reach.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from micrograd import Value, ops
from micrograd.abstract import Abstract
from micrograd.errors import ArgumentError, DataError, MicrogradError, ShapeError
from micrograd.ops.arithmetic import clipped
from micrograd.transforms import grad, jvp

W = np.arange(6.0).reshape(2, 3)


def w() -> Value:
    return Value(W, label="w")


def b() -> Value:
    return Value([1.0, 2.0], label="b")


ERRORS: list[tuple[Any, type[MicrogradError], str]] = [
    *(
        (lambda op=op: op(w(), b()), ShapeError, f"{op.name}: 'w' (2, 3) and 'b' (2,) do not broadcast: sizes on an")
        for op in (ops.maximum, ops.minimum, ops.remainder, ops.not_equal)
    ),
    *(
        (lambda op=op: op(w(), b()), ShapeError, f"{op.name}: 'w' (2, 3) and 'b' (2,) do not broadcast: sizes on an")
        for op in (ops.logical_and, ops.logical_or, ops.logical_xor)
    ),
    (lambda: ops.clip(w(), b()), ShapeError, "clipped: 'w' (2, 3) and 'b' (2,) and () do not broadcast"),
    (lambda: ops.clip(w(), max=b()), ShapeError, "clipped: 'w' (2, 3) and () and 'b' (2,) do not broadcast"),
    (lambda: ops.clip(w(), "0"), DataError, "clip: '0' is a str, not a number or an array of numbers"),
    (lambda: ops.maximum(w(), 1j), DataError, "maximum: 1j is a complex, not a number or an array of numbers"),
    (lambda: ops.round(w(), decimals=0.5), ArgumentError, "round: decimals=0.5 is not an integer; give one, as 2"),
    (lambda: ops.round(1.5, decimals="1"), ArgumentError, "round: decimals='1' is not an integer; give one, as 2"),
    (lambda: ops.maximum(Abstract((2,)), Abstract((3,))), ShapeError, "maximum: (2,) and (3,) do not broadcast"),
]


@pytest.mark.parametrize(("call", "error", "words"), ERRORS, ids=[row[2][:50] for row in ERRORS])
def test_bad_input(call: Any, error: type[MicrogradError], words: str) -> None:
    with pytest.raises(error, match=re.escape(words)) as caught:
        call()
    assert type(caught.value) is error


NUMBERS: list[tuple[Any, tuple[Any, ...], Any]] = [
    (ops.floor, (-0.5,), -1.0),
    (ops.floor, (math.inf,), math.inf),
    (ops.ceil, (-math.inf,), -math.inf),
    (ops.ceil, (1.5,), 2.0),
    (ops.round, (0.5,), 0.0),
    (ops.round, (1.5,), 2.0),
    (ops.round, (math.nan,), math.nan),
    (ops.floor, (math.nan,), math.nan),
    (ops.remainder, (5.0, math.inf), 5.0),
    (ops.remainder, (-1.0, 3.0), 2.0),
    (ops.maximum, (math.nan, 1.0), math.nan),
    (ops.maximum, (1.0, math.nan), math.nan),
    (ops.minimum, (math.nan, 1.0), math.nan),
    (ops.minimum, (1.0, math.nan), math.nan),
    (ops.clip, (math.nan, 0.0, 1.0), math.nan),
    (ops.clip, (math.inf, 0.0, 1.0), 1.0),
    (ops.clip, (-math.inf, 0.0, 1.0), 0.0),
    (ops.clip, (0.5, 1.0, 0.0), 0.0),
    (ops.square, (-3.0,), 9.0),
    (ops.reciprocal, (-4.0,), -0.25),
    (ops.positive, (2.0,), 2.0),
    (ops.stop_gradient, (2.0,), 2.0),
    (ops.isnan, (math.nan,), True),
    (ops.isinf, (-math.inf,), True),
    (ops.isfinite, (math.nan,), False),
    (ops.logical_not, (2.0,), False),
    (ops.logical_and, (2.0, 0.0), False),
    (ops.logical_or, (2.0, 0.0), True),
    (ops.logical_xor, (2.0, 3.0), False),
    (ops.not_equal, (2.0, 3.0), True),
]


@pytest.mark.parametrize(("op", "inputs", "expected"), NUMBERS, ids=[f"{f.__name__}{x}" for f, x, _ in NUMBERS])
def test_a_number_gives_a_number_and_an_array_the_same(op: Any, inputs: tuple[float, ...], expected: Any) -> None:
    z = op(*inputs)
    assert type(z) is type(expected)
    np.testing.assert_array_equal(z, expected)
    np.testing.assert_array_equal(op(*(np.array([x]) for x in inputs)), [expected])
    on_values = op(*map(Value, inputs))
    np.testing.assert_array_equal(on_values.data if isinstance(on_values, Value) else on_values, expected)


@pytest.mark.parametrize(("op", "inputs"), [(ops.remainder, (1.0, 0.0)), (ops.reciprocal, (0.0,))])
def test_a_number_warns_as_an_array_does(op: Any, inputs: tuple[float, ...]) -> None:
    with pytest.warns(RuntimeWarning):
        z = op(*inputs)
    with pytest.warns(RuntimeWarning):
        on_arrays = op(*(np.array([x]) for x in inputs))
    assert type(z) is float
    np.testing.assert_array_equal([z], on_arrays)


@pytest.mark.parametrize("decimals", [-1, 0, 1, 2, np.int64(1)])
def test_round_has_one_rule_for_numbers_and_arrays(decimals: int) -> None:
    for x in (2.675, 0.15, 25.0, -2.5, 1e300, 0.0):
        assert ops.round(x, decimals=decimals) == ops.round(np.array([x]), decimals=decimals)[0]


def test_remainder_counts_as_its_forward_does() -> None:
    """1 / 0.1 is 10.0 in floating point, but 0.1 goes into 1.0 only 9 times: 1 % 0.1 is
    0.0999...
    """
    divisor = Value(0.1)
    ops.remainder(1.0, divisor).backward()
    assert divisor.grad == -9.0


def test_clip_gives_the_gradient_to_what_it_chose() -> None:
    x, low, high = Value([-2.0, -1.0, 0.0, 1.0, 2.0]), Value(-1.0), Value([1.0] * 5)
    z = ops.clip(x, low, high)
    z.backward()
    np.testing.assert_array_equal(z.data, [-1.0, -1.0, 0.0, 1.0, 1.0])
    np.testing.assert_array_equal(x.grad, [0.0, 1.0, 1.0, 1.0, 0.0])
    assert low.grad == 1.0
    np.testing.assert_array_equal(high.grad, [0.0, 0.0, 0.0, 0.0, 1.0])


def test_the_method_round_takes_decimals() -> None:
    for v in (Value(1.26), Value(np.array([1.26]))):
        assert v.round(1).data == v.round(decimals=1).data == 1.3
        assert v.round().data == 1.0


def test_clip_where_the_bounds_are_the_wrong_way_round() -> None:
    x, low, high = Value(0.5), Value(1.0), Value(0.0)
    ops.clip(x, low, high).backward()
    assert (x.grad, low.grad, high.grad) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("given", "expected"),
    [((), W), ((2.0,), np.maximum(W, 2)), ((None, 2.0), np.minimum(W, 2)), ((1.0, 4.0), np.clip(W, 1, 4))],
)
def test_clip_takes_its_bounds_as_numpy_does(given: tuple[Any, ...], expected: Any) -> None:
    by_name = dict(zip(("min", "max"), given, strict=False))
    for z in (ops.clip(W, *given), ops.clip(W, **by_name), ops.clip(w(), *given).data):
        np.testing.assert_array_equal(z, expected)
    if given:
        np.testing.assert_array_equal(np.clip(w(), *given).data, expected)  # type: ignore[call-overload]
        np.testing.assert_array_equal(np.clip(w(), **by_name).data, expected)  # type: ignore[call-overload]


def test_clip_keeps_float32() -> None:
    x = Value(np.float32([-2.0, 0.5]))
    z = ops.clip(x, max=0.0)
    z.backward()
    assert (z.dtype, x.grad.dtype) == (np.float32, np.float32)
    assert clipped(np.float32([0.5]), -math.inf, 1.0).dtype == np.float32


def test_stop_gradient_is_a_constant_to_both_modes_and_at_any_depth() -> None:
    def f(x: Any) -> Any:
        return x * ops.stop_gradient(x)

    assert grad(f)(3.0) == 3.0
    assert jvp(f, (3.0,), (1.0,)) == (9.0, 3.0)
    assert grad(grad(f))(3.0) == 0.0
    assert jvp(grad(f), (3.0,), (1.0,)) == (3.0, 0.0)
    x = Value([1.0, 2.0])
    ops.stop_gradient(x).backward()
    np.testing.assert_array_equal(x.grad, [0.0, 0.0])


def test_positive_and_stop_gradient_make_nodes_of_their_own() -> None:
    x = Value(np.ones(3))
    for op in (ops.positive, ops.stop_gradient):
        z = op(x)
        assert z is not x
        assert z.inputs == (x,)
        assert not np.shares_memory(z.data, x.data)


@pytest.mark.parametrize(
    "answer",
    [
        ops.not_equal(w(), 1.0),
        ops.logical_and(w(), 1.0),
        ops.logical_or(w(), np.ones(3) > 0),
        ops.logical_xor(w(), w()),
        ops.logical_not(w()),
        ops.isnan(w()),
        ops.isinf(w()),
        ops.isfinite(w()),
        np.isfinite(w()),  # type: ignore[call-overload]
        np.logical_not(w()),  # type: ignore[call-overload]
    ],
)
def test_questions_are_answered_in_plain_booleans(answer: Any) -> None:
    assert type(answer) is np.ndarray
    assert (answer.dtype, answer.shape) == (bool, (2, 3))


@pytest.mark.parametrize(
    ("numpys", "ours"),
    [
        (lambda v: np.mod(v, 1.5), lambda v: ops.remainder(v, 1.5)),
        (lambda v: np.maximum(v, 1.5), lambda v: ops.maximum(v, 1.5)),
        (lambda v: np.minimum(1.5, v), lambda v: ops.minimum(1.5, v)),
        (np.floor, ops.floor),
        (np.ceil, ops.ceil),
        (np.round, ops.round),
        (lambda v: np.round(v, 1), lambda v: ops.round(v, decimals=1)),
        (np.square, ops.square),
        (lambda v: np.reciprocal(v + 1.0), lambda v: ops.reciprocal(v + 1.0)),
        (np.positive, ops.positive),
    ],
)
def test_numpys_functions_find_the_ops(numpys: Any, ours: Any) -> None:
    x, y = Value(W + 0.3), Value(W + 0.3)
    np.testing.assert_array_equal(numpys(x).data, ours(y).data)
    numpys(x).backward()
    ours(y).backward()
    np.testing.assert_array_equal(x.grad, y.grad)


SPECIAL = [0.0, -0.0, 1.5, -2.0, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("dtype", ["float64", "float32", ">f8", "float16", "int64"])
@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("order", ["C", "F"])
def test_choices_from_large_arrays_have_the_bits_of_numpy(dtype: str, zero: float, order: Any) -> None:
    random = np.random.default_rng(0)
    x = random.choice(SPECIAL[: 4 if dtype == "int64" else 7], (60, 40)).astype(dtype, order=order)
    for condition in (random.random((60, 40)) > 0.5, random.random(40) > 0.5, x[:, ::-1] > 0):
        found, wanted = ops.where(condition, x, zero), np.where(condition, x, zero)
        assert found.dtype == wanted.dtype
        assert np.array_equal(found, wanted, equal_nan=found.dtype.kind == "f")
        assert np.array_equal(np.signbit(found), np.signbit(wanted))
    view = x[::2, 1::3]
    assert np.array_equal(ops.where(view > 0, view, zero), np.where(view > 0, view, zero))
