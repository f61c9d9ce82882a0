"""Loop nests: what is copied first."""

from __future__ import annotations

import numpy as np

import micrograd
from micrograd import Value
from micrograd.compiling import nests
from micrograd.compiling.c_lines import LineInC


def test_what_lies_on_the_stack_is_small():
    """A copy of 18 MB of weights on the stack ended the process."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(16, 200))
    for size, is_packed in ((80, True), (200, False)):
        W = Value(rng.normal(size=(size, 200)))
        fast = micrograd.compile(lambda X, W=W: X @ W.T, backend="c")
        np.testing.assert_allclose(fast(X).data, X @ W.data.T, rtol=1e-10, atol=1e-12)
        lines = [LineInC(line, False, is_linked=False) for line in fast._last.forward]
        packed = [n for line in lines for _, n in line.packs()]
        assert (size * 200 in packed) == is_packed
        assert all(n <= nests.PACKED for n in packed)
