"""The programs of `benchmarks/programs` have the derivatives that the peers compute.

The benchmarks compare the same numbers before they take times. Here each program and
each peer is a test of its own, at a size between the two of the benchmarks.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest

from benchmarks.programs import bundle, contestants, hand, particle, perceptron, saddle
from micrograd import grad, ops
from micrograd import numpy as mnp

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning")]

GRADIENTS = {
    "log_sum_exp": {"n": 40},
    "mixture": {"d": 3, "k": 4, "n": 20},
    "least_squares": {"rows": 20, "columns": 6, "loop": False},
    "least_squares, in a loop": {"rows": 20, "columns": 6, "loop": True},
    "series": {"n": 12, "steps": 4, "order": 6},
    "diagonal_lstm": {"layers": 2, "width": 5, "steps": 12},
    "minors": {"n": 5},
    "clusters": {"d": 3, "k": 5, "n": 30},
    "rosenbrock": {"n": 10},
}
OF_OURS = {"numpy": np, "ops": ops}


@functools.cache
def peers_gradient(program: str, peer: str) -> tuple[float, ...]:
    """The numbers of one of the peers."""
    of_peer = {"torch": contestants.gradient_in_torch, "autograd": contestants.gradient_in_autograd}[peer]
    numbers, _ = of_peer(program.partition(",")[0], **GRADIENTS[program])
    return tuple(numbers)


@pytest.mark.parametrize("peer", ["torch", "autograd"])
@pytest.mark.parametrize("namespace", OF_OURS)
@pytest.mark.parametrize("program", GRADIENTS)
def test_gradient(program, namespace, peer):
    numbers, step = contestants.gradient(OF_OURS[namespace], program.partition(",")[0], **GRADIENTS[program])
    agree(numbers, peers_gradient(program, peer))
    assert contestants.numbers_of(step()) == list(numbers)


@pytest.fixture
def double_precision():
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def agree(one, other):
    one, other = np.array(one), np.array(other)
    assert one.shape == other.shape
    assert np.abs(one - other).max() <= 1e-9 * np.abs(other).max()


OTHERS = {
    "bundle": (bundle, {"n": 5}, ("torch", "jax")),
    "hand": (hand, {"n": 5}, ("torch", "jax")),
    "perceptron": (perceptron, {"sizes": [6, 5, 4], "batch": 3}, ("torch", "jax")),
    "particle": (particle, {"descents": 2, "step": 0.5}, ("torch", "autograd")),
    "saddle": (saddle, {"rate": 0.1}, ("torch", "autograd")),
}
HESSIANS = {"mixture": {"d": 2, "k": 3, "n": 10}, "clusters": {"d": 3, "k": 4, "n": 20}, "rosenbrock": {"n": 10}}


@pytest.mark.parametrize(("program", "peer"), [(name, peer) for name, x in OTHERS.items() for peer in x[2]])
def test_program(program, peer, double_precision):
    room, size, _ = OTHERS[program]
    agree(room.ours(**size)[0], getattr(room, peer)(**size)[0])


@pytest.mark.parametrize("peer", ["torch", "jax"])
@pytest.mark.parametrize("program", HESSIANS)
def test_hessian(program, peer, double_precision):
    of_peer = {"torch": contestants.hessian_in_torch, "jax": contestants.hessian_in_jax}[peer]
    agree(contestants.hessian(program, **HESSIANS[program])[0], of_peer(program, **HESSIANS[program])[0])


def test_particle_goes_through_the_origin():
    """Siskind and Pearlmutter found the w below, by a descent that ends at steps of
    1e-5.
    """
    missed = particle.written_in(mnp, mnp.array, mnp.array, grad, 0.1)
    assert missed(0.20719187464861) < 1e-8
    assert missed(0.20719187464861 - 1e-4) > 1e-6 < missed(0.20719187464861 + 1e-4)
