"""Every op of the table, compiled: the samples of the generic tests."""

from __future__ import annotations

import numpy as np
import pytest

import micrograd
from micrograd import Value, ops
from micrograd.op import OPS
from tests.samples import SAMPLES


def _leaves(sample):
    """The inputs, as Values where a gradient goes to them."""
    op = OPS[sample.op]
    rules = [op.rules[i] if op.differentiable else None for i in range(len(sample.inputs))]
    return [
        x if rule is None or np.asarray(x).dtype == bool else Value(x)
        for x, rule in zip(sample.inputs, rules, strict=True)
    ]


def _close(got, wanted):
    got, wanted = np.asarray(got, float), np.asarray(wanted, float)
    assert got.shape == wanted.shape
    same = (got == wanted) | (np.isnan(got) & np.isnan(wanted))
    finite = np.isfinite(wanted)
    largest = np.abs(wanted[finite]).max(initial=0.0)
    assert (same | (np.abs(got - wanted) <= 1e-10 * largest)).all()


@pytest.mark.parametrize("sample", [s for s in SAMPLES if OPS[s.op].differentiable], ids=str)
def test_an_op(sample):
    op = OPS[sample.op]
    inputs = _leaves(sample)
    values = [x for x in inputs if isinstance(x, Value)]

    def function():
        return op(*inputs, **sample.params) * 1.0

    if not values:
        pytest.skip("nothing is differentiated")
    z = function()
    if not isinstance(z, Value):
        pytest.skip("the result is plain data")
    weights = np.cos(np.arange(z.data.size).reshape(z.shape)) if z.shape else 0.7
    runs = []
    for f in (function, micrograd.compile(function)):
        for v in values:
            v.grad = None
        z = f()
        z.backward(weights)
        runs.append([z.data, *[v.grad for v in values]])
    for got, wanted in zip(runs[1], runs[0], strict=True):
        _close(got, wanted)


@pytest.mark.parametrize("sample", [s for s in SAMPLES if not OPS[s.op].differentiable], ids=str)
def test_a_question(sample):
    op = OPS[sample.op]
    given = [x for x in sample.inputs if np.asarray(x).dtype != bool and np.asarray(x).dtype.kind == "f"]
    if len(given) < len(sample.inputs):
        pytest.skip("inputs that no Value holds")
    values = [Value(x) for x in given]

    def function():
        return op(*values, **sample.params)

    _close(micrograd.compile(lambda: ops.add(function(), 0.0))(), np.asarray(function(), float))
