"""Symbols: expressions, their derivatives, and how both are printed."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Symbol, Value, elementwise_grad, grad, hessian, jacobian, jvp, ops, value_and_grad
from micrograd.errors import ArgumentError, DataError, IndexingError, ShapeError
from micrograd.folding import in_order, simplified
from micrograd.op import OPS, Comparison, Elementwise
from tests.samples import SAMPLES, Sample

x, y = Symbol("x"), Symbol("y")
v, w = Symbol("v", shape=(3,)), Symbol("w", shape=(2, 3))

SMOOTH = [s for s in SAMPLES if isinstance(OPS[s.op], Elementwise) and np.size(s.inputs[0])]


def evaluated(text: str, **values: Any) -> Any:
    return eval(text, {**OPS, "np": np, **values})


def by_symbols(sample: Sample) -> tuple[list[Any], dict[str, Any]]:
    """Inputs of the sample, each number that may move as a variable; and the numbers of these."""
    inputs: list[Any] = []
    values = {}
    for i, number in enumerate(sample.inputs):
        is_variable = np.asarray(number).dtype.kind == "f"
        inputs.append(Symbol(f"x{i}", shape=np.shape(number)) if is_variable else number)
        if is_variable:
            values[f"x{i}"] = number
    return inputs, values


@pytest.mark.parametrize("sample", SMOOTH, ids=str)
def test_text_evaluates_to_the_number(sample: Sample) -> None:
    """Of the op and of its derivatives of first and second order, by each input."""
    op = OPS[sample.op]
    inputs, values = by_symbols(sample)

    def f(*args: Any) -> Any:
        return op(*args, **sample.params)

    functions: list[Callable[..., Any]] = [f]
    if op.differentiable:
        for i, rule in enumerate(op.rules):
            if rule is not None and isinstance(inputs[i], Symbol):
                functions += [elementwise_grad(f, i), elementwise_grad(elementwise_grad(f, i), i)]
    for function in functions:
        expression, number = function(*inputs), function(*sample.inputs)
        if not isinstance(expression, Symbol):  # no variable is left
            np.testing.assert_array_equal(expression, number)
        else:
            np.testing.assert_allclose(evaluated(str(expression), **values), number, rtol=1e-12, atol=1e-12)
            np.testing.assert_array_equal(expression(**values), number)
            assert f"{expression:latex}".count("{") == f"{expression:latex}".count("}")
