"""The checkers, on right answers and on wrong ones: a checker that accepts a wrong gradient is the worst bug here."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from micrograd import Value, check_op, gradcheck
from micrograd.abstract import Abstract
from micrograd.errors import GradcheckError, OpError
from micrograd.op import OPS, Op, elementwise, multilinear, primitive
from micrograd.ops import mean, multiply, reshape, stop_gradient

X, Y = np.array([0.5, 1.5, -0.7]), np.array([2.0, -1.0, 0.3])


@pytest.fixture(autouse=True)
def table_as_before() -> Iterator[None]:
    before = dict(OPS)
    yield
    OPS.clear()
    OPS.update(before)


def product_with(*rules: Any) -> Op:
    @elementwise("*", *rules)
    def wrong_product(x: Any, y: Any) -> Any:
        return x * y

    return wrong_product


WRONG: dict[str, tuple[Any, Any]] = {
    "factor 2": (lambda z, x, y: 2.0 * y, lambda z, x, y: x),
    "factor 7": (lambda z, x, y: 7.0 * y, lambda z, x, y: 7.0 * x),
    "factor 1.00001": (lambda z, x, y: 1.00001 * y, lambda z, x, y: x),
    "sign": (lambda z, x, y: -y, lambda z, x, y: x),
    "zero": (lambda z, x, y: 0.0, lambda z, x, y: x),
    "both zero": (lambda z, x, y: 0.0, lambda z, x, y: 0.0),
    "swapped inputs": (lambda z, x, y: x, lambda z, x, y: y),
    "constant added": (lambda z, x, y: y + 1e-4, lambda z, x, y: x),
    "not a number": (lambda z, x, y: y * np.nan, lambda z, x, y: x),
}


@pytest.mark.parametrize("points", [[0.5, 2.0], [X, Y], [X, 2.0], [1e-6 * X, 1e-6 * Y], [1e6 * X, Y]], ids=str)
@pytest.mark.parametrize("rules", WRONG.values(), ids=WRONG)
def test_wrong_gradient_is_rejected(rules: tuple[Any, Any], points: list[Any]) -> None:
    op = product_with(*rules)
    with pytest.raises(GradcheckError, match=r"backward\(\) gives .* for input \d"):
        gradcheck(op, points)
    assert gradcheck(op, points, raise_exception=False) is False
    with pytest.raises(GradcheckError):
        check_op(op, *points)


@pytest.mark.parametrize("points", [[0.5, 2.0], [X, Y], [X, 2.0], [1e-6 * X, 1e-6 * Y], [1e6 * X, Y]], ids=str)
def test_right_gradient_is_accepted(points: list[Any]) -> None:
    assert gradcheck(product_with(lambda z, x, y: y, lambda z, x, y: x), points)


@pytest.mark.parametrize("shape", [(1,), (3, 1), (2, 3)])
def test_wrong_shape_is_rejected(shape: tuple[int, ...]) -> None:
    @multilinear("twice", lambda g, x: np.full(shape, 2.0), shape=lambda x: x.shape)
    def twice(x: Any) -> Any:
        return 2.0 * x

    with pytest.raises(GradcheckError):
        gradcheck(twice, [X])


def test_wrong_gradient_of_one_element_in_many_is_rejected() -> None:
    big = np.linspace(1.0, 2.0, 1000)
    spot = np.ones(1000)
    spot[17] = 1.01

    @elementwise("square", lambda z, x: 2.0 * x * spot)
    def square(x: Any) -> Any:
        return x * x

    with pytest.raises(GradcheckError, match="random direction"):
        gradcheck(square, [big])


def test_assigned_backward_that_is_wrong_is_rejected() -> None:
    def half(x: Value) -> Value:
        z = Value(x.data / 2, (x,), "half")

        def step() -> None:
            x.grad += 2.0 * z.grad

        z._backward = step
        return z

    with pytest.raises(GradcheckError, match=r"backward\(\) gives 2.0"):
        gradcheck(half, [3.0])


def _cube(**wrong: Callable[..., Any]) -> Op:
    rules = {
        "vjp": lambda g, z, x: 3.0 * g * x * x,
        "jvp": lambda t, z, x: 3.0 * t * x * x,
        "shape": lambda x: x.shape,
    } | wrong

    @primitive("cube", vjp=[rules["vjp"]], jvp=[rules["jvp"]], shape=rules["shape"])
    def cube(x: Any) -> Any:
        return x * x * x

    return cube


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"vjp": lambda g, z, x: g * x * x}, r"backward\(\)"),
        ({"jvp": lambda t, z, x: -3.0 * t * x * x}, "forward mode"),
        ({"shape": lambda x: (7,)}, r"its shape rule says \(7,\), its forward gives \(3,\)"),
        ({"vjp": lambda g, z, x: 3.0 * g * np.multiply(np.asarray(x, float), x)}, "not written in ops"),
        ({"vjp": lambda g, z, x: reshape(3.0 * g * x * x, shape=(1, 3))}, r"rule 0 gives shape \(1, 3\)"),
        ({"vjp": lambda g, z, x: 3.0 * g * multiply(x, getattr(x, "data", x))}, "second order"),
    ],
    ids=lambda given: given if isinstance(given, str) else next(iter(given)),
)
def test_every_wrong_fact_of_a_record_is_found(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(GradcheckError, match=message):
        check_op(_cube(**wrong), X)


def test_right_record_is_accepted() -> None:
    assert check_op(_cube(), X)


def test_inputs_are_not_changed() -> None:
    x = Value(X.copy())
    assert gradcheck(lambda v: (v * v).sum(), [x])
    np.testing.assert_array_equal(x.data, X)
    np.testing.assert_array_equal(x.grad, np.zeros(3))


RULES = {
    "too few rules": (
        lambda: elementwise("*", lambda z, x, y: y)(lambda_of_two),
        "lambda_of_two: 1 rules for 2 inputs; give one per input, None where none is needed",
    ),
    "too many rules": (
        lambda: elementwise("*", *[lambda z, x, y: y] * 3)(lambda_of_two),
        "lambda_of_two: 3 rules for 2 inputs; give one per input, None where none is needed",
    ),
    "elementwise": (
        lambda: elementwise("*", lambda z, x, y: y, lambda z, x: x)(lambda_of_two),
        "lambda_of_two: rule 1 takes 2 arguments, not 3; write it as lambda z, x, y: ...",
    ),
    "multilinear": (
        lambda: multilinear("*", lambda x, y: y, None, shape=lambda x, y: ())(lambda_of_two),
        "lambda_of_two: rule 0 takes 2 arguments, not 3; write it as lambda g, x, y: ...",
    ),
    "vjp": (
        lambda: primitive("*", vjp=[None, lambda g, x, y: y], jvp=[None, None], shape=lambda x, y: ())(lambda_of_two),
        "lambda_of_two: rule 1 takes 3 arguments, not 4; write it as lambda g, z, x, y: ...",
    ),
    "jvp": (
        lambda: primitive("*", vjp=[None, None], jvp=[lambda t: t, None], shape=lambda x, y: ())(lambda_of_two),
        "lambda_of_two: jvp rule 0 takes 1 arguments, not 4; write it as lambda t, z, x, y: ...",
    ),
    "jvp missing": (
        lambda: primitive("*", vjp=[None, None], jvp=[None], shape=lambda x, y: ())(lambda_of_two),
        "lambda_of_two: 1 jvp rules for 2 inputs; give one per input, None where none is needed",
    ),
}


def lambda_of_two(x: Any, y: Any) -> Any:
    return x * y


@pytest.mark.parametrize(("define", "words"), RULES.values(), ids=RULES)
def test_a_rule_that_does_not_fit_is_refused_where_it_is_defined(define: Callable[[], Op], words: str) -> None:
    with pytest.raises(OpError) as caught:
        define()
    assert str(caught.value) == words
    assert "lambda_of_two" not in OPS


@pytest.mark.parametrize(
    "rule",
    [lambda z, *inputs: 1.0, lambda z, x, y=None: 1.0, lambda z, x, y, **params: 1.0, max, functools.partial(min, 1)],
    ids=["any number", "default", "params", "builtin", "partial"],
)
def test_rules_of_any_number_of_arguments_are_taken(rule: Any) -> None:
    assert elementwise("*", rule, None)(lambda_of_two).rules[0] is rule


def test_every_op_can_be_asked_for_its_rules() -> None:
    for op in OPS.values():
        assert len(list(op.rules)) == len(op.rules)


def test_a_plain_function_is_checked_and_named() -> None:
    def halved(x: Value) -> Any:
        return stop_gradient(x) * x

    assert check_op(mean, X, axis=0)
    with pytest.raises(GradcheckError, match=r"^halved: backward\(\) gives"):
        check_op(halved, X)
    with pytest.raises(GradcheckError, match=r"^cube: backward\(\) gives"):
        check_op(_cube(vjp=lambda g, z, x: g * x * x), X)
    with pytest.raises(GradcheckError, match=r"^cube: the gradient could not be computed: reshape: "):
        check_op(_cube(vjp=lambda g, z, x: g if isinstance(x, Abstract) else reshape(g, shape=7)), X)


def test_one_input_alone_needs_no_list() -> None:
    assert gradcheck(lambda x: x * x, np.array([1.0, 2.0]))
    assert gradcheck(lambda x: x * x, 3.0)
    assert gradcheck(lambda x: x * x, Value([1.0, 2.0]))
