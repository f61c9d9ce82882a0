"""Formulas: who may have one, and that it says what the rule and the forward of the
record say.
"""

from __future__ import annotations

import functools
import math
import types
from typing import Any

import numpy as np
import pytest

from micrograd import Symbol, Value
from micrograd.errors import DataError, ShapeError
from micrograd.folding import simplified
from micrograd.formula import formula, value_of
from micrograd.op import Elementwise
from micrograd.ops import exp, minimum, tanh
from micrograd.pure import is_pure


def slopes(forward: Any, *rules: Any, at: float = 3.0, **params: Any) -> tuple[float, float]:
    """The data and the slope of an op of one input, called often enough for a
    formula.
    """
    op = Elementwise(forward, "f", rules)
    for _ in range(6):
        x = Value(at)
        z = op(x, **params)
        z.backward()
    return z.data, x.grad


class Config:
    k = 2.0


def helper(x: Any) -> Any:
    return Config.k * x


def with_attribute(z: Any, x: Any) -> Any:
    return with_attribute.k * 1.0


def with_list(z: Any, x: Any, state: list[float] = [2.0]) -> Any:  # noqa: B006 - the trap itself
    return state[0]


def with_import(z: Any, x: Any) -> Any:
    import math

    return math.pi


def with_global(z: Any, x: Any) -> Any:
    global last
    last = x
    return 1.0


def with_try(z: Any, x: Any) -> Any:
    try:
        return 1.0 / x
    except ZeroDivisionError:
        return 0.0


@functools.wraps(math.exp)
def wrapped(x: Any) -> Any:
    return Config.k * x


settings = {"k": 2.0}
get = settings.get
polynomial = np.poly1d([1.0, 2.0])
module = types.ModuleType("settings_of_somebody")
with_attribute.k = 2.0  # type: ignore[attr-defined]

IMPURE = {
    "a class attribute": lambda z, x: Config.k + 0.0 * x,
    "a function of his": lambda z, x: helper(1.0),
    "a function that looks like another": lambda z, x: wrapped(x),
    "a function attribute": with_attribute,
    "a default that is a list": with_list,
    "the method of a dictionary": lambda z, x: get("k"),
    "globals": lambda z, x: globals()["settings"]["k"],
    "an object that can be called": lambda z, x: polynomial(x),
    "a module": lambda z, x: module.k,
    "an import": with_import,
    "a global that it writes": with_global,
    "a function within": lambda z, x: (lambda: Config.k)(),
    "random numbers": lambda z, x: np.random.randint(2),
    "print": lambda z, x: print(x) or 1.0,
    "an error that it catches": with_try,
    "a partial": functools.partial(lambda k, z, x: k, 1.0),
}


@pytest.mark.parametrize("what", IMPURE)
def test_what_may_change_has_no_formula(what):
    assert not is_pure(IMPURE[what])
    assert formula(IMPURE[what], 1) is None


def test_what_cannot_change_has_a_formula():
    for rule, wanted in (
        (lambda z, x: 1.0 - z * z, 0.75),
        (lambda z, x, k=4.0: k * x, 8.0),
        (lambda z, x: math.pi * tanh(x), math.pi * math.tanh(2.0)),
        (lambda z, x: np.exp(x) + exp(x), 2.0 * math.exp(2.0)),
        (lambda z, x: sum(x for _ in range(3)), 6.0),
        (tanh.rules[0], 0.75),
    ):
        program = formula(rule, 1)
        assert program is not None
        assert value_of(program, z=0.5, x=2.0) == pytest.approx(wanted, rel=1e-15)


def test_a_rule_reads_what_is_assigned_later():
    forward, rule = (lambda x: Config.k * x), (lambda z, x: Config.k)
    op = Elementwise(forward, "f", [rule])
    seen = []
    for k in (2.0, 5.0):
        Config.k = k
        x = Value(3.0)
        z = op(x)
        z.backward()
        seen.append((z.data, x.grad))
    Config.k = 2.0
    assert seen == [(6.0, 2.0), (15.0, 5.0)]


def test_an_op_defined_anew_has_formulas_of_its_own():
    def scaled(x, *, by):
        return by * x

    assert slopes(scaled, lambda z, x, *, by: by, by=2.0) == (6.0, 2.0)

    def scaled(x, *, by):
        return 10.0 * by * x

    assert slopes(scaled, lambda z, x, *, by: 10.0 * by, by=2.0) == (60.0, 20.0)


def test_a_param_that_changes_is_read_anew():
    class Settings:
        k = 2.0

    def scaled(x, *, by):
        return by.k * x

    op, by, seen = Elementwise(scaled, "f", [lambda z, x, *, by: by.k]), Settings(), []
    for k in (2.0, 2.0, 2.0, 2.0, 2.0, 5.0):
        by.k = k
        x = Value(3.0)
        z = op(x, by=by)
        z.backward()
        seen.append((z.data, x.grad))
    assert seen[0] == (6.0, 2.0) and seen[-1] == (15.0, 5.0)


def test_params_that_are_equal_but_not_the_same():
    def signed(x, *, by):
        return x * np.copysign(1.0, by)

    def which(x, *, by):
        return x * (2.0 if isinstance(by, bool) else 3.0 if isinstance(by, int) else 4.0)

    signed_op = Elementwise(signed, "f", [lambda z, x, *, by: np.copysign(1.0, by)])
    which_op = Elementwise(which, "f", [lambda z, x, *, by: z / x])
    for _ in range(5):
        assert [signed_op(Value(1.0), by=k).data for k in (0.0, -0.0)] == [1.0, -1.0]
        assert [which_op(Value(1.0), by=k).data for k in (True, 1, 1.0)] == [2.0, 3.0, 4.0]


def test_a_number_that_is_looked_up_has_no_formula():
    rule = lambda z, x: {3.0: 5.0}.get(x, 1.0)  # noqa: E731
    forward = lambda x: x * (5.0 if x in {3.0, 4.0} else 1.0)  # noqa: E731
    assert slopes(forward, rule) == (15.0, 5.0)


def test_errors_that_a_forward_catches_are_caught():
    def safe(x):
        try:
            t = 1.0 / x
        except ZeroDivisionError:
            t = 0.0
        return 1.0 / (1.0 + t)

    assert slopes(safe, lambda z, x: 0.0, at=0.0) == (1.0, 0.0)


def test_errors_of_a_rule_come_as_ever():
    for rule in (lambda z, x: 1.0 / x, lambda z, x: 1.0 / (1.0 / x)):
        with pytest.raises(ZeroDivisionError):
            slopes(lambda x: 2.0 * x, rule, at=0.0)
    with pytest.raises(TypeError):
        slopes(lambda x: 2.0 * x, lambda z, x: "2.0")
    with pytest.raises(ZeroDivisionError):
        slopes(lambda x: 1.0 / (1.0 / x), lambda z, x: 1.0, at=0.0)


def test_an_integer_that_is_too_large_for_a_float():
    x = Value(1.5)
    z = minimum(x, 10**400)
    z.backward()
    assert z.data == 1.5 and x.grad == 1.0
    with pytest.raises(DataError, match=r"add: an int beyond 1\.8e308 is too large for a float"):
        x + 10**400


@pytest.mark.parametrize("op", ["+", "-", "*", "tanh"])
def test_an_array_assigned_to_an_input_is_refused(op):
    x = Value(2.0)
    z = {"+": lambda: x + 1.0, "-": lambda: 1.0 - x, "*": lambda: x * 2.0, "tanh": x.tanh}[op]()
    x.data = np.array([1.0, 2.0])
    with pytest.raises(ShapeError, match=r"gradient of shape \(\) for data of shape \(2,\)"):
        z.backward()


def test_a_number_of_another_dtype_assigned_to_an_input():
    x = Value(2.0)
    z = x + 1.0
    x.data = np.float32(2.0)
    z.backward()
    assert x.grad.dtype == np.float32


def test_a_method_called_on_the_class_with_a_number():
    assert Value.tanh(0.5) == math.tanh(0.5)


def test_two_ops_of_one_name_in_an_expression():
    x = Symbol("x")

    def scaled(x):
        return 2.0 * x

    first = Elementwise(scaled, "f", [lambda z, x: 2.0])

    def scaled(x):
        return 10.0 * x

    second = Elementwise(scaled, "f", [lambda z, x: 10.0])
    assert simplified(first(x) + second(x))(x=1.0) == 12.0
