"""Every op of the table, compiled: the samples of the generic tests, all of an op in
one program.
"""

from __future__ import annotations

import numpy as np
import pytest

import micrograd
from micrograd import Value, ops
from micrograd.op import OPS
from tests.samples import SAMPLES

pytestmark = pytest.mark.parametrize("backend", ["c", "numpy"])


def _leaves(sample):
    """The inputs, as Values where a gradient goes to them."""
    op = OPS[sample.op]
    rules = [op.rules[i] if op.differentiable else None for i in range(len(sample.inputs))]
    return [
        x if rule is None or np.asarray(x).dtype == bool else Value(x)
        for x, rule in zip(sample.inputs, rules, strict=True)
    ]


def _check(sample, got, wanted):
    got, wanted = np.asarray(got, float), np.asarray(wanted, float)
    assert got.shape == wanted.shape, sample
    same = (got == wanted) | (np.isnan(got) & np.isnan(wanted))
    finite = np.isfinite(wanted)
    largest = np.abs(wanted[finite]).max(initial=0.0)
    assert (same | (np.abs(got - wanted) <= 1e-10 * largest)).all(), sample


def _of(name):
    return [s for s in SAMPLES if s.op == name]


def _gradients(z, values, weights):
    for v in values:
        v.grad = None
    z.backward(weights)
    return [v.grad for v in values]


@pytest.mark.parametrize("name", sorted({s.op for s in SAMPLES if OPS[s.op].differentiable}))
def test_an_op(name, backend):
    op, samples = OPS[name], _of(name)
    inputs = [_leaves(sample) for sample in samples]

    def function():
        return [op(*given, **sample.params) for given, sample in zip(inputs, samples, strict=True)]

    wanted = function()
    found = micrograd.compile(function, backend=backend)()
    for sample, given, z, expected in zip(samples, inputs, found, wanted, strict=True):
        values = [x for x in given if isinstance(x, Value)]
        assert isinstance(z, Value) == isinstance(expected, Value), sample
        if not isinstance(z, Value):
            _check(sample, z, expected)
            continue
        _check(sample, z.data, expected.data)
        weights = np.cos(np.arange(z.data.size).reshape(z.shape)) if z.shape else 0.7
        rows = zip(_gradients(z, values, weights), _gradients(expected, values, weights), strict=True)
        for got, right in rows:
            _check(sample, got, right)


@pytest.mark.parametrize("name", sorted({s.op for s in SAMPLES if not OPS[s.op].differentiable}))
def test_a_question(name, backend):
    op = OPS[name]
    samples = [s for s in _of(name) if all(np.asarray(x).dtype.kind == "f" for x in s.inputs)]
    inputs = [[Value(x) for x in sample.inputs] for sample in samples]

    def function():
        return [op(*given, **sample.params) for given, sample in zip(inputs, samples, strict=True)]

    found = micrograd.compile(lambda: [ops.add(x, 0.0) for x in function()], backend=backend)()
    for sample, got, wanted in zip(samples, found, function(), strict=True):
        _check(sample, got, wanted)
