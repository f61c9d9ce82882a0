"""Every test of a plot: nothing of Matplotlib's settings, and no generator, changes."""

from __future__ import annotations

import random

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _nothing_else_changes():
    matplotlib = pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    backend = matplotlib.get_backend(auto_select=False)
    settings = dict(dict.items(matplotlib.rcParams))  # rcParams["backend"] itself would choose one
    random.seed(7)
    np.random.seed(7)
    yield
    assert dict(dict.items(matplotlib.rcParams)) == settings
    assert matplotlib.get_backend(auto_select=False) == backend
