"""The two engines, compiled and plain; and what the engine writes out for speed, held
against the table.
"""

from __future__ import annotations

import functools
import gc
import importlib
import sys
import types
import weakref
from pathlib import Path

import numpy as np
import pytest

import micrograd
from micrograd import Value, engine
from micrograd.plain import COMPILED, is_compiled
from tests.processes import printed

WRITTEN_OUT = {
    "add": lambda x, y: x + y,
    "add of a number": lambda x, y: x + 2,
    "multiply": lambda x, y: x * y,
    "multiply by a number": lambda x, y: 3 * x,
    "relu": lambda x, y: x.relu(),
    "tanh": lambda x, y: x.tanh(),
    "exp": lambda x, y: x.exp(),
    "log": lambda x, y: x.log(),
    "square": lambda x, y: x**2,
    "reciprocal": lambda x, y: x**-1,
    "root": lambda x, y: x**0.5,
    "zeroth power": lambda x, y: x**0,
    "zero times infinity": lambda x, y: (x * x) ** 0.5,
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.filterwarnings("ignore::micrograd.errors.GradientWarning")
@pytest.mark.parametrize(
    "numbers", [(0.5, -2.0), (-1.5, 0.0), (0.0, 3.0), (710.0, 1e200), (np.inf, 0.0), (np.nan, 1.0)]
)
@pytest.mark.parametrize("f", WRITTEN_OUT.values(), ids=WRITTEN_OUT)
def test_what_is_written_out_for_floats_is_what_the_record_says_for_arrays(f, numbers):
    floats, arrays = [Value(x) for x in numbers], [Value(np.array([x])) for x in numbers]
    z, zs = f(*floats), f(*arrays)
    z.backward()
    zs.backward()
    assert type(z.data) is float
    np.testing.assert_allclose(z.data, zs.data[0], rtol=1e-14)
    for x, xs in zip(floats, arrays, strict=True):
        np.testing.assert_allclose(x.grad, xs.grad[0], rtol=1e-14)


def test_about_says_which_engine_runs():
    assert ("the compiled engine" if is_compiled(engine) else "the plain engine") in micrograd.about()


def test_the_plain_engine_can_be_asked_for():
    program = (
        f"import importlib; from micrograd.plain import is_compiled; "
        f"print([is_compiled(importlib.import_module(m)) for m in {COMPILED}])"
    )
    assert printed(program, MICROGRAD_PURE="1") == str([False] * len(COMPILED))
    program = f"import micrograd; {program}; print(micrograd.about())"
    assert printed(program, MICROGRAD_PURE="1").endswith(": the plain engine, because MICROGRAD_PURE is set")


def test_all_of_the_engine_is_compiled_or_none_of_it():
    assert len({is_compiled(importlib.import_module(name)) for name in COMPILED}) == 1


def test_modules_that_are_compiled_are_said_once():
    root = Path(micrograd.__file__).parents[1]
    for name in ("setup.py", "Makefile", "micrograd/plain.py"):
        text = (root / name).read_text(encoding="utf-8")
        assert "micrograd/compiled.py" in text or "micrograd.compiled" in text
        assert not [module for module in COMPILED if module in text or module.replace(".", "/") + ".py" in text]


def test_methods_can_be_put_on_the_class(monkeypatch):
    monkeypatch.setattr(Value, "double", lambda self: self + self, raising=False)
    monkeypatch.setattr(Value, "__add__", lambda self, other: "mine")
    assert Value(1.0).double() == Value(1.0) + 2.0 == "mine"


def test_a_cycle_through_a_step_of_ones_own_is_collected():
    x = Value(1.0)
    z = Value(x.data * 2, (x,), "double")

    def step(z=z):
        x.grad += 2 * z.grad

    z._backward = step
    gone = weakref.ref(z)
    del z, step
    gc.collect()
    assert gone() is None


HUNG_ON = {
    "a closure": lambda later: lambda: later.data,
    "a default": lambda later: lambda kept=later: kept,
    "a container in a closure": lambda later: (lambda held: lambda: held)({"later": [(later, 1.0)]}),
    "a partial": lambda later: functools.partial(print, 1, file=[later]),
    "a method": lambda later: types.MethodType(len, [later]),
    "itself": lambda later: later,
}


@pytest.mark.parametrize("way", HUNG_ON)
def test_a_cycle_through_nodes_that_were_there_before_is_collected(way):
    x = Value(1.0)
    z = x * 2.0
    later = (z * 3.0).exp() + 1.0  # made when nothing hung on z yet
    hung = HUNG_ON[way](later)
    if hung is later:
        z.grad = hung
    else:
        z._backward = hung
    gone = weakref.ref(later)
    del z, later, hung
    gc.collect()
    assert gone() is None


def test_a_step_may_hold_a_large_container():
    rows = [[float(i)] for i in range(50_000)]  # looked through once, not each row beside all others
    z = Value(1.0) * 2.0
    z._backward = (lambda held: lambda: held)(rows)
    assert z._backward() is rows


def test_a_cycle_closed_by_a_recorded_walk_is_collected():
    x = Value(1.0)
    before = x * 3.0  # not in the graph that is walked, and made before x has a gradient
    z = x * 1.0
    later = before * z

    def step(x=x, z=z, later=later):
        x.grad = x.grad + z.grad

    z._backward = step
    (z * 2.0).backward(create_graph=True)
    gone = weakref.ref(before)
    del x, before, z, later, step
    gc.collect()
    assert gone() is None


def test_training_leaves_memory_where_it_was():
    w = [Value(0.01 * i) for i in range(50)]

    def step():
        loss = sum((p * p - 1.0).tanh() for p in w)
        for p in w:
            p.grad = 0.0
        loss.backward()
        for p in w:
            p.data -= 0.01 * p.grad

    def blocks_after(steps):
        gc.collect()
        gc.disable()  # reference counting alone must do
        try:
            for _ in range(steps):
                step()
            return sys.getallocatedblocks()
        finally:
            gc.enable()

    early, late = blocks_after(20), blocks_after(180)
    assert late - early < 50  # one graph has 250 nodes
