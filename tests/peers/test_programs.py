"""The programs of `benchmarks/programs` have the derivatives that the peers compute.

The benchmarks compare the same numbers before they take times. Here each program and
each peer is a test of its own, at a size between the two of the benchmarks.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest

from benchmarks.programs import contestants
from micrograd import ops

pytestmark = pytest.mark.peer

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
    expected = np.array(peers_gradient(program, peer))
    assert np.abs(numbers - expected).max() <= 1e-9 * np.abs(expected).max()
    assert contestants.numbers_of(step()) == list(numbers)
