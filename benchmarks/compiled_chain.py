"""Row 28: a chain of ten elementwise ops, a tanh and an exp among them, by
`micrograd.compile`.
"""

from __future__ import annotations

from typing import Any

import numpy

from benchmarks.contest import compare
from benchmarks.row import BY_COMPILE, COMPILED, JAX, Case, Goal, Outcome, Row, Settings, Trial, ratio, threads

NUMPY = "NumPy"


def chain(np: Any, x: Any) -> Any:
    """Ten ops."""
    y = np.tanh(x * 1.5 + 0.5)
    y = np.exp(-(y * y - 0.25))
    return (y * 0.5 + x) * x


def numbers(n: int) -> Any:
    """What it is given."""
    return numpy.random.default_rng(1337).standard_normal(n, numpy.float32)


def shown(y: Any) -> list[float]:
    """Some of the results."""
    return [float(z) for z in numpy.asarray(y)[:100]]


def compiled(n: int) -> Trial:
    """micrograd.compile of the text in NumPy."""
    import micrograd

    x = numbers(n)
    fast = micrograd.compile(lambda x: chain(numpy, x), threads=threads())
    return shown(fast(x)), lambda: _done(fast(x))


def _done(_: Any) -> None:
    return None


def eager(n: int) -> Trial:
    """Our ops on a Value, one after the other."""
    from micrograd import Value

    x = Value(numbers(n))
    return shown(chain(numpy, x).data), lambda: _done(chain(numpy, x))


def plain(n: int) -> Trial:
    """NumPy itself."""
    x = numbers(n)
    return shown(chain(numpy, x)), lambda: _done(chain(numpy, x))


def jax(n: int) -> Trial:
    """JAX's jit."""
    import jax

    x = jax.numpy.asarray(numbers(n))
    fast = jax.jit(lambda x: chain(jax.numpy, x))
    return shown(fast(x)), lambda: _done(fast(x).block_until_ready())


CONTESTANTS = {BY_COMPILE: compiled, COMPILED: eager, NUMPY: plain, JAX: jax}


def measure(settings: Settings) -> list[Outcome]:
    """One case: forward."""
    given = {"n": 100 if settings.small else 1_000_000}
    return compare("compiled_chain", CONTESTANTS, [Case("chain", given, tolerance=1e-5)], settings)


ROW = Row(
    28,
    "Chain of ten elementwise ops on 1,000,000 float32, by micrograd.compile",
    measure,
    [
        Goal("JAX's jit takes at least 1.5 times as long", ratio(JAX, BY_COMPILE), at_least=1.5),
        Goal("NumPy takes at least 3.5 times as long", ratio(NUMPY, BY_COMPILE), at_least=3.5),
    ],
)
