"""Gradients whose norm, or whose numbers, are kept within a limit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from micrograd import Value, optim
from micrograd.errors import ArgumentError, DataError, GradientError
from micrograd.gradients import has_grad


def reached() -> list[Value]:
    p = [Value(1.0), Value(np.ones(2)), Value(np.ones(2))]  # the last has no gradient
    p[0].grad, p[1].grad = 3.0, np.array([0.0, -4.0])
    return p


def test_by_norm() -> None:
    p = reached()
    array = p[1].grad
    assert optim.clip_grad_norm_(p, 1.0) == 5.0
    np.testing.assert_allclose([p[0].grad, *p[1].grad], [0.6, 0.0, -0.8], rtol=1e-6)
    assert p[1].grad is array and not has_grad(p[2])
    assert optim.clip_grad_norm_(p, 1.0) == pytest.approx(1.0)


@pytest.mark.parametrize(("kind", "norm"), [(1.0, 7.0), (3.0, (27 + 64) ** (1 / 3)), (math.inf, 4.0)])
def test_other_norms(kind: float, norm: float) -> None:
    assert optim.clip_grad_norm_(reached(), 100.0, kind) == pytest.approx(norm)


def test_by_value() -> None:
    p = reached()
    optim.clip_grad_value_(p, 2.0)
    assert (p[0].grad, p[1].grad.tolist(), has_grad(p[2])) == (2.0, [0.0, -2.0], False)


def test_a_gradient_that_is_clipped_to_zero_is_one() -> None:
    p = reached()
    optim.clip_grad_value_(p, 0.0)
    assert [has_grad(v) for v in p] == [True, True, False]
    assert (p[0].grad, p[1].grad.tolist()) == (0.0, [0.0, 0.0])


def test_one_value_and_a_parameter_that_comes_twice() -> None:
    p = reached()
    assert optim.clip_grad_norm_(p[0], 1.0) == 3.0
    assert optim.clip_grad_norm_([p[1], p[1]], 1.0) == 4.0
    assert optim.clip_grad_norm_([], 1.0) == 0.0


def test_float32_stays() -> None:
    v = Value(np.ones(2, np.float32))
    v.grad = np.array([3.0, 4.0])
    optim.clip_grad_norm_([v], 1.0)
    assert v.grad.dtype == np.float32


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_norm_that_is_not_finite(wrong: float) -> None:
    p = reached()
    p[0].grad = wrong
    with pytest.raises(GradientError) as caught:
        optim.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)
    text = f"clip_grad_norm_: the norm of the gradients is {wrong}; find out where with micrograd.detect_anomaly()"
    assert str(caught.value) == text
    assert p[1].grad.tolist() == [0.0, -4.0]


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (
            lambda: optim.clip_grad_norm_(3, 1.0),
            DataError,
            "clip_grad_norm_: 3 are not parameters; give Values, such as model.parameters()",
        ),
        (
            lambda: optim.clip_grad_value_([3.0], 1.0),
            DataError,
            "clip_grad_value_: float is not a Value; give Values, such as model.parameters()",
        ),
        (
            lambda: optim.clip_grad_value_([], -1.0),
            ArgumentError,
            "clip_grad_value_: clip_value is -1.0; give a number of 0 or more",
        ),
    ],
    ids=["number", "list of numbers", "negative"],
)
def test_what_is_refused(call: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text
