"""The NumPy back end: each line as calls gives what a line means."""

from __future__ import annotations

import math
import random
import re

import numpy as np
import pytest

import micrograd
from micrograd import Value
from micrograd.compiling.lines import Line, Program
from micrograd.compiling.maps import Map
from micrograd.compiling.numpy_code import NumpyRunner
from micrograd.compiling.numpy_terms import ufunc_of
from micrograd.compiling.terms import Part, Read, in_order
from micrograd.errors import CaptureError
from micrograd.op import OPS
from micrograd.ops.arithmetic import add, maximum, multiply, negative, stop_gradient, subtract, where
from micrograd.ops.comparisons import equal, greater, logical_and
from micrograd.ops.functions import exp, raise_to, relu, sigmoid, tanh
from tests.samples import SAMPLES

# What a line means, point by point


def _value(term, sizes, arrays):
    """A term at all points of a domain."""
    if not isinstance(term, Part):
        return np.full(sizes, float(term))
    values = {}
    for part in in_order(term):
        if isinstance(part, Read):
            values[id(part)] = arrays[part.buffer.name][part.place.indices(sizes)]
        else:
            given = [values[id(x)] if isinstance(x, Part) else x for x in part.inputs]
            values[id(part)] = _as_numbers(part.op, part.op.forward(*given, **part.params))
    return np.broadcast_to(values[id(term)], sizes)


def _as_numbers(op, z):
    return np.asarray(z, float) if np.asarray(z).dtype == bool else z


def _run(line, arrays):
    """What is in the target afterwards."""
    target = arrays[line.target.name].copy()
    places, value = line.place.indices(line.sizes), _value(line.term, line.sizes, arrays)
    kept = tuple(1 if line.place.is_fixed(a) else n for a, n in enumerate(line.sizes))
    if line.start is not None:
        target[line.place.indices(kept)] = _value(line.start, kept, arrays)
    elif not line.grows:
        target[line.place.indices(kept)] = {"sum": 0.0, "max": -np.inf, "min": np.inf}[line.reduce]
    {"sum": np.add, "max": np.maximum, "min": np.minimum}[line.reduce].at(target, places, value)
    return target


# Lines made at random


def _strides(rng, sizes, is_target):
    """Strides of an array of some of the axes, in some order, with gaps at times."""
    axes = [a for a in range(len(sizes)) if rng.random() < 0.7]
    rng.shuffle(axes)
    strides, step = [0] * len(sizes), rng.choice([1, 1, 1, 2])
    for a in axes:
        strides[a] = step
        step *= sizes[a] + rng.choice([0, 0, 0, 1])
    if rng.random() < (0.1 if is_target else 0.2):
        strides = [rng.choice([0, 1, 1, 2, 5, -1]) for _ in sizes]
    return tuple(strides)


def _map(rng, sizes, is_target=False):
    place = Map(rng.randrange(3), _strides(rng, sizes, is_target))
    if sizes and rng.random() < 0.2:
        axes = tuple(sorted(rng.sample(range(len(sizes)), rng.randint(1, len(sizes)))))
        table = np.array([rng.randrange(6) for _ in range(math.prod(sizes[a] for a in axes))], np.int32)
        place = Map(place.offset, place.strides, table.reshape([sizes[a] for a in axes]), axes)
    least = int(place.indices(sizes).min(initial=0))
    return place._replace(offset=place.offset - min(least, 0))


def _term(rng, program, sizes, depth):
    if depth == 0 or rng.random() < 0.2:
        place = _map(rng, sizes)
        name = f"b{len(program.buffers)}"
        buffer = program.new(
            name, int(place.indices(sizes).max(initial=0)) + 1, dtype=rng.choice(["float64", "float32"])
        )
        buffer.is_weak = buffer.dtype == "float64" and rng.random() < 0.3
        return program.terms.read(buffer, place)
    x, y, z = (_term(rng, program, sizes, depth - 1) for _ in range(3))
    apply = program.terms.apply
    return rng.choice(
        [
            lambda: apply(multiply, [x, y], {}),
            lambda: apply(multiply, [x, y], {}),
            lambda: apply(multiply, [apply(multiply, [x, y], {}), z], {}),
            lambda: apply(multiply, [0.5, x], {}),
            lambda: apply(add, [x, y], {}),
            lambda: apply(subtract, [x, 1.5], {}),
            lambda: apply(negative, [x], {}),
            lambda: apply(tanh, [x], {}),
            lambda: apply(sigmoid, [x], {}),
            lambda: apply(relu, [x], {}),
            lambda: apply(exp, [apply(multiply, [x, 0.1], {})], {}),
            lambda: apply(raise_to, [x], {"exponent": 4.0}),
            lambda: apply(maximum, [x, y], {}),
            lambda: apply(stop_gradient, [x], {}),
            lambda: apply(where, [apply(greater, [x, y], {}), z, 0.0], {}),
            lambda: apply(where, [apply(greater, [x, 0.0], {}), apply(multiply, [x, z], {}), 0.0], {}),
            lambda: apply(where, [apply(equal, [x, y], {}), 1.0, z], {}),
            lambda: apply(add, [_masked(apply, x, y, z), _masked(apply, x, y, apply(tanh, [z], {}))], {}),
            lambda: apply(tanh, [apply(where, [apply(greater, [x, y], {}), apply(tanh, [x], {}), z], {})], {}),
            lambda: apply(where, [apply(greater, [x, y], {}), x, z], {}),
            lambda: apply(where, [apply(greater, [x, y], {}), 2.0, -1.0], {}),
            lambda: apply(logical_and, [apply(greater, [x, 0.0], {}), apply(greater, [y, 0.0], {})], {}),
            lambda: apply(equal, [apply(greater, [x, 0.0], {}), apply(greater, [y, 0.0], {})], {}),
        ]
    )()


def _masked(apply, x, y, z):
    return apply(where, [apply(greater, [x, y], {}), apply(multiply, [z, 2.0], {}), 0.0], {})


def _product(rng, program, sizes):
    """A product of two reads, each of which lacks an axis."""
    reads = []
    for lacking in rng.sample(range(len(sizes)), 2):
        strides = [0 if a == lacking else abs(s) for a, s in enumerate(_strides(rng, sizes, True))]
        size = int(Map(0, tuple(strides)).indices(sizes).max()) + 1
        reads.append(program.terms.read(program.new(f"b{len(program.buffers)}", size), Map(0, tuple(strides))))
    return program.terms.apply(multiply, reads, {})


def _line(rng):
    program = Program()
    sizes = tuple(rng.randint(1, 4) for _ in range(rng.randint(0, 4))) if rng.random() < 0.9 else (0, 3)
    term = _term(rng, program, sizes, rng.randint(0, 2)) if rng.random() < 0.95 and 0 not in sizes else 0.25
    if len(sizes) > 1 and 0 not in sizes and rng.random() < 0.4:
        term = _product(rng, program, sizes)
    place = _map(rng, sizes, True) if sizes and 0 not in sizes else Map(0, (0,) * len(sizes))
    kept = tuple(1 if place.is_fixed(a) else n for a, n in enumerate(sizes))
    numbers = place.indices(kept)
    is_apart = len(np.unique(numbers)) == numbers.size
    target = program.new("target", int(numbers.max(initial=0)) + 3, dtype=rng.choice(["float64", "float64", "float32"]))
    reduce = rng.choice(["sum", "sum", "sum", "max", "min"]) if is_apart and 0 not in sizes else "sum"
    grows = not is_apart or (rng.random() < 0.5 and reduce == "sum")
    start = None
    if is_apart and reduce == "sum" and rng.random() < 0.3:
        start = _start(rng, program, place, sizes)
        grows = False
    if is_apart and rng.random() < 0.15 and isinstance(term, Part) and reduce == "sum":  # it reads what it writes
        other = rng.choice([place, _map(rng, sizes)]) if sizes and 0 not in sizes else place
        target.size = max(target.size, int(other.indices(sizes).max(initial=0)) + 1)
        term = program.terms.apply(add, [term, program.terms.read(target, other)], {})
    return program, Line(target, place, sizes, term, grows, start, reduce)


def _start(rng, program, place, sizes):
    strides = tuple(0 if place.is_fixed(a) else abs(s) for a, s in enumerate(_strides(rng, sizes, True)))
    size = int(Map(0, strides).indices(sizes).max(initial=0)) + 1
    return program.terms.read(program.new("start", size), Map(0, strides))


def _check_line(program, line, seed):
    runner = NumpyRunner(program, [line], [])
    space = runner.workspace()
    numbers = np.random.default_rng(seed)
    for array in space.arrays.values():
        array[:] = numbers.normal(size=array.shape)
    with np.errstate(all="ignore"):
        wanted = _run(line, space.arrays)
    runner.forward(space)
    got = space.arrays["target"]
    names = [line.target, *(read.buffer for read in line.reads())]
    eps = 1e-12 if all(b.dtype == "float64" for b in names) else 1e-4
    assert np.abs(got - wanted).max() <= eps * max(1.0, np.abs(wanted).max()), (line, runner.source)


@pytest.mark.parametrize("seed", range(8))
def test_lines_made_at_random(seed):
    for k in range(150):
        program, line = _line(random.Random(150 * seed + k))
        _check_line(program, line, k)


def _by_hand(name):
    """Lines that chance makes rarely: `a` has 60 elements, so has the target."""
    program = Program()
    a, target = program.new("a", 60), program.new("target", 60)
    read, apply = program.terms.read, program.terms.apply
    x = read(a, Map(0, (4, 1, 0)))
    y = read(a, Map(20, (0, 1, 4)))
    backwards = read(target, Map(11, (-1,)))
    positive_ = apply(greater, [read(a, Map(0, (1,))), 0.0], {})
    lines = {
        "a product with gaps": Line(target, Map(0, (7, 0, 1)), (3, 4, 5), apply(multiply, [x, y], {}), False),
        "a product, transposed": Line(target, Map(0, (1, 0, 3)), (3, 4, 5), apply(multiply, [x, y], {}), False),
        "its own target, backwards": Line(
            target, Map(0, (1,)), (12,), apply(where, [positive_, 1.0, apply(tanh, [backwards], {})], {}), False
        ),
        "its own target, chosen": Line(
            target, Map(0, (1,)), (12,), apply(where, [positive_, backwards, read(a, Map(9, (2,)))], {}), False
        ),
        "windows": Line(target, Map(0, (1, 1)), (6, 3), read(a, Map(0, (3, 1))), True),
        "windows of many": Line(target, Map(0, (1, 1)), (7, 8), read(a, Map(0, (7, 1))), True),
    }
    return program, lines[name]


@pytest.mark.parametrize(
    "name",
    [
        "a product with gaps",
        "a product, transposed",
        "its own target, backwards",
        "its own target, chosen",
        "windows",
        "windows of many",
    ],
)
def test_a_line(name):
    for seed in range(5):
        _check_line(*_by_hand(name), seed)


# Which calls


def test_ufuncs_are_the_forwards():
    found = 0
    for sample in SAMPLES:
        op = OPS[sample.op]
        if op.facts.c and ufunc_of(op) is not None and not sample.params:
            given = [np.asarray(x, float) for x in sample.inputs]
            with np.errstate(all="ignore"):
                got, wanted = ufunc_of(op)(*given), op.forward(*given)
            assert np.array_equal(got, wanted, equal_nan=True), sample
            found += 1
    assert found > 50


def _scratch(source):
    """Bytes for temporary arrays."""
    return int(re.search(r"memory = empty\((\d+),", source)[1])


PRODUCTS = {
    "a matrix and a matrix": lambda a, b, c: a @ b,
    "transposed": lambda a, b, c: b.T @ a.T,
    "a matrix and a vector": lambda a, b, c: a @ b[:, 0],
    "a vector and a matrix": lambda a, b, c: a[0] @ b,
    "two vectors": lambda a, b, c: a[0] @ b[:, 0],
    "batches": lambda a, b, c: c @ b,
    "einsum": lambda a, b, c: np.einsum("ij,kij->k", a, c),
    "a bias, and relu": lambda a, b, c: (a @ b + b[0]).relu(),
    "three factors": lambda a, b, c: np.einsum("ij,jk,i->k", a, b, a[:, 0]),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_go_to_blas(name):
    rng = np.random.default_rng(0)
    a, b, c = (Value(rng.normal(size=s)) for s in ((30, 40), (40, 50), (3, 30, 40)))

    def function():
        return (PRODUCTS[name](a, b, c) ** 2).sum()

    compiled = micrograd.compile(function, backend="numpy")
    found = []
    for f in (function, compiled):
        for v in (a, b, c):
            v.grad = None
        z = f()
        z.backward()
        found.append([z.data, *[v.grad for v in (a, b, c) if v.grad is not None]])
    for got, wanted in zip(*found[::-1], strict=True):
        assert np.abs(got - wanted).max() <= 1e-10 * np.abs(wanted).max()
    assert "dot(" in compiled.source or "matmul(" in compiled.source
    assert _scratch(compiled.source) <= 6 * 8 * 3 * 30 * 50  # nothing over all axes at once


# Workspaces


def test_two_results_that_wait_have_arrays_of_their_own():
    w = Value(np.array([1.0, 2.0, 3.0]))
    compiled = micrograd.compile(lambda x: (w * x).tanh().sum(), backend="numpy")
    first, second = compiled(1.0), compiled(0.1)
    first.backward()
    assert np.allclose(w.grad, 1.0 - np.tanh(w.data) ** 2, rtol=0, atol=1e-15)
    w.grad = None
    second.backward()
    assert np.allclose(w.grad, 0.1 * (1.0 - np.tanh(0.1 * w.data) ** 2), rtol=0, atol=1e-15)


def test_the_source_is_a_call_per_op():
    a = Value(np.ones((2, 3)))
    compiled = micrograd.compile(lambda: (a.exp() * 2.0).sum(axis=0), backend="numpy")
    compiled()
    calls = compiled.source[compiled.source.index("def forward") :].split("return")[0]
    assert "exp(state0" in calls and "multiply(" in calls


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, -0.0, 1e308])
def test_numbers_that_are_not_ordinary(number):
    w = Value(np.array([1.0, number, -1.0]))

    def function():
        return (w.relu() * 2.0 + np.where(w > 0, w, 0.0)).sum() + w.max()

    found = []
    for f in (function, micrograd.compile(function, backend="numpy")):
        w.grad = None
        with np.errstate(all="ignore"):
            z = f()
            z.backward()
        found.append([z.data, *w.grad])
    assert np.array_equal(*found, equal_nan=True)


def test_what_is_refused():
    with pytest.raises(CaptureError, match="leave out exact=True"):
        micrograd.compile(lambda: Value(1.0) * 2.0, backend="numpy", exact=True)()


def test_auto_takes_numpy_where_no_compiler_works(monkeypatch):
    monkeypatch.setattr("micrograd.compiling.objects.why_none", lambda exact=False: "gcc is not found")
    compiled = micrograd.compile(lambda x: Value(x) * 2.0)
    assert compiled(3.0).data == 6.0
    assert "def forward" in compiled.source


def test_auto_takes_c_where_a_compiler_works(monkeypatch):
    monkeypatch.setattr("micrograd.compiling.objects.why_none", lambda exact=False: "")
    compiled = micrograd.compile(lambda x: Value(x) * 2.0)
    assert compiled(3.0).data == 6.0
    assert "#include" in compiled.source
