"""Exported C gives the numbers of the program, and compiles without a warning."""

from __future__ import annotations

import ctypes
import random
import re
import shutil
import subprocess

import numpy as np
import pytest

import micrograd
from micrograd import Value, grad, nn, ops, optim
from micrograd.compiling.opaque import Opaque
from micrograd.data import make_moons
from micrograd.errors import ArgumentError, CaptureError
from micrograd.trees import leaves_of
from tests.compiling.programs import ARRAYS, SCALARS

COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)]
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wshadow"]
TYPES = {"double": ctypes.c_double, "float": ctypes.c_float}

needs_compiler = pytest.mark.skipif(not COMPILERS, reason="there is no compiler of C here")


class Library:
    """An exported program, compiled: its functions take arrays and numbers."""

    def __init__(self, folder, compiler=None, flags=(*STRICT, "-O2")):
        self.header = (folder / "model.h").read_text()
        self.source = (folder / "model.c").read_text()
        self.heads = dict(re.findall(r"^[\w *]*?(\w+)\((.*)\);$", self.header, re.MULTILINE))
        command = [compiler or COMPILERS[0], *flags, "-shared", "-fPIC", "model.c", "-o", "model.so", "-lm"]
        made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        self._library = ctypes.CDLL(str(folder / "model.so"))

    def __call__(self, name, *given):
        """Run a function; arrays are given, or made, as flat arrays of its types."""
        kinds = [part.split() for part in self.heads[name].split(", ") if part != "void"]
        assert len(kinds) == len(given), self.heads[name]
        passed = []
        for words, x in zip(kinds, given, strict=True):
            kind = TYPES[words[1] if words[0] == "const" else words[0]]
            if words[-1].startswith("*"):
                if words[0] == "const":
                    x = np.ascontiguousarray(x, kind).reshape(-1)
                assert x.dtype == kind
                passed.append((ctypes.cast(x.ctypes.data, ctypes.POINTER(kind)), x))
            else:
                passed.append((kind(x), x))
        getattr(self._library, name)(*[p for p, _ in passed])

    def numbers(self, name, kind=ctypes.c_double):
        """The static numbers behind a pointer."""
        function = getattr(self._library, name)
        function.restype = ctypes.POINTER(kind)
        count = ctypes.c_int()
        return np.ctypeslib.as_array(function(ctypes.byref(count)), (count.value,))


def exported(fast, folder, compiler=None, flags=(*STRICT, "-O2"), **options):
    states = fast.export_c(folder / "model.c", name="model", **options)
    return Library(folder, compiler, flags), states


def flat(xs):
    parts = [np.asarray(x.data if isinstance(x, Value) else x, float).reshape(-1) for x in xs]
    return np.concatenate(parts) if parts else np.zeros(0)


def check(found, wanted, tolerance=1e-12):
    found, wanted = np.asarray(found, float), np.asarray(wanted, float)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max(initial=0.0) <= tolerance * max(1.0, np.abs(wanted).max(initial=0.0))


def moons(samples=40, hidden=8):
    """The tutorial's model, loss and whole step."""
    np.random.seed(3)
    random.seed(3)
    X, y = make_moons(n_samples=samples, noise=0.1, random_state=3)
    model = nn.MLP(2, [hidden, hidden, 1])

    def loss(X, y):
        scores = [model(list(map(Value, row))) for row in X]
        losses = [(1 + -yi * si).relu() for yi, si in zip(y, scores, strict=True)]
        total = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
        accuracy = [(yi > 0) == (si.data > 0) for yi, si in zip(y, scores, strict=True)]
        return total, sum(accuracy) / len(accuracy)

    def step(X, y, rate):
        total, accuracy = loss(X, y)
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= rate * p.grad
        return total, accuracy

    return X, y * 2.0 - 1.0, model, loss, step


@needs_compiler
@pytest.mark.parametrize("compiler", COMPILERS)
def test_moons(tmp_path, compiler):
    X, y, model, loss, _ = moons()
    fast = micrograd.compile(loss)
    fast(X, y)
    library, states = exported(fast, tmp_path, compiler, gradient=True)
    assert library.heads["model_forward"] == "const double *X, const double *y, double *outputs"
    assert library.heads["model_gradient"] == "const double *d_outputs, double *d_parameters"
    assert set(states) == set(model.parameters())
    check(library.numbers("model_parameters"), flat(states), 0.0)
    for factor in (1.0, 1.3):  # other arguments, other parameters
        for p in states:
            p.data *= factor
        library.numbers("model_parameters")[:] = flat(states)
        outputs, gradients = np.zeros(2), np.full(len(states), np.nan)
        given = X * factor
        library("model_forward", given, y, outputs)
        given[:] = np.nan  # what is given may go after the call
        library("model_gradient", [2.0, 0.0], gradients)
        model.zero_grad()
        wanted = loss(X * factor, y)
        (2.0 * wanted[0]).backward()
        check(outputs, flat(wanted))
        check(gradients, [p.grad for p in states])


@needs_compiler
def test_twenty_steps_of_the_moons(tmp_path):
    X, y, _, _, step = moons()
    fast = micrograd.compile(step)
    fast(X, y, 0.1)
    library, states = exported(fast, tmp_path, gradient=True)
    assert library.heads["model_step"] == "const double *X, const double *y, double rate, double *outputs"
    for k in range(20):
        rate = 1.0 - 0.04 * k
        outputs = np.zeros(2)
        library("model_step", X, y, rate, outputs)
        check(outputs, flat(step(X, y, rate)))
    check(library.numbers("model_parameters"), flat(states))
    check(library.numbers("model_gradients"), [p.grad for p in states])
    assert fast.export_c(tmp_path / "model.c") == states
    assert "gradients" not in (tmp_path / "model.c").read_text()  # no memory for what nobody asks for


@needs_compiler
def test_a_main_that_prints(tmp_path):
    X, y, _, loss, _ = moons(samples=3)
    fast = micrograd.compile(loss)
    wanted = fast(X, y)
    fast.export_c(tmp_path / "moons.c")
    numbers = ", ".join(map(repr, X.reshape(-1).tolist()))
    (tmp_path / "main.c").write_text(
        f"""#include <stdio.h>
#include "moons.h"
int main(void) {{
    const double X[] = {{{numbers}}};
    const double y[] = {{{", ".join(map(repr, y.tolist()))}}};
    double outputs[2];
    moons_forward(X, y, outputs);
    printf("%.17g %.17g\\n", outputs[0], outputs[1]);
    return 0;
}}
"""
    )
    command = [COMPILERS[0], *STRICT, "-O1", "main.c", "moons.c", "-o", "main", "-lm"]
    subprocess.run(command, cwd=tmp_path, check=True)
    printed = subprocess.run([str(tmp_path / "main")], capture_output=True, text=True, check=True).stdout
    check([float(word) for word in printed.split()], flat(wanted))


@needs_compiler
@pytest.mark.parametrize("name", [*ARRAYS, *SCALARS])
def test_programs(name, tmp_path):
    function, values = {**ARRAYS, **SCALARS}[name]
    fast = micrograd.compile(function)
    wanted = leaves_of(fast())
    if any(isinstance(line, Opaque) for line in [*fast._last.forward, *fast._last.back]):
        with pytest.raises(CaptureError, match=r"^export_c: \w+ runs in Python, and has no loops in C; compute it"):
            fast.export_c(tmp_path / "model.c", gradient=True)
        assert list(tmp_path.iterdir()) == []
        return
    library, states = exported(fast, tmp_path, gradient=True)
    is_single = any(np.asarray(v.data).dtype == np.float32 for v in values)
    kind = TYPES[library.heads["model_forward"].split()[0]]
    outputs = np.zeros(sum(np.size(z.data) for z in wanted), kind)
    library("model_forward", outputs)
    check(outputs, flat(wanted), 1e-6 if is_single else 1e-12)

    for v in states:
        v.grad = None
    for i, z in enumerate(wanted):
        z.backward(np.full(z.shape, 1.0 + i) if z.shape else 1.0 + i)
    seeds = np.concatenate([np.full(np.size(z.data), 1.0 + i) for i, z in enumerate(wanted)])
    gradients = np.full(sum(np.size(v.data) for v in states), np.nan, np.float32 if is_single else float)
    library("model_gradient", seeds, gradients)
    check(
        gradients, flat([np.zeros(v.shape) if v.grad is None else v.grad for v in states]), 1e-5 if is_single else 1e-12
    )


@needs_compiler
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_network_of_arrays(dtype, tmp_path):
    """Loss and whole step: products, gathers by a table, softmax, max."""
    rng = np.random.default_rng(5)
    W, b = Value((rng.normal(size=(6, 12)) * 0.3).astype(dtype)), Value(np.zeros(12, dtype))
    V = Value((rng.normal(size=(12, 4)) * 0.3).astype(dtype))
    X = rng.normal(size=(20, 6)).astype(dtype)
    labels = rng.integers(0, 4, 20)

    def step(X, rate):
        hidden = ops.relu(X @ W + b)
        scores = hidden @ V
        logs = scores - ops.logsumexp(scores, axis=-1, keepdims=True)
        loss = -logs[np.arange(20), labels].mean() + 0.01 * ops.softmax(scores, axis=-1).max(axis=-1).sum()
        for p in (W, b, V):
            p.grad = None
        loss.backward()
        for p in (W, b, V):
            p.data = p.data - rate * p.grad
        return loss, scores

    fast = micrograd.compile(step)
    fast(X, 0.1)
    library, states = exported(fast, tmp_path)
    assert len(states) == 3
    kind = TYPES["float" if dtype is np.float32 else "double"]
    assert ("float *model_parameters(int *count);" in library.header) == (dtype is np.float32)
    assert "static const int table0" in library.source
    for rate in (0.1, 0.2, 0.05):
        outputs = np.zeros(81, kind)
        library("model_step", X, rate, outputs)
        check(outputs, flat(step(X, rate)), 1e-5 if dtype is np.float32 else 1e-12)
    check(library.numbers("model_parameters", kind), flat(states), 1e-5 if dtype is np.float32 else 1e-12)


@needs_compiler
def test_a_large_product_needs_no_library(tmp_path):
    rng = np.random.default_rng(6)
    A, B = (Value(rng.normal(size=(64, 64))) for _ in range(2))
    fast = micrograd.compile(lambda: ops.tanh(A @ B))
    wanted = fast()
    library, states = exported(fast, tmp_path, gradient=True)
    outputs, gradients = np.zeros(64 * 64), np.zeros(2 * 64 * 64)
    library("model_forward", outputs)
    library("model_gradient", np.ones(64 * 64), gradients)
    wanted.backward(np.ones((64, 64)))
    check(outputs, flat([wanted]))
    check(gradients, flat([v.grad for v in states]))


@needs_compiler
def test_numbers_and_arrays_of_both_dtypes(tmp_path):
    w, A = Value(0.5), Value(np.array([1.0, 2.0], np.float32))
    fast = micrograd.compile(lambda: (A * w).sum() * w)
    z = fast()
    library, states = exported(fast, tmp_path, gradient=True)
    assert states == [w, A]
    assert library.numbers("model_parameters").tolist() == [0.5]
    assert library.numbers("model_parameters_float", ctypes.c_float).tolist() == [1.0, 2.0]
    outputs = np.zeros(1, TYPES[library.heads["model_forward"].split()[0]])
    library("model_forward", outputs)
    check(outputs, flat([z]), 1e-6)
    doubles, floats = np.zeros(1), np.zeros(2, np.float32)
    library("model_gradient", [1.0], doubles, floats)
    z.backward()
    check(doubles, [w.grad], 1e-6)
    check(floats, A.grad, 1e-6)


@needs_compiler
def test_a_step_that_adds_to_gradients_and_keeps_a_velocity(tmp_path):
    p, q, unused, velocity = Value(1.0), Value(-2.0), Value(7.0), Value(0.25)
    p.grad, q.grad = 0.5, 0.0

    def step(x):
        loss = (p * x + q) ** 2 + p * q
        unused.grad = 0.0
        q.grad = 0.0
        loss.backward()
        velocity.data = 0.9 * velocity.data + p.grad
        p.data = p.data - 0.01 * velocity.data
        q.data = q.data - 0.01 * q.grad

    fast = micrograd.compile(step)
    fast(3.0)
    library, states = exported(fast, tmp_path)
    assert library.heads["model_step"] == "double x"  # no results
    for x in (1.0, -2.0, 0.5):
        library("model_step", x)
        step(x)
    check(library.numbers("model_parameters"), flat(states))
    reached = [v is not velocity for v in states]
    check(library.numbers("model_gradients")[reached], [v.grad for v in states if v is not velocity])


@needs_compiler
def test_parameters_in_another_order_than_they_are_read(tmp_path):
    """Numbers that are written by a table, and arrays whose gradients are cleared."""
    values = [Value(float(k)) for k in range(12)]
    A, B = Value(np.arange(4.0)), Value(np.ones(4, np.float32))
    some = values[::2]

    def step(rate):
        loss = sum(v * v * (k + 1) for k, v in enumerate(values)) + (A * A).sum() * (B * B).sum()
        B.grad = None
        values[3].grad = 0.0
        loss.backward()
        A.grad = None
        values[4].grad = None
        for v in some:
            v.data = v.data - rate * v.data
        B.data = B.data - rate * B.grad

    for v in [*values, A]:
        v.grad = v.data * 0.5
    fast = micrograd.compile(step)
    fast(0.1)
    library, states = exported(fast, tmp_path, gradient=True)
    assert re.search(r"parameters\[table\d+\[i\]\] = written", library.source)
    for rate in (0.1, 0.2):
        library("model_step", rate)
        step(rate)
    doubles = [v for v in states if v is not B]
    check(library.numbers("model_parameters"), flat(doubles))
    check(library.numbers("model_parameters_float", ctypes.c_float), B.data, 1e-6)
    check(library.numbers("model_gradients"), flat([np.zeros(v.shape) if v.grad is None else v.grad for v in doubles]))
    check(library.numbers("model_gradients_float", ctypes.c_float), B.grad, 1e-6)


@needs_compiler
def test_a_value_that_no_line_reads(tmp_path):
    A, B = Value(np.ones(2)), Value(np.full(2, 3.0))
    fast = micrograd.compile(lambda: (A * 2.0, (B * B).sum())[1])
    wanted = fast()
    library, states = exported(fast, tmp_path, gradient=True)
    assert states == [A, B]
    outputs = np.zeros(1)
    library("model_forward", outputs)
    assert outputs[0] == wanted.data
    gradients = np.full(sum(v.data.size for v in states), np.nan)
    library("model_gradient", [1.0], gradients)
    for v in states:
        v.grad = None
    wanted.backward()
    check(gradients, flat([np.zeros(2) if v.grad is None else v.grad for v in states]))


@needs_compiler
def test_exact_to_the_last_bit(tmp_path):
    X, y, model, loss, _ = moons()
    fast = micrograd.compile(loss, exact=True, backend="c")
    wanted = fast(X, y)
    flags = (
        "-O2 -ftree-vectorize -march=native -fno-math-errno -fno-trapping-math -ffp-contract=off -fno-builtin".split()
    )
    library, states = exported(fast, tmp_path, None, flags, gradient=True)
    outputs, gradients = np.zeros(2), np.zeros(len(states))
    library("model_forward", X, y, outputs)
    library("model_gradient", [1.0, 0.0], gradients)
    model.zero_grad()
    wanted[0].backward()
    assert outputs.tolist() == flat(wanted).tolist()
    assert gradients.tolist() == [p.grad for p in states]


@needs_compiler
def test_names_of_arguments(tmp_path):
    def f(double, v1, outputs, NAN, λ, *rest, table0, scales):
        return double + v1[1] * outputs + NAN * λ + rest[0] * rest[1] + table0 + scales["a"] * scales["b"][0]

    fast = micrograd.compile(f)
    given = (1.0, [2.0, 3.0], 4.0, 5.0, 6.0, 7.0, 8.0)
    wanted = fast(*given, table0=9.0, scales={"a": 10.0, "b": np.array([11.0])})
    library, _ = exported(fast, tmp_path)
    kinds = "double double_, const double *v1_, double outputs_, double NAN_, double arg4, double rest_0, double rest_1"
    assert library.heads["model_forward"] == (
        f"{kinds}, double arg7, double scales_a, const double *scales_b, double *outputs"
    )
    outputs = np.zeros(1)
    library("model_forward", *given, 9.0, 10.0, [11.0], outputs)
    assert outputs[0] == wanted
    if shutil.which("g++"):  # a C++ program includes the header
        command = ["g++", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", "-x", "c++", "model.h"]
        subprocess.run(command, cwd=tmp_path, check=True)


@needs_compiler
def test_lists_of_several_lengths_and_functions_without_a_signature(tmp_path):
    fast = micrograd.compile(lambda rows: sum(rows[0]) * rows[1][0])
    wanted = fast([[1.0, 2.0], [3.0]])
    library, _ = exported(fast, tmp_path)
    assert "rows: (3,)" in library.header
    outputs = np.zeros(1)
    library("model_forward", [1.0, 2.0, 3.0], outputs)
    assert outputs[0] == wanted

    class Scaled:
        """A callable whose signature is not to be had."""

        __signature__ = "none"

        def __call__(self, x, y):
            return x * y

    fast = micrograd.compile(Scaled())
    fast(2.0, np.ones(2))
    fast.export_c(tmp_path / "model.c")
    assert "void model_forward(double arg0, const double *arg1, double *outputs);" in (tmp_path / "model.h").read_text()


@needs_compiler
@pytest.mark.parametrize("given", [(2.0, 3.0), ([2.0, 1.0], [3.0, 4.0]), ([2.0], [3.0, 4.0])])
def test_arguments_that_are_one_list_together(given, tmp_path):
    w = Value(0.5)
    are_numbers = given == (2.0, 3.0)

    def f(x, y, *, z):
        first, second = (x, y) if are_numbers else (x[0], y[0])
        return w * first + second * z * w

    fast = micrograd.compile(f)
    wanted = fast(*given, z=7.0)
    library, _ = exported(fast, tmp_path, gradient=True)
    kind = "double " if are_numbers else "const double *"
    assert library.heads["model_forward"] == f"{kind}x, {kind}y, double z, double *outputs"
    outputs, gradients = np.zeros(1), np.zeros(1)
    library("model_forward", *given, 7.0, outputs)
    library("model_gradient", [1.0], gradients)
    wanted.backward()
    assert outputs[0] == wanted.data
    assert gradients[0] == w.grad


@needs_compiler
def test_results_of_transforms_and_numbers_that_are_not_finite(tmp_path):
    limits = np.array([np.inf, -np.inf, np.nan, 1e-320])

    def f(x):
        return {"slope": grad(lambda t: t * t * np.sin(t))(x), "limits": [limits * x, x > 1.0]}

    fast = micrograd.compile(f)
    with np.errstate(invalid="ignore"):
        wanted = fast(2.0)
    library, states = exported(fast, tmp_path)
    assert states == []
    assert "model_parameters" not in library.heads
    assert "outputs[0]: result['slope']" in library.header
    outputs = np.zeros(6)
    library("model_forward", 2.0, outputs)
    np.testing.assert_allclose(outputs, flat(leaves_of(wanted)), rtol=1e-12, atol=0)


def test_the_program_that_ran_last(tmp_path):
    fast = micrograd.compile(lambda x: (x * 2.0).sum())
    for count in (3, 5):
        fast(np.ones(count))
    fast.export_c(tmp_path / "model.c")
    header = (tmp_path / "model.h").read_text()
    assert "its last call ran" in header
    assert "x: (5,)" in header


def test_static_memory_is_said(tmp_path):
    w = Value(np.ones((8, 4)))
    fast = micrograd.compile(lambda x: (x @ w.T)[np.array([0, 0, 1])])
    fast(np.ones((20, 4)))
    fast.export_c(str(tmp_path / "model.c"))
    text = (tmp_path / "model.c").read_text()
    assert re.search(r"^ +static double packed0\[32\];", text, re.MULTILINE)
    arrays = re.findall(r"^ *static (const )?(double|int) \w+\[(\d+)\]", text, re.MULTILINE)
    sizes = {"double": 8, "int": 4}
    constant, changing = (
        sum(sizes[kind] * int(n) for is_const, kind, n in arrays if bool(is_const) is x) for x in (True, False)
    )
    assert changing >= 8 * 32
    assert f"Static memory: {changing:,} bytes, and {constant:,} bytes that do not change." in text


def _called(function, *given, **options):
    fast = micrograd.compile(function, **options)
    fast(*given)
    return fast


w0, w_array = Value(1.0), Value(np.ones(2))
w_array.grad = np.ones(2)


def _only_writes():
    w0.data = 2.0


OPTIMISERS = {
    "sgd": lambda p: optim.SGD(p, 0.1),
    "momentum": lambda p: optim.SGD(p, 0.05, momentum=0.9),
    "adam": lambda p: optim.Adam(p, 0.02),
    "chain": lambda p: optim.Optimizer(p, lambda lr: optim.chain(optim.clip(0.5), optim.adam(lr)), lr=0.05),
}


@needs_compiler
@pytest.mark.parametrize("kind", ["numbers", "arrays", "float32"])
@pytest.mark.parametrize("name", OPTIMISERS)
def test_steps_with_an_optimiser(name, kind, tmp_path):
    rng = np.random.default_rng(0)
    dtype = np.float32 if kind == "float32" else float
    if kind == "numbers":
        params = [Value(float(x)) for x in rng.normal(size=3)]
    else:
        params = [Value(rng.normal(size=s).astype(dtype)) for s in ((3, 256), (256,), (2,))]
    optimizer = OPTIMISERS[name](params)

    def step(x):
        optimizer.zero_grad()
        z = sum(((p * x - 1.0) ** 2).sum() for p in params)
        z.backward()
        optimizer.step()
        return z.data

    fast = micrograd.compile(step)
    fast(0.5)
    library, states = exported(fast, tmp_path)
    assert set(states) == set(params)
    kind = TYPES["float" if dtype is np.float32 else "double"]
    for k in range(5):
        outputs = np.zeros(1, TYPES[library.heads["model_step"].split(", ")[-1].split()[0]])
        if k == 3:
            optimizer.param_groups[0]["lr"] *= 0.5
            library.numbers("model_lr")[:] = optimizer.param_groups[0]["lr"]
        library("model_step", 1.0 + 0.1 * k, outputs)
        tolerance = 1e-5 if dtype is np.float32 else 1e-12
        check(outputs, [float(step(1.0 + 0.1 * k))], tolerance)
    ending = "_float" if "model_parameters_float" in library.heads else ""
    check(library.numbers(f"model_parameters{ending}", kind), flat(states), tolerance)


def _only_gradients():
    (w0 * w0).backward()


def _scheduled():
    p = Value(1.0)
    optimizer = optim.Adam([p], lr=0.1)
    schedule = optim.lr_scheduler.StepLR(optimizer, 3)

    def step(x):
        optimizer.zero_grad()
        loss = (p * x) ** 2
        loss.backward()
        optimizer.step()
        schedule.step()
        return loss

    return _called(step, 2.0)


def _gradient_alone():
    w0.data = w0.data - w_array.grad.sum()


def _replaced(data):
    """A function that was called before its Value held these data."""
    w = Value(np.ones(3)) if isinstance(data, np.ndarray) else Value(1.0)
    fast = _called(lambda: (w * 2.0).sum())
    w.data = data if isinstance(data, np.ndarray) else np.ones(2)
    return fast


@pytest.mark.parametrize(
    ("fast", "options", "error", "text"),
    [
        (
            lambda: micrograd.compile(lambda x: x),
            {},
            CaptureError,
            "export_c: the function was not called yet; call it",
        ),
        (
            lambda: _called(lambda x: w0 * x, 2.0),
            {"path": "a.cpp"},
            ArgumentError,
            "export_c: 'a.cpp' does not end in .c",
        ),
        (
            lambda: _called(lambda x: w0 * x, 2.0),
            {"path": "1.c"},
            ArgumentError,
            "export_c: '1' cannot begin the names",
        ),
        (
            lambda: _called(lambda x: w0 * x, 2.0),
            {"name": "a-b"},
            ArgumentError,
            "export_c: 'a-b' cannot begin the names",
        ),
        (
            lambda: _called(lambda x: w0 * x, 2.0, backend="tape"),
            {},
            CaptureError,
            "on the tape, not as lines; compile",
        ),
        (lambda: _called(lambda x: x * 2.0, 2.0), {"gradient": True}, CaptureError, "no result follows from a Value"),
        (
            lambda: _called(_only_gradients),
            {},
            CaptureError,
            "the step changes no parameter and gives no result; export",
        ),
        (lambda: _called(_gradient_alone), {}, CaptureError, "the gradient of a Value is read, but not its data; give"),
        (lambda: _replaced(np.ones(1)), {}, CaptureError, "a Value has another shape now; call the function once more"),
        (lambda: _replaced(1.0), {}, CaptureError, "a Value is not a number any more; call the function once more"),
        (_scheduled, {}, CaptureError, "the step tells a schedule or an average of it, and these run in Python;\ncall"),
        (lambda: _called(_only_writes), {}, CaptureError, "assigns data to a Value that it never reads; return that"),
        (
            lambda: _called(lambda x: np.linalg.cholesky(x * w0), np.eye(2)),
            {},
            CaptureError,
            "export_c: cholesky_factor runs in Python, and has no loops in C; compute it outside of the function",
        ),
    ],
)
def test_refused(fast, options, error, text, tmp_path):
    made = fast()
    with pytest.raises(error, match=re.escape(text)):
        made.export_c(tmp_path / options.pop("path", "model.c"), **options)
    assert list(tmp_path.iterdir()) == []
