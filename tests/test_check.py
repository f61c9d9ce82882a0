"""The checkers, on right answers and on wrong ones: a checker that accepts a wrong
gradient is the worst bug here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from micrograd import Value, check_op, gradcheck
from micrograd.abstract import Abstract
from micrograd.errors import ArgumentError, GradcheckError, GradientError, OpError
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

    with pytest.raises(GradcheckError, match=r"^square: backward\(\) gives .* for input 0, element \(17,\), finite"):
        gradcheck(square, [big])


def test_wrong_gradient_of_one_input_in_many_is_named() -> None:
    @elementwise("*", lambda z, x, y: y, lambda z, x, y: 1.001 * x)
    def nearly(x: Any, y: Any) -> Any:
        return x * y

    big = np.linspace(1.0, 2.0, 300).reshape(3, 100)
    with pytest.raises(GradcheckError, match=r"for input 1, element \(\d, \d+\), finite differences give"):
        gradcheck(nearly, [big, big], modes="forward")


def test_the_error_names_input_element_and_both_numbers() -> None:
    @elementwise("*", lambda z, x, y: y, lambda z, x, y: 7.0 * x)
    def seven(x: Any, y: Any) -> Any:
        return x * y

    with pytest.raises(GradcheckError) as caught:
        gradcheck(seven, [2.0, 3.0])
    text = re.sub(r"1\.99999\d+|2\.00000\d+", "2.0", str(caught.value))
    assert text == (
        "seven: backward() gives 14.0 for input 1, finite differences give 2.0; check the rule of that input"
    )


def of_values_alone(x: Value) -> Value:
    z = Value(x.data / 2, (x,), "half")

    def step() -> None:
        x.grad += 0.5 * z.grad

    z._backward = step
    return z


def test_a_function_of_values_alone_is_checked_by_backward_alone() -> None:
    assert gradcheck(of_values_alone, [3.0], order=1, modes="reverse")
    assert gradcheck(of_values_alone, [3.0], raise_exception=False) is False
    with pytest.raises(GradcheckError) as caught:
        gradcheck(of_values_alone, [3.0])
    assert str(caught.value) == (
        "of_values_alone: cannot run in forward mode: AttributeError: Dual has no .data: here it is only on a Value, "
        "which has plain numbers; use NumPy's functions, or v.detach() for a constant; "
        'modes="reverse" leaves it out'
    )


def test_a_gradient_that_cannot_be_differentiated_says_how_to_leave_it_out() -> None:
    def once(g: Any, z: Any, x: Any) -> Any:
        if isinstance(g, Value):
            raise GradientError("once: has no second derivative")
        return 3.0 * g * x * x

    op = _cube(vjp=once)
    assert gradcheck(op, [X], order=1)
    with pytest.raises(GradcheckError) as caught:
        gradcheck(op, [X])
    assert str(caught.value) == (
        "second order of cube: the gradient could not be computed: once: has no second derivative; "
        "order=1 leaves that out"
    )


@pytest.mark.parametrize(
    ("wrong", "seen_by"),
    [
        ({"vjp": lambda g, z, x: g * x * x}, {("reverse", 1), ("both", 1), ("reverse", 2), ("both", 2)}),
        ({"jvp": lambda t, z, x: -3.0 * t * x * x}, {("forward", 1), ("both", 1), ("forward", 2), ("both", 2)}),
        (
            {"vjp": lambda g, z, x: 3.0 * g * multiply(x, stop_gradient(x))},
            {("reverse", 2), ("both", 2)},
        ),
        ({"jvp": lambda t, z, x: 3.0 * t * multiply(x, stop_gradient(x))}, {("forward", 2)}),
    ],
    ids=["vjp", "jvp", "second vjp", "second jvp"],
)
def test_each_mode_and_order_sees_its_own_errors(wrong: dict[str, Any], seen_by: set[tuple[str, int]]) -> None:
    op = _cube(**wrong)
    modes = {"reverse": ("reverse",), "forward": ("forward",), "both": ("reverse", "forward")}
    found = {
        (name, order)
        for name, given in modes.items()
        for order in (1, 2)
        if not gradcheck(op, [X], order=order, modes=given, raise_exception=False)
    }
    assert found == seen_by


def test_what_does_not_depend_on_an_input() -> None:
    assert gradcheck(lambda x: 3.0, [1.0])
    assert gradcheck(lambda x: np.ones(3), [X])
    assert gradcheck(lambda x, y: 2.0 * x, [X, 1.0])
    assert gradcheck(lambda x: stop_gradient(x) * 0.0, [X], modes="forward")


def test_a_gradient_of_another_shape_is_rejected() -> None:
    def tripled(x: Value) -> Value:
        z = Value(x.data * 1.0, (x,), "tripled")

        def step() -> None:
            x.grad = np.ones(3)

        z._backward = step
        return z

    with pytest.raises(GradcheckError, match=r"^tripled: the gradient could not be computed: .*\(3,\) for \(\)"):
        gradcheck(tripled, [3.0])


def test_a_tangent_of_another_shape_is_rejected() -> None:
    op = _cube(jvp=lambda t, z, x: reshape(3.0 * t * x * x, shape=(1, 3)))
    with pytest.raises(GradcheckError, match=r"^cube: .*\(1, 3\)"):
        gradcheck(op, [X], modes="forward")


def test_an_error_too_thin_for_one_element_is_said_of_the_direction() -> None:
    @elementwise("shift", lambda z, x: 1.000005)
    def shifted(x: Any) -> Any:
        return x + 1e6

    with pytest.raises(GradcheckError, match=r"^lambda_of_mean: backward\(\) gives .* for random direction \d, finite"):
        gradcheck(lambda_of_mean(shifted), [np.linspace(1.0, 2.0, 1000)], order=1)


def lambda_of_mean(op: Op) -> Callable[..., Any]:
    def f(x: Any) -> Any:
        return op(mean(x) * 30.0)

    f.__name__ = "lambda_of_mean"
    return f


def test_third_order() -> None:
    def square_in(rule: Callable[..., Any]) -> Op:
        @elementwise("square", rule)
        def square(x: Any) -> Any:
            return x * x

        return _cube(vjp=lambda g, z, x: 3.0 * g * square(x), jvp=lambda t, z, x: 3.0 * t * square(x))

    assert gradcheck(square_in(lambda z, x: 2.0 * x), [X], order=3)
    third_is_zero = square_in(lambda z, x: 2.0 * stop_gradient(x))
    assert gradcheck(third_is_zero, [X], order=2)
    with pytest.raises(GradcheckError, match=r"^order 3 of cube: backward\(\) gives 0.0 for input 0, element \(0,\)"):
        gradcheck(third_is_zero, [X], order=3)


def test_modes_that_disagree_by_less_than_finite_differences_tell_are_rejected() -> None:
    @primitive("shift", vjp=[lambda g, z, x: g], jvp=[lambda t, z, x: 1.000005 * t], shape=lambda x: x.shape)
    def shifted(x: Any) -> Any:
        return x + 1e6  # the rounding of so large a number hides the error from finite differences

    for mode in ("reverse", "forward"):
        assert gradcheck(shifted, [1.0], order=1, modes=mode)
    with pytest.raises(GradcheckError, match=r"^shifted: the modes disagree for input 0, 1\.0 and 1\.000005; check"):
        gradcheck(shifted, [1.0], order=1)


def test_float32_is_checked_in_float64() -> None:
    assert gradcheck(lambda x: x * x * x, X.astype(np.float32))
    with pytest.raises(GradcheckError):
        gradcheck(product_with(lambda z, x, y: 1.00001 * y, None), [X.astype(np.float32), 2.0])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"order": 0}, "gradcheck: order=0 is not a whole number from 1 on; 2 checks second derivatives too"),
        ({"order": 1.5}, "gradcheck: order=1.5 is not a whole number from 1 on; 2 checks second derivatives too"),
        ({"order": True}, "gradcheck: order=True is not a whole number from 1 on; 2 checks second derivatives too"),
        ({"modes": "rev"}, 'gradcheck: modes=\'rev\' has to be "reverse", "forward", or a tuple of both'),
        ({"modes": ()}, 'gradcheck: modes=() has to be "reverse", "forward", or a tuple of both'),
    ],
)
def test_settings_that_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        gradcheck(multiply, [2.0, 3.0], raise_exception=False, **given)
    assert str(caught.value) == words


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
