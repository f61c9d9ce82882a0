"""For every test and every docstring's example: what is global is afterwards as it was
before.
"""

from __future__ import annotations

import gc
import os
import random
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import settings

from micrograd.ops import OPS

settings.register_profile("no time asserted", deadline=None)
settings.load_profile("no time asserted")

# Their functions are NumPy's, wrapped, and so are the examples in their docstrings.
collect_ignore = ["micrograd/numpy/__init__.py", "micrograd/numpy/linalg.py"]


def pytest_collection_finish() -> None:
    """The collector walks only over what the tests make: not, each time, over all
    that pytest keeps of 50,000 tests.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test, nor a program that it starts, writes to the user's cache of objects."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # one for all workers
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MICROGRAD_CACHE", str(folder / "cache"))
        yield


@pytest.fixture(autouse=True)
def _global_state_as_it_was() -> Iterator[None]:
    """Ops that a test defines leave the table; seeds that it sets are forgotten; the
    figures that it leaves open in pyplot are closed.
    """
    ops, python_state, numpy_state = dict(OPS), random.getstate(), np.random.get_state()
    yield
    OPS.clear()
    OPS.update(ops)
    random.setstate(python_state)
    np.random.set_state(numpy_state)
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
