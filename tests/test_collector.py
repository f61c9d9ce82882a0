"""Without the cyclic garbage collector: what a transform has made is freed when its
caller lets go of it.
"""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from micrograd import Value, elementwise_grad, grad, gradcheck, hessian, hvp, jacobian, jvp, trees, value_and_grad, vjp
from micrograd.errors import MicrogradError


def cubes(x: Any) -> Any:
    return np.sum(x * x * x)


def gradient_penalty(x: Any) -> Any:
    return np.sum(grad(cubes)(x) ** 2)


def refused(x: Any) -> None:
    """A transform that ends with an error: neither the error nor its traceback is
    kept.
    """
    with pytest.raises(MicrogradError):
        grad(lambda x: x)(x)


CALLS = {
    "grad": grad(cubes),
    "value_and_grad": value_and_grad(cubes),
    "grad of a tree": lambda x: grad(lambda t: np.sum(t["w"] * t["b"][0]))({"w": x, "b": [x]}),
    "grad of a gradient": grad(gradient_penalty),
    "elementwise_grad": elementwise_grad(lambda x: x**2),
    "vjp": lambda x: vjp(cubes, x)[1](1.0),
    "jvp": lambda x: jvp(cubes, (x,), (x,)),
    "jacobian": jacobian(lambda x: 2 * x),
    "jacobian, forward": jacobian(lambda x: 2 * x, mode="forward"),
    "hessian": hessian(cubes),
    "hvp": lambda x: hvp(cubes, (x,), (x,)),
    "gradcheck": lambda x: gradcheck(cubes, [x]),
    "backward": lambda x: cubes(Value(x)).backward(),
    "trees.mapped": lambda x: trees.mapped(np.negative, [x, {"b": (x, x)}]),
    "an error": refused,
}


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_left_to_the_collector(name: str, no_collector: None) -> None:
    x = np.array([1.0, 2.0, 3.0])
    CALLS[name](x)  # what is made once, on first use
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        CALLS[name](x)
        gc.collect()
        left = [thing for thing in gc.garbage if isinstance(thing, (Value, np.ndarray)) or callable(thing)]
        assert left == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


def test_a_gradient_goes_when_its_caller_lets_go(no_collector: None) -> None:
    x = np.ones(100)
    gradient = grad(cubes)(x)
    last = weakref.ref(gradient)
    assert last() is not None
    del gradient
    assert last() is None


def test_a_hundred_gradients_take_the_memory_of_one(no_collector: None) -> None:
    """They were kept until a full collection: 100 gradients of 8 MB took 352 MB."""
    f, x = grad(lambda x: np.sum(2.0 * x)), np.ones(10**5)
    f(x)
    tracemalloc.start()
    try:
        for _ in range(100):
            f(x)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6 * x.nbytes
