"""Threads share large loops and products; the numbers are those of one thread."""

from __future__ import annotations

import ctypes
import os
import random
import subprocess
import sys
import threading

import numpy as np
import pytest

import micrograd
from micrograd import Value, ops
from micrograd.compiling import objects, teams
from micrograd.errors import ArgumentError
from tests.compiling.random_programs import ARRAYS, SHAPES, arrays_program

pytestmark = pytest.mark.skipif(bool(objects.why_none()), reason="there is no C compiler")


def _values(*shapes, dtype=float):
    rng = np.random.default_rng(7)
    return [Value(rng.normal(size=s).astype(dtype)) for s in shapes]


LONG, ODD, TALL = _values((192_000,), (192_001,), (3000, 70))
X, W, b, K = _values((401, 160), (160, 170), (170,), (6, 80, 90))
X32, W32 = _values((401, 160), (160, 170), dtype=np.float32)
PICTURES, FILTERS = _values((8, 3, 20, 20), (16, 3, 3, 3), dtype=np.float32)

# Per name: a function, the values that it reads, and how many lines are shared.
CASES = {
    "one long axis": (lambda: LONG.tanh() * LONG, [LONG], 2),
    "a length of any kind": (lambda: ODD.tanh() * ODD, [ODD], 2),
    "rows": (lambda: TALL.exp() * TALL + 1.0, [TALL], 2),
    "a result that is transposed": (lambda: TALL.T.exp(), [TALL], 2),
    "a sum for each row": (lambda: TALL.tanh().sum(axis=1), [TALL], 1),
    "a sum for each column": (lambda: TALL.tanh().sum(axis=0), [TALL], 1),
    "one sum": (lambda: TALL.tanh().sum(), [TALL], 0),
    "windows that lie on each other": (lambda: sum(LONG[i : 191_000 + i] * (i + 1.0) for i in range(4)), [LONG], 1),
    "products": (lambda: (X @ W + b).tanh(), [X, W, b], 4),
    "products of float32": (lambda: (X32 @ W32).relu(), [X32, W32], 3),
    "batches of products": (lambda: np.matmul(K, K.transpose(0, 2, 1)), [K], 2),
    "a convolution": (lambda: ops.conv2d(PICTURES, FILTERS).relu(), [PICTURES, FILTERS], 1),
}


def _run(function, values):
    for v in values:
        v.grad = None
    z = function()
    z.backward(np.ones(z.shape, z.data.dtype) if z.shape else 1.0)
    return [z.data, *[v.grad for v in values]]


@pytest.mark.parametrize("name", CASES)
def test_same_bits(name):
    function, values, count = CASES[name]
    alone = _run(micrograd.compile(function, threads=1), values)
    for threads in (2, 5):
        compiled = micrograd.compile(function, threads=threads)
        for _ in range(3):
            for got, wanted in zip(_run(compiled, values), alone, strict=True):
                assert np.array_equal(got, wanted)
        assert compiled._last.runner.count_of_shared >= count


@pytest.mark.parametrize("threads", [1, 3])
def test_each_line_shared(threads, monkeypatch):
    monkeypatch.setattr(teams, "FEWEST", 0)
    shared = 0
    for seed in range(12):
        rng = random.Random(seed)
        steps = [(rng.choice(sorted(ARRAYS)), rng.randrange(2**20)) for _ in range(4)]
        values = _values(*SHAPES)

        def function(steps=steps, values=values, seed=seed):
            return arrays_program(steps, values, seed)["first"]

        compiled = micrograd.compile(function, threads=threads)
        for got, wanted in zip(_run(compiled, values), _run(function, values), strict=True):
            assert (got is None) == (wanted is None)
            assert got is None or np.allclose(got, wanted, rtol=1e-10, atol=1e-10)
        shared += compiled._last.runner.count_of_shared
    assert shared > 12


def test_exact(monkeypatch):
    monkeypatch.setattr(teams, "FEWEST", 0)
    ws = [[Value(0.1 * i - 0.3 * j) for i in range(6)] for j in range(8)]

    def loss(rows):
        outputs = [[sum(w * x for w, x in zip(own, row, strict=True)).tanh() for own in ws] for row in rows]
        return sum((z - 0.5) ** 2 for row in outputs for z in row)

    states = [w for own in ws for w in own]
    rows = np.random.default_rng(3).normal(size=(20, 6)).tolist()
    compiled = micrograd.compile(loss, exact=True, threads=3)
    wanted = _run(lambda: loss(rows), states)
    for _ in range(3):
        assert _run(lambda: compiled(rows), states) == wanted
    assert compiled._last.runner.count_of_shared > 0


def test_many_python_threads():
    compiled = micrograd.compile(lambda x: ((x @ W + b).tanh() * 2.0).sum(axis=1), threads=2)
    given = [np.random.default_rng(i).normal(size=(401, 160)) for i in range(5)]
    wanted = [compiled(x).data for x in given]
    wrong = []

    def work(i):
        for _ in range(3):
            if not np.array_equal(compiled(given[i % 5]).data, wanted[i % 5]):
                wrong.append(i)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(100)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


FORK = """
import os, signal
import numpy as np
import micrograd
from micrograd import Value

x, w = Value(np.ones((600, 200))), Value(np.ones((200, 200)))
fast = micrograd.compile(lambda: (x @ w).tanh() + x, threads=3)
before = fast().data
for depth in range(3):  # a child, and its child
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        assert np.array_equal(fast().data, before)
        os._exit(0 if os.waitstatus_to_exitcode(status) == 0 else 1)
    signal.alarm(60)  # it ends where it hangs
    assert np.array_equal(fast().data, before)
os._exit(0)
"""


# While others compute: OpenBLAS holds a lock where it is told how many threads to use.
FORK_BESIDE_OTHERS = """
import os, signal, threading
import numpy as np
import micrograd
from micrograd import Value

x, w = Value(np.ones((400, 160))), Value(np.ones((160, 170)))
programs = [micrograd.compile(lambda: (x @ w).tanh() * 2.0, threads=threads) for threads in (1, 2, 3)]
for fast in programs * 2:
    before = fast().data
done = threading.Event()

def work(fast):
    while not done.is_set():
        fast()

workers = [threading.Thread(target=work, args=(programs[i % 3],)) for i in range(6)]
for worker in workers:
    worker.start()
codes = []
for _ in range(60):
    child = os.fork()
    if not child:
        signal.alarm(60)
        os._exit(0 if all(np.array_equal(fast().data, before) for fast in programs) else 1)
    codes.append(os.waitpid(child, 0)[1])
done.set()
for worker in workers:
    worker.join()
assert not any(codes), codes
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("text", [FORK, FORK_BESIDE_OTHERS])
def test_fork_after_a_shared_call(text):
    command = [sys.executable, "-W", "ignore", "-c", text]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_blas_has_its_threads_again():
    get, _ = teams.threads_of_blas()
    if get is None:
        pytest.skip("nobody says how many threads BLAS has")
    count = ctypes.CFUNCTYPE(ctypes.c_int)(get)
    before = count()
    compiled = micrograd.compile(lambda: X @ W, threads=2)
    assert np.array_equal(compiled().data, compiled().data)
    assert count() == before


def test_explained():
    for threads, text in ((None, ""), (2, "threads    2, which share 3 large lines"), (1, "threads    1, which share")):
        compiled = micrograd.compile(lambda: LONG.tanh() * 2.0, threads=threads)
        compiled()
        assert text in compiled.explain() if text else "threads" not in compiled.explain()
    compiled = micrograd.compile(lambda: LONG.tanh() * 2.0, threads=2, backend="numpy")
    compiled()
    assert "threads    1: only C runs on several" in compiled.explain()


def test_no_threads_here(monkeypatch):
    monkeypatch.setattr(teams, "team_of", lambda threads: 0)
    compiled = micrograd.compile(lambda: LONG.tanh(), threads=2)
    assert np.allclose(compiled().data, np.tanh(LONG.data))
    assert "threads    1: the compiler makes no threads here" in compiled.explain()


def test_a_compiler_that_makes_no_threads(monkeypatch):
    monkeypatch.setattr(teams, "SOURCE", "#error no threads")
    assert teams.team_of.__wrapped__(2) == 0


@pytest.mark.parametrize("threads", [0, -1, 257, 1.5, "2"])
def test_how_many(threads):
    with pytest.raises(ArgumentError, match=r"^compile: threads=.* is not a whole number from 1 to 256$"):
        micrograd.compile(lambda: LONG, threads=threads)
