"""Row 7: the Hessian of the Rosenbrock function and the Jacobian of a network, each
library by its own transforms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contest import compare
from benchmarks.row import AUTOGRAD, COMPILED, JAX, PLAIN, Case, Outcome, Row, Settings, Trial


def make(numpy: Any, hessian: Callable[..., Any], jacobian: Callable[..., Any], what: str, size: int) -> Trial:
    """One of the two, with a library's NumPy and its transforms."""
    generator = np.random.default_rng(1337)
    w1, w2 = (numpy.array(w) for w in generator.standard_normal((2, size, size)) / size**0.5)
    x = numpy.array(generator.standard_normal(size))

    def rosenbrock(x: Any) -> Any:
        return numpy.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    def network(x: Any) -> Any:
        return numpy.tanh(w2 @ numpy.tanh(w1 @ x))

    derivative = {"hessian": hessian(rosenbrock), "jacobian": jacobian(network)}[what]
    return np.asarray(derivative(x)).ravel().tolist(), lambda: np.asarray(derivative(x))


def ours(**given: Any) -> Trial:
    """micrograd.transforms."""
    from micrograd import numpy, transforms

    return make(numpy, transforms.hessian, transforms.jacobian, **given)


def jax(**given: Any) -> Trial:
    """JAX, without jit."""
    import jax

    return make(jax.numpy, jax.hessian, jax.jacobian, **given)


def autograd(**given: Any) -> Trial:
    """HIPS autograd."""
    import autograd

    return make(autograd.numpy, autograd.hessian, autograd.jacobian, **given)


CONTESTANTS = {COMPILED: ours, PLAIN: ours, JAX: jax, AUTOGRAD: autograd}


def measure(settings: Settings) -> list[Outcome]:
    """Two cases."""
    small, large = (3, 4) if settings.small else (10, 100)
    cases = [
        Case(f"hessian of the {small}-d Rosenbrock function", {"what": "hessian", "size": small}),
        Case(f"jacobian of a {large}-to-{large} network", {"what": "jacobian", "size": large}),
    ]
    return compare("derivatives", CONTESTANTS, cases, settings)


ROW = Row(7, "Derivatives of many outputs, and second ones", measure)
