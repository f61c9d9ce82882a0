"""Every op of the table, compiled: the samples of the generic tests, all of an op in
one program.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import micrograd
from micrograd import Value, ops
from micrograd.op import OPS
from micrograd.record import Elementwise
from tests.samples import SAMPLES

each = pytest.mark.parametrize("backend", ["c", "numpy"])


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


@each
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


@each
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


# All elementwise ops in one program, on single numbers and on float32


def _numbers():
    """Two cases per op: the op, its params, and numbers at which it and its slopes are
    finite.
    """
    cases = []
    for sample in SAMPLES:
        op = OPS[sample.op]
        if not op.differentiable or not isinstance(op, Elementwise) or None in op.rules:
            continue
        arrays = [np.asarray(x) for x in sample.inputs]
        if any(x.dtype.kind != "f" for x in arrays):
            continue
        row = [float(x.reshape(-1)[0]) for x in arrays if x.size]
        known = [case for case in cases if case[0] is op]
        if len(row) == len(arrays) and len(known) < 2 and _is_finite(op, sample.params, row):
            cases.append((op, sample.params, row))
    return cases


def _is_finite(op, params, row):
    values = [Value(x) for x in row]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            z = op(*values, **params)
            z.backward()
        except (ArithmeticError, ValueError):
            return False
    return np.isfinite([z.data, *[v.grad for v in values]]).all()


NUMBERS = _numbers()
WAYS = {
    "c": ({"backend": "c"}, 1e-12),
    "numpy": ({"backend": "numpy"}, 1e-12),
    "tape": ({"backend": "tape"}, 0.0),
    "exact": ({"exact": True}, 0.0),
}


def _log(function, inputs, dtype=float):
    """All results, and the gradients of their sum, with weights."""
    for given in inputs:
        for v in given:
            v.grad = None
    results = function()
    total = sum((z * (0.3 + 0.01 * i)).sum() if z.shape else z * (0.3 + 0.01 * i) for i, z in enumerate(results))
    total.backward()
    return [[z.data, *[v.grad for v in given]] for z, given in zip(results, inputs, strict=True)]


def _compare(cases, found, wanted, tolerance):
    for case, got, right in zip(cases, found, wanted, strict=True):
        for a, b in zip(got, right, strict=True):
            assert type(a) is type(b) and getattr(a, "dtype", float) == getattr(b, "dtype", float), case
            assert np.max(np.abs(a - b)) <= tolerance * max(1.0, np.max(np.abs(b))), case


@pytest.mark.parametrize("way", WAYS)
def test_all_on_single_numbers(way):
    assert len({op.name for op, _, _ in NUMBERS}) > 50
    inputs = [[Value(x) for x in row] for _, _, row in NUMBERS]
    options, tolerance = WAYS[way]

    def function():
        return [op(*given, **params) for (op, params, _), given in zip(NUMBERS, inputs, strict=True)]

    wanted = _log(function, inputs)
    _compare(NUMBERS, _log(micrograd.compile(function, **options), inputs), wanted, tolerance)


@each
def test_all_on_float32(backend):
    inputs = [[Value(np.array([x, 0.99 * x], np.float32)) for x in row] for _, _, row in NUMBERS]

    def function():
        return [op(*given, **params) for (op, params, _), given in zip(NUMBERS, inputs, strict=True)]

    with np.errstate(all="ignore"):
        wanted = _log(function, inputs)
        kept = [i for i, row in enumerate(wanted) if all(np.isfinite(x).all() for x in row)]
        cases, inputs = [NUMBERS[i] for i in kept], [inputs[i] for i in kept]
        found = _log(
            micrograd.compile(
                lambda: [op(*given, **params) for (op, params, _), given in zip(cases, inputs, strict=True)],
                backend=backend,
            ),
            inputs,
        )
    _compare(cases, found, [wanted[i] for i in kept], 1e-4)
