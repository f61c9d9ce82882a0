"""Which back end "auto" takes, what explain() says of it, what follows a failure."""

from __future__ import annotations

import os
import random
import shlex
import warnings

import numpy as np
import pytest

import micrograd
from micrograd import Value
from micrograd.compiling import backends, cache, compilers, objects, processes
from micrograd.errors import CaptureError, CompileWarning

posix = pytest.mark.skipif(os.name != "posix", reason="scripts of the shell stand for compilers")


def explained(compiled):
    """What explain() says, by the first words of its lines."""
    return {line[2:12].strip(): line[13:] for line in compiled.explain().splitlines()[1:]}


def irregular(numbers, seed=0):
    """A function whose numbers are each computed in another way, and its Values."""
    draws = random.Random(seed)
    values = [Value(draws.gauss(0.0, 1.0), label=f"x{i}") for i in range(20)]
    steps = [(draws.choice("+*t"), draws.random(), draws.random()) for _ in range(numbers)]

    def function():
        made = list(values)
        for sign, a, b in steps:
            x, y = made[int(a * len(made))], made[-1 - int(b * 20)]
            made.append(x + y if sign == "+" else x * 0.5 - y if sign == "*" else (x - y).tanh())
        return sum(made[-30:])

    return function, values


def run(function, values):
    for v in values:
        v.grad = None
    z = function()
    z.backward()
    return [z.data, *[v.grad for v in values]]


# A program that does not roll


@pytest.mark.parametrize("exact", [False, True])
def test_the_tape_runs_what_does_not_roll(exact):
    function, values = irregular(4000)
    compiled = micrograd.compile(function, exact=exact)
    for _ in range(2):
        assert run(compiled, values) == run(function, values)  # the tape is exact
    facts = explained(compiled)
    assert facts["captured"].endswith("numbers in one run, not rolled into lines")
    assert facts["runs as"].startswith(f"the tape{', exact' * exact}, as it does not roll: it would be ")
    assert "compiler" not in facts
    assert str(compiled.program).startswith("function()\n\nv0 = ")  # no lines are made to print it


def test_other_back_ends_that_are_asked_for_run_it(monkeypatch):
    monkeypatch.setattr(backends, "FEWEST_LINES", 10)
    function, values = irregular(60)
    wanted = run(function, values)
    for backend in ("c", "numpy"):
        compiled = micrograd.compile(function, backend=backend)
        assert run(compiled, values) == pytest.approx(wanted, rel=1e-10)
        assert " of them for gradients" in explained(compiled)["captured"]


def test_arrays_that_do_not_roll_run_in_loops(monkeypatch):
    monkeypatch.setattr(backends, "FEWEST_LINES", 10)
    arrays = [Value(np.full(3, 1.0 + i)) for i in range(5)]

    def function():
        made = list(arrays)
        for i in range(40):
            made.append((made[i % 7 - 5] * 0.5 + made[-1]).tanh())
        return made[-1].sum()

    compiled = micrograd.compile(function)
    assert run(compiled, [])[0] == pytest.approx(function().data, rel=1e-10)
    assert not explained(compiled)["runs as"].startswith("the tape")


@pytest.mark.parametrize(
    ("lines", "numbers", "is_unrolled"),
    [(16, 65_818, False), (447, 58_160, False), (680, 55_854, False), (500, 500, False), (501, 4007, True)],
)
def test_when_rolling_pays(lines, numbers, is_unrolled):
    assert bool(backends.why_unrolled(lines, numbers)) is is_unrolled


def test_the_tape_runs_what_would_be_too_many_functions(monkeypatch):
    if objects.why_none():
        pytest.skip("there is no compiler here")
    monkeypatch.setattr(backends, "MOST_FUNCTIONS", 1)
    w = Value(3.0)
    compiled = micrograd.compile(lambda x: (w * x).tanh() * w)
    z = compiled(2.0)
    z.backward()
    assert (z.data, w.grad) == ((w * 2.0).tanh().data * 3.0, w.grad)
    assert "functions of C, more than 1" in explained(compiled)["runs as"]
    v = Value(np.ones(3))
    compiled = micrograd.compile(lambda: (v * 2.0).tanh().sum() + (v * v).sum())
    compiled()
    assert explained(compiled)["runs as"].startswith("C, ")  # the tape runs no arrays


def test_linear_time_for_a_program_that_does_not_roll(monkeypatch):
    """No line is made, and each number is looked at a few times."""
    function, _ = irregular(3000)
    monkeypatch.setattr("micrograd.compiling.roll.Roller.line", None)
    assert micrograd.compile(function)().data == function().data


# A compiler that fails after it was found to be good


@pytest.fixture
def failing(tmp_path, monkeypatch):
    """A compiler that proves to be good, and makes no library; each try is noted."""
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    compiler, why = compilers.found()
    if compiler is None:
        pytest.skip(f"there is no compiler here: {why}")

    def made(lines):
        path = tmp_path / "cc"
        real = shlex.join(compiler.words)
        note = f"echo tried >> {tmp_path}/log"
        path.write_text(f'#!/bin/sh\ncase " $* " in *" -shared "*) {note}; {lines};; esac\nexec {real} "$@"\n')
        path.chmod(0o755)
        monkeypatch.setenv("CC", str(path))
        compilers.look_again()
        compilers.found(), compilers.found(exact=True)
        return tmp_path / "log"

    yield made
    compilers.look_again()


FAILURES = {
    "it fails": ("exit 1", "cc could not compile the program: it failed (exit status 1)"),
    "it hangs": ("sleep 1000", "cc could not compile the program: it did not end within 2 s"),
    "it writes nothing": ("exit 0", "cc could not compile the program: it wrote no library"),
    "it writes something else": (
        'while [ "$1" != -o ]; do shift; done; echo nothing > "$2"; exit 0',
        "cc could not compile the program: it wrote something else",
    ),
}


@posix
@pytest.mark.parametrize("name", FAILURES)
def test_numpy_takes_over_with_one_warning(failing, monkeypatch, name):
    lines, said = FAILURES[name]
    log = failing(lines)
    monkeypatch.setattr(processes, "TIMEOUT", 2.0)
    w = Value(3.0)
    first = micrograd.compile(lambda x: (w * x) ** 2)
    with pytest.warns(CompileWarning) as caught:
        first(2.0).backward()
    (warning,) = [str(each.message) for each in caught]
    assert warning.startswith(f"compile: {said}") and warning.endswith(";\nNumPy runs programs from now on")
    assert warning.count("\n") == 1
    assert w.grad == 24.0
    assert explained(first)["runs as"].startswith(f"NumPy, as {said}")
    tries = log.read_text()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert micrograd.compile(lambda x: w * x * 5.0)(2.0).data == 30.0
    assert log.read_text() == tries  # it is not asked again
    with pytest.raises(CaptureError, match=said[:20]):  # whoever asks for C is told
        micrograd.compile(lambda x: w * x * 5.0, backend="c")(2.0)


@posix
def test_the_tape_takes_over_for_exact_programs(failing):
    failing("exit 1")
    w = Value(3.0)
    compiled = micrograd.compile(lambda x: (w * x) ** 2, exact=True)
    with pytest.warns(CompileWarning, match="the tape runs programs from now on"):
        compiled(2.0).backward()
    assert w.grad == 24.0
    assert explained(compiled)["runs as"].startswith("the tape, exact, as cc could not compile the program")


def test_exact_needs_no_compiler(tmp_path, monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    compilers.look_again()
    w = Value(3.0)
    compiled = micrograd.compile(lambda x: (w * x) ** 2, exact=True)
    compiled(2.0).backward()
    assert w.grad == 24.0
    assert explained(compiled)["runs as"] == "the tape, exact, as none of cc, gcc, clang, zig is on the PATH"
    compilers.look_again()


# What explain() says of the compiler


def test_explain_names_the_compiler_and_its_flags():
    compiler, why = compilers.found()
    if compiler is None:
        pytest.skip(f"there is no compiler here: {why}")
    compiled = micrograd.compile(lambda x: Value(x) * 2.0)
    compiled(3.0)
    facts = explained(compiled)
    assert facts["runs as"].startswith("C, ")
    assert facts["compiler"] == f"{compiler.version}: {shlex.join(compiler.words)}"
    assert facts["flags"] == " ".join(compiler.flags)


def test_explain_names_what_of_the_compiler_is_not_used(monkeypatch):
    compiler, why = compilers.found()
    if compiler is None:
        pytest.skip(f"there is no compiler here: {why}")
    less = compiler._replace(refused=("-march=native: it divides inexactly",))
    monkeypatch.setattr(compilers, "found", lambda exact=False: (less, ""))
    compiled = micrograd.compile(lambda x: Value(x) * 2.0)
    compiled(3.0)
    assert explained(compiled)["not used"] == "-march=native: it divides inexactly"
