"""For every test and every docstring's example: what is global is afterwards as it was
before.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from micrograd.ops import OPS

# Their functions are NumPy's, wrapped, and so are the examples in their docstrings.
collect_ignore = ["micrograd/numpy/__init__.py", "micrograd/numpy/linalg.py"]


@pytest.fixture(autouse=True)
def _global_state_as_it_was() -> Iterator[None]:
    """Ops that a test defines leave the table; seeds that it sets are forgotten."""
    ops, python_state, numpy_state = dict(OPS), random.getstate(), np.random.get_state()
    yield
    OPS.clear()
    OPS.update(ops)
    random.setstate(python_state)
    np.random.set_state(numpy_state)
